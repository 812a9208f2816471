/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Groups that split, merge or get another number, seen by the devices that both sides have. */
#include <stdlib.h>

#include "base/strbuf.h"
#include "model/diff-internal.h"

enum { NAMES_MAX = 8 };

/* A device that is in a group on both sides. */
struct link {
	const struct group *a, *b;
	const char *name; /* on the second side */
	bool merged;
	size_t order;
};

static int by_order(const struct link *l, const struct link *r)
{
	return l->order < r->order ? -1 : l->order > r->order;
}

static int by_first(const void *left, const void *right)
{
	const struct link *l = left, *r = right;

	if (l->a != r->a)
		return l->a->id < r->a->id ? -1 : 1;
	if (l->b != r->b)
		return l->b->id < r->b->id ? -1 : 1;
	return by_order(l, r);
}

static int by_second(const void *left, const void *right)
{
	const struct link *l = left, *r = right;

	if (l->b != r->b)
		return l->b->id < r->b->id ? -1 : 1;
	if (l->a != r->a)
		return l->a->id < r->a->id ? -1 : 1;
	return by_order(l, r);
}

static const char *group_text(struct differ *x, const struct group *g)
{
	return arena_printf(x->arena, "group %u", g->id);
}

/* "00:01.0, 01:00.0 | 01:00.1": a bar where the group is another one, @parted. */
static const char *names(struct differ *x, const struct link *links, size_t nr, bool parted)
{
	struct strbuf out = { .arena = x->arena };

	for (size_t i = 0; i < nr && i < NAMES_MAX; i++) {
		bool other = i && (links[i].a != links[i - 1].a || links[i].b != links[i - 1].b);

		strbuf_item(&out, parted && other ? " | " : ", ", "%s", links[i].name);
	}
	if (nr > NAMES_MAX)
		strbuf_printf(&out, " and %zu more", nr - NAMES_MAX);
	return strbuf_get(&out);
}

/* The links behind @links that have the same group on the first side; on the second, if @second. */
static size_t run_length(const struct link *links, size_t nr, bool second)
{
	size_t ret = 1;

	while (ret < nr && (second ? links[ret].b == links->b : links[ret].a == links->a))
		ret++;
	return ret;
}

static void find_merged(struct differ *x, struct link *links, size_t nr)
{
	size_t len;

	for (size_t i = 0; i < nr; i += len) {
		len = run_length(links + i, nr - i, true);
		if (links[i].a == links[i + len - 1].a)
			continue;
		for (size_t k = i; k < i + len; k++)
			links[k].merged = true;
		diff_add(x, CHANGE_GROUP, group_text(x, links[i].b), "merged",
			 names(x, links + i, len, true), names(x, links + i, len, false));
	}
}

static void find_split(struct differ *x, struct link *links, size_t nr)
{
	size_t len;

	for (size_t i = 0; i < nr; i += len) {
		len = run_length(links + i, nr - i, false);
		if (links[i].b != links[i + len - 1].b)
			diff_add(x, CHANGE_GROUP, group_text(x, links[i].a), "split",
				 names(x, links + i, len, false), names(x, links + i, len, true));
		else if (!links[i].merged && links[i].a->id != links[i].b->id)
			diff_add(x, CHANGE_GROUP, links[i].name, "number",
				 group_text(x, links[i].a), group_text(x, links[i].b))
				->rank = 1;
	}
}

/* A device that has a group on one side only. */
static void find_ungrouped(struct differ *x, const struct device_pair *p)
{
	const struct device *a = p->a, *b = p->b;

	if (a->group && b->group_link.state == FACT_ABSENT)
		diff_add(x, CHANGE_GROUP, b->name, "group", group_text(x, a->group), NULL);
	else if (b->group && a->group_link.state == FACT_ABSENT)
		diff_add(x, CHANGE_GROUP, b->name, "group", NULL, group_text(x, b->group));
	else
		x->ret->nr_uncompared += !a->group != !b->group;
}

/* Regions that a guest's memory must leave out. */
static void find_regions(struct differ *x, const struct link *l)
{
	diff_fact(x, CHANGE_GROUP, group_text(x, l->b), "reserved regions", &l->a->reserved_regions,
		  &l->b->reserved_regions);
}

void diff_groups(struct differ *x)
{
	struct link *links = arena_array(x->arena, x->nr, sizeof(*links));
	size_t nr = 0;

	for (size_t i = 0; i < x->nr; i++) {
		const struct device_pair *p = &x->pairs[i];

		if (p->b && p->a->group && p->b->group)
			links[nr] = (struct link){
				.a = p->a->group, .b = p->b->group, .name = p->b->name, .order = nr
			};
		else if (p->b)
			find_ungrouped(x, p);
		nr += p->b && p->a->group && p->b->group;
	}
	if (!nr)
		return;
	qsort(links, nr, sizeof(*links), by_second);
	find_merged(x, links, nr);
	for (size_t i = 0; i < nr; i += run_length(links + i, nr - i, true))
		if (links[i].a == links[i + run_length(links + i, nr - i, true) - 1].a)
			find_regions(x, &links[i]);
	qsort(links, nr, sizeof(*links), by_first);
	find_split(x, links, nr);
}

static const char *others_text(struct differ *x, const struct device *d)
{
	const struct group *g = d->group;
	struct strbuf out = { .arena = x->arena };

	for (size_t i = 0; i < g->nr_members; i++)
		if (g->members[i] != d)
			strbuf_item(&out, ", ", "%s", g->members[i]->name);
	return out.len ? arena_join(x->arena, "with ", diff_short(x, out.s, out.len), NULL)
		       : "alone";
}

void diff_members(struct differ *x)
{
	const struct host *h = x->a->host;

	for (size_t i = 0; i < h->nr_devices; i++) {
		const struct device *d = h->devices[i];

		if (d->group_link.state == FACT_ABSENT)
			diff_value(x, CHANGE_GROUP, d->name, "group", NULL, &d->group_link);
		else if (d->group && fact_is(&d->group->members_list))
			diff_value(x, CHANGE_GROUP, d->name, "group", others_text(x, d),
				   &d->group->members_list);
	}
}
