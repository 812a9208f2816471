/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A configuration space: its fields and capabilities. */
#include <inttypes.h>

#include "base/macro.h"
#include "report/prose.h"
#include "report/regions.h"

/* ---- fields ---- */

static void field_value(const void *row, struct value *ret)
{
	const struct config_field_row *f = row;

	if (f->digits < 0)
		value_set_bool(ret, f->value);
	else if (f->digits)
		value_set_hex(ret, f->value, f->digits);
	else
		value_set_number(ret, f->value);
}

static const struct field field_rows[] = {
	{ "name", "of the register or of bits of it, as libpci calls it",
	  FIELD_TEXT(struct config_field_row, name) },
	{ "offset", "of the register, from the start of the space",
	  FIELD_HEX(struct config_field_row, offset, 2) },
	{ "width", "of the register, in bytes", FIELD_NUMBER(struct config_field_row, width) },
	{ "value", "hexadecimal, a number or a truth, as fits it", FIELD_GET(field_value) },
	{ "meaning", "from the PCI database", FIELD_TEXT(struct config_field_row, meaning) },
};
static const struct field_table config_field_fields = FIELD_TABLE("config_fields", field_rows);

/* ---- capabilities ---- */

static void cap_id(const void *row, struct value *ret)
{
	const struct config_cap_row *c = row;

	value_set_hex(ret, c->id, c->extended ? 4 : 2);
}

static const struct field cap_rows[] = {
	{ "name", "as libpci calls it: MSIX, EXP, SRIOV", FIELD_TEXT(struct config_cap_row, name) },
	{ "title", "the same in words", FIELD_TEXT(struct config_cap_row, title) },
	{ "id", "its number", FIELD_GET(cap_id) },
	{ "extended", "beyond the first 256 bytes", FIELD_BOOL(struct config_cap_row, extended) },
	{ "version", "of an extended one", FIELD_NUMBER(struct config_cap_row, version),
	  FIELD_IF(struct config_cap_row, extended) },
	{ "offset", "where it begins", FIELD_HEX(struct config_cap_row, offset, 2) },
	{ "fields", "what is known to be in it",
	  FIELD_ROWS(struct config_cap_row, fields, config_field_fields) },
};
static const struct field_table config_cap_fields = FIELD_TABLE("config_capabilities", cap_rows);

/* ---- the space ---- */

static const struct field config_rows[] = {
	{ "size", "bytes", FIELD_NUMBER(struct config_row, size) },
	{ "header_type", "0 device, 1 bridge, 2 CardBus bridge",
	  FIELD_NUMBER(struct config_row, header_type) },
	{ "header", "its registers, in their order",
	  FIELD_ROWS(struct config_row, fields, config_field_fields) },
	{ "capabilities", "as their lists name them",
	  FIELD_ROWS(struct config_row, caps, config_cap_fields) },
	{ "broken", "why a list of capabilities ends early",
	  FIELD_TEXT(struct config_row, broken) },
};
const struct field_table config_fields = FIELD_TABLE("config", config_rows);

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
