/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows of a field table as columns: table, tree, raw or pairs by libsmartcols; CSV by csv.h, JSON by json.h. */
#pragma once

#include <stddef.h>

#include "base/arena.h"
#include "base/failure.h"
#include "report/field.h"
#include "report/output.h"

/* In a tree all that is below a row stands right behind it. */
struct table_row {
	const void *row;
	size_t parent; /* index + 1 of the row it stands below in a tree; 0: none */
};

struct table {
	const struct field_table *fields;
	const struct columns *columns;
	struct table_row *rows;
	size_t nr_rows;
	size_t indent; /* columns before each line */
};

/* Reorders the rows by @field: numbers by size, text bytewise, missing values last; rows that are equal
 * stay in their order, and children with their parents. Scratch memory from @a. */
void table_sort(struct table *t, const struct field *field, struct arena *a);

/* Prints @t as @v wants it (any format but JSON). Default columns that yield are left out while the
 * rest does not fit. 0, or a negative errno of the output. */
int table_print(const struct table *t, const struct output *v, struct failure **reterr);
/* All fields of @nr rows under headings, @indent columns in; those that yield may be left out. */
int table_print_rows(const struct field_table *fields, const void *const *rows, size_t nr,
		     const struct output *out, size_t indent, struct failure **reterr);
