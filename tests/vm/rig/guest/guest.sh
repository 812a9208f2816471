# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# What a guest does for every scenario. /scenario/env sets TARGET, PATHS, CALLER (options of the prober that say who
# asks), PROBE (further options of it), MODULES (loaded first), ASSUME (options of vfiotool, may be empty).

say() {
	echo "$*" >/dev/ttyS1
}

# emit NAME FILE: sends a file to the host, with a digest so that a torn line is noticed.
emit() {
	{
		echo "@@file $1"
		gzip -c <"$2" | base64
		echo "@@end $(sha256sum <"$2" | cut -d' ' -f1)"
	} >/dev/ttyS1
}

# step NAME COMMAND...: runs it with a time limit; sends its output, what it said, its exit status.
step() {
	name=$1
	shift
	timeout -s KILL "${STEP_LIMIT:-30}" "$@" >/out/stdout 2>/out/stderr </dev/null
	status=$?
	[ -s /out/stdout ] && emit "$name.out" /out/stdout
	[ -s /out/stderr ] && emit "$name.err" /out/stderr
	say "@@status $name $status"
	return $status
}

# For setup snippets: bring a module in without what modprobe would add of its own (soft dependencies).
load_only() {
	for module; do
		file=$(modinfo -F filename "$module") || return
		for need in $(modinfo -F depends "$module" | tr ',' ' '); do
			[ -d "/sys/module/$(echo "$need" | tr - _)" ] || load_only "$need" || return
		done
		[ -d "/sys/module/$(echo "$module" | tr - _)" ] || insmod "$file" || return
	done
}

# For setup snippets: give a device to a driver, quietly; the answer is the exit status.
give() {
	prober bind "$1" "$2" >/dev/null
}

# For setup snippets: set a parameter of a loaded or built-in module.
parameter() {
	echo "$2" >"/sys/module/$1"
}

# For setup snippets: what must be so, or the scenario is not what it says.
must() {
	"$@" || {
		say "@@broken $*"
		echo "must: $*" >&2
		return 1
	}
}

devices() {
	for device in /sys/bus/pci/devices/* /sys/bus/platform/devices/mock*; do
		[ -e "$device" ] || continue
		group=$(readlink "$device/iommu_group" 2>/dev/null)
		driver=$(readlink "$device/driver" 2>/dev/null)
		echo "${device##*/} ${group##*/} ${driver##*/}"
	done
}

ask_tool() {
	[ -x /bin/vfiotool ] || return 0
	# shellcheck disable=SC2086
	step "$1" prober $CALLER run vfiotool inspect --json "$TARGET"
	# shellcheck disable=SC2086
	[ -z "$ASSUME" ] || step "$1.assume" prober $CALLER run vfiotool inspect --json $ASSUME "$TARGET"
}

ask_kernel() {
	for path in $PATHS; do
		# shellcheck disable=SC2086
		step "$1.$path" prober $CALLER $PROBE "$path" "$TARGET"
	done
}

run_scenario() {
	for module in $MODULES; do
		modprobe "$module" || say "@@broken modprobe $module"
	done
	step setup sh -c '. /lib/guest.sh; set -e; . /scenario/setup.sh' || say "@@broken setup"
	devices >/out/devices
	emit devices.now /out/devices
	if [ -x /bin/vfiotool ]; then
		step capture vfiotool capture /out/capture
		[ -e /out/capture ] && tar -C /out -cf /out/capture.tar capture && emit capture.tar /out/capture.tar
	fi
	ask_tool now
	ask_kernel now
	case $TARGET in
	platform:*) ;;
	*)
		modprobe vfio-pci 2>/dev/null
		step bind prober bind-group "$TARGET" vfio-pci
		;;
	esac
	devices >/out/devices
	emit devices.bound /out/devices
	ask_tool bound
	ask_kernel bound
}
