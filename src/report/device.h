/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A device in one line: the columns of list, and the first members of a device in inspect's JSON. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "facts/host.h"
#include "model/assume.h"
#include "model/generation.h"
#include "model/group.h"
#include "model/notice.h"
#include "model/plan.h"
#include "model/predict.h"
#include "report/field.h"

/* What all reports of one run share. All borrowed but what lives in the arena. */
struct report {
	struct arena *arena;
	struct arena *scratch; /* for one verdict at a time */
	const struct host *host;
	const struct assumptions *assumptions;
	struct model_memo *memo;
	struct gen_verdict kernel; /* the running kernel's */
	struct kernels kernels; /* that decide: what the running kernel may be, or the one asked */
	bool asked;             /* --kernel named it */
	plan_ask_use *ask_use;  /* of plans; NULL: nothing is known about the use of devices */
	void *use_ctx;
	/* The name of prove's DMA test driver for a device of these ids, or NULL; NULL: not asked. */
	const char *(*find_driver)(uint16_t vendor, uint16_t device, uint32_t class_code);
};

/* Names from the PCI database. NULL: not looked up, or not known to it. */
struct device_names {
	const char *vendor, *device, *class_name;
};

/* One row: a device, or in a tree a root bus (device is NULL). */
struct device_row {
	const struct report *report;
	const struct device *device;
	const struct group *group;
	/* In a tree: of a PCI function, and of a root bus "bus 0000:00". */
	const struct group_node *node;
	const char *bus;
	struct device_names names;
	/* Set as far as the columns need them. */
	const struct verdict *verdict[NR_VIEWS];
	const struct notices *notices;
	const struct verdict *patched; /* after binding, by the reference rules (Linux 6.0) */
};

/* What a column needs to be known; cmd/ turns it into a scope. */
enum device_need {
	NEED_IOMMU = 1 << 0,
	NEED_PCI = 1 << 1,
	NEED_DETAILS = 1 << 2,
	NEED_VFIO = 1 << 3,
	NEED_GROUPS = 1 << 4,
	NEED_GROUP_NODES = 1 << 5,
	NEED_NAMES = 1 << 6,
	NEED_VERDICT = 1 << 7,
	NEED_VERDICT_NOW = 1 << 8,
	NEED_PATCHED = 1 << 9,
	NEED_SENTENCES = 1 << 10, /* of the verdicts */
	NEED_PERSIST = 1 << 11,
	NEED_NOTICES = 1 << 12,
	NEED_TREE = 1 << 13, /* only in a tree: configuration space is read */
	NEED_HARDWARE = 1 << 14,
	NEED_BOTH_VERDICTS = NEED_VERDICT | NEED_VERDICT_NOW,
	NEED_ANY_VERDICT = NEED_VERDICT | NEED_VERDICT_NOW | NEED_PATCHED,
};

/* Rows: struct device_row. */
extern const struct field_table device_fields;
/* The question for the plan of @dev, which must live as long as the answer. */
struct plan_request report_plan(const struct report *r, const struct kernels *kernels,
				const struct device *const *dev);
/* The name of prove's DMA test driver for @dev, or NULL. For a device without one, *@through is another of its
 * group that has one, behind the same IOMMU, or NULL. */
const char *report_proof(const struct report *r, const struct device *dev,
			 const struct device **through);
/* Asks the model for what @needs says. */
void device_row_decide(struct device_row *row, unsigned int needs);
/* Whether @row is refused, after binding, only because of the caller's permissions: another user may get
 * more. Its verdict is decided. */
bool device_row_is_denied(const struct device_row *row);
/* "Intel Corporation I350 Gigabit Network Connection", or NULL. In @a. */
const char *device_names_text(const struct device_names *names, struct arena *a);
