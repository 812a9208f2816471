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

# An xHCI controller is PCI Express, and goes for good. The proof stands still while the kernel asks for the device, so that it
# is under way then however long it takes.
devices_change
USB=0000:01:00.0
# It holds the device, and listens to the kernel.
proof_holds() {
	stat -c %N /proc/$proof/fd/* >/out/holds 2>/dev/null
	grep -q "vfio-device" /out/holds && grep -q "eventfd" /out/holds
}
asked_for() {
	dmesg | grep -q "$USB: Relaying device request to user"
}
check "a controller comes" comes nec-usb-xhci usb '"bus": "port1"' $USB
check "and is VFIO's" within 5 give $USB vfio-pci
vfiotool prove $USB >/out/proof 2>/out/why &
proof=$!
check "its proof is under way" within 20 proof_holds
usleep 20000
kill -STOP $proof
check "it is unplugged" unplug usb
check "and the kernel asks for it" within 20 asked_for
check "while the proof stands still" kill -0 $proof
kill -CONT $proof
wait $proof
ended=$?
cat /out/proof /out/why
check "the proof failed: $ended" test $ended -eq 1
check "and says why" grep -qE "asked for the device back|went away" /out/why
check "the controller is gone" within 20 gone $USB
check "nothing stays pinned" nothing_locked
