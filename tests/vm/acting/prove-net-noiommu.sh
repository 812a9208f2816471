# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
PROVE_PATHS=noiommu
! since 7.3 || PROVE_PATHS="noiommu iommufd"
for path in $PROVE_PATHS; do
	for device in e1000:04 e1000e:05 virtio-net:06 virtio-blk:07 virtio-rng:08 virtio-scsi:09; do
		save "${device%:*}.$path" vfiotool prove --json --path "$path" "0000:00:${device#*:}.0"
	done
done
check "nothing keeps devices apart" exits 2 vfiotool prove --path noiommu 0000:00:07.0 0000:00:08.0
check "which is said" says_error "nothing keeps devices apart"
