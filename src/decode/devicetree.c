/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decode/devicetree.h"

#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "base/strbuf.h"

/* An entry of msi-map or iommu-map: the first requester, the phandle, its new id, the number of ids. */
enum { MAP_CELLS = 4 };

static int parse_hex32(struct span text, uint32_t *ret)
{
	uint64_t value;
	int r = parse_u64_span(text, 16, &value);

	if (r < 0 || value > UINT32_MAX)
		return -EBADMSG;
	*ret = (uint32_t)value;
	return 0;
}

static struct span take(struct span *rest, char end)
{
	struct span word = { rest->s, 0 };

	while (word.len < rest->len && rest->s[word.len] != end)
		word.len++;
	rest->s += word.len + (word.len < rest->len);
	rest->len -= word.len + (word.len < rest->len);
	return word;
}

static int cells_parse(struct span text, struct arena *a, struct devicetree_cells *ret)
{
	ret->there = true;
	while (text.len) {
		struct span word = take(&text, '.');

		if (ret->nr == DEVICETREE_CELLS_MAX)
			return -EBADMSG;
		ret->at = arena_grow(a, ret->at, ret->nr, sizeof(*ret->at));
		if (parse_hex32(word, &ret->at[ret->nr++]) < 0)
			return -EBADMSG;
	}
	return 0;
}

static int word_parse(struct span word, struct arena *a, struct devicetree_node *n)
{
	const struct {
		const char *name;
		bool *flag;
	} flags[] = {
		{ "msi-controller", &n->msi_controller },
		{ "pci", &n->pci },
		{ "iommu", &n->iommu },
		{ "pre-its", &n->pre_its },
		{ "disabled", &n->disabled },
		{ "coherent", &n->coherent },
	};
	const struct {
		const char *name;
		struct devicetree_cells *cells;
	} cells[] = {
		{ "msi-parent", &n->msi_parent },     { "msi-map", &n->msi_map },
		{ "msi-map-mask", &n->msi_map_mask }, { "iommus", &n->iommus },
		{ "iommu-map", &n->iommu_map },       { "iommu-map-mask", &n->iommu_map_mask },
	};
	struct span key = take(&word, '=');

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (span_equals(key, flags[i].name)) {
			*flags[i].flag = true;
			return 0;
		}
	if (span_equals(key, "compatible"))
		n->compatible = (struct span){ arena_text(a, word.s, word.len), word.len };
	if (span_equals(key, "phandle"))
		return parse_hex32(word, &n->phandle);
	for (size_t i = 0; i < ARRAY_SIZE(cells); i++)
		if (span_equals(key, cells[i].name))
			return cells_parse(word, a, cells[i].cells);
	return 0;
}

static int bus_parse(struct span line, struct arena *a, struct devicetree *dt)
{
	struct span segment = take(&line, ':'), bus = take(&line, ' ');
	struct devicetree_bus b = { .path = arena_strndup(a, line.s, line.len) };
	uint32_t number;

	if (parse_hex32(segment, &b.segment) < 0 || parse_hex32(bus, &number) < 0 ||
	    number > UINT8_MAX || dt->nr_buses == DEVICETREE_NODES_MAX)
		return -EBADMSG;
	b.bus = (uint8_t)number;
	dt->buses = arena_grow(a, dt->buses, dt->nr_buses, sizeof(*dt->buses));
	dt->buses[dt->nr_buses++] = b;
	return 0;
}

static int node_parse(struct span path, struct span words, struct arena *a, struct devicetree *dt)
{
	struct devicetree_node node = { .path = arena_strndup(a, path.s, path.len),
					.compatible = { "", 0 } };
	int r = 0;

	if (dt->nr_nodes == DEVICETREE_NODES_MAX)
		return -EBADMSG;
	while (words.len && r >= 0)
		r = word_parse(take(&words, ' '), a, &node);
	dt->nodes = arena_grow(a, dt->nodes, dt->nr_nodes, sizeof(*dt->nodes));
	dt->nodes[dt->nr_nodes++] = node;
	return r;
}

int devicetree_parse(struct span text, struct arena *a, struct devicetree *ret)
{
	struct devicetree dt = { 0 };
	struct span line;
	int r = 0;

	while (r >= 0 && parse_line(&text, &line)) {
		struct span first = take(&line, ' ');

		if (span_equals(first, "bus"))
			r = bus_parse(line, a, &dt);
		else if (first.len && first.s[0] == '/')
			r = node_parse(first, line, a, &dt);
	}
	if (r < 0)
		return r;
	*ret = dt;
	return 0;
}

/* ---- questions ---- */

const struct devicetree_node *devicetree_find(const struct devicetree *dt, struct span path)
{
	for (size_t i = 0; i < dt->nr_nodes; i++)
		if (span_equals(path, dt->nodes[i].path))
			return &dt->nodes[i];
	return NULL;
}

const struct devicetree_node *devicetree_host(const struct devicetree *dt, uint32_t segment,
					      uint8_t bus)
{
	const struct devicetree_node *found = NULL;
	int nearest = -1;

	/* Host bridges of one segment share its buses out among them. */
	for (size_t i = 0; i < dt->nr_buses; i++) {
		const struct devicetree_bus *b = &dt->buses[i];
		const struct devicetree_node *node;

		if (b->segment != segment || b->bus > bus || b->bus <= nearest)
			continue;
		node = devicetree_find(dt, (struct span){ b->path, strlen(b->path) });
		if (!node || !node->pci)
			continue;
		found = node;
		nearest = b->bus;
	}
	return found;
}

static bool devicetree_is(const struct devicetree_node *node, const char *compatible)
{
	struct span rest = node->compatible;

	while (rest.len)
		if (span_equals(take(&rest, ';'), compatible))
			return true;
	return false;
}

static bool is_its(const struct devicetree_node *node)
{
	return devicetree_is(node, "arm,gic-v3-its") || devicetree_is(node, "arm,gic-v5-its");
}

/* linux: drivers/irqchip/irq-gic-v3-its.c: its_of_probe(), its_enable_quirk_socionext_synquacer(). */
bool devicetree_isolates(const struct devicetree_node *node)
{
	return is_its(node) && node->msi_controller && !node->disabled && !node->pre_its;
}

static const struct devicetree_node *by_phandle(const struct devicetree *dt, uint32_t phandle)
{
	for (size_t i = 0; i < dt->nr_nodes; i++)
		if (phandle && dt->nodes[i].phandle == phandle)
			return &dt->nodes[i];
	return NULL;
}

static const struct devicetree_node *by_first_cell(const struct devicetree *dt,
						   const struct devicetree_cells *cells)
{
	return cells->nr ? by_phandle(dt, cells->at[0]) : NULL;
}

/* linux: drivers/of/base.c: of_map_id(). */
static const struct devicetree_node *by_map(const struct devicetree *dt,
					    const struct devicetree_cells *map,
					    const struct devicetree_cells *mask, uint32_t rid)
{
	if (mask->nr)
		rid &= mask->at[0];
	for (size_t i = 0; i + MAP_CELLS <= map->nr; i += MAP_CELLS)
		if (rid >= map->at[i] && rid - map->at[i] < map->at[i + 3])
			return by_phandle(dt, map->at[i + 1]);
	return NULL;
}

/* linux: drivers/of/irq.c: of_msi_get_domain(). */
const struct devicetree_node *devicetree_msi_of(const struct devicetree *dt,
						const struct devicetree_node *node)
{
	return by_first_cell(dt, &node->msi_parent);
}

/* linux: drivers/iommu/of_iommu.c: of_iommu_xlate(). */
static const struct devicetree_node *available(const struct devicetree_node *node)
{
	return node && node->iommu && !node->disabled ? node : NULL;
}

const struct devicetree_node *devicetree_iommu_of(const struct devicetree *dt,
						  const struct devicetree_node *node)
{
	return available(by_first_cell(dt, &node->iommus));
}

const struct devicetree_node *devicetree_iommu_of_pci(const struct devicetree *dt,
						      const struct devicetree_node *host,
						      uint32_t rid)
{
	return available(by_map(dt, &host->iommu_map, &host->iommu_map_mask, rid));
}

/* linux: drivers/pci/msi/irqdomain.c: pci_msi_get_device_domain(); drivers/pci/of.c: pci_host_bridge_of_msi_domain();
 */
const struct devicetree_node *devicetree_msi_of_pci(const struct devicetree *dt,
						    const struct devicetree_node *host,
						    uint32_t rid)
{
	const struct devicetree_node *found = by_map(dt, &host->msi_map, &host->msi_map_mask, rid);

	if (!found)
		found = devicetree_msi_of(dt, host);
	return found || !host->msi_controller ? found : host;
}

static bool names_have(const struct devicetree_node *node, const char *part)
{
	return memmem(node->compatible.s, node->compatible.len, part, strlen(part)) != NULL;
}

/* Whether the driver of a host bridge does not bring its own message interrupts. linux:
 * drivers/pci/controller/pci-host-common.c and what uses it; dwc/pcie-designware-host.c:
 * dw_pcie_host_init(). */
static bool host_is_plain(const struct devicetree_node *node)
{
	if (names_have(node, "ecam") || names_have(node, "cam-generic") ||
	    names_have(node, "thunder"))
		return true;
	return names_have(node, "snps,dw-pcie") && (node->msi_map.there || node->msi_parent.there);
}

void devicetree_plain_msi(const struct devicetree *dt, const struct devicetree_node **ret_plain,
			  const struct devicetree_node **ret_doubtful)
{
	bool its = false;

	*ret_plain = NULL;
	*ret_doubtful = NULL;
	for (size_t i = 0; i < dt->nr_nodes; i++)
		its |= is_its(&dt->nodes[i]) && !dt->nodes[i].disabled;
	for (size_t i = 0; i < dt->nr_nodes; i++) {
		const struct devicetree_node *n = &dt->nodes[i];
		/* The kernel does not check whether a GICv2m is available, and does not use it where there
		 * are LPIs. */
		bool frame = devicetree_is(n, "arm,gic-v2m-frame");
		bool plain = n->msi_controller &&
			     ((frame && !its) || (is_its(n) && !n->disabled && n->pre_its));
		bool doubtful = (frame || !n->disabled) && ((n->msi_controller && !is_its(n)) ||
							    (n->pci && !host_is_plain(n)));

		if (plain && !*ret_plain)
			*ret_plain = n;
		else if (doubtful && !*ret_doubtful)
			*ret_doubtful = n;
	}
}
