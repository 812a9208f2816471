/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why a group is not handed to a user: a host driver is in it, or the device itself has no VFIO driver. */
#include <errno.h>
#include <string.h>

#include "base/shell.h"
#include "model/rules.h"

/* Binding a member does not help when its VFIO driver refuses it. False when the driver takes it, or may.
 * The copy keeps what is looked at here out of the evidence. */
static bool proposed_where_refused(struct eval *e, const struct device *member)
{
	struct eval bound = *e, said;

	bound.view = VIEW_IF_BOUND;
	if (eval_driver_accepts(&bound, member, &said) != ANSWER_NO)
		return false;
	eval_propose_again(e, &said);
	eval_propose_stub(e, member);
	return true;
}

static void propose_for_host_driver(struct eval *e, const struct device *member)
{
	if (device_carries(member, e->dev) && member != e->dev->physfn)
		eval_propose_vmd(e, member, e->dev);
	else if (member == e->dev->physfn)
		eval_advise(e, ACTION_HARDWARE, SCOPE_HARDWARE,
			    "use a slot whose ports isolate functions (ACS): %s exists only while %s, its physical function, keeps its driver",
			    e->dev->name, member->name);
	else if (member->is_bridge == TRI_YES)
		eval_propose_stub(e, member);
	else if (!e->silent && !proposed_where_refused(e, member))
		eval_propose_bind(e, member);
}

/* A member that would have to move and that its VFIO driver refuses, or may refuse. Answers then. */
static bool member_is_refused(struct eval *e, const struct device *member)
{
	struct eval said;
	enum answer taken = eval_driver_accepts(e, member, &said);

	if (taken == ANSWER_YES)
		return false;
	if (taken == ANSWER_NO)
		eval_refuses(e, "%s, in the same group as %s, must stay on host driver %s: %s",
			     member->name, e->dev->name, eval_driver_name(e, member), said.because);
	else
		eval_unknown(e,
			     "cannot tell whether %s, in the same group as %s, can leave host driver %s: %s",
			     member->name, e->dev->name, eval_driver_name(e, member), said.because);
	eval_propose_again(e, &said);
	eval_propose_stub(e, member);
	return true;
}

static void member_refuses(struct eval *e, const struct device *member)
{
	if (member_is_refused(e, member))
		return;
	if (member == e->dev)
		eval_refuses(e, "%s is itself on host driver %s", member->name,
			     eval_driver_name(e, member));
	else
		eval_refuses(e, "%s, in the same group as %s, is on host driver %s", member->name,
			     e->dev->name, eval_driver_name(e, member));
	propose_for_host_driver(e, member);
}

static void answer_viability(struct eval *e, member_question *ask)
{
	struct survey members;

	eval_survey(e, ask, &members);
	const struct device *unsure = members.first[MEMBER_UNKNOWN];
	if (members.first[MEMBER_HOST]) {
		member_refuses(e, members.first[MEMBER_HOST]);
		return;
	}
	if (unsure && unsure->locked) {
		eval_unknown(e,
			     "the unbind of %s waits for the process that uses it; until then it keeps its driver",
			     unsure->name);
		eval_remedy(e, "end the process that uses %s", unsure->name);
		return;
	}
	if (unsure && member_is_refused(e, unsure))
		return;
	if (unsure) {
		eval_unknown(e, "cannot tell whether driver %s of %s is a VFIO driver",
			     eval_driver_name(e, unsure), unsure->name);
		eval_propose_bind(e, unsure);
		return;
	}
	if (!eval_members_complete(e))
		eval_unknown(e, "the devices of the group of %s could not be listed", e->dev->name);
	else
		eval_passes(e,
			    "each device of the group has no driver, a VFIO driver or a driver that does no DMA");
}

static const struct rule_site viability_walk_sites[] = {
	{ UNTIL(DMA_OWNERSHIP), GROUP, OP_GROUP_GET_DEVICE_FD, EINVAL, 0,
	  "drivers/vfio/vfio.c: vfio_group_get_device_fd(), vfio_dev_viable()" },
};

/* What vfio_dev_viable() finds a member to be, to 5.18: on a host driver, maybe, or neither. */
static unsigned int is_viable(struct eval *e, const struct device *member)
{
	enum member_state state = eval_member(e, member);

	/* An event collector, which is not a bridge, may be on pcieport since 5.11. */
	if (state == MEMBER_PORT && eval_is_pci(member))
		state = MEMBER_HOST;
	if (state != MEMBER_HOST && state != MEMBER_UNKNOWN)
		return state;
	/* Any bridge is allowed, whatever its driver. */
	eval_cite(e, &member->bridge_fact);
	if (member->is_bridge == TRI_YES)
		return MEMBER_PORT;
	return member->is_bridge == TRI_NO || !eval_is_pci(member) ? state : MEMBER_UNKNOWN;
}

/* linux: drivers/vfio/vfio.c: vfio_dev_viable(), to 5.18. */
static void rule_viability_walk(struct eval *e)
{
	if (rule_has_real_group(e))
		answer_viability(e, is_viable);
}

static const struct rule_site dma_ownership_sites[] = {
	{ FROM(DMA_OWNERSHIP), C, OP_GROUP_SET_CONTAINER, EPERM, 40,
	  "drivers/iommu/iommu.c: iommu_group_claim_dma_owner()" },
	{ FROM(CDEV), I, OP_BIND_IOMMUFD, EPERM, 70,
	  "drivers/iommu/iommu.c: iommu_device_claim_dma_owner()" },
	{ FROM(IOMMUFD), X, OP_GROUP_GET_DEVICE_FD, EPERM, 70,
	  "drivers/iommu/iommu.c: iommu_device_claim_dma_owner()" },
};

/* linux: drivers/iommu/iommu.c: iommu_group_claim_dma_owner(), since 5.19. */
static void rule_dma_ownership(struct eval *e)
{
	if (rule_has_real_group(e))
		answer_viability(e, eval_member_question);
}

static const struct rule_site device_not_bound_sites[] = {
	{ ALWAYS, GROUP, OP_GROUP_GET_DEVICE_FD, ENODEV, 10,
	  "drivers/vfio/group.c: vfio_device_get_from_name()" },
};

static void rule_device_not_bound(struct eval *e)
{
	switch (eval_member(e, e->dev)) {
	case MEMBER_VFIO:
		eval_passes(e, "%s is on VFIO driver %s", e->dev->name,
			    eval_driver_name(e, e->dev));
		return;
	case MEMBER_UNKNOWN:
		eval_unknown(e, "cannot tell whether %s is on a VFIO driver", e->dev->name);
		return;
	default:
		eval_refuses(e,
			     "%s is on %s, and VFIO only gives away a device that is on a VFIO driver",
			     e->dev->name, eval_driver_name(e, e->dev));
		eval_propose_bind(e, e->dev);
	}
}

static const struct rule rules[] = {
	{ "viability-walk", "a device of the group is on a host driver",
	  SITES(viability_walk_sites), rule_viability_walk, "bind it to a VFIO driver too" },
	{ "dma-ownership", "a device of the group is on a host driver", SITES(dma_ownership_sites),
	  rule_dma_ownership, "bind it to a VFIO driver too" },
	{ "device-not-bound", "the device is not on a VFIO driver", SITES(device_not_bound_sites),
	  rule_device_not_bound, "bind it to a VFIO driver" },
};

const struct rule_table rules_viability = RULE_TABLE(rules);
