/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/field.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <strings.h>

#include "base/macro.h"
#include "base/strbuf.h"
#include "report/suggest.h"

const struct field *field_find(const struct field_table *table, const char *key, size_t len)
{
	for (size_t i = 0; i < table->nr; i++) {
		const struct field *f = &table->fields[i];

		if ((!strncasecmp(f->key, key, len) && !f->key[len]) ||
		    (f->column && !strncasecmp(f->column, key, len) && !f->column[len]))
			return f;
	}
	return NULL;
}

const char *field_column_name(struct arena *a, const struct field *f)
{
	char *ret = arena_strdup(a, f->column ? f->column : f->key);

	for (char *p = ret; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	return ret;
}

static void columns_add(struct columns *c, struct arena *a, const struct field *f)
{
	for (size_t i = 0; i < c->nr; i++)
		if (c->fields[i] == f)
			return;
	c->fields = arena_grow(a, c->fields, c->nr, sizeof(*c->fields));
	c->fields[c->nr++] = f;
}

static void columns_with(const struct field_table *table, unsigned int flags, struct arena *a,
			 struct columns *ret)
{
	*ret = (struct columns){ 0 };
	for (size_t i = 0; i < table->nr; i++)
		if ((table->fields[i].flags & flags) == flags)
			columns_add(ret, a, &table->fields[i]);
}

void columns_default(const struct field_table *table, struct arena *a, struct columns *ret)
{
	columns_with(table, FIELD_COLUMN | FIELD_DEFAULT, a, ret);
}

void columns_all(const struct field_table *table, struct arena *a, struct columns *ret)
{
	columns_with(table, FIELD_COLUMN, a, ret);
	ret->chosen = true;
}

void columns_named(const struct field_table *table, struct arena *a, const char *list,
		   struct columns *ret)
{
	*ret = (struct columns){ 0 };
	for (size_t len; *list; list += len + (list[len] == ',')) {
		len = strcspn(list, ",");
		columns_add(ret, a, field_find(table, list, len));
	}
}

static int unknown_column(const struct field_table *table, struct arena *a, const char *name,
			  struct failure **reterr)
{
	const char *nearest, **names = arena_array(a, table->nr, sizeof(*names));
	size_t nr = 0;

	for (size_t i = 0; i < table->nr; i++)
		if (table->fields[i].flags & FIELD_COLUMN)
			names[nr++] = field_column_name(a, &table->fields[i]);
	nearest = suggest_nearest(name, names, nr);
	if (nearest)
		return failure_set_status(reterr, STATUS_USAGE, -EINVAL,
					  "unknown column '%s': did you mean %s?", name, nearest);
	return failure_set_status(reterr, STATUS_USAGE, -EINVAL,
				  "unknown column '%s': --help lists the columns", name);
}

/* A column that the user named is never left out. */
static void columns_want(struct columns *c, struct arena *a, const struct field *f)
{
	struct field *kept;
	size_t i = 0;

	while (i < c->nr && c->fields[i]->key != f->key)
		i++;
	if (i == c->nr)
		columns_add(c, a, f);
	if (f->flags & (FIELD_YIELDS | FIELD_YIELDS_LAST)) {
		kept = arena_memdup(a, f, sizeof(*f));
		kept->flags &= ~(unsigned int)(FIELD_YIELDS | FIELD_YIELDS_LAST);
		c->fields[i] = kept;
	}
}

int columns_parse(const struct field_table *table, struct arena *a, const char *list,
		  struct columns *ret, struct failure **reterr)
{
	struct columns c = { .chosen = true };
	const char *rest = list;

	if (*rest == '+') {
		c.chosen = ret->chosen;
		for (size_t i = 0; i < ret->nr; i++)
			columns_add(&c, a, ret->fields[i]);
		rest++;
	}
	for (;;) {
		size_t len = strcspn(rest, ",");
		const struct field *f = field_find(table, rest, len);

		if (!len)
			return failure_set_status(reterr, STATUS_USAGE, -EINVAL,
						  "empty column name in '%s': write COL,COL", list);
		if (!f || !(f->flags & FIELD_COLUMN))
			return unknown_column(table, a, arena_strndup(a, rest, len), reterr);
		columns_want(&c, a, f);
		rest += len;
		if (!*rest)
			break;
		rest++;
	}
	*ret = c;
	return 0;
}

unsigned int columns_needs(const struct columns *c)
{
	unsigned int needs = 0;

	for (size_t i = 0; i < c->nr; i++)
		needs |= c->fields[i]->needs;
	return needs;
}

static const char *texts_joined(const char *const *texts, size_t nr, struct arena *a)
{
	struct strbuf ret = { .arena = a };

	for (size_t i = 0; i < nr; i++)
		strbuf_item(&ret, " ", "%s", texts[i]);
	return ret.s ? ret.s : "-";
}

const void *const *value_rows(struct arena *a, const void *items, size_t nr, size_t size)
{
	const void **ret = arena_array(a, nr, sizeof(*ret));

	for (size_t i = 0; i < nr; i++)
		ret[i] = (const char *)items + i * size;
	return ret;
}

void field_get_text(const void *at, struct value *ret)
{
	value_set_text(ret, *(const char *const *)at);
}

void field_get_bool(const void *at, struct value *ret)
{
	value_set_bool(ret, *(const bool *)at);
}

static void set_number(struct value *ret, uint64_t number)
{
	if (!number && ret->field->flags & FIELD_NONZERO)
		ret->kind = VALUE_NONE;
	else
		value_set_number(ret, number);
}

void field_get_number32(const void *at, struct value *ret)
{
	set_number(ret, *(const uint32_t *)at);
}

void field_get_number64(const void *at, struct value *ret)
{
	set_number(ret, *(const uint64_t *)at);
}

void field_get_hex32(const void *at, struct value *ret)
{
	value_set_hex(ret, *(const uint32_t *)at, ret->field->param);
}

void field_get_hex64(const void *at, struct value *ret)
{
	value_set_hex(ret, *(const uint64_t *)at, ret->field->param);
}

/* Of any type: their representation is the same. */
static const void *pointer_at(const void *at)
{
	const void *ret;

	memcpy(&ret, at, sizeof(ret));
	return ret;
}

void field_get_object(const void *at, struct value *ret)
{
	value_set_object(ret, pointer_at(at));
}

void field_get_part(const void *at, struct value *ret)
{
	value_set_object(ret, at);
}

void field_get_rows(const void *at, struct value *ret)
{
	const size_t *nr = (const void *)((const char *)at + ret->field->count);

	value_set_rows(ret, pointer_at(at), *nr, ret->field->size);
}

void field_read(const struct field *f, const void *row, struct arena *a, struct value *ret)
{
	const char *at = row;

	*ret = (struct value){ .arena = a, .kind = VALUE_NONE };
	for (;; f = field_find(f->same, f->key, strlen(f->key))) {
		if (f->has && !*(const bool *)(at + f->has - 1))
			return;
		if (f->via)
			at = pointer_at(at + f->via - 1);
		if (!at)
			return;
		at += f->at;
		if (!f->same)
			break;
	}
	ret->kind = VALUE_UNKNOWN;
	ret->field = f;
	f->get(at, ret);
}

void value_read(struct value *ret, const struct field_table *table, const char *key,
		const void *row)
{
	field_read(field_find(table, key, strlen(key)), row, ret->arena, ret);
}

const struct field *field_source(const struct field *f)
{
	while (f->same)
		f = field_find(f->same, f->key, strlen(f->key));
	return f;
}

void hex_put(char *at, uint64_t number, int digits)
{
	for (int i = digits; i-- > 0; number >>= 4)
		at[i] = "0123456789abcdef"[number & 15];
}

static const char *hex_text(const struct value *v, struct arena *a)
{
	char *ret;

	if (!v->bare || v->digits <= 0 || v->digits > 15 || v->number >> (4 * v->digits))
		return arena_printf(a, v->bare ? "%0*" PRIx64 : "0x%0*" PRIx64, v->digits,
				    v->number);
	ret = arena_text(a, NULL, (size_t)v->digits);
	hex_put(ret, v->number, v->digits);
	return ret;
}

const char *value_text(const struct value *v, struct arena *a)
{
	switch (v->kind) {
	case VALUE_NONE:
		return "-";
	case VALUE_TEXT:
		return v->text;
	case VALUE_NUMBER:
		if (v->number <= UINT_MAX)
			return arena_decimal(a, (unsigned int)v->number);
		return arena_printf(a, "%" PRIu64, v->number);
	case VALUE_HEX:
		return hex_text(v, a);
	case VALUE_BOOL:
		return v->truth ? "yes" : "no";
	case VALUE_TEXTS:
		return texts_joined(v->texts, v->nr, a);
	case VALUE_OBJECT:
	case VALUE_OBJECTS:
	case VALUE_MAP:
	case VALUE_NUMBERS:
	case VALUE_LISTS:
	case VALUE_UNKNOWN:
		break;
	}
	return "?";
}
