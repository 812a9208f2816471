/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For the files of rules only: how to write a row, and the questions that several topics share. Each file
 * has the sites, the evaluators and the rows of its topic; rules.c joins them. */
#pragma once

#include "model/eval.h"

#define C     (1U << PATH_CONTAINER)
#define I     (1U << PATH_IOMMUFD)
#define X     (1U << PATH_COMPAT)
#define N     (1U << PATH_NOIOMMU)
#define ALL   (C | I | X | N)
#define GROUP (C | X | N)

/* When a site stands: since one trait, until another. */
#define ALWAYS      TRAIT_NONE, TRAIT_NONE
#define FROM(t)     TRAIT_##t, TRAIT_NONE
#define UNTIL(t)    TRAIT_NONE, TRAIT_##t
#define SPAN(a, b)  TRAIT_##a, TRAIT_##b
#define SITES(name) .sites = name, .nr_sites = ARRAY_SIZE(name)

struct rule_table {
	const struct rule *rules;
	size_t nr;
};

#define RULE_TABLE(array)                \
	{                                \
		array, ARRAY_SIZE(array) \
	}

extern const struct rule_table rules_bind, rules_platform, rules_iommu, rules_node, rules_held,
	rules_viability, rules_direct, rules_container, rules_interrupts, rules_limits, rules_token,
	rules_mapping, rules_dirty, rules_power;

/* Whether the device is on a VFIO driver already, so that no driver refuses it; answers then. */
bool rule_bound_already(struct eval *e);
/* Whether an IOMMU made the group of the device, or may have; answers when that is not so. */
bool rule_has_real_group(struct eval *e);
