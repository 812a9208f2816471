/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why a group, or a device of it, is not handed to a user: another process has it. */
#include <errno.h>
#include <string.h>

#include "model/rules.h"

/* A device that a process has opened is enabled: its open count distinguishes a descriptor bound to iommufd
 * from one that was only opened. linux: vfio_pci_core.c: vfio_pci_core_enable(). */
static enum tristate cdev_in_use(struct eval *e, const struct device *member, const char **ret_who)
{
	if (!member->cdev.path || eval_assumed_bool(e, member, "held") == TRI_NO)
		return TRI_NO;
	eval_cite(e, &member->enable);
	bool enable_known = fact_is(&member->enable) && member->enable.raw;
	if (enable_known && strcmp(member->enable.raw, "0") == 0)
		return TRI_NO;
	enum tristate held = eval_node_held(e, &member->cdev, ret_who);
	return held == TRI_YES && !enable_known ? TRI_UNKNOWN : held;
}

static void propose_end(struct eval *e, const struct device *dev, const char *what)
{
	struct action action = { .kind = ACTION_CLOSE, .target = dev->name, .what = what };

	action_add_effect(&action, dev->name, "held", "0");
	eval_propose(e, &action);
}

/* Whether this member's user blocks this step. */
static bool cdev_matters(const struct eval *e, const struct device *member)
{
	if (e->site->op == OP_OPEN_GROUP)
		return true;
	bool itself = member == e->dev && !e->for_other;
	return itself == (e->site->err == EINVAL);
}

static unsigned int is_used_by_cdev(struct eval *e, const struct device *member)
{
	const char *who;

	return cdev_matters(e, member) ? cdev_in_use(e, member, &who) : TRI_NO;
}

static const struct rule_site cdev_held_sites[] = {
	{ FROM(CDEV), C | X, OP_OPEN_GROUP, EBUSY, 30,
	  "drivers/vfio/group.c: vfio_group_fops_open()" },
	{ FROM(CDEV), I, OP_BIND_IOMMUFD, EINVAL, 40, "drivers/vfio/vfio_main.c: vfio_df_open()" },
	{ FROM(CDEV), I, OP_BIND_IOMMUFD, EPERM, 75,
	  "drivers/iommu/iommu.c: iommu_device_claim_dma_owner()" },
};

static void rule_cdev_held(struct eval *e)
{
	const struct device *member, *unsure;
	struct survey members;
	const char *who;

	eval_survey(e, is_used_by_cdev, &members);
	member = members.first[TRI_YES];
	unsure = members.first[TRI_UNKNOWN];
	if (member) {
		cdev_in_use(e, member, &who);
		eval_refuses(e, "%s uses %s through %s", who, member->name, member->cdev.path);
		propose_end(e, member,
			    eval_text(e,
				      "end %s; all devices of a group must be used through the same iommufd",
				      who));
	} else if (!unsure)
		eval_passes(e, "no process uses a device of the group through its device node");
	else
		eval_unknown(e,
			     "cannot tell whether another process uses %s through %s; run as root",
			     unsure->name, unsure->cdev.path);
}

static const struct node *own_group_node(const struct eval *e)
{
	return e->path == PATH_NOIOMMU ? &e->dev->group->noiommu_node : &e->dev->group->node;
}

static unsigned int is_open_without_group(struct eval *e, const struct device *member)
{
	const char *who;

	if (eval_member_now(e, member) != MEMBER_VFIO || !fact_is(&member->enable) ||
	    !member->enable.raw || !strcmp(member->enable.raw, "0"))
		return TRI_NO;
	return cdev_in_use(e, member, &who) == TRI_YES ? TRI_NO : TRI_YES;
}

/* A device that is open keeps its group to its user, who may have closed the group itself. Its descriptor
 * does not tell the device, but a PCI device that is open is enabled; one that its last driver left
 * enabled is too. NULL when there is no such member. linux: drivers/vfio/vfio.c: vfio_group_fops_open()
 * to 5.18, which looks for a container; drivers/vfio/group.c: vfio_df_group_open(): the device holds the
 * group's file. */
static const struct device *open_without_group(struct eval *e)
{
	const struct fact *holders = &e->host->device_holders;
	struct survey members;

	if (!fact_is(holders) || !holders->len)
		return NULL;
	eval_survey(e, is_open_without_group, &members);
	if (!members.first[TRI_YES])
		return NULL;
	eval_cite(e, holders);
	eval_cite(e, &members.first[TRI_YES]->enable);
	return members.first[TRI_YES];
}

static void group_not_held(struct eval *e, const struct node *node)
{
	const struct device *open =
		eval_assumed_bool(e, e->dev, "held") == TRI_UNKNOWN ? open_without_group(e) : NULL;
	const char *who = e->host->device_holders.raw;

	if (!open) {
		eval_passes(e, "no process has %s open", node->path ? node->path : "the group");
		return;
	}
	int len = (int)strcspn(who, "\n");
	eval_unknown(e,
		     "%s is enabled and process %.*s has VFIO devices open; a process that closed the group but not the device still holds the group",
		     open->name, len, who);
	eval_remedy(e,
		    "end process %.*s if %s is its device; if not, state that with --assume held=0",
		    len, who, open->name);
}

static const struct rule_site group_held_sites[] = {
	{ ALWAYS, GROUP, OP_OPEN_GROUP, EBUSY, 40, "drivers/vfio/group.c: vfio_group_fops_open()" },
	{ FROM(CDEV), I, OP_BIND_IOMMUFD, EBUSY, 10,
	  "drivers/vfio/group.c: vfio_device_block_group()" },
};

static void rule_group_held(struct eval *e)
{
	enum tristate held = eval_assumed_bool(e, e->dev, "held");
	const char *who = "a process";

	if (!e->dev->group) {
		eval_passes(e, "%s has no group yet", e->dev->name);
		return;
	}
	const struct node *node = own_group_node(e);
	if (held == TRI_UNKNOWN)
		held = eval_node_held(e, node, &who);
	switch (held) {
	case TRI_NO:
		group_not_held(e, node);
		return;
	case TRI_YES:
		eval_refuses(e, "%s has %s open, and only one process at a time may open it", who,
			     node->path ? node->path : "the group");
		propose_end(e, e->dev,
			    eval_text(e, "end %s, or make it pass on its descriptors", who));
		return;
	default:
		eval_unknown(e, "cannot tell whether another process has %s open: %s", node->path,
			     eval_unseen_holders(e, node));
		eval_remedy(e, "run as root, or state that it is free with --assume held=0");
	}
}

static const struct rule rules[] = {
	{ "cdev-held", "a device of the group is in use through its device node",
	  SITES(cdev_held_sites), rule_cdev_held, "end the process that uses it" },
	{ "group-held", "another process has the group open", SITES(group_held_sites),
	  rule_group_held, "end the process that holds it" },
};

const struct rule_table rules_held = RULE_TABLE(rules);
