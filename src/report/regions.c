/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/regions.h"

#include <inttypes.h>
#include <string.h>

#include "base/macro.h"
#include "base/strbuf.h"
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

/* What attach also shows has the same words. */
#define OF_REGION \
	FIELD_SAME(vfio_region_fields), FIELD_VIA(struct region_row, info, struct region_info)

static const struct field region_rows[] = {
	{ "index", NULL, OF_REGION },
	{ "name", "BAR0 to BAR5, ROM, config, VGA, else region and its number",
	  FIELD_TEXT(struct region_row, name) },
	{ "size", NULL, OF_REGION },
	{ "offset", NULL, OF_REGION },
	{ "read", NULL, OF_REGION },
	{ "write", NULL, OF_REGION },
	{ "mmap", NULL, OF_REGION },
	{ "areas", NULL, OF_REGION },
	{ "type", NULL, OF_REGION },
	{ "msix_mappable", NULL, OF_REGION },
	{ "contents", "what is known to be in it", FIELD_TEXT(struct region_row, contents) },
};
static const struct field_table region_row_fields = FIELD_TABLE("device_regions", region_rows);

/* ---- the table of them ---- */

static void column_size(const void *row, struct value *ret)
{
	value_set_text(ret, size_text(ret->arena, ((const struct region_info *)row)->size));
}

static void column_access(const void *row, struct value *ret)
{
	const struct region_info *r = row;

	value_set_text(ret,
		       arena_printf(ret->arena, "%c%c%c", r->flags & READ ? 'r' : '-',
				    r->flags & WRITE ? 'w' : '-', r->flags & MMAP ? 'm' : '-'));
}

static const char *area_text(const struct region_area *area, struct arena *a)
{
	if (!area->size)
		return "nothing";
	return arena_printf(a, "%#" PRIx64 "-%#" PRIx64, area->offset,
			    area->offset + (area->size - 1));
}

static void column_areas(const void *row, struct value *ret)
{
	const struct region_info *r = row;
	struct strbuf text = { .arena = ret->arena };

	if (!(r->flags & MMAP)) {
		ret->kind = VALUE_NONE;
		return;
	}
	for (size_t i = 0; i < r->nr_areas; i++)
		strbuf_item(&text, ", ", "%s", area_text(&r->areas[i], ret->arena));
	value_set_text(ret, !r->sparse ? "all" : text.s ? text.s : "nothing");
}

int regions_print(const struct region_row *rows, size_t nr, const struct output *out, size_t indent,
		  struct failure **reterr)
{
#define OF_INFO FIELD_VIA(struct region_row, info, struct region_info)
	static const struct field column_rows[] = {
		{ "index", NULL, FIELD_SAME(region_row_fields), .flags = FIELD_RIGHT },
		{ "name", NULL, FIELD_SAME(region_row_fields) },
		{ "size", "", FIELD_GET(column_size), OF_INFO, .flags = FIELD_RIGHT },
		{ "access", "", FIELD_GET(column_access), OF_INFO },
		{ "mappable", "", FIELD_GET(column_areas), OF_INFO },
		{ "contents", NULL, FIELD_SAME(region_row_fields), .flags = FIELD_YIELDS },
	};
	static const struct field_table columns = FIELD_TABLE("region_columns", column_rows);
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	const void **there = arena_array(a, nr, sizeof(*there));
	size_t nr_there = 0;

	for (size_t i = 0; i < nr; i++)
		if (rows[i].info->size)
			there[nr_there++] = &rows[i];
	return table_print_rows(&columns, there, nr_there, out, indent, reterr);
}

/* ---- bytes ---- */

static void dump_bytes(const void *row, struct value *ret)
{
	const struct dump_row *d = row;
	char *text = arena_alloc(ret->arena, d->len * 2 + 1);

	for (size_t i = 0; i < d->len; i++)
		hex_put(text + 2 * i, d->bytes[i], 2);
	value_set_text(ret, text);
}

static const struct field dump_rows[] = {
	{ "region", "name of the region", FIELD_TEXT(struct dump_row, region) },
	{ "offset", "of the first byte", FIELD_HEX(struct dump_row, offset, 1) },
	{ "length", "bytes read", FIELD_NUMBER(struct dump_row, len) },
	{ "bytes", "two hexadecimal digits each, in their order", FIELD_GET(dump_bytes) },
};
static const struct field_table dump_fields = FIELD_TABLE("region_dump", dump_rows);

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

/* A value of as many bytes as were written. */
static void set_bytes(struct value *ret, const struct write_row *w, uint64_t value)
{
	value_set_hex(ret, value, (int)w->width * 2);
}

static void write_before(const void *row, struct value *ret)
{
	set_bytes(ret, row, ((const struct write_row *)row)->before);
}

static void write_value(const void *row, struct value *ret)
{
	set_bytes(ret, row, ((const struct write_row *)row)->value);
}

static void write_after(const void *row, struct value *ret)
{
	set_bytes(ret, row, ((const struct write_row *)row)->after);
}

static const struct field write_rows[] = {
	{ "region", "name of the region", FIELD_TEXT(struct write_row, region) },
	{ "offset", "within it", FIELD_HEX(struct write_row, offset, 1) },
	{ "width", "bytes", FIELD_NUMBER(struct write_row, width) },
	{ "before", "what was read before", FIELD_GET(write_before),
	  FIELD_IF(struct write_row, has_before) },
	{ "value", "what was written", FIELD_GET(write_value) },
	{ "after", "what was read afterwards", FIELD_GET(write_after),
	  FIELD_IF(struct write_row, has_after) },
};
static const struct field_table write_fields = FIELD_TABLE("region_write", write_rows);

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

static const struct field device_rows[] = {
	{ "address", "name of the device on its bus", FIELD_TEXT(struct regions_device, address) },
	{ "regions", "all that the kernel tells of",
	  FIELD_ROWS(struct regions_device, regions, region_row_fields) },
	{ "config", "its configuration space; null unless asked for",
	  FIELD_OBJECT(struct regions_device, config, config_fields) },
	{ "writes", "what was written, in order",
	  FIELD_ROWS(struct regions_device, writes, write_fields) },
	{ "dump", "bytes of a region; null unless asked for",
	  FIELD_OBJECT(struct regions_device, dump, dump_fields) },
};
const struct field_table regions_device_fields = FIELD_TABLE("regions_devices", device_rows);
