# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# What a guest does for acting scenarios, and what their scripts are written with. /scenario/env sets SCENARIOS (the
# scenarios of this guest), KERNEL, SERIES, SMALL, COMPAT, BOOT (1, in a second boot 2) and MODULES; a script has PART, its own name, besides.

# -- checks ------------------------------------------------------------------------------------------------------------

# check TITLE COMMAND...: a test point; the command is a function, a program or `not COMMAND...`. Its output is shown
# when it fails.
check() {
	checked=$1
	shift
	number=$((BOOT * 1000 - 1000))
	[ ! -e "/out/$PART.number" ] || read -r number <"/out/$PART.number"
	number=$((number + 1))
	echo $number >"/out/$PART.number"
	"$@" >/out/check 2>&1
	answered=$?
	if [ $answered -eq 0 ]; then
		say "@@check $PART ok $number $checked"
		return 0
	fi
	echo "[$answered] $*" >>/out/check
	emit "$PART.check$number" /out/check
	say "@@check $PART bad $number $checked"
	return 1
}

not() {
	! "$@"
}

# since X.Y: whether the kernel was made from that release or a later one.
since() {
	[ $((${SERIES%.*} * 1000 + ${SERIES#*.})) -ge $((${1%.*} * 1000 + ${1#*.})) ]
}

# run COMMAND...: its output goes to /out/stdout and /out/stderr. With STEP_LIMIT, seconds of an idle machine, it is ended
# after ten times as many; else what hangs ends with the scenario.
run() {
	${STEP_LIMIT:+timeout -s KILL $((STEP_LIMIT * 10))} "$@" >/out/stdout 2>/out/stderr </dev/null
}

# exits STATUS COMMAND...: whether it ends with that status; what it said is kept in /out/stdout and /out/stderr.
exits() {
	wanted=$1
	shift
	run "$@"
	ended=$?
	# Every document is held to its schema on the host.
	case "$* " in
	"vfiotool "*" --json "*)
		documents=$((${documents:-0} + 1))
		[ ! -s /out/stdout ] || send "document.$2.$documents" /out/stdout
		;;
	esac
	[ $ended -eq "$wanted" ] && return 0
	echo "exit status $ended instead of $wanted"
	tail -n 20 /out/stdout
	tail -n 20 /out/stderr
	return 1
}

# says TEXT, says_error TEXT, silent: of the last command that went through run, exits or save.
says() {
	grep -qF -e "$1" /out/stdout || {
		echo "stdout without '$1':"
		tail -n 30 /out/stdout
		return 1
	}
}

says_error() {
	grep -qF -e "$1" /out/stderr || {
		echo "stderr without '$1':"
		tail -n 30 /out/stderr
		return 1
	}
}

# send NAME FILE: gives a file to the judge on the host, under that name.
send() {
	emit "$PART.$1" "$2"
}

# keep PATH...: what the second boot of this scenario finds where it is now.
keep() {
	tar -c -f /tmp/kept.tar -C / "$@" && send kept /tmp/kept.tar
	rm /tmp/kept.tar
}

# save NAME COMMAND...: runs it and sends NAME.out, NAME.err and the exit status to the host.
save() {
	saved=$1
	shift
	run "$@"
	ended=$?
	[ -s /out/stdout ] && send "$saved.out" /out/stdout
	[ -s /out/stderr ] && send "$saved.err" /out/stderr
	say "@@status $PART.$saved $ended"
	return $ended
}

# agree NAME PATH TARGET...: attaches with vfiotool and with the prober; the host compares both, step by step. CALLER has
# options of the prober that say who asks, TYPE (type1 or nesting) is a type of container, TOKEN a VF token. OPEN is set
# where vfiotool cannot know the answer.
agree() {
	agreed=$1 way=$2 target=$3
	shift 3
	# shellcheck disable=SC2086
	save "$agreed.attach" prober $CALLER run vfiotool attach --path "$way" --json ${TYPE:+--type=$TYPE} \
		${TOKEN:+--vf-token=$TOKEN} "$target" "$@"
	others=
	for other; do
		others="$others --with $other"
	done
	case $TYPE in
	type1) others="$others --type 1" ;;
	nesting) others="$others --type 6" ;;
	esac
	# shellcheck disable=SC2086
	save "$agreed.prober" prober $CALLER ${TOKEN:+--token $TOKEN} $others "$way" "$target"
	echo "$CALLER${OPEN:+ --open}" >/out/caller
	send "$agreed.caller" /out/caller
}

# agree_map NAME PATH TARGET SIZE PROT IOVA...: maps so much at each address, with vfiotool and with the prober. PAGES
# (4K, 2M or 1G) says what memory, MEMORY (read-only or none) what the caller may do with it.
agree_map() {
	agreed=$1 way=$2 target=$3 size=$4 prot=$5
	shift 5
	addresses='' requests='' offset=0
	for iova; do
		addresses="$addresses --iova $iova"
		requests="$requests --do map:$iova:$size:$prot:$offset"
		offset=$((offset + size))
	done
	# shellcheck disable=SC2086
	save "$agreed.map" prober $CALLER run vfiotool map --path "$way" --json --anyway $addresses --size "$size" \
		--prot "$prot" ${PAGES:+--pages $PAGES} ${MEMORY:+--memory $MEMORY} "$target"
	case ${PAGES:-4K} in
	4K) kind=${MEMORY:-anon} ;;
	*) kind=$PAGES ;;
	esac
	# shellcheck disable=SC2086
	save "$agreed.prober" prober $CALLER --buffer $kind:$offset $requests "$way" "$target"
	return 0
}

# follow NAME ARGUMENT...: vfiotool monitor in the background, with its output in /out/NAME; returns when it listens.
follow() {
	follows=$1
	shift
	: >"/out/$follows.err"
	vfiotool monitor --verbose "$@" >"/out/$follows" 2>"/out/$follows.err" </dev/null &
	eval "$follows=$!"
	within 10 grep -q "listening for events of" "/out/$follows.err"
}

# seen NAME EXPRESSION: whether a line of what it printed matches.
seen() {
	grep -qE -e "$2" "/out/$1" || {
		echo "no '$2' in:"
		tail -n 40 "/out/$1"
		return 1
	}
}

# within SECONDS COMMAND...: tries until it succeeds; those of an idle machine, so it gives up after ten times as many.
within() {
	until_time=$(($(uptime_ms) + $1 * 10000))
	shift
	while ! "$@"; do
		[ "$(uptime_ms)" -lt $until_time ] || return 1
		usleep 20000
	done
}

uptime_ms() {
	IFS='. ' read -r seconds hundredths _ </proc/uptime
	# A leading zero would make a number octal.
	echo $((seconds * 1000 + (1$hundredths - 100) * 10))
}

# -- the host's and the kernel's side ----------------------------------------------------------------------------------

# qmp JSON: one command of QEMU's monitor, answered when it is done; a member "wait" names an event to wait for.
qmp() {
	{
		echo "@@qmp $*" >&0
		IFS= read -r answer
	} <>"$SERIAL"
	[ "$answer" = ok ] || {
		echo "qmp $*: ${answer:-no answer}"
		return 1
	}
}

# unplug ID: asks the machine to take a device away; plug DRIVER ID OPTIONS: plugs one in, OPTIONS as in JSON.
unplug() {
	qmp "{\"execute\": \"device_del\", \"arguments\": {\"id\": \"$1\"}}"
}

plug() {
	qmp "{\"execute\": \"device_add\", \"arguments\": {\"driver\": \"$1\", \"id\": \"$2\"${3:+, $3}}}"
}

# comes DRIVER ID OPTIONS ADDRESS: until it is there. PCI Express' own way throws a card away that comes before the one that was
# there is turned off: what is lost is plugged in again.
comes() {
	within 20 plug "$1" "$2" "$3" || return
	lost=0
	until within 1 test -e "/sys/bus/pci/devices/$4"; do
		lost=$((lost + 1))
		[ $lost -lt 4 ] || return 1
		plug "$1" "$2" "$3" >/dev/null
	done
}

# driver_of ADDRESS, group_of ADDRESS: names, or nothing.
driver_of() {
	of=$(readlink "/sys/bus/pci/devices/$1/driver") && echo "${of##*/}"
}

group_of() {
	of=$(readlink "/sys/bus/pci/devices/$1/iommu_group") && echo "${of##*/}"
}

# pci_groups FILE: the kernel's groups, "ADDRESS GROUP" a line, read without vfiotool.
pci_groups() {
	for of in /sys/bus/pci/devices/*; do
		echo "${of##*/} $(group_of "${of##*/}")"
	done | sed 's/ $//' >"$1"
}

driver_is() {
	[ "$(driver_of "$1")" = "$2" ] || {
		echo "$1 is on '$(driver_of "$1")', not on '$2'"
		return 1
	}
}

gone() {
	[ ! -e "/sys/bus/pci/devices/$1" ]
}

# cdev_of ADDRESS: the device's own node, or nothing.
cdev_of() {
	for of in "/sys/bus/pci/devices/$1"/vfio-dev/vfio*; do
		[ ! -e "/dev/vfio/devices/${of##*/}" ] || echo "/dev/vfio/devices/${of##*/}"
	done
}

# kib PID FIELD: a line of /proc/PID/status in KiB, as VmLck or VmPin.
kib() {
	awk -v field="$2:" '$1 == field { print $2 }' "/proc/$1/status"
}

# -- that nothing stays ------------------------------------------------------------------------------------------------

holders() {
	stat -c %N /proc/[0-9]*/fd/* 2>/dev/null | grep -E "> '(/dev/(vfio/|iommu')|anon_inode:.*(vfio|iommufd))" |
		while IFS="'" read -r _ link _ held _; do
			pid=${link#/proc/}
			pid=${pid%%/*}
			echo "pid $pid ($(tr '\0' ' ' <"/proc/$pid/cmdline")) holds $held"
		done
}

no_holder() {
	holders >/out/holders
	cat /out/holders
	[ ! -s /out/holders ]
}

nothing_runs() {
	for left in vfiotool prober; do
		pidof $left && echo "$left still runs" && return 1
	done
	return 0
}

groups_free() {
	for node in /dev/vfio/[0-9]* /dev/vfio/noiommu-* /dev/vfio/devices/vfio*; do
		[ -c "$node" ] || continue
		(: <>"$node") || return 1
	done
}

nothing_locked() {
	cat /proc/[0-9]*/status 2>/dev/null |
		awk '/^Vm(Lck|Pin):/ { sum += $2 } END { print sum + 0 " KiB are locked or pinned"; exit sum != 0 }'
}

# state: what a driver that is moved there and back must leave as it was, a line each: drivers, overrides, groups and
# their default domains, virtual functions, what the driver made of the device, nodes, records. Of what the kernel names
# in the order of its coming there is the number only, and no module, as one that was loaded stays, but for a plan, whose undo
# takes it away.
state() {
	devices
	grep -s . /sys/bus/pci/devices/*/driver_override /sys/bus/platform/devices/mock*/driver_override \
		/sys/bus/pci/devices/*/sriov_numvfs /sys/bus/pci/devices/*/sriov_drivers_autoprobe \
		/sys/bus/pci/devices/*/enable /sys/bus/pci/devices/*/power/control /sys/bus/pci/devices/*/reset_method \
		/sys/kernel/iommu_groups/*/type
	# shellcheck disable=SC2086,SC2116
	[ ! -e /etc/default/grub ] || (. /etc/default/grub && echo boot with $GRUB_CMDLINE_LINUX $GRUB_CMDLINE_LINUX_DEFAULT)
	for device in /sys/bus/pci/devices/*; do
		for made in net nvme msi_irqs vfio-dev; do
			set -- "$device/$made"/*
			[ ! -e "$1" ] || echo "$device: $# in $made"
		done
	done
	find /dev/vfio -type c ! -path /dev/vfio/vfio -exec stat -c '%n %a %u:%g' {} + 2>/dev/null |
		sed 's/devices\/vfio[0-9]*/devices\/.../' | sort
	find /run/vfiotool /etc/udev /etc/modprobe.d /etc/driverctl.d /etc/security -type f ! -name lock -exec sha256sum {} + \
		2>/dev/null | sort
	[ -z "${STATE_MODULES:-}" ] || sed -n 's/^\(vfio\|iommufd\|irqbypass\|mdev\)\([^ ]*\) .*/module \1\2/p' /proc/modules | sort
}

# devices_change: this scenario plugs or unplugs; what is there at its end is where the next one begins.
devices_change() {
	touch /out/changed
}

# unchanged: all is as it was when the script began, or when `begin_here` was called last. A driver's own threads may
# take a moment.
unchanged() {
	within 5 same_state || {
		diff /out/state.first /out/state
		return 1
	}
}

same_state() {
	state >/out/state
	cmp -s /out/state /out/state.first
}

begin_here() {
	state >/out/state.first
}

same_host() {
	[ ! -e /out/changed ] || {
		rm /out/changed
		devices >/out/devices.first
		begin_here
	}
	unchanged
}

# Whatever a scenario did: nothing runs, nothing is held or locked, and the host is as it was.
leak_check() {
	check "leak: no process is left" within 3 nothing_runs
	check "leak: no process holds a VFIO node" no_holder
	check "leak: every group can be opened" groups_free
	check "leak: drivers, groups, nodes and records are as before" same_host
	check "leak: no page is locked or pinned" nothing_locked
}

# The next scenario must not suffer from this one.
clean_up() {
	for left in vfiotool prober; do
		# shellcheck disable=SC2046
		set -- $(pidof $left)
		[ $# -eq 0 ] || kill -KILL "$@"
	done
	while read -r line; do
		# A field may be empty: what has no group, as an IOMMU itself, stays with its driver.
		address=${line%% *} driver=${line##* }
		now=$(driver_of "$address")
		[ "$now" = "$driver" ] || gone "$address" || {
			[ -z "$now" ] || echo "$address" >"/sys/bus/pci/drivers/$now/unbind"
			[ -z "$driver" ] || give "$address" "$driver"
			echo >"/sys/bus/pci/devices/$address/driver_override"
		}
	done </out/devices.first
}

# -- the run -----------------------------------------------------------------------------------------------------------

act() {
	PART=$1
	echo "rig: $PART" >/dev/kmsg
	began=$(uptime_ms)
	timeout -s KILL "$(cat "/scenario/$PART.limit")" \
		sh -c ". /lib/guest.sh; . /lib/acting.sh; . /scenario/env; PART=$PART; . /scenario/$PART.sh; true" \
		>/out/log 2>&1 </dev/null
	status=$?
	[ ! -s /out/log ] || emit "$PART.log" /out/log
	leak_check
	clean_up 2>/dev/null
	dmesg -c >"/spool/$PART.dmesg"
	flush
	say "@@status $PART.ms $(($(uptime_ms) - began))"
	say "@@status $PART $status"
}

run_scripts() {
	for module in $MODULES; do
		modprobe "$module" || say "@@broken modprobe $module"
	done
	if step setup sh -c '. /lib/guest.sh; . /lib/acting.sh; set -e; . /scenario/setup.sh'; then
		devices >/out/devices.first
		begin_here
		dmesg -c >/spool/boot.dmesg
		for part in $SCENARIOS; do
			act "$part"
		done
	else
		say "@@broken setup"
	fi
}
