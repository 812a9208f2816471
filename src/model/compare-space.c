/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>

#include "model/compare.h"
#include "base/strbuf.h"

struct ranges {
	struct iova_range *items;
	size_t nr;
};

static struct ranges intersect(const struct ranges *x, const struct iova_prediction *y,
			       struct arena *a)
{
	struct ranges ret = { .items = arena_array(a, x->nr + y->nr_ranges, sizeof(*ret.items)) };

	for (size_t i = 0, k = 0; i < x->nr && k < y->nr_ranges;) {
		const struct iova_range *p = &x->items[i], *q = &y->ranges[k];
		uint64_t start = p->start > q->start ? p->start : q->start;
		uint64_t last = p->last < q->last ? p->last : q->last;

		if (start <= last)
			ret.items[ret.nr++] = (struct iova_range){ start, last };
		if (p->last < q->last)
			i++;
		else
			k++;
	}
	return ret;
}

static const char *ranges_text(const struct iova_range *items, size_t nr, struct arena *a)
{
	struct strbuf ret = { .arena = a };

	for (size_t i = 0; i < nr; i++)
		strbuf_item(&ret, ", ", "0x%" PRIx64 "-0x%" PRIx64, items[i].start, items[i].last);
	return ret.s ? ret.s : "none";
}

static const char *compare_ranges(const struct compare_devices *d,
				  const struct compare_space *space, struct arena *a)
{
	struct iova_range all = { 0, UINT64_MAX };
	struct ranges want = { &all, 1 };
	bool same;

	if (!space->has_ranges)
		return NULL;
	for (size_t i = 0; i < d->nr; i++) {
		if (d->predictions[i].iova.answer != ANSWER_YES)
			return NULL;
		want = intersect(&want, &d->predictions[i].iova, a);
	}
	same = want.nr == space->nr_ranges;
	for (size_t i = 0; same && i < want.nr; i++)
		same = want.items[i].start == space->ranges[i].start &&
		       want.items[i].last == space->ranges[i].last;
	if (same)
		return NULL;
	return arena_printf(a, "IOVA ranges: predicted %s; the kernel reports %s.",
			    ranges_text(want.items, want.nr, a),
			    ranges_text(space->ranges, space->nr_ranges, a));
}

static const char *compare_page_sizes(const struct compare_devices *d,
				      const struct compare_space *space, struct arena *a)
{
	uint64_t want = UINT64_MAX;

	/* An IOAS reports an alignment only, and iommufd behind a container has its own rules. */
	if (!space->page_sizes || d->path != PATH_CONTAINER)
		return NULL;
	for (size_t i = 0; i < d->nr; i++) {
		if (d->predictions[i].page_sizes.answer != ANSWER_YES)
			return NULL;
		want &= d->predictions[i].page_sizes.bitmap;
	}
	if (want == space->page_sizes)
		return NULL;
	return arena_printf(a,
			    "Page sizes: predicted 0x%" PRIx64 "; the kernel reports 0x%" PRIx64
			    ".",
			    want, space->page_sizes);
}

static const char *compare_answer(const char *name, const char *when, enum answer want, int got,
				  struct arena *a)
{
	if (want == ANSWER_UNKNOWN || (want == ANSWER_YES) == (got > 0))
		return NULL;
	return arena_printf(a, "Extension %s %s SET_IOMMU: predicted %d; the kernel answers %d.",
			    name, when, want == ANSWER_YES, got);
}

/* A container that iommufd serves answers an errno where type1 answers 0; the prediction is about
 * type1. linux: drivers/iommu/iommufd/vfio_compat.c: iommufd_vfio_check_extension(). */
static bool is_type1(const struct compare_space *space, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (space->before[i] < 0 || space->after[i] < 0)
			return false;
	return true;
}

/* What all devices together make the container answer: no where one says no. Other extensions than
 * DMA_CC are the container's own, and all devices say the same of them. */
static enum answer extension_of(const struct compare_devices *d, size_t index, bool before)
{
	enum answer ret = ANSWER_YES;

	for (size_t i = 0; i < d->nr; i++) {
		const struct extension_prediction *e = &d->predictions[i].extensions[index];
		enum answer one = before ? e->before : e->after;

		if (one == ANSWER_NO)
			return ANSWER_NO;
		if (one == ANSWER_UNKNOWN)
			ret = ANSWER_UNKNOWN;
	}
	return ret;
}

static const char *compare_extensions(const struct compare_devices *d,
				      const struct compare_space *space, struct arena *a)
{
	const struct prediction *p = &d->predictions[0];
	const char *ret = NULL;

	if (d->path != PATH_CONTAINER || !space->before || !is_type1(space, p->nr_extensions))
		return NULL;
	for (size_t i = 0; !ret && i < p->nr_extensions; i++) {
		const struct extension_prediction *e = &p->extensions[i];

		ret = compare_answer(e->name, "before", extension_of(d, i, true), space->before[i],
				     a);
		if (!ret)
			ret = compare_answer(e->name, "after", extension_of(d, i, false),
					     space->after[i], a);
	}
	return ret;
}

const char *compare_space(const struct compare_devices *d, const struct compare_space *space,
			  struct arena *a)
{
	const char *ret = compare_ranges(d, space, a);

	if (!ret)
		ret = compare_page_sizes(d, space, a);
	return ret ? ret : compare_extensions(d, space, a);
}
