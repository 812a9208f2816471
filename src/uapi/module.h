/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The modules that VFIO may need and their parameters, by name. */
#pragma once

#include <stdbool.h>

/* X(ID, name), with underscores as /sys/module has them. */
#define MODULE_LIST(X)                        \
	X(IRQBYPASS, irqbypass)               \
	X(VFIO, vfio)                         \
	X(VFIO_IOMMU_TYPE1, vfio_iommu_type1) \
	X(VFIO_VIRQFD, vfio_virqfd)           \
	X(VFIO_PCI_CORE, vfio_pci_core)       \
	X(VFIO_PCI, vfio_pci)                 \
	X(VFIO_PLATFORM, vfio_platform)       \
	X(VFIO_AMBA, vfio_amba)               \
	X(VFIO_FSL_MC, vfio_fsl_mc)           \
	X(VFIO_CDX, vfio_cdx)                 \
	X(VFIO_AP, vfio_ap)                   \
	X(VFIO_CCW, vfio_ccw)                 \
	X(MDEV, mdev)                         \
	X(IOMMUFD, iommufd)                   \
	X(VIRTIO_IOMMU, virtio_iommu)

enum module_id {
#define X(id, name) MODULE_##id,
	MODULE_LIST(X)
#undef X
		NR_MODULES,
};

const char *module_name(enum module_id id);
/* NR_MODULES when no module has the name @name. */
enum module_id module_find(const char *name);

/* X(ID, MODULE, module, name, default, key of --assume, its values, whether a write in sysfs has an effect). linux:
 * module_param() in drivers/vfio/ and drivers/iommu/iommufd/. */
#define PARAM_ASSUMED_LIST(X)                                                                     \
	X(TYPE1_ALLOW_UNSAFE_INTERRUPTS, VFIO_IOMMU_TYPE1, vfio_iommu_type1,                      \
	  allow_unsafe_interrupts, 0, "allow_unsafe_interrupts", "0|1", 1)                        \
	X(IOMMUFD_ALLOW_UNSAFE_INTERRUPTS, IOMMUFD, iommufd, allow_unsafe_interrupts, 0,          \
	  "iommufd.allow_unsafe_interrupts", "0|1", 1)                                            \
	X(VFIO_NOIOMMU, VFIO, vfio, enable_unsafe_noiommu_mode, 0, "enable_unsafe_noiommu_mode",  \
	  "0|1", 1)                                                                               \
	X(VFIO_PCI_DISABLE_DENYLIST, VFIO_PCI, vfio_pci, disable_denylist, 0, "disable_denylist", \
	  "0|1", 0)                                                                               \
	X(TYPE1_DMA_ENTRY_LIMIT, VFIO_IOMMU_TYPE1, vfio_iommu_type1, dma_entry_limit, 65535,      \
	  "dma_entry_limit", "NUMBER", 1)                                                         \
	X(VFIO_PLATFORM_RESET_REQUIRED, VFIO_PLATFORM, vfio_platform, reset_required, 1,          \
	  "reset_required", "0|1", 0)
#define PARAM_LIST(X)                                                                              \
	PARAM_ASSUMED_LIST(X)                                                                      \
	X(TYPE1_DISABLE_HUGEPAGES, VFIO_IOMMU_TYPE1, vfio_iommu_type1, disable_hugepages, 0, NULL, \
	  "", 1)                                                                                   \
	X(VFIO_PCI_DISABLE_IDLE_D3, VFIO_PCI, vfio_pci, disable_idle_d3, 0, ".disable_idle_d3",    \
	  "", 0)                                                                                   \
	X(VFIO_PCI_NOINTXMASK, VFIO_PCI, vfio_pci, nointxmask, 0, NULL, "", 0)                     \
	X(VFIO_PCI_ENABLE_SRIOV, VFIO_PCI, vfio_pci, enable_sriov, 0, NULL, "", 0)

enum param_id {
#define X(id, module_id, module, name, by_default, key, values, writable) PARAM_##id,
	PARAM_LIST(X)
#undef X
		NR_PARAMS,
};

struct param_row {
	enum module_id module;
	const char *name;
	unsigned int by_default;
	const char *key; /* of --assume, or NULL */
	bool writable;   /* in sysfs, with effect while the module is loaded */
};

const struct param_row *param_get(enum param_id id);
