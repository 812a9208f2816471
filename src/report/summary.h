/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A device in a line of JSON, for those who read many hosts: what it is, the two answers with their reasons, the names of the
 * notices and the plan. No evidence. */
#pragma once

#include "report/device.h"
#include "report/json.h"

/* Bytes of a line, as far as this program has a say: texts are cut and steps left out until it fits. */
enum { SUMMARY_MAX = 1536 };

/* The line for @dev, by the kernel that decides; the caller puts it. @plan is the one for @dev alone, or NULL: not asked.
 * Everything that it takes on the way is in @a. */
struct json_object *summary_json(const struct report *r, const struct device *dev,
				 const struct plan *plan, struct arena *a);
/* As members of documents: the schema is summary.schema.json. */
extern const struct field_table summary_fields;
