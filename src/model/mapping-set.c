/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mappings that do not overlap, found by any address they share with a range. */
#include <search.h>

#include "model/mapping.h"

struct mapped {
	uint64_t start, last; /* inclusive */
};

/* Ranges that share an address are the same one, so that a search finds what overlaps. */
static int compare(const void *a, const void *b)
{
	const struct mapped *x = a, *y = b;

	if (x->last < y->start)
		return -1;
	return x->start > y->last ? 1 : 0;
}

static const struct mapped *find(const struct mapping_set *set, uint64_t start, uint64_t last)
{
	struct mapped key = { start, last };
	void *const *found = tfind(&key, &set->root, compare);

	return found ? *(struct mapped *const *)found : NULL;
}

static uint64_t size_of(const struct mapped *n)
{
	return n->last - n->start + 1;
}

bool mapping_set_add(struct mapping_set *set, struct arena *a, uint64_t iova, uint64_t size)
{
	struct mapped *n;

	if (!size || iova + (size - 1) < iova || find(set, iova, iova + (size - 1)))
		return false;
	n = arena_new_object(a, struct mapped);
	*n = (struct mapped){ iova, iova + (size - 1) };
	if (!tsearch(n, &set->root, compare))
		return false;
	set->nr++;
	set->total += size;
	set->to_the_top |= n->last == UINT64_MAX;
	return true;
}

static bool answer(const struct mapped *n, uint64_t *ret_iova, uint64_t *ret_size)
{
	if (!n)
		return false;
	*ret_iova = n->start;
	*ret_size = size_of(n);
	return true;
}

bool mapping_set_find(const struct mapping_set *set, uint64_t start, uint64_t last,
		      uint64_t *ret_iova, uint64_t *ret_size)
{
	return answer(find(set, start, last), ret_iova, ret_size);
}

bool mapping_set_cuts(const struct mapping_set *set, uint64_t start, uint64_t last,
		      uint64_t *ret_iova, uint64_t *ret_size)
{
	const struct mapped *n = find(set, start, start);

	if (!n || n->start == start)
		n = find(set, last, last);
	else
		return answer(n, ret_iova, ret_size);
	return n && n->last != last && answer(n, ret_iova, ret_size);
}

/* The search ends at the highest node of the tree that is in the range, so this goes no deeper than
 * the tree. */
uint64_t mapping_set_bytes(const struct mapping_set *set, uint64_t start, uint64_t last)
{
	const struct mapped *n = find(set, start, last);
	uint64_t ret;

	if (!n)
		return 0;
	ret = size_of(n);
	if (n->start > start)
		ret += mapping_set_bytes(set, start, n->start - 1);
	if (n->last < last)
		ret += mapping_set_bytes(set, n->last + 1, last);
	return ret;
}

size_t mapping_set_remove(struct mapping_set *set, uint64_t start, uint64_t last)
{
	const struct mapped *n;
	size_t ret = 0;

	while ((n = find(set, start, last))) {
		set->nr--;
		set->total -= size_of(n);
		set->to_the_top &= n->last != UINT64_MAX;
		(void)tdelete(n, &set->root, compare);
		ret++;
	}
	return ret;
}

static void keep(void *node)
{
	(void)node;
}

void mapping_set_done(struct mapping_set *set)
{
	tdestroy(set->root, keep);
	*set = (struct mapping_set){ 0 };
}
