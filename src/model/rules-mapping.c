/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules about one request of an address space: what is mapped, unmapped, tracked. */
#include <errno.h>

#include "model/mapping.h"
#include "model/rules.h"

typedef unsigned long long ull;

static const struct mapping_space *space_of(const struct eval *e)
{
	return e->mapping->space;
}

static const struct mapping_request *request_of(const struct eval *e)
{
	return e->mapping->request;
}

static bool is_iommufd(const struct eval *e)
{
	return e->path == PATH_IOMMUFD || e->path == PATH_COMPAT;
}

static bool unmaps_all(const struct eval *e)
{
	return request_of(e)->ask == MAPPING_UNMAP_ALL;
}

/* The last address of the request. False when it wraps; for size 0 see map-empty. */
static bool last_of(const struct mapping_request *r, uint64_t *ret)
{
	return !r->size || !__builtin_add_overflow(r->iova, r->size - 1, ret);
}

/* ---- what is asked ---- */

/* linux: drivers/vfio/container.c: vfio_fops_unl_ioctl() asks vfio_noiommu_ops.ioctl(), which knows
 * CHECK_EXTENSION only. */
void rule_no_address_space(struct eval *e)
{
	eval_refuses(e,
		     "in no-IOMMU mode there is no address space: the device uses physical addresses, and reaches all of them");
}

void rule_map_maximum(struct eval *e)
{
	const struct mapping_request *r = request_of(e);

	if (unmaps_all(e) || (r->iova != UINT64_MAX && r->size != UINT64_MAX))
		eval_passes(e, "neither IOVA nor size is 2^64-1");
	else
		eval_refuses(e, "iommufd takes neither an IOVA nor a size of 2^64-1");
}

void rule_map_prot(struct eval *e)
{
	if (request_of(e)->prot & (MAPPING_READ | MAPPING_WRITE))
		eval_passes(e, "the device may read or write");
	else if (e->path == PATH_COMPAT)
		eval_unknown(e,
			     "the device may neither read nor write, which is left to the IOMMU driver");
	else
		eval_refuses(e, "the device may neither read nor write");
}

void rule_map_empty(struct eval *e)
{
	if (request_of(e)->size || unmaps_all(e))
		eval_passes(e, "the size is not 0");
	else
		eval_refuses(e, "the size is 0");
}

/* What 6.18 changed stands within the generation that is studied as 6.12. */
static bool refuses_late(struct eval *e, const char *what)
{
	if (e->gen >= GEN_7_0 || e->site->gens & GEN_BIT(GEN_6_6)) {
		eval_refuses(e, "%s", what);
		return true;
	}
	if (eval_since_6_13(e) == TRI_NO) {
		eval_passes(e, "kernels up to 6.12 find this later");
		return false;
	}
	eval_unknown(e, "%s, and between 6.13 and 6.18 the errno for that changed", what);
	return false;
}

/* linux: iommufd/pages.c: iopt_alloc_pages(), and iopt_alloc_user_pages() since 6.13: nothing that long
 * lies behind any address but 0. */
void rule_map_length(struct eval *e)
{
	const struct mapping_request *r = request_of(e);
	uint64_t page = eval_page_size(e);

	if (r->size <= UINT64_MAX - page)
		eval_passes(e, "the size is less than 2^64 by more than a page");
	else if (e->site->err == EOVERFLOW)
		(void)refuses_late(e, "no memory is as long as 2^64 less a page");
	else
		eval_refuses(e, "no memory is as long as 2^64 less a page");
}

/* type1: EINVAL, since 6.18 EOVERFLOW and before anything else; iommufd: EOVERFLOW. */
void rule_map_wrap(struct eval *e)
{
	const struct mapping_request *r = request_of(e);
	uint64_t last;

	if (unmaps_all(e) || last_of(r, &last)) {
		eval_passes(e, "the range ends below 2^64");
		return;
	}
	if (!is_iommufd(e) && e->site->err == EOVERFLOW)
		(void)refuses_late(e, "the range goes past 2^64");
	else
		eval_refuses(e, "0x%llx and %llu bytes more go past 2^64", (ull)r->iova,
			     (ull)r->size);
}

/* ---- alignment ---- */

static const char *odd_one(const struct mapping_request *r, uint64_t alignment, bool memory)
{
	if (r->iova & (alignment - 1))
		return "the IOVA is no multiple";
	if (r->size & (alignment - 1))
		return "the size is no multiple";
	return memory && r->memory_alignment && r->memory_alignment < alignment
		       ? "the address of the memory is no multiple"
		       : NULL;
}

/* linux: vfio_iommu_type1.c: vfio_dma_do_map(): the lowest bit of iova_pgsizes, which is never below
 * the processor's page; iommufd/io_pagetable.c: iova_alignment. */
void rule_map_aligned(struct eval *e)
{
	uint64_t alignment = space_of(e)->alignment, page = eval_page_size(e);
	bool memory = !is_iommufd(e) && request_of(e)->ask == MAPPING_MAP;
	const char *odd = odd_one(request_of(e), alignment ? alignment : page, memory);

	if (unmaps_all(e)) {
		eval_passes(e, "everything is unmapped");
	} else if (odd && (alignment || !is_iommufd(e))) {
		eval_refuses(e, "%s of %llu, the smallest page of the IOMMU", odd,
			     (ull)(alignment ? alignment : page));
		eval_remedy(e, "use multiples of %llu", (ull)(alignment ? alignment : page));
	} else if (!alignment) {
		eval_unknown(e, "the smallest page of the IOMMU is not known before an attach");
	} else {
		eval_passes(e, "IOVA and size are multiples of %llu", (ull)alignment);
	}
}

/* linux: iommufd/io_pagetable.c: iopt_insert_area(): only below a page of the processor. */
void rule_map_memory_aligned(struct eval *e)
{
	uint64_t alignment = space_of(e)->alignment, page = eval_page_size(e);
	uint64_t has = request_of(e)->memory_alignment;

	if (!has || has >= page)
		eval_passes(e, "the memory begins with a page");
	else if (!alignment)
		eval_unknown(e, "the smallest page of the IOMMU is not known before an attach");
	else if (has < (alignment < page ? alignment : page))
		eval_refuses(e, "the address of the memory is no multiple of %llu", (ull)alignment);
	else
		eval_passes(e, "the address of the memory is a multiple of %llu", (ull)alignment);
}

/* ---- where ---- */

/* The range that holds @start, or NULL. */
static const struct iova_range *range_with(const struct iova_prediction *p, uint64_t start)
{
	for (size_t i = 0; i < p->nr_ranges; i++)
		if (start >= p->ranges[i].start && start <= p->ranges[i].last)
			return &p->ranges[i];
	return NULL;
}

/* linux: vfio_iommu_type1.c: vfio_iommu_iova_dma_valid(); iommufd/io_pagetable.c: iopt_check_iova(). */
void rule_map_range(struct eval *e)
{
	const struct iova_prediction *p = &space_of(e)->ranges;
	const struct mapping_request *r = request_of(e);
	const struct iova_range *in = range_with(p, r->iova);
	uint64_t last = r->iova;

	if (!last_of(r, &last)) {
		eval_passes(e, "there is no range to look for");
	} else if (p->answer != ANSWER_YES) {
		eval_unknown(e, "which IOVAs are usable is not known: %s",
			     p->because ? p->because : "attach to see");
	} else if (!p->nr_ranges) {
		eval_passes(e, "nothing limits the IOVAs");
	} else if (!in) {
		eval_refuses(e, "0x%llx is reserved or out of the IOMMU's reach", (ull)r->iova);
		eval_remedy(e, "use the ranges that 'vfiotool inspect' tells");
	} else if (in->last < last) {
		eval_refuses(e, "0x%llx-0x%llx goes over the end of the usable range 0x%llx-0x%llx",
			     (ull)r->iova, (ull)last, (ull)in->start, (ull)in->last);
		eval_remedy(e, "map what lies on each side of it by itself");
	} else {
		eval_passes(e, "it lies in 0x%llx-0x%llx", (ull)in->start, (ull)in->last);
	}
}

/* linux: vfio_iommu_type1.c: vfio_find_dma(), which before 6.18 loses what reaches 2^64;
 * iommufd/io_pagetable.c: iopt_check_iova(). */
void rule_map_overlap(struct eval *e)
{
	const struct mapping_set *set = &space_of(e)->set;
	const struct mapping_request *r = request_of(e);
	uint64_t last = r->iova, iova, size;

	if (!set->nr || !r->size || !last_of(r, &last))
		eval_passes(e, "nothing is mapped there");
	else if (e->path == PATH_CONTAINER && e->gen < GEN_7_0 &&
		 (set->to_the_top || last == UINT64_MAX))
		eval_unknown(e, "kernels before 6.18 lose sight of what is mapped up to 2^64");
	else if (mapping_set_find(set, r->iova, last, &iova, &size))
		eval_refuses(e, "0x%llx-0x%llx is mapped already", (ull)iova,
			     (ull)(iova + (size - 1)));
	else
		eval_passes(e, "nothing is mapped there");
}

/* ---- how much ---- */

/* linux: vfio_iommu_type1.c: vfio_dma_do_map(): dma_avail. */
void rule_map_entries(struct eval *e)
{
	const struct mapping_space *s = space_of(e);

	if (!s->avail_known)
		eval_unknown(e, "how many mappings the container may hold is not known");
	else if (s->avail)
		eval_passes(e, "%llu mappings are left", (ull)s->avail);
	else
		eval_refuses(e, "the container holds %llu mappings and may hold no more",
			     (ull)s->set.nr);
}

/* linux: vfio_iommu_type1.c: vaddr_get_pfns(); iommufd/pages.c: pfn_reader_user_pin(). */
void rule_map_memory(struct eval *e)
{
	const struct mapping_request *r = request_of(e);

	if (space_of(e)->limit.pins_nothing)
		eval_passes(e, "mapping pins nothing for a mediated device");
	else if (r->memory == MAPPING_MEMORY_NONE)
		eval_refuses(e, "no memory is at the caller's address");
	else if (r->memory == MAPPING_MEMORY_READ_ONLY && r->prot & MAPPING_WRITE)
		eval_refuses(e, "the caller may not write the memory that the device should");
	else
		eval_passes(e, "the memory is the caller's");
}

static void refuse_memlock(struct eval *e, uint64_t needed, uint64_t soft)
{
	uint64_t kib = needed / 1024 + (needed % 1024 != 0);

	eval_refuses(e,
		     "%llu bytes are locked already and %llu are to be, more than the limit of %llu",
		     (ull)space_of(e)->locked, (ull)request_of(e)->size, (ull)soft);
	eval_remedy(e, "raise the limit to %llu KiB at least: ulimit -l %llu, or LimitMEMLOCK=",
		    (ull)kib, (ull)kib);
}

/* linux: vfio_iommu_type1.c: vfio_pin_pages_remote(), mm_lock_acct(); iommufd/pages.c:
 * incr_user_locked_vm(), update_mm_locked_vm(). Whole pages are compared. */
void rule_map_memlock(struct eval *e)
{
	const struct mapping_space *s = space_of(e);
	uint64_t page = eval_page_size(e), soft = 0, needed;

	if (s->limit.pins_nothing) {
		eval_passes(e, "mapping pins nothing for a mediated device");
		return;
	}
	enum tristate exempt = eval_caller_has(e, CALLER_CAP_IPC_LOCK);
	if (exempt == TRI_YES) {
		eval_passes(e, "the caller has CAP_IPC_LOCK");
		return;
	}
	bool known = eval_memlock(e, &soft);
	if (known && soft == UINT64_MAX) {
		eval_passes(e, "the caller may lock any amount");
		return;
	}
	if (__builtin_add_overflow(s->locked, request_of(e)->size, &needed))
		needed = UINT64_MAX;
	if (!known || !s->locked_known)
		eval_unknown(e, "the caller's limit of locked memory could not be read");
	else if (needed / page <= soft / page)
		eval_passes(e, "%llu of %llu bytes are locked then%s", (ull)needed, (ull)soft,
			    s->limit.by_user ? ", and what else the user has charged" : "");
	else if (exempt == TRI_UNKNOWN)
		eval_unknown(e, "whether the caller has CAP_IPC_LOCK could not be read");
	else
		refuse_memlock(e, needed, soft);
}

/* ---- taking away ---- */

/* linux: vfio_iommu_type1.c: vfio_iommu_type1_unmap_dma(): VFIO_DMA_UNMAP_FLAG_ALL, since 5.12. */
void rule_unmap_all_flag(struct eval *e)
{
	enum tristate has = space_of(e)->unmap_all;

	if (!unmaps_all(e))
		eval_passes(e, "a range is unmapped");
	else if (has == TRI_YES)
		eval_passes(e, "the kernel knows the flag");
	else if (has == TRI_NO)
		eval_refuses(e,
			     "the kernel has no flag that unmaps everything, which came with 5.12");
	else
		eval_unknown(e,
			     "whether the kernel has the flag that unmaps everything, which came with 5.12, is not known");
}

/* linux: vfio_iommu_type1.c: vfio_dma_do_unmap(), version 2; iommufd/io_pagetable.c:
 * iopt_unmap_iova_range(). */
void rule_unmap_cut(struct eval *e)
{
	const struct mapping_space *s = space_of(e);
	const struct mapping_request *r = request_of(e);
	uint64_t last = r->iova, iova, size;

	if (unmaps_all(e) || s->version_1 || !s->set.nr || !last_of(r, &last))
		eval_passes(e, "no mapping is cut");
	else if (e->path == PATH_CONTAINER && e->gen < GEN_7_0 &&
		 (s->set.to_the_top || last == UINT64_MAX))
		eval_unknown(e, "kernels before 6.18 lose sight of what is mapped up to 2^64");
	else if (mapping_set_cuts(&s->set, r->iova, last, &iova, &size))
		eval_refuses(e, "the range cuts the mapping 0x%llx-0x%llx", (ull)iova,
			     (ull)(iova + (size - 1)));
	else
		eval_passes(e, "no mapping is cut");
}

/* linux: iommufd/ioas.c: iommufd_ioas_unmap(); iommufd/vfio_compat.c, where it became a success in
 * 6.18 and in stable releases before. */
void rule_unmap_nothing(struct eval *e)
{
	const struct mapping_space *s = space_of(e);
	const struct mapping_request *r = request_of(e);
	uint64_t last = r->iova, iova, size;

	if (!last_of(r, &last) ||
	    mapping_set_find(&s->set, r->iova, unmaps_all(e) ? UINT64_MAX : last, &iova, &size) ||
	    (unmaps_all(e) && e->path == PATH_IOMMUFD))
		eval_passes(e, "something is mapped there");
	else if (e->path == PATH_IOMMUFD)
		eval_refuses(e, "nothing is mapped there");
	else
		eval_unknown(e,
			     "nothing is mapped there, which stable releases of this generation began to accept");
}

/* ---- dirty pages ---- */

/* linux: vfio_iommu_type1.c: vfio_iommu_type1_dirty_pages(). */
void rule_dirty_version(struct eval *e)
{
	if (space_of(e)->version_1)
		eval_refuses(e, "version 1 of type1 tracks nothing");
	else
		eval_passes(e, "version 2 of type1 tracks dirty pages");
}

/* linux: iommufd/vfio_compat.c: iommufd_vfio_ioctl(). */
void rule_dirty_compat(struct eval *e)
{
	eval_refuses(e, "iommufd behind /dev/vfio/vfio has no VFIO_IOMMU_DIRTY_PAGES");
	eval_remedy(e, "use --path iommufd, where the IOMMU can track");
}

/* linux: iommufd/hw_pagetable.c: iommufd_hwpt_paging_alloc(): IOMMU_CAP_DIRTY_TRACKING. */
void rule_dirty_hardware(struct eval *e)
{
	enum tristate has = space_of(e)->dirty_tracking;

	if (has == TRI_YES)
		eval_passes(e, "the IOMMU tracks dirty pages");
	else if (has == TRI_NO)
		eval_refuses(e, "the IOMMU does not track dirty pages (GET_HW_INFO)");
	else
		eval_unknown(e,
			     "whether the IOMMU tracks dirty pages is not known before an attach");
}
