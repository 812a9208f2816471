/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows of field tables as JSON, by json-c. A document is written piece by piece, so that a report of
 * ten thousand devices needs the memory of one. */
#pragma once

#include <json-c/json_object.h>
#include <stdbool.h>
#include <stdio.h>

#include "report/field.h"
#include "report/table.h"

/* An object with every field of @table (@columns: only those) for @row; the caller puts it. @a holds
 * what the getters make on the way. */
struct json_object *json_from_row(const struct field_table *table, const struct columns *columns,
				  const void *row, struct arena *a);

/* Writes @len bytes of a document's text to @out. Only its strings have other characters than ASCII: those that a terminal
 * would act on become "\\u202e". */
void json_write(FILE *out, const char *s, size_t len);

/* A top-level object under way. */
struct json_doc {
	FILE *out;
	bool first, first_element;
};

void json_doc_begin(struct json_doc *d, FILE *out);
/* One member; takes @value over. */
void json_doc_member(struct json_doc *d, const char *key, struct json_object *value);
/* Every field of @table for @row as members of the top. */
void json_doc_row(struct json_doc *d, const struct field_table *table, const void *row);
void json_doc_array_begin(struct json_doc *d, const char *key);
/* One element; takes @value over. */
void json_doc_element(struct json_doc *d, struct json_object *value);
/* The same on one line, and the bytes of that line. */
void json_doc_line(struct json_doc *d, struct json_object *value);
size_t json_line_length(struct json_object *value);
void json_doc_array_end(struct json_doc *d);
void json_doc_end(struct json_doc *d);

/* The rows of @t as array @key of the document: nested under "children" when @tree. */
void json_doc_table(struct json_doc *d, const char *key, const struct table *t, bool tree);
