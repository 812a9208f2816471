/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The inspection of a device: what is, what the kernel that decides will answer, and what the patched
 * kernel would; as text for a person and as fields for JSON. */
#pragma once

#include <stdbool.h>

#include "model/predict.h"
#include "report/device.h"
#include "report/output.h"

struct inspection {
	const struct report *report;
	struct device_row row;     /* the device in one line */
	struct prediction running; /* by the kernel that decides */
	struct prediction patched;
	struct prediction *generations; /* NR_GENS, or NULL: not asked */
};

/* Asks the model all that a report of @dev shows. Everything in @a. */
void inspection_make(const struct report *report, const struct device *dev, bool all_generations,
		     struct arena *a, struct inspection *ret);
/* Rows: struct inspection. */
const struct field_table *inspection_fields(void);

struct inspect_text {
	const struct output *out;
	const struct report *report;
	bool verbose;
	bool one_path; /* only @path is shown */
	enum path_kind path;
};

/* Which kernel decides, and what told so. */
void inspect_text_host(const struct inspect_text *t);
/* One device in full. */
int inspect_text_device(const struct inspect_text *t, const struct inspection *i,
			struct failure **reterr);
/* One line a device. */
int inspect_text_short(const struct inspect_text *t, const struct device *const *devices,
		       size_t nr_devices, struct failure **reterr);
