/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Notices: as fields for JSON, as a column, as text for a person. */
#pragma once

#include "model/notice.h"
#include "report/field.h"
#include "report/prose.h"

/* Rows: struct notice. */
extern const struct field_table notice_fields;
/* The names of @n, as texts. */
void value_set_notice_names(struct value *ret, const struct notices *n);
/* "Note" and what helps, for each; with @verbose the evidence and the source. Nothing where there is none. */
void notice_text(const struct prose *at, const struct notices *n, bool verbose);
