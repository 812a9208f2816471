/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/topology.h"

static size_t add_row(struct topology *t, const struct group_node *n, size_t depth, size_t above,
		      struct arena *a)
{
	t->rows = arena_grow(a, t->rows, t->nr, sizeof(*t->rows));
	t->rows[t->nr] = (struct topology_row){ .node = n, .depth = depth, .above = above };
	return t->nr++;
}

struct todo {
	const struct group_node *node;
	size_t depth, above;
};

/* @first, then all that is behind it; the depth is bounded by the number of functions. */
static void add_function(struct topology *t, struct todo *todo, const struct group_node *first,
			 size_t root, struct arena *a)
{
	size_t nr = 1;

	todo[0] = (struct todo){ first, 1, root };
	while (nr) {
		struct todo one = todo[--nr];
		size_t row = add_row(t, one.node, one.depth, one.above, a), begin = nr;

		for (const struct group_node *n = one.node->child; n; n = n->next)
			todo[nr++] = (struct todo){ n, one.depth + 1, row };
		for (size_t i = begin, k = nr; i + 1 < k; i++, k--) {
			struct todo swap = todo[i];

			todo[i] = todo[k - 1];
			todo[k - 1] = swap;
		}
	}
}

bool topology_has(const struct group_node *n)
{
	return n->device->place && n->device->place->path.path;
}

void topology_make(const struct group_map *map, struct arena *a, struct topology *ret)
{
	struct todo *todo = arena_array(a, map->nr_nodes + 1, sizeof(*todo));
	const struct group_node *last = NULL;
	size_t root = 0;

	*ret = (struct topology){ 0 };
	for (const struct group_node *n = map->roots; n; n = n->next) {
		if (!topology_has(n))
			continue;
		if (!last || last->domain != n->domain || last->bus != n->bus) {
			root = add_row(ret, NULL, 0, ret->nr, a);
			ret->rows[root].bus = arena_printf(a, "bus %04x:%02x", n->domain, n->bus);
		}
		last = n;
		add_function(ret, todo, n, root, a);
	}
}

void topology_keep(struct topology *t, const struct group_map *map, const bool *wanted,
		   struct arena *a)
{
	bool *keep = arena_array(a, t->nr, sizeof(*keep));
	size_t *place = arena_array(a, t->nr, sizeof(*place)), nr = 0;

	for (size_t i = t->nr; i-- > 0;) {
		const struct topology_row *r = &t->rows[i];

		keep[i] |= r->node && wanted[r->node - map->nodes];
		keep[r->above] |= keep[i];
	}
	for (size_t i = 0; i < t->nr; i++) {
		if (!keep[i])
			continue;
		place[i] = nr;
		t->rows[nr] = t->rows[i];
		t->rows[nr].above = place[t->rows[i].above];
		nr++;
	}
	t->nr = nr;
}
