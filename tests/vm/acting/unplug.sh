# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
devices_change
CARD=0000:01:00.0
PATHS=container
[ -z "$SMALL" ] || PATHS="container compat iommufd"

# taken_from COMMAND...: lets it hold a fresh card, has the machine take that away, waits for both to be gone.
taken_from() {
	comes e1000e card '"bus": "port1"' $CARD || return
	within 5 give $CARD vfio-pci || return
	: >/out/held
	: >/out/held.err
	"$@" >/out/held 2>/out/held.err </dev/null &
	holder=$!
	within 10 grep -qi holding /out/held /out/held.err || return
	unplug card || return
	within 20 not kill -0 $holder 2>/dev/null
	freed=$(uptime_ms)
	wait $holder
	ended=$?
	cat /out/held /out/held.err
	echo "exit status $ended"
	within 20 gone $CARD
}

# From the kernel's request, as its log has it, to the end of the holder.
let_go_within() {
	dmesg >/out/log.now
	asked=$(sed -n 's/^\[ *\([0-9]*\)\.\([0-9][0-9][0-9]\).*Relaying device request.*/\1\2/p' /out/log.now | tail -n 1 | sed 's/^0*//')
	[ -n "$asked" ] || {
		echo "the kernel asked nobody"
		return 1
	}
	echo "asked at $asked ms, free at $freed ms"
	[ $((freed - asked)) -lt "$1" ]
}

# held_less_than MS PATH: the machine below may be busy with other guests, so of five times one must do.
held_less_than() {
	for _ in 1 2 3 4 5; do
		taken_from vfiotool attach --path "$2" --hold $CARD || return
		let_go_within "$1" && return
	done
	return 1
}

for path in $PATHS; do
	check "$path: a card that is held goes, free in less than a second" held_less_than 1000 "$path"
	check "$path: the holder says that it was asked" grep -qiE 'asks|asked|back|request' /out/held /out/held.err
	check "$path: and the kernel asked once" not grep -q 'No device request channel\|(#[1-9]' /out/log.now
done
check "with another card" taken_from vfiotool attach --hold $CARD 0000:00:04.0
check "the other one can be had again" exits 0 vfiotool attach 0000:00:04.0
check "the card that went is no target" exits 66 vfiotool attach $CARD

# What is being mapped for a card that goes: the command asks for nothing more, and nothing stays pinned.
pins() {
	[ "$(kib "$1" VmLck)" != 0 ] || [ "$(kib "$1" VmPin)" != 0 ]
}
map_for() {
	vfiotool map --path "$1" --pages 4K --size 4M --count 64 "$2" >/out/used 2>/out/used.err </dev/null &
	user=$!
	within 20 pins $user
}
# ended_by_request: with the exit status of what is half done; a mapping that was quicker proves nothing.
ended_by_request() {
	wait "$user"
	ended=$?
	cat /out/used /out/used.err
	echo "exit status $ended"
	[ $ended -eq 1 ]
}
# Before the first or behind the last request is not what is meant.
half_done() {
	grep -qE 'after [1-9][0-9]* of 64' /out/used
}
unbound_while_mapping() {
	for _ in 1 2 3 4 5; do
		within 5 give 0000:00:04.0 vfio-pci && map_for "$1" 0000:00:04.0 || return
		start=$(uptime_ms)
		echo 0000:00:04.0 >/sys/bus/pci/drivers/vfio-pci/unbind
		took=$(($(uptime_ms) - start))
		ended_by_request && half_done && [ $took -lt 1000 ] && return
		echo "unbound after $took ms"
	done
	return 1
}
for path in $PATHS; do
	check "$path: an unbind while memory is mapped is done in less than a second" unbound_while_mapping "$path"
	check "$path: which is said" grep -q "0000:00:04.0: the kernel asks for it back: released at once" /out/used.err
	check "$path: all that was mapped was unmapped" grep -q "locked and pinned memory are as before" /out/used
	check "$path: nothing is pinned" nothing_locked
done
# A megabyte of registers, four bytes at a time.
unbound_while_copying() {
	for _ in 1 2 3 4 5; do
		within 5 give 0000:00:07.0 vfio-pci || return
		: >/out/bar
		vfiotool regions --dump BAR0 --save /out/bar 0000:00:07.0 >/out/used 2>/out/used.err </dev/null &
		user=$!
		within 20 test -s /out/bar || return
		start=$(uptime_ms)
		echo 0000:00:07.0 >/sys/bus/pci/drivers/vfio-pci/unbind
		took=$(($(uptime_ms) - start))
		ended_by_request && [ $took -lt 1000 ] && return
		echo "unbound after $took ms"
	done
	return 1
}
check "an unbind while a region is copied is done in less than a second" unbound_while_copying
check "which is said" grep -q "0000:00:07.0: the kernel asks for it back: released at once, with [1-9][0-9]* bytes copied" /out/used.err
check "the device is bound again" within 5 give 0000:00:07.0 vfio-pci
check "the device is bound again" within 5 give 0000:00:04.0 vfio-pci
check "and can be had" exits 0 vfiotool attach -q 0000:00:04.0

taken_while_mapping() {
	comes e1000e card '"bus": "port1"' $CARD || return
	within 5 give $CARD vfio-pci || return
	map_for "$1" $CARD || return
	unplug card || return
	# A busy machine takes it away behind the last request.
	ended_by_request || [ $ended -eq 0 ] || return
	within 20 gone $CARD
}
# Where the machine takes a card at once: PCI Express' own way takes longer than the mapping.
[ -n "$SMALL" ] || for path in $PATHS; do
	check "$path: a card goes while memory is mapped for it" taken_while_mapping "$path"
	check "$path: all that was mapped was unmapped" grep -q "locked and pinned memory are as before" /out/used
	check "$path: nothing is pinned" nothing_locked
done
