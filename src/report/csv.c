/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/csv.h"

#include <string.h>

#include "base/macro.h"
#include "report/escape.h"

/* RFC 4180, section 2: a comma or a quote needs quotes around it, and a quote is written twice. An empty text has quotes to
 * differ from no value. */
static void put_text(FILE *out, const char *s)
{
	if (*s && !strpbrk(s, ",\"")) {
		fputs(s, out);
		return;
	}
	fputc('"', out);
	for (; *s; s++) {
		if (*s == '"')
			fputc('"', out);
		fputc(*s, out);
	}
	fputc('"', out);
}

static void put_cell(FILE *out, const struct field *f, const void *row, struct arena *a)
{
	struct value value;
	const char *text;

	field_read(f, row, a, &value);
	if (value.kind == VALUE_NONE || (value.kind == VALUE_TEXTS && !value.nr))
		return;
	text = value_text(&value, a);
	put_text(out, escape_text(a, text, strlen(text), true));
}

void csv_print(const struct table *t, const struct output *v)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	const struct columns *c = t->columns;

	for (size_t i = 0; v->headings && i < c->nr; i++) {
		fputs(i ? "," : "", v->stream);
		put_text(v->stream, field_column_name(a, c->fields[i]));
	}
	fputs(v->headings ? "\r\n" : "", v->stream);
	for (size_t row = 0; row < t->nr_rows; row++) {
		for (size_t i = 0; i < c->nr; i++) {
			fputs(i ? "," : "", v->stream);
			put_cell(v->stream, c->fields[i], t->rows[row].row, a);
		}
		fputs("\r\n", v->stream);
		arena_reset(a);
	}
}
