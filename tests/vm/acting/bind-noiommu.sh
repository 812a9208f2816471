# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
DISK=0000:00:08.0 EDU=0000:00:07.0
MODE=/sys/module/vfio/parameters/enable_unsafe_noiommu_mode

# Kernels name it differently.
errno=EINVAL
since 5.14 || errno=ENODEV

# refused TARGET...: by the prediction, and by the kernel when that is passed.
refused() {
	exits 2 vfiotool bind --json "$@" && says "the kernel would refuse the bind ($errno)" && says "has no IOMMU group" &&
		says "nothing was changed" && unchanged || return
	exits 2 vfiotool bind --json --force=predicted "$@" && says '"match": true' && says "refused it ($errno)" && unchanged
}

check "a disk on its driver" refused $DISK
check "which has it again" driver_is $DISK nvme
check "a device without a driver" refused $EDU
check "which has none" driver_is $EDU ""
check "both" refused $EDU $DISK

if [ -e $MODE ]; then
	echo 1 >$MODE
	check "with the mode for it" exits 0 vfiotool bind $DISK
	check "it is bound" driver_is $DISK vfio-pci
	check "and has a group of its own" test -c "/dev/vfio/noiommu-$(group_of $DISK)"
	check "attach" exits 0 vfiotool attach --path noiommu $DISK
	check "is what is found" exits 0 vfiotool attach $DISK
	check "the whole group is the device" exits 0 vfiotool bind --group $EDU
	check "which is bound" driver_is $EDU vfio-pci
	check "both can be attached" exits 0 vfiotool attach $DISK $EDU
	modprobe -q vfio_iommu_type1
	prober --hold noiommu $EDU >/dev/null
	holder=$(pidof prober)
	check "held, it stays" exits 5 vfiotool unbind --json $EDU
	check "and the holder is named" says "noiommu-$(group_of $EDU) is open in process $holder (prober)"
	check "restore leaves it" exits 5 vfiotool restore
	check "and takes the other back" driver_is $DISK nvme
	kill -KILL "$holder"
	check "let go" within 5 no_holder
	check "unbind" exits 0 vfiotool unbind $EDU
	check "all is as it was" unchanged
	echo 0 >$MODE
	check "and without the mode it is refused again" refused $DISK
fi
