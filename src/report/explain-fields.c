/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/macro.h"
#include "report/explain.h"

static const struct field hop_rows[] = {
	{ "device", "that makes the step", FIELD_TEXT(struct explain_hop, device) },
	{ "kind", "dma, bridge, path, function or alias", FIELD_TEXT(struct explain_hop, kind) },
	{ "bits", "of ACS that the device has and that are off",
	  FIELD_TEXT(struct explain_hop, bits) },
	{ "text", "the step in words", FIELD_TEXT(struct explain_hop, text) },
};
static const struct field_table hop_fields = FIELD_TABLE("explain_hops", hop_rows);

static const struct field reason_rows[] = {
	{ "a", "one device", FIELD_TEXT(struct explain_reason, a) },
	{ "b", "the other", FIELD_TEXT(struct explain_reason, b) },
	{ "hops", "what joins them, step by step",
	  FIELD_ROWS(struct explain_reason, hops, hop_fields) },
};
static const struct field_table reason_fields = FIELD_TABLE("explain_reasons", reason_rows);

static void get_devices(const void *row, struct value *ret)
{
	const struct explain_group *g = row;

	value_set_texts(ret, g->devices.items, g->devices.nr);
}

static void get_computed(const void *row, struct value *ret)
{
	const struct explain_group *g = row;

	value_set_lists(ret, g->computed, g->nr_computed);
}

static void get_agrees(const void *row, struct value *ret)
{
	const struct explain_group *g = row;

	if (g->agrees != TRI_UNKNOWN)
		value_set_bool(ret, g->agrees == TRI_YES);
}

static const struct field group_rows[] = {
	{ "group", "number; null in a what-if", FIELD_NUMBER(struct explain_group, number),
	  FIELD_IF(struct explain_group, has_number) },
	{ "devices", "all of the kernel's group", FIELD_GET(get_devices) },
	{ "computed", "the groups that vfiotool computes of them", FIELD_GET(get_computed) },
	{ "agrees", "whether both are the same; null: it cannot tell", FIELD_GET(get_agrees) },
	{ "unknown", "why they differ, or it cannot tell",
	  FIELD_TEXT(struct explain_group, unknown) },
	{ "alone", "why a device is alone", FIELD_TEXT(struct explain_group, alone) },
	{ "reasons", "why the first device is together with each other",
	  FIELD_ROWS(struct explain_group, reasons, reason_fields) },
};
static const struct field_table group_fields = FIELD_TABLE("explain_groups", group_rows);

static void get_before(const void *row, struct value *ret)
{
	const struct explanation *e = row;

	if (e->changed)
		value_set_lists(ret, e->before, e->nr_before);
}

static void get_after(const void *row, struct value *ret)
{
	const struct explanation *e = row;

	if (e->changed)
		value_set_lists(ret, e->after, e->nr_after);
}

static void get_warnings(const void *row, struct value *ret)
{
	const struct explanation *e = row;

	value_set_texts(ret, e->warnings, e->nr_warnings);
}

static void get_slot_devices(const void *row, struct value *ret)
{
	const struct explain_slot *s = row;

	value_set_texts(ret, s->devices.items, s->devices.nr);
}

static const struct field slot_rows[] = {
	{ "port", "whose slot it is", FIELD_TEXT(struct explain_slot, port) },
	{ "name", "that firmware or a hotplug driver gives it",
	  FIELD_TEXT(struct explain_slot, name) },
	{ "number", "physical slot number", FIELD_NUMBER(struct explain_slot, number) },
	{ "devices", "that are in it", FIELD_GET(get_slot_devices) },
};
static const struct field_table slot_fields = FIELD_TABLE("explain_slots", slot_rows);

static void get_slots(const void *row, struct value *ret)
{
	const struct explanation *e = row;

	if (e->has_slots)
		value_set_rows(ret, e->slots, e->nr_slots, sizeof(*e->slots));
}

static const struct field p2p_rows[] = {
	{ "a", "one device", FIELD_TEXT(struct explain_p2p, a) },
	{ "b", "the other", FIELD_TEXT(struct explain_p2p, b) },
	{ "route", "direct, redirected, root-complex or unknown",
	  FIELD_TEXT(struct explain_p2p, route) },
	{ "common", "port that both are behind", FIELD_TEXT(struct explain_p2p, common) },
	{ "redirector", "bridge that redirects", FIELD_TEXT(struct explain_p2p, redirector) },
	{ "bits", "of ACS that redirect", FIELD_TEXT(struct explain_p2p, bits) },
	{ "numa_a", "node of the one", FIELD_TEXT(struct explain_p2p, numa_a) },
	{ "numa_b", "node of the other", FIELD_TEXT(struct explain_p2p, numa_b) },
	{ "domain_a", "default domain of the one", FIELD_TEXT(struct explain_p2p, domain_a) },
	{ "domain_b", "default domain of the other", FIELD_TEXT(struct explain_p2p, domain_b) },
	{ "text", "the same in words", FIELD_TEXT(struct explain_p2p, text) },
	{ "use", "what it means for copies from one to the other",
	  FIELD_TEXT(struct explain_p2p, use) },
};
static const struct field_table p2p_fields = FIELD_TABLE("explain_p2p", p2p_rows);

static const struct field rows[] = {
	{ "groups", "the groups of the targets",
	  FIELD_ROWS(struct explanation, groups, group_fields) },
	{ "before", "with a what-if: the computed groups that change", FIELD_GET(get_before) },
	{ "after", "the groups that they become", FIELD_GET(get_after) },
	{ "slots", "with --slots: those whose devices are alone", FIELD_GET(get_slots),
	  .fields = &slot_fields },
	{ "peer_to_peer", "with --p2p: the way of DMA",
	  FIELD_OBJECT(struct explanation, p2p, p2p_fields) },
	{ "warnings", "what to know", FIELD_GET(get_warnings) },
};
const struct field_table explain_fields = FIELD_TABLE("explain", rows);
