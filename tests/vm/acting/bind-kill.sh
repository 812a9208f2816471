# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# One run for each system call that changes something: it is killed before it, then restore must end in the first state.
CARD=0000:00:04.0
export STEP_LIMIT=60
override_of() {
	cat "/sys/bus/pci/devices/$1/driver_override"
}

# Where it stood before anything was done.
first_state() {
	driver_is $CARD e1000e || return
	[ "$(override_of $CARD)" = "(null)" ] || {
		echo "override $(override_of $CARD)"
		return 1
	}
	same_state
}

bound_state() {
	driver_is $CARD vfio-pci
}

# count COMMAND...: sets changes.
count() {
	run interrupt count "$@"
	changes=$(sed -n 's/^calls .* changes //p' /out/stderr)
	echo "$*: $(tail -n 1 /out/stderr)" >>/out/numbers
	send numbers /out/numbers
	[ "${changes:-0}" -gt 5 ]
}

# From bound or unbound, whichever @start says, to the first state by restore alone.
restored() {
	run vfiotool restore
	ended=$?
	[ $ended -eq 0 ] || {
		echo "restore ended with $ended"
		cat /out/stdout /out/stderr
		return 1
	}
	first_state
}

# killed_at N start COMMAND...: start is the command that brings about where it begins.
killed_at() {
	number=$1 start=$2
	shift 2
	# shellcheck disable=SC2086
	[ -z "$start" ] || run $start || {
		echo "$start failed"
		cat /out/stdout /out/stderr
		return 1
	}
	run interrupt kill "$number" "$@"
	ended=$?
	case $(driver_of $CARD) in
	'') none=$((none + 1)) ;;
	e1000e | vfio-pci) ;;
	*)
		echo "on $(driver_of $CARD)"
		return 1
		;;
	esac
	[ $ended -eq 137 ] || [ $ended -eq 99 ] || [ $ended -eq 0 ] || {
		echo "it ended with $ended instead of being killed"
		cat /out/stdout /out/stderr
		return 1
	}
	restored
}

# kill_all start COMMAND...: all of them; says which went wrong.
kill_all() {
	start=$1
	shift
	wrong=0 none=0 made=0
	at=1
	while [ $at -le "$changes" ]; do
		made=$((made + 1))
		killed_at $at "$start" "$@" >/out/killed 2>&1 || {
			echo "killed before change $at of $changes:"
			cat /out/killed
			wrong=$((wrong + 1))
			[ $wrong -lt 5 ] || return 1
			clean_up
		}
		at=$((at + 1))
	done
	echo "$* $KERNEL: $made kills, $none left the card without a driver until restore, $wrong wrong" >>/out/numbers
	[ $wrong -eq 0 ]
}

# fail_all start COMMAND...: each write to sysfs in turn fails with EIO and with ENODEV.
fail_all() {
	start=$1
	shift
	at=1 wrong=0
	while :; do
		for errno in 5 19; do
			[ -z "$start" ] || run $start || return
			run interrupt fail $at $errno "$@"
			ended=$?
			[ $ended -ne 99 ] || break 2
			[ -n "$(driver_of $CARD)" ] || {
				echo "write $at failing with $errno left no driver; it ended with $ended"
				cat /out/stdout /out/stderr
				wrong=1
			}
			[ $ended -ne 0 ] || bound_state || driver_is $CARD e1000e || wrong=1
			restored || wrong=1
		done
		at=$((at + 1))
	done
	echo "$* $KERNEL: $((at - 1)) writes" >>/out/numbers
	run vfiotool restore
	[ $wrong -eq 0 ]
}

: >/out/numbers
check "the card begins on its host driver" first_state
check "the calls of a bind are counted" count vfiotool bind $CARD
check "the card is bound" bound_state
check "and restored" restored
check "killed before each call of a bind" kill_all "" vfiotool bind $CARD
check "the card is bound again" exits 0 vfiotool bind $CARD
check "the calls of an unbind are counted" count vfiotool unbind $CARD
check "it is back" first_state
check "killed before each call of an unbind" kill_all "vfiotool bind $CARD" vfiotool unbind $CARD
check "each write of a bind fails" fail_all "" vfiotool bind $CARD
check "each write of an unbind fails" fail_all "vfiotool bind $CARD" vfiotool unbind $CARD
check "all is as it was" first_state
send numbers /out/numbers
