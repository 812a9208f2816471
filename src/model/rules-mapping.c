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

static const struct rule_site no_address_space_sites[] = {
	{ ALWAYS, N, OP_MAP_DMA, ENOTTY, 0, "drivers/vfio/container.c: vfio_noiommu_ioctl()" },
	{ ALWAYS, N, OP_UNMAP_DMA, ENOTTY, 0, "drivers/vfio/container.c: vfio_noiommu_ioctl()" },
	{ ALWAYS, N, OP_DIRTY_PAGES, ENOTTY, 0, "drivers/vfio/container.c: vfio_noiommu_ioctl()" },
};

/* linux: drivers/vfio/container.c: vfio_fops_unl_ioctl() asks vfio_noiommu_ops.ioctl(), which knows
 * CHECK_EXTENSION only. */
static void rule_no_address_space(struct eval *e)
{
	eval_refuses(e,
		     "no-IOMMU mode has no address space: the device uses physical addresses and reaches all memory");
}

static const struct rule_site map_maximum_sites[] = {
	{ FROM(IOMMUFD), I, OP_IOAS_MAP, EOVERFLOW, 0,
	  "drivers/iommu/iommufd/ioas.c: iommufd_ioas_map()" },
	{ FROM(IOMMUFD), I, OP_IOAS_UNMAP, EOVERFLOW, 0,
	  "drivers/iommu/iommufd/ioas.c: iommufd_ioas_unmap()" },
};

static void rule_map_maximum(struct eval *e)
{
	const struct mapping_request *r = request_of(e);

	if (unmaps_all(e) || (r->iova != UINT64_MAX && r->size != UINT64_MAX))
		eval_passes(e, "neither IOVA nor size is 2^64-1");
	else
		eval_refuses(e, "iommufd refuses an IOVA or a size of 2^64-1");
}

static const struct rule_site map_prot_sites[] = {
	{ FROM(IOMMUFD), X, OP_MAP_DMA, EINVAL, 95,
	  "drivers/iommu/intel/iommu.c: __domain_mapping()" },
	{ ALWAYS, C, OP_MAP_DMA, EINVAL, 20, "drivers/vfio/vfio_iommu_type1.c: vfio_dma_do_map()" },
	{ FROM(IOMMUFD), I, OP_IOAS_MAP, EINVAL, 5,
	  "drivers/iommu/iommufd/ioas.c: iommufd_ioas_map()" },
};

static void rule_map_prot(struct eval *e)
{
	if (request_of(e)->prot & (MAPPING_READ | MAPPING_WRITE))
		eval_passes(e, "the device may read or write");
	else if (e->path == PATH_COMPAT)
		eval_unknown(e,
			     "the device may neither read nor write; the IOMMU driver decides about that");
	else
		eval_refuses(e, "the device may neither read nor write");
}

static const struct rule_site map_empty_sites[] = {
	{ ALWAYS, C, OP_MAP_DMA, EINVAL, 0, "drivers/vfio/vfio_iommu_type1.c: vfio_dma_do_map()" },
	{ FROM(IOMMUFD), X, OP_MAP_DMA, EINVAL, 10,
	  "drivers/iommu/iommufd/pages.c: iopt_alloc_pages()" },
	{ FROM(IOMMUFD), I, OP_IOAS_MAP, EINVAL, 10,
	  "drivers/iommu/iommufd/pages.c: iopt_alloc_pages()" },
	{ ALWAYS, C, OP_UNMAP_DMA, EINVAL, 20,
	  "drivers/vfio/vfio_iommu_type1.c: vfio_dma_do_unmap()" },
	{ FROM(IOMMUFD), X, OP_UNMAP_DMA, EINVAL, 20,
	  "drivers/iommu/iommufd/io_pagetable.c: iopt_unmap_iova()" },
	{ FROM(IOMMUFD), I, OP_IOAS_UNMAP, EINVAL, 20,
	  "drivers/iommu/iommufd/io_pagetable.c: iopt_unmap_iova()" },
};

static void rule_map_empty(struct eval *e)
{
	if (request_of(e)->size || unmaps_all(e))
		eval_passes(e, "the size is not 0");
	else
		eval_refuses(e, "the size is 0");
}

static const struct rule_site map_length_sites[] = {
	{ FROM(LENGTH_OVERFLOW), I, OP_IOAS_MAP, EOVERFLOW, 7,
	  "drivers/iommu/iommufd/pages.c: iopt_alloc_user_pages()" },
	{ FROM(LENGTH_OVERFLOW), X, OP_MAP_DMA, EOVERFLOW, 7,
	  "drivers/iommu/iommufd/pages.c: iopt_alloc_user_pages()" },
	{ SPAN(IOMMUFD, LENGTH_OVERFLOW), I, OP_IOAS_MAP, EINVAL, 12,
	  "drivers/iommu/iommufd/pages.c: iopt_alloc_pages()" },
	{ SPAN(IOMMUFD, LENGTH_OVERFLOW), X, OP_MAP_DMA, EINVAL, 12,
	  "drivers/iommu/iommufd/pages.c: iopt_alloc_pages()" },
};

/* linux: iommufd/pages.c: iopt_alloc_pages(), and iopt_alloc_user_pages() since 6.13: nothing that long
 * lies behind any address but 0. */
static void rule_map_length(struct eval *e)
{
	const struct mapping_request *r = request_of(e);
	uint64_t page = eval_page_size(e);

	if (r->size <= UINT64_MAX - page)
		eval_passes(e, "the size is below 2^64 minus one page");
	else
		eval_refuses(e, "the size is larger than any memory (2^64 minus one page)");
}

/* ---- alignment ---- */

static const char *odd_one(const struct mapping_request *r, uint64_t alignment, bool memory)
{
	if (r->iova & (alignment - 1))
		return "the IOVA is not a multiple";
	if (r->size & (alignment - 1))
		return "the size is not a multiple";
	return memory && r->memory_alignment && r->memory_alignment < alignment
		       ? "the address of the memory is not a multiple"
		       : NULL;
}

static const struct rule_site map_aligned_sites[] = {
	{ ALWAYS, C, OP_MAP_DMA, EINVAL, 30, "drivers/vfio/vfio_iommu_type1.c: vfio_dma_do_map()" },
	{ FROM(IOMMUFD), X, OP_MAP_DMA, EINVAL, 30,
	  "drivers/iommu/iommufd/io_pagetable.c: iopt_check_iova()" },
	{ FROM(IOMMUFD), I, OP_IOAS_MAP, EINVAL, 30,
	  "drivers/iommu/iommufd/io_pagetable.c: iopt_check_iova()" },
	{ ALWAYS, C, OP_UNMAP_DMA, EINVAL, 10,
	  "drivers/vfio/vfio_iommu_type1.c: vfio_dma_do_unmap()" },
};

/* linux: vfio_iommu_type1.c: vfio_dma_do_map(): the lowest bit of iova_pgsizes, which is never below
 * the processor's page; iommufd/io_pagetable.c: iova_alignment. */
static void rule_map_aligned(struct eval *e)
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
		eval_unknown(e, "the smallest page of the IOMMU is unknown before an attach");
	} else {
		eval_passes(e, "IOVA and size are multiples of %llu", (ull)alignment);
	}
}

static const struct rule_site map_memory_aligned_sites[] = {
	{ FROM(IOMMUFD), X, OP_MAP_DMA, EINVAL, 70,
	  "drivers/iommu/iommufd/io_pagetable.c: iopt_insert_area()" },
	{ FROM(IOMMUFD), I, OP_IOAS_MAP, EINVAL, 70,
	  "drivers/iommu/iommufd/io_pagetable.c: iopt_insert_area()" },
};

/* linux: iommufd/io_pagetable.c: iopt_insert_area(): only below a page of the processor. */
static void rule_map_memory_aligned(struct eval *e)
{
	uint64_t alignment = space_of(e)->alignment, page = eval_page_size(e);
	uint64_t has = request_of(e)->memory_alignment;

	if (!has || has >= page)
		eval_passes(e, "the memory is page-aligned");
	else if (!alignment)
		eval_unknown(e, "the smallest page of the IOMMU is unknown before an attach");
	else if (has < (alignment < page ? alignment : page))
		eval_refuses(e, "the address of the memory is not a multiple of %llu",
			     (ull)alignment);
	else
		eval_passes(e, "the address of the memory is a multiple of %llu", (ull)alignment);
}

static const struct rule_site map_wrap_sites[] = {
	{ FROM(WRAP_OVERFLOW), C, OP_MAP_DMA, EOVERFLOW, 10,
	  "drivers/vfio/vfio_iommu_type1.c: vfio_dma_do_map()" },
	{ UNTIL(WRAP_OVERFLOW), C, OP_MAP_DMA, EINVAL, 40,
	  "drivers/vfio/vfio_iommu_type1.c: vfio_dma_do_map()" },
	{ FROM(IOMMUFD), X, OP_MAP_DMA, EOVERFLOW, 40,
	  "drivers/iommu/iommufd/io_pagetable.c: iopt_check_iova()" },
	{ FROM(IOMMUFD), I, OP_IOAS_MAP, EOVERFLOW, 40,
	  "drivers/iommu/iommufd/io_pagetable.c: iopt_check_iova()" },
	{ FROM(WRAP_OVERFLOW), C, OP_UNMAP_DMA, EOVERFLOW, 30,
	  "drivers/vfio/vfio_iommu_type1.c: vfio_dma_do_unmap()" },
	{ UNTIL(WRAP_OVERFLOW), C, OP_UNMAP_DMA, EINVAL, 40,
	  "drivers/vfio/vfio_iommu_type1.c: vfio_dma_do_unmap()" },
	{ FROM(IOMMUFD), X, OP_UNMAP_DMA, EOVERFLOW, 30,
	  "drivers/iommu/iommufd/io_pagetable.c: iopt_unmap_iova()" },
	{ FROM(IOMMUFD), I, OP_IOAS_UNMAP, EOVERFLOW, 30,
	  "drivers/iommu/iommufd/io_pagetable.c: iopt_unmap_iova()" },
};

/* type1: EINVAL, since 6.18 EOVERFLOW and before anything else; iommufd: EOVERFLOW. */
static void rule_map_wrap(struct eval *e)
{
	const struct mapping_request *r = request_of(e);
	uint64_t last;

	if (unmaps_all(e) || last_of(r, &last)) {
		eval_passes(e, "the range ends below 2^64");
		return;
	}
	eval_refuses(e, "0x%llx plus %llu bytes go past 2^64", (ull)r->iova, (ull)r->size);
}

static const struct rule_site map_overlap_sites[] = {
	{ ALWAYS, C, OP_MAP_DMA, EEXIST, 50, "drivers/vfio/vfio_iommu_type1.c: vfio_find_dma()" },
	{ FROM(IOMMUFD), X, OP_MAP_DMA, EEXIST, 60,
	  "drivers/iommu/iommufd/io_pagetable.c: iopt_check_iova()" },
	{ FROM(IOMMUFD), I, OP_IOAS_MAP, EEXIST, 60,
	  "drivers/iommu/iommufd/io_pagetable.c: iopt_check_iova()" },
};

/* linux: vfio_iommu_type1.c: vfio_find_dma(), which before 6.18 loses what reaches 2^64;
 * iommufd/io_pagetable.c: iopt_check_iova(). */
static void rule_map_overlap(struct eval *e)
{
	const struct mapping_set *set = &space_of(e)->set;
	const struct mapping_request *r = request_of(e);
	uint64_t last = r->iova, iova, size;

	if (!set->nr || !r->size || !last_of(r, &last))
		eval_passes(e, "nothing is mapped there");
	else if (e->path == PATH_CONTAINER && trait_holds(e, TRAIT_WRAP_OVERFLOW) != TRI_YES &&
		 (set->to_the_top || last == UINT64_MAX))
		eval_unknown(e, "kernels before 6.18 do not track mappings up to 2^64 correctly");
	else if (mapping_set_find(set, r->iova, last, &iova, &size))
		eval_refuses(e, "0x%llx-0x%llx is mapped already", (ull)iova,
			     (ull)(iova + (size - 1)));
	else
		eval_passes(e, "nothing is mapped there");
}

static const struct rule_site map_entries_sites[] = {
	{ ALWAYS, C, OP_MAP_DMA, ENOSPC, 60, "drivers/vfio/vfio_iommu_type1.c: vfio_dma_do_map()" },
};

/* linux: vfio_iommu_type1.c: vfio_dma_do_map(): dma_avail. */
static void rule_map_entries(struct eval *e)
{
	const struct mapping_space *s = space_of(e);

	if (!s->avail_known)
		eval_unknown(e, "the limit of mappings in the container is unknown");
	else if (s->avail)
		eval_passes(e, "%llu mappings are left", (ull)s->avail);
	else
		eval_refuses(e, "the container has %llu mappings, which is its limit",
			     (ull)s->set.nr);
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

/* A guest places what does not fit elsewhere at the top of its addresses: as many as the processor has, unless told otherwise. */
static void propose_range(struct eval *e, const struct iova_prediction *p, uint64_t iova)
{
	const uint64_t last = p->ranges[p->nr_ranges - 1].last;
	unsigned int bits = 0;

	for (uint64_t rest = last; rest; rest >>= 1)
		bits++;
	if (iova > last && bits < 64 && last == (UINT64_C(1) << bits) - 1)
		eval_remedy(e,
			    "use the ranges that 'vfiotool inspect' shows; for a guest of QEMU: -cpu host,host-phys-bits-limit=%u",
			    bits);
	else
		eval_remedy(e, "use the ranges that 'vfiotool inspect' shows");
}

static const struct rule_site map_range_sites[] = {
	{ ALWAYS, C, OP_MAP_DMA, EINVAL, 70,
	  "drivers/vfio/vfio_iommu_type1.c: vfio_iommu_iova_dma_valid()" },
	{ FROM(IOMMUFD), X, OP_MAP_DMA, EINVAL, 50,
	  "drivers/iommu/iommufd/io_pagetable.c: iopt_check_iova()" },
	{ FROM(IOMMUFD), I, OP_IOAS_MAP, EINVAL, 50,
	  "drivers/iommu/iommufd/io_pagetable.c: iopt_check_iova()" },
};

/* linux: vfio_iommu_type1.c: vfio_iommu_iova_dma_valid(); iommufd/io_pagetable.c: iopt_check_iova(). */
static void rule_map_range(struct eval *e)
{
	const struct iova_prediction *p = &space_of(e)->ranges;
	const struct mapping_request *r = request_of(e);
	const struct iova_range *in = range_with(p, r->iova);
	uint64_t last = r->iova;

	if (!last_of(r, &last)) {
		eval_passes(e, "there is no range to check");
	} else if (p->answer != ANSWER_YES) {
		eval_unknown(e, "the usable IOVAs are unknown: %s",
			     p->because ? p->because : "attach to see");
	} else if (!p->nr_ranges) {
		eval_passes(e, "nothing limits the IOVAs");
	} else if (!in) {
		eval_refuses(e, "0x%llx is reserved or outside the range of the IOMMU",
			     (ull)r->iova);
		propose_range(e, p, r->iova);
	} else if (in->last < last) {
		eval_refuses(e, "0x%llx-0x%llx goes past the end of the usable range 0x%llx-0x%llx",
			     (ull)r->iova, (ull)last, (ull)in->start, (ull)in->last);
		eval_remedy(e, "map each side of the border separately");
	} else {
		eval_passes(e, "it is inside 0x%llx-0x%llx", (ull)in->start, (ull)in->last);
	}
}

static const struct rule_site map_memory_sites[] = {
	{ ALWAYS, C, OP_MAP_DMA, EFAULT, 80, "drivers/vfio/vfio_iommu_type1.c: vaddr_get_pfns()" },
	{ FROM(IOMMUFD), X, OP_MAP_DMA, EFAULT, 80,
	  "drivers/iommu/iommufd/pages.c: pfn_reader_user_pin()" },
	{ FROM(IOMMUFD), I, OP_IOAS_MAP, EFAULT, 80,
	  "drivers/iommu/iommufd/pages.c: pfn_reader_user_pin()" },
};

/* linux: vfio_iommu_type1.c: vaddr_get_pfns(); iommufd/pages.c: pfn_reader_user_pin(). */
static void rule_map_memory(struct eval *e)
{
	const struct mapping_request *r = request_of(e);

	if (space_of(e)->limit.pins_nothing)
		eval_passes(e, "mapping pins nothing for a mediated device");
	else if (r->memory == MAPPING_MEMORY_NONE)
		eval_refuses(e, "there is no memory at the caller's address");
	else if (r->memory == MAPPING_MEMORY_READ_ONLY && r->prot & MAPPING_WRITE)
		eval_refuses(e, "the caller may not write the memory that the device should write");
	else
		eval_passes(e, "the caller has access to the memory");
}

static void refuse_memlock(struct eval *e, uint64_t needed, uint64_t soft)
{
	uint64_t kib = needed / 1024 + (needed % 1024 != 0);

	eval_refuses(e,
		     "%llu bytes are locked already and %llu more are needed, which exceeds the limit of %llu",
		     (ull)space_of(e)->locked, (ull)request_of(e)->size, (ull)soft);
	eval_remedy(e, "raise the limit to at least %llu KiB: ulimit -l %llu, or LimitMEMLOCK=",
		    (ull)kib, (ull)kib);
}

static const struct rule_site map_memlock_sites[] = {
	{ ALWAYS, C, OP_MAP_DMA, ENOMEM, 90,
	  "drivers/vfio/vfio_iommu_type1.c: vfio_pin_pages_remote()" },
	{ FROM(IOMMUFD), X, OP_MAP_DMA, ENOMEM, 90,
	  "drivers/iommu/iommufd/pages.c: update_mm_locked_vm()" },
	{ FROM(IOMMUFD), I, OP_IOAS_MAP, ENOMEM, 90,
	  "drivers/iommu/iommufd/pages.c: incr_user_locked_vm()" },
};

/* linux: vfio_iommu_type1.c: vfio_pin_pages_remote(), mm_lock_acct(); iommufd/pages.c:
 * incr_user_locked_vm(), update_mm_locked_vm(). Whole pages are compared. */
static void rule_map_memlock(struct eval *e)
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
		eval_passes(e, "%llu of %llu bytes will be locked%s", (ull)needed, (ull)soft,
			    s->limit.by_user ? ", plus the memory of other processes of the user"
					     : "");
	else if (exempt == TRI_UNKNOWN)
		eval_unknown(e, "cannot tell whether the caller has CAP_IPC_LOCK");
	else
		refuse_memlock(e, needed, soft);
}

static const struct rule_site unmap_all_flag_sites[] = {
	{ ALWAYS, C, OP_UNMAP_DMA, EINVAL, 0,
	  "drivers/vfio/vfio_iommu_type1.c: vfio_iommu_type1_unmap_dma()" },
};

/* linux: vfio_iommu_type1.c: vfio_iommu_type1_unmap_dma(): VFIO_DMA_UNMAP_FLAG_ALL, since 5.12. */
static void rule_unmap_all_flag(struct eval *e)
{
	enum tristate has = space_of(e)->unmap_all;

	if (!unmaps_all(e))
		eval_passes(e, "the request unmaps a range");
	else if (has == TRI_YES)
		eval_passes(e, "the kernel knows the flag");
	else if (has == TRI_NO)
		eval_refuses(e,
			     "the kernel has no flag that unmaps everything; Linux 5.12 introduced it");
	else
		eval_unknown(e,
			     "cannot tell whether the kernel has the flag that unmaps everything, which Linux 5.12 introduced");
}

static const struct rule_site unmap_cut_sites[] = {
	{ ALWAYS, C, OP_UNMAP_DMA, EINVAL, 50,
	  "drivers/vfio/vfio_iommu_type1.c: vfio_dma_do_unmap()" },
	{ FROM(IOMMUFD), X, OP_UNMAP_DMA, ENOENT, 50,
	  "drivers/iommu/iommufd/io_pagetable.c: iopt_unmap_iova_range()" },
	{ FROM(IOMMUFD), I, OP_IOAS_UNMAP, ENOENT, 50,
	  "drivers/iommu/iommufd/io_pagetable.c: iopt_unmap_iova_range()" },
};

/* linux: vfio_iommu_type1.c: vfio_dma_do_unmap(), version 2; iommufd/io_pagetable.c:
 * iopt_unmap_iova_range(). */
static void rule_unmap_cut(struct eval *e)
{
	const struct mapping_space *s = space_of(e);
	const struct mapping_request *r = request_of(e);
	uint64_t last = r->iova, iova, size;

	if (unmaps_all(e) || s->version_1 || !s->set.nr || !last_of(r, &last))
		eval_passes(e, "no mapping is cut");
	else if (e->path == PATH_CONTAINER && trait_holds(e, TRAIT_WRAP_OVERFLOW) != TRI_YES &&
		 (s->set.to_the_top || last == UINT64_MAX))
		eval_unknown(e, "kernels before 6.18 do not track mappings up to 2^64 correctly");
	else if (mapping_set_cuts(&s->set, r->iova, last, &iova, &size))
		eval_refuses(e, "the range cuts the mapping 0x%llx-0x%llx", (ull)iova,
			     (ull)(iova + (size - 1)));
	else
		eval_passes(e, "no mapping is cut");
}

static const struct rule_site unmap_nothing_sites[] = {
	{ FROM(IOMMUFD), I, OP_IOAS_UNMAP, ENOENT, 60,
	  "drivers/iommu/iommufd/ioas.c: iommufd_ioas_unmap()" },
	{ SPAN(IOMMUFD, COMPAT_UNMAP_NOTHING), X, OP_UNMAP_DMA, ENOENT, 60,
	  "drivers/iommu/iommufd/io_pagetable.c: iopt_unmap_iova_range()" },
};

/* linux: iommufd/ioas.c: iommufd_ioas_unmap(); iommufd/vfio_compat.c, where it became a success in
 * 6.18 and in stable releases before. */
static void rule_unmap_nothing(struct eval *e)
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
			     "nothing is mapped there, which stable releases of this kernel began to accept");
}

static const struct rule rules[] = {
	{ "no-address-space", "no-IOMMU mode has no address space to map into",
	  SITES(no_address_space_sites), rule_no_address_space, "give the device an IOMMU",
	  .request = true },
	{ "map-maximum", "iommufd refuses an IOVA or a size of 2^64-1", SITES(map_maximum_sites),
	  rule_map_maximum, "use a smaller number", .request = true },
	{ "map-prot", "a mapping that can neither be read nor written", SITES(map_prot_sites),
	  rule_map_prot, "map it to be read or written", .request = true },
	{ "map-empty", "a size of 0", SITES(map_empty_sites), rule_map_empty, "give a size",
	  .request = true },
	{ "map-length", "a size larger than any memory", SITES(map_length_sites), rule_map_length,
	  "give a smaller size", .request = true },
	{ "map-aligned", "IOVA, size or memory are not multiples of the IOMMU's smallest page",
	  SITES(map_aligned_sites), rule_map_aligned, "use multiples of the smallest page",
	  .request = true },
	{ "map-memory-aligned", "the memory is not page-aligned", SITES(map_memory_aligned_sites),
	  rule_map_memory_aligned, "align the memory", .request = true },
	{ "map-wrap", "a range that goes past 2^64", SITES(map_wrap_sites), rule_map_wrap,
	  "use a lower IOVA", .request = true },
	{ "map-overlap", "something is mapped there already", SITES(map_overlap_sites),
	  rule_map_overlap, "unmap it first, or use another IOVA", .request = true },
	{ "map-entries", "the container is at its limit of mappings", SITES(map_entries_sites),
	  rule_map_entries, "raise vfio_iommu_type1.dma_entry_limit, or use larger mappings",
	  .request = true },
	{ "map-range", "the IOVA is reserved or outside the range of the IOMMU",
	  SITES(map_range_sites), rule_map_range, "use a usable IOVA range", .request = true },
	{ "map-memory", "the caller's memory does not exist, or the caller may not write it",
	  SITES(map_memory_sites), rule_map_memory, "map memory of the caller's own",
	  .request = true },
	{ "map-memlock", "the caller may not lock that much memory", SITES(map_memlock_sites),
	  rule_map_memlock, "raise the limit of locked memory", .request = true },
	{ "unmap-all-flag", "the kernel has no flag that unmaps everything",
	  SITES(unmap_all_flag_sites), rule_unmap_all_flag, "unmap range by range",
	  .request = true },
	{ "unmap-cut", "a mapping cannot be unmapped in part", SITES(unmap_cut_sites),
	  rule_unmap_cut, "unmap what was mapped", .request = true },
	{ "unmap-nothing", "nothing is mapped there", SITES(unmap_nothing_sites),
	  rule_unmap_nothing, "unmap what was mapped", .request = true },
};

const struct rule_table rules_mapping = RULE_TABLE(rules);
