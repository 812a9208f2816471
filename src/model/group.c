/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/group.h"

#include <string.h>

#include "base/macro.h"
#include "base/parse.h"
#include "base/strbuf.h"

enum { FUNCTION = 0x07, DEVFNS = 256 };

/* ---- one function ---- */

bool group_is_bridge(const struct group_node *node)
{
	return node->config_known ? node->config.header_type != 0
				  : node->device->is_bridge == TRI_YES;
}

enum tristate group_is_multifunction(const struct group_node *node)
{
	const bool ari = node->bridge && !node->is_vf &&
			 node->bridge->config.pcie == PCIGROUP_PRESENT && node->devfn > FUNCTION;

	if (node->is_vf)
		return TRI_NO;
	if (node->devfn & FUNCTION || ari)
		return TRI_YES;
	if (!node->config_known)
		return TRI_UNKNOWN;
	return node->config.multifunction ? TRI_YES : TRI_NO;
}

/* A port that contradicts the one above. linux: drivers/pci/probe.c: set_pcie_port_type(). */
static uint8_t correct_type(const struct group_node *node)
{
	const struct group_node *above = node->bridge;

	if (!above || above->config.pcie != PCIGROUP_PRESENT)
		return node->config.type;
	if (node->config.type == PCIE_DOWNSTREAM &&
	    (above->type == PCIE_DOWNSTREAM || above->type == PCIE_ROOT_PORT ||
	     above->type == PCI_TO_PCIE))
		return PCIE_UPSTREAM;
	if (node->config.type == PCIE_UPSTREAM && above->type == PCIE_UPSTREAM)
		return PCIE_DOWNSTREAM;
	return node->config.type;
}

static struct acs_answer answer(enum tristate isolates, enum acs_reason reason)
{
	return (struct acs_answer){ .isolates = isolates, .reason = reason };
}

/* linux: drivers/pci/pci.c: pci_acs_flags_enabled() */
static struct acs_answer ask_registers(const struct group_node *node)
{
	const struct pcigroup *c = &node->config;
	struct acs_answer ret;

	if (c->acs == PCIGROUP_UNREAD)
		return answer(TRI_UNKNOWN, ACS_BECAUSE_UNREAD);
	if (c->acs == PCIGROUP_NONE)
		return answer(TRI_NO, ACS_BECAUSE_NO_CAPABILITY);
	ret = answer(TRI_YES, ACS_BECAUSE_ENABLED);
	/* What the capability lacks counts as wired to be on. */
	ret.missing = ACS_REQUIRED & c->acs_cap & (uint16_t)~c->acs_ctrl;
	if (ret.missing)
		ret.isolates = TRI_NO, ret.reason = ACS_BECAUSE_BITS;
	return ret;
}

static struct acs_answer ask_kind(const struct group_node *node)
{
	const struct pcigroup *c = &node->config;

	if (!node->config_known || c->gone || c->pcie == PCIGROUP_UNREAD)
		return answer(TRI_UNKNOWN, ACS_BECAUSE_UNREAD);
	if (c->pcie == PCIGROUP_NONE)
		return answer(TRI_NO, ACS_BECAUSE_CONVENTIONAL);
	switch (node->type) {
	case PCI_TO_PCIE:
	case PCIE_TO_PCI:
	case PCIE_EVENT_COLLECTOR:
		return answer(TRI_NO, ACS_BECAUSE_KIND);
	case PCIE_DOWNSTREAM:
	case PCIE_ROOT_PORT:
		return ask_registers(node);
	case PCIE_ENDPOINT:
	case PCIE_UPSTREAM:
	case PCIE_LEGACY_ENDPOINT:
	case PCIE_INTEGRATED_ENDPOINT:
		if (group_is_multifunction(node) == TRI_YES)
			return ask_registers(node);
		return answer(TRI_YES, ACS_BECAUSE_SINGLE);
	default:
		return answer(TRI_YES, ACS_BECAUSE_UNNEEDED);
	}
}

/* What patched kernels believe, before they look at anything else. */
static bool is_overridden(const struct group_map *map, const struct group_node *node)
{
	if (node->config.pcie != PCIGROUP_PRESENT)
		return false;
	switch (node->type) {
	case PCIE_DOWNSTREAM:
	case PCIE_ROOT_PORT:
		return map->overrides & ACS_OVERRIDE_DOWNSTREAM;
	case PCIE_ENDPOINT:
	case PCIE_UPSTREAM:
	case PCIE_LEGACY_ENDPOINT:
	case PCIE_INTEGRATED_ENDPOINT:
		return map->overrides & ACS_OVERRIDE_MULTIFUNCTION &&
		       group_is_multifunction(node) == TRI_YES;
	default:
		return false;
	}
}

static struct acs_answer ask_acs(const struct group_map *map, const struct group_node *node)
{
	const struct pcigroup *c = &node->config;
	struct acs_answer ret = ask_kind(node);
	struct acs_verdict quirk;

	acs_quirk_ask(&(struct acs_subject){ .vendor = node->device->vendor,
					     .device = node->device->device_id,
					     .is_pcie = c->pcie == PCIGROUP_PRESENT,
					     .type = node->type,
					     .multifunction =
						     group_is_multifunction(node) == TRI_YES,
					     .on_root_bus = !node->bridge,
					     .has_ivrs = map->host->firmware.has_ivrs,
					     .has_acs = c->acs == PCIGROUP_PRESENT,
					     .acs_cap = c->acs_cap,
					     .acs_next = c->acs_next },
		      map->releases, &quirk);
	if (quirk.row && quirk.isolates == TRI_UNKNOWN)
		ret = (struct acs_answer){ .reason = quirk.row->quirk == ACS_QUIRK_AMD_SOUTHBRIDGE
							     ? ACS_BECAUSE_FIRMWARE
							     : ACS_BECAUSE_KERNEL,
					   .row = quirk.row };
	else if (quirk.row && quirk.perhaps && quirk.isolates != ret.isolates)
		ret = (struct acs_answer){ .reason = ACS_BECAUSE_KERNEL, .row = quirk.row };
	else if (quirk.row && !quirk.perhaps)
		ret = (struct acs_answer){ .isolates = quirk.isolates,
					   .reason = ACS_BECAUSE_QUIRK,
					   .row = quirk.row };
	if (ret.isolates != TRI_YES && is_overridden(map, node))
		ret = answer(TRI_YES, ACS_BECAUSE_OVERRIDE);
	return ret;
}

/* linux: drivers/pci/pci.c: pci_acs_path_enabled(). What is above @node has been asked. */
static void ask_path(struct group_node *node)
{
	const struct group_node *above = node->bridge;

	node->path = node->acs.isolates;
	node->path_cause = node;
	if (above && node->path == TRI_YES) {
		node->path = above->path;
		node->path_cause = above->path_cause;
	} else if (above && node->path == TRI_UNKNOWN && above->path == TRI_NO) {
		node->path = TRI_NO;
		node->path_cause = above->path_cause;
	}
}

/* ---- the kernel's walk ---- */

static void doubt(struct group_node *node, struct group_node *about, enum group_doubt kind)
{
	if (node->doubt)
		return;
	node->doubt = kind;
	node->doubtful = about;
}

static void doubt_acs(struct group_node *node, struct group_node *about)
{
	doubt(node, about,
	      about->acs.reason == ACS_BECAUSE_KERNEL     ? GROUP_DOUBT_KERNEL
	      : about->acs.reason == ACS_BECAUSE_FIRMWARE ? GROUP_DOUBT_FIRMWARE
							  : GROUP_DOUBT_CONFIG);
}

static void join(struct group_node *node, struct group_node *other, enum group_link link,
		 struct group_node *cause)
{
	node->joined = other;
	node->link = link;
	node->cause = cause;
}

/* Whether the bridge puts its own address on what passes. linux: drivers/pci/search.c:
 * pci_for_each_dma_alias(). Kernels that have the row of one that does not make the same groups: it does not isolate. */
static enum tristate bridge_aliases(const struct group_map *map, const struct group_node *bridge)
{
	const struct dma_alias_row *row = bridge->alias;

	if (row && row->alias == DMA_ALIAS_NOT && !(map->releases & RELEASES_UNTIL(row->since)))
		return TRI_NO;
	if (!bridge->config_known || bridge->config.gone || bridge->config.pcie == PCIGROUP_UNREAD)
		return TRI_UNKNOWN;
	if (bridge->config.pcie == PCIGROUP_NONE)
		return TRI_YES;
	return bridge->config.type == PCIE_TO_PCI || bridge->config.type == PCI_TO_PCIE ? TRI_YES
											: TRI_NO;
}

/* Upwards over bridges that hide the requester; *@last is where it ends. True when that led to a group, or nowhere. */
static bool walk_aliases(const struct group_map *map, struct group_node *node,
			 struct group_node **last)
{
	struct group_node *start = node->dma ? node->dma : node;

	*last = start;
	if (start != node && start->done) {
		join(node, start, GROUP_LINK_DMA, start);
		return true;
	}
	for (struct group_node *b = start->bridge; b; b = b->bridge) {
		enum tristate aliases = bridge_aliases(map, b);

		if (b->alias && b->alias->alias == DMA_ALIAS_TRANSLATES)
			break;
		if (aliases == TRI_NO)
			continue;
		if (aliases == TRI_UNKNOWN) {
			doubt(node, b, GROUP_DOUBT_CONFIG);
			return true;
		}
		*last = b;
		if (b->done) {
			join(node, b, GROUP_LINK_BRIDGE, b);
			return true;
		}
	}
	return false;
}

/* Upwards to where ACS isolates, all the way. */
static bool walk_path(struct group_node *node, struct group_node **last)
{
	for (struct group_node *b = (*last)->bridge; b; b = b->bridge) {
		if (b->path == TRI_YES)
			return false;
		if (b->path == TRI_UNKNOWN) {
			doubt_acs(node, b->path_cause);
			return true;
		}
		*last = b;
		if (b->done) {
			join(node, b, GROUP_LINK_PATH, b->path_cause);
			return true;
		}
	}
	return false;
}

struct search {
	const struct group_map *map;
	struct group_node *node; /* for which a group is sought */
	uint8_t seen[DEVFNS / 8];
	enum group_link link; /* of the last step */
	struct group_node *cause;
};

static struct group_node *first_beside(const struct group_map *map, const struct group_node *node)
{
	return node->bridge ? node->bridge->child : map->roots;
}

static bool same_bus(const struct group_node *a, const struct group_node *b)
{
	return a->bridge == b->bridge && a->domain == b->domain && a->bus == b->bus;
}

static enum tristate covers(const struct group_node *a, const struct group_node *b)
{
	enum { CLASS_BRIDGE_OTHER = 0x0680 };

	if (!a->alias || (a->alias->alias == DMA_ALIAS_SWITCHTEC &&
			  a->device->class_code >> 8 != CLASS_BRIDGE_OTHER))
		return TRI_NO;
	return dma_alias_covers(a->alias, a->device->subvendor, a->device->subdevice, a->devfn,
				b->devfn);
}

/* Whether one uses the address of the other. A kernel that may lack the row is a doubt. */
static bool are_aliases(struct search *s, struct group_node *a, struct group_node *b)
{
	struct group_node *user = covers(a, b) != TRI_NO ? a : covers(b, a) != TRI_NO ? b : NULL;

	if (!user)
		return false;
	if (user->alias->alias == DMA_ALIAS_SWITCHTEC) {
		doubt(s->node, user, GROUP_DOUBT_ALIAS);
		return false;
	}
	if (s->map->releases & RELEASES_UNTIL(user->alias->since)) {
		doubt(s->node, user, GROUP_DOUBT_KERNEL);
		return false;
	}
	s->link = GROUP_LINK_ALIAS;
	s->cause = user;
	return true;
}

static struct group_node *search_aliases(struct search *s, struct group_node *node);

/* linux: drivers/iommu/iommu.c: get_pci_function_alias_group() */
static struct group_node *search_functions(struct search *s, struct group_node *node)
{
	struct group_node *ret = NULL;
	enum tristate several = group_is_multifunction(node);

	if (several == TRI_NO || node->acs.isolates == TRI_YES)
		return NULL;
	for (struct group_node *n = first_beside(s->map, node); n && !ret; n = n->next) {
		if (n == node || !same_bus(n, node) || (n->devfn ^ node->devfn) & ~FUNCTION ||
		    n->acs.isolates == TRI_YES || n->removed)
			continue;
		if (node->acs.isolates == TRI_UNKNOWN || several == TRI_UNKNOWN) {
			doubt_acs(s->node, node);
			return NULL;
		}
		if (n->acs.isolates == TRI_UNKNOWN) {
			doubt_acs(s->node, n);
			continue;
		}
		s->link = GROUP_LINK_FUNCTION;
		s->cause = n;
		ret = search_aliases(s, n);
	}
	return ret;
}

/* linux: drivers/iommu/iommu.c: get_pci_alias_group(). Each function is visited once, which bounds the depth. */
static struct group_node *search_aliases(struct search *s, struct group_node *node)
{
	struct group_node *ret = NULL;

	if (s->seen[node->devfn / 8] & 1 << node->devfn % 8)
		return NULL;
	s->seen[node->devfn / 8] |= (uint8_t)(1 << node->devfn % 8);
	if (node->done)
		return node;
	if (!s->map->any_alias)
		return NULL;
	for (struct group_node *n = first_beside(s->map, node); n && !ret; n = n->next) {
		if (n == node || n->removed || !same_bus(n, node) || !are_aliases(s, node, n))
			continue;
		ret = search_aliases(s, n);
		if (!ret)
			ret = search_functions(s, n);
	}
	return ret;
}

static void walk(const struct group_map *map, struct group_node *node)
{
	struct search s = { .map = map, .node = node };
	struct group_node *last, *found;

	if (walk_aliases(map, node, &last) || walk_path(node, &last))
		return;
	found = search_aliases(&s, last);
	if (!found)
		found = search_functions(&s, last);
	if (found)
		join(node, found, s.link, s.cause);
}

void group_map_compute(struct group_map *map)
{
	for (size_t i = 0; i < map->nr_nodes; i++) {
		struct group_node *n = &map->nodes[i];

		n->done = false;
		n->joined = n->cause = n->doubtful = n->group_doubt = NULL;
		n->link = GROUP_LINK_NONE;
		n->doubt = GROUP_DOUBT_NONE;
		n->first = n;
		if (!n->placed)
			doubt(n, n, GROUP_DOUBT_PLACE);
	}
	for (size_t i = 0; i < map->nr_order; i++) {
		map->order[i]->type = correct_type(map->order[i]);
		map->order[i]->acs = ask_acs(map, map->order[i]);
		ask_path(map->order[i]);
	}
	for (size_t i = 0; i < map->nr_order; i++) {
		struct group_node *n = map->order[i];

		if (!n->takes_part || n->removed)
			continue;
		walk(map, n);
		n->done = true;
		n->first = n->joined ? n->joined->first : n;
		if (n->doubt && !n->first->group_doubt)
			n->first->group_doubt = n;
	}
}

/* ---- answers ---- */

bool group_together(const struct group_node *a, const struct group_node *b)
{
	return a->first == b->first;
}

static size_t depth(const struct group_node *n)
{
	size_t ret = 0;

	for (; n->joined; n = n->joined)
		ret++;
	return ret;
}

const struct group_node **group_reason(const struct group_node *a, const struct group_node *b,
				       struct arena *arena, size_t *ret_nr)
{
	size_t from_a = depth(a), from_b = depth(b), room = from_a + from_b, head = 0, tail = room;
	const struct group_node **ret;

	*ret_nr = 0;
	if (!group_together(a, b))
		return NULL;
	ret = arena_array(arena, room, sizeof(struct group_node *));
	/* Up from both ends to where they meet; the links of @b in reverse. */
	while (a != b) {
		if (from_a >= from_b) {
			ret[head++] = a;
			a = a->joined;
			from_a--;
		} else {
			ret[--tail] = b;
			b = b->joined;
			from_b--;
		}
	}
	memmove(ret + head, ret + tail, (room - tail) * sizeof(struct group_node *));
	*ret_nr = head + room - tail;
	return ret;
}

static const char *const names[] = { "SV", "TB", "RR", "CR", "UF", "EC", "DT" };

const char *acs_bits_text(uint16_t bits, struct arena *a)
{
	struct strbuf out = { .arena = a };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (bits & 1U << i)
			strbuf_item(&out, " ", "%s", names[i]);
	return strbuf_get(&out);
}

bool acs_bits_parse(const char *text, uint16_t *ret)
{
	struct span rest = { text, strlen(text) }, name;

	*ret = 0;
	if (!strcmp(text, "none"))
		return true;
	while (parse_item(&rest, &name)) {
		size_t i = 0;

		while (i < ARRAY_SIZE(names) && !span_equals(name, names[i]))
			i++;
		if (i == ARRAY_SIZE(names))
			return false;
		*ret |= (uint16_t)(1U << i);
	}
	return true;
}
