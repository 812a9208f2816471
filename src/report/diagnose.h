/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What messages mean: a cause for each device and symptom, however many lines show it. As text, and as fields for JSON. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/plan.h"
#include "model/symptom.h"
#include "report/field.h"
#include "report/output.h"

enum { CAUSE_LINES_MAX = 256, CAUSE_PROGRAMS_MAX = 4, CAUSES_MAX = 1000 };

struct cause {
	/* As told. */
	const struct symptom *symptom;
	const char *programs[CAUSE_PROGRAMS_MAX]; /* that spoke */
	size_t nr_programs;
	const char *file;                /* that has the lines; NULL: none has a name */
	uint64_t lines[CAUSE_LINES_MAX]; /* the first ones, from 1 */
	size_t nr_lines;
	uint64_t count;     /* lines in all, those of other files too */
	const char *device; /* "0000:01:00.0", or NULL */
	bool has_group, has_cdev, has_region;
	uint32_t group, cdev, region;
	struct symptom_request request;
	/* As it is now. */
	const struct device *found; /* that was asked about, or NULL */
	bool asked;                 /* of the device that the message names, or of its group */
	bool absent;                /* the host has devices, but not the one of the message */
	struct symptom_answer answer;
	const struct plan *plan; /* for that device; or NULL */
};

struct diagnosis {
	struct cause *items;
	size_t nr;
	uint64_t unrecognised; /* lines with text in them that show nothing known */
	bool full;             /* more than CAUSES_MAX: the others were left out */
};

/* Rows: struct cause. */
extern const struct field_table cause_fields;
void diagnosis_print(const struct output *out, const struct diagnosis *d);
