/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which rows of a table are wanted: an expression that compares columns with values, spelled as that of lsblk(8), of which
 * libsmartcols has a parser only since 2.40. vfiotool-list(8) describes it. */
#pragma once

#include "base/arena.h"
#include "base/failure.h"
#include "model/rule.h"
#include "report/field.h"

enum {
	FILTER_LENGTH_MAX = 4096,
	FILTER_TERMS_MAX = 256, /* comparisons, and levels of brackets */
};

struct filter;

/* Reads @text about the columns of @table into *@ret, which lives in @a; the caller frees what it holds besides, also when
 * the arena goes first. 0, or -EINVAL (STATUS_USAGE) with the place that is not understood. */
int filter_parse(const struct field_table *table, struct arena *a, const char *text,
		 struct filter **ret, struct failure **reterr);
/* NULL is fine. */
void filter_free(struct filter *f);
/* All needs of its columns together, and the columns themselves, in the arena of the filter. */
struct columns filter_columns(const struct filter *f);
/* Whether @row is wanted; unknown where a value that decides is not known. Scratch memory from @a. */
enum answer filter_answer(const struct filter *f, const void *row, struct arena *a);
