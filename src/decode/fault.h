/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What IOMMU drivers write to the kernel log when they stopped a device's access. Pure text. */
#pragma once

#include <stdint.h>

#include "base/macro.h"
#include "base/parse.h"

struct dma_fault {
	const char *driver; /* "VT-d" "AMD-Vi" "virtio-iommu" "SMMU"; static */
	uint64_t address;   /* that the device put on the bus */
};

/* One line of the log. 0, or -ENOENT when it reports no fault with an address.
 * linux: drivers/iommu/intel/dmar.c: dmar_fault_do_one(); drivers/iommu/amd/iommu.c:
 * amd_iommu_report_page_fault(); drivers/iommu/virtio-iommu.c: viommu_fault_handler();
 * drivers/iommu/arm/arm-smmu/arm-smmu.c: arm_smmu_context_fault(). */
vt_must_check int fault_parse(struct span line, struct dma_fault *ret);
/* The text of a record read from /dev/kmsg ("PRIORITY,SEQUENCE,TIME,FLAGS;TEXT"), without the lines that
 * follow it; empty when @record is not one. linux: Documentation/ABI/testing/dev-kmsg. */
struct span kmsg_text(struct span record);
