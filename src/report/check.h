/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Results of checks as text and as fields for JSON. */
#pragma once

#include "model/check.h"
#include "report/field.h"
#include "report/output.h"

/* Rows: struct check_result. */
extern const struct field_table check_fields;

/* A line for each result, what needs attention first, with its plan below it. With @verbose also the name of the check, and
 * the evidence. */
void check_print(const struct output *out, const struct check_result *results, size_t nr,
		 bool verbose);
