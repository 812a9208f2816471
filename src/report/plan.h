/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Plans as text, as a shell script and as fields for JSON. */
#pragma once

#include <stdbool.h>

#include "model/plan.h"
#include "report/output.h"
#include "report/prose.h"

/* Rows: struct plan. */
extern const struct field_table plan_fields;
/* Rows: struct action. */
extern const struct field_table action_fields;

/* One plan for a person. @verbose: with the evidence, the obstacles and what is expected after each step. */
void plan_print(const struct output *out, const struct plan *p, bool verbose);
/* The numbered steps alone, @indent columns to the right, each with its command; @details: with reason and undo. */
void plan_print_steps(const struct output *out, const struct plan *p, size_t indent, bool details);
/* One plan in a screen, behind the label "Plan"; nothing when the devices can be attached now. */
void plan_print_brief(const struct prose *p, const struct plan *plan);
/* The steps that can be done now, as a script for sh that stops at the first failure. */
void plan_print_script(const struct output *out, const struct plans *plans);
