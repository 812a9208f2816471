/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A configuration space: its fields and capabilities. */
#include <inttypes.h>

#include "base/macro.h"
#include "report/prose.h"
#include "report/regions.h"

/* ---- fields ---- */

static void field_name(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_text(ret, ((const struct config_field_row *)row)->name);
}

static void field_offset(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_hex(ret, ((const struct config_field_row *)row)->offset, 2);
}

static void field_width(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_number(ret, ((const struct config_field_row *)row)->width);
}

static void field_value(const void *row, struct arena *a, struct value *ret)
{
	const struct config_field_row *f = row;

	(void)a;
	if (f->digits < 0)
		value_set_bool(ret, f->value);
	else if (f->digits)
		value_set_hex(ret, f->value, f->digits);
	else
		value_set_number(ret, f->value);
}

static void field_meaning(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_text(ret, ((const struct config_field_row *)row)->meaning);
}

const struct field_table *config_field_fields(void)
{
	static const struct field fields[] = {
		{ "name", 0, 0, "of the register or of bits of it, as libpci calls it",
		  field_name },
		{ "offset", 0, 0, "of the register, from the start of the space", field_offset },
		{ "width", 0, 0, "of the register, in bytes", field_width },
		{ "value", 0, 0, "hexadecimal, a number or a truth, as fits it", field_value },
		{ "meaning", 0, 0, "from the PCI database", field_meaning },
	};
	static const struct field_table table = FIELD_TABLE("config_fields", fields);

	return &table;
}

static void set_fields(struct value *ret, struct arena *a, const struct config_field_row *fields,
		       size_t nr)
{
	value_set_rows(ret, config_field_fields(), a, fields, nr, sizeof(*fields));
}

/* ---- capabilities ---- */

static void cap_name(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_text(ret, ((const struct config_cap_row *)row)->name);
}

static void cap_title(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_text(ret, ((const struct config_cap_row *)row)->title);
}

static void cap_id(const void *row, struct arena *a, struct value *ret)
{
	const struct config_cap_row *c = row;

	(void)a;
	value_set_hex(ret, c->id, c->extended ? 4 : 2);
}

static void cap_extended(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_bool(ret, ((const struct config_cap_row *)row)->extended);
}

static void cap_version(const void *row, struct arena *a, struct value *ret)
{
	const struct config_cap_row *c = row;

	(void)a;
	if (c->extended)
		value_set_number(ret, c->version);
	else
		ret->kind = VALUE_NONE;
}

static void cap_offset(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_hex(ret, ((const struct config_cap_row *)row)->offset, 2);
}

static void cap_fields(const void *row, struct arena *a, struct value *ret)
{
	const struct config_cap_row *c = row;

	set_fields(ret, a, c->fields, c->nr_fields);
}

const struct field_table *config_cap_fields(void)
{
	static const struct field fields[] = {
		{ "name", 0, 0, "as libpci calls it: MSIX, EXP, SRIOV", cap_name },
		{ "title", 0, 0, "the same in words", cap_title },
		{ "id", 0, 0, "its number", cap_id },
		{ "extended", 0, 0, "beyond the first 256 bytes", cap_extended },
		{ "version", 0, 0, "of an extended one", cap_version },
		{ "offset", 0, 0, "where it begins", cap_offset },
		{ "fields", 0, 0, "what is known to be in it", cap_fields },
	};
	static const struct field_table table = FIELD_TABLE("config_capabilities", fields);

	return &table;
}

/* ---- the space ---- */

static void config_size(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_number(ret, ((const struct config_row *)row)->size);
}

static void config_header_type(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_number(ret, ((const struct config_row *)row)->header_type);
}

static void config_header(const void *row, struct arena *a, struct value *ret)
{
	const struct config_row *c = row;

	set_fields(ret, a, c->fields, c->nr_fields);
}

static void config_capabilities(const void *row, struct arena *a, struct value *ret)
{
	const struct config_row *c = row;

	value_set_rows(ret, config_cap_fields(), a, c->caps, c->nr_caps, sizeof(*c->caps));
}

static void config_broken(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_text(ret, ((const struct config_row *)row)->broken);
}

const struct field_table *config_fields(void)
{
	static const struct field fields[] = {
		{ "size", 0, 0, "bytes", config_size },
		{ "header_type", 0, 0, "0 device, 1 bridge, 2 CardBus bridge", config_header_type },
		{ "header", 0, 0, "its registers, in their order", config_header },
		{ "capabilities", 0, 0, "as their lists name them", config_capabilities },
		{ "broken", 0, 0, "why a list of capabilities ends early", config_broken },
	};
	static const struct field_table table = FIELD_TABLE("config", fields);

	return &table;
}

/* ---- for a person ---- */

static const char *field_text(const struct config_field_row *f, struct arena *a)
{
	if (f->digits > 0)
		return arena_printf(a, "0x%0*" PRIx32, f->digits, f->value);
	return arena_printf(a, "%" PRIu32, f->value);
}

static void print_header(const struct config_row *c, const struct prose *p, struct arena *a)
{
	for (size_t i = 0; i < c->nr_fields; i++) {
		const struct config_field_row *f = &c->fields[i];
		const char *label = arena_printf(a, "%02" PRIx32 "  %s", f->offset, f->name);

		prose_label(p, label, STYLE_NONE, "%s%s%s", field_text(f, a),
			    f->meaning ? "  " : "", f->meaning ? f->meaning : "");
	}
}

static void print_cap(const struct config_cap_row *c, const struct prose *p, struct arena *a)
{
	const char *label =
		arena_printf(a, "%0*" PRIx32 "  %s", c->extended ? 3 : 2, c->offset,
			     c->name ? c->name : arena_printf(a, "id %#" PRIx32, c->id));
	const char *text = c->title ? c->title : "not known to this version";

	if (c->extended)
		text = arena_printf(a, "%s, version %" PRIu32, text, c->version);
	for (size_t i = 0; i < c->nr_fields; i++)
		text = arena_join(a, text, i ? ", " : ": ", c->fields[i].name, " ",
				  field_text(&c->fields[i], a), NULL);
	prose_label(p, label, STYLE_NONE, "%s", text);
}

void config_print(const struct config_row *c, const struct output *out, size_t indent)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	struct prose title = { .out = out, .indent = indent };
	struct prose p = { .out = out, .indent = indent + 2, .label_width = 26 };

	prose_text(&title, STYLE_HEADING, "Configuration space, %" PRIu32 " bytes:", c->size);
	print_header(c, &p, a);
	p.label_width = 14;
	for (size_t i = 0; i < c->nr_caps; i++)
		print_cap(&c->caps[i], &p, a);
	if (c->broken)
		prose_text(&title, STYLE_NO, "Not all of it can be read: %s.", c->broken);
}
