/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Field tables: one row for each property that a report may show. A table feeds the text, the JSON,
 * --introspect and the test that compares man pages and completions with them. A column's name is its key
 * in upper case, or one of its own. */
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
	STYLE_DIM,     /* secondary: evidence, sources */
	STYLE_REMEDY,
	NR_STYLES,
};

enum value_kind {
	VALUE_UNKNOWN = 0, /* not known: "?" in text, null in JSON */
	VALUE_NONE,        /* there is none: "-" in text, null in JSON */
	VALUE_TEXT,
	VALUE_NUMBER,
	VALUE_HEX, /* "0x%0*x" in JSON; columns leave the 0x out when bare */
	VALUE_BOOL,
	VALUE_OBJECT,  /* row, described by fields */
	VALUE_OBJECTS, /* nr rows, described by fields */
	VALUE_TEXTS,   /* nr texts */
	VALUE_MAP,     /* nr rows, described by fields, under the names of texts */
	VALUE_NUMBERS, /* nr numbers: row is the first uint64_t */
	VALUE_LISTS,   /* nr lists of texts: row is the first struct texts */
};

struct texts {
	const char *const *items;
	size_t nr;
};

struct field;

struct value {
	enum value_kind kind;
	enum style style;
	const struct field *field; /* that was read: whose table describes rows */
	struct arena *arena;       /* for what its getter makes */
	const char *text;
	size_t len; /* of text; 0: up to its NUL */
	uint64_t number;
	int digits;
	bool bare, truth;
	const void *row;
	const void *const *rows;
	const char *const *texts;
	size_t nr;
};

enum field_flag {
	FIELD_COLUMN = 1 << 0,      /* a column of list */
	FIELD_DEFAULT = 1 << 1,     /* shown when the user chose no columns */
	FIELD_YIELDS = 1 << 2,      /* a default column that is left out on a narrow terminal */
	FIELD_YIELDS_LAST = 1 << 7, /* left out when that is not enough */
	FIELD_RIGHT = 1 << 3,       /* numbers align right */
	FIELD_TRUNCATE = 1 << 4,    /* may be cut to the width of the terminal */
	FIELD_NUMERIC = 1 << 5,     /* sorts by number */
	FIELD_WRAPS = 1 << 6,       /* sentences, which take several lines where one is too short */
	FIELD_NONZERO = 1 << 8,     /* a number that is none when it is 0 */
};

/* Rows are written { "key", "help", SOURCE, ... }: SOURCE is one of the macros below. Offsets that may be
 * missing are one more than they are, so that 0 says so. */
struct field {
	const char *key;
	const char *help; /* NULL: that of the field that is read instead */
	/* Sets @ret, which is unknown, from what stands @at this place of the row. */
	void (*get)(const void *at, struct value *ret);
	size_t at;
	size_t via;      /* + 1: a pointer to follow first; NULL: there is no value */
	size_t has;      /* + 1: a bool; false: there is no value */
	ptrdiff_t count; /* of rows: from the pointer to their number */
	size_t size;     /* of rows: bytes of one */
	int param;       /* what get() works with: digits of a hexadecimal number, bits, ... */
	const struct field_table *fields; /* of an object, of rows */
	const struct field_table *same;   /* the field of this key there is read instead */
	unsigned int flags;               /* enum field_flag */
	unsigned int needs;               /* what must be known for it: the table's own bits */
	const char *column; /* its name as a column, where that is not the key in upper case */
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

/* Where @member of @type stands; does not compile unless it has the type @is. */
#define FIELD_AT(type, member, is) \
	_Generic(&((const type *)0)->member, is const * : offsetof(type, member))
/* The same of a pointer to anything, and of one to @is. */
#define FIELD_AT_POINTER(type, member) FIELD_AT_POINTER_(type, member, ((type *)0)->member)
#define FIELD_AT_POINTER_(type, member, m) \
	_Generic(&(m), __typeof__(&(m)[0]) * : offsetof(type, member))
#define FIELD_AT_POINTER_TO(type, member, is) \
	(FIELD_AT_POINTER(type, member) + 0 * FIELD_POINTS_TO(((type *)0)->member, is))
#define FIELD_POINTS_TO(m, is) _Generic((m), is * : 1, const is * : 1)

/* Sources: a member as it is, ... */
#define FIELD_TEXT(type, member) .get = field_get_text, .at = FIELD_AT(type, member, const char *)
#define FIELD_BOOL(type, member) .get = field_get_bool, .at = FIELD_AT(type, member, bool)
#define FIELD_NUMBER(type, member) \
	.get = FIELD_GET_NUMBER(((type *)0)->member), .at = offsetof(type, member)
#define FIELD_GET_NUMBER(m) \
	_Generic((m), uint32_t : field_get_number32, uint64_t : field_get_number64)
#define FIELD_HEX(type, member, nr_digits) \
	.get = FIELD_GET_HEX(((type *)0)->member), .at = offsetof(type, member), .param = nr_digits
#define FIELD_GET_HEX(m) _Generic((m), uint32_t : field_get_hex32, uint64_t : field_get_hex64)
/* ... a member that @getter makes something of, ... */
#define FIELD_MEMBER(type, member, is, getter) .get = (getter), .at = FIELD_AT(type, member, is)
/* ... the row by a function, ... */
#define FIELD_GET(getter) .get = (getter)
/* ... an object behind a pointer, in the row, or the row itself; and as many rows as nr_@member says;
 * all described by @table, ... */
#define FIELD_OBJECT(type, member, table) \
	.get = field_get_object, .at = FIELD_AT_POINTER(type, member), .fields = &(table)
#define FIELD_PART(type, member, table) \
	.get = field_get_part, .at = offsetof(type, member), .fields = &(table)
#define FIELD_SELF(table) .get = field_get_part, .fields = &(table)
#define FIELD_ROWS(type, member, table)                              \
	.get = field_get_rows, .at = FIELD_AT_POINTER(type, member), \
	.count = (ptrdiff_t)FIELD_AT(type, nr_##member, size_t) -    \
		 (ptrdiff_t)offsetof(type, member),                  \
	.size = sizeof(*((type *)0)->member), .fields = &(table)
/* ... and what another table says of the same row, or of a part of it. */
#define FIELD_SAME(table)                  .same = &(table)
#define FIELD_SAME_OF(type, member, table) .same = &(table), .at = offsetof(type, member)

/* Additions: the source is behind @member, a pointer to @is; there is something only if @member. */
#define FIELD_VIA(type, member, is) .via = 1 + FIELD_AT_POINTER_TO(type, member, is)
#define FIELD_IF(type, member)      .has = 1 + FIELD_AT(type, member, bool)

void field_get_text(const void *at, struct value *ret);
void field_get_bool(const void *at, struct value *ret);
void field_get_number32(const void *at, struct value *ret);
void field_get_number64(const void *at, struct value *ret);
void field_get_hex32(const void *at, struct value *ret);
void field_get_hex64(const void *at, struct value *ret);
void field_get_object(const void *at, struct value *ret);
void field_get_part(const void *at, struct value *ret);
void field_get_rows(const void *at, struct value *ret);

/* Reads @f of @row into @ret; what that makes lives in @a. */
void field_read(const struct field *f, const void *row, struct arena *a, struct value *ret);
/* Reads into @ret, in a getter, what @table says under @key. */
void value_read(struct value *ret, const struct field_table *table, const char *key,
		const void *row);
/* The field that says what @f means: itself, or the one that is read instead. */
const struct field *field_source(const struct field *f);
/* The field with this key, or this name as a column, in any case; NULL when there is none. */
const struct field *field_find(const struct field_table *table, const char *key, size_t len);
/* "DRIVER_OVERRIDE" for driver_override; in @a. */
const char *field_column_name(struct arena *a, const struct field *f);

/* The columns to show, in order. */
struct columns {
	const struct field **fields; /* arena */
	size_t nr;
	bool chosen; /* the user chose all: none is left out */
};

/* The default columns of @table. */
void columns_default(const struct field_table *table, struct arena *a, struct columns *ret);
/* Those of @list, "COL,COL", which all exist; they yield as default columns do. */
void columns_named(const struct field_table *table, struct arena *a, const char *list,
		   struct columns *ret);
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

static inline void value_set_texts(struct value *ret, const char *const *texts, size_t nr)
{
	ret->kind = VALUE_TEXTS;
	ret->texts = texts;
	ret->nr = nr;
}

static inline void value_set_lists(struct value *ret, const struct texts *lists, size_t nr)
{
	ret->kind = VALUE_LISTS;
	ret->row = lists;
	ret->nr = nr;
}

/* Rows are described by the table of the field that is read. */
static inline void value_set_object(struct value *ret, const void *row)
{
	ret->kind = row ? VALUE_OBJECT : VALUE_NONE;
	ret->row = row;
}

static inline void value_set_objects(struct value *ret, const void *const *rows, size_t nr)
{
	ret->kind = VALUE_OBJECTS;
	ret->rows = rows;
	ret->nr = nr;
}

/* The addresses of @nr items of @size bytes, one behind the other; in @a. */
const void *const *value_rows(struct arena *a, const void *items, size_t nr, size_t size);

/* The same for @nr items of @size bytes, one behind the other. */
static inline void value_set_rows(struct value *ret, const void *items, size_t nr, size_t size)
{
	value_set_objects(ret, value_rows(ret->arena, items, nr, size), nr);
}

/* The same under @names, of which there are as many. */
static inline void value_set_map(struct value *ret, const char *const *names, const void *items,
				 size_t nr, size_t size)
{
	value_set_rows(ret, items, nr, size);
	ret->kind = VALUE_MAP;
	ret->texts = names;
}
