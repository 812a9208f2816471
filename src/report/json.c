/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/json.h"

#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/macro.h"
#include "base/utf8.h"
#include "report/escape.h"

static struct json_object *json_from_text(struct arena *a, const char *s, size_t len)
{
	s = escape_to_utf8(a, s, len, &len);
	return json_object_new_string_len(s, (int)len);
}

static struct json_object *json_from_objects(const struct value *v, struct arena *a)
{
	struct json_object *ret = json_object_new_array();

	for (size_t i = 0; i < v->nr; i++)
		json_object_array_add(ret, json_from_row(v->field->fields, NULL, v->rows[i], a));
	return ret;
}

static struct json_object *json_from_texts(const char *const *texts, size_t nr, struct arena *a)
{
	struct json_object *ret = json_object_new_array();

	for (size_t i = 0; i < nr; i++)
		json_object_array_add(ret, json_from_text(a, texts[i], strlen(texts[i])));
	return ret;
}

static struct json_object *json_from_lists(const struct value *v, struct arena *a)
{
	const struct texts *lists = v->row;
	struct json_object *ret = json_object_new_array();

	for (size_t i = 0; i < v->nr; i++)
		json_object_array_add(ret, json_from_texts(lists[i].items, lists[i].nr, a));
	return ret;
}

static struct json_object *json_from_numbers(const struct value *v)
{
	const uint64_t *numbers = v->row;
	struct json_object *ret = json_object_new_array();

	for (size_t i = 0; i < v->nr; i++)
		json_object_array_add(ret, json_object_new_uint64(numbers[i]));
	return ret;
}

static struct json_object *json_from_map(const struct value *v, struct arena *a)
{
	struct json_object *ret = json_object_new_object();

	for (size_t i = 0; i < v->nr; i++)
		json_object_object_add(ret, v->texts[i],
				       json_from_row(v->field->fields, NULL, v->rows[i], a));
	return ret;
}

static struct json_object *json_from_value(const struct value *v, struct arena *a)
{
	char hex[24];

	switch (v->kind) {
	case VALUE_UNKNOWN:
	case VALUE_NONE:
		return NULL;
	case VALUE_TEXT:
		return json_from_text(a, v->text, v->len ? v->len : strlen(v->text));
	case VALUE_NUMBER:
		return json_object_new_uint64(v->number);
	case VALUE_HEX:
		snprintf(hex, sizeof(hex), "0x%0*" PRIx64, v->digits, v->number);
		return json_object_new_string(hex);
	case VALUE_BOOL:
		return json_object_new_boolean(v->truth);
	case VALUE_OBJECT:
		return json_from_row(v->field->fields, NULL, v->row, a);
	case VALUE_OBJECTS:
		return json_from_objects(v, a);
	case VALUE_TEXTS:
		return json_from_texts(v->texts, v->nr, a);
	case VALUE_NUMBERS:
		return json_from_numbers(v);
	case VALUE_LISTS:
		return json_from_lists(v, a);
	case VALUE_MAP:
		return json_from_map(v, a);
	}
	return NULL;
}

static void add_field(struct json_object *obj, const struct field *f, const void *row,
		      struct arena *a)
{
	struct value v;

	field_read(f, row, a, &v);
	json_object_object_add(obj, f->key, json_from_value(&v, a));
}

struct json_object *json_from_row(const struct field_table *table, const struct columns *columns,
				  const void *row, struct arena *a)
{
	struct json_object *ret = json_object_new_object();

	for (size_t i = 0; !columns && i < table->nr; i++)
		add_field(ret, &table->fields[i], row, a);
	for (size_t i = 0; columns && i < columns->nr; i++)
		add_field(ret, columns->fields[i], row, a);
	return ret;
}

void json_write(FILE *out, const char *s, size_t len)
{
	uint32_t c;

	if (escape_is_ascii(s, len)) {
		fwrite(s, 1, len, out);
		return;
	}
	for (size_t i = 0, n; i < len; i += n) {
		n = utf8_decode(s + i, len - i, &c);
		if (n && c >= 0x7f && c <= UINT16_MAX && utf8_acts(c))
			fprintf(out, "\\u%04" PRIx32, c);
		else
			fwrite(s + i, 1, n = n ? n : 1, out);
	}
}

/* json-c indents from the first column; strings never hold a raw newline, so each newline in its text
 * begins a line that has to move to the right. */
static void write_indented(FILE *out, struct json_object *value, unsigned int indent)
{
	const char *s =
		json_object_to_json_string_ext(value, JSON_C_TO_STRING_PRETTY |
							      JSON_C_TO_STRING_SPACED |
							      JSON_C_TO_STRING_NOSLASHESCAPE);

	for (size_t len; *s; s += len) {
		len = strcspn(s, "\n");
		json_write(out, s, len);
		if (s[len]) {
			fprintf(out, "\n%*s", (int)indent, "");
			len++;
		}
	}
}

void json_doc_begin(struct json_doc *d, FILE *out)
{
	*d = (struct json_doc){ .out = out, .first = true };
	fputc('{', out);
}

static void write_key(struct json_doc *d, const char *key)
{
	fprintf(d->out, "%s\n  \"%s\": ", d->first ? "" : ",", key);
	d->first = false;
}

void json_doc_member(struct json_doc *d, const char *key, struct json_object *value)
{
	write_key(d, key);
	write_indented(d->out, value, 2);
	json_object_put(value);
}

void json_doc_row(struct json_doc *d, const struct field_table *table, const void *row)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();

	for (size_t i = 0; i < table->nr; i++) {
		struct value v;

		field_read(&table->fields[i], row, a, &v);
		json_doc_member(d, table->fields[i].key, json_from_value(&v, a));
	}
}

void json_doc_array_begin(struct json_doc *d, const char *key)
{
	write_key(d, key);
	fputc('[', d->out);
	d->first_element = true;
}

static void begin_element(struct json_doc *d)
{
	fputs(d->first_element ? "\n    " : ",\n    ", d->out);
	d->first_element = false;
}

void json_doc_element(struct json_doc *d, struct json_object *value)
{
	begin_element(d);
	write_indented(d->out, value, 4);
	json_object_put(value);
}

static const char *line_text(struct json_object *value, size_t *ret_len)
{
	return json_object_to_json_string_length(value,
						 JSON_C_TO_STRING_PLAIN |
							 JSON_C_TO_STRING_NOSLASHESCAPE,
						 ret_len);
}

void json_doc_line(struct json_doc *d, struct json_object *value)
{
	size_t len;
	const char *s = line_text(value, &len);

	begin_element(d);
	json_write(d->out, s, len);
	json_object_put(value);
}

size_t json_line_length(struct json_object *value)
{
	size_t ret;

	(void)line_text(value, &ret);
	return ret;
}

void json_doc_array_end(struct json_doc *d)
{
	fputs(d->first_element ? "]" : "\n  ]", d->out);
}

void json_doc_end(struct json_doc *d)
{
	fputs("\n}\n", d->out);
}

/* The row @index with all that is below it, which stands right behind it; *@ret_next is what follows. */
static struct json_object *json_from_branch(const struct table *t, size_t index, struct arena *a,
					    size_t *ret_next)
{
	struct json_object *ret = json_from_row(t->fields, t->columns, t->rows[index].row, a),
			   *children = json_object_new_array();
	size_t i = index + 1;

	while (i < t->nr_rows && t->rows[i].parent == index + 1)
		json_object_array_add(children, json_from_branch(t, i, a, &i));
	json_object_object_add(ret, "children", children);
	*ret_next = i;
	return ret;
}

void json_doc_table(struct json_doc *d, const char *key, const struct table *t, bool tree)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();

	json_doc_array_begin(d, key);
	for (size_t i = 0; i < t->nr_rows;) {
		if (tree)
			json_doc_element(d, json_from_branch(t, i, a, &i));
		else
			json_doc_element(d,
					 json_from_row(t->fields, t->columns, t->rows[i++].row, a));
	}
	json_doc_array_end(d);
}
