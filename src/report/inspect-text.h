/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An inspection as text for a person. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/failure.h"
#include "report/inspect.h"
#include "report/output.h"

struct inspect_text {
	const struct output *out;
	const struct report *report;
	bool verbose;
};

/* Which kernel decides, and how that is known. */
void inspect_text_kernel(const struct inspect_text *t);
/* One device in full. 0, or a negative errno of a table in it. */
int inspect_text_device(const struct inspect_text *t, const struct inspection *i,
			struct failure **reterr);
/* What the path answers in each generation, one a line, for the paths some generation offers. */
int inspect_text_generations(const struct inspect_text *t, const struct inspection *i,
			     size_t indent, struct failure **reterr);
