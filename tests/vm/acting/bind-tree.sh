# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
PORTED=0000:01:00.0 NEIGHBOUR=0000:02:00.0 FIRST=0000:03:00.0 SECOND=0000:03:00.1 BRIDGED=0000:04:01.0
BESIDE=0000:04:02.0 ALONE=0000:00:08.0

same_group() {
	[ -n "$(group_of "$1")" ] && [ "$(group_of "$1")" = "$(group_of "$2")" ]
}

same_ids() {
	[ "$(cat "/sys/bus/pci/devices/$1/device")" = "$(cat "/sys/bus/pci/devices/$2/device")" ]
}

bridges_stay() {
	for bridge in 05.0 05.1 06.0; do
		driver_is 0000:00:$bridge pcieport || return
	done
	[ "$(driver_of 0000:00:07.0)" = "$bridge_driver" ]
}

bridge_driver=$(driver_of 0000:00:07.0)
check "cards behind two ports are one group" same_group $PORTED $NEIGHBOUR
check "with the ports" same_group $PORTED 0000:00:05.0
check "a third of the same ids is alone" same_ids $PORTED $ALONE
check "the functions of a card are one group" same_group $FIRST $SECOND
check "the cards behind a bridge, too" same_group $BRIDGED $BESIDE
check "with the bridge" same_group $BRIDGED 0000:00:07.0

check "one card" exits 0 vfiotool bind $PORTED
check "is all that moves" driver_is $NEIGHBOUR e1000e
check "its bridges stay" bridges_stay
check "so its group cannot be had" exits 2 vfiotool attach $PORTED
check "as predicted" not says differs
check "the whole group" exits 0 vfiotool bind --group $PORTED
check "takes the neighbour along" driver_is $NEIGHBOUR vfio-pci
check "leaves bridges on pcieport" bridges_stay
check "and the card of the same ids" driver_is $ALONE e1000e
check "attach" exits 0 vfiotool attach $PORTED $NEIGHBOUR
check "restore" exits 0 vfiotool restore
check "all is as it was" unchanged

check "a function of a card" exits 0 vfiotool bind $FIRST
check "is all that moves" driver_is $SECOND nvme
check "its group cannot be had" exits 2 vfiotool attach $FIRST
check "with the other function" exits 0 vfiotool bind --group $FIRST
check "which is of another kind" driver_is $SECOND vfio-pci
check "attach" exits 0 vfiotool attach $FIRST $SECOND
check "the first goes back" exits 0 vfiotool unbind $FIRST
check "to its driver" driver_is $FIRST e1000e
check "the second does not" driver_is $SECOND vfio-pci
check "and goes back when asked" exits 0 vfiotool unbind $SECOND
check "all is as it was" unchanged

check "a card behind a bridge" exits 0 vfiotool bind --group $BRIDGED
check "takes the card beside it along" driver_is $BESIDE vfio-pci
check "and no bridge" bridges_stay
check "attach" exits 0 vfiotool attach $BRIDGED
check "restore" exits 0 vfiotool restore
check "all is as it was" unchanged

check "a card that stands aside" exits 0 vfiotool bind --driver pci-stub $BESIDE
check "stays there" exits 0 vfiotool bind --group $BRIDGED
check "on pci-stub" driver_is $BESIDE pci-stub
check "and is not in the way" exits 0 vfiotool attach $BRIDGED
check "restore" exits 0 vfiotool restore
check "all is as it was" unchanged

prober unbind $BESIDE >/dev/null
check "a card without a driver" exits 0 vfiotool bind --group $BRIDGED
check "stays so" driver_is $BESIDE ""
check "and is not in the way" exits 0 vfiotool attach $BRIDGED
check "restore" exits 0 vfiotool restore
check "leaves it so" driver_is $BESIDE ""
give $BESIDE e1000
echo >/sys/bus/pci/devices/$BESIDE/driver_override
within 5 driver_is $BESIDE e1000

check "all of the same ids, by their ids" exits 0 vfiotool bind --group 8086:10d3
check "the one alone" driver_is $ALONE vfio-pci
check "the function" driver_is $FIRST vfio-pci
check "with who must go along" driver_is $SECOND vfio-pci
check "not the others" driver_is $BRIDGED e1000
check "restore" exits 0 vfiotool restore
check "all is as it was" unchanged
