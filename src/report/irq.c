/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/irq.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/macro.h"
#include "uapi/op.h"
#include "report/prose.h"
#include "report/table.h"

/* ---- vectors ---- */

static void vector_vector(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_number(ret, ((const struct irq_vector_row *)row)->vector);
}

static void vector_triggered(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_number(ret, ((const struct irq_vector_row *)row)->triggered);
}

static void vector_arrived(const void *row, struct arena *a, struct value *ret)
{
	const struct irq_vector_row *v = row;

	(void)a;
	value_set_number(ret, v->arrived);
	ret->style = v->arrived >= v->triggered ? STYLE_NONE : STYLE_NO;
}

static void vector_latency(const void *row, struct arena *a, struct value *ret)
{
	const struct irq_vector_row *v = row;

	(void)a;
	if (v->has_latency)
		value_set_number(ret, v->latency_ns);
	else
		ret->kind = VALUE_NONE;
}

const struct field_table *irq_vector_fields(void)
{
	static const struct field fields[] = {
		{ "vector", 0, 0, "its number", vector_vector },
		{ "triggered", 0, 0, "signals asked for", vector_triggered },
		{ "arrived", 0, 0, "signals counted", vector_arrived },
		{ "latency_ns", 0, 0, "of the first, from the request to its arrival; null: none",
		  vector_latency },
	};
	static const struct field_table table = FIELD_TABLE("irq_vectors", fields);

	return &table;
}

/* ---- raised by the device ---- */

static void raised_exerciser(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_text(ret, ((const struct irq_raised_row *)row)->exerciser);
}

static void raised_raised(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_bool(ret, ((const struct irq_raised_row *)row)->raised);
}

static void raised_arrived(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_bool(ret, ((const struct irq_raised_row *)row)->arrived);
}

static void raised_latency(const void *row, struct arena *a, struct value *ret)
{
	const struct irq_raised_row *r = row;

	(void)a;
	if (r->arrived)
		value_set_number(ret, r->latency_ns);
	else
		ret->kind = VALUE_NONE;
}

static void raised_because(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_text(ret, ((const struct irq_raised_row *)row)->because);
}

const struct field_table *irq_raised_fields(void)
{
	static const struct field fields[] = {
		{ "exerciser", 0, 0, "who knows how to ask this device; null: nobody",
		  raised_exerciser },
		{ "raised", 0, 0, "the device could be told to", raised_raised },
		{ "arrived", 0, 0, "and its interrupt came", raised_arrived },
		{ "latency_ns", 0, 0, "from telling it to the arrival", raised_latency },
		{ "because", 0, 0, "why it did not", raised_because },
	};
	static const struct field_table table = FIELD_TABLE("irq_raised", fields);

	return &table;
}

/* ---- kinds ---- */

const char *irq_result_name(enum irq_result result)
{
	static const char *const names[] = {
		[IRQ_ABSENT] = "absent",       [IRQ_REFUSED] = "refused", [IRQ_LOST] = "lost",
		[IRQ_DELIVERED] = "delivered", [IRQ_SILENT] = "silent",
	};

	return names[result];
}

static void kind_name(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_text(ret, ((const struct irq_kind_row *)row)->name);
}

static void kind_index(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_number(ret, ((const struct irq_kind_row *)row)->index);
}

static void kind_has(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_number(ret, ((const struct irq_kind_row *)row)->has);
}

static void kind_set_up(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_number(ret, ((const struct irq_kind_row *)row)->set_up);
}

static void kind_result(const void *row, struct arena *a, struct value *ret)
{
	const struct irq_kind_row *k = row;

	(void)a;
	value_set_text(ret, irq_result_name(k->result));
	ret->style = k->result == IRQ_DELIVERED                          ? STYLE_YES
		     : k->result == IRQ_LOST || k->result == IRQ_REFUSED ? STYLE_NO
									 : STYLE_NONE;
}

static void kind_errno(const void *row, struct arena *a, struct value *ret)
{
	const struct irq_kind_row *k = row;

	(void)a;
	value_set_text(ret, k->err ? errno_name(k->err) : NULL);
}

static void kind_because(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_text(ret, ((const struct irq_kind_row *)row)->because);
}

static void kind_vectors(const void *row, struct arena *a, struct value *ret)
{
	const struct irq_kind_row *k = row;

	value_set_rows(ret, irq_vector_fields(), a, k->vectors, k->nr_vectors, sizeof(*k->vectors));
}

static void kind_raised(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_object(ret, irq_raised_fields(), ((const struct irq_kind_row *)row)->raised);
}

const struct field_table *irq_kind_fields(void)
{
	static const struct field fields[] = {
		{ "kind", 0, 0, "INTx, MSI, MSI-X, ERR or REQ", kind_name },
		{ "index", 0, 0, "the kernel's number of it", kind_index },
		{ "has", 0, 0, "vectors that the device has", kind_has },
		{ "set_up", 0, 0, "vectors that were set up", kind_set_up },
		{ "result", 0, 0, "absent, refused, lost, silent or delivered", kind_result },
		{ "errno", 0, 0, "error it was refused with", kind_errno },
		{ "because", 0, 0, "what there is to say about it", kind_because },
		{ "vectors", 0, 0, "each vector through the kernel's loopback", kind_vectors },
		{ "raised", 0, 0, "raised by the device itself; null unless asked for",
		  kind_raised },
	};
	static const struct field_table table = FIELD_TABLE("irq_kinds", fields);

	return &table;
}

/* ---- a device ---- */

static void device_address(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_text(ret, ((const struct irqs_device *)row)->address);
}

static void device_kinds(const void *row, struct arena *a, struct value *ret)
{
	const struct irqs_device *d = row;

	value_set_rows(ret, irq_kind_fields(), a, d->kinds, d->nr_kinds, sizeof(*d->kinds));
}

const struct field_table *irqs_device_fields(void)
{
	static const struct field fields[] = {
		{ "address", 0, 0, "name of the device on its bus", device_address },
		{ "interrupts", 0, 0, "by kind, as they were tried", device_kinds },
	};
	static const struct field_table table = FIELD_TABLE("irq_devices", fields);

	return &table;
}

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

static void column_arrived(const void *row, struct arena *a, struct value *ret)
{
	const struct irq_kind_row *k = row;
	uint64_t triggered = 0, arrived = 0;

	for (size_t i = 0; i < k->nr_vectors; i++) {
		triggered += k->vectors[i].triggered;
		arrived += k->vectors[i].arrived;
	}
	if (k->nr_vectors)
		value_set_text(ret, arena_printf(a, "%" PRIu64 " of %" PRIu64, arrived, triggered));
	else
		ret->kind = VALUE_NONE;
}

static void column_median(const void *row, struct arena *a, struct value *ret)
{
	uint64_t median, largest;

	ret->kind = VALUE_NONE;
	if (find_latencies(row, a, &median, &largest))
		value_set_text(ret, time_text(median, a));
}

static void column_largest(const void *row, struct arena *a, struct value *ret)
{
	uint64_t median, largest;

	ret->kind = VALUE_NONE;
	if (find_latencies(row, a, &median, &largest))
		value_set_text(ret, time_text(largest, a));
}

static void column_latency(const void *row, struct arena *a, struct value *ret)
{
	const struct irq_vector_row *v = row;

	ret->kind = VALUE_NONE;
	if (v->has_latency)
		value_set_text(ret, time_text(v->latency_ns, a));
}

static int print_rows(const struct field_table *fields, const void *rows, size_t size, size_t nr,
		      const struct output *out, size_t indent, struct failure **reterr)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	struct table_row *table_rows = arena_array(a, nr, sizeof(*table_rows));
	struct output headed = *out;
	struct columns columns;
	struct table table = {
		.fields = fields,
		.columns = &columns,
		.rows = table_rows,
		.nr_rows = nr,
		.indent = indent,
	};

	for (size_t i = 0; i < nr; i++)
		table_rows[i].row = (const char *)rows + i * size;
	columns_all(fields, a, &columns);
	columns.chosen = false;
	headed.headings = true;
	return table_print(&table, &headed, reterr);
}

static int print_kinds(const struct irqs_device *d, const struct output *out,
		       struct failure **reterr)
{
	static const struct field fields[] = {
		{ "kind", FIELD_COLUMN, 0, "", kind_name },
		{ "has", FIELD_COLUMN | FIELD_RIGHT, 0, "", kind_has },
		{ "set_up", FIELD_COLUMN | FIELD_RIGHT, 0, "", kind_set_up },
		{ "arrived", FIELD_COLUMN | FIELD_RIGHT, 0, "", column_arrived },
		{ "median", FIELD_COLUMN | FIELD_RIGHT | FIELD_YIELDS, 0, "", column_median },
		{ "largest", FIELD_COLUMN | FIELD_RIGHT | FIELD_YIELDS, 0, "", column_largest },
		{ "result", FIELD_COLUMN, 0, "", kind_result },
		{ "errno", FIELD_COLUMN, 0, "", kind_errno },
	};
	static const struct field_table table = FIELD_TABLE("irq_columns", fields);

	return print_rows(&table, d->kinds, sizeof(*d->kinds), d->nr_kinds, out, 2, reterr);
}

static int print_vectors(const struct irq_kind_row *k, const struct output *out,
			 struct failure **reterr)
{
	static const struct field fields[] = {
		{ "vector", FIELD_COLUMN | FIELD_RIGHT, 0, "", vector_vector },
		{ "triggered", FIELD_COLUMN | FIELD_RIGHT, 0, "", vector_triggered },
		{ "arrived", FIELD_COLUMN | FIELD_RIGHT, 0, "", vector_arrived },
		{ "latency", FIELD_COLUMN | FIELD_RIGHT, 0, "", column_latency },
	};
	static const struct field_table table = FIELD_TABLE("irq_vector_columns", fields);
	struct prose p = { .out = out, .indent = 2 };

	prose_blank(&p);
	prose_text(&p, STYLE_HEADING, "%s:", k->name);
	return print_rows(&table, k->vectors, sizeof(*k->vectors), k->nr_vectors, out, 4, reterr);
}

static void print_raised(const struct irq_kind_row *k, const struct prose *p, struct arena *a)
{
	const struct irq_raised_row *r = k->raised;

	if (r->arrived)
		prose_text(p, STYLE_YES, "%s raised by the device (%s): arrived after %s.", k->name,
			   r->exerciser, time_text(r->latency_ns, a));
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

	prose_text(&p, STYLE_NAME, "%s%s%s", d->address, d->name ? " " : "",
		   d->name ? d->name : "");
	r = print_kinds(d, out, reterr);
	for (size_t i = 0; r >= 0 && i < d->nr_kinds; i++)
		if (d->each && d->kinds[i].nr_vectors)
			r = print_vectors(&d->kinds[i], out, reterr);
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
