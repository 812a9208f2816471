# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
PF=0000:01:00.0 ONE=0000:01:00.1 TWO=0000:01:00.2
# What vfio-pci answers to a physical function that has virtual ones.
refusal=EBUSY
since 5.14 || refusal=ENODEV

# functions NUMBER: so many virtual ones.
functions() {
	echo "$1" >/sys/bus/pci/devices/$PF/sriov_numvfs
}

of_kernel() {
	grep -q "^$1\$" /sys/bus/pci/devices/$ONE/driver_override
}

echo 0 >/sys/bus/pci/devices/$PF/sriov_drivers_autoprobe
check "two virtual functions, without a driver" functions 2
cp /out/state.first /out/none
begin_here
check "one is bound" exits 0 vfiotool bind $ONE
check "it is" driver_is $ONE vfio-pci
check "its physical function stays" driver_is $PF nvme
check "and its sibling" driver_is $TWO ""
check "attach" exits 0 vfiotool attach $ONE
check "--group takes nobody along" exits 0 vfiotool bind --group $TWO
check "not the physical function" driver_is $PF nvme
check "both can be attached" exits 0 vfiotool attach $ONE $TWO
check "the physical function is guarded" exits 5 vfiotool bind --json $PF
check "naming them" says "virtual functions $ONE (vfio-pci), $TWO (vfio-pci) <- $PF"
check "and nothing moved" driver_is $PF nvme
check "without that guard the prediction refuses" exits 2 vfiotool bind --force=vfs $PF
check "with its errno" says "the kernel would refuse the bind ($refusal)"
check "without both the kernel does" exits 2 vfiotool bind --json --force=vfs --force=predicted $PF
check "as predicted" says '"match": true'
check "and for that reason" says "refused it ($refusal): $PF has virtual functions enabled"
check "and it is rolled back" driver_is $PF nvme
check "they are as before" driver_is $ONE vfio-pci
check "all of them" driver_is $TWO vfio-pci
check "one is given back" exits 0 vfiotool unbind $ONE
check "its sibling stays" driver_is $TWO vfio-pci
check "restore gives the other back" exits 0 vfiotool restore
check "all is as it was" unchanged
check "unused, they are in the way as well" exits 2 vfiotool bind $PF
check "and the next step is told" says "sriov_numvfs; then bind"
check "by the kernel too" exits 2 vfiotool bind --force=predicted $PF
check "all is as it was" unchanged

check "no virtual function" functions 0
echo 1 >/sys/bus/pci/devices/$PF/sriov_drivers_autoprobe
cp /out/none /out/state.first
check "as at the beginning" unchanged
check "the physical function is bound" exits 0 vfiotool bind $PF
check "attach" exits 0 vfiotool attach $PF
check "unbind" exits 0 vfiotool unbind $PF
check "all is as it was" unchanged

check "bound once more" exits 0 vfiotool bind $PF
parameter vfio_pci/parameters/enable_sriov 1
check "it gets virtual functions" functions 2
check "which the kernel gives to vfio-pci" within 5 driver_is $ONE vfio-pci
check "by their override" of_kernel vfio-pci
check "bind has nothing to do" exits 0 vfiotool bind $ONE
check "and says so" says "is on vfio-pci already"
check "their physical function is guarded" exits 5 vfiotool unbind --json $PF
check "naming them" says "virtual functions $ONE (vfio-pci), $TWO (vfio-pci) <- $PF"
check "restore leaves it, too" exits 5 vfiotool restore
check "nothing moved" driver_is $PF vfio-pci
check "one goes to another driver" exits 0 vfiotool bind --driver pci-stub $ONE
check "forced, they go with their physical function" exits 0 vfiotool unbind --force=vfs $PF
check "which is back" driver_is $PF nvme
check "they are not" gone $ONE
check "neither" gone $TWO
check "restore says so" exits 0 vfiotool restore
check "of the one that was moved" says "$ONE is no longer there"
check "all is as it was" unchanged

# Virtual functions go with vfio-pci, and whoever forced that is told how many there were.
check "on vfio-pci by another's hand" within 5 give $PF vfio-pci
check "with virtual functions" functions 2
check "which are there" within 5 driver_is $ONE vfio-pci
check "it goes to another driver, forced" exits 0 vfiotool bind --force=vfs --driver pci-stub --json $PF
check "without them" gone $ONE
check "which is said" says '"missing": "virtual functions: it had 2 and has 0'
check "restore brings it back" exits 0 vfiotool restore
check "to vfio-pci" driver_is $PF vfio-pci
check "and says how to have them again" says "echo 2 > /sys/bus/pci/devices/$PF/sriov_numvfs"
check "as it is said" functions 2
check "they are there" within 5 driver_is $ONE vfio-pci
check "none again" functions 0
check "back on its own driver" within 5 give $PF nvme
echo >/sys/bus/pci/devices/$PF/driver_override
parameter vfio_pci/parameters/enable_sriov 0
check "all is as it was" unchanged
