/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What changed between two snapshots, and what that changes in the verdicts. Devices are the same when their ids are, at
 * the same address or at another. Only what both sides know is compared. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "model/generation.h"
#include "model/predict.h"

/* The most important first. X(ID, name, title) */
#define CHANGE_LIST(X)                                   \
	X(VERDICT, verdict, "Verdicts")                  \
	X(NOTICE, notice, "Notices")                     \
	X(GROUP, group, "IOMMU groups")                  \
	X(DEVICE, device, "Devices")                     \
	X(DRIVER, driver, "Drivers")                     \
	X(MODULE, module, "VFIO modules and parameters") \
	X(KERNEL, kernel, "Kernel")                      \
	X(IOMMU, iommu, "IOMMUs")                        \
	X(FIRMWARE, firmware, "Firmware and machine")    \
	X(NODE, node, "Device nodes")                    \
	X(CALLER, caller, "The user who asked")

enum change_kind {
#define X(id, name, title) CHANGE_##id,
	CHANGE_LIST(X)
#undef X
		NR_CHANGE_KINDS,
};

const char *change_name(enum change_kind kind);
const char *change_title(enum change_kind kind);
/* The kind called @name; NR_CHANGE_KINDS when there is none. */
enum change_kind change_find(const char *name);

/* One side of the comparison: all borrowed. */
struct diff_side {
	const struct host *host;
	const struct assumptions *assumptions;
	const struct gen_verdict *kernel;
	struct model_memo *memo;
	struct arena *scratch; /* emptied by every question */
};

struct change {
	enum change_kind kind;
	const char *subject; /* "0000:01:00.0" as the second side has it, "group 12", "release" */
	const char *what;    /* of the subject: "now", "driver"; NULL: the subject itself */
	const char *before, *after; /* NULL: there was none, there is none */
	const char *because;     /* of a verdict or notice: a sentence, of the first side if past */
	const struct fact *fact; /* of a survey: where it was read; or NULL */
	bool past;
	unsigned int rank; /* among its kind: 0 is the worst */
	size_t order;      /* in which it was found */
};

struct diff {
	struct change *items; /* by kind, then by rank, then in the order of the hosts */
	size_t nr;
	size_t nr_uncompared; /* what one side only could read */
};

/* Words that stand for a subject or for a part of it. */
#define DIFF_NOW         "now"
#define DIFF_AFTER       "after binding"
#define DIFF_DECIDES     "decides as Linux"
#define DIFF_BOOT_OPTION "boot option"

/* Whether two verdicts or notices of different devices changed alike. */
bool change_is_alike(const struct change *a, const struct change *b);
/* Everything in @a; strings of both snapshots are borrowed. Never fails. */
void diff_make(const struct diff_side *a, const struct diff_side *b, struct arena *arena,
	       struct diff *ret);
/* All that diff_make() would compare of one side, but for notices, as changes from a value to itself: for a comparison of
 * many. What is not known is left out. An option has its name as what it is about, and without one the list of options is
 * "known". Long values are shortened, with a checksum. */
void diff_survey(const struct diff_side *s, struct arena *arena, struct diff *ret);
