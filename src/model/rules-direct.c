/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why a group is not handed to a user: the firmware wants memory mapped for it. */
#include <errno.h>

#include "model/rules.h"

static const struct resv_region *find_direct(struct eval *e)
{
	const struct group *group = e->dev->group;

	eval_cite(e, &group->reserved_regions);
	if (eval_assumed_bool(e, e->dev, EVAL_KEY_DIRECT) == TRI_NO)
		return NULL;
	for (size_t i = 0; i < group->nr_regions; i++)
		if (group->regions[i].type == RESV_DIRECT)
			return &group->regions[i];
	return NULL;
}

/* On Arm an RMR node of the IORT reserves it, for a device that is part of the chip. */
static void propose_without_region(struct eval *e)
{
	struct action action = {
		.kind = ACTION_FIRMWARE,
		.scope = SCOPE_FIRMWARE,
		.what = "turn off the firmware feature behind it (often management or legacy USB support)",
	};

	if (eval_machine(e) == MACHINE_ARM) {
		eval_advise(e, ACTION_FIRMWARE, SCOPE_FIRMWARE,
			    "update the firmware: its IORT table (RMR node) reserves the region for %s, and no setting or slot changes that",
			    e->dev->name);
		return;
	}
	action_add_effect(&action, e->dev->name, EVAL_KEY_DIRECT, "0");
	eval_propose(e, &action);
	eval_advise(e, ACTION_HARDWARE, SCOPE_HARDWARE, "use another slot for %s", e->dev->name);
}

/* False when the question is settled without a region; answers then. */
static bool has_regions(struct eval *e)
{
	if (!rule_has_real_group(e))
		return false;
	if (!e->dev->group) {
		if (eval_group_kind(e) == GROUP_REAL)
			eval_passes(e, "virtio-iommu has no direct regions");
		else
			eval_unknown(e, "the IOMMU group of %s could not be read", e->dev->name);
		return false;
	}
	if (e->dev->group->regions_err) {
		eval_unknown(e, "the reserved regions of group %u could not be read",
			     e->dev->group->id);
		return false;
	}
	return true;
}

static const struct rule_site rmrr_sites[] = {
	{ UNTIL(DMA_OWNERSHIP), C, OP_SET_IOMMU, EPERM, 40,
	  "drivers/iommu/intel/iommu.c: intel_iommu_attach_device()" },
	{ SPAN(DMA_OWNERSHIP, VTD_BLOCKED_DOMAIN), C, OP_GROUP_SET_CONTAINER, EPERM, 60,
	  "drivers/iommu/intel/iommu.c: intel_iommu_attach_device()" },
	{ SPAN(VTD_BLOCKED_DOMAIN, REQUIRE_DIRECT), C, OP_SET_IOMMU, EPERM, 40,
	  "drivers/iommu/intel/iommu.c: intel_iommu_attach_device()" },
	{ SPAN(VTD_BLOCKED_DOMAIN, REQUIRE_DIRECT), X, OP_GROUP_GET_DEVICE_FD, EPERM, 80,
	  "drivers/iommu/intel/iommu.c: intel_iommu_attach_device()" },
};

static unsigned int is_behind_intel(struct eval *e, const struct device *member)
{
	if (eval_has_iommu(e, member) == TRI_UNKNOWN)
		return TRI_UNKNOWN;
	return eval_iommu_kind(e, member) == IOMMU_KIND_INTEL ? TRI_YES : TRI_NO;
}

/* linux: drivers/iommu/intel/iommu.c: device_is_rmrr_locked(), to 6.5. */
static void rule_rmrr(struct eval *e)
{
	struct survey members;

	if (!has_regions(e))
		return;
	const struct resv_region *r = find_direct(e);
	if (!r) {
		eval_passes(e, "no direct region is reserved for the group");
		return;
	}
	eval_survey(e, is_behind_intel, &members);
	if (members.first[TRI_YES]) {
		eval_refuses(e,
			     "the firmware (RMRR) requires 0x%llx-0x%llx mapped for the group of %s, and the Intel IOMMU driver refuses such a device",
			     (unsigned long long)r->start, (unsigned long long)r->last,
			     e->dev->name);
		propose_without_region(e);
	} else if (members.first[TRI_UNKNOWN]) {
		eval_unknown(e, "cannot tell which IOMMU serves %s", e->dev->name);
	} else {
		eval_passes(e, "a direct region is reserved, and only the Intel driver refuses it");
	}
}

static const struct rule_site direct_region_sites[] = {
	{ FROM(REQUIRE_DIRECT), C, OP_GROUP_SET_CONTAINER, EINVAL, 60,
	  "drivers/iommu/iommu.c: __iommu_device_set_domain()" },
	{ FROM(REQUIRE_DIRECT), I, OP_BIND_IOMMUFD, EINVAL, 80,
	  "drivers/iommu/iommu.c: __iommu_device_set_domain()" },
	{ FROM(REQUIRE_DIRECT), X, OP_GROUP_GET_DEVICE_FD, EINVAL, 80,
	  "drivers/iommu/iommu.c: __iommu_device_set_domain()" },
};

/* linux: drivers/iommu/iommu.c: require_direct in __iommu_group_set_domain(), since 6.6. */
static void rule_direct_region(struct eval *e)
{
	if (!has_regions(e))
		return;
	const struct resv_region *r = find_direct(e);
	if (!r) {
		eval_passes(e, "no direct region is reserved for the group");
		return;
	}
	eval_refuses(e, "the firmware requires 0x%llx-0x%llx mapped one to one for the group of %s",
		     (unsigned long long)r->start, (unsigned long long)r->last, e->dev->name);
	propose_without_region(e);
}

static const struct rule rules[] = {
	{ "rmrr", "the firmware requires memory mapped for the device (Intel RMRR)",
	  SITES(rmrr_sites), rule_rmrr, "turn off the firmware feature behind it" },
	{ "direct-region", "the firmware requires memory mapped one to one",
	  SITES(direct_region_sites), rule_direct_region,
	  "turn off the firmware feature behind it" },
};

const struct rule_table rules_direct = RULE_TABLE(rules);
