/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Slots, and the way of DMA between two devices. */
#include <string.h>

#include "base/macro.h"
#include "base/strbuf.h"
#include "report/explain.h"

/* ---- slots ---- */

const char *explain_slot_name(const struct host *h, const struct group_node *port, struct arena *a)
{
	if (!group_is_bridge(port) || !port->config_known)
		return NULL;

	const char *address = arena_printf(a, "%04x:%02x:00", port->domain, port->config.secondary);

	for (size_t i = 0; i < h->nr_slots; i++)
		if (fact_is(&h->slots[i].address) && !strcmp(h->slots[i].address.raw, address))
			return h->slots[i].name;
	return NULL;
}

/* A port with a slot; what is plugged in there is alone when ACS isolates all the way up, because a bridge to
 * conventional PCI never does. */
static bool is_good_slot(const struct group_node *n)
{
	/* The override changes what the kernel believes, not the slot. */
	for (const struct group_node *b = n; b; b = b->bridge)
		if (b->acs.reason == ACS_BECAUSE_OVERRIDE)
			return false;
	return n->config_known && n->config.has_slot && n->path == TRI_YES &&
	       (n->type == PCIE_ROOT_PORT || n->type == PCIE_DOWNSTREAM);
}

static struct texts occupants(const struct group_node *port, struct arena *a)
{
	const char **items = NULL;
	size_t nr = 0;

	for (const struct group_node *n = port->child; n; n = n->next) {
		items = arena_grow(a, items, nr, sizeof(*items));
		items[nr++] = n->name;
	}
	return (struct texts){ items, nr };
}

void explain_add_slots(struct explanation *e)
{
	struct explain_slot *slots = NULL;

	for (size_t i = 0; i < e->map->nr_order; i++) {
		const struct group_node *n = e->map->order[i];

		if (!is_good_slot(n))
			continue;
		slots = arena_grow(e->arena, slots, e->nr_slots, sizeof(*slots));
		slots[e->nr_slots++] =
			(struct explain_slot){ .port = n->name,
					       .name = explain_slot_name(e->map->host, n, e->arena),
					       .number = n->config.slot,
					       .devices = occupants(n, e->arena) };
	}
	e->slots = slots;
	e->has_slots = true;
}

/* ---- peer to peer ---- */

enum { REDIRECTS = ACS_RR | ACS_CR };

static const struct group_node *common_bridge(const struct group_node *a,
					      const struct group_node *b)
{
	for (; a; a = a->bridge)
		for (const struct group_node *n = b; n; n = n->bridge)
			if (n == a)
				return n;
	return NULL;
}

/* Bridges from @n up to @end, which is not one of them: those that redirect, block, or are not known. */
static void ask_way(const struct group_node *n, const struct group_node *end,
		    struct explain_p2p *ret, struct arena *a)
{
	for (n = n->bridge; n && n != end; n = n->bridge) {
		const struct pcigroup *c = &n->config;

		if (!n->config_known || c->pcie == PCIGROUP_UNREAD ||
		    (c->pcie == PCIGROUP_PRESENT && c->acs == PCIGROUP_UNREAD))
			ret->unknown = n->name;
		if (c->acs != PCIGROUP_PRESENT)
			continue;
		if (c->acs_ctrl & ACS_EC)
			ret->egress = n->name;
		if (!ret->redirector && c->acs_ctrl & REDIRECTS) {
			ret->redirector = n->name;
			ret->bits = acs_bits_text(c->acs_ctrl & REDIRECTS, a);
		}
	}
}

static const char *numa_text(const struct device *d)
{
	return fact_is(&d->numa_node) ? d->numa_node.raw : NULL;
}

/* What the way means for programs that let devices copy to each other. linux: drivers/pci/p2pdma.c:
 * calc_map_type_and_dist(). */
static void conclude(struct explain_p2p *p, const struct group_node *a, const struct group_node *b,
		     const struct group_node *common, struct arena *arena)
{
	if (p->unknown) {
		p->route = "unknown";
		p->text = arena_printf(arena, "the capabilities of %s are not known", p->unknown);
	} else if (!common) {
		p->route = "root-complex";
		p->text =
			a->domain == b->domain && a->bus == b->bus && !a->bridge && !b->bridge
				? "both are on a root bus: the root complex decides whether requests pass, and no register says so"
				: "they have no port in common: requests go through the root complex. The kernel allows that only on host bridges of its own list";
	} else if (p->egress) {
		p->route = "unknown";
		p->text =
			arena_printf(arena,
				     "%s has egress control on, and its vector may block requests",
				     p->egress);
	} else if (p->redirector) {
		p->route = "redirected";
		p->text =
			arena_printf(arena,
				     "%s redirects requests (ACS %s) up to the root complex and through the IOMMU, which is slower and needs a mapping",
				     p->redirector, p->bits);
	} else {
		p->route = "direct";
		p->text =
			arena_printf(arena,
				     "below %s nothing redirects: requests pass directly, fast, and the IOMMU does not see them",
				     common->name);
	}
}

/* What programs that copy from device to device meet (GPUDirect, NCCL, NVMe over Fabrics). linux:
 * Documentation/driver-api/pci/p2pdma.rst, drivers/iommu/dma-iommu.c: iommu_dma_map_sg(). */
static const char *use_text(const struct explain_p2p *p, struct arena *a)
{
	const bool known = p->domain_a && p->domain_b;
	const bool identity =
		known && !strcmp(p->domain_a, "identity") && !strcmp(p->domain_b, "identity");
	const bool far = p->numa_a && p->numa_b && strcmp(p->numa_a, p->numa_b) != 0;
	const char *mapping = identity ? "no mapping is needed, because both domains are identity"
			      : known  ? "each needs the other's memory mapped in its IOMMU domain"
				       : "an IOMMU that translates needs a mapping of that memory";

	if (!strcmp(p->route, "direct"))
		return "copies between them, as of GPUDirect, run at the speed of the switch. The IOMMU cannot keep them apart: give both to the same user";
	if (!strcmp(p->route, "redirected"))
		return arena_printf(a,
				    "copies between them, as of GPUDirect, run at the speed of the port above; %s",
				    mapping);
	if (!strcmp(p->route, "root-complex"))
		return arena_printf(a,
				    "whether copies between them, as of GPUDirect, work depends on the processor; %s%s",
				    mapping,
				    far ? "; they also cross the link between the NUMA nodes" : "");
	return NULL;
}

void explain_add_p2p(struct explanation *e, const struct device *first, const struct device *second)
{
	struct explain_p2p *p = arena_new_object(e->arena, struct explain_p2p);
	const struct group_node *a = group_map_find(e->map, first->name),
				*b = group_map_find(e->map, second->name), *common;

	e->p2p = p;
	p->a = first->name;
	p->b = second->name;
	p->route = "unknown";
	p->numa_a = numa_text(first);
	p->numa_b = numa_text(second);
	if (!a || !b || !a->placed || !b->placed || a == b) {
		p->text = "not both are PCI devices whose place is known";
		return;
	}
	common = common_bridge(a->bridge, b->bridge);
	p->common = common ? common->name : NULL;
	ask_way(a, common, p, e->arena);
	ask_way(b, common, p, e->arena);
	conclude(p, a, b, common, e->arena);
	if (first->group)
		p->domain_a = fact_is(&first->group->type) ? first->group->type.raw : NULL;
	if (second->group)
		p->domain_b = fact_is(&second->group->type) ? second->group->type.raw : NULL;
	p->use = use_text(p, e->arena);
}

/* ---- warnings ---- */

void explain_warn(struct explanation *e, const char *text)
{
	const char **items = (const char **)(uintptr_t)e->warnings;

	items = arena_grow(e->arena, items, e->nr_warnings, sizeof(*items));
	items[e->nr_warnings++] = text;
	e->warnings = items;
}

/* The word of config_acs=: a digit a bit, from DT to SV; x leaves what the firmware has. linux:
 * drivers/pci/pci.c: __pci_config_acs(). */
static const char *config_acs(uint16_t bits, uint16_t cap, struct arena *a)
{
	char *ret = arena_strdup(a, "xxxxxxx");

	for (size_t i = 0; i < 7; i++)
		if ((ACS_REQUIRED | bits) & cap & 1U << i)
			ret[6 - i] = bits & 1U << i ? '1' : '0';
	return ret;
}

void explain_warn_acs(struct explanation *e, const struct group_node *n, uint16_t bits)
{
	const struct pcigroup *c = &n->config;

	if (c->acs != PCIGROUP_PRESENT) {
		explain_warn(e,
			     arena_printf(e->arena,
					  "%s has no ACS capability: no setting can give it one, only other hardware",
					  n->name));
		return;
	}
	if (bits & ~c->acs_cap)
		explain_warn(e,
			     arena_printf(e->arena, "%s does not have the bits %s", n->name,
					  acs_bits_text(bits & (uint16_t)~c->acs_cap, e->arena)));
	explain_warn(e,
		     arena_printf(e->arena,
				  "the kernel sets ACS at boot; Linux 6.11 and later set these bits with pci=config_acs=%s@%s",
				  config_acs(bits, c->acs_cap, e->arena), n->name));
}
