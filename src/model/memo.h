/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is the same for many questions about one host under one set of assumptions. */
#pragma once

#include "base/arena.h"

struct device;

enum { MEMO_BUCKETS = 256 };

struct model_memo {
	struct arena *arena;                   /* borrowed */
	struct rule_lists *rules;              /* of rules.c */
	struct answers *answers[MEMO_BUCKETS]; /* of survey.c, by the number of the group */
	const struct device **served;          /* of eval-iommu.c, by bus and kind of IOMMU */
};
