# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
CARD=0000:00:04.0 EDU=0000:00:07.0 NEIGHBOUR=0000:00:08.0

notices() {
	run vfiotool list -P -o NOTICES "$1"
}

check "edu cannot be reset alone" exits 2 vfiotool reset --path container --method device $EDU
notices $EDU
if since 5.15; then
	check "which is noticed" says "no-reset"
fi
check "nobody holds its BAR" not says "bar-held"

# The kernel takes each BAR as a whole.
must insmod /lib/bar_claim.ko device=$EDU
check "something holds its BAR" exits 0 vfiotool inspect $EDU
check "as /proc/iomem shows" says "BOOTFB holds memory of $EDU"
check "the device itself is handed out" exits 0 vfiotool attach --path container $EDU
check "and its BAR is refused" exits 1 vfiotool regions --dump BAR0 --length 4 $EDU
check "by the errno of the notice" says_error "EBUSY"
rmmod bar_claim
check "when it is free" exits 0 vfiotool inspect $EDU
check "nothing is noticed" not says "BOOTFB"
check "and nothing refused" exits 0 vfiotool regions --dump BAR0 --length 4 $EDU

# Two cards on one interrupt line: the other one uses it.
ip link set "$(basename /sys/bus/pci/devices/$NEIGHBOUR/net/*)" up
notices $CARD
check "a line that can be masked is shared without a word" not says "intx-shared"
check "INTx is enabled" exits 0 vfiotool irq --path container $CARD
if [ -z "$SMALL" ]; then
	echo $CARD >/sys/bus/pci/drivers/vfio-pci/unbind
	echo $EDU >/sys/bus/pci/drivers/vfio-pci/unbind
	must rmmod vfio_pci
	must modprobe vfio_pci nointxmask=1
	give $CARD vfio-pci
	notices $CARD
	check "a line that may not be masked is noticed" says "intx-shared"
	check "and refused" exits 2 vfiotool irq --path container $CARD
	check "by the errno of the notice" says "EBUSY"
	run vfiotool irq --path container --json $CARD
	check "which irq cannot have known" says '"predicted": null'
	# Since 5.15 it counts as it was when the module was loaded, which nobody can tell afterwards.
	parameter vfio_pci/parameters/nointxmask N
	! since 6.1 || check "refused all the same when it is taken back" exits 2 vfiotool irq --path container $CARD
	echo $CARD >/sys/bus/pci/drivers/vfio-pci/unbind
	must rmmod vfio_pci
	must modprobe vfio_pci
	give $CARD vfio-pci
	parameter vfio_pci/parameters/nointxmask Y
	! since 6.1 || check "what is set afterwards refuses nothing" exits 0 vfiotool irq --path container $CARD
	parameter vfio_pci/parameters/nointxmask N
	give $EDU vfio-pci
fi
ip link set "$(basename /sys/bus/pci/devices/$NEIGHBOUR/net/*)" down
