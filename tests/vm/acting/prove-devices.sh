# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
HDA=0000:00:04.0 GPU=0000:00:05.0 ICH=0000:00:05.1 XHCI=0000:00:06.0 NEC=0000:00:07.0 AHCI=0000:00:08.0 EMPTY=0000:00:09.0
PROVE_PATHS=container
[ -z "$SMALL" ] || PROVE_PATHS="container iommufd compat"
[ -z "$COMPAT" ] || PROVE_PATHS="iommufd compat"

for path in $PROVE_PATHS; do
	save "ahci.$path" vfiotool prove --json --path "$path" $AHCI
	save "xhci-qemu.$path" vfiotool prove --json --path "$path" $XHCI
	save "hda-ich9.$path" vfiotool prove --json --path "$path" $ICH
done
path=${PROVE_PATHS%% *}
save "xhci-nec.$path" vfiotool prove --json --path "$path" $NEC
save "hda-intel.$path" vfiotool prove --json --path "$path" $HDA

check "in words, as README shows" exits 0 vfiotool prove $ICH
check "it is proven" says "Proven: the device moves data, and only where it may."
check "a GPU is not" exits 3 vfiotool prove $GPU
check "but through its audio function" says "Prove $ICH instead"

check "without a disk nothing is proven" exits 3 vfiotool prove $EMPTY
check "and why" says_error "no disk is connected"
check "they are listed" exits 0 vfiotool prove --list $XHCI $GPU
check "with their drivers" says "xhci"
check "and the GPU, too" says "through $ICH (hda)"

# Each raises its interrupt for irq, too.
for device in $HDA $NEC $AHCI; do
	check "$device: its interrupt" exits 0 vfiotool irq --device --json "$device"
	check "$device: arrives" says '"arrived": true'
done

# In the middle of it.
for device in $HDA $NEC $AHCI; do
	for ms in 30 120 400; do
		vfiotool prove "$device" >/dev/null 2>&1 &
		usleep ${ms}000
		kill -KILL $! 2>/dev/null
		wait $! 2>/dev/null
	done
	vfiotool prove "$device" >/dev/null 2>&1 &
	usleep 150000
	echo "$device" >/sys/bus/pci/drivers/vfio-pci/unbind
	wait $!
	check "$device: let go in the middle" driver_is "$device" ""
	give "$device" vfio-pci
	check "$device: and it works again" exits 0 vfiotool prove -q "$device"
done

# The target is unmapped under it: exactly the claim about it fails.
case $PROVE_PATHS in
container*)
	for device in $HDA $AHCI; do
		check "$device: without its target" exits 2 thief 0x102000 0x1000 vfiotool prove --path container "$device"
		check "$device: it does not write" says "claim 'device-write' does not hold"
	done
	# This one says itself that it failed.
	check "$NEC: without its target" exits 3 thief 0x102000 0x1000 vfiotool prove --path container $NEC
	check "$NEC: it does not write" says "reports an error of its own"
	;;
esac

# The host has them again, as before. Small kernels have no drivers for them.
works_again() {
	[ -e "/sys/bus/pci/drivers/$2" ] || return 0
	give "$1" "$2"
	check "$2: $3" within 20 sh -c "$4"
	give "$1" vfio-pci
}
works_again $HDA snd_hda_intel "the codec is found" "ls -d /proc/asound/card*/codec*"
works_again $XHCI xhci_hcd "the root hub and the keyboard are found" "cat /sys/bus/pci/devices/$XHCI/usb*/*-*/idVendor"
works_again $AHCI ahci "the disk is read" \
	"dd if=/dev/\$(basename /sys/bus/pci/devices/$AHCI/ata*/host*/target*/*/block/sd*) of=/dev/null bs=4096 count=1"
[ -n "$SMALL" ] || check "the host had drivers for all of them" test -e /sys/bus/pci/drivers/snd_hda_intel
