/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks the rules about one request, for each kernel that may be the one. */
#include "model/mapping.h"

#include <string.h>

#include "base/parse.h"
#include "model/walk.h"

const char *const mapping_memory_names[NR_MAPPING_MEMORIES] = {
	[MAPPING_MEMORY_OWN] = "own",
	[MAPPING_MEMORY_READ_ONLY] = "read-only",
	[MAPPING_MEMORY_NONE] = "none",
};

static enum op op_of(const struct mapping_space *s, enum mapping_ask ask)
{
	bool ioas = s->path == PATH_IOMMUFD;

	switch (ask) {
	case MAPPING_UNMAP:
	case MAPPING_UNMAP_ALL:
		return ioas ? OP_IOAS_UNMAP : OP_UNMAP_DMA;
	case MAPPING_DIRTY:
		return ioas ? OP_HWPT_ALLOC : OP_DIRTY_PAGES;
	default:
		return ioas ? OP_IOAS_MAP : OP_MAP_DMA;
	}
}

static struct walk walk_of(const struct mapping_space *s, struct arena *a)
{
	return (struct walk){
		.host = s->host,
		.assumptions = s->assumptions,
		.dev = s->device,
		.arena = a,
		.kernels = s->kernels,
		.view = VIEW_IF_BOUND,
		.path = s->path,
		.brief = true,
	};
}

/* ---- what an unmap takes away ---- */

struct taken {
	bool known;
	uint64_t bytes;
};

/* Bytes of mappings within [@start, @last], those that reach over its ends clipped. */
static uint64_t clipped_bytes(const struct mapping_set *set, uint64_t start, uint64_t last)
{
	uint64_t bytes = mapping_set_bytes(set, start, last), iova, size;

	if (mapping_set_find(set, start, start, &iova, &size))
		bytes -= start - iova;
	if (mapping_set_find(set, last, last, &iova, &size))
		bytes -= iova + (size - 1) - last;
	return bytes;
}

/* linux: drivers/vfio/vfio_iommu_type1.c: vfio_dma_do_unmap(): what reaches 2^64 is lost to kernels
 * before 6.18, whose ends of ranges wrap to 0; iommufd/vfio_compat.c: iommufd_vfio_unmap_dma(), where
 * version 1 cuts. From 5.12 on version 1 looks at the lowest mapping first, which ends it if the range begins
 * within; before that at any, in the order of a tree. */
static struct taken taken_by(const struct mapping_space *s, enum release release,
			     const struct mapping_request *request)
{
	const struct mapping_set *set = &s->set;
	uint64_t start = request->iova, last = start + (request->size - 1), iova, size;
	struct taken ret = { .known = true };

	if (s->path == PATH_CONTAINER && set->nr &&
	    kernels_have(s->kernels, release, TRAIT_WRAP_OVERFLOW) != TRI_YES &&
	    (set->to_the_top || (request->ask == MAPPING_UNMAP && last == UINT64_MAX)))
		return (struct taken){ .known = false };
	if (request->ask == MAPPING_UNMAP_ALL) {
		ret.bytes = set->total;
	} else if (!s->version_1) {
		ret.bytes = mapping_set_bytes(set, start, last);
	} else if (s->path == PATH_COMPAT) {
		ret.bytes = clipped_bytes(set, start, last);
	} else if (!mapping_set_find(set, start, start, &iova, &size) || iova == start) {
		ret.bytes = mapping_set_bytes(set, start, last);
	} else if (s->unmap_all != TRI_YES &&
		   kernels_have(s->kernels, release, TRAIT_UNMAP_ALL) != TRI_YES) {
		ret.known = mapping_set_bytes(set, start, last) == size;
	}
	return ret;
}

/* ---- asking ---- */

static void take_reason(const struct step *step, struct mapping_prediction *ret)
{
	const struct finding *why = step->why;

	if (!why)
		return;
	ret->rule = why->rule;
	ret->because = why->because;
	ret->remedy = why->remedy;
	ret->evidence = why->evidence;
	ret->nr_evidence = why->nr_evidence;
}

static void merge(struct mapping_prediction *ret, const struct step *step, struct taken taken)
{
	ret->bytes_known &= taken.known && taken.bytes == ret->bytes;
	if (step->answer == ret->answer && step->err == ret->err)
		return;
	if (!ret->rule)
		take_reason(step, ret);
	ret->err = 0;
	if (step->answer != ret->answer)
		ret->answer = ANSWER_UNKNOWN;
}

void mapping_predict(const struct mapping_space *s, const struct mapping_request *request,
		     struct arena *a, struct mapping_prediction *ret)
{
	const struct mapping_question question = { s, request };
	struct walk w = walk_of(s, a);
	uint64_t left = s->kernels->releases;
	bool first = true;

	*ret = (struct mapping_prediction){ .op = op_of(s, request->ask) };
	w.mapping = &question;
	while (walk_next(&w, &left)) {
		struct taken taken = { 0 };
		struct step step;

		walk_request(&w, ret->op, &step);
		if (request->ask == MAPPING_UNMAP || request->ask == MAPPING_UNMAP_ALL)
			taken = taken_by(s, w.release, request);
		if (!first) {
			merge(ret, &step, taken);
			continue;
		}
		first = false;
		ret->answer = step.answer;
		ret->err = step.err;
		ret->bytes_known = taken.known;
		ret->bytes = taken.bytes;
		take_reason(&step, ret);
	}
}

/* ---- what requests change ---- */

static void note_change(struct mapping_space *s, uint64_t total_before, size_t nr_before)
{
	uint64_t more = s->set.total - total_before;

	if (s->avail_known)
		s->avail += nr_before - s->set.nr;
	if (!s->limit.pins_nothing && (s->limit.counted || !s->limit.exempt))
		s->locked += more;
}

/* iommufd goes from the lowest address up to the mapping that it refuses to cut.
 * linux: drivers/iommu/iommufd/io_pagetable.c: iopt_unmap_iova_range(). */
static void apply_refused_unmap(struct mapping_space *s, const struct mapping_request *request)
{
	uint64_t start = request->iova, last, iova, size;

	if (s->path == PATH_CONTAINER || s->path == PATH_NOIOMMU || request->ask != MAPPING_UNMAP ||
	    !request->size || __builtin_add_overflow(start, request->size - 1, &last))
		return;
	if (mapping_set_find(&s->set, start, start, &iova, &size) && iova != start)
		return;
	if (mapping_set_find(&s->set, last, last, &iova, &size) && iova + (size - 1) != last) {
		if (iova == start)
			return;
		last = iova - 1;
	}
	(void)mapping_set_remove(&s->set, start, last);
}

static void apply_unmap(struct mapping_space *s, const struct mapping_request *request)
{
	uint64_t start = request->iova, last = start + (request->size - 1);
	uint64_t head = 0, head_size = 0, tail = 0, tail_size = 0;
	bool has_head, has_tail;

	if (request->ask == MAPPING_UNMAP_ALL) {
		(void)mapping_set_remove(&s->set, 0, UINT64_MAX);
		return;
	}
	has_head = mapping_set_find(&s->set, start, start, &head, &head_size) && head != start;
	if (has_head && s->path == PATH_CONTAINER)
		return;
	has_tail = mapping_set_find(&s->set, last, last, &tail, &tail_size) &&
		   tail + (tail_size - 1) != last;
	(void)mapping_set_remove(&s->set, start, last);
	if (s->path != PATH_COMPAT)
		return;
	/* The parts that version 1 cut off stay. */
	if (has_head)
		(void)mapping_set_add(&s->set, s->arena, head, start - head);
	if (has_tail)
		(void)mapping_set_add(&s->set, s->arena, last + 1, tail + (tail_size - 1) - last);
}

void mapping_apply(struct mapping_space *s, const struct mapping_request *request, bool done)
{
	uint64_t total = s->set.total;
	size_t nr = s->set.nr;

	switch (request->ask) {
	case MAPPING_MAP:
		if (done)
			(void)mapping_set_add(&s->set, s->arena, request->iova, request->size);
		break;
	case MAPPING_UNMAP:
	case MAPPING_UNMAP_ALL:
		if (done)
			apply_unmap(s, request);
		else
			apply_refused_unmap(s, request);
		break;
	default:
		return;
	}
	note_change(s, total, nr);
}

/* ---- the space ---- */

static void ask_first(const struct mapping_space *s, struct arena *a, struct eval *ret)
{
	struct walk w = walk_of(s, a);

	w.release = (enum release)__builtin_ctzll(s->kernels->releases);
	walk_ask(&w, ret);
}

/* linux: drivers/vfio/vfio_iommu_type1.c: mm_lock_acct(), any caller's pages are counted;
 * drivers/iommu/iommufd/pages.c: iopt_alloc_pages(), those of one with CAP_IPC_LOCK are not, and
 * vfio_compat.c: iommufd_vfio_set_iommu() chooses the process instead of the user. */
static void find_limit(const struct mapping_space *s, struct eval *e, struct mapping_limit *ret)
{
	enum tristate exempt = eval_caller_has(e, CALLER_CAP_IPC_LOCK);

	*ret = (struct mapping_limit){
		.exempt = exempt == TRI_YES,
		.pins_nothing = eval_group_kind(e) == GROUP_EMULATED,
		.by_user = s->path == PATH_IOMMUFD,
	};
	ret->known = eval_memlock(e, &ret->soft) && exempt != TRI_UNKNOWN;
	ret->counted = s->path == PATH_CONTAINER || (s->path == PATH_COMPAT && !ret->exempt);
}

static void predict_entries(struct eval *e, struct mapping_space *ret)
{
	ret->avail_known = ret->path == PATH_CONTAINER && eval_dma_entry_limit(e, &ret->avail);
}

static enum tristate predict_unmap_all(const struct mapping_space *s, struct arena *a)
{
	struct walk w = walk_of(s, a);
	uint64_t left = s->kernels->releases;
	enum tristate ret = TRI_UNKNOWN;
	bool first = true;

	if (s->path != PATH_CONTAINER)
		return TRI_YES;
	while (walk_next(&w, &left)) {
		enum tristate one = kernels_have(s->kernels, w.release, TRAIT_UNMAP_ALL);

		ret = first || ret == one ? one : TRI_UNKNOWN;
		first = false;
	}
	return ret;
}

void mapping_space_predict(const struct host *h, const struct assumptions *as,
			   const struct prediction *p, enum path_kind path, struct arena *a,
			   struct mapping_space *ret)
{
	const struct caller *caller = &h->caller;
	struct eval e;

	*ret = (struct mapping_space){
		.host = h,
		.assumptions = as,
		.device = p->device,
		.kernels = p->kernels,
		.path = path,
		.ranges = p->iova,
		.arena = a,
	};
	ask_first(ret, a, &e);
	if (path == PATH_CONTAINER && eval_container_provider(&e) == PROVIDER_IOMMUFD)
		ret->path = PATH_COMPAT;
	if (p->page_sizes.answer == ANSWER_YES && p->page_sizes.bitmap)
		ret->alignment = p->page_sizes.bitmap & -p->page_sizes.bitmap;
	/* No file shows what else the user of an IOAS has charged. */
	ret->locked_known = ret->path == PATH_IOMMUFD || fact_is(&caller->memlock_fact);
	ret->locked = ret->path == PATH_IOMMUFD ? 0 : caller->memlock_locked;
	ret->unmap_all = predict_unmap_all(ret, a);
	predict_entries(&e, ret);
	find_limit(ret, &e, &ret->limit);
}

void mapping_space_done(struct mapping_space *s)
{
	mapping_set_done(&s->set);
}
