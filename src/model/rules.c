/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rule table: one row for each reason for which the kernel refuses a step. Within a step the
 * kernel checks in the order of the sites. Sources name kernel files of the generations they were
 * read in: 5.10, 6.1, 6.12 and 7.3. */
#include "model/rules.h"

#include <errno.h>
#include <string.h>

#define C     (1U << PATH_CONTAINER)
#define I     (1U << PATH_IOMMUFD)
#define X     (1U << PATH_COMPAT)
#define N     (1U << PATH_NOIOMMU)
#define ALL   (C | I | X | N)
#define GROUP (C | X | N)

#define FROM(g)     GENS_FROM(GEN_##g)
#define UNTIL(g)    GENS_UNTIL(GEN_##g)
#define SPAN(a, b)  (GENS_FROM(GEN_##a) & GENS_UNTIL(GEN_##b))
#define SITES(name) .sites = name, .nr_sites = ARRAY_SIZE(name)

static const struct rule_site vfio_driver[] = {
	{ GENS_ALL, ALL, OP_BIND, ENOENT, 0, "drivers/base/bus.c: bind_store()" },
};

static const struct rule_site denylist[] = {
	{ UNTIL(5_14), ALL, OP_BIND, ENODEV, 10, "drivers/vfio/pci/vfio_pci.c: vfio_pci_probe()" },
	{ FROM(5_14), ALL, OP_BIND, EINVAL, 10, "drivers/vfio/pci/vfio_pci.c: vfio_pci_probe()" },
};

static const struct rule_site bridge_header[] = {
	{ UNTIL(5_14), ALL, OP_BIND, ENODEV, 20, "drivers/vfio/pci/vfio_pci.c: vfio_pci_probe()" },
	{ FROM(5_14), ALL, OP_BIND, EINVAL, 20,
	  "drivers/vfio/pci/vfio_pci_core.c: vfio_pci_core_register_device()" },
};

static const struct rule_site sriov_enabled[] = {
	{ UNTIL(5_14), ALL, OP_BIND, ENODEV, 30, "drivers/vfio/pci/vfio_pci.c: vfio_pci_probe()" },
	{ FROM(5_14), ALL, OP_BIND, EBUSY, 30,
	  "drivers/vfio/pci/vfio_pci_core.c: vfio_pci_core_register_device()" },
};

static const struct rule_site platform_reset[] = {
	{ UNTIL(5_14), ALL, OP_BIND, ENODEV, 40,
	  "drivers/vfio/platform/vfio_platform_common.c: vfio_platform_probe_common()" },
	{ FROM(5_14), ALL, OP_BIND, ENOENT, 40,
	  "drivers/vfio/platform/vfio_platform_common.c: vfio_platform_init_common()" },
};

static const struct rule_site no_group[] = {
	{ UNTIL(5_14), ALL, OP_BIND, ENODEV, 50, "drivers/vfio/vfio.c: vfio_iommu_group_get()" },
	{ FROM(5_14), ALL, OP_BIND, EINVAL, 50,
	  "drivers/vfio/group.c: vfio_group_find_or_alloc()" },
};

static const struct rule_site cache_coherency[] = {
	{ FROM(5_19), ALL, OP_BIND, EINVAL, 60, "drivers/vfio/vfio_main.c: __vfio_register_dev()" },
	{ FROM(6_6), I, OP_BIND_IOMMUFD, EINVAL, 50,
	  "drivers/iommu/iommufd/device.c: iommufd_device_bind()" },
	{ FROM(6_2), X, OP_GROUP_GET_DEVICE_FD, EINVAL, 50,
	  "drivers/iommu/iommufd/device.c: iommufd_device_bind()" },
};

static const struct rule_site container_node[] = {
	{ GENS_ALL, C | N, OP_OPEN_CONTAINER, ENOENT, 0, "drivers/vfio/container.c: vfio_dev" },
};

static const struct rule_site container_access[] = {
	{ GENS_ALL, C | N, OP_OPEN_CONTAINER, EACCES, 10, "fs/namei.c: may_open()" },
};

static const struct rule_site vfio_module[] = {
	{ GENS_ALL, C | N, OP_OPEN_CONTAINER, ENODEV, 20, "drivers/char/misc.c: misc_open()" },
};

static const struct rule_site iommufd_node[] = {
	{ GENS_ALL, I | X, OP_OPEN_IOMMUFD, ENOENT, 0,
	  "drivers/iommu/iommufd/main.c: iommu_misc_dev" },
};

static const struct rule_site iommufd_access[] = {
	{ GENS_ALL, I | X, OP_OPEN_IOMMUFD, EACCES, 10, "fs/namei.c: may_open()" },
};

static const struct rule_site group_node[] = {
	{ GENS_ALL, GROUP, OP_OPEN_GROUP, ENOENT, 0, "drivers/vfio/group.c: vfio_create_group()" },
};

static const struct rule_site group_access[] = {
	{ GENS_ALL, GROUP, OP_OPEN_GROUP, EACCES, 10, "fs/namei.c: may_open()" },
};

static const struct rule_site noiommu_rawio[] = {
	{ GENS_ALL, N, OP_OPEN_GROUP, EPERM, 20, "drivers/vfio/group.c: vfio_group_fops_open()" },
	{ FROM(7_0), I, OP_OPEN_CDEV, EPERM, 20,
	  "drivers/vfio/device_cdev.c: vfio_device_fops_cdev_open()" },
};

static const struct rule_site cdev_node[] = {
	{ GENS_ALL, I, OP_OPEN_CDEV, ENOENT, 0, "drivers/vfio/vfio.h: vfio_device_add()" },
};

static const struct rule_site cdev_access[] = {
	{ GENS_ALL, I, OP_OPEN_CDEV, EACCES, 10, "fs/namei.c: may_open()" },
};

static const struct rule_site cdev_held[] = {
	{ FROM(6_6), C | X, OP_OPEN_GROUP, EBUSY, 30,
	  "drivers/vfio/group.c: vfio_group_fops_open()" },
	{ FROM(6_6), I, OP_BIND_IOMMUFD, EINVAL, 40, "drivers/vfio/vfio_main.c: vfio_df_open()" },
	{ FROM(6_6), I, OP_BIND_IOMMUFD, EPERM, 75,
	  "drivers/iommu/iommu.c: iommu_device_claim_dma_owner()" },
};

static const struct rule_site group_held[] = {
	{ GENS_ALL, GROUP, OP_OPEN_GROUP, EBUSY, 40,
	  "drivers/vfio/group.c: vfio_group_fops_open()" },
	{ FROM(6_6), I, OP_BIND_IOMMUFD, EBUSY, 10,
	  "drivers/vfio/group.c: vfio_device_block_group()" },
};

static const struct rule_site viability_walk[] = {
	{ UNTIL(5_19), GROUP, OP_GROUP_GET_DEVICE_FD, EINVAL, 0,
	  "drivers/vfio/vfio.c: vfio_group_get_device_fd(), vfio_dev_viable()" },
};

static const struct rule_site dma_ownership[] = {
	{ FROM(5_19), C, OP_GROUP_SET_CONTAINER, EPERM, 40,
	  "drivers/iommu/iommu.c: iommu_group_claim_dma_owner()" },
	{ FROM(6_6), I, OP_BIND_IOMMUFD, EPERM, 70,
	  "drivers/iommu/iommu.c: iommu_device_claim_dma_owner()" },
	{ FROM(6_2), X, OP_GROUP_GET_DEVICE_FD, EPERM, 70,
	  "drivers/iommu/iommu.c: iommu_device_claim_dma_owner()" },
};

static const struct rule_site rmrr[] = {
	{ UNTIL(5_19), C, OP_SET_IOMMU, EPERM, 40,
	  "drivers/iommu/intel/iommu.c: intel_iommu_attach_device()" },
	{ SPAN(5_19, 6_2), C, OP_GROUP_SET_CONTAINER, EPERM, 60,
	  "drivers/iommu/intel/iommu.c: intel_iommu_attach_device()" },
	{ SPAN(6_2, 6_6), C, OP_SET_IOMMU, EPERM, 40,
	  "drivers/iommu/intel/iommu.c: intel_iommu_attach_device()" },
	{ SPAN(6_2, 6_6), X, OP_GROUP_GET_DEVICE_FD, EPERM, 80,
	  "drivers/iommu/intel/iommu.c: intel_iommu_attach_device()" },
};

static const struct rule_site direct_region[] = {
	{ FROM(6_6), C, OP_GROUP_SET_CONTAINER, EINVAL, 60,
	  "drivers/iommu/iommu.c: __iommu_device_set_domain()" },
	{ FROM(6_6), I, OP_BIND_IOMMUFD, EINVAL, 80,
	  "drivers/iommu/iommu.c: __iommu_device_set_domain()" },
	{ FROM(6_6), X, OP_GROUP_GET_DEVICE_FD, EINVAL, 80,
	  "drivers/iommu/iommu.c: __iommu_device_set_domain()" },
};

static const struct rule_site type1_module[] = {
	{ GENS_ALL, C, OP_SET_IOMMU, ENODEV, 0,
	  "drivers/vfio/container.c: vfio_ioctl_set_iommu()" },
};

/* The type went in 6.13, within a generation. */
static const struct rule_site container_type[] = {
	{ GENS_ALL, N, OP_SET_IOMMU, ENODEV, 5,
	  "drivers/vfio/container.c: vfio_iommu_driver_allowed()" },
	{ FROM(6_11), C, OP_SET_IOMMU, ENODEV, 5,
	  "drivers/vfio/vfio_iommu_type1.c: vfio_iommu_type1_check_extension()" },
	{ FROM(6_2), X, OP_SET_IOMMU, EINVAL, 5,
	  "drivers/iommu/iommufd/vfio_compat.c: iommufd_vfio_set_iommu()" },
};

static const struct rule_site nesting_driver[] = {
	{ UNTIL(5_14), C, OP_SET_IOMMU, EINVAL, 30,
	  "drivers/iommu/iommu.c: iommu_domain_set_attr()" },
	{ SPAN(5_14, 7_0), C, OP_SET_IOMMU, EINVAL, 30,
	  "drivers/iommu/iommu.c: iommu_enable_nesting()" },
};

static const struct rule_site mixed_bus[] = {
	{ UNTIL(6_0), C, OP_SET_IOMMU, EINVAL, 10,
	  "drivers/vfio/vfio_iommu_type1.c: vfio_bus_type()" },
};

static const struct rule_site domain_alloc[] = {
	{ UNTIL(6_11), C, OP_SET_IOMMU, EIO, 20,
	  "drivers/vfio/vfio_iommu_type1.c: vfio_iommu_type1_attach_group()" },
	{ FROM(6_11), C, OP_SET_IOMMU, ENODEV, 20,
	  "drivers/vfio/vfio_iommu_type1.c: vfio_iommu_domain_alloc()" },
};

static const struct rule_site iova_empty[] = {
	{ GENS_ALL, C, OP_SET_IOMMU, EINVAL, 50,
	  "drivers/vfio/vfio_iommu_type1.c: vfio_iommu_resv_exclude()" },
};

static const struct rule_site interrupt_remapping_bus[] = {
	{ UNTIL(6_0), C, OP_SET_IOMMU, EPERM, 60,
	  "drivers/vfio/vfio_iommu_type1.c: vfio_iommu_type1_attach_group(), iommu_capable()" },
};

static const struct rule_site interrupt_remapping[] = {
	{ SPAN(6_0, 6_3), C, OP_SET_IOMMU, EPERM, 60,
	  "drivers/vfio/vfio_iommu_type1.c: vfio_iommu_device_capable()" },
	{ SPAN(6_2, 6_3), X, OP_GROUP_GET_DEVICE_FD, EPERM, 75,
	  "drivers/iommu/iommufd/device.c: iommufd_device_setup_msi()" },
};

static const struct rule_site isolated_msi[] = {
	{ FROM(6_3), C, OP_SET_IOMMU, EPERM, 60,
	  "drivers/vfio/vfio_iommu_type1.c: iommu_group_has_isolated_msi()" },
	{ FROM(6_6), I, OP_BIND_IOMMUFD, EPERM, 60,
	  "drivers/iommu/iommufd/device.c: iommufd_device_bind()" },
	{ FROM(6_3), X, OP_GROUP_GET_DEVICE_FD, EPERM, 60,
	  "drivers/iommu/iommufd/device.c: iommufd_device_bind()" },
};

static const struct rule_site dma_entry_limit[] = {
	{ GENS_ALL, C, OP_MAP_DMA, ENOSPC, 10,
	  "drivers/vfio/vfio_iommu_type1.c: vfio_dma_do_map()" },
};

static const struct rule_site memlock[] = {
	{ GENS_ALL, C, OP_MAP_DMA, ENOMEM, 20,
	  "drivers/vfio/vfio_iommu_type1.c: vfio_lock_acct()" },
	{ FROM(6_6), I, OP_IOAS_MAP, ENOMEM, 20,
	  "drivers/iommu/iommufd/pages.c: incr_user_locked_vm()" },
};

static const struct rule_site device_not_bound[] = {
	{ GENS_ALL, GROUP, OP_GROUP_GET_DEVICE_FD, ENODEV, 10,
	  "drivers/vfio/group.c: vfio_device_get_from_name()" },
};

static const struct rule_site vf_token[] = {
	{ GENS_ALL, GROUP, OP_GROUP_GET_DEVICE_FD, EACCES, 20,
	  "drivers/vfio/pci/vfio_pci_core.c: vfio_pci_validate_vf_token()" },
	/* From 6.17 on, within generation 6.11. */
	{ FROM(6_11), I, OP_BIND_IOMMUFD, EACCES, 45,
	  "drivers/vfio/device_cdev.c: vfio_df_check_token()" },
};

/* Known since a release within generation 6.11. */
static const struct rule_site vf_token_flag[] = {
	{ FROM(6_6), I, OP_BIND_IOMMUFD, EINVAL, 5,
	  "drivers/vfio/device_cdev.c: vfio_df_ioctl_bind_iommufd()" },
};

/* ---- requests ---- */

static const struct rule_site no_address_space[] = {
	{ GENS_ALL, N, OP_MAP_DMA, ENOTTY, 0, "drivers/vfio/container.c: vfio_noiommu_ioctl()" },
	{ GENS_ALL, N, OP_UNMAP_DMA, ENOTTY, 0, "drivers/vfio/container.c: vfio_noiommu_ioctl()" },
	{ GENS_ALL, N, OP_DIRTY_PAGES, ENOTTY, 0,
	  "drivers/vfio/container.c: vfio_noiommu_ioctl()" },
};

static const struct rule_site map_maximum[] = {
	{ FROM(6_2), I, OP_IOAS_MAP, EOVERFLOW, 0,
	  "drivers/iommu/iommufd/ioas.c: iommufd_ioas_map()" },
	{ FROM(6_2), I, OP_IOAS_UNMAP, EOVERFLOW, 0,
	  "drivers/iommu/iommufd/ioas.c: iommufd_ioas_unmap()" },
};

static const struct rule_site map_empty[] = {
	{ GENS_ALL, C, OP_MAP_DMA, EINVAL, 0,
	  "drivers/vfio/vfio_iommu_type1.c: vfio_dma_do_map()" },
	{ FROM(6_2), X, OP_MAP_DMA, EINVAL, 10,
	  "drivers/iommu/iommufd/pages.c: iopt_alloc_pages()" },
	{ FROM(6_2), I, OP_IOAS_MAP, EINVAL, 10,
	  "drivers/iommu/iommufd/pages.c: iopt_alloc_pages()" },
	{ GENS_ALL, C, OP_UNMAP_DMA, EINVAL, 20,
	  "drivers/vfio/vfio_iommu_type1.c: vfio_dma_do_unmap()" },
	{ FROM(6_2), X, OP_UNMAP_DMA, EINVAL, 20,
	  "drivers/iommu/iommufd/io_pagetable.c: iopt_unmap_iova()" },
	{ FROM(6_2), I, OP_IOAS_UNMAP, EINVAL, 20,
	  "drivers/iommu/iommufd/io_pagetable.c: iopt_unmap_iova()" },
};

static const struct rule_site map_prot[] = {
	{ FROM(6_2), X, OP_MAP_DMA, EINVAL, 95, "drivers/iommu/intel/iommu.c: __domain_mapping()" },
	{ GENS_ALL, C, OP_MAP_DMA, EINVAL, 20,
	  "drivers/vfio/vfio_iommu_type1.c: vfio_dma_do_map()" },
	{ FROM(6_2), I, OP_IOAS_MAP, EINVAL, 5,
	  "drivers/iommu/iommufd/ioas.c: iommufd_ioas_map()" },
};

static const struct rule_site map_length[] = {
	{ FROM(6_11), I, OP_IOAS_MAP, EOVERFLOW, 7,
	  "drivers/iommu/iommufd/pages.c: iopt_alloc_user_pages()" },
	{ FROM(6_11), X, OP_MAP_DMA, EOVERFLOW, 7,
	  "drivers/iommu/iommufd/pages.c: iopt_alloc_user_pages()" },
	{ SPAN(6_2, 7_0), I, OP_IOAS_MAP, EINVAL, 12,
	  "drivers/iommu/iommufd/pages.c: iopt_alloc_pages()" },
	{ SPAN(6_2, 7_0), X, OP_MAP_DMA, EINVAL, 12,
	  "drivers/iommu/iommufd/pages.c: iopt_alloc_pages()" },
};

static const struct rule_site map_aligned[] = {
	{ GENS_ALL, C, OP_MAP_DMA, EINVAL, 30,
	  "drivers/vfio/vfio_iommu_type1.c: vfio_dma_do_map()" },
	{ FROM(6_2), X, OP_MAP_DMA, EINVAL, 30,
	  "drivers/iommu/iommufd/io_pagetable.c: iopt_check_iova()" },
	{ FROM(6_2), I, OP_IOAS_MAP, EINVAL, 30,
	  "drivers/iommu/iommufd/io_pagetable.c: iopt_check_iova()" },
	{ GENS_ALL, C, OP_UNMAP_DMA, EINVAL, 10,
	  "drivers/vfio/vfio_iommu_type1.c: vfio_dma_do_unmap()" },
};

static const struct rule_site map_wrap[] = {
	{ FROM(6_11), C, OP_MAP_DMA, EOVERFLOW, 10,
	  "drivers/vfio/vfio_iommu_type1.c: vfio_dma_do_map()" },
	{ UNTIL(7_0), C, OP_MAP_DMA, EINVAL, 40,
	  "drivers/vfio/vfio_iommu_type1.c: vfio_dma_do_map()" },
	{ FROM(6_2), X, OP_MAP_DMA, EOVERFLOW, 40,
	  "drivers/iommu/iommufd/io_pagetable.c: iopt_check_iova()" },
	{ FROM(6_2), I, OP_IOAS_MAP, EOVERFLOW, 40,
	  "drivers/iommu/iommufd/io_pagetable.c: iopt_check_iova()" },
	{ FROM(6_11), C, OP_UNMAP_DMA, EOVERFLOW, 30,
	  "drivers/vfio/vfio_iommu_type1.c: vfio_dma_do_unmap()" },
	{ UNTIL(7_0), C, OP_UNMAP_DMA, EINVAL, 40,
	  "drivers/vfio/vfio_iommu_type1.c: vfio_dma_do_unmap()" },
	{ FROM(6_2), X, OP_UNMAP_DMA, EOVERFLOW, 30,
	  "drivers/iommu/iommufd/io_pagetable.c: iopt_unmap_iova()" },
	{ FROM(6_2), I, OP_IOAS_UNMAP, EOVERFLOW, 30,
	  "drivers/iommu/iommufd/io_pagetable.c: iopt_unmap_iova()" },
};

static const struct rule_site map_overlap[] = {
	{ GENS_ALL, C, OP_MAP_DMA, EEXIST, 50, "drivers/vfio/vfio_iommu_type1.c: vfio_find_dma()" },
	{ FROM(6_2), X, OP_MAP_DMA, EEXIST, 60,
	  "drivers/iommu/iommufd/io_pagetable.c: iopt_check_iova()" },
	{ FROM(6_2), I, OP_IOAS_MAP, EEXIST, 60,
	  "drivers/iommu/iommufd/io_pagetable.c: iopt_check_iova()" },
};

static const struct rule_site map_entries[] = {
	{ GENS_ALL, C, OP_MAP_DMA, ENOSPC, 60,
	  "drivers/vfio/vfio_iommu_type1.c: vfio_dma_do_map()" },
};

static const struct rule_site map_range[] = {
	{ GENS_ALL, C, OP_MAP_DMA, EINVAL, 70,
	  "drivers/vfio/vfio_iommu_type1.c: vfio_iommu_iova_dma_valid()" },
	{ FROM(6_2), X, OP_MAP_DMA, EINVAL, 50,
	  "drivers/iommu/iommufd/io_pagetable.c: iopt_check_iova()" },
	{ FROM(6_2), I, OP_IOAS_MAP, EINVAL, 50,
	  "drivers/iommu/iommufd/io_pagetable.c: iopt_check_iova()" },
};

static const struct rule_site map_memory_aligned[] = {
	{ FROM(6_2), X, OP_MAP_DMA, EINVAL, 70,
	  "drivers/iommu/iommufd/io_pagetable.c: iopt_insert_area()" },
	{ FROM(6_2), I, OP_IOAS_MAP, EINVAL, 70,
	  "drivers/iommu/iommufd/io_pagetable.c: iopt_insert_area()" },
};

static const struct rule_site map_memory[] = {
	{ GENS_ALL, C, OP_MAP_DMA, EFAULT, 80,
	  "drivers/vfio/vfio_iommu_type1.c: vaddr_get_pfns()" },
	{ FROM(6_2), X, OP_MAP_DMA, EFAULT, 80,
	  "drivers/iommu/iommufd/pages.c: pfn_reader_user_pin()" },
	{ FROM(6_2), I, OP_IOAS_MAP, EFAULT, 80,
	  "drivers/iommu/iommufd/pages.c: pfn_reader_user_pin()" },
};

static const struct rule_site map_memlock[] = {
	{ GENS_ALL, C, OP_MAP_DMA, ENOMEM, 90,
	  "drivers/vfio/vfio_iommu_type1.c: vfio_pin_pages_remote()" },
	{ FROM(6_2), X, OP_MAP_DMA, ENOMEM, 90,
	  "drivers/iommu/iommufd/pages.c: update_mm_locked_vm()" },
	{ FROM(6_2), I, OP_IOAS_MAP, ENOMEM, 90,
	  "drivers/iommu/iommufd/pages.c: incr_user_locked_vm()" },
};

static const struct rule_site unmap_all_flag[] = {
	{ GENS_ALL, C, OP_UNMAP_DMA, EINVAL, 0,
	  "drivers/vfio/vfio_iommu_type1.c: vfio_iommu_type1_unmap_dma()" },
};

static const struct rule_site unmap_cut[] = {
	{ GENS_ALL, C, OP_UNMAP_DMA, EINVAL, 50,
	  "drivers/vfio/vfio_iommu_type1.c: vfio_dma_do_unmap()" },
	{ FROM(6_2), X, OP_UNMAP_DMA, ENOENT, 50,
	  "drivers/iommu/iommufd/io_pagetable.c: iopt_unmap_iova_range()" },
	{ FROM(6_2), I, OP_IOAS_UNMAP, ENOENT, 50,
	  "drivers/iommu/iommufd/io_pagetable.c: iopt_unmap_iova_range()" },
};

static const struct rule_site unmap_nothing[] = {
	{ FROM(6_2), I, OP_IOAS_UNMAP, ENOENT, 60,
	  "drivers/iommu/iommufd/ioas.c: iommufd_ioas_unmap()" },
	{ SPAN(6_2, 7_0), X, OP_UNMAP_DMA, ENOENT, 60,
	  "drivers/iommu/iommufd/io_pagetable.c: iopt_unmap_iova_range()" },
};

static const struct rule_site dirty_version[] = {
	{ GENS_ALL, C, OP_DIRTY_PAGES, EACCES, 0,
	  "drivers/vfio/vfio_iommu_type1.c: vfio_iommu_type1_dirty_pages()" },
};

static const struct rule_site dirty_compat[] = {
	{ FROM(6_2), X, OP_DIRTY_PAGES, ENOTTY, 0,
	  "drivers/iommu/iommufd/vfio_compat.c: iommufd_vfio_ioctl()" },
};

static const struct rule_site dirty_hardware[] = {
	{ FROM(6_6), I, OP_HWPT_ALLOC, EOPNOTSUPP, 0,
	  "drivers/iommu/iommufd/hw_pagetable.c: iommufd_hwpt_paging_alloc()" },
};

static const struct rule rules[] = {
	{ "vfio-driver", "no VFIO driver for the device's bus is there", SITES(vfio_driver),
	  rule_vfio_driver, "install or load the VFIO driver of the bus" },
	{ "denylist", "vfio-pci refuses devices that can harm the host", SITES(denylist),
	  rule_denylist, "load vfio-pci with disable_denylist=1, at your own risk" },
	{ "bridge-header", "vfio-pci takes endpoints, not bridges", SITES(bridge_header),
	  rule_bridge_header, "leave the bridge to the host" },
	{ "sriov-enabled", "vfio-pci does not take a physical function with VFs",
	  SITES(sriov_enabled), rule_sriov_enabled, "write 0 to sriov_numvfs first" },
	{ "platform-reset", "vfio-platform wants a way to reset the device", SITES(platform_reset),
	  rule_platform_reset, "load vfio-platform with reset_required=0" },
	{ "no-group", "the device has no IOMMU group", SITES(no_group), rule_no_group,
	  "enable the IOMMU in firmware and kernel" },
	{ "cache-coherency", "the device's DMA is not cache coherent for VFIO",
	  SITES(cache_coherency), rule_cache_coherency, "use another IOMMU or kernel" },
	{ "container-node", "/dev/vfio/vfio does not exist", SITES(container_node),
	  rule_container_node, "modprobe vfio-pci" },
	{ "container-access", "the caller may not open /dev/vfio/vfio", SITES(container_access),
	  rule_container_access, "change the permissions of the node" },
	{ "vfio-module", "nobody serves /dev/vfio/vfio", SITES(vfio_module), rule_vfio_module,
	  "install module vfio" },
	{ "iommufd-node", "/dev/iommu does not exist", SITES(iommufd_node), rule_iommufd_node,
	  "modprobe iommufd" },
	{ "iommufd-access", "the caller may not open /dev/iommu", SITES(iommufd_access),
	  rule_iommufd_access, "change the permissions of the node" },
	{ "group-node", "the group has no node", SITES(group_node), rule_group_node,
	  "bind a device of the group to a VFIO driver" },
	{ "group-access", "the caller may not open the group", SITES(group_access),
	  rule_group_access, "change the permissions of the node" },
	{ "noiommu-rawio", "no-IOMMU mode wants CAP_SYS_RAWIO", SITES(noiommu_rawio),
	  rule_noiommu_rawio, "run as root" },
	{ "cdev-node", "the device has no node", SITES(cdev_node), rule_cdev_node,
	  "bind the device to a VFIO driver" },
	{ "cdev-access", "the caller may not open the device's node", SITES(cdev_access),
	  rule_cdev_access, "change the permissions of the node" },
	{ "cdev-held", "a device of the group is in use through its own node", SITES(cdev_held),
	  rule_cdev_held, "end the process that uses it" },
	{ "group-held", "another process has the group open", SITES(group_held), rule_group_held,
	  "end the process that holds it" },
	{ "viability-walk", "a device of the group is on a host driver", SITES(viability_walk),
	  rule_viability_walk, "bind it to a VFIO driver too" },
	{ "dma-ownership", "a device of the group is on a host driver", SITES(dma_ownership),
	  rule_dma_ownership, "bind it to a VFIO driver too" },
	{ "rmrr", "the firmware wants memory mapped for the device (Intel RMRR)", SITES(rmrr),
	  rule_rmrr, "turn off the firmware feature behind it" },
	{ "direct-region", "the firmware wants memory mapped one to one", SITES(direct_region),
	  rule_direct_region, "turn off the firmware feature behind it" },
	{ "type1-module", "no backend takes the container: vfio_iommu_type1 is missing",
	  SITES(type1_module), rule_type1_module, "modprobe vfio_iommu_type1" },
	{ "container-type", "the container has no such type", SITES(container_type),
	  rule_container_type, "ask for another type", .type = true },
	{ "mixed-bus", "the group spans two buses", SITES(mixed_bus), rule_mixed_bus,
	  "use a kernel from 6.0 on" },
	{ "domain-alloc", "no IOMMU gives the group a domain", SITES(domain_alloc),
	  rule_domain_alloc, "look into the kernel log" },
	{ "nesting-driver", "the IOMMU driver has no nesting type", SITES(nesting_driver),
	  rule_nesting_driver, "leave out the nesting type", .type = true },
	{ "iova-empty", "no address is left to map", SITES(iova_empty), rule_iova_empty,
	  "no setting helps" },
	{ "interrupt-remapping-bus", "the bus claims no interrupt remapping",
	  SITES(interrupt_remapping_bus), rule_interrupt_remapping_bus,
	  "enable interrupt remapping in firmware and kernel" },
	{ "interrupt-remapping", "no device of the group claims interrupt remapping",
	  SITES(interrupt_remapping), rule_interrupt_remapping,
	  "enable interrupt remapping in firmware and kernel" },
	{ "isolated-msi", "the interrupts of a device of the group are not isolated",
	  SITES(isolated_msi), rule_isolated_msi,
	  "enable interrupt remapping in firmware and kernel" },
	{ "dma-entry-limit", "the container may hold no mapping", SITES(dma_entry_limit),
	  rule_dma_entry_limit, "raise vfio_iommu_type1.dma_entry_limit" },
	{ "memlock", "the caller may not lock the memory", SITES(memlock), rule_memlock,
	  "raise the limit of locked memory" },
	{ "device-not-bound", "the device is not on a VFIO driver", SITES(device_not_bound),
	  rule_device_not_bound, "bind it to a VFIO driver" },
	{ "vf-token", "a virtual function of a VFIO-owned device wants its token", SITES(vf_token),
	  rule_vf_token, "give the VF token" },
	{ "vf-token-flag", "the kernel takes no VF token with a device's own node",
	  SITES(vf_token_flag), rule_vf_token_flag, "use --path container, which takes one",
	  .token = true },
	{ "no-address-space", "no-IOMMU mode has no address space to map in",
	  SITES(no_address_space), rule_no_address_space, "give the device an IOMMU",
	  .request = true },
	{ "map-maximum", "iommufd takes no IOVA and no size of 2^64-1", SITES(map_maximum),
	  rule_map_maximum, "use a smaller number", .request = true },
	{ "map-prot", "a mapping that can neither be read nor written", SITES(map_prot),
	  rule_map_prot, "map it to be read or written", .request = true },
	{ "map-empty", "a size of 0", SITES(map_empty), rule_map_empty, "give a size",
	  .request = true },
	{ "map-length", "a size that no memory has", SITES(map_length), rule_map_length,
	  "give a smaller size", .request = true },
	{ "map-aligned", "IOVA, size or memory are no multiple of the IOMMU's smallest page",
	  SITES(map_aligned), rule_map_aligned, "use multiples of the smallest page",
	  .request = true },
	{ "map-wrap", "a range that goes past 2^64", SITES(map_wrap), rule_map_wrap,
	  "use a lower IOVA", .request = true },
	{ "map-overlap", "something is mapped there already", SITES(map_overlap), rule_map_overlap,
	  "unmap it first, or use another IOVA", .request = true },
	{ "map-entries", "the container holds as many mappings as it may", SITES(map_entries),
	  rule_map_entries, "raise vfio_iommu_type1.dma_entry_limit, or map more at once",
	  .request = true },
	{ "map-range", "the IOVA is reserved or out of the IOMMU's reach", SITES(map_range),
	  rule_map_range, "use a usable IOVA range", .request = true },
	{ "map-memory-aligned", "the memory does not begin with a page", SITES(map_memory_aligned),
	  rule_map_memory_aligned, "align the memory", .request = true },
	{ "map-memory", "the caller's memory is not there, or may not be written",
	  SITES(map_memory), rule_map_memory, "map memory of the caller's own", .request = true },
	{ "map-memlock", "the caller may not lock that much memory", SITES(map_memlock),
	  rule_map_memlock, "raise the limit of locked memory", .request = true },
	{ "unmap-all-flag", "the kernel has no flag that unmaps everything", SITES(unmap_all_flag),
	  rule_unmap_all_flag, "unmap range by range", .request = true },
	{ "unmap-cut", "a mapping goes away as a whole or not at all", SITES(unmap_cut),
	  rule_unmap_cut, "unmap what was mapped", .request = true },
	{ "unmap-nothing", "nothing is mapped there", SITES(unmap_nothing), rule_unmap_nothing,
	  "unmap what was mapped", .request = true },
	{ "dirty-version", "version 1 of type1 tracks no dirty pages", SITES(dirty_version),
	  rule_dirty_version, "use TYPE1v2", .request = true },
	{ "dirty-compat", "iommufd behind a container tracks no dirty pages", SITES(dirty_compat),
	  rule_dirty_compat, "use the iommufd path", .request = true },
	{ "dirty-hardware", "the IOMMU does not track dirty pages", SITES(dirty_hardware),
	  rule_dirty_hardware, "no setting helps", .request = true },
};

const struct rule *rules_all(size_t *nr)
{
	*nr = ARRAY_SIZE(rules);
	return rules;
}

const struct rule *rule_find(const char *id)
{
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if (strcmp(rules[i].id, id) == 0)
			return &rules[i];
	return NULL;
}

const char *answer_name(enum answer answer)
{
	switch (answer) {
	case ANSWER_YES:
		return "yes";
	case ANSWER_NO:
		return "no";
	default:
		return "unknown";
	}
}
