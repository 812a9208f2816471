# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# edu is no PCI Express device and cannot be unplugged: its driver is taken away instead, which asks the same way.
EDU=0000:00:07.0
vfiotool prove $EDU >/out/proof 2>/out/why &
proof=$!
usleep 1200000
check "it is under way" kill -0 $proof
begun=$(uptime_ms)
echo $EDU >/sys/bus/pci/drivers/vfio-pci/unbind
took=$(($(uptime_ms) - begun))
wait $proof
ended=$?
check "the driver is gone" driver_is $EDU ""
check "within a second: $took ms" test $took -lt 1000
check "the proof failed: $ended" test $ended -eq 1
check "and says why" grep -q "asked for the device back" /out/why
check "with what it had" grep -q "the device writes memory that is mapped for it" /out/proof
give $EDU vfio-pci
check "and then it can be proven" exits 0 vfiotool prove $EDU

# An xHCI controller is PCI Express, and goes for good. prove_taken: it is proven again and again until it goes.
devices_change
USB=0000:01:00.0
prove_on() {
	while :; do
		vfiotool prove $USB >/out/proof 2>/out/why || return
		: >/out/proven
	done
}
prove_taken() {
	rm -f /out/proven
	within 20 plug nec-usb-xhci usb '"bus": "port1"' || return
	within 20 test -e /sys/bus/pci/devices/$USB || return
	within 5 give $USB vfio-pci || return
	prove_on &
	proof=$!
	within 20 test -e /out/proven || return
	usleep 300000
	unplug usb || return
	wait $proof
	ended=$?
	cat /out/proof /out/why
	echo "exit status $ended"
	within 20 gone $USB
}
# Between two proofs it would go without a word.
taken_in_the_middle() {
	for _ in 1 2 3 4; do
		prove_taken || return
		[ $ended -ne 1 ] || return 0
	done
	return 1
}
check "a controller is unplugged while it is proven" taken_in_the_middle
check "which is said" grep -qE "asked for the device back|went away" /out/why
check "nothing stays pinned" nothing_locked
