/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's VFIO and iommufd interface as the prober sees it: request numbers and layouts, in words of our own.
 * Independent of src/client/abi.h on purpose: a wrong number there must not be repeated here. No system header of
 * the kernel is used, those of the build machine may be older than the kernel under test.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Every request of both interfaces is of the form _IO(';', nr): no direction, no size. */
#define PR_REQUEST(nr) ((unsigned long)((';' << 8) | (nr)))

#define PR_GET_API_VERSION     PR_REQUEST(100)
#define PR_CHECK_EXTENSION     PR_REQUEST(101)
#define PR_SET_IOMMU           PR_REQUEST(102)
#define PR_GROUP_GET_STATUS    PR_REQUEST(103)
#define PR_GROUP_SET_CONTAINER PR_REQUEST(104)
#define PR_GROUP_GET_DEVICE_FD PR_REQUEST(106)
#define PR_DEVICE_GET_INFO     PR_REQUEST(107)
#define PR_GET_REGION_INFO     PR_REQUEST(108)
#define PR_GET_IRQ_INFO        PR_REQUEST(109)
#define PR_IOMMU_GET_INFO      PR_REQUEST(112)
#define PR_GET_HOT_RESET_INFO  PR_REQUEST(112) /* of a device */
#define PR_MAP_DMA             PR_REQUEST(113)
#define PR_UNMAP_DMA           PR_REQUEST(114)
#define PR_BIND_IOMMUFD        PR_REQUEST(118)
#define PR_ATTACH_IOMMUFD_PT   PR_REQUEST(119)

#define PR_IOAS_ALLOC       PR_REQUEST(0x81)
#define PR_IOAS_IOVA_RANGES PR_REQUEST(0x84)
#define PR_IOAS_MAP         PR_REQUEST(0x85)
#define PR_IOAS_UNMAP       PR_REQUEST(0x86)
#define PR_GET_HW_INFO      PR_REQUEST(0x8a)

enum {
	PR_TYPE1 = 1,
	PR_TYPE1V2 = 3,
	PR_NOIOMMU = 8,
	PR_EXTENSION_LAST = 10,

	PR_CAP_IOVA_RANGE = 1,
	PR_CAP_MIGRATION = 2,
	PR_CAP_DMA_AVAIL = 3,

	PR_MAP_READ_WRITE = 3,    /* container: bit 0 read, bit 1 write */
	PR_IOAS_MAP_FIXED_RW = 7, /* iommufd: bit 0 fixed IOVA, bit 1 write, bit 2 read */
};

struct pr_group_status {
	uint32_t argsz, flags;
};

struct pr_iommu_info {
	uint32_t argsz, flags;
	uint64_t pgsizes;
	uint32_t cap_offset, pad;
};

struct pr_cap_header {
	uint16_t id, version;
	uint32_t next;
};

struct pr_iova_range {
	uint64_t start, last;
};

struct pr_map {
	uint32_t argsz, flags;
	uint64_t vaddr, iova, size;
};

struct pr_unmap {
	uint32_t argsz, flags;
	uint64_t iova, size;
};

struct pr_device_info {
	uint32_t argsz, flags, nr_regions, nr_irqs, cap_offset, pad;
};

struct pr_region_info {
	uint32_t argsz, flags, index, cap_offset;
	uint64_t size, offset;
};

struct pr_irq_info {
	uint32_t argsz, flags, index, count;
};

struct pr_hot_reset_info {
	uint32_t argsz, flags, nr;
	struct {
		uint32_t id; /* group, or what bit 0 of the flags says */
		uint16_t segment;
		uint8_t bus, devfn;
	} device[32];
};

enum { PR_BIND_PLAIN = 16, PR_BIND_TOKEN = 1 << 0 };

struct pr_bind {
	uint32_t argsz, flags;
	int32_t iommufd;
	uint32_t devid;
	uint64_t token; /* later kernels */
};

struct pr_attach {
	uint32_t argsz, flags, pt_id;
};

struct pr_ioas_alloc {
	uint32_t size, flags, ioas_id;
};

struct pr_ioas_ranges {
	uint32_t size, ioas_id, nr, reserved;
	uint64_t ranges, alignment;
};

struct pr_ioas_map {
	uint32_t size, flags, ioas_id, reserved;
	uint64_t user_va, length, iova;
};

struct pr_ioas_unmap {
	uint32_t size, ioas_id;
	uint64_t iova, length;
};

struct pr_hw_info {
	uint32_t size, flags, dev_id, data_len;
	uint64_t data;
	uint32_t type;
	uint8_t pasid_log2, reserved[3];
	uint64_t capabilities;
};

_Static_assert(sizeof(struct pr_iommu_info) == 24, "IOMMU_GET_INFO");
_Static_assert(sizeof(struct pr_map) == 32, "MAP_DMA");
_Static_assert(sizeof(struct pr_unmap) == 24, "UNMAP_DMA");
_Static_assert(sizeof(struct pr_region_info) == 32, "GET_REGION_INFO");
_Static_assert(sizeof(struct pr_hot_reset_info) == 12 + 32 * 8, "GET_PCI_HOT_RESET_INFO");
_Static_assert(offsetof(struct pr_bind, token) == PR_BIND_PLAIN, "BIND_IOMMUFD as of 6.6");
_Static_assert(sizeof(struct pr_bind) == 24, "BIND_IOMMUFD with a token");
_Static_assert(sizeof(struct pr_attach) == 12, "ATTACH_IOMMUFD_PT as of 6.6");
_Static_assert(sizeof(struct pr_ioas_ranges) == 32, "IOAS_IOVA_RANGES");
_Static_assert(sizeof(struct pr_ioas_map) == 40, "IOAS_MAP");
_Static_assert(sizeof(struct pr_ioas_unmap) == 24, "IOAS_UNMAP");
_Static_assert(sizeof(struct pr_hw_info) == 40, "GET_HW_INFO");
