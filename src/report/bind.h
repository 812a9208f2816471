/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Devices that were moved from driver to driver, or would be: every write, the result for each device, and
 * what blocked it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/failure.h"
#include "model/compare.h"
#include "bind/plan.h"
#include "report/field.h"
#include "report/output.h"

struct bind_view {
	const char *command; /* "bind" "unbind" "restore" */
	bool dry_run;
	bool refused; /* all of it: note says so */
	const struct bind_step *steps;
	size_t nr_steps;
	const struct bind_move *moves;
	size_t nr_moves;
	const char *note; /* one line about the whole, or NULL */
};

/* Rows: struct bind_view, struct bind_step, struct bind_move. */
extern const struct field_table bind_fields, bind_step_fields, bind_move_fields;

/* All of it. 0 or a negative errno of the output. */
int bind_text(const struct output *out, const struct bind_view *v, struct failure **reterr);
/* Whether the kernel answered the write to 'bind' as predicted. Open when no certain prediction was made,
 * when it was not tried, or when the device went away meanwhile. */
enum match bind_match(const struct bind_move *m);
/* "ok", an errno, "refused", "unknown"; NULL without a prediction. */
const char *bind_expected(const struct step *p);
