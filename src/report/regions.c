/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/regions.h"

#include <inttypes.h>
#include <string.h>

#include "base/macro.h"
#include "report/attach.h"
#include "report/prose.h"
#include "report/size.h"
#include "report/table.h"

enum {
	/* linux: include/uapi/linux/vfio.h: VFIO_REGION_INFO_FLAG_READ and so on. */
	READ = 1 << 0,
	WRITE = 1 << 1,
	MMAP = 1 << 2,
};

/* ---- regions ---- */

/* What attach tells as well is told in the same words. */
#define X(key, help)                                                                  \
	static void region_##key(const void *row, struct arena *a, struct value *ret) \
	{                                                                             \
		field_find(vfio_region_fields(), #key, strlen(#key))                  \
			->get(((const struct region_row *)row)->info, a, ret);        \
	}
VFIO_REGION_NUMBER(X)
VFIO_REGION_FIELDS(X)
#undef X

static void region_name(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_text(ret, ((const struct region_row *)row)->name);
}

static void region_contents(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_text(ret, ((const struct region_row *)row)->contents);
}

const struct field_table *region_row_fields(void)
{
	static const struct field fields[] = {
	/* Its name stands behind its number. */
#define X(key, help) { #key, 0, 0, help, region_##key },
		VFIO_REGION_NUMBER(X)
#undef X
			{ "name", 0, 0,
			  "BAR0 to BAR5, ROM, config, VGA, else region and its number",
			  region_name },
#define X(key, help) { #key, 0, 0, help, region_##key },
		VFIO_REGION_FIELDS(X)
#undef X
			{ "contents", 0, 0, "what is known to be in it", region_contents },
	};
	static const struct field_table table = FIELD_TABLE("device_regions", fields);

	return &table;
}

/* ---- the table of them ---- */

static void column_size(const void *row, struct arena *a, struct value *ret)
{
	const struct region_row *r = row;

	if (r->info->size)
		value_set_text(ret, size_text(a, r->info->size));
	else
		ret->kind = VALUE_NONE;
}

static void column_access(const void *row, struct arena *a, struct value *ret)
{
	const struct region_row *r = row;

	if (r->info->size)
		value_set_text(ret, arena_printf(a, "%c%c%c", r->info->flags & READ ? 'r' : '-',
						 r->info->flags & WRITE ? 'w' : '-',
						 r->info->flags & MMAP ? 'm' : '-'));
	else
		ret->kind = VALUE_NONE;
}

static const char *area_text(const struct region_area *area, struct arena *a)
{
	if (!area->size)
		return "nothing";
	return arena_printf(a, "%#" PRIx64 "-%#" PRIx64, area->offset,
			    area->offset + (area->size - 1));
}

static void column_areas(const void *row, struct arena *a, struct value *ret)
{
	const struct region_row *r = row;
	const char *text = NULL;

	if (!r->info->size || !(r->info->flags & MMAP)) {
		ret->kind = VALUE_NONE;
		return;
	}
	for (size_t i = 0; i < r->info->nr_areas; i++)
		text = text ? arena_join(a, text, ", ", area_text(&r->info->areas[i], a), NULL)
			    : area_text(&r->info->areas[i], a);
	value_set_text(ret, !r->info->sparse ? "all" : text ? text : "nothing");
}

int regions_print(const struct region_row *rows, size_t nr, const struct output *out, size_t indent,
		  struct failure **reterr)
{
	static const struct field fields[] = {
		{ "index", FIELD_COLUMN | FIELD_RIGHT, 0, "", region_index },
		{ "name", FIELD_COLUMN, 0, "", region_name },
		{ "size", FIELD_COLUMN | FIELD_RIGHT, 0, "", column_size },
		{ "access", FIELD_COLUMN, 0, "", column_access },
		{ "mappable", FIELD_COLUMN, 0, "", column_areas },
		{ "contents", FIELD_COLUMN | FIELD_YIELDS, 0, "", region_contents },
	};
	static const struct field_table table_fields = FIELD_TABLE("regions", fields);
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	struct table_row *table_rows = arena_array(a, nr, sizeof(*table_rows));
	struct output headed = *out;
	struct columns columns;
	struct table table = {
		.fields = &table_fields, .columns = &columns, .rows = table_rows, .indent = indent
	};

	for (size_t i = 0; i < nr; i++)
		if (rows[i].info->size)
			table_rows[table.nr_rows++].row = &rows[i];
	columns_all(&table_fields, a, &columns);
	columns.chosen = false;
	headed.headings = true;
	return table_print(&table, &headed, reterr);
}

/* ---- bytes ---- */

static void dump_region(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_text(ret, ((const struct dump_row *)row)->region);
}

static void dump_offset(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_hex(ret, ((const struct dump_row *)row)->offset, 1);
}

static void dump_length(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_number(ret, ((const struct dump_row *)row)->len);
}

static void dump_bytes(const void *row, struct arena *a, struct value *ret)
{
	static const char digits[] = "0123456789abcdef";
	const struct dump_row *d = row;
	char *text = arena_alloc(a, d->len * 2 + 1);

	for (size_t i = 0; i < d->len; i++) {
		text[2 * i] = digits[d->bytes[i] >> 4];
		text[2 * i + 1] = digits[d->bytes[i] & 0xf];
	}
	value_set_text(ret, text);
}

const struct field_table *dump_fields(void)
{
	static const struct field fields[] = {
		{ "region", 0, 0, "name of the region", dump_region },
		{ "offset", 0, 0, "of the first byte", dump_offset },
		{ "length", 0, 0, "bytes read", dump_length },
		{ "bytes", 0, 0, "two hexadecimal digits each, in their order", dump_bytes },
	};
	static const struct field_table table = FIELD_TABLE("region_dump", fields);

	return &table;
}

enum { LINE = 16 };

static void dump_line(const struct dump_row *d, size_t at, FILE *out)
{
	size_t len = d->len - at < LINE ? d->len - at : LINE;

	fprintf(out, "%08" PRIx64 " ", d->offset + at);
	for (size_t i = 0; i < LINE; i++) {
		if (i == LINE / 2)
			fputc(' ', out);
		if (i < len)
			fprintf(out, " %02x", d->bytes[at + i]);
		else
			fputs("   ", out);
	}
	fputs("  |", out);
	for (size_t i = 0; i < len; i++) {
		uint8_t c = d->bytes[at + i];

		fputc(c >= 0x20 && c < 0x7f ? c : '.', out);
	}
	fputs("|\n", out);
}

void dump_print(const struct dump_row *d, const struct output *out)
{
	bool starred = false;

	for (size_t at = 0; at < d->len; at += LINE) {
		bool last = d->len - at <= LINE;

		if (at && !last && !memcmp(d->bytes + at - LINE, d->bytes + at, LINE)) {
			if (!starred)
				fputs("*\n", out->stream);
			starred = true;
			continue;
		}
		starred = false;
		dump_line(d, at, out->stream);
	}
	fprintf(out->stream, "%08" PRIx64 "\n", d->offset + d->len);
}

/* ---- writes ---- */

static void write_region(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_text(ret, ((const struct write_row *)row)->region);
}

static void write_offset(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_hex(ret, ((const struct write_row *)row)->offset, 1);
}

static void write_width(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_number(ret, ((const struct write_row *)row)->width);
}

static void write_before(const void *row, struct arena *a, struct value *ret)
{
	const struct write_row *w = row;

	(void)a;
	if (w->has_before)
		value_set_hex(ret, w->before, (int)w->width * 2);
}

static void write_value(const void *row, struct arena *a, struct value *ret)
{
	const struct write_row *w = row;

	(void)a;
	value_set_hex(ret, w->value, (int)w->width * 2);
}

static void write_after(const void *row, struct arena *a, struct value *ret)
{
	const struct write_row *w = row;

	(void)a;
	if (w->has_after)
		value_set_hex(ret, w->after, (int)w->width * 2);
}

const struct field_table *write_fields(void)
{
	static const struct field fields[] = {
		{ "region", 0, 0, "name of the region", write_region },
		{ "offset", 0, 0, "within it", write_offset },
		{ "width", 0, 0, "bytes", write_width },
		{ "before", 0, 0, "what was read before", write_before },
		{ "value", 0, 0, "what was written", write_value },
		{ "after", 0, 0, "what was read afterwards", write_after },
	};
	static const struct field_table table = FIELD_TABLE("region_write", fields);

	return &table;
}

void write_print(const struct write_row *w, const struct output *out, size_t indent)
{
	struct prose p = { .out = out, .indent = indent };
	int digits = (int)w->width * 2;

	if (w->has_before && w->has_after)
		prose_text(&p, STYLE_NONE,
			   "%s %#" PRIx64 ": was 0x%0*" PRIx64 ", wrote 0x%0*" PRIx64
			   ", reads 0x%0*" PRIx64,
			   w->region, w->offset, digits, w->before, digits, w->value, digits,
			   w->after);
	else
		prose_text(&p, STYLE_NONE, "%s %#" PRIx64 ": wrote 0x%0*" PRIx64, w->region,
			   w->offset, digits, w->value);
}

/* ---- a device ---- */

static void device_address(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_text(ret, ((const struct regions_device *)row)->address);
}

static void device_regions(const void *row, struct arena *a, struct value *ret)
{
	const struct regions_device *d = row;

	value_set_rows(ret, region_row_fields(), a, d->regions, d->nr_regions, sizeof(*d->regions));
}

static void device_config(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_object(ret, config_fields(), ((const struct regions_device *)row)->config);
}

static void device_writes(const void *row, struct arena *a, struct value *ret)
{
	const struct regions_device *d = row;

	value_set_rows(ret, write_fields(), a, d->writes, d->nr_writes, sizeof(*d->writes));
}

static void device_dump(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_object(ret, dump_fields(), ((const struct regions_device *)row)->dump);
}

const struct field_table *regions_device_fields(void)
{
	static const struct field fields[] = {
		{ "address", 0, 0, "name of the device on its bus", device_address },
		{ "regions", 0, 0, "all that the kernel tells of", device_regions },
		{ "config", 0, 0, "its configuration space; null unless asked for", device_config },
		{ "writes", 0, 0, "what was written, in order", device_writes },
		{ "dump", 0, 0, "bytes of a region; null unless asked for", device_dump },
	};
	static const struct field_table table = FIELD_TABLE("regions_devices", fields);

	return &table;
}
