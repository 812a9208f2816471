# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# What a guest does for every scenario. /scenario/env sets TARGET, PATHS, CALLER (options of the prober that say who
# asks), PROBE (further options of it), MODULES (loaded first), ASSUME (options of vfiotool, may be empty), FAKED
# (releases that vfiotool is made to believe, may be empty), PLANS (paths whose plan is judged, see plan.sh), AFTER (not empty
# in a boot that a plan asked for, where nothing else is judged).

# The second serial port; on arm64 the first one is of another kind.
SERIAL=/dev/ttyS1
[ "$(uname -m)" != aarch64 ] || SERIAL=/dev/ttyS0

say() {
	echo "$*" >"$SERIAL"
}

# A busybox shell prefers its own applets to what PATH finds: these must be kmod's, as on a host.
modprobe() { /sbin/modprobe "$@"; }
insmod() { /sbin/insmod "$@"; }
modinfo() { /sbin/modinfo "$@"; }

# emit NAME FILE: lays a file out for the host; flush sends all of them at once, which costs what sending one does. gzip's
# own check notices a torn line.
emit() {
	cat "$2" >"/spool/$1"
}

flush() {
	{
		echo "@@files"
		tar -c -C /spool . | gzip -1 | base64
		echo "@@end"
	} >"$SERIAL"
	rm -f /spool/*
}

# step NAME COMMAND...: runs it; sends its output, what it said, its exit status. What hangs ends with the guest.
step() {
	name=$1
	shift
	"$@" >/out/stdout 2>/out/stderr </dev/null
	status=$?
	[ -s /out/stdout ] && emit "$name.out" /out/stdout
	[ -s /out/stderr ] && emit "$name.err" /out/stderr
	say "@@status $name $status"
	return $status
}

# For setup snippets: bring a module in without what modprobe would add of its own (soft dependencies).
load_only() (
	for module; do
		[ -d "/sys/module/$(echo "$module" | tr - _)" ] && continue
		file=$(modinfo -F filename "$module") || exit
		for need in $(modinfo -F depends "$module" | tr ',' ' '); do
			load_only "$need" || exit
		done
		insmod "$file" || exit
	done
)

# For setup snippets: give a device to a driver, quietly; the answer is the exit status.
give() {
	prober bind "$1" "$2" >/dev/null
}

# A node is there a moment before the disk that it names can be opened.
opens() {
	(: <"$1") 2>/dev/null
}

# For setup snippets: let vfio-pci probe each device without a driver, from the root on, because some kernels make a
# device's group only then, even if the driver refuses the device; and keep it awake, for vfio-pci lets it sleep. Ports
# wait for the IOMMU's driver, and have one of their own.
probe_all() {
	for device in /sys/bus/pci/devices/*; do
		[ ! -e "$device/driver" ] || continue
		case $(cat "$device/class") in
		0x0604*) ;;
		*) echo vfio-pci >"$device/driver_override" ;;
		esac
		echo "${device##*/}" >/sys/bus/pci/drivers_probe || true
		echo on >"$device/power/control"
	done
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

# A line for each device: its name, its group, its driver. One process for all of them: each costs an emulated processor
# some milliseconds.
devices() {
	set -- /sys/bus/pci/devices/* /sys/bus/platform/devices/mock* /sys/bus/mdev/devices/*
	for device; do
		[ ! -e "$device" ] || echo "$device" "$device/iommu_group" "$device/driver"
	done >/out/paths
	# shellcheck disable=SC2046
	stat -c %N $(cat /out/paths) 2>/dev/null | awk -F "'" '
		{
			parts = split($2 ? $2 : $1, path, "/")
			target = $4
			sub(".*/", "", target)
			name = path[parts]
		}
		name == "iommu_group" { group[path[parts - 1]] = target; next }
		name == "driver" { driver[path[parts - 1]] = target; next }
		{ order[++count] = name }
		END { for (i = 1; i <= count; i++) print order[i], group[order[i]], driver[order[i]] }'
}

ask_tool() {
	[ -x /bin/vfiotool ] || return 0
	# shellcheck disable=SC2086
	step "$1" prober $CALLER run vfiotool inspect --json "$TARGET"
	# shellcheck disable=SC2086
	[ -z "$ASSUME" ] || step "$1.assume" prober $CALLER run vfiotool inspect --json $ASSUME "$TARGET"
	for release in $FAKED; do
		ask_faked "$1.faked-$release" "$release"
	done
}

# ask_faked NAME RELEASE: the same question while every file that tells the release tells @RELEASE; `uname26` is the name
# that the kernel itself gives a process of that personality, and then uname(2) tells it as well. The modules of the
# running kernel are found under the faked name too, as by a package that names its folder as it likes.
ask_faked() (
	option=
	told=$2
	if [ "$told" = uname26 ]; then
		option=--uname26
		told=$(prober --uname26 run uname -r)
	fi
	[ "$told" != "$(uname -r)" ] || say "@@broken faking $2"
	ln -sfn "$(uname -r)" "/lib/modules/$told"
	echo "$told" >/tmp/osrelease
	mount -o bind /tmp/osrelease /proc/sys/kernel/osrelease || say "@@broken mount over osrelease"
	# shellcheck disable=SC2086
	step "$1" prober $CALLER $option run vfiotool inspect --json "$TARGET"
	umount /proc/sys/kernel/osrelease
	rm "/lib/modules/$told"
)

ask_kernel() {
	for path in $PATHS; do
		# shellcheck disable=SC2086
		step "$1.$path" prober $CALLER $PROBE "$path" "$TARGET"
	done
}

# attach VIEW PATH...: for real. It comes before the prober, for it must leave nothing that the prober could meet.
attach() {
	[ -x /bin/vfiotool ] || return 0
	view=$1
	shift
	for path; do
		# shellcheck disable=SC2086
		step "$view.attach.$path" prober $CALLER run vfiotool attach --path "$path" --json "$TARGET"
	done
}

# Of a device that VFIO does not have, one path tells all: that attach moves no driver.
attach_now() {
	case $(readlink "/sys/bus/pci/devices/$TARGET/driver" || echo "$TARGET") in
	*/vfio* | platform:* | mdev:*)
		# shellcheck disable=SC2086
		attach now $PATHS
		;;
	*) attach now container ;;
	esac
}

run_scenario() {
	for module in $MODULES; do
		modprobe "$module" || say "@@broken modprobe $module"
	done
	step setup sh -c '. /lib/guest.sh; set -e; . /scenario/setup.sh' || say "@@broken setup"
	devices >/spool/devices.now
	if [ -x /bin/vfiotool ]; then
		# shellcheck disable=SC2086
		step capture prober $CALLER run vfiotool capture -
	fi
	if [ -z "$AFTER" ]; then
		ask_tool now
		attach_now
		ask_kernel now
	fi
	for path in $PLANS; do
		judge_plan "$path"
	done
	[ -z "$AFTER" ] || return 0
	case $TARGET in
	platform:* | mdev:*) ;;
	*)
		# What a tool that binds would do first: load of VFIO what can be loaded.
		for module in vfio-pci vfio_iommu_type1 iommufd; do
			modprobe -q "$module"
		done
		step bind prober bind-group "$TARGET" vfio-pci
		;;
	esac
	devices >/spool/devices.bound
	cat /sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts >/spool/unsafe 2>/dev/null
	ask_tool bound
	# shellcheck disable=SC2086
	attach bound $PATHS
	ask_kernel bound
}
