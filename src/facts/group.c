/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IOMMU groups: attributes, members, nodes. linux: drivers/iommu/iommu.c: the group kobject. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "decode/pciaddr.h"
#include "facts/loader.h"

enum { GROUP_REGIONS_TEXT_MAX = 1 << 20 };

static const char *group_path(struct loader *l, unsigned int id)
{
	return arena_join(l->a, "sys/kernel/iommu_groups/", arena_decimal(l->a, id), NULL);
}

bool group_is_wanted(struct loader *l, unsigned int id)
{
	return strmap_find(&l->groups, arena_decimal(l->a, id)) != NULL;
}

struct group_slot *group_want(struct loader *l, unsigned int id)
{
	const char *name = arena_decimal(l->a, id);
	struct group_slot *g = strmap_find(&l->groups, name);

	if (g)
		return g;
	g = arena_new_object(l->a, struct group_slot);
	g->group.id = id;
	g->group.regions_err = -ENODATA;
	strmap_add(&l->groups, name, g);
	l->group_slots =
		arena_grow(l->a, l->group_slots, l->nr_group_slots, sizeof(struct group_slot *));
	l->group_slots[l->nr_group_slots++] = g;
	return g;
}

/* A member that is not a PCI device is only a name here; its link tells where it lives. */
static void member_want(struct loader *l, const char *dir, struct span line, unsigned int parts,
			bool seed)
{
	const char *name = arena_strndup(l->a, line.s, line.len);
	struct fact link = read_link_at(l, dir, name);
	struct device_slot *s = NULL;
	char *path = NULL;

	if (fact_is(&link))
		path = path_join(l->a, dir, fact_describe(&link));
	if (path)
		s = device_want_path(l, path, line, parts, seed);
	if (s)
		return;
	/* The bus is not known, but the device can still be read through the group's own link. */
	s = device_want(l, "unknown", line, parts, seed);
	s->dev.sysfs = arena_printf(l->a, "/%s/%s", dir, name);
}

void group_load_members(struct loader *l, struct group_slot *g, unsigned int parts, bool seed)
{
	const char *dir = arena_join(l->a, group_path(l, g->group.id), "/devices", NULL);
	struct span rest, line;
	struct pciaddr addr;

	if (g->group.members_list.state == FACT_UNREAD)
		g->group.members_list = sysroot_list(l->root, l->a, dir);
	rest = fact_describe(&g->group.members_list);
	while (parse_line(&rest, &line)) {
		if (!name_is_file(line))
			continue;
		if (!pciaddr_parse(line, &addr))
			device_want(l, "pci", line, parts, seed);
		else
			member_want(l, dir, line, parts, seed);
	}
}

static void groups_fill_members(struct loader *l)
{
	/* In the order of the devices, so each group's members come out sorted. */
	for (size_t i = 0; i < l->h->nr_devices; i++) {
		struct device *d = l->h->devices[i];
		struct group *g = d->group;

		if (!g)
			continue;
		g->members = arena_grow(l->a, g->members, g->nr_members, sizeof(struct device *));
		g->members[g->nr_members++] = d;
	}
}

static void load_regions(struct loader *l, struct group *g, const char *dir)
{
	struct resv_region *regions;
	size_t nr;

	g->reserved_regions =
		sysroot_read(l->root, l->a, arena_join(l->a, dir, "/reserved_regions", NULL),
			     GROUP_REGIONS_TEXT_MAX);
	if (!fact_is(&g->reserved_regions))
		return;
	g->regions_err = resv_parse(fact_describe(&g->reserved_regions), l->a, &regions, &nr);
	if (g->regions_err < 0)
		return;
	g->regions = regions;
	g->nr_regions = nr;
}

static void load_nodes(struct loader *l, struct group *g, bool served)
{
	node_load_listed(l, &g->node, "/dev/vfio", arena_decimal(l->a, g->id), &l->vfio_names);
	/* What an IOMMU serves has no such node, and thousands of groups need no words for it. */
	if (served)
		g->noiommu_node.stat = (struct fact){ .state = FACT_ABSENT, .err = ENOENT };
	else
		node_load_listed(l, &g->noiommu_node, "/dev/vfio",
				 arena_printf(l->a, "noiommu-%u", g->id), &l->vfio_names);
}

/* No VFIO driver takes any device of the group, so that no address of it is ever mapped. linux:
 * drivers/vfio/pci/vfio_pci.c: vfio_pci_probe() wants a header of type 0. */
static bool has_only_bridges(const struct group *g)
{
	for (size_t i = 0; i < g->nr_members; i++)
		if (g->members[i]->is_bridge != TRI_YES)
			return false;
	return g->nr_members > 0;
}

/* Whether no group of @unit has a direct region. linux: drivers/iommu/intel/iommu.c: intel_iommu_get_resv_regions();
 * drivers/iommu/amd/iommu.c: amd_iommu_get_resv_regions(). */
static bool has_no_direct(const struct firmware *fw, const struct iommu_unit *unit)
{
	return (unit->kind == IOMMU_KIND_INTEL && fw->without_rmrr) ||
	       (unit->kind == IOMMU_KIND_AMD && fw->without_ivmd);
}

/* For a verdict it counts only whether there is a direct region, and the firmware's table says of all groups at once that
 * there is none; besides the few addresses of interrupts nothing else is reserved there. */
static void load_regions_by_table(struct loader *l, struct group *g, const struct iommu_unit *unit)
{
	const struct firmware *fw = &l->h->firmware;

	g->reserved_regions = (struct fact){
		.state = FACT_ABSENT,
		.err = ENOENT,
		.path = unit->kind == IOMMU_KIND_INTEL ? fw->dmar.path : fw->ivrs.path,
	};
	g->regions_err = 0;
}

static void group_load(struct loader *l, struct group *g, const struct iommu_unit *mirror)
{
	const char *dir = group_path(l, g->id);

	if (l->scope.host_parts & HOST_GROUP_TYPES)
		g->type = read_at(l, dir, "type");
	if (l->scope.host_parts & HOST_GROUPS) {
		/* A group that an IOMMU serves was not made by VFIO. */
		if (mirror)
			g->name = (struct fact){ .state = FACT_ABSENT,
						 .err = ENOENT,
						 .path = mirror->devices_list.path };
		else
			g->name = read_at(l, dir, "name");
	}
	if (l->scope.host_parts & HOST_GROUP_REGIONS) {
		if (mirror && has_no_direct(&l->h->firmware, mirror))
			load_regions_by_table(l, g, mirror);
		else if (!mirror || !has_only_bridges(g))
			load_regions(l, g, dir);
	}
	if (l->scope.host_parts & HOST_GROUP_NODES)
		load_nodes(l, g, mirror != NULL);
}

static int group_compare(const void *a, const void *b)
{
	const struct group *x = *(struct group *const *)a, *y = *(struct group *const *)b;

	return x->id < y->id ? -1 : x->id > y->id;
}

/* The list that the group would have given, from the lists of what its IOMMU serves. */
static void list_from_members(struct loader *l, struct group_slot *g)
{
	struct strbuf names = { .arena = l->a };
	struct group *group = &g->group;

	group->members_list = (struct fact){ .state = FACT_PRESENT,
					     .path = g->mirror->devices_list.path,
					     .raw = "" };
	for (size_t i = 0; group->nr_members > 1 && i < group->nr_members; i++) {
		if (i)
			strbuf_add(&names, "\n", 1);
		strbuf_add(&names, group->members[i]->name, strlen(group->members[i]->name));
	}
	if (group->nr_members)
		group->members_list.raw = names.len ? strbuf_get(&names) : group->members[0]->name;
	group->members_list.len = strlen(group->members_list.raw);
}

static bool is_given_away(const struct node *node)
{
	return fact_is(&node->stat) && (node->uid || node->gid || (node->mode & 077));
}

void groups_load(struct loader *l)
{
	l->h->groups = arena_array(l->a, l->nr_group_slots, sizeof(struct group *));
	groups_fill_members(l);
	for (size_t i = 0; i < l->nr_group_slots; i++) {
		if (l->group_slots[i]->wanted)
			group_load(l, &l->group_slots[i]->group, l->group_slots[i]->mirror);
		l->h->groups[l->h->nr_groups++] = &l->group_slots[i]->group;
		l->h->group_nodes_given_away |= is_given_away(&l->group_slots[i]->group.node);
	}
	if (l->h->nr_groups)
		qsort(l->h->groups, l->h->nr_groups, sizeof(struct group *), group_compare);
	for (size_t i = 0; i < l->nr_group_slots; i++)
		if (l->group_slots[i]->mirror)
			list_from_members(l, l->group_slots[i]);
}
