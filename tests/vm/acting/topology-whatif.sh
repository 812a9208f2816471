# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# became NAME: the groups now are those that the what-if NAME predicted.
became() {
	pci_groups /out/after
	send "$1.after" /out/after
}

devices_change
CARD=0000:01:00.0
if [ "$BOOT" = 2 ]; then
	became acs
	check "the second boot has the card" test -e /sys/bus/pci/devices/$CARD
	return
fi

pci_groups /out/before
for name in acs without move worse; do
	send "$name.before" /out/before
done
check "ACS off" save acs vfiotool explain --json --acs 00:05.0=SV,UF --acs 00:08.0=SV,UF --acs 00:08.1=SV,UF
check "the card gone" save without vfiotool explain --json --without $CARD
check "the card in a good slot" save move vfiotool explain --json --move $CARD=00:07.0
check "the card in a bad slot" save worse vfiotool explain --json --move $CARD=00:06.0
check "the good slot is listed" exits 0 vfiotool explain --slots $CARD
check "as free" says ", free"
check "and the bad one is not" not says 0000:00:06.0

in_slot() {
	comes qemu-xhci card "\"bus\": \"$1\"" "$2"
}

taken_out() {
	unplug card && within 20 gone "$1"
}

check "unplugged" taken_out $CARD
became without
check "plugged into the good slot" in_slot r7 0000:03:00.0
became move
check "unplugged again" taken_out 0000:03:00.0
check "plugged into the bad slot" in_slot r6 0000:02:00.0
became worse
