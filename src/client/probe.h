/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions to an attached device that change nothing: what its IOMMU is (IOMMU_GET_HW_INFO), which tables it could have
 * (each is allocated and destroyed at once), which features the device has (VFIO_DEVICE_FEATURE with PROBE). None of them is
 * recorded as a step. */
#pragma once

#include <stdint.h>

#include "client/attach.h"

enum { HW_INFO_DATA_MAX = 64 }; /* bytes; the largest of Linux 7.3 has 40 */

struct hw_info {
	uint32_t type;         /* VT_HW_INFO_INTEL and the like */
	uint32_t len;          /* bytes of data that the kernel filled */
	uint64_t capabilities; /* VT_HW_CAP_* */
	uint8_t pasid_log2;    /* bits of a PASID that device and IOMMU have together; 0: none */
	uint8_t data[HW_INFO_DATA_MAX];
};

/* IOMMU_GET_HW_INFO of a device on iommufd. 0; -ENOTTY or -EOPNOTSUPP where kernel or driver has none; another negative
 * errno. linux: drivers/iommu/iommufd/device.c: iommufd_get_hw_info(), since 6.6. */
int probe_hw_info(struct attachment *at, const struct attached_device *d, struct hw_info *ret);
/* IOMMU_HWPT_ALLOC with @flags (VT_HWPT_*) over the IOAS, and IOMMU_DESTROY of what came of it. 0 or the negative errno of
 * either. linux: drivers/iommu/iommufd/hw_pagetable.c: iommufd_hwpt_alloc(), since 6.6. */
int probe_hwpt(struct attachment *at, const struct attached_device *d, uint32_t flags);
/* VFIO_DEVICE_FEATURE with PROBE: whether feature @index takes the operations @flags (VT_FEATURE_GET, VT_FEATURE_SET). 0;
 * -ENOTTY where the device has no such feature; -EINVAL where it takes another operation. linux:
 * drivers/vfio/vfio_main.c: vfio_ioctl_device_feature(), since 5.7. */
int probe_feature(struct attachment *at, const struct attached_device *d, uint32_t index,
		  uint32_t flags);
/* The states of migration (VT_MIGRATION_*), where that feature is there. 0 or a negative errno. linux: the same file:
 * vfio_ioctl_device_feature_migration(), since 5.18. */
int probe_migration(struct attachment *at, const struct attached_device *d, uint64_t *ret);
