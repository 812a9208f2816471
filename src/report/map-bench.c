/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/map-bench.h"

#include <inttypes.h>

#include "base/macro.h"
#include "report/field-kinds.h"
#include "report/prose.h"
#include "report/size.h"
#include "report/table.h"

struct map_quantiles map_quantiles_of(const uint64_t *sorted, size_t nr)
{
	return (struct map_quantiles){
		.p50 = sorted[(nr * 50 + 99) / 100 - 1],
		.p90 = sorted[(nr * 90 + 99) / 100 - 1],
		.p99 = sorted[(nr * 99 + 99) / 100 - 1],
	};
}

/* ---- fields ---- */

/* Times of a row that has any. */
static void get_ns(const void *row, struct value *ret)
{
	const struct map_cost_row *r = row;
	const uint64_t *ns = (const void *)((const char *)row + ret->field->param);

	ret->kind = VALUE_NONE;
	if (r->rounds)
		value_set_number(ret, *ns);
}

#define NS(member)                                                              \
	FIELD_GET(get_ns), .param = (int)offsetof(struct map_cost_row, member), \
			   .flags = FIELD_COLUMN | FIELD_RIGHT

static const struct field cost_rows[] = {
	{ "path", "container, iommufd or compat", FIELD_TEXT(struct map_cost_row, path),
	  .flags = FIELD_COLUMN },
	{ "pages", "of the memory: 4K, thp, 2M, 1G", FIELD_TEXT(struct map_cost_row, pages),
	  .flags = FIELD_COLUMN },
	{ "size", "bytes of the mapping", FIELD_NUMBER(struct map_cost_row, size),
	  .flags = FIELD_COLUMN | FIELD_RIGHT },
	{ "rounds", "that were timed: each maps and unmaps",
	  FIELD_NUMBER(struct map_cost_row, rounds), .flags = FIELD_COLUMN | FIELD_RIGHT },
	{ "map_p50_ns", "nanoseconds that half of the requests took at most", NS(map.p50) },
	{ "map_p90_ns", "nine of ten", NS(map.p90) },
	{ "map_p99_ns", "ninety-nine of a hundred", NS(map.p99) },
	{ "unmap_p50_ns", "the same of the requests that unmap", NS(unmap.p50) },
	{ "unmap_p90_ns", "nine of ten", NS(unmap.p90) },
	{ "unmap_p99_ns", "ninety-nine of a hundred", NS(unmap.p99) },
	{ "errno", "of the request that was refused", FIELD_ERRNO(struct map_cost_row, err),
	  .flags = FIELD_COLUMN },
};
const struct field_table map_cost_fields = FIELD_TABLE("map_costs", cost_rows);

static const struct field bench_rows[] = {
	{ "address", "name of the device on its bus",
	  FIELD_TEXT(struct map_bench_report, address) },
	{ "costs", "by path, pages and size",
	  FIELD_ROWS(struct map_bench_report, rows, map_cost_fields) },
	{ "returned", "locked and pinned memory are as before; null: not known",
	  FIELD_BOOL(struct map_bench_report, returned), FIELD_IF(struct map_bench_report, known) },
	{ "missing", "what was left out, and why", FIELD_TEXT(struct map_bench_report, missing) },
};
const struct field_table map_bench_fields = FIELD_TABLE("map_bench", bench_rows);

/* ---- for a person ---- */

static void column_size(const void *row, struct value *ret)
{
	value_set_text(ret, size_text(ret->arena, ((const struct map_cost_row *)row)->size));
}

static void column_us(const void *row, struct value *ret)
{
	const struct map_cost_row *r = row;
	const uint64_t *ns = (const void *)((const char *)row + ret->field->param);

	ret->kind = VALUE_NONE;
	if (r->rounds)
		value_set_text(ret, arena_printf(ret->arena, "%" PRIu64 ".%" PRIu64 " us",
						 *ns / 1000, *ns / 100 % 10));
}

#define US(member) FIELD_GET(column_us), .param = (int)offsetof(struct map_cost_row, member)

static const struct field column_rows[] = {
	{ "path", NULL, FIELD_SAME(map_cost_fields) },
	{ "pages", NULL, FIELD_SAME(map_cost_fields) },
	{ "size", "", FIELD_GET(column_size), .flags = FIELD_RIGHT },
	{ "rounds", NULL, FIELD_SAME(map_cost_fields), .flags = FIELD_RIGHT | FIELD_YIELDS },
	{ "map_p50", "", US(map.p50), .flags = FIELD_RIGHT },
	{ "map_p90", "", US(map.p90), .flags = FIELD_RIGHT },
	{ "map_p99", "", US(map.p99), .flags = FIELD_RIGHT },
	{ "unmap_p50", "", US(unmap.p50), .flags = FIELD_RIGHT },
	{ "unmap_p90", "", US(unmap.p90), .flags = FIELD_RIGHT | FIELD_YIELDS },
	{ "unmap_p99", "", US(unmap.p99), .flags = FIELD_RIGHT | FIELD_YIELDS },
	{ "errno", NULL, FIELD_SAME(map_cost_fields) },
};
static const struct field_table column_fields = FIELD_TABLE("map_bench_columns", column_rows);

static int print_csv(const struct map_bench_report *m, const struct output *out,
		     struct failure **reterr)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	struct table_row *rows = arena_array(a, m->nr_rows, sizeof(*rows));
	struct columns columns;
	struct table t = {
		.fields = &map_cost_fields, .columns = &columns, .rows = rows, .nr_rows = m->nr_rows
	};

	columns_all(&map_cost_fields, a, &columns);
	for (size_t i = 0; i < m->nr_rows; i++)
		rows[i].row = &m->rows[i];
	return table_print(&t, out, reterr);
}

int map_bench_print(const struct map_bench_report *m, const struct output *out,
		    struct failure **reterr)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	struct prose p = { .out = out };
	int r;

	if (out->format == FORMAT_CSV)
		return print_csv(m, out, reterr);
	r = table_print_rows(&column_fields, value_rows(a, m->rows, m->nr_rows, sizeof(*m->rows)),
			     m->nr_rows, out, 0, reterr);
	if (r < 0)
		return r;
	if (m->missing)
		prose_text(&p, STYLE_DIM, "Left out: %s.", m->missing);
	if (!m->known)
		prose_text(&p, STYLE_UNKNOWN, "Locked and pinned memory could not be read.");
	else
		prose_text(&p, m->returned ? STYLE_YES : STYLE_NO,
			   m->returned ? "Locked and pinned memory are as before."
				       : "Locked or pinned memory is not as before.");
	return 0;
}
