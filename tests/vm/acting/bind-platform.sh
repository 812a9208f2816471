# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# vfio-platform is there on the small kernels only; there the mock describes two of its devices, nothing the third.
EDU=0000:00:04.0

on() {
	driver=$(readlink "/sys/bus/platform/devices/$1/driver")
	[ "${driver##*/}" = "$2" ] || {
		echo "$1 is on '${driver##*/}', not on '$2'"
		return 1
	}
}

same_group() {
	[ "$(readlink /sys/bus/platform/devices/mock0/iommu_group)" = "$(readlink "/sys/bus/pci/devices/$EDU/iommu_group")" ]
}

# with_parameter VALUE: the module as somebody loads it who knows what he does.
with_parameter() {
	modprobe -r vfio_platform && modprobe vfio_platform "reset_required=$1"
}

if [ -z "$SMALL" ]; then
	check "where there is no driver for it, it is refused" exits 2 vfiotool bind --json platform:mock1
	check "with the reason" says "this kernel has no vfio-platform: module vfio_platform is neither loaded"
	check "without the driver's module" exits 1 vfiotool bind --force=predicted platform:mock1
	check "that is named" says_error "vfio_platform"
	check "nothing has changed" unchanged
	check "nor with another driver that is not there" exits 1 vfiotool bind --driver nonsense platform:mock1
	check "which is named" says_error "there is no driver 'nonsense'"
	check "nothing has changed" unchanged
else
	check "what nothing describes is refused" exits 2 vfiotool bind --json platform:mock2
	check "with the reason" says "neither the device tree nor ACPI describes mock2"
	check "nothing has changed" unchanged
	check "and by the kernel" exits 2 vfiotool bind --json --force=predicted platform:mock2
	check "as predicted" says '"match": true'
	check "nothing has changed" unchanged
	check "it wants a reset, that is not known of this one" exits 2 vfiotool bind --json platform:mock1
	check "loading its driver for it" test -d /sys/module/vfio_platform
	check "and was not sure" says '"predicted": "unknown"'
	check "nothing has changed" unchanged
	check "without that" with_parameter 0
	check "it is bound" exits 0 vfiotool bind platform:mock1
	check "it is" on mock1 vfio-platform
	check "the other one stays" on mock0 ""
	for path in container iommufd compat; do
		check "attach: $path" exits 0 vfiotool attach --path $path platform:mock1
	done
	check "unbind" exits 0 vfiotool unbind platform:mock1
	check "all is as it was" unchanged
	check "a group of two buses" same_group
	check "is bound" exits 0 vfiotool bind $EDU platform:mock0
	check "here" driver_is $EDU vfio-pci
	check "and there" on mock0 vfio-platform
	check "attach" exits 0 vfiotool attach $EDU platform:mock0
	check "restore" exits 0 vfiotool restore
	check "all is as it was" unchanged
fi
check "a device of PCI" exits 0 vfiotool bind --group $EDU
check "goes without its neighbour that has no driver" on mock0 ""
check "restore" exits 0 vfiotool restore
check "all is as it was" unchanged
