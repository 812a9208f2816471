/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compares predictions with what the kernel did. A request for a group, or for an address space that
 * several devices share, is predicted for all of them: it is refused when it is refused for one. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "uapi/op.h"
#include "model/predict.h"

enum match {
	MATCH_OPEN = 0, /* nothing certain was predicted */
	MATCH_YES,
	MATCH_NO,
};

struct comparison {
	enum op op;
	const char *object; /* of the outcome, or of the request left out */
	bool predicted;     /* the model says something about this request */
	enum answer answer; /* what it says */
	int err;            /* positive errno of a no, 0 when left open */
	const struct finding *why;
	const struct outcome *outcome; /* NULL: the kernel was not asked */
	enum match match;
};

/* The predictions of the devices brought into one space along @path, in their present state. */
struct compare_devices {
	const struct prediction *predictions;
	size_t nr;
	enum path_kind path;
};

/* A row for each of the @nr outcomes in order (in @a). One more row follows when a prediction refuses a
 * request that was never made and nothing else was refused: the caller did not ask it. */
struct comparison *compare_outcomes(const struct compare_devices *d, const struct outcome *outcomes,
				    size_t nr, struct arena *a, size_t *ret_nr);
/* What the attached space is; the numbers as the kernel gave them. */
struct compare_space {
	const struct iova_range *ranges;
	size_t nr_ranges;
	bool has_ranges;
	uint64_t page_sizes; /* 0: not reported */
	/* What CHECK_EXTENSION said after the groups had joined, and once attached; a number or a
	 * negative errno. In the order of prediction.extensions; NULL: not asked. */
	const int *before, *after;
};

/* Where the space differs from the prediction for all devices together (intersected ranges; page sizes and
 * extensions that all have): one sentence in @a, or NULL. An open prediction is not a difference. */
const char *compare_space(const struct compare_devices *d, const struct compare_space *space,
			  struct arena *a);
/* All rows together: no when one differs, open when one is open. */
enum match compare_all(const struct comparison *rows, size_t nr);
/* Whether @object of an outcome concerns @dev: its own name, its group, or the shared space. */
bool compare_concerns(const char *object, const struct device *dev);
