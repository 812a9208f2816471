# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# After each run restore must end in the first state: the driver, its override, and nothing recorded.
card=0000:00:04.0
own=e1000e
runs=0

first_state() {
	[ "$(driver_of $card)" = $own ] && [ "$(cat /sys/bus/pci/devices/$card/driver_override)" = "(null)" ] &&
		[ ! -e /run/vfiotool/journal ]
}

restored() {
	STEP_LIMIT=60 run vfiotool restore || {
		echo "$1: restore ended with $?"
		cat /out/stdout /out/stderr
		return 1
	}
	first_state || {
		echo "$1: on '$(driver_of $card)', override $(cat /sys/bus/pci/devices/$card/driver_override)"
		cat /run/vfiotool/journal 2>/dev/null
		return 1
	}
}

# matrix HOW COMMAND...: disturbs call after call until there is none left.
matrix() {
	how=$1
	shift
	n=0
	while :; do
		n=$((n + 1))
		[ "$1" != unbind ] || run vfiotool bind $card || return 1
		STEP_LIMIT=60 run killer "$how" $n vfiotool "$@"
		ended=$?
		[ $ended -eq 0 ] || [ $ended -eq 100 ] || {
			echo "killer ended with $ended"
			cat /out/stderr
			return 1
		}
		# Between two writes no driver has it; restore is what brings it back.
		restored "$how $n of $1" || return 1
		runs=$((runs + 1))
		[ $ended -eq 0 ] || break
	done
	echo "$how $1: $n runs" >>/out/matrix
	[ $n -gt 3 ]
}

run vfiotool bind $card
run vfiotool unbind $card
check "the first state" first_state
check "bind: killed right after each write to sysfs" matrix sysfs bind $card
check "unbind: killed right after each write to sysfs" matrix sysfs unbind $card
for error in 5 22; do
	check "bind: each write to sysfs fails with $error" matrix $error bind $card
	check "unbind: each write to sysfs fails with $error" matrix $error unbind $card
done
# What the program does between two writes is the same on every kernel: one run per call takes minutes.
case $KERNEL in
6.1 | 7.3)
	check "bind: killed at every call" matrix acting bind $card
	check "unbind: killed at every call" matrix acting unbind $card
	;;
esac
send matrix /out/matrix
cat /out/matrix
