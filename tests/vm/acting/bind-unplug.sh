# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
CARD=0000:01:00.0 OTHER=0000:00:04.0
# The small kernels' own hot-plug takes its time.
export STEP_LIMIT=100
# It cannot look for leaks in what is traced.
export ASAN_OPTIONS=detect_leaks=0
nr=0

plugged() {
	nr=$((nr + 1))
	comes e1000e card$nr '"bus": "port1"' $CARD && within 30 driver_is $CARD e1000e
}

# What the shell does while the program stands still.
cat >/out/take <<'EOF'
. /lib/guest.sh
. /lib/acting.sh
unplug "$1" && within 40 gone 0000:01:00.0
EOF

# taken_before N STATUS COMMAND...: the card goes before the Nth write to sysfs.
taken_before() {
	before=$1 ending=$2
	shift 2
	exits "$ending" meanwhile "$before" "sh /out/take card$nr" vfiotool "$@"
}

# says_lost: that it went, and why it could not be moved.
says_lost() {
	says "$CARD is no longer there" && says "the device was removed while it was moved" && not says differs
}

nothing_recorded() {
	[ ! -e /run/vfiotool/journal ]
}

# Its override, the old driver's unbind, the new one's bind.
# The small kernel misses a card that comes right behind another: there it is that of two devices.
[ -n "$SMALL" ] || for at in 1 2 3; do
	check "bind, write $at: a card comes" plugged
	check "bind, write $at: it goes" taken_before $at 1 bind --wait 60 $CARD
	check "bind, write $at: that is told" says_lost
	check "bind, write $at: and not recorded" nothing_recorded
	check "bind, write $at: all else is as it was" unchanged
done

check "two devices: a card comes" plugged
check "two devices: it goes before its turn" taken_before 4 1 bind --wait 60 $OTHER $CARD
check "two devices: that is told" says_lost
check "two devices: the other is taken back" says "$OTHER: rolled back; it is on e1000e"
check "two devices: all else is as it was" unchanged

[ -n "$SMALL" ] || for at in 1 2 3; do
	check "unbind, write $at: a card comes" plugged
	check "unbind, write $at: it is bound" exits 0 vfiotool bind $CARD
	check "unbind, write $at: it goes" taken_before $at 1 unbind --wait 60 $CARD
	check "unbind, write $at: that is told" says_lost
	check "unbind, write $at: and not recorded" nothing_recorded
	check "unbind, write $at: all else is as it was" unchanged
done

[ -n "$SMALL" ] || {
	check "restore: a card comes" plugged
	check "restore: two are bound" exits 0 vfiotool bind $OTHER $CARD
	check "restore: the card goes" taken_before 2 0 restore --wait 60
	check "restore: that is told" says "$CARD is no longer there"
	check "restore: the other is back" driver_is $OTHER e1000e
	check "restore: all else is as it was" unchanged
}
