/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tree of buses as rows: each root bus, and below it its PCI functions, those behind a bridge below that. What
 * 'list --tree' and the pictures of explain show. */
#pragma once

#include "model/group.h"

struct topology_row {
	const struct group_node *node; /* NULL: a root bus */
	const char *bus;               /* "bus 0000:00", of a root bus */
	size_t depth;
	size_t above; /* index of the row that it is below; of a root bus its own */
};

struct topology {
	struct topology_row *rows; /* in the kernel's order, each right behind what it is below */
	size_t nr;
};

/* Whether the bus of @n is known: not the name of a function in a forged capture may be anything. */
bool topology_has(const struct group_node *n);
/* The functions of @map that have a bus; all in @a. */
void topology_make(const struct group_map *map, struct arena *a, struct topology *ret);
/* Leaves the rows whose place in the map is @wanted, and what they are below. */
void topology_keep(struct topology *t, const struct group_map *map, const bool *wanted,
		   struct arena *a);
