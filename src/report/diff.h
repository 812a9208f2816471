/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What changed between two hosts, or one host at two times, for a person and as JSON. */
#pragma once

#include <stdint.h>

#include "model/diff.h"
#include "report/field.h"
#include "report/output.h"

/* One of the two: what it was opened by, and what it is. */
struct diff_host_row {
	const char *source;  /* a path; "/": this host */
	const char *release; /* NULL: not known */
	uint32_t nr_devices;
};

struct diff_report {
	struct diff_host_row a, b;
	const struct change *changes; /* those asked for */
	size_t nr_changes;
	uint32_t nr_uncompared;
};

/* Rows: struct diff_report. */
extern const struct field_table diff_fields;
void diff_print(const struct diff_report *r, const struct output *out);
