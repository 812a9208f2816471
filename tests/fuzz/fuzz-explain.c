/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a hostile capture to the groups that are computed of it: trees that contradict themselves, as text, JSON and
 * pictures, and what-ifs of them. Links lead to what came before, and every reason leads from one end to the other. */
#include <string.h>

#include "report/explain.h"
#include "report/json.h"
#include "fuzz-sysroot.h"

/* What takes longest is done for the first few. */
enum { NODES_MAX = 24 };

static void check_map(const struct group_map *map)
{
	for (size_t i = 0; i < map->nr_order; i++) {
		const struct group_node *n = map->order[i];

		must(!n->removed && n->first && (!n->joined || n->first == n->joined->first));
		must(!n->joined == (n->link == GROUP_LINK_NONE) && !n->joined == !n->cause);
		must(!n->joined || (n->joined->done && n->takes_part));
		must(!n->doubt == !n->doubtful);
	}
	for (size_t i = 0; i < map->nr_order && i < NODES_MAX; i++)
		for (size_t k = 0; k < i; k++) {
			size_t nr;

			group_reason(map->order[i], map->order[k], map->arena, &nr);
			must(!nr != group_together(map->order[i], map->order[k]));
		}
}

static void print(const struct explanation *e, unsigned int how)
{
	char *buffer = NULL;
	size_t len = 0;
	struct output out = { .width = 80, .stream = open_memstream(&buffer, &len) };
	struct json_doc doc;

	must(out.stream != NULL);
	if (how == 0) {
		json_doc_begin(&doc, out.stream);
		json_doc_row(&doc, &explain_fields, e);
		json_doc_end(&doc);
	} else if (how == 1) {
		explain_print(e, &out);
	} else {
		explain_draw(e, how == 2 ? EXPLAIN_DOT : EXPLAIN_SVG, &out);
	}
	fclose(out.stream);
	must(how || fuzz_is_json(buffer, len));
	/* Nothing that a terminal would act on. */
	for (size_t i = 0; i < len; i++)
		must((unsigned char)buffer[i] >= 0x20 || buffer[i] == '\n' || buffer[i] == '\t');
	free(buffer);
}

static void change(struct group_map *map, unsigned int how)
{
	struct group_node *a = &map->nodes[0], *b = &map->nodes[map->nr_nodes - 1];

	map->overrides = how;
	group_map_set_acs(b, ACS_SV);
	(void)group_map_move(map, a, b);
	(void)group_map_move(map, b, a);
	group_map_remove(map, &map->nodes[map->nr_nodes / 2]);
}

static void explain(const struct host *h)
{
	struct arena *a = arena_new();
	struct group_map *map = group_map_make(h, RELEASES_ALL, a), *other;
	struct explanation e;

	group_map_compute(map);
	check_map(map);
	explain_make(map, h->devices, h->nr_devices, a, &e);
	explain_add_slots(&e);
	if (h->nr_devices)
		explain_add_p2p(&e, h->devices[0], h->devices[h->nr_devices - 1]);
	for (unsigned int how = 0; how < 4; how++)
		print(&e, how);
	if (map->nr_nodes) {
		other = group_map_copy(map, a);
		change(other, (unsigned int)map->nr_nodes & 3);
		group_map_compute(other);
		check_map(other);
		explain_add_change(&e, other);
		for (unsigned int how = 0; how < 4; how++)
			print(&e, how);
	}
	arena_free(a);
}

static void load(struct sysroot *root)
{
	static const struct scope scope = {
		.host_parts = HOST_GROUPS | HOST_IOMMUS | HOST_SLOTS | HOST_KERNEL,
		.device_parts = DEVICE_BASE | DEVICE_IOMMU | DEVICE_PCI | DEVICE_PLACE,
		.member_parts = DEVICE_BASE | DEVICE_IOMMU | DEVICE_PCI | DEVICE_PLACE,
	};
	struct host *h = NULL;

	if (!host_load(root, &scope, NULL, 0, &h, NULL))
		explain(h);
	host_free(h);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	fuzz_sysroot(data, len, load);
	return 0;
}
