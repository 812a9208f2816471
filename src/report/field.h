/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Field tables: one row for each thing that can be told about something. A table feeds the text, the
 * JSON, --introspect and the test that holds man pages and completions to them; a column's name is
 * its key in upper case. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/failure.h"

/* How a value looks on a terminal: names of a colour scheme, see colors.h. */
enum style {
	STYLE_NONE = 0,
	STYLE_YES,
	STYLE_NO,
	STYLE_UNKNOWN,
	STYLE_HEADING, /* titles of sections */
	STYLE_NAME,    /* the device a report is about */
	STYLE_DIM,     /* beside the point: evidence, sources */
	STYLE_REMEDY,
	NR_STYLES,
};

enum value_kind {
	VALUE_UNKNOWN = 0, /* could not be told: "?" in text, null in JSON */
	VALUE_NONE,        /* there is none: "-" in text, null in JSON */
	VALUE_TEXT,
	VALUE_NUMBER,
	VALUE_HEX, /* "0x%0*x" in JSON; columns leave the 0x out when bare */
	VALUE_BOOL,
	VALUE_OBJECT,  /* row, described by fields */
	VALUE_OBJECTS, /* nr rows, described by fields */
	VALUE_TEXTS,   /* nr texts */
	VALUE_MAP,     /* nr rows, described by fields, under the names of texts */
};

struct field_table;

struct value {
	enum value_kind kind;
	enum style style;
	const char *text;
	size_t len; /* of text; 0: up to its NUL */
	uint64_t number;
	int digits;
	bool bare, truth;
	const struct field_table *fields;
	const void *row;
	const void *const *rows;
	const char *const *texts;
	size_t nr;
};

enum field_flag {
	FIELD_COLUMN = 1 << 0,      /* a column of list */
	FIELD_DEFAULT = 1 << 1,     /* shown when nobody chose */
	FIELD_YIELDS = 1 << 2,      /* of the default ones: gives way on a narrow terminal */
	FIELD_YIELDS_LAST = 1 << 7, /* gives way when that is not enough */
	FIELD_RIGHT = 1 << 3,       /* numbers align right */
	FIELD_TRUNCATE = 1 << 4,    /* may be cut to the width of the terminal */
	FIELD_NUMERIC = 1 << 5,     /* sorts by number */
	FIELD_WRAPS = 1 << 6,       /* sentences, which take several lines where one is too short */
};

struct field {
	const char *key;
	unsigned int flags; /* enum field_flag */
	unsigned int needs; /* what must be known for it: the table's own bits */
	const char *help;
	/* Leaves @ret zeroed (unknown) or sets it; what it makes lives in @a. */
	void (*get)(const void *row, struct arena *a, struct value *ret);
};

struct field_table {
	const char *name;
	const struct field *fields;
	size_t nr;
};

#define FIELD_TABLE(table_name, array)                                           \
	{                                                                        \
		.name = (table_name), .fields = (array), .nr = ARRAY_SIZE(array) \
	}

const struct field *field_find(const struct field_table *table, const char *key, size_t len);
/* "DRIVER_OVERRIDE" for driver_override; in @a. */
const char *field_column_name(struct arena *a, const struct field *f);

/* The columns to show, in order. */
struct columns {
	const struct field **fields; /* arena */
	size_t nr;
	bool chosen; /* all by the user: nothing gives way */
};

/* The default columns of @table. */
void columns_default(const struct field_table *table, struct arena *a, struct columns *ret);
/* All columns of @table. */
void columns_all(const struct field_table *table, struct arena *a, struct columns *ret);
/* @list is "COL,COL" or "+COL,COL", which adds to @ret. Names in any case, a column once. -EINVAL
 * (STATUS_USAGE) names the unknown column, and the nearest one. */
int columns_parse(const struct field_table *table, struct arena *a, const char *list,
		  struct columns *ret, struct failure **reterr);
/* All needs of the columns together. */
unsigned int columns_needs(const struct columns *c);

/* A value as text for one cell; "-" for none, "?" for unknown. In @a. Not escaped. */
const char *value_text(const struct value *v, struct arena *a);

/* Writes the last @digits digits of @number to @at, without a NUL. */
void hex_put(char *at, uint64_t number, int digits);

static inline void value_set_text(struct value *ret, const char *text)
{
	ret->kind = text ? VALUE_TEXT : VALUE_NONE;
	ret->text = text;
}

static inline void value_set_number(struct value *ret, uint64_t number)
{
	ret->kind = VALUE_NUMBER;
	ret->number = number;
}

static inline void value_set_hex(struct value *ret, uint64_t number, int digits)
{
	ret->kind = VALUE_HEX;
	ret->number = number;
	ret->digits = digits;
}

static inline void value_set_bool(struct value *ret, bool truth)
{
	ret->kind = VALUE_BOOL;
	ret->truth = truth;
}

static inline void value_set_object(struct value *ret, const struct field_table *fields,
				    const void *row)
{
	ret->kind = row ? VALUE_OBJECT : VALUE_NONE;
	ret->fields = fields;
	ret->row = row;
}

static inline void value_set_objects(struct value *ret, const struct field_table *fields,
				     const void *const *rows, size_t nr)
{
	ret->kind = VALUE_OBJECTS;
	ret->fields = fields;
	ret->rows = rows;
	ret->nr = nr;
}

/* The addresses of @nr items of @size bytes, one behind the other; in @a. */
const void *const *value_rows(struct arena *a, const void *items, size_t nr, size_t size);

/* The same for @nr items of @size bytes, one behind the other. */
static inline void value_set_rows(struct value *ret, const struct field_table *fields,
				  struct arena *a, const void *items, size_t nr, size_t size)
{
	value_set_objects(ret, fields, value_rows(a, items, nr, size), nr);
}

/* The same under @names, of which there are as many. */
static inline void value_set_map(struct value *ret, const struct field_table *fields,
				 struct arena *a, const char *const *names, const void *items,
				 size_t nr, size_t size)
{
	value_set_rows(ret, fields, a, items, nr, size);
	ret->kind = VALUE_MAP;
	ret->texts = names;
}
