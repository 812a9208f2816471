/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was mapped and unmapped, beside the prediction: each request, its time, the bytes it pinned. Rows of
 * the JSON of map, and its text. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "facts/host.h"
#include "model/mapping.h"
#include "report/attach.h"
#include "report/field.h"
#include "report/output.h"

struct mapping_step {
	struct mapping_request request;
	struct mapping_prediction predicted;
	bool asked;     /* of the kernel */
	int err;        /* positive errno it gave, or 0 */
	uint64_t bytes; /* that an unmap took away */
	uint64_t ns;    /* 0: not timed separately */
	bool match;     /* what was asked ended as predicted, or was not predicted */
};

/* Bytes that are locked or pinned, and mappings left; at one moment. */
struct mapping_moment {
	const char *when; /* "before" "mapped" "after" */
	bool known;       /* of locked and pinned */
	uint64_t locked, pinned;
	bool has_left;
	uint64_t left;
};

enum { MAPPING_BEFORE, MAPPING_MAPPED, MAPPING_AFTER, NR_MAPPING_MOMENTS };

/* What --verify and the end of every run look at. */
struct mapping_check {
	const char *id;
	enum answer answer;
	const char *because;
};

struct mapping_report {
	const struct device *device;
	enum path_kind path;
	const char *path_because;
	const struct attach_view *attach; /* how the device was attached; NULL: it was not asked */
	const struct mapping_space *space;
	uint64_t page_sizes; /* of the IOMMU, a bitmap; 0: not known */
	/* The memory: what was asked for, what was chosen and what was given. */
	const char *pages, *kind, *kind_because;
	const char *access; /* what the caller may do with the memory: mapping_memory_names[] */
	uint64_t memory_len, memory_page, memory_huge, memory_ns;
	bool memory_seen;
	uint64_t needed; /* bytes of limit that all mappings together want; 0: no limit counts */
	struct mapping_moment moments[NR_MAPPING_MOMENTS];
	size_t nr_moments;
	struct mapping_step *steps;
	size_t nr_steps;
	uint64_t mapped, map_ns, unmapped, unmap_ns; /* bytes and ns of what succeeded */
	bool dirty_asked;
	struct mapping_step dirty;
	uint64_t dirty_pages, dirty_page; /* pages, bytes of one */
	struct mapping_check *checks;
	size_t nr_checks;
	const char *result; /* "predicted" "mapped" "refused" "differs" "failed" */
	bool match;
};

/* Rows: struct mapping_report, struct mapping_step. */
extern const struct field_table mapping_report_fields, mapping_step_fields;
/* As text for a person. 0, or a negative errno of a table in it. */
int mapping_report_print(const struct mapping_report *m, const struct output *out,
			 struct failure **reterr);
/* "4 KiB" "512 MiB" "4097 bytes": the largest unit that leaves nothing over. In @a. */
const char *mapping_bytes_text(struct arena *a, uint64_t bytes);
