/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of symptoms: text, JSON, and the body of vfiotool-symptoms(7). */
#pragma once

#include "model/symptom.h"
#include "report/field.h"
#include "report/output.h"

/* Rows: struct symptom. */
extern const struct field_table symptom_fields;
void symptom_print(const struct symptom *s, const struct output *out);
/* The same in scdoc(5). */
void symptom_print_manual(const struct symptom *s, const struct output *out);
