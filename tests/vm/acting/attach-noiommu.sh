# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
check "by the group" exits 0 vfiotool attach --path=noiommu 0000:00:07.0
check "as predicted" says "Attached, as predicted"
check "and what that means" says "There is no IOMMU"
check "two devices" exits 0 vfiotool attach --path=noiommu 0000:00:07.0 0000:00:08.0
check "as predicted" says "Attached, as predicted"
check "the path is found" exits 0 vfiotool attach 0000:00:07.0
check "and what it means" says "There is no IOMMU"
check "not without CAP_SYS_RAWIO" exits 2 prober --drop-rawio run vfiotool attach --path=noiommu 0000:00:07.0
check "as predicted" says "with EPERM, as predicted"
if [ -n "$(cdev_of 0000:00:07.0)" ]; then
	check "by its own node" exits 0 vfiotool attach --path=iommufd 0000:00:07.0
	check "as predicted" says "Attached, as predicted"
	check "two devices in one IOAS" exits 0 vfiotool attach --path=iommufd 0000:00:07.0 0000:00:08.0
	check "as predicted" says "Attached, as predicted"
fi
