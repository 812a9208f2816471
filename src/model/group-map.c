/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tree of PCI functions that model/group.h computes on: made of a snapshot, and changed for what-ifs. */
#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "model/group.h"

/* ---- the tree ---- */

/* By the order of host.devices. */
static int compare(const struct group_node *n, const char *name)
{
	const char *own = n->device->name;
	size_t mine = strlen(own), its = strlen(name);

	if (mine != its)
		return mine < its ? -1 : 1;
	return strcmp(own, name);
}

struct group_node *group_map_find(const struct group_map *map, const char *name)
{
	size_t from = 0, to = map->nr_nodes;

	while (from < to) {
		size_t middle = from + (to - from) / 2;
		int order = compare(&map->nodes[middle], name);

		if (!order)
			return &map->nodes[middle];
		if (order < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return NULL;
}

static struct group_node *find_device(const struct group_map *map, const struct device *d)
{
	return d ? group_map_find(map, d->name) : NULL;
}

/* A bridge that says it leads elsewhere, or the other of two that claim one bus. */
static bool contradicts(const struct group_node *n)
{
	const struct group_node *b = n->bridge;

	if (!b || !b->config_known || b->config.gone || n->is_vf)
		return false;
	return !b->config.header_type || b->config.secondary != n->bus;
}

static void fill(struct group_map *map, struct group_node *n, const struct device *d)
{
	const struct pci_place *place = d->place;

	*n = (struct group_node){ .device = d,
				  .name = d->name,
				  .is_vf = d->physfn || fact_is(&d->physfn_link) };
	/* One that VFIO made, without an IOMMU, is none. */
	n->takes_part = d->group &&
			!(fact_is(&d->group->name) && !strcmp(d->group->name.raw, "vfio-noiommu"));
	n->alias = d->has_ids ? dma_alias_find(d->vendor, d->device_id) : NULL;
	map->any_alias |= n->alias != NULL;
	if (!place)
		return;
	n->domain = place->domain;
	n->bus = place->bus;
	n->devfn = place->devfn;
	n->placed = place->dir && d->has_ids;
	n->config_known = fact_is(&place->config);
	if (n->config_known)
		n->config = place->decoded;
}

static void hang(struct group_map *map)
{
	for (size_t i = map->nr_nodes; i-- > 0;) {
		struct group_node *n = &map->nodes[i];
		struct group_node **head = n->bridge ? &n->bridge->child : &map->roots;

		if (n->removed)
			continue;
		n->next = *head;
		*head = n;
	}
}

/* All of a bus, then what is behind its bridges, one after the other. linux: drivers/pci/probe.c:
 * pci_scan_child_bus_extend(). Functions that are behind themselves are not met. */
static void put_in_order(struct group_map *map)
{
	struct group_node **stack =
		arena_array(map->arena, map->nr_nodes + 1, sizeof(struct group_node *));
	size_t nr_stack = 0;

	map->order = arena_array(map->arena, map->nr_nodes, sizeof(struct group_node *));
	map->nr_order = 0;
	if (map->roots)
		stack[nr_stack++] = map->roots;
	while (nr_stack) {
		struct group_node *first = stack[--nr_stack];
		size_t begin = map->nr_order;

		for (struct group_node *n = first; n; n = n->next) {
			n->reached = true;
			map->order[map->nr_order++] = n;
		}
		for (size_t i = map->nr_order; i-- > begin;)
			if (map->order[i]->child)
				stack[nr_stack++] = map->order[i]->child;
	}
}

static void arrange(struct group_map *map)
{
	map->roots = NULL;
	for (size_t i = 0; i < map->nr_nodes; i++)
		map->nodes[i].child = map->nodes[i].next = NULL;
	hang(map);
	put_in_order(map);
}

/* A function that is behind itself, as only a forged capture says. */
static void break_circles(struct group_map *map)
{
	if (map->nr_order == map->nr_nodes)
		return;
	for (size_t i = 0; i < map->nr_nodes; i++) {
		if (map->nodes[i].reached)
			continue;
		map->nodes[i].bridge = NULL;
		map->nodes[i].placed = false;
	}
	arrange(map);
}

struct group_map *group_map_make(const struct host *h, uint64_t releases, struct arena *a)
{
	struct group_map *map = arena_new_object(a, struct group_map);

	*map = (struct group_map){ .arena = a, .host = h, .releases = releases };
	map->nodes = arena_array(a, h->nr_devices, sizeof(*map->nodes));
	for (size_t i = 0; i < h->nr_devices && h->devices[i]->bus == BUS_PCI; i++)
		fill(map, &map->nodes[map->nr_nodes++], h->devices[i]);
	for (size_t i = 0; i < map->nr_nodes; i++) {
		struct group_node *n = &map->nodes[i];

		if (!n->device->place)
			continue;
		n->bridge = find_device(map, n->device->place->bridge);
		n->dma = find_device(map, n->device->place->dma);
		n->placed &= n->bridge || !n->device->place->bridge;
	}
	for (size_t i = 0; i < map->nr_nodes; i++)
		map->nodes[i].placed &= !contradicts(&map->nodes[i]);
	arrange(map);
	break_circles(map);
	return map;
}

struct group_map *group_map_copy(const struct group_map *map, struct arena *a)
{
	struct group_map *ret = arena_memdup(a, map, sizeof(*map));

	ret->arena = a;
	ret->nodes = arena_memdup(a, map->nodes, map->nr_nodes * sizeof(*map->nodes));
	for (size_t i = 0; i < ret->nr_nodes; i++) {
		struct group_node *n = &ret->nodes[i];

		if (n->bridge)
			n->bridge = ret->nodes + (n->bridge - map->nodes);
		if (n->dma)
			n->dma = ret->nodes + (n->dma - map->nodes);
	}
	arrange(ret);
	return ret;
}

/* ---- what if ---- */

void group_map_set_acs(struct group_node *node, uint16_t ctrl)
{
	if (node->config.acs != PCIGROUP_PRESENT)
		node->config.acs_cap = ACS_REQUIRED;
	node->config.acs = PCIGROUP_PRESENT;
	node->config.acs_ctrl = ctrl;
	node->config.acs_next = ctrl;
}

static bool is_behind(const struct group_node *n, const struct group_node *bridge)
{
	for (; n; n = n->bridge)
		if (n == bridge)
			return true;
	return false;
}

void group_map_remove(struct group_map *map, struct group_node *node)
{
	for (size_t i = 0; i < map->nr_order; i++)
		map->order[i]->removed |= is_behind(map->order[i], node);
	arrange(map);
}

int group_map_move(struct group_map *map, struct group_node *node, struct group_node *port)
{
	enum { FUNCTION = 0x07 };
	const struct group_node was = *node;

	if (!group_is_bridge(port) || !port->config_known)
		return -EINVAL;
	if (is_behind(port, node))
		return -ELOOP;
	if (port->child)
		return port->child->bridge == node->bridge ? 0 : -EBUSY;
	for (size_t i = 0; i < map->nr_nodes; i++) {
		struct group_node *n = &map->nodes[i];

		if (n->bridge != was.bridge || n->domain != was.domain || n->bus != was.bus ||
		    (n->devfn ^ was.devfn) & ~FUNCTION)
			continue;
		n->bridge = port;
		n->domain = port->domain;
		n->bus = port->config.secondary;
		n->devfn &= FUNCTION;
		n->name = arena_printf(map->arena, "%04x:%02x:00.%u", n->domain, n->bus, n->devfn);
	}
	arrange(map);
	return 0;
}
