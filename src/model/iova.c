/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Apertures and page sizes of the IOMMU drivers whose registers show them, less the reserved regions. */
#include "model/iova.h"

#include <string.h>

#include "base/parse.h"

struct aperture {
	bool known;
	const char *because;
	uint64_t first, last;
};

/* ---- ranges ---- */

static void add_range(struct arena *a, struct iova_prediction *ret, uint64_t start, uint64_t last)
{
	ret->ranges = arena_grow(a, ret->ranges, ret->nr_ranges, sizeof(*ret->ranges));
	ret->ranges[ret->nr_ranges++] = (struct iova_range){ start, last };
}

/* @regions are sorted by start and may overlap. linux: drivers/vfio/vfio_iommu_type1.c:
 * vfio_iommu_resv_exclude(). */
void iova_exclude(struct arena *a, uint64_t first, uint64_t last, const struct resv_region *regions,
		  size_t nr_regions, struct iova_prediction *ret)
{
	uint64_t start = first;

	for (size_t i = 0; i < nr_regions; i++) {
		const struct resv_region *r = &regions[i];
		if (r->type == RESV_DIRECT_RELAXABLE || r->last < start)
			continue;
		if (r->start > last)
			break;
		if (r->start > start)
			add_range(a, ret, start, r->start - 1);
		if (r->last >= last)
			return;
		start = r->last + 1;
	}
	add_range(a, ret, start, last);
}

bool iova_lowest_is_free(struct eval *e)
{
	struct iova_prediction low = { 0 };

	if (!e->dev->group)
		return true;
	if (e->dev->group->regions_err)
		return false;
	iova_exclude(e->arena, 0, UINT32_MAX, e->dev->group->regions, e->dev->group->nr_regions,
		     &low);
	return low.nr_ranges > 0;
}

/* ---- Intel ---- */

/* Whether the unit may use scalable mode, in which first-stage tables bring other limits.
 * linux: drivers/iommu/intel/iommu.h: sm_supported(): intel_iommu_sm and ecap SMTS (bit 43). */
bool iova_may_be_scalable(struct eval *e, const struct iommu_unit *unit)
{
	const char *value = NULL;

	if (unit->has_ecap && !(unit->ecap >> 43 & 1))
		return false;
	if (eval_cmdline(e, "intel_iommu", &value) && strstr(value, "sm_off"))
		return false;
	if (value && strstr(value, "sm_on"))
		return true;
	const char *by_default = eval_config(e, "CONFIG_INTEL_IOMMU_SCALABLE_MODE_DEFAULT_ON");
	return !by_default || *by_default != 'n';
}

/* min(widest supported table, MGAW). linux: drivers/iommu/intel/iommu.c:
 * __iommu_calculate_agaw() with DEFAULT_DOMAIN_ADDRESS_WIDTH 57, prepare_domain_attach_device();
 * 7.3: compute_vasz_lg2_ss(). */
static void intel_aperture(struct eval *e, const struct iommu_unit *unit, struct aperture *ret)
{
	unsigned int width = 0;

	if (!unit->has_cap) {
		ret->because =
			eval_text(e, "the capability register of %s could not be read", unit->name);
		return;
	}
	if (iova_may_be_scalable(e, unit)) {
		ret->because =
			eval_text(e,
				  "%s may run in scalable mode, where the kernel chooses the page table; attach to see",
				  unit->name);
		return;
	}
	unsigned int sagaw = (unsigned int)(unit->cap >> 8 & 0x1f);
	unsigned int mgaw = (unsigned int)(unit->cap >> 16 & 0x3f) + 1;
	for (unsigned int level = 1; level <= 3; level++)
		if (sagaw >> level & 1)
			width = 30 + 9 * level;
	if (!width) {
		ret->because =
			eval_text(e, "%s supports no table of 39, 48 or 57 bits", unit->name);
		return;
	}
	if (width > mgaw)
		width = mgaw;
	ret->known = true;
	ret->last = (UINT64_C(1) << width) - 1;
}

/* ---- AMD ---- */

static bool amd_may_use_v2(struct eval *e)
{
	const char *value = NULL;

	return eval_cmdline(e, "amd_iommu", &value) && strstr(value, "pgtbl_v2");
}

/* The last address of a v1 table with as many levels as EFR HATS (bits 11:10) says, or 0 when that is
 * not known. The kernel asks before it reads the unit's registers, so the table counts and not what sysfs shows later. linux:
 * drivers/iommu/amd/io_pgtable.c: PM_LEVEL_SIZE(); amd/init.c: early_amd_iommu_init(), amd_iommu_hpt_level. */
static uint64_t amd_last_by_hats(struct eval *e)
{
	const struct firmware *fw = &e->host->firmware;
	const unsigned int hats = (unsigned int)(fw->ivrs_efr >> 10 & 3), level = hats + 4;

	eval_cite(e, &fw->ivrs);
	if (!fw->has_ivrs_efr || hats == 3)
		return 0;
	return level < 6 ? (UINT64_C(1) << (12 + 9 * level)) - 1 : UINT64_MAX;
}

/* linux: drivers/iommu/amd/iommu.c: dma_max_address(): at first all 64 bits for v1 tables, then by HATS;
 * with the generic tables also what the IVRS table allows (amd_iommu_hpt_vasize). */
static void amd_aperture(struct eval *e, const struct iommu_unit *unit, struct aperture *ret)
{
	const enum tristate hats = trait_holds(e, TRAIT_AMD_HATS);

	if (!trait_lacks(e, TRAIT_AMD_V2_TABLES) && amd_may_use_v2(e)) {
		ret->because = "the kernel uses v2 tables (amd_iommu=pgtbl_v2); attach to see";
		return;
	}
	ret->last = hats == TRI_NO ? UINT64_MAX : hats == TRI_YES ? amd_last_by_hats(e) : 0;
	if (!ret->last || !trait_lacks(e, TRAIT_GENERIC_TABLES)) {
		ret->because =
			eval_text(e,
				  "this kernel may limit the addresses of %s by its registers and the IVRS table; attach to see",
				  unit->name);
		return;
	}
	ret->known = true;
}

/* ---- SMMUv3 ---- */

enum { SMMU_TRANS_S1 = 1 << 9, SMMU_VAX = 1 << 14 };

/* The features that the driver logs of each unit: those that all have. False when not of all. linux:
 * drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.c: arm_smmu_device_hw_probe(). */
static bool smmu_features(struct eval *e, uint64_t *ret_all, uint64_t *ret_any)
{
	static const char words[] = "-bit (features 0x";
	const struct fact *log = &e->host->interrupts.dmesg;
	const char *at = fact_is(log) && log->raw ? strstr(log->raw, words) : NULL;
	size_t units = 0, told = 0;

	*ret_all = UINT64_MAX;
	*ret_any = 0;
	for (; at; at = strstr(at + 1, words)) {
		const char *digits = at + strlen(words);
		uint64_t value;

		if (parse_u64_span((struct span){ digits, strcspn(digits, ")") }, 16, &value) < 0)
			return false;
		*ret_all &= value;
		*ret_any |= value;
		told++;
	}
	for (size_t i = 0; i < e->host->nr_iommus; i++)
		units += e->host->iommus[i]->kind == IOMMU_KIND_SMMU_V3;
	eval_cite(e, log);
	return told && told >= units;
}

/* First-stage tables of 48 bits, of 52 with VAX, no more than the kernel's own. linux: arm-smmu-v3.c:
 * arm_smmu_domain_finalise(). */
static void smmu_aperture(struct eval *e, const struct iommu_unit *unit, struct aperture *ret)
{
	const char *bits = eval_config(e, "CONFIG_ARM64_VA_BITS");
	uint64_t all, any, kernel = 0;

	if (!smmu_features(e, &all, &any) || !(all & SMMU_TRANS_S1) || (all ^ any) & SMMU_VAX ||
	    !bits || parse_u64(bits, 10, &kernel) < 0 || kernel < 32 || kernel > 52) {
		ret->because =
			eval_text(e,
				  "the kernel log and configuration do not show how many address bits %s translates; attach to see",
				  unit->name);
		return;
	}
	if (kernel > 48 && !(all & SMMU_VAX))
		kernel = 48;
	ret->known = true;
	ret->last = (UINT64_C(1) << kernel) - 1;
}

/* ---- all ---- */

static bool assumed_aperture(struct eval *e, const struct device *dev, struct aperture *ret)
{
	const struct assumption *as = eval_assumed(e, dev, "aperture");
	const char *dash = as ? strchr(as->value, '-') : NULL;

	if (!dash ||
	    parse_u64_span((struct span){ as->value, (size_t)(dash - as->value) }, 0, &ret->first) <
		    0 ||
	    parse_u64(dash + 1, 0, &ret->last) < 0)
		return false;
	ret->known = true;
	return true;
}

static void device_aperture(struct eval *e, const struct device *dev, struct aperture *ret)
{
	*ret = (struct aperture){ 0 };
	if (assumed_aperture(e, dev, ret))
		return;
	if (!dev->iommu) {
		ret->because = eval_text(e, "no IOMMU of %s is known", dev->name);
		return;
	}
	eval_cite(e, &dev->iommu->cap_fact);
	switch (dev->iommu->kind) {
	case IOMMU_KIND_INTEL:
		intel_aperture(e, dev->iommu, ret);
		break;
	case IOMMU_KIND_AMD:
		amd_aperture(e, dev->iommu, ret);
		break;
	case IOMMU_KIND_SMMU_V3:
		smmu_aperture(e, dev->iommu, ret);
		break;
	default:
		ret->because =
			eval_text(e,
				  "sysfs does not show which addresses IOMMU %s translates; attach to see, or say it with --assume %s:aperture=0-LAST",
				  dev->iommu->name, dev->name);
	}
}

/* Whether @member has other addresses than the first member, or none that are known. */
static unsigned int has_other_aperture(struct eval *e, const struct device *member)
{
	const struct device *first = eval_get_member(e, 0);
	struct aperture own, other;

	if (member->iommu == first->iommu && !(e->assumptions && e->assumptions->nr))
		return false;
	device_aperture(e, first, &own);
	device_aperture(e, member, &other);
	return !own.known || !other.known || own.first != other.first || own.last != other.last;
}

/* The domain is made for one device and serves all: certain when all agree. */
static void group_aperture(struct eval *e, struct aperture *ret)
{
	const struct device *other;
	struct survey members;

	device_aperture(e, e->dev, ret);
	if (!ret->known)
		return;
	eval_survey(e, has_other_aperture, &members);
	if (!members.first[true])
		return;
	other = has_other_aperture(e, e->dev) ? members.first[false] : members.first[true];
	ret->known = false;
	ret->because =
		eval_text(e,
			  "%s and %s have different IOMMUs, and vfiotool cannot tell which of them the kernel asks",
			  e->dev->name, (other ? other : eval_get_member(e, 0))->name);
}

void iova_predict(struct eval *e, struct iova_prediction *ret)
{
	const struct group *group = e->dev->group;
	struct aperture aperture;

	enum group_kind kind = eval_group_kind(e);

	*ret = (struct iova_prediction){ 0 };
	/* iommufd's software table has no limit. linux: drivers/iommu/iommufd/, 7.3. */
	if (kind == GROUP_NOIOMMU && trait_holds(e, TRAIT_NOIOMMU_CDEV) == TRI_YES) {
		ret->answer = ANSWER_YES;
		add_range(e->arena, ret, 0, UINT64_MAX);
		return;
	}
	/* The same table holds what is mapped for mediated devices; type1 lists no ranges for them. */
	if (kind == GROUP_EMULATED && trait_holds(e, TRAIT_IOMMUFD) == TRI_YES) {
		ret->answer = ANSWER_YES;
		add_range(e->arena, ret, 0, UINT64_MAX);
		return;
	}
	if (kind != GROUP_REAL || !group) {
		ret->because =
			eval_text(e,
				  kind == GROUP_EMULATED
					  ? "a container lists no ranges for mediated device %s"
					  : "%s has no domain yet",
				  e->dev->name);
		return;
	}
	if (group->regions_err) {
		ret->because = eval_text(e, "the reserved regions of group %u could not be read",
					 group->id);
		return;
	}
	group_aperture(e, &aperture);
	if (!aperture.known) {
		ret->because = aperture.because;
		return;
	}
	ret->answer = ANSWER_YES;
	iova_exclude(e->arena, aperture.first, aperture.last, group->regions, group->nr_regions,
		     ret);
}

/* ---- page sizes ---- */

enum { SZ_4K = 1 << 12, SZ_2M = 1 << 21, SZ_1G = 1 << 30 };

/* cap bits 37:34; one value means two sizes. linux: drivers/iommu/intel/iommu.c:
 * domain_update_iommu_superpage(), which to 6.12 asks all units;
 * 7.3: intel_iommu_domain_alloc_second_stage(). */
static uint64_t intel_superpages(struct eval *e, const struct iommu_unit *unit)
{
	uint64_t bits = unit->cap >> 34 & 0xf;

	for (size_t i = 0; trait_lacks(e, TRAIT_VTD_OWN_SUPERPAGES) && i < e->host->nr_iommus; i++)
		if (e->host->iommus[i]->kind == IOMMU_KIND_INTEL && e->host->iommus[i]->has_cap)
			bits &= e->host->iommus[i]->cap >> 34 & 0xf;
	if (trait_holds(e, TRAIT_GENERIC_TABLES) == TRI_YES)
		return (bits & 1 ? SZ_2M : 0) | (bits & 2 ? SZ_1G : 0);
	if (bits == 1)
		return SZ_2M;
	return bits == 2 || bits == 3 ? SZ_2M | SZ_1G : 0;
}

/* linux: drivers/iommu/intel/iommu.c: INTEL_IOMMU_PGSIZES, to 5.14; domain_super_pgsize_bitmap()
 * since 5.15. */
static void intel_page_sizes(struct eval *e, const struct iommu_unit *unit,
			     struct page_sizes_prediction *ret)
{
	const char *value = NULL;

	if (trait_lacks(e, TRAIT_PAGE_SIZES_OF_VTD)) {
		ret->answer = ANSWER_YES;
		ret->bitmap = ~UINT64_C(0xfff);
		return;
	}
	if (!unit->has_cap || iova_may_be_scalable(e, unit)) {
		ret->because =
			eval_text(e, "the page sizes of %s depend on its mode; attach to see",
				  unit->name);
		return;
	}
	ret->answer = ANSWER_YES;
	ret->bitmap = SZ_4K;
	if (!eval_cmdline(e, "intel_iommu", &value) || !strstr(value, "sp_off"))
		ret->bitmap |= intel_superpages(e, unit);
}

/* linux: drivers/iommu/amd/: AMD_IOMMU_PGSIZES: all but 512 GiB, later the same below 52 bits; then of the
 * generic table. */
static void amd_page_sizes(struct eval *e, struct page_sizes_prediction *ret)
{
	const uint64_t without_512g = ~(UINT64_C(1) << 39);
	const char *value = NULL;
	bool limited = eval_cmdline(e, "amd_iommu", &value) &&
		       (strstr(value, "pgtbl_v2") || strstr(value, "nohugepages") ||
			strstr(value, "v2_pgsizes_only"));

	if (limited) {
		ret->because =
			"the page sizes are limited on the kernel command line; attach to see";
	} else if (!trait_lacks(e, TRAIT_GENERIC_TABLES)) {
		ret->because =
			"the page sizes of AMD's generic tables depend on the table; attach to see";
	} else if (trait_holds(e, TRAIT_AMD_52_BITS) == TRI_UNKNOWN) {
		ret->because = "whether this kernel has page sizes past 52 bits is not known";
	} else {
		ret->answer = ANSWER_YES;
		ret->bitmap = ~UINT64_C(0xfff) & without_512g;
		if (trait_holds(e, TRAIT_AMD_52_BITS) == TRI_YES)
			ret->bitmap &= (UINT64_C(1) << 52) - 1;
	}
}

/* Without a domain nothing narrows what type1 begins with. linux: drivers/vfio/vfio_iommu_type1.c:
 * vfio_iommu_type1_open(), 6.12 and 7.3. */
static void emulated_page_sizes(struct eval *e, struct page_sizes_prediction *ret)
{
	const struct fact *size = &e->host->kernel.page_size;
	uint64_t bytes;

	if (trait_holds(e, TRAIT_PAGE_SIZES_WITHOUT_DOMAIN) != TRI_YES || !fact_is(size) ||
	    !size->raw || parse_u64(size->raw, 10, &bytes) < 0 || !bytes || bytes & (bytes - 1)) {
		ret->because = eval_text(e, "mediated device %s has no domain", e->dev->name);
		return;
	}
	eval_cite(e, size);
	ret->answer = ANSWER_YES;
	ret->bitmap = ~(bytes - 1);
}

void page_sizes_predict(struct eval *e, struct page_sizes_prediction *ret)
{
	const struct assumption *as = eval_assumed(e, e->dev, "page_sizes");
	const struct iommu_unit *unit = e->dev->iommu;

	*ret = (struct page_sizes_prediction){ 0 };
	if (as && parse_u64(as->value, 0, &ret->bitmap) == 0) {
		ret->answer = ANSWER_YES;
	} else if (eval_group_kind(e) == GROUP_EMULATED) {
		emulated_page_sizes(e, ret);
	} else if (eval_group_kind(e) != GROUP_REAL || !unit) {
		ret->because = eval_text(e, "%s has no domain yet", e->dev->name);
	} else if (unit->kind == IOMMU_KIND_INTEL) {
		eval_cite(e, &unit->cap_fact);
		intel_page_sizes(e, unit, ret);
	} else if (unit->kind == IOMMU_KIND_AMD) {
		amd_page_sizes(e, ret);
	} else {
		ret->because =
			eval_text(e,
				  "sysfs does not show the page sizes of IOMMU %s; attach to see, or state them with --assume %s:page_sizes=MASK",
				  unit->name, e->dev->name);
	}
}
