/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of traits and their clues. Where a release is given, the source of the release before it was
 * read as well and does otherwise, unless 'maybe' lists releases that were not read. */
#include "model/trait.h"

#define BIT(r)        RELEASE_BIT(RELEASE_##r)
#define BETWEEN(a, b) (RELEASES_FROM(RELEASE_##a) & RELEASES_UNTIL(RELEASE_##b))

static const struct trait_info traits[NR_TRAITS] = {
	[TRAIT_UNMAP_ALL] = { "knows VFIO_DMA_UNMAP_FLAG_ALL and VFIO_UPDATE_VADDR", RELEASE_5_12,
			      0, true,
			      "drivers/vfio/vfio_iommu_type1.c: vfio_iommu_type1_unmap_dma()" },
	[TRAIT_NESTING_BY_DRIVER] = { "asks the IOMMU driver for nesting by an operation of its own",
				      RELEASE_5_14, 0, false,
				      "drivers/iommu/iommu.c: iommu_enable_nesting()" },
	[TRAIT_BIND_ERRNO] = { "returns the probe's errno from a write to bind", RELEASE_5_14, 0,
			       false, "drivers/base/bus.c: bind_store()" },
	[TRAIT_PAGE_SIZES_OF_VTD] = { "reports the page sizes of the VT-d unit, not all sizes",
				      RELEASE_5_15, 0, false,
				      "drivers/iommu/intel/iommu.c: domain_super_pgsize_bitmap()" },
	[TRAIT_VTD_WITHOUT_NESTING] = { "has no nesting in the VT-d driver", RELEASE_5_18, 0, false,
					"drivers/iommu/intel/iommu.c: intel_iommu_ops" },
	[TRAIT_DMA_OWNERSHIP] = { "has an owner of DMA for each group", RELEASE_5_19, 0, false,
				  "drivers/iommu/iommu.c: iommu_group_claim_dma_owner()" },
	[TRAIT_COHERENCY_ASKED] = { "wants cache coherency of a device that VFIO takes",
				    RELEASE_5_19, 0, true,
				    "drivers/vfio/vfio_main.c: __vfio_register_dev()" },
	[TRAIT_COHERENCY_ENFORCED] = { "asks IOMMU drivers to enforce coherency by an operation of its own",
				       RELEASE_5_19, 0, false,
				       "drivers/iommu/intel/iommu.c: intel_iommu_enforce_cache_coherency()" },
	[TRAIT_NOIOMMU_ON_ANY_BUS] = { "makes a no-IOMMU group on a bus that has an IOMMU",
				       RELEASE_5_19, 0, true,
				       "drivers/vfio/group.c: vfio_group_find_or_alloc()" },
	[TRAIT_RUNTIME_RESUME] = { "resumes a PCI device by runtime power management to open it",
				   RELEASE_5_19, 0, true,
				   "drivers/vfio/pci/vfio_pci_core.c: vfio_pci_core_enable()" },
	[TRAIT_DEVICE_CAPABLE] = { "asks devices for capabilities, not their bus", RELEASE_6_0, 0,
				   true,
				   "drivers/vfio/vfio_iommu_type1.c: vfio_iommu_device_capable()" },
	[TRAIT_VIRTIO_COHERENT] = { "has a virtio-iommu driver that says it is coherent",
				    RELEASE_6_0, BIT(5_19), false,
				    "drivers/iommu/virtio-iommu.c: viommu_capable()", true, 8, 9 },
	[TRAIT_PAGE_SIZES_WITHOUT_DOMAIN] = { "begins with the processor's pages before there is a domain",
					      RELEASE_6_1, BETWEEN(5_11, 6_1), true,
					      "drivers/vfio/vfio_iommu_type1.c: vfio_iommu_type1_open()" },
	[TRAIT_SMMU_COHERENCY] = { "asks an SMMU whether it walks its tables coherently",
				   RELEASE_6_1, 0, false,
				   "drivers/iommu/arm/arm-smmu: arm_smmu_capable()" },
	[TRAIT_AMD_V2_TABLES] = { "can give an AMD IOMMU the tables of the processor", RELEASE_6_2,
				  BETWEEN(6_0, 6_2), false,
				  "drivers/iommu/amd/init.c: amd_iommu_pgtable" },
	[TRAIT_RESET_WANTED] = { "returns what the search for a platform reset came to",
				 RELEASE_6_1, 0, true,
				 "drivers/vfio/platform/vfio_platform_common.c: vfio_platform_init_common()" },
	[TRAIT_IOMMUFD] = { "has iommufd, which can serve containers", RELEASE_6_2, 0, true,
			    "drivers/iommu/iommufd/vfio_compat.c: iommufd_vfio_ioctl()" },
	[TRAIT_VTD_BLOCKED_DOMAIN] = { "blocks the DMA of VT-d without an empty domain",
				       RELEASE_6_2, 0, false,
				       "drivers/iommu/intel/iommu.c: blocking_domain" },
	[TRAIT_ISOLATED_MSI] = { "wants isolated MSI of every device of a group", RELEASE_6_3, 0,
				 true, "drivers/iommu/iommu.c: iommu_group_has_isolated_msi()" },
	[TRAIT_RESET_OPTIONAL] = { "heeds reset_required=0 again", RELEASE_6_3, 0, true,
				   "drivers/vfio/platform/vfio_platform_common.c: vfio_platform_init_common()" },
	/* Stable kernels took it. */
	[TRAIT_UPDATE_VADDR_AFTER] = { "has VFIO_UPDATE_VADDR only in a container with an IOMMU",
				       RELEASE_6_3, BIT(5_15) | BIT(6_1), true,
				       "drivers/vfio/vfio_iommu_type1.c: vfio_iommu_type1_check_extension()",
				       true, 0, 0 },
	[TRAIT_COMPAT_NOIOMMU] = { "takes no-IOMMU groups in a container of iommufd", RELEASE_6_3,
				   0, true,
				   "drivers/iommu/iommufd/vfio_compat.c: iommufd_vfio_set_iommu()" },
	[TRAIT_CDEV] = { "has device nodes", RELEASE_6_6, 0, true,
			 "drivers/vfio/device_cdev.c: vfio_device_fops_cdev_open()" },
	[TRAIT_ISOLATION_AT_BIND] = { "has iommufd ask for isolated MSI before it claims the group",
				      RELEASE_6_6, BIT(6_5), true,
				      "drivers/iommu/iommufd/device.c: iommufd_device_bind()" },
	[TRAIT_REQUIRE_DIRECT] = { "hands out no device with a direct region", RELEASE_6_6, 0,
				   false, "drivers/iommu/iommu.c: __iommu_device_set_domain()" },
	[TRAIT_DRIVERS_COEXIST] = { "lets several IOMMU drivers serve one bus", RELEASE_6_8, 0,
				    false, "drivers/iommu/iommu.c: __iommu_domain_alloc_dev()" },
	/* It went into stable kernels from 5.15 on, and distributions keep older ones alive. */
	[TRAIT_DENYLIST_DSA] = { "refuses DSA and IAX of Sapphire Rapids", RELEASE_6_10,
				 BETWEEN(5_14, 5_19) | BETWEEN(6_0, 6_10), true,
				 "drivers/vfio/pci/vfio_pci.c: vfio_pci_dev_in_denylist()", true, 0,
				 0 },
	[TRAIT_CONFIG_ACS] = { "takes pci=config_acs=", RELEASE_6_11, 0, false,
			       "drivers/pci/pci.c: __pci_config_acs()" },
	[TRAIT_DOMAIN_ERRNO] = { "returns the errno of the domain's allocation", RELEASE_6_11, 0,
				 true,
				 "drivers/vfio/vfio_iommu_type1.c: vfio_iommu_domain_alloc()" },
	[TRAIT_AMD_52_BITS] = { "has AMD page sizes below 52 bits only", RELEASE_6_12, 0, false,
				"drivers/iommu/amd/io_pgtable.c: AMD_IOMMU_PGSIZES" },
	[TRAIT_WITHOUT_NESTING] = { "has no nesting type", RELEASE_6_13, 0, true,
				    "drivers/vfio/vfio_iommu_type1.c: vfio_iommu_type1_check_extension()" },
	[TRAIT_VTD_OWN_SUPERPAGES] = { "asks the device's own VT-d unit for superpages",
				       RELEASE_6_13, 0, false,
				       "drivers/iommu/intel/iommu.c: paging_domain_alloc()" },
	[TRAIT_SMMU_ENFORCES] = { "lets an SMMUv3 enforce coherency by CANWBS", RELEASE_6_13, 0,
				  false,
				  "drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.c: arm_smmu_enforce_cache_coherency()" },
	[TRAIT_LENGTH_OVERFLOW] = { "finds in iommufd that memory would wrap before all else",
				    RELEASE_6_18, BETWEEN(6_13, 6_18), true,
				    "drivers/iommu/iommufd/pages.c: iopt_alloc_user_pages()" },
	[TRAIT_PROBE_GIVES_UP] = { "waits for the driver of an IOMMU only until a timeout",
				   RELEASE_6_14, 0, false,
				   "drivers/iommu/iommu.c: iommu_fwspec_init()" },
	[TRAIT_CDEV_TOKEN] = { "asks for the VF token at BIND_IOMMUFD", RELEASE_6_17, 0, true,
			       "drivers/vfio/device_cdev.c: vfio_df_check_token()" },
	[TRAIT_AMD_HATS] = { "limits AMD addresses by the levels in EFR HATS", RELEASE_6_17,
			     BIT(6_15) | BIT(6_16), false,
			     "drivers/iommu/amd/iommu.c: dma_max_address()" },
	[TRAIT_WRAP_OVERFLOW] = { "answers EOVERFLOW to a range of type1 that wraps", RELEASE_6_18,
				  0, true, "drivers/vfio/vfio_iommu_type1.c: vfio_dma_do_map()" },
	[TRAIT_COMPAT_UNMAP_NOTHING] = { "accepts in a container of iommufd to unmap nothing",
					 RELEASE_6_18, BETWEEN(6_2, 6_18), true,
					 "drivers/iommu/iommufd/vfio_compat.c: iommufd_vfio_unmap_dma()",
					 true, 0, 0 },
	/* 6.18.3 took it. */
	[TRAIT_TOKEN_POINTER] = { "takes a VF token with BIND_IOMMUFD", RELEASE_6_19, BIT(6_18),
				  true, "drivers/vfio/device_cdev.c: vfio_df_ioctl_bind_iommufd()",
				  true, 2, 3 },
	[TRAIT_DMA_BUF] = { "exports device memory as DMA buffers", RELEASE_6_19, 0, true,
			    "drivers/vfio/pci/vfio_pci_dmabuf.c: vfio_pci_core_feature_dma_buf()" },
	[TRAIT_GENERIC_TABLES] = { "has generic page tables for AMD and VT-d", RELEASE_6_19, 0,
				   false, "drivers/iommu/generic_pt/: pt_iommu_amdv1_init()" },
	[TRAIT_NOIOMMU_CDEV] = { "makes device nodes in no-IOMMU mode", RELEASE_7_3, 0, true,
				 "drivers/vfio/vfio.h: vfio_device_add()" },
	/* Measured: 7.2 remaps on QEMU's machine, 7.3 does not. */
	[TRAIT_AMD_SOUTHBRIDGE] = { "remaps interrupts of AMD only beside its southbridge",
				    RELEASE_7_3, 0, false,
				    "drivers/iommu/amd/init.c: check_ioapic_information()" },
};

#define IMPORT(m, name) .side = CLUE_IMPORT, .module = MODULE_##m, .symbol = name
#define EXPORT(m, name) .side = CLUE_EXPORT, .module = MODULE_##m, .symbol = name
#define NAME(name)      .side = CLUE_NAME, .symbol = name
#define TYPE1(name)     IMPORT(VFIO_IOMMU_TYPE1, name)
#define PROVES          .proves = true

static const struct clue clues[] = {
	{ TYPE1("iommu_capable"), .until = TRAIT_DEVICE_CAPABLE,
	  .absent_since = TRAIT_DEVICE_CAPABLE, PROVES },
	{ TYPE1("irq_domain_check_msi_remap"), .until = TRAIT_ISOLATED_MSI },
	{ TYPE1("device_iommu_capable"), .since = TRAIT_DEVICE_CAPABLE,
	  .until = TRAIT_ISOLATED_MSI },
	{ TYPE1("iommu_group_has_isolated_msi"), .since = TRAIT_ISOLATED_MSI,
	  .absent_until = TRAIT_ISOLATED_MSI, PROVES },
	{ TYPE1("iommu_domain_alloc"), .until = TRAIT_DOMAIN_ERRNO,
	  .absent_since = TRAIT_DOMAIN_ERRNO, PROVES },
	/* include/linux/iommu.h: iommu_paging_domain_alloc() is an inline function since 6.13. */
	{ TYPE1("iommu_paging_domain_alloc"), .since = TRAIT_DOMAIN_ERRNO,
	  .until = TRAIT_WITHOUT_NESTING },
	{ TYPE1("iommu_paging_domain_alloc_flags"), .since = TRAIT_WITHOUT_NESTING },
	{ TYPE1("iommu_enable_nesting"), .until = TRAIT_WITHOUT_NESTING, PROVES },
	{ TYPE1("iommu_enable_nesting"), .with = "iommu_group_has_isolated_msi",
	  .absent_since = TRAIT_WITHOUT_NESTING, PROVES },
	/* The wait queue of VFIO_UPDATE_VADDR, in a type1 that still asks the bus. */
	{ TYPE1("__init_waitqueue_head"), .with = "iommu_capable", .since = TRAIT_UNMAP_ALL,
	  .absent_until = TRAIT_UNMAP_ALL, PROVES },
	{ TYPE1("unpin_user_page_range_dirty_lock"), .since = TRAIT_WRAP_OVERFLOW, PROVES },
	{ IMPORT(VFIO, "iommu_group_claim_dma_owner"), .since = TRAIT_DMA_OWNERSHIP, PROVES },
	/* It is claimed by the container's code, which can be left out. */
	{ IMPORT(VFIO, "iommu_group_claim_dma_owner"), .with = "vfio_register_iommu_driver",
	  .absent_until = TRAIT_DMA_OWNERSHIP, PROVES },
	{ IMPORT(VFIO, "iommu_capable"), .since = TRAIT_COHERENCY_ASKED,
	  .until = TRAIT_DEVICE_CAPABLE },
	{ IMPORT(VFIO, "device_iommu_capable"), .since = TRAIT_DEVICE_CAPABLE,
	  .absent_until = TRAIT_DEVICE_CAPABLE },
	{ EXPORT(VFIO, "_vfio_alloc_device"), .since = TRAIT_RESET_WANTED },
	{ EXPORT(VFIO, "vfio_add_group_dev"), .until = TRAIT_BIND_ERRNO },
	{ EXPORT(VFIO, "vfio_virqfd_enable"), .since = TRAIT_IOMMUFD },
	{ EXPORT(VFIO, "vfio_find_device_in_devset"), .since = TRAIT_CDEV,
	  .absent_until = TRAIT_CDEV, PROVES },
	{ IMPORT(VFIO_PCI, "vfio_pci_core_register_device"), .since = TRAIT_BIND_ERRNO },
	{ IMPORT(VFIO_PCI, "vfio_pci_core_match_token_uuid"), .since = TRAIT_CDEV_TOKEN,
	  .absent_until = TRAIT_CDEV_TOKEN, PROVES },
	{ IMPORT(VFIO_PCI_CORE, "dma_buf_export"), .since = TRAIT_DMA_BUF, PROVES },
	/* Names of the kernel itself, whether or not VFIO is loaded. Absence says little, a function may
	 * be inlined or left out: only beside another one that calls it. */
	{ NAME("iommu_group_has_isolated_msi"), .since = TRAIT_ISOLATED_MSI },
	{ NAME("irq_domain_check_msi_remap"), .until = TRAIT_ISOLATED_MSI },
	/* 5.19 had the first for thunderbolt, 6.0 still the second; VFIO's imports tell more. */
	{ NAME("device_iommu_capable"), .since = TRAIT_DMA_OWNERSHIP },
	{ NAME("iommu_capable"), .until = TRAIT_IOMMUFD },
	/* Went in 5.13; the next in 6.2 with the interrupt domains of devices. */
	{ NAME("iommu_domain_set_attr"), .until = TRAIT_BIND_ERRNO },
	{ NAME("msi_domain_alloc_irqs_descs_locked"), .until = TRAIT_IOMMUFD },
	{ NAME("iommu_group_claim_dma_owner"), .since = TRAIT_DMA_OWNERSHIP, PROVES },
	{ NAME("vfio_container_ioctl_check_extension"), .since = TRAIT_RESET_WANTED },
	{ NAME("iommufd_device_bind"), .since = TRAIT_IOMMUFD },
	{ NAME("vfio_df_ioctl_bind_iommufd"), .since = TRAIT_CDEV, PROVES },
	{ NAME("vfio_find_device_in_devset"), .since = TRAIT_CDEV, PROVES },
	{ NAME("iommu_paging_domain_alloc"), .since = TRAIT_DOMAIN_ERRNO,
	  .until = TRAIT_WITHOUT_NESTING },
	{ NAME("iommu_paging_domain_alloc_flags"), .since = TRAIT_WITHOUT_NESTING },
	{ NAME("iommu_enable_nesting"), .until = TRAIT_WITHOUT_NESTING },
	{ NAME("vfio_pci_core_register_device"), .since = TRAIT_BIND_ERRNO },
	{ NAME("vfio_add_group_dev"), .until = TRAIT_BIND_ERRNO },
	{ NAME("vfio_pci_core_feature_dma_buf"), .since = TRAIT_DMA_BUF },
	{ NAME("vfio_pci_core_get_dmabuf_phys"), .since = TRAIT_DMA_BUF },
	{ NAME("iopt_alloc_dmabuf_pages"), .since = TRAIT_DMA_BUF },
	{ NAME("iommufd_device_is_noiommu"), .since = TRAIT_NOIOMMU_CDEV, PROVES },
	{ NAME("pt_iommu_amdv1_init"), .since = TRAIT_GENERIC_TABLES, PROVES },
	{ NAME("pt_iommu_vtdss_init"), .since = TRAIT_GENERIC_TABLES, PROVES },
	{ NAME("iommu_group_has_isolated_msi"), .with = "vfio_iommu_type1_attach_group",
	  .absent_until = TRAIT_ISOLATED_MSI, PROVES },
	{ NAME("iommu_group_claim_dma_owner"), .with = "vfio_iommu_type1_attach_group",
	  .absent_until = TRAIT_DMA_OWNERSHIP, PROVES },
	{ NAME("device_iommu_capable"), .with = "vfio_iommu_type1_attach_group",
	  .absent_until = TRAIT_DEVICE_CAPABLE, PROVES },
	/* Both of drivers/iommu/iommu.c, both exported. */
	{ NAME("iommu_group_claim_dma_owner"), .with = "iommu_capable",
	  .absent_until = TRAIT_DMA_OWNERSHIP, PROVES },
	/* The bus lost its question in 6.1. */
	{ NAME("iommu_capable"), .with = "device_iommu_capable",
	  .absent_since = TRAIT_DEVICE_CAPABLE },
	{ NAME("iommu_paging_domain_alloc_flags"), .with = "iommu_group_has_isolated_msi",
	  .absent_until = TRAIT_WITHOUT_NESTING },
};

const struct trait_info *trait_get(enum trait trait)
{
	return &traits[trait];
}

const struct clue *clue_get(size_t index)
{
	return index < ARRAY_SIZE(clues) ? &clues[index] : NULL;
}

/* ---- what is seen ---- */

enum tristate clue_seen_by_name(const struct clue *clue, const struct fact *names)
{
	if (clue->with && symbols_have(names, clue->with) != TRI_YES)
		return TRI_UNKNOWN;
	return symbols_have(names, clue->symbol);
}

enum tristate clue_seen(const struct clue *clue, const struct module *m)
{
	const char *with = clue->with;

	if (with && module_imports(m, with) != TRI_YES && module_exports(m, with) != TRI_YES)
		return TRI_UNKNOWN;
	return clue->side == CLUE_IMPORT ? module_imports(m, clue->symbol)
					 : module_exports(m, clue->symbol);
}

uint64_t clue_releases(const struct clue *clue, bool seen)
{
	enum trait since = seen ? clue->since : clue->absent_since;
	enum trait until = seen ? clue->until : clue->absent_until;
	uint64_t ret = RELEASES_ALL;

	if (since)
		ret &= RELEASES_FROM(traits[since].since) | traits[since].maybe;
	if (until)
		ret &= RELEASES_UNTIL(traits[until].since);
	return ret;
}

/* ---- what holds ---- */

enum tristate kernels_have(const struct kernels *k, enum release release, enum trait trait)
{
	const uint64_t bit = TRAIT_BIT(trait);

	if ((k->holds ^ k->lacks) & bit)
		return k->holds & bit ? TRI_YES : TRI_NO;
	if (k->open & bit)
		return TRI_UNKNOWN;
	if (release >= traits[trait].since)
		return TRI_YES;
	return traits[trait].maybe & RELEASE_BIT(release) ? TRI_UNKNOWN : TRI_NO;
}

bool kernels_all_have(const struct kernels *k, enum trait trait)
{
	for (enum release r = 0; r < NR_RELEASES; r++)
		if (k->releases & RELEASE_BIT(r) && kernels_have(k, r, trait) != TRI_YES)
			return false;
	return true;
}

/* Whether some trait tells @release from the one before it. */
static bool is_border(enum release release)
{
	for (enum trait t = TRAIT_NONE + 1; t < NR_TRAITS; t++)
		if (traits[t].since == release ||
		    ((traits[t].maybe ^ traits[t].maybe << 1) & RELEASE_BIT(release)))
			return true;
	return false;
}

uint64_t kernels_alike(const struct kernels *k, enum release release)
{
	uint64_t ret = RELEASE_BIT(release);

	if (k->releases == ret)
		return ret;
	for (enum release r = release + 1; r < NR_RELEASES && !is_border(r); r++)
		ret |= RELEASE_BIT(r);
	return ret & k->releases;
}

/* ---- releases ---- */

static const struct {
	const char *name;
	unsigned int major, minor;
} releases[NR_RELEASES] = {
#define X(major, minor) { #major "." #minor, major, minor },
	RELEASE_LIST(X)
#undef X
};

const char *release_name(enum release release)
{
	return releases[release].name;
}

bool release_is(enum release release, unsigned int major, unsigned int minor)
{
	return releases[release].major == major && releases[release].minor == minor;
}

bool release_find(unsigned int major, unsigned int minor, enum release *ret)
{
	bool found = false;

	for (unsigned int r = 0; r < NR_RELEASES; r++) {
		if (releases[r].major > major ||
		    (releases[r].major == major && releases[r].minor > minor))
			break;
		*ret = (enum release)r;
		found = true;
	}
	return found;
}
