/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The answers of the model as fields: paths, steps, evidence, capabilities, ranges. The members of
 * inspect's JSON, and the lines of its text. */
#pragma once

#include "base/fact.h"
#include "model/generation.h"
#include "model/predict.h"
#include "report/device.h"
#include "report/field.h"

/* Rows: struct path_prediction, struct step, struct fact, struct capabilities, struct iova_range,
 * struct resv_region, struct extension_prediction. */
extern const struct field_table path_fields, step_fields, evidence_fields;
extern const struct field_table capability_fields, capability_because_fields;
extern const struct field_table range_fields, region_fields, extension_fields;
/* Row: struct report. The kernel that decides, and how that is known. */
extern const struct field_table kernel_fields;

/* The paths among @paths (NR_PATHS) that the kernel offers. */
void value_set_paths(struct value *ret, const struct path_prediction *paths);
/* Those of the NR_PATHS @paths that the kernel does not offer. */
extern const struct field_table missing_path_fields;
void value_set_missing_paths(struct value *ret, const struct path_prediction *paths);
/* What a fact says in at most @max bytes: its text, or why there is none. Not escaped; in @a. */
const char *fact_describe(const struct fact *f, size_t max, struct arena *a);
