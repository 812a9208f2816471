/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The inspection of a device: its state, the answers of the kernel that decides, and those of the reference
 * rules (Linux 6.0); as fields for JSON. The text is inspect-text.h. */
#pragma once

#include <stdbool.h>

#include "model/plan.h"
#include "model/predict.h"
#include "report/device.h"

struct inspection {
	const struct report *report;
	struct device_row row;     /* the device in one line */
	struct prediction running; /* by the kernel that decides */
	struct prediction patched;
	struct prediction *generations; /* one for each, or NULL: not asked */
	struct notices notices;
	const struct plan *plan; /* for the device alone, or NULL: not asked */
	unsigned int paths;      /* those asked for, as inspection_make() takes them */
	/* The device of the same document that has the members of their large group; or NULL. */
	const struct device *listed_at;
};

/* Members of a group that is listed with each of its devices. */
enum { MEMBERS_REPEATED_MAX = 64 };

/* Asks the model for all that a report of @dev shows. Only the @paths (bits of 1 << enum path_kind; 0: all)
 * count as offered. Everything in @a. */
void inspection_make(const struct report *report, const struct device *dev, bool all_generations,
		     unsigned int paths, struct arena *a, struct inspection *ret);
/* The IOMMUs that @devices are behind, each once, in the order of their names; in @a. */
struct iommu_row;
struct iommu_row *inspection_iommus(const struct host *h, struct device *const *devices, size_t nr,
				    struct arena *a, size_t *ret_nr);
/* Rows: struct inspection. */
extern const struct field_table inspection_fields;
