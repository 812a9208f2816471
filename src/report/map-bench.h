/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What mapping costs: a row for each path, kind of pages and size. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/failure.h"
#include "report/field.h"
#include "report/output.h"

/* Nanoseconds that half, nine of ten, and ninety-nine of a hundred requests stayed below. */
struct map_quantiles {
	uint64_t p50, p90, p99;
};

struct map_cost_row {
	const char *path;
	const char *pages; /* memory_kind_name() */
	uint64_t size;     /* bytes of the mapping */
	uint64_t rounds;   /* that were timed; each is a map and an unmap */
	struct map_quantiles map, unmap;
	int err; /* positive errno of the request that ended the rounds, or 0 */
};

struct map_bench_report {
	const char *address;
	struct map_cost_row *rows;
	size_t nr_rows;
	bool known;          /* of the next: could it be read? */
	bool returned;       /* locked and pinned memory are as before */
	const char *missing; /* pages and paths that were left out, and why; or NULL */
};

/* Rows: struct map_cost_row, struct map_bench_report. */
extern const struct field_table map_cost_fields, map_bench_fields;

/* The nearest ranks of @nr times, which are sorted; @nr is at least 1. */
struct map_quantiles map_quantiles_of(const uint64_t *sorted, size_t nr);
/* As a table, or as CSV where @out wants it. 0 or a negative errno of the output. */
int map_bench_print(const struct map_bench_report *m, const struct output *out,
		    struct failure **reterr);
