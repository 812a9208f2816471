/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/explain.h"

#include <string.h>

#include "base/macro.h"
#include "base/strbuf.h"

/* ---- lists of names ---- */

struct names {
	struct arena *arena;
	const char **items;
	size_t nr;
};

static void names_add(struct names *n, const char *name)
{
	n->items = arena_grow(n->arena, n->items, n->nr, sizeof(*n->items));
	n->items[n->nr++] = name;
}

static struct texts names_texts(const struct names *n)
{
	return (struct texts){ n->items, n->nr };
}

struct lists {
	struct arena *arena;
	struct texts *items;
	size_t nr;
};

static void lists_add(struct lists *l, struct texts texts)
{
	l->items = arena_grow(l->arena, l->items, l->nr, sizeof(*l->items));
	l->items[l->nr++] = texts;
}

/* The members of each computed group: the next one of it, by the order of the map. */
struct chains {
	const struct group_map *map;
	size_t *next; /* index + 1 of the next member; 0: the last */
	size_t *head; /* the same of the first member, at the index of the one that stands for the group */
	size_t *seen; /* there too: number + 1 of the kernel's group that was compared with it */
};

static size_t index_of(const struct group_map *map, const struct group_node *n)
{
	return (size_t)(n - map->nodes);
}

static struct chains chains_make(const struct group_map *map, struct arena *a)
{
	struct chains c = { .map = map };

	c.next = arena_array(a, map->nr_nodes, sizeof(*c.next));
	c.head = arena_array(a, map->nr_nodes, sizeof(*c.head));
	c.seen = arena_array(a, map->nr_nodes, sizeof(*c.seen));
	for (size_t i = map->nr_nodes; i-- > 0;) {
		size_t first = index_of(map, map->nodes[i].first);

		if (!map->nodes[i].takes_part || map->nodes[i].removed)
			continue;
		c.next[i] = c.head[first];
		c.head[first] = i + 1;
	}
	return c;
}

static struct texts chain_texts(const struct chains *c, const struct group_node *n, struct arena *a)
{
	struct names names = { .arena = a };

	for (size_t i = c->head[index_of(c->map, n->first)]; i; i = c->next[i - 1])
		names_add(&names, c->map->nodes[i - 1].name);
	return names_texts(&names);
}

/* ---- one group ---- */

static struct explain_reason make_reason(const struct group_node *a, const struct group_node *b,
					 struct arena *arena)
{
	struct explain_reason ret = { .a = a->name, .b = b->name };
	const struct group_node **links = group_reason(a, b, arena, &ret.nr_hops);
	struct explain_hop *hops = arena_array(arena, ret.nr_hops, sizeof(*hops));

	for (size_t i = 0; i < ret.nr_hops; i++)
		hops[i] = explain_hop(links[i], arena);
	ret.hops = hops;
	return ret;
}

static const char *alone_text(const struct group_node *n, struct arena *a)
{
	struct strbuf out = { .arena = a };

	for (const struct group_node *b = n->bridge; b; b = b->bridge)
		strbuf_item(&out, "; ", "%s %s isolates: %s", explain_kind(b), b->name,
			    explain_acs(b, a));
	if (!n->bridge)
		strbuf_item(&out, "; ", "it is on a root bus");
	if (group_is_multifunction(n) == TRI_YES && n->acs.isolates == TRI_YES)
		strbuf_item(&out, "; ", "its functions are apart: %s", explain_acs(n, a));
	return strbuf_get(&out);
}

/* Whether the IOMMU's driver groups PCI devices by the common rules. linux: intel_iommu_device_group(),
 * amd_iommu_device_group(), arm_smmu_device_group(), viommu_device_group(). */
static bool has_own_rules(const struct device *d)
{
	if (!d->iommu)
		return false;
	switch (d->iommu->kind) {
	case IOMMU_KIND_INTEL:
	case IOMMU_KIND_AMD:
	case IOMMU_KIND_SMMU_V3:
	case IOMMU_KIND_VIRTIO:
		return false;
	default:
		return true;
	}
}

static bool is_noiommu(const struct group *g)
{
	return fact_is(&g->name) && !strcmp(g->name.raw, "vfio-noiommu");
}

/* What could make the kernel's groups other than the computed ones. */
static const char *differ_text(const struct group_map *map, const struct group *g, struct arena *a)
{
	const struct host *h = map->host;

	if (kernel_cmdline(&h->kernel, a, "pcie_acs_override") && !map->overrides)
		return "the command line has pcie_acs_override=, which kernels with that patch obey: the groups then promise more than the hardware keeps";
	for (size_t i = 0; i < g->nr_members; i++)
		if (has_own_rules(g->members[i]))
			return arena_printf(a,
					    "the driver of %s has rules of its own, which vfiotool does not know",
					    g->members[i]->iommu->name);
	return "a device was plugged in after the others, ACS was changed after the boot (setpci), or this kernel is patched";
}

static enum tristate compare(const struct group_map *map, const struct group *g,
			     struct explain_group *ret, const struct group_node *doubt,
			     const char *other, struct arena *a)
{
	if (is_noiommu(g)) {
		ret->unknown = "VFIO made this group in no-IOMMU mode: nothing isolates its device";
		return TRI_UNKNOWN;
	}
	if (doubt) {
		ret->unknown = explain_doubt(doubt, a);
		return TRI_UNKNOWN;
	}
	if (other) {
		ret->unknown =
			arena_printf(a,
				     "only the groups of PCI devices are computed, and %s is not one",
				     other);
		return TRI_UNKNOWN;
	}
	if (ret->nr_computed == 1 && ret->computed[0].nr == ret->devices.nr)
		return TRI_YES;
	ret->unknown = differ_text(map, g, a);
	return TRI_NO;
}

static void add_reasons(const struct group_map *map, const struct group *g, struct arena *a,
			struct explain_group *ret)
{
	struct group_node *first = NULL;
	struct explain_reason *reasons = arena_array(a, g->nr_members, sizeof(*reasons));

	for (size_t i = 0; i < g->nr_members; i++) {
		struct group_node *n = group_map_find(map, g->members[i]->name);

		if (!n)
			continue;
		if (first && group_together(first, n))
			reasons[ret->nr_reasons++] = make_reason(first, n, a);
		else if (!first)
			first = n;
	}
	ret->reasons = reasons;
	if (first && g->nr_members == 1 && ret->agrees == TRI_YES)
		ret->alone = alone_text(first, a);
}

static void make_group(const struct chains *chains, const struct group *g, struct arena *a,
		       struct explain_group *ret)
{
	const struct group_map *map = chains->map;
	struct names devices = { .arena = a };
	struct lists computed = { .arena = a };
	const struct group_node *doubt = NULL;
	const char *other = NULL;

	*ret = (struct explain_group){ .has_number = true, .number = g->id };
	for (size_t i = 0; i < g->nr_members; i++) {
		const struct device *d = g->members[i];
		struct group_node *n = d->bus == BUS_PCI ? group_map_find(map, d->name) : NULL;
		size_t *seen;

		names_add(&devices, d->name);
		if (!n) {
			/* One alone is as expected: the drivers give each a group. */
			other = g->nr_members > 1 || has_own_rules(d) ? d->name : NULL;
			lists_add(&computed, (struct texts){ &d->name, 1 });
			continue;
		}
		if (n->first->group_doubt && !doubt)
			doubt = n->first->group_doubt;
		seen = &chains->seen[index_of(map, n->first)];
		if (*seen != g->id + (size_t)1)
			lists_add(&computed, chain_texts(chains, n, a));
		*seen = g->id + (size_t)1;
	}
	ret->devices = names_texts(&devices);
	ret->computed = computed.items;
	ret->nr_computed = computed.nr;
	ret->agrees = compare(map, g, ret, doubt, other, a);
	add_reasons(map, g, a, ret);
}

/* ---- all ---- */

/* The place of @g among the host's groups, which are by number. */
static size_t group_index(const struct host *h, const struct group *g)
{
	size_t from = 0, to = h->nr_groups;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (h->groups[middle]->id < g->id)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

/* The functions of IOMMUs themselves, by class (PCI Code and ID Assignment, 1.9) or, of virtio, by device: what
 * translates for others is behind nothing. */
static bool is_an_iommu(const struct device *d)
{
	enum { CLASS_IOMMU = 0x0806, VIRTIO = 0x1af4, VIRTIO_IOMMU = 0x1057 };

	return d->has_ids && (d->class_code >> 8 == CLASS_IOMMU ||
			      (d->vendor == VIRTIO && d->device_id == VIRTIO_IOMMU));
}

static void warn_of_missing(struct explanation *e, const char *name, size_t nr, size_t nr_all)
{
	const char *why = arena_printf(e->arena, "'vfiotool inspect %s' shows why", name);

	if (nr == 1)
		explain_warn(e, arena_printf(e->arena, "%s has no IOMMU group: %s", name, why));
	else if (nr == nr_all)
		explain_warn(e, arena_printf(e->arena, "no device has an IOMMU group: %s", why));
	else
		explain_warn(e, arena_printf(e->arena, "%zu devices have no IOMMU group: %s", nr,
					     why));
}

void explain_make(const struct group_map *map, struct device *const *devices, size_t nr,
		  struct arena *a, struct explanation *ret)
{
	const struct host *h = map->host;
	struct explain_group *groups = arena_array(a, h->nr_groups, sizeof(*groups));
	bool *wanted = arena_array(a, h->nr_groups, sizeof(*wanted));
	const struct chains chains = chains_make(map, a);
	const char *first = NULL;
	size_t without = 0;

	*ret = (struct explanation){ .arena = a, .map = map, .groups = groups };
	for (size_t i = 0; i < nr; i++) {
		if (devices[i]->group)
			wanted[group_index(h, devices[i]->group)] = true;
		else if (is_an_iommu(devices[i]) && nr == 1)
			explain_warn(ret,
				     arena_printf(a,
						  "%s is an IOMMU itself: the kernel gives it no group",
						  devices[i]->name));
		else if (!is_an_iommu(devices[i]) && !without++)
			first = devices[i]->name;
	}
	if (without)
		warn_of_missing(ret, first, without, nr);
	for (size_t i = 0; i < h->nr_groups; i++)
		if (wanted[i])
			make_group(&chains, h->groups[i], a, &groups[ret->nr_groups++]);
	/* What has no group leaves open a question about it, and none about a host that has others. */
	ret->unknown = without && (nr < h->nr_devices || !ret->nr_groups);
}

/* ---- what if ---- */

static bool same_texts(struct texts a, struct texts b)
{
	for (size_t i = 0; a.nr == b.nr && i < a.nr; i++)
		if (strcmp(a.items[i], b.items[i]))
			return false;
	return a.nr == b.nr;
}

/* The first functions of the groups that @from has and @to has not. */
static const struct group_node **missing(const struct chains *from, const struct chains *to,
					 struct arena *a, size_t *ret_nr)
{
	const struct group_node **ret =
		arena_array(a, from->map->nr_nodes, sizeof(struct group_node *));

	*ret_nr = 0;
	for (size_t i = 0; i < from->map->nr_nodes; i++) {
		const struct group_node *n = &from->map->nodes[i], *there = &to->map->nodes[i];

		if (!from->head[i] || n->first != n)
			continue;
		if (there->removed ||
		    !same_texts(chain_texts(from, n, a), chain_texts(to, there, a)))
			ret[(*ret_nr)++] = n;
	}
	return ret;
}

static struct texts *group_lists(const struct chains *c, const struct group_node **first, size_t nr,
				 struct arena *a)
{
	struct texts *ret = arena_array(a, nr, sizeof(*ret));

	for (size_t i = 0; i < nr; i++)
		ret[i] = chain_texts(c, first[i], a);
	return ret;
}

/* Whether the computed group of @n is the kernel's. */
static bool is_the_kernels(const struct chains *c, const struct group_node *n)
{
	const struct group *g = n->device->group;
	size_t nr = 0;

	for (size_t i = c->head[index_of(c->map, n)]; i; i = c->next[i - 1], nr++)
		if (c->map->nodes[i - 1].device->group != g)
			return false;
	return g && nr == g->nr_members && !n->group_doubt;
}

static void make_future(const struct chains *c, const struct group_node *first, struct texts *list,
			struct arena *a, struct explain_group *ret)
{
	struct explain_reason *reasons = arena_array(a, list->nr, sizeof(*reasons));

	*ret = (struct explain_group){ .devices = *list, .computed = list, .nr_computed = 1 };
	for (size_t i = c->head[index_of(c->map, first)]; i; i = c->next[i - 1])
		if (&c->map->nodes[i - 1] != first)
			reasons[ret->nr_reasons++] = make_reason(first, &c->map->nodes[i - 1], a);
	ret->reasons = reasons;
	if (first->group_doubt)
		ret->unknown = explain_doubt(first->group_doubt, a);
	else if (list->nr == 1)
		ret->alone = alone_text(first, a);
}

void explain_add_change(struct explanation *e, const struct group_map *changed)
{
	const struct chains was = chains_make(e->map, e->arena),
			    is = chains_make(changed, e->arena);
	const struct group_node **before = missing(&was, &is, e->arena, &e->nr_before),
				**after = missing(&is, &was, e->arena, &e->nr_after);
	struct texts *lists = group_lists(&is, after, e->nr_after, e->arena);
	struct explain_group *groups = arena_array(e->arena, e->nr_after, sizeof(*groups));
	bool sure = true;

	e->changed = changed;
	e->before = group_lists(&was, before, e->nr_before, e->arena);
	e->after = lists;
	for (size_t i = 0; i < e->nr_after; i++) {
		make_future(&is, after[i], &lists[i], e->arena, &groups[i]);
		e->unknown |= groups[i].unknown != NULL;
	}
	e->groups = groups;
	e->nr_groups = e->nr_after;
	for (size_t i = 0; i < e->nr_before; i++)
		sure &= is_the_kernels(&was, before[i]);
	if (sure)
		return;
	e->unknown = true;
	explain_warn(e,
		     "the kernel's groups differ already from what vfiotool has computed for now: do not rely on this prediction");
}
