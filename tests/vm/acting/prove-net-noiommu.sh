# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# As newer kernels have both, the device's own node is tried there.
path=noiommu
! since 7.3 || path=iommufd
for device in e1000:04 e1000e:05 virtio-net:06 virtio-blk:07 virtio-rng:08 virtio-scsi:09; do
	save "${device%:*}.$path" vfiotool prove --json --path "$path" "0000:00:${device#*:}.0"
done
check "nothing keeps devices apart" exits 2 vfiotool prove --path noiommu 0000:00:07.0 0000:00:08.0
check "which is said" says_error "nothing keeps devices apart"
