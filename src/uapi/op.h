/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One request to the kernel, by its name in the uAPI. The model predicts an op, the client issues it; both
 * use this header. */
#pragma once

#include <stdint.h>

#include "base/macro.h"

#define OP_LIST(X)                       \
	X(BIND)                          \
	X(UNBIND)                        \
	X(OPEN_CONTAINER)                \
	X(GET_API_VERSION)               \
	X(CHECK_EXTENSION)               \
	X(OPEN_GROUP)                    \
	X(GROUP_GET_STATUS)              \
	X(GROUP_SET_CONTAINER)           \
	X(GROUP_UNSET_CONTAINER)         \
	X(SET_IOMMU)                     \
	X(IOMMU_GET_INFO)                \
	X(GROUP_GET_DEVICE_FD)           \
	X(MAP_DMA)                       \
	X(UNMAP_DMA)                     \
	X(DIRTY_PAGES)                   \
	X(OPEN_CDEV)                     \
	X(OPEN_IOMMUFD)                  \
	X(BIND_IOMMUFD)                  \
	X(IOAS_ALLOC)                    \
	X(ATTACH_IOMMUFD_PT)             \
	X(DETACH_IOMMUFD_PT)             \
	X(IOAS_IOVA_RANGES)              \
	X(IOAS_MAP)                      \
	X(IOAS_UNMAP)                    \
	X(GET_HW_INFO)                   \
	X(DEVICE_GET_INFO)               \
	X(DEVICE_GET_REGION_INFO)        \
	X(DEVICE_GET_IRQ_INFO)           \
	X(DEVICE_SET_IRQS)               \
	X(DEVICE_RESET)                  \
	X(DEVICE_GET_PCI_HOT_RESET_INFO) \
	X(DEVICE_PCI_HOT_RESET)          \
	X(DEVICE_FEATURE)                \
	X(REGION_MMAP)                   \
	X(REGION_READ)                   \
	X(REGION_WRITE)                  \
	X(HWPT_ALLOC)                    \
	X(HWPT_SET_DIRTY_TRACKING)       \
	X(HWPT_GET_DIRTY_BITMAP)         \
	X(IOAS_NOIOMMU_GET_PA)           \
	X(IOMMU_DESTROY)

/* The ways from a device to its DMA: a container and its group, iommufd and the device's cdev, a
 * container served by iommufd, no IOMMU at all. */
enum path_kind { PATH_CONTAINER, PATH_IOMMUFD, PATH_COMPAT, PATH_NOIOMMU, NR_PATHS };

enum op {
	OP_NONE = 0,
#define X(name) OP_##name,
	OP_LIST(X)
#undef X
		NR_OPS,
};

/* What the kernel did. */
struct outcome {
	enum op op;
	const char *object; /* "container" "iommufd" "group:12" "0000:01:00.0"; borrowed */
	int ret;            /* what the call returned, 0 or more; -1 when refused */
	int err;            /* positive errno, or 0 */
	uint64_t ns;
};

/* "GROUP_SET_CONTAINER"; "NONE" for OP_NONE. Static. */
const char *op_name(enum op op);
/* "container" "iommufd" "compat" "noiommu". Static. */
const char *path_kind_name(enum path_kind kind);
/* "EPERM" for 1 or -1; "0" for 0; "E?" for a number that has no name here. Static. */
const char *errno_name(int err);
/* The positive errno, or 0 when @name is not the name of one. */
int errno_from_name(const char *name);
