/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's VFIO and iommufd interface: request numbers and layouts. They are declared here because the
 * headers of the build machine may be older than the running kernel (those of Debian 12 lack iommufd). The
 * client always uses them; a kernel that lacks a request says so at run time (ENOTTY, EINVAL). linux:
 * include/uapi/linux/vfio.h, include/uapi/linux/iommufd.h, as of 7.3. */
#pragma once

#include <stdint.h>

/* Every request of both interfaces is _IO(';', nr): neither direction nor size is part of it. */
#define VT_REQUEST(nr) ((';' << 8) | (nr))

enum {
	/* container */
	VT_GET_API_VERSION = VT_REQUEST(100),
	VT_CHECK_EXTENSION = VT_REQUEST(101),
	VT_SET_IOMMU = VT_REQUEST(102),
	VT_IOMMU_GET_INFO = VT_REQUEST(112),
	VT_MAP_DMA = VT_REQUEST(113),
	VT_UNMAP_DMA = VT_REQUEST(114),
	VT_DIRTY_PAGES = VT_REQUEST(117),
	/* group */
	VT_GROUP_GET_STATUS = VT_REQUEST(103),
	VT_GROUP_SET_CONTAINER = VT_REQUEST(104),
	VT_GROUP_UNSET_CONTAINER = VT_REQUEST(105),
	VT_GROUP_GET_DEVICE_FD = VT_REQUEST(106),
	/* device; some numbers mean other things on a container */
	VT_DEVICE_GET_INFO = VT_REQUEST(107),
	VT_DEVICE_GET_REGION_INFO = VT_REQUEST(108),
	VT_DEVICE_GET_IRQ_INFO = VT_REQUEST(109),
	VT_DEVICE_SET_IRQS = VT_REQUEST(110),
	VT_DEVICE_RESET = VT_REQUEST(111),
	VT_DEVICE_GET_PCI_HOT_RESET_INFO = VT_REQUEST(112),
	VT_DEVICE_PCI_HOT_RESET = VT_REQUEST(113),
	VT_DEVICE_FEATURE = VT_REQUEST(117),
	VT_DEVICE_BIND_IOMMUFD = VT_REQUEST(118),
	VT_DEVICE_ATTACH_IOMMUFD_PT = VT_REQUEST(119),
	VT_DEVICE_DETACH_IOMMUFD_PT = VT_REQUEST(120),
	/* iommufd */
	VT_IOMMU_DESTROY = VT_REQUEST(0x80),
	VT_IOAS_ALLOC = VT_REQUEST(0x81),
	VT_IOAS_IOVA_RANGES = VT_REQUEST(0x84),
	VT_IOAS_MAP = VT_REQUEST(0x85),
	VT_IOAS_UNMAP = VT_REQUEST(0x86),
	VT_HWPT_ALLOC = VT_REQUEST(0x89),
	VT_GET_HW_INFO = VT_REQUEST(0x8a),
	VT_HWPT_SET_DIRTY_TRACKING = VT_REQUEST(0x8b),
	VT_HWPT_GET_DIRTY_BITMAP = VT_REQUEST(0x8c),
	VT_IOAS_NOIOMMU_GET_PA = VT_REQUEST(0x95),
};

enum { VT_API_VERSION = 0 };

/* CHECK_EXTENSION ids; the first three that name an IOMMU are SET_IOMMU types as well. */
enum {
	VT_TYPE1_IOMMU = 1,
	VT_TYPE1v2_IOMMU = 3,
	VT_DMA_CC_IOMMU = 4,
	VT_TYPE1_NESTING_IOMMU = 6, /* gone from 7.0 on */
	VT_NOIOMMU_IOMMU = 8,
	VT_UNMAP_ALL = 9,
	VT_UPDATE_VADDR = 10,
};

enum { VT_GROUP_VIABLE = 1 << 0, VT_GROUP_CONTAINER_SET = 1 << 1 };

struct vt_group_status {
	uint32_t argsz, flags;
};

enum { VT_IOMMU_INFO_PGSIZES = 1 << 0, VT_IOMMU_INFO_CAPS = 1 << 1 };

struct vt_iommu_info {
	uint32_t argsz, flags;
	uint64_t iova_pgsizes;
	uint32_t cap_offset, pad;
};

enum { VT_IOMMU_CAP_IOVA_RANGE = 1, VT_IOMMU_CAP_MIGRATION = 2, VT_IOMMU_CAP_DMA_AVAIL = 3 };

/* In front of each capability; next counts from the start of the whole, 0 ends the chain. */
struct vt_cap_header {
	uint16_t id, version;
	uint32_t next;
};

enum { VT_MAP_READ = 1 << 0, VT_MAP_WRITE = 1 << 1 };

struct vt_map_dma {
	uint32_t argsz, flags;
	uint64_t vaddr, iova, size;
};

enum { VT_UNMAP_GET_DIRTY_BITMAP = 1 << 0, VT_UNMAP_FLAG_ALL = 1 << 1 };

struct vt_unmap_dma {
	uint32_t argsz, flags;
	uint64_t iova, size; /* size comes back as what was unmapped */
};

enum { VT_DIRTY_START = 1 << 0, VT_DIRTY_STOP = 1 << 1, VT_DIRTY_GET_BITMAP = 1 << 2 };

struct vt_bitmap {
	uint64_t pgsize, size; /* bytes, both */
	uint64_t data;         /* address */
};

struct vt_dirty_bitmap {
	uint32_t argsz, flags;
};

struct vt_dirty_bitmap_get {
	struct vt_dirty_bitmap head;
	uint64_t iova, size;
	struct vt_bitmap bitmap;
};

enum {
	VT_DEVICE_RESET_FLAG = 1 << 0,
	VT_DEVICE_PCI = 1 << 1,
	VT_DEVICE_PLATFORM = 1 << 2,
	VT_DEVICE_AMBA = 1 << 3,
	VT_DEVICE_CCW = 1 << 4,
	VT_DEVICE_AP = 1 << 5,
	VT_DEVICE_FSL_MC = 1 << 6,
	VT_DEVICE_CAPS = 1 << 7,
	VT_DEVICE_CDX = 1 << 8,
};

struct vt_device_info {
	uint32_t argsz, flags, num_regions, num_irqs, cap_offset, pad;
};

enum {
	VT_REGION_READ = 1 << 0,
	VT_REGION_WRITE = 1 << 1,
	VT_REGION_MMAP = 1 << 2,
	VT_REGION_CAPS = 1 << 3,
};

struct vt_region_info {
	uint32_t argsz, flags, index, cap_offset;
	uint64_t size, offset;
};

enum { VT_REGION_CAP_SPARSE_MMAP = 1, VT_REGION_CAP_TYPE = 2, VT_REGION_CAP_MSIX_MAPPABLE = 3 };

/* Regions and interrupts of VFIO on PCI. */
enum {
	VT_PCI_BAR0 = 0,
	VT_PCI_ROM = 6,
	VT_PCI_CONFIG = 7,
	VT_PCI_VGA = 8,
	VT_PCI_NR_REGIONS = 9,
	VT_PCI_INTX = 0,
	VT_PCI_MSI = 1,
	VT_PCI_MSIX = 2,
	VT_PCI_ERR = 3,
	VT_PCI_REQ = 4,
	VT_PCI_NR_IRQS = 5,
};

enum {
	VT_IRQ_EVENTFD = 1 << 0,
	VT_IRQ_MASKABLE = 1 << 1,
	VT_IRQ_AUTOMASKED = 1 << 2,
	VT_IRQ_NORESIZE = 1 << 3,
};

struct vt_irq_info {
	uint32_t argsz, flags, index, count;
};

enum {
	VT_IRQ_SET_DATA_NONE = 1 << 0,
	VT_IRQ_SET_DATA_BOOL = 1 << 1,
	VT_IRQ_SET_DATA_EVENTFD = 1 << 2,
	VT_IRQ_SET_ACTION_MASK = 1 << 3,
	VT_IRQ_SET_ACTION_UNMASK = 1 << 4,
	VT_IRQ_SET_ACTION_TRIGGER = 1 << 5,
};

/* Followed by count items of the kind that the flags tell. */
struct vt_irq_set {
	uint32_t argsz, flags, index, start, count;
};

enum { VT_HOT_RESET_DEV_ID = 1 << 0, VT_HOT_RESET_DEV_ID_OWNED = 1 << 1 };

struct vt_hot_reset_device {
	uint32_t id; /* group, or with VT_HOT_RESET_DEV_ID the device's id in the iommufd */
	uint16_t segment;
	uint8_t bus, devfn;
};

/* Followed by count struct vt_hot_reset_device. */
struct vt_hot_reset_info {
	uint32_t argsz, flags, count;
};

/* Followed by count descriptors of groups. */
struct vt_hot_reset {
	uint32_t argsz, flags, count;
};

enum {
	VT_FEATURE_MASK = 0xffff,
	VT_FEATURE_GET = 1 << 16,
	VT_FEATURE_SET = 1 << 17,
	VT_FEATURE_PROBE = 1 << 18,
	VT_FEATURE_PCI_VF_TOKEN = 0,
	VT_FEATURE_MIGRATION = 1,
	VT_FEATURE_MIG_DEVICE_STATE = 2,
	VT_FEATURE_LOW_POWER_ENTRY = 3,
	VT_FEATURE_LOW_POWER_ENTRY_WAKEUP = 4,
	VT_FEATURE_LOW_POWER_EXIT = 5,
	VT_FEATURE_DMA_LOGGING_START = 6,
	VT_FEATURE_DMA_LOGGING_STOP = 7,
	VT_FEATURE_DMA_LOGGING_REPORT = 8,
	VT_FEATURE_MIG_DATA_SIZE = 9,
	VT_FEATURE_BUS_MASTER = 10,
	VT_FEATURE_DMA_BUF = 11,
	VT_FEATURE_MIG_PRECOPY_INFO_V2 = 12,
};

/* Followed by the feature's data. */
struct vt_device_feature {
	uint32_t argsz, flags;
};

enum {
	VT_MIGRATION_STOP_COPY = 1 << 0,
	VT_MIGRATION_P2P = 1 << 1,
	VT_MIGRATION_PRE_COPY = 1 << 2,
};

struct vt_feature_migration {
	struct vt_device_feature head;
	uint64_t flags; /* VT_MIGRATION_* */
};

enum { VT_BIND_TOKEN = 1 << 0 };

struct vt_bind_iommufd {
	uint32_t argsz, flags;
	int32_t iommufd;
	uint32_t devid;
	uint64_t token; /* address of 16 bytes; only with VT_BIND_TOKEN, since 7.0 */
};
enum { VT_BIND_SIZE_6_6 = 16 };

struct vt_attach_pt {
	uint32_t argsz, flags, pt_id;
};

struct vt_detach_pt {
	uint32_t argsz, flags;
};

struct vt_iommu_destroy {
	uint32_t size, id;
};

struct vt_ioas_alloc {
	uint32_t size, flags, ioas_id;
};

struct vt_ioas_iova_ranges {
	uint32_t size, ioas_id, num_iovas, reserved;
	uint64_t allowed_iovas; /* address of vt_iova_range[] */
	uint64_t iova_alignment;
};

struct vt_iova_range {
	uint64_t start, last; /* inclusive */
};

enum { VT_IOAS_FIXED_IOVA = 1 << 0, VT_IOAS_WRITEABLE = 1 << 1, VT_IOAS_READABLE = 1 << 2 };

struct vt_ioas_map {
	uint32_t size, flags, ioas_id, reserved;
	uint64_t user_va, length, iova;
};

struct vt_ioas_unmap {
	uint32_t size, ioas_id;
	uint64_t iova, length; /* 0, UINT64_MAX: all; length comes back as what was unmapped */
};

enum { VT_HWPT_NEST_PARENT = 1 << 0, VT_HWPT_DIRTY_TRACKING = 1 << 1, VT_HWPT_PASID = 1 << 3 };

struct vt_hwpt_alloc {
	uint32_t size, flags, dev_id, pt_id, out_hwpt_id, reserved;
	uint32_t data_type, data_len;
	uint64_t data_uptr;
	uint32_t fault_id, reserved2;
};
/* What 6.6 had of it; more is refused there only when it is not zero. */
enum { VT_HWPT_ALLOC_SIZE_6_6 = 24 };

enum {
	VT_HW_INFO_NONE = 0,
	VT_HW_INFO_INTEL = 1,
	VT_HW_INFO_SMMUV3 = 2,
	VT_HW_INFO_TEGRA_CMDQV = 3,
	VT_HW_INFO_AMD = 4,
	VT_HW_CAP_DIRTY_TRACKING = 1 << 0,
	VT_HW_CAP_PASID_EXEC = 1 << 1,
	VT_HW_CAP_PASID_PRIV = 1 << 2,
	VT_HW_CAP_ATS_NOT_SUPPORTED = 1 << 3,
};

/* What data_uptr points to, by type. */
struct vt_hw_info_intel {
	uint32_t flags, reserved;
	uint64_t cap, ecap;
};

struct vt_hw_info_smmuv3 {
	uint32_t flags, reserved, idr[6], iidr, aidr;
};

struct vt_hw_info_amd {
	uint64_t efr, efr2;
};

struct vt_hw_info {
	uint32_t size, flags, dev_id, data_len;
	uint64_t data_uptr;
	uint32_t out_data_type;
	uint8_t out_max_pasid_log2, reserved[3];
	uint64_t out_capabilities;
};

struct vt_hwpt_set_dirty_tracking {
	uint32_t size, flags, hwpt_id, reserved;
};

enum { VT_HWPT_DIRTY_ENABLE = 1 << 0, VT_HWPT_DIRTY_NO_CLEAR = 1 << 0 };

struct vt_hwpt_get_dirty_bitmap {
	uint32_t size, hwpt_id, flags, reserved;
	uint64_t iova, length, page_size, data;
};

struct vt_ioas_noiommu_get_pa {
	uint32_t size, flags, ioas_id, reserved;
	uint64_t iova, out_length, out_phys;
};

_Static_assert(sizeof(struct vt_iommu_info) == 24, "VFIO_IOMMU_GET_INFO");
_Static_assert(sizeof(struct vt_map_dma) == 32, "VFIO_IOMMU_MAP_DMA");
_Static_assert(sizeof(struct vt_unmap_dma) == 24, "VFIO_IOMMU_UNMAP_DMA");
_Static_assert(sizeof(struct vt_dirty_bitmap_get) == 48, "VFIO_IOMMU_DIRTY_PAGES");
_Static_assert(sizeof(struct vt_device_info) == 24, "VFIO_DEVICE_GET_INFO");
_Static_assert(sizeof(struct vt_region_info) == 32, "VFIO_DEVICE_GET_REGION_INFO");
_Static_assert(sizeof(struct vt_irq_set) == 20, "VFIO_DEVICE_SET_IRQS");
_Static_assert(sizeof(struct vt_hot_reset_device) == 8, "VFIO_DEVICE_GET_PCI_HOT_RESET_INFO");
_Static_assert(sizeof(struct vt_bind_iommufd) == 24, "VFIO_DEVICE_BIND_IOMMUFD");
_Static_assert(sizeof(struct vt_ioas_iova_ranges) == 32, "IOMMU_IOAS_IOVA_RANGES");
_Static_assert(sizeof(struct vt_ioas_map) == 40, "IOMMU_IOAS_MAP");
_Static_assert(sizeof(struct vt_ioas_unmap) == 24, "IOMMU_IOAS_UNMAP");
_Static_assert(sizeof(struct vt_hwpt_alloc) == 48, "IOMMU_HWPT_ALLOC");
_Static_assert(sizeof(struct vt_hw_info) == 40, "IOMMU_GET_HW_INFO");
_Static_assert(sizeof(struct vt_hw_info_intel) == 24, "struct iommu_hw_info_vtd");
_Static_assert(sizeof(struct vt_hw_info_smmuv3) == 40, "struct iommu_hw_info_arm_smmuv3");
_Static_assert(sizeof(struct vt_hw_info_amd) == 16, "struct iommu_hw_info_amd");
_Static_assert(sizeof(struct vt_feature_migration) == 16, "VFIO_DEVICE_FEATURE_MIGRATION");
_Static_assert(sizeof(struct vt_hwpt_get_dirty_bitmap) == 48, "IOMMU_HWPT_GET_DIRTY_BITMAP");
_Static_assert(sizeof(struct vt_ioas_noiommu_get_pa) == 40, "IOMMU_IOAS_NOIOMMU_GET_PA");
