/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/irq.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/macro.h"
#include "uapi/op.h"
#include "report/field-kinds.h"
#include "report/prose.h"
#include "report/table.h"

/* ---- vectors ---- */

static void vector_arrived(const void *row, struct value *ret)
{
	const struct irq_vector_row *v = row;

	value_set_number(ret, v->arrived);
	ret->style = v->arrived >= v->triggered ? STYLE_NONE : STYLE_NO;
}

static const struct field vector_rows[] = {
	{ "vector", "its number", FIELD_NUMBER(struct irq_vector_row, vector) },
	{ "triggered", "signals asked for", FIELD_NUMBER(struct irq_vector_row, triggered) },
	{ "arrived", "signals counted", FIELD_GET(vector_arrived) },
	{ "latency_ns", "of the first, from the request to its arrival; null: none",
	  FIELD_NUMBER(struct irq_vector_row, latency_ns),
	  FIELD_IF(struct irq_vector_row, has_latency) },
};
static const struct field_table irq_vector_fields = FIELD_TABLE("irq_vectors", vector_rows);

/* ---- raised by the device ---- */

static const struct field raised_rows[] = {
	{ "exerciser", "DMA test driver of this device; null: there is none",
	  FIELD_TEXT(struct irq_raised_row, driver) },
	{ "raised", "the device accepted the request to raise one",
	  FIELD_BOOL(struct irq_raised_row, raised) },
	{ "arrived", "and its interrupt came", FIELD_BOOL(struct irq_raised_row, arrived) },
	{ "latency_ns", "from the request to the arrival",
	  FIELD_NUMBER(struct irq_raised_row, latency_ns),
	  FIELD_IF(struct irq_raised_row, arrived) },
	{ "because", "why it did not", FIELD_TEXT(struct irq_raised_row, because) },
};
static const struct field_table irq_raised_fields = FIELD_TABLE("irq_raised", raised_rows);

/* ---- kinds ---- */

static const char *irq_result_name(enum irq_result result)
{
	static const char *const names[] = {
		[IRQ_ABSENT] = "absent",       [IRQ_REFUSED] = "refused", [IRQ_LOST] = "lost",
		[IRQ_DELIVERED] = "delivered", [IRQ_SILENT] = "silent",
	};

	return names[result];
}

static void kind_result(const void *row, struct value *ret)
{
	const struct irq_kind_row *k = row;

	value_set_text(ret, irq_result_name(k->result));
	ret->style = k->result == IRQ_DELIVERED                          ? STYLE_YES
		     : k->result == IRQ_LOST || k->result == IRQ_REFUSED ? STYLE_NO
									 : STYLE_NONE;
}

static void kind_predicted(const void *row, struct value *ret)
{
	const struct irq_kind_row *k = row;

	if (k->predicted != ANSWER_UNKNOWN)
		value_set_text(ret, predicted_text(k->predicted, k->predicted_err));
}

static const struct field kind_rows[] = {
	{ "kind", "INTx, MSI, MSI-X, ERR or REQ", FIELD_TEXT(struct irq_kind_row, name) },
	{ "index", "the kernel's number of it", FIELD_NUMBER(struct irq_kind_row, index) },
	{ "has", "vectors that the device has", FIELD_NUMBER(struct irq_kind_row, has) },
	{ "set_up", "vectors that were set up", FIELD_NUMBER(struct irq_kind_row, set_up) },
	{ "result", "absent, refused, lost, silent or delivered", FIELD_GET(kind_result) },
	{ "errno", "error it was refused with", FIELD_ERRNO(struct irq_kind_row, err) },
	{ "predicted", "ok or an errno; null: the facts do not tell", FIELD_GET(kind_predicted) },
	{ "match", "whether it was set up or refused as predicted; null: nothing was",
	  FIELD_MATCH(struct irq_kind_row, match) },
	{ "because", "the reason, or a note", FIELD_TEXT(struct irq_kind_row, because) },
	{ "vectors", "each vector through the kernel's loopback",
	  FIELD_ROWS(struct irq_kind_row, vectors, irq_vector_fields) },
	{ "raised", "raised by the device itself; null unless asked for",
	  FIELD_OBJECT(struct irq_kind_row, raised, irq_raised_fields) },
};
static const struct field_table irq_kind_fields = FIELD_TABLE("irq_kinds", kind_rows);

/* ---- a device ---- */

static const struct field device_rows[] = {
	{ "address", "name of the device on its bus", FIELD_TEXT(struct irqs_device, address) },
	{ "interrupts", "by kind, as they were tried",
	  FIELD_ROWS(struct irqs_device, kinds, irq_kind_fields) },
};
const struct field_table irqs_device_fields = FIELD_TABLE("irq_devices", device_rows);

/* ---- for a person ---- */

static int compare_ns(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* The median and the largest of the latencies; false when there is none. */
static bool find_latencies(const struct irq_kind_row *k, struct arena *a, uint64_t *median,
			   uint64_t *largest)
{
	uint64_t *all = arena_array(a, k->nr_vectors, sizeof(*all));
	size_t nr = 0;

	for (size_t i = 0; i < k->nr_vectors; i++)
		if (k->vectors[i].has_latency)
			all[nr++] = k->vectors[i].latency_ns;
	if (!nr)
		return false;
	qsort(all, nr, sizeof(*all), compare_ns);
	*median = all[nr / 2];
	*largest = all[nr - 1];
	return true;
}

static const char *time_text(uint64_t ns, struct arena *a)
{
	return arena_printf(a, "%" PRIu64 " us", (ns + 500) / 1000);
}

static void column_arrived(const void *row, struct value *ret)
{
	const struct irq_kind_row *k = row;
	uint64_t triggered = 0, arrived = 0;

	for (size_t i = 0; i < k->nr_vectors; i++) {
		triggered += k->vectors[i].triggered;
		arrived += k->vectors[i].arrived;
	}
	ret->kind = VALUE_NONE;
	if (k->nr_vectors)
		value_set_text(ret, arena_printf(ret->arena, "%" PRIu64 " of %" PRIu64, arrived,
						 triggered));
}

static void column_median(const void *row, struct value *ret)
{
	uint64_t median, largest;

	ret->kind = VALUE_NONE;
	if (find_latencies(row, ret->arena, &median, &largest))
		value_set_text(ret, time_text(median, ret->arena));
}

static void column_largest(const void *row, struct value *ret)
{
	uint64_t median, largest;

	ret->kind = VALUE_NONE;
	if (find_latencies(row, ret->arena, &median, &largest))
		value_set_text(ret, time_text(largest, ret->arena));
}

static void column_latency(const void *at, struct value *ret)
{
	value_set_text(ret, time_text(*(const uint64_t *)at, ret->arena));
}

static int print_kinds(const struct irqs_device *d, const struct output *out, struct arena *a,
		       struct failure **reterr)
{
	static const struct field rows[] = {
		{ "kind", NULL, FIELD_SAME(irq_kind_fields) },
		{ "has", NULL, FIELD_SAME(irq_kind_fields), .flags = FIELD_RIGHT },
		{ "set_up", NULL, FIELD_SAME(irq_kind_fields), .flags = FIELD_RIGHT },
		{ "arrived", "", FIELD_GET(column_arrived), .flags = FIELD_RIGHT },
		{ "median", "", FIELD_GET(column_median), .flags = FIELD_RIGHT | FIELD_YIELDS },
		{ "largest", "", FIELD_GET(column_largest), .flags = FIELD_RIGHT | FIELD_YIELDS },
		{ "result", NULL, FIELD_SAME(irq_kind_fields) },
		{ "errno", NULL, FIELD_SAME(irq_kind_fields) },
	};
	static const struct field_table columns = FIELD_TABLE("irq_columns", rows);

	return table_print_rows(&columns, value_rows(a, d->kinds, d->nr_kinds, sizeof(*d->kinds)),
				d->nr_kinds, out, 2, reterr);
}

static int print_vectors(const struct irq_kind_row *k, const struct output *out, struct arena *a,
			 struct failure **reterr)
{
	static const struct field rows[] = {
		{ "vector", NULL, FIELD_SAME(irq_vector_fields), .flags = FIELD_RIGHT },
		{ "triggered", NULL, FIELD_SAME(irq_vector_fields), .flags = FIELD_RIGHT },
		{ "arrived", NULL, FIELD_SAME(irq_vector_fields), .flags = FIELD_RIGHT },
		{ "latency", "",
		  FIELD_MEMBER(struct irq_vector_row, latency_ns, uint64_t, column_latency),
		  FIELD_IF(struct irq_vector_row, has_latency), .flags = FIELD_RIGHT },
	};
	static const struct field_table columns = FIELD_TABLE("irq_vector_columns", rows);
	struct prose p = { .out = out, .indent = 2 };

	prose_blank(&p);
	prose_text(&p, STYLE_HEADING, "%s:", k->name);
	return table_print_rows(&columns,
				value_rows(a, k->vectors, k->nr_vectors, sizeof(*k->vectors)),
				k->nr_vectors, out, 4, reterr);
}

static void print_raised(const struct irq_kind_row *k, const struct prose *p, struct arena *a)
{
	const struct irq_raised_row *r = k->raised;

	if (r->arrived)
		prose_text(p, STYLE_YES, "%s raised by the device (%s): arrived after %s.", k->name,
			   r->driver, time_text(r->latency_ns, a));
	else
		prose_text(p, r->raised ? STYLE_NO : STYLE_UNKNOWN, "%s raised by the device: %s.",
			   k->name, r->because ? r->because : "it did not arrive");
}

int irqs_print(const struct irqs_device *d, const struct output *out, struct failure **reterr)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	struct prose p = { .out = out };
	struct prose body = prose_indented(&p, 2);
	int r;

	prose_device(&p, d->address, d->name);
	r = print_kinds(d, out, a, reterr);
	for (size_t i = 0; r >= 0 && i < d->nr_kinds; i++)
		if (d->each && d->kinds[i].nr_vectors)
			r = print_vectors(&d->kinds[i], out, a, reterr);
	if (r < 0)
		return r;
	for (size_t i = 0; i < d->nr_kinds; i++) {
		const struct irq_kind_row *k = &d->kinds[i];

		if (k->because)
			prose_text(&body, STYLE_NONE, "%s: %s.", k->name, k->because);
		if (k->raised)
			print_raised(k, &body, a);
	}
	return 0;
}
