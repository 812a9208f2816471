/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/hardware.h"

#include <inttypes.h>
#include <string.h>

#include "base/macro.h"
#include "base/parse.h"
#include "base/strbuf.h"
#include "report/field-kinds.h"
#include "report/prediction-fields.h"
#include "report/size.h"

/* ---- link ---- */

struct link {
	const char *speed; /* "8.0 GT/s"; NULL: there is no link, or it is not known */
	uint64_t width;    /* lanes */
};

/* linux: drivers/pci/probe.c: pci_speed_string(): "8.0 GT/s PCIe", "Unknown"; a width of 0 or 255 is none. */
static bool link_make(const struct fact *speed, const struct fact *width, struct arena *a,
		      struct link *ret)
{
	const char *end;

	*ret = (struct link){ 0 };
	if (!fact_is(speed) || !fact_is(width) || parse_u64(width->raw, 10, &ret->width) < 0 ||
	    !ret->width || ret->width > 32)
		return false;
	end = strstr(speed->raw, "GT/s");
	if (!end)
		return false;
	ret->speed = arena_strndup(a, speed->raw, (size_t)(end - speed->raw) + 4);
	return true;
}

static const char *link_text(const struct device *d, struct arena *a, bool *ret_slow)
{
	struct link now, most;

	*ret_slow = false;
	if (!link_make(&d->link_speed, &d->link_width, a, &now))
		return NULL;
	if (!link_make(&d->link_speed_max, &d->link_width_max, a, &most) ||
	    (!strcmp(now.speed, most.speed) && now.width == most.width))
		return arena_printf(a, "%s x%" PRIu64, now.speed, now.width);
	*ret_slow = true;
	return arena_printf(a, "%s x%" PRIu64 ", could be %s x%" PRIu64, now.speed, now.width,
			    most.speed, most.width);
}

void hardware_get_link(const void *row, struct value *ret)
{
	const struct device *d = row;
	bool slow;
	const char *text = link_text(d, ret->arena, &slow);

	if (text)
		value_set_text(ret, text);
	else if (fact_known(&d->link_speed))
		ret->kind = VALUE_NONE;
	if (slow)
		ret->style = STYLE_UNKNOWN;
}

static const struct field link_rows[] = {
	{ "speed", "of each lane now", FIELD_TEXT(struct link, speed) },
	{ "width", "lanes now", FIELD_NUMBER(struct link, width) },
};
static const struct field_table link_fields = FIELD_TABLE("links", link_rows);

static void set_link(struct value *ret, const struct fact *speed, const struct fact *width)
{
	struct link *l = arena_new_object(ret->arena, struct link);

	if (link_make(speed, width, ret->arena, l))
		value_set_object(ret, l);
}

static void get_link_now(const void *row, struct value *ret)
{
	const struct device *d = row;

	set_link(ret, &d->link_speed, &d->link_width);
}

static void get_link_most(const void *row, struct value *ret)
{
	const struct device *d = row;

	set_link(ret, &d->link_speed_max, &d->link_width_max);
}

/* ---- BARs ---- */

/* BARs 0 to 5, the ROM, then the BARs of virtual functions: more lines are those of a bridge.
 * linux: include/linux/pci.h: PCI_ROM_RESOURCE, PCI_IOV_RESOURCES. */
enum { ROM = 6, VF_FIRST = 7, VF_END = 13 };

struct bar {
	unsigned int index;
	struct pciresource r;
};

static size_t bars_make(const struct device *d, struct arena *a, struct bar **ret)
{
	const struct fact *f = &d->resource;
	struct span rest = { f->raw, fact_is(f) ? f->len : 0 };
	unsigned int end = d->is_bridge == TRI_YES ? VF_FIRST : VF_END;
	size_t nr = 0;

	*ret = arena_array(a, VF_END, sizeof(**ret));
	for (unsigned int i = 0; i < end; i++) {
		struct bar *b = &(*ret)[nr];

		b->index = i;
		if (!pciresource_next(&rest, &b->r))
			break;
		nr += b->r.used;
	}
	return nr;
}

static const char *bar_name(unsigned int index, struct arena *a)
{
	if (index == ROM)
		return "ROM";
	if (index >= VF_FIRST)
		return arena_printf(a, "VF BAR%u", index - VF_FIRST);
	return arena_printf(a, "BAR%u", index);
}

static uint64_t bar_size(const struct bar *b)
{
	return b->r.last - b->r.start + 1;
}

void hardware_get_bars(const void *row, struct value *ret)
{
	const struct device *d = row;
	struct strbuf text = { .arena = ret->arena };
	struct bar *bars;
	size_t nr = bars_make(d, ret->arena, &bars);

	for (size_t i = 0; i < nr; i++) {
		const char *size = size_text(ret->arena, bar_size(&bars[i]));

		if (bars[i].index == ROM)
			strbuf_item(&text, ",", "rom=%s", size);
		else
			strbuf_item(&text, ",", "%s%u=%s", bars[i].index > ROM ? "vf" : "",
				    bars[i].index - (bars[i].index > ROM ? VF_FIRST : 0), size);
	}
	if (text.len)
		value_set_text(ret, text.s);
	else if (fact_known(&d->resource) || d->bus != BUS_PCI)
		ret->kind = VALUE_NONE;
}

static void get_bar_name(const void *row, struct value *ret)
{
	value_set_text(ret, bar_name(((const struct bar *)row)->index, ret->arena));
}

static void get_bar_start(const void *row, struct value *ret)
{
	const struct bar *b = row;

	/* Zeros where the kernel hides it, or where it has none. */
	if (b->r.start && !b->r.disabled)
		value_set_hex(ret, b->r.start, 1);
}

static void get_bar_size(const void *row, struct value *ret)
{
	value_set_hex(ret, bar_size(row), 1);
}

static void get_bar_kind(const void *row, struct value *ret)
{
	value_set_text(ret, ((const struct bar *)row)->r.io ? "io" : "memory");
}

static const struct field bar_rows[] = {
	{ "bar", "BAR0 to BAR5, ROM, VF BAR0 to VF BAR5", FIELD_GET(get_bar_name) },
	{ "address", "in the host's memory; null where it has none", FIELD_GET(get_bar_start) },
	{ "size", "bytes; of VF BARs for all virtual functions", FIELD_GET(get_bar_size) },
	{ "kind", "memory or io", FIELD_GET(get_bar_kind) },
	{ "wide", "it may be above 4 GiB", FIELD_BOOL(struct bar, r.wide) },
	{ "prefetchable", "reads of it have no effect", FIELD_BOOL(struct bar, r.prefetchable) },
};
static const struct field_table bar_fields = FIELD_TABLE("bars", bar_rows);

static void get_bars(const void *row, struct value *ret)
{
	const struct device *d = row;
	struct bar *bars;
	size_t nr = bars_make(d, ret->arena, &bars);

	if (fact_is(&d->resource))
		value_set_rows(ret, bars, nr, sizeof(*bars));
}

/* ---- abilities ---- */

/* Whether there is one; unknown where the configuration space could not be read. */
static enum pcigroup_cap state_of(const struct device *d, enum pcigroup_cap cap)
{
	return fact_is(&d->ability_fact) ? cap : PCIGROUP_UNREAD;
}

static void set_present(struct value *ret, enum pcigroup_cap cap)
{
	if (cap != PCIGROUP_UNREAD)
		value_set_bool(ret, cap == PCIGROUP_PRESENT);
}

void hardware_get_ats(const void *row, struct value *ret)
{
	const struct device *d = row;

	set_present(ret, state_of(d, d->ability.ats));
}

void hardware_get_pri(const void *row, struct value *ret)
{
	const struct device *d = row;

	set_present(ret, state_of(d, d->ability.pri));
}

void hardware_get_pasid(const void *row, struct value *ret)
{
	const struct device *d = row;
	enum pcigroup_cap cap = state_of(d, d->ability.pasid);

	if (cap == PCIGROUP_PRESENT)
		value_set_number(ret, pciability_pasid_bits(&d->ability));
	else if (cap == PCIGROUP_NONE)
		ret->kind = VALUE_NONE;
}

static const char *rebar_text(const struct pcirebar *r, struct arena *a)
{
	struct strbuf text = { .arena = a };

	for (unsigned int bit = 20; bit < 64; bit++)
		if (pcirebar_sizes(r) >> bit & 1)
			strbuf_item(&text, " ", "%s", size_text(a, UINT64_C(1) << bit));
	return arena_printf(a, "%s of %s", size_text(a, pcirebar_size(r)),
			    text.s ? text.s : "no size");
}

void hardware_get_rebar(const void *row, struct value *ret)
{
	const struct device *d = row;
	struct strbuf text = { .arena = ret->arena };

	for (size_t i = 0; state_of(d, d->ability.rebar) && i < d->ability.nr_rebars; i++)
		strbuf_item(&text, ",", "%u=%s", pcirebar_bar(&d->ability.rebars[i]),
			    rebar_text(&d->ability.rebars[i], ret->arena));
	if (text.len)
		value_set_text(ret, text.s);
	else if (state_of(d, d->ability.rebar))
		ret->kind = VALUE_NONE;
}

/* Members of the capabilities: rows are struct device, which have it. */
#define ABILITY(name, cap, function, set)                            \
	static void name(const void *row, struct value *ret)         \
	{                                                            \
		const struct device *d = row;                        \
                                                                     \
		if (state_of(d, d->ability.cap) == PCIGROUP_PRESENT) \
			set(ret, function);                          \
	}
ABILITY(ats_queue, ats, pciability_ats_queue(&d->ability), value_set_number)
ABILITY(ats_on, ats, pciability_ats_on(&d->ability), value_set_bool)
ABILITY(pri_capacity, pri, d->ability.pri_capacity, value_set_number)
ABILITY(pri_on, pri, pciability_pri_on(&d->ability), value_set_bool)
ABILITY(pasid_bits, pasid, pciability_pasid_bits(&d->ability), value_set_number)
ABILITY(pasid_on, pasid, pciability_pasid_on(&d->ability), value_set_bool)

static void pasid_present(const void *row, struct value *ret)
{
	const struct device *d = row;

	set_present(ret, state_of(d, d->ability.pasid));
}

static const struct field ats_rows[] = {
	{ "present", "the function has it", FIELD_GET(hardware_get_ats) },
	{ "queue_depth", "invalidations that it takes", FIELD_GET(ats_queue) },
	{ "enabled", "it is on", FIELD_GET(ats_on) },
};
static const struct field_table ats_fields = FIELD_TABLE("ats", ats_rows);

static const struct field pri_rows[] = {
	{ "present", "the function has it", FIELD_GET(hardware_get_pri) },
	{ "capacity", "page requests that it can have open", FIELD_GET(pri_capacity) },
	{ "enabled", "it is on", FIELD_GET(pri_on) },
};
static const struct field_table pri_fields = FIELD_TABLE("pri", pri_rows);

static const struct field pasid_rows[] = {
	{ "present", "the function has it", FIELD_GET(pasid_present) },
	{ "bits", "width of a PASID", FIELD_GET(pasid_bits) },
	{ "enabled", "it is on", FIELD_GET(pasid_on) },
};
static const struct field_table pasid_fields = FIELD_TABLE("pasid", pasid_rows);

static void get_rebar_bar(const void *row, struct value *ret)
{
	value_set_number(ret, pcirebar_bar(row));
}

static void get_rebar_size(const void *row, struct value *ret)
{
	value_set_hex(ret, pcirebar_size(row), 1);
}

static void get_rebar_sizes(const void *row, struct value *ret)
{
	value_set_hex(ret, pcirebar_sizes(row), 1);
}

static const struct field rebar_rows[] = {
	{ "bar", "its number", FIELD_GET(get_rebar_bar) },
	{ "size", "bytes now", FIELD_GET(get_rebar_size) },
	{ "sizes", "those that it can have, a mask of bytes", FIELD_GET(get_rebar_sizes) },
};
static const struct field_table rebar_fields = FIELD_TABLE("rebars", rebar_rows);

static void get_rebars(const void *row, struct value *ret)
{
	const struct device *d = row;

	if (state_of(d, d->ability.rebar))
		value_set_rows(ret, d->ability.rebars, d->ability.nr_rebars,
			       sizeof(d->ability.rebars[0]));
}

static const struct field hardware_rows[] = {
	{ "power_state", "D0 to D3cold, as the kernel has it",
	  FIELD_FACT(struct device, power_state) },
	{ "asleep", "it sleeps, and what follows but the BARs was not read: that would wake it",
	  FIELD_BOOL(struct device, asleep) },
	{ "link", "of PCI Express, now; null without", FIELD_GET(get_link_now),
	  .fields = &link_fields },
	{ "link_max", "what the function can", FIELD_GET(get_link_most), .fields = &link_fields },
	{ "bars", "its memory and ports, those that it uses", FIELD_GET(get_bars),
	  .fields = &bar_fields },
	{ "rebars", "resizable BARs; null: not known", FIELD_GET(get_rebars),
	  .fields = &rebar_fields },
	{ "ats", "Address Translation Services", FIELD_SELF(ats_fields) },
	{ "pri", "Page Request Interface", FIELD_SELF(pri_fields) },
	{ "pasid", "process address spaces", FIELD_SELF(pasid_fields) },
};
const struct field_table hardware_fields = FIELD_TABLE("hardware", hardware_rows);

/* ---- for a person ---- */

static void put_ability(const struct prose *p, const char *label, enum pcigroup_cap cap,
			const char *text, bool on)
{
	if (cap == PCIGROUP_PRESENT)
		prose_label(p, label, STYLE_NONE, "%s, %s", text, on ? "on" : "off");
	else
		prose_label(p, label, cap == PCIGROUP_NONE ? STYLE_NONE : STYLE_UNKNOWN, "%s",
			    cap == PCIGROUP_NONE ? "no"
						 : "unknown: its list of capabilities is broken");
}

static void put_abilities(const struct prose *p, const struct device *d, struct arena *a)
{
	const struct pciability *b = &d->ability;

	if (d->asleep) {
		prose_label(p, "ATS, PRI, PASID", STYLE_UNKNOWN,
			    "unknown: reading that would wake the device");
		return;
	}
	if (!fact_is(&d->ability_fact)) {
		prose_label(p, "ATS, PRI, PASID", STYLE_UNKNOWN,
			    "unknown: its configuration space is %s",
			    fact_describe(&d->ability_fact, 64, a));
		return;
	}
	put_ability(p, "ATS", b->ats, arena_printf(a, "queue of %u", pciability_ats_queue(b)),
		    pciability_ats_on(b));
	put_ability(p, "PRI", b->pri, arena_printf(a, "%" PRIu32 " requests", b->pri_capacity),
		    pciability_pri_on(b));
	put_ability(p, "PASID", b->pasid, arena_printf(a, "%u bits", pciability_pasid_bits(b)),
		    pciability_pasid_on(b));
	for (size_t i = 0; i < b->nr_rebars; i++)
		prose_label(p, i ? "" : "resizable", STYLE_NONE, "BAR%u: %s",
			    pcirebar_bar(&b->rebars[i]), rebar_text(&b->rebars[i], a));
}

static void put_bars(const struct prose *p, const struct device *d, struct arena *a)
{
	struct bar *bars;
	size_t nr = bars_make(d, a, &bars);

	for (size_t i = 0; i < nr; i++) {
		const struct pciresource *r = &bars[i].r;

		prose_label(p, bar_name(bars[i].index, a), STYLE_NONE, "%s %s%s%s%s",
			    size_text(a, bar_size(&bars[i])), r->io ? "of ports" : "of memory",
			    r->wide ? ", 64 bits" : "", r->prefetchable ? ", prefetchable" : "",
			    r->start && !r->disabled ? arena_printf(a, ", at 0x%" PRIx64, r->start)
						     : ", without an address");
	}
}

void hardware_text(const struct prose *p, const struct device *d)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	bool slow;
	const char *link = link_text(d, a, &slow);

	if (d->bus != BUS_PCI)
		return;
	if (fact_is(&d->power_state))
		prose_label(p, "power", STYLE_NONE, "%s", d->power_state.raw);
	if (link)
		prose_label(p, "link", slow ? STYLE_UNKNOWN : STYLE_NONE, "%s", link);
	if (fact_is(&d->numa_node) && strcmp(d->numa_node.raw, "-1") != 0)
		prose_label(p, "NUMA node", STYLE_NONE, "%s", d->numa_node.raw);
	if (fact_is(&d->reset_method))
		prose_label(p, "reset", STYLE_NONE, "%s",
			    d->reset_method.len ? d->reset_method.raw : "no method");
	put_bars(p, d, a);
	put_abilities(p, d, a);
}
