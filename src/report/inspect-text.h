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
/* Only what limits the answers: a kernel that was asked for or that nobody knows, and assumptions. */
void inspect_text_limits(const struct inspect_text *t);
/* The host as a whole in one line: IOMMU, interrupt remapping, VFIO, kernel. */
void inspect_text_host(const struct inspect_text *t);
/* One device in short: what it is, whether it can be attached now and after binding, and if not, why and what to do. */
void inspect_text_brief(const struct inspect_text *t, const struct inspection *i);
/* What inspections of both lengths say: the driver of @d, what keeps or gives it a driver. */
struct prose;
const char *inspect_driver_text(const struct device *d, struct arena *a);
void inspect_text_settings(const struct prose *p, const struct device *d, struct arena *a);
/* The IOMMUs that @devices are behind, each once, by their registers. */
void inspect_text_iommus(const struct inspect_text *t, struct device *const *devices, size_t nr);
/* One device in full. 0, or a negative errno of a table in it. */
int inspect_text_device(const struct inspect_text *t, const struct inspection *i,
			struct failure **reterr);
/* What the path answers in each generation, one a line, for the paths some generation offers. */
int inspect_text_generations(const struct inspect_text *t, const struct inspection *i,
			     size_t indent, struct failure **reterr);
