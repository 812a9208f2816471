/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an attached device answers to questions that change nothing, as far as the host's facts tell. */
#pragma once

#include <stdint.h>

#include "model/rule.h"
#include "model/trait.h"

struct probe_prediction {
	enum answer answer; /* yes: it succeeds; no: refused with err */
	int err;            /* positive */
};

/* VFIO_DEVICE_FEATURE number @index of @dev on the kernels @k. linux: drivers/vfio/vfio_main.c:
 * vfio_ioctl_device_feature(); drivers/vfio/pci/vfio_pci_core.c: vfio_pci_core_ioctl_feature(). */
struct probe_prediction probe_predict_feature(const struct kernels *k, const struct device *dev,
					      uint32_t index);
/* IOMMU_GET_HW_INFO: VT-d has answered since there is such a request. linux: drivers/iommu/intel/iommu.c:
 * intel_iommu_hw_info(). */
struct probe_prediction probe_predict_hw_info(const struct device *dev);
/* IOMMU_HWPT_ALLOC with @flags (VT_HWPT_*); @tracks is what IOMMU_GET_HW_INFO says of dirty tracking. linux:
 * drivers/iommu/iommufd/hw_pagetable.c: iommufd_hwpt_paging_alloc(); drivers/iommu/intel/iommu.c:
 * intel_iommu_domain_alloc_paging_flags(). */
struct probe_prediction probe_predict_table(const struct device *dev, uint32_t flags,
					    enum tristate tracks);
