/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Groups of trees made by hand: a line a function, "ADDRESS BRIDGE CONFIGURATION", and the groups that the kernel makes
 * of them. */
#include <errno.h>

#include "base/macro.h"
#include "decode/pciaddr.h"
#include "fake-host.h"
#include "model/group.h"
#include "scene.h"

#define PORT       "header=1 pcie=2 type=4 acs=2 cap=29 ctrl=29"
#define PORT_OFF   "header=1 pcie=2 type=4 acs=2 cap=29 ctrl=17"
#define PORT_NONE  "header=1 pcie=2 type=4 acs=1"
#define UPSTREAM   "header=1 pcie=2 type=5 acs=1"
#define DOWNSTREAM "header=1 pcie=2 type=6 acs=1"
#define DOWN_ACS   "header=1 pcie=2 type=6 acs=2 cap=95 ctrl=29"
#define CARD       "header=0 pcie=2 type=0 acs=1"
#define CARD_MANY  "header=0 multifunction=1 pcie=2 type=0 acs=1"
#define CARD_ACS   "header=0 multifunction=1 pcie=2 type=0 acs=2 cap=0 ctrl=0"
#define TO_PCI     "header=1 pcie=2 type=7 acs=1"
#define PLAIN      "header=0 pcie=1 acs=1"
#define PLAIN_MANY "header=0 multifunction=1 pcie=1 acs=1"
#define PCI_BRIDGE "header=1 pcie=1 acs=1"

struct fun {
	const char *name, *bridge; /* NULL: on a root bus */
	const char *config;        /* without its size; NULL: not read */
	int secondary;
	unsigned int ids; /* vendor << 16 | device */
};

struct tree_of {
	struct host *h;
	struct group_map *map;
};

static struct device *put(struct host *h, const struct fun *f)
{
	struct device *d =
		fake_pci(h, f->name, fake_group(h, (unsigned int)h->nr_groups), NULL, NULL);
	struct pciaddr addr;
	const char *text;

	d->has_ids = true;
	d->vendor = (uint16_t)(f->ids >> 16);
	d->device_id = (uint16_t)f->ids;
	d->place = arena_new_object(h->arena, struct pci_place);
	d->place->dir = "sys/devices/pci0000:00";
	assert_int_equal(pciaddr_parse((struct span){ f->name, strlen(f->name) }, &addr), 0);
	d->place->domain = addr.domain;
	d->place->bus = addr.bus;
	d->place->devfn = (uint8_t)(addr.device << 3 | addr.function);
	d->place->bridge = f->bridge ? host_find_device(h, "pci", f->bridge) : NULL;
	if (!f->config)
		return d;
	text = arena_printf(h->arena, "size=4096 %s secondary=%d", f->config, f->secondary);
	d->place->config = fake_present(h, "config", text);
	assert_int_equal(pcigroup_parse((struct span){ text, strlen(text) }, &d->place->decoded),
			 0);
	return d;
}

static struct tree_of plant(const struct fun *functions, uint64_t releases)
{
	struct tree_of t = { .h = fake_host() };

	for (; functions->name; functions++)
		put(t.h, functions);
	t.map = group_map_make(t.h, releases, t.h->arena);
	group_map_compute(t.map);
	return t;
}

/* "00:01.0 01:00.0; 00:02.0": the groups, by their first functions. */
static const char *groups(const struct group_map *map)
{
	struct arena *a = map->arena;
	const char *ret = "";

	for (size_t i = 0; i < map->nr_nodes; i++) {
		const struct group_node *n = &map->nodes[i];
		const char *one = n->name + 5;

		if (n->removed)
			continue;
		for (size_t k = 0; k < i; k++)
			if (!map->nodes[k].removed && group_together(&map->nodes[k], n))
				one = NULL;
		for (size_t k = i + 1; one && k < map->nr_nodes; k++)
			if (!map->nodes[k].removed && group_together(&map->nodes[k], n))
				one = arena_join(a, one, " ", map->nodes[k].name + 5, NULL);
		if (one)
			ret = arena_join(a, ret, *ret ? "; " : "", one, NULL);
	}
	return ret;
}

static void assert_groups(const struct fun *functions, const char *expected)
{
	struct tree_of t = plant(functions, RELEASES_ALL);

	assert_string_equal(groups(t.map), expected);
	for (size_t i = 0; i < t.map->nr_nodes; i++)
		assert_int_equal(t.map->nodes[i].doubt, GROUP_DOUBT_NONE);
	fake_free(t.h);
}

#define GROUPS(expected, ...) \
	assert_groups((const struct fun[]){ __VA_ARGS__, { NULL, NULL, NULL, 0, 0 } }, expected)
#define F(name, bridge, config, secondary)                          \
	{                                                           \
		"0000:" name, bridge, config, secondary, 0x12345678 \
	}

static void test_ports(void)
{
	GROUPS("00:01.0; 01:00.0", F("00:01.0", NULL, PORT, 1),
	       F("01:00.0", "0000:00:01.0", CARD, 0));
	GROUPS("00:01.0 01:00.0", F("00:01.0", NULL, PORT_NONE, 1),
	       F("01:00.0", "0000:00:01.0", CARD, 0));
	GROUPS("00:01.0 01:00.0", F("00:01.0", NULL, PORT_OFF, 1),
	       F("01:00.0", "0000:00:01.0", CARD, 0));
	/* Ports of one device: those that do not isolate are together, with what is behind them. */
	GROUPS("00:01.0; 00:01.1 00:01.2 02:00.0 03:00.0; 01:00.0",
	       F("00:01.0", NULL, "header=1 multifunction=1 pcie=2 type=4 acs=2 cap=29 ctrl=29", 1),
	       F("00:01.1", NULL, PORT_NONE, 2), F("00:01.2", NULL, PORT_OFF, 3),
	       F("01:00.0", "0000:00:01.0", CARD, 0), F("02:00.0", "0000:00:01.1", CARD, 0),
	       F("03:00.0", "0000:00:01.2", CARD, 0));
}

static void test_switches(void)
{
	/* Downstream ports without ACS have groups of their own, each with what is behind it. */
	GROUPS("00:01.0; 01:00.0; 02:00.0 03:00.0; 02:01.0 04:00.0", F("00:01.0", NULL, PORT, 1),
	       F("01:00.0", "0000:00:01.0", UPSTREAM, 2),
	       F("02:00.0", "0000:01:00.0", DOWNSTREAM, 3),
	       F("02:01.0", "0000:01:00.0", DOWNSTREAM, 4), F("03:00.0", "0000:02:00.0", CARD, 0),
	       F("04:00.0", "0000:02:01.0", CARD, 0));
	/* A port above without ACS takes all with it, whatever is below. */
	GROUPS("00:01.0 01:00.0 02:00.0 03:00.0", F("00:01.0", NULL, PORT_NONE, 1),
	       F("01:00.0", "0000:00:01.0", UPSTREAM, 2), F("02:00.0", "0000:01:00.0", DOWN_ACS, 3),
	       F("03:00.0", "0000:02:00.0", CARD, 0));
	GROUPS("00:01.0; 01:00.0; 02:00.0; 03:00.0", F("00:01.0", NULL, PORT, 1),
	       F("01:00.0", "0000:00:01.0", UPSTREAM, 2), F("02:00.0", "0000:01:00.0", DOWN_ACS, 3),
	       F("03:00.0", "0000:02:00.0", CARD, 0));
}

static void test_functions(void)
{
	GROUPS("00:01.0; 01:00.0 01:00.1", F("00:01.0", NULL, PORT, 1),
	       F("01:00.0", "0000:00:01.0", CARD_MANY, 0), F("01:00.1", "0000:00:01.0", CARD, 0));
	GROUPS("00:01.0; 01:00.0; 01:00.1 01:00.2", F("00:01.0", NULL, PORT, 1),
	       F("01:00.0", "0000:00:01.0", CARD_ACS, 0), F("01:00.1", "0000:00:01.0", CARD, 0),
	       F("01:00.2", "0000:00:01.0", CARD, 0));
	GROUPS("00:05.0 00:05.1; 00:06.0", F("00:05.0", NULL, PLAIN_MANY, 0),
	       F("00:05.1", NULL, PLAIN, 0), F("00:06.0", NULL, PLAIN, 0));
	/* The vendor of this card vouches for it. */
	GROUPS("00:01.0; 01:00.0; 01:00.1", F("00:01.0", NULL, PORT, 1),
	       { "0000:01:00.0", "0000:00:01.0", CARD_MANY, 0, 0x80861521 },
	       { "0000:01:00.1", "0000:00:01.0", CARD, 0, 0x80861521 });
}

static void test_bridges(void)
{
	GROUPS("00:01.0; 01:00.0 02:01.0 02:02.0", F("00:01.0", NULL, PORT, 1),
	       F("01:00.0", "0000:00:01.0", TO_PCI, 2), F("02:01.0", "0000:01:00.0", PLAIN, 0),
	       F("02:02.0", "0000:01:00.0", PLAIN, 0));
	GROUPS("00:01.0 01:01.0 01:02.0 02:01.0", F("00:01.0", NULL, PCI_BRIDGE, 1),
	       F("01:01.0", "0000:00:01.0", PLAIN, 0), F("01:02.0", "0000:00:01.0", PCI_BRIDGE, 2),
	       F("02:01.0", "0000:01:02.0", PLAIN, 0));
}

static void test_aliases(void)
{
	/* A SATA controller that uses the address of function 1, which is there. */
	GROUPS("00:01.0; 01:00.0 01:00.1", F("00:01.0", NULL, PORT, 1),
	       { "0000:01:00.0", "0000:00:01.0", CARD_ACS, 0, 0x1b4b9123 },
	       F("01:00.1", "0000:00:01.0", CARD_ACS, 0));
	GROUPS("00:01.0; 01:00.0; 01:00.2", F("00:01.0", NULL, PORT, 1),
	       { "0000:01:00.0", "0000:00:01.0", CARD_ACS, 0, 0x1b4b9123 },
	       F("01:00.2", "0000:00:01.0", CARD_ACS, 0));
}

/* ---- what is not known ---- */

static const struct group_node *node(const struct tree_of *t, const char *name)
{
	const struct group_node *n = group_map_find(t->map, name);

	assert_non_null(n);
	return n;
}

static void test_doubts(void)
{
	const struct fun unread[] = { F("00:01.0", NULL, NULL, 1),
				      F("00:02.0", NULL, PORT, 2),
				      F("01:00.0", "0000:00:01.0", CARD, 0),
				      F("02:00.0", "0000:00:02.0", CARD, 0),
				      { NULL, NULL, NULL, 0, 0 } };
	const struct fun lies[] = { F("00:01.0", NULL, PORT, 7),
				    F("01:00.0", "0000:00:01.0", CARD, 0),
				    { NULL, NULL, NULL, 0, 0 } };
	const struct fun new_row[] = { F("00:01.0", NULL, PORT, 1),
				       { "0000:01:00.0", "0000:00:01.0", CARD_MANY, 0, 0x14e41760 },
				       { "0000:01:00.1", "0000:00:01.0", CARD, 0, 0x14e41760 },
				       { NULL, NULL, NULL, 0, 0 } };
	struct tree_of t = plant(unread, RELEASES_ALL);

	assert_int_equal(node(&t, "0000:01:00.0")->doubt, GROUP_DOUBT_CONFIG);
	assert_ptr_equal(node(&t, "0000:01:00.0")->doubtful, node(&t, "0000:00:01.0"));
	assert_int_equal(node(&t, "0000:02:00.0")->doubt, GROUP_DOUBT_NONE);
	fake_free(t.h);
	t = plant(lies, RELEASES_ALL);
	assert_int_equal(node(&t, "0000:01:00.0")->doubt, GROUP_DOUBT_PLACE);
	fake_free(t.h);
	t = plant(new_row, ONLY(6_1));
	assert_int_equal(node(&t, "0000:01:00.1")->doubt, GROUP_DOUBT_KERNEL);
	fake_free(t.h);
	t = plant(new_row, ONLY(6_12));
	assert_string_equal(groups(t.map), "00:01.0; 01:00.0; 01:00.1");
	fake_free(t.h);
}

/* The kernel's function for this vendor knows more devices since 6.13 (Wangxun), 6.8 (Zhaoxin). */
static void test_row_that_grew(void)
{
	const struct fun cards[] = { F("00:01.0", NULL, PORT, 1),
				     { "0000:01:00.0", "0000:00:01.0", CARD_MANY, 0, 0x80885040 },
				     { "0000:01:00.1", "0000:00:01.0", CARD, 0, 0x80885040 },
				     { NULL, NULL, NULL, 0, 0 } };
	const struct fun ports[] = { { "0000:00:01.0", NULL, PORT_NONE, 1, 0x1d170740 },
				     F("01:00.0", "0000:00:01.0", CARD, 0),
				     { NULL, NULL, NULL, 0, 0 } };
	struct tree_of t = plant(cards, ONLY(6_12));

	assert_int_equal(node(&t, "0000:01:00.1")->doubt, GROUP_DOUBT_KERNEL);
	fake_free(t.h);
	t = plant(cards, ONLY(6_13));
	assert_string_equal(groups(t.map), "00:01.0; 01:00.0; 01:00.1");
	fake_free(t.h);
	t = plant(ports, ONLY(6_7));
	assert_int_equal(node(&t, "0000:01:00.0")->doubt, GROUP_DOUBT_KERNEL);
	fake_free(t.h);
	t = plant(ports, ONLY(6_8));
	assert_string_equal(groups(t.map), "00:01.0; 01:00.0");
	fake_free(t.h);
}

/* A southbridge of AMD isolates when the firmware has an IVRS table. */
static void test_row_of_firmware(void)
{
	const struct fun functions[] = {
		{ "0000:00:14.0", NULL, PLAIN_MANY, 0, 0x10024385 },
		{ "0000:00:14.2", NULL, PLAIN, 0, 0x10024383 },
		{ NULL, NULL, NULL, 0, 0 },
	};
	struct tree_of t = plant(functions, ONLY(6_12));

	assert_int_equal(node(&t, "0000:00:14.2")->doubt, GROUP_DOUBT_FIRMWARE);
	t.h->firmware.has_ivrs = TRI_YES;
	group_map_compute(t.map);
	assert_string_equal(groups(t.map), "00:14.0; 00:14.2");
	t.h->firmware.has_ivrs = TRI_NO;
	group_map_compute(t.map);
	assert_string_equal(groups(t.map), "00:14.0 00:14.2");
	fake_free(t.h);
}

/* What is behind this bridge keeps its own address since 7.1, and is with the bridge all the same. */
static void test_bridge_without_alias(void)
{
	const struct fun functions[] = { F("00:01.0", NULL, PORT, 1),
					 { "0000:01:00.0", "0000:00:01.0", TO_PCI, 2, 0x1a031150 },
					 F("02:00.0", "0000:01:00.0", PLAIN, 0),
					 { NULL, NULL, NULL, 0, 0 } };
	struct tree_of t = plant(functions, ONLY(6_12));

	assert_string_equal(groups(t.map), "00:01.0; 01:00.0 02:00.0");
	assert_int_equal(node(&t, "0000:02:00.0")->link, GROUP_LINK_BRIDGE);
	fake_free(t.h);
	t = plant(functions, ONLY(7_3));
	assert_string_equal(groups(t.map), "00:01.0; 01:00.0 02:00.0");
	assert_int_equal(node(&t, "0000:02:00.0")->link, GROUP_LINK_PATH);
	fake_free(t.h);
}

/* One that does not answer; two ports that claim one bus; a bus without a bridge. */
static void test_contradictions(void)
{
	const struct fun gone[] = { F("00:01.0", NULL, "gone=1", 1),
				    F("01:00.0", "0000:00:01.0", CARD, 0),
				    { NULL, NULL, NULL, 0, 0 } };
	const struct fun two[] = { F("00:01.0", NULL, PORT, 1),
				   F("00:02.0", NULL, PORT, 1),
				   F("01:00.0", "0000:00:01.0", CARD, 0),
				   F("01:01.0", "0000:00:02.0", CARD, 0),
				   { NULL, NULL, NULL, 0, 0 } };
	const struct fun lost[] = { F("00:01.0", NULL, PORT, 1),
				    F("07:00.0", NULL, CARD, 0),
				    { NULL, NULL, NULL, 0, 0 } };
	struct tree_of t = plant(gone, RELEASES_ALL);

	assert_int_equal(node(&t, "0000:01:00.0")->doubt, GROUP_DOUBT_CONFIG);
	assert_int_equal(node(&t, "0000:00:01.0")->acs.isolates, TRI_UNKNOWN);
	fake_free(t.h);
	/* Each is judged by the port that sysfs has it behind. */
	t = plant(two, RELEASES_ALL);
	assert_string_equal(groups(t.map), "00:01.0; 00:02.0; 01:00.0; 01:01.0");
	fake_free(t.h);
	/* A root bus of its own, as of another host bridge. */
	t = plant(lost, RELEASES_ALL);
	assert_string_equal(groups(t.map), "00:01.0; 07:00.0");
	fake_free(t.h);
}

/* An ordinary user gets 64 bytes: the kind of a port is not known, and so no group of what is behind it. */
static void test_header_only(void)
{
	const struct fun functions[] = { F("00:01.0", NULL, "header=1 pcie=0 acs=0", 1),
					 F("01:00.0", "0000:00:01.0", "header=0 pcie=0 acs=0", 0),
					 { NULL, NULL, NULL, 0, 0 } };
	struct tree_of t = plant(functions, RELEASES_ALL);

	assert_int_equal(node(&t, "0000:01:00.0")->doubt, GROUP_DOUBT_CONFIG);
	assert_ptr_equal(node(&t, "0000:01:00.0")->doubtful, node(&t, "0000:00:01.0"));
	fake_free(t.h);
}

static void test_circle(void)
{
	const struct fun functions[] = { F("01:00.0", NULL, UPSTREAM, 2),
					 F("02:00.0", "0000:01:00.0", UPSTREAM, 1),
					 { NULL, NULL, NULL, 0, 0 } };
	struct tree_of t = { .h = fake_host() };
	struct device *first = put(t.h, &functions[0]), *second = put(t.h, &functions[1]);

	first->place->bridge = second;
	t.map = group_map_make(t.h, RELEASES_ALL, t.h->arena);
	group_map_compute(t.map);
	assert_int_equal(t.map->nr_order, 2);
	assert_int_equal(node(&t, first->name)->doubt, GROUP_DOUBT_PLACE);
	fake_free(t.h);
}

/* ---- reasons and what-ifs ---- */

static const struct fun house[] = {
	F("00:01.0", NULL, "header=1 multifunction=1 pcie=2 type=4 acs=1", 1),
	F("00:01.1", NULL, PORT_NONE, 2),
	F("00:02.0", NULL, PORT, 3),
	F("01:00.0", "0000:00:01.0", CARD_MANY, 0),
	F("01:00.1", "0000:00:01.0", CARD, 0),
	F("02:00.0", "0000:00:01.1", CARD, 0),
	{ NULL, NULL, NULL, 0, 0 },
};
#define HOUSE "00:01.0 00:01.1 01:00.0 01:00.1 02:00.0; 00:02.0"

static void test_reason(void)
{
	struct tree_of t = plant(house, RELEASES_ALL);
	const struct group_node **links;
	size_t nr;

	assert_string_equal(groups(t.map), HOUSE);
	links = group_reason(node(&t, "0000:01:00.0"), node(&t, "0000:02:00.0"), t.h->arena, &nr);
	assert_int_equal(nr, 3);
	assert_string_equal(links[0]->name, "0000:01:00.0");
	assert_int_equal(links[0]->link, GROUP_LINK_PATH);
	assert_int_equal(links[0]->cause->acs.reason, ACS_BECAUSE_NO_CAPABILITY);
	assert_string_equal(links[1]->name, "0000:00:01.1");
	assert_int_equal(links[1]->link, GROUP_LINK_FUNCTION);
	assert_string_equal(links[2]->name, "0000:02:00.0");
	assert_null(group_reason(node(&t, "0000:00:02.0"), node(&t, "0000:02:00.0"), t.h->arena,
				 &nr));
	assert_int_equal(nr, 0);
	fake_free(t.h);
}

static void test_what_if(void)
{
	struct tree_of t = plant(house, RELEASES_ALL);
	struct group_map *map = group_map_copy(t.map, t.h->arena);

	group_map_set_acs(group_map_find(map, "0000:00:01.0"), ACS_REQUIRED);
	group_map_compute(map);
	assert_string_equal(groups(map), "00:01.0; 00:01.1 02:00.0; 00:02.0; 01:00.0 01:00.1");
	map = group_map_copy(t.map, t.h->arena);
	map->overrides = ACS_OVERRIDE_DOWNSTREAM;
	group_map_compute(map);
	assert_string_equal(groups(map), "00:01.0; 00:01.1; 00:02.0; 01:00.0 01:00.1; 02:00.0");
	map->overrides |= ACS_OVERRIDE_MULTIFUNCTION;
	group_map_compute(map);
	assert_string_equal(groups(map), "00:01.0; 00:01.1; 00:02.0; 01:00.0; 01:00.1; 02:00.0");
	map = group_map_copy(t.map, t.h->arena);
	group_map_remove(map, group_map_find(map, "0000:00:01.1"));
	group_map_compute(map);
	assert_string_equal(groups(map), "00:01.0 01:00.0 01:00.1; 00:02.0");
	/* The original is as it was. */
	group_map_compute(t.map);
	assert_string_equal(groups(t.map), HOUSE);
	fake_free(t.h);
}

static void test_move(void)
{
	struct tree_of t = plant(house, RELEASES_ALL);
	struct group_map *map = group_map_copy(t.map, t.h->arena);
	struct group_node *card = group_map_find(map, "0000:01:00.0");

	assert_int_equal(group_map_move(map, card, group_map_find(map, "0000:00:01.1")), -EBUSY);
	assert_int_equal(group_map_move(map, card, group_map_find(map, "0000:02:00.0")), -EINVAL);
	assert_int_equal(group_map_move(map, group_map_find(map, "0000:00:01.0"),
					group_map_find(map, "0000:00:01.0")),
			 -ELOOP);
	assert_int_equal(group_map_move(map, card, group_map_find(map, "0000:00:02.0")), 0);
	group_map_compute(map);
	assert_string_equal(groups(map), "00:01.0 00:01.1 02:00.0; 00:02.0; 03:00.0 03:00.1");
	fake_free(t.h);
}

/* kernel-decisions: 116 entries in 5.10.223 and 133 in 6.12.107, each with the empty one that ends the table. */
static void test_rows(void)
{
	size_t nr = 0, in_5_10 = 0;
	const struct acs_row *row;

	for (; (row = acs_row_get(nr)); nr++) {
		in_5_10 += row->in_5_10;
		assert_true(row->line > 5072 && row->line < 5236);
		assert_true(row->since < NR_RELEASES && row->quirk);
	}
	assert_int_equal(nr + 1, 133);
	assert_int_equal(in_5_10 + 1, 116);
}
