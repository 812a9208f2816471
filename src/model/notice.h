/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Notices: 'accepted, but'. The kernel hands the device out, and still its user will fail, or be surprised. Each row has
 * what was seen, what follows from it, what helps, and the source. Where nothing shows it there is no notice: none says
 * 'unknown'. */
#pragma once

#include <stddef.h>

#include "base/arena.h"
#include "model/predict.h"

struct action;
struct eval;
struct notice;

struct notice_row {
	const char *id;    /* public, stable: "bar-held" */
	const char *title; /* in one line */
	const char *
		source; /* "drivers/vfio/pci/vfio_pci_core.c: vfio_pci_core_mmap()", or a specification */
	/* Whether it concerns the device of @e; then sets the three sentences of @ret. */
	bool (*concerns)(struct eval *e, struct notice *ret);
};

struct notice {
	const struct notice_row *row;
	const char *because, *consequence,
		*remedy;             /* a sentence each; remedy may be NULL: nothing helps */
	const struct action *action; /* the remedy, where the tool knows how; NULL: a person does */
	const struct fact **evidence;
	size_t nr_evidence;
};

struct notices {
	struct notice *items;
	size_t nr;
};

/* The rows in the order of the man page; NULL past the last. Static. */
const struct notice_row *notice_get(size_t index);
/* All that concern @dev, once it is bound, in the order of the rows; everything in @a. Where the kernel is one of several,
 * the newest of them is asked. */
void notices_find(const struct host *h, const struct assumptions *as, const struct kernels *kernels,
		  const struct device *dev, struct arena *a, struct notices *ret);
