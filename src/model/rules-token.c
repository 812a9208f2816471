/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why a physical or virtual function is not handed out: its VF token. */
#include <errno.h>
#include <string.h>

#include "model/rules.h"

/* Whether a process has opened @vf through VFIO, which enables it. linux: vfio_pci_core.c:
 * vfio_pci_core_enable(), vfio_pci_core_finish_enable(); pci-sysfs.c: enable_store() leaves a device with a
 * driver alone. */
static enum tristate vf_in_use(struct eval *e, const struct device *vf)
{
	enum member_state driver = eval_member_now(e, vf);
	enum tristate held = TRI_NO;
	const char *who;

	if (driver != MEMBER_VFIO && driver != MEMBER_UNKNOWN)
		return TRI_NO;
	eval_cite(e, &vf->enable);
	bool enable_known = fact_is(&vf->enable) && vf->enable.raw;
	if (enable_known && strcmp(vf->enable.raw, "0") == 0)
		return TRI_NO;
	if (!vf->group)
		return TRI_UNKNOWN;
	held = eval_node_held(e, &vf->group->node, &who);
	if (held == TRI_NO && vf->cdev.path)
		held = eval_node_held(e, &vf->cdev, &who);
	/* A node may be held without the device: that it is enabled tells. */
	return held == TRI_YES && (!enable_known || driver != MEMBER_VFIO) ? TRI_UNKNOWN : held;
}

static void propose_token(struct eval *e, const char *owner)
{
	struct action action = { .kind = ACTION_REQUEST, .target = e->dev->name };

	action.what = eval_text(e, "give the VF token that the user of %s has set", owner);
	action_add_effect(&action, e->dev->name, "vf_token", "1");
	eval_propose(e, &action);
}

/* A PF wants the token while one of its VFs is in use. */
static void token_of_pf(struct eval *e)
{
	const struct device *dev = e->dev;
	const struct assumption *removed = eval_assumed(e, dev, "numvfs");
	enum tristate used = TRI_NO;

	eval_cite(e, &dev->sriov_numvfs);
	if (removed && strcmp(removed->value, "0") == 0) {
		eval_passes(e, "no virtual function of %s is left", dev->name);
		return;
	}
	for (size_t i = 0; i < dev->nr_vfs && used != TRI_YES; i++) {
		enum tristate one = vf_in_use(e, dev->vfs[i]);
		if (one != TRI_NO)
			used = one;
	}
	/* Not all of them were seen. */
	if (used == TRI_NO && dev->nr_vfs < dev->numvfs)
		used = TRI_UNKNOWN;
	if (used == TRI_NO) {
		eval_passes(e, "no virtual function of %s is in use", dev->name);
		return;
	}
	if (used == TRI_YES)
		eval_refuses(e, "a virtual function of %s is in use, so %s requires its VF token",
			     dev->name, dev->name);
	else
		eval_unknown(e, "cannot tell whether a virtual function of %s is in use",
			     dev->name);
	propose_token(e, "the physical function");
}

/* A VF token where the kernel wants none. */
static void refuse_token(struct eval *e, const char *why)
{
	e->err = EINVAL;
	eval_refuses(e, "%s %s, so it refuses a VF token", e->dev->name, why);
	eval_remedy(e,
		    "leave out --vf-token: it is for a physical function on a VFIO driver and for its virtual functions");
}

/* Only vfio-pci looks at what follows a device's name; to others it is another name.
 * linux: drivers/vfio/group.c: vfio_device_get_from_name(); device_cdev.c: vfio_df_check_token(). */
static void token_of_other_bus(struct eval *e)
{
	refuse_token(e, "is not a PCI device");
	if (e->site->op == OP_GROUP_GET_DEVICE_FD)
		e->err = ENODEV;
}

/* A PF takes any token while none of its VFs can be in use: that becomes the token of all of them. */
static void token_given_to_pf(struct eval *e)
{
	const struct device *dev = e->dev;

	eval_cite(e, &dev->sriov_numvfs);
	if (dev->sriov_numvfs.state == FACT_ABSENT)
		refuse_token(e, "is not a virtual function and has none");
	else if (!fact_is(&dev->sriov_numvfs))
		eval_unknown(e, "cannot tell whether %s has virtual functions", dev->name);
	else if (!dev->numvfs)
		eval_passes(e,
			    "%s has no virtual function enabled, and accepts the token for future ones",
			    dev->name);
	else
		eval_unknown(e,
			     "if a virtual function of %s is in use, the token must be the current one, which only the kernel knows",
			     dev->name);
}

static void token_given(struct eval *e)
{
	const struct device *dev = e->dev;
	enum member_state driver;

	eval_cite(e, &dev->physfn_link);
	if (dev->physfn_link.state == FACT_ABSENT) {
		token_given_to_pf(e);
		return;
	}
	driver = dev->physfn ? eval_member(e, dev->physfn) : MEMBER_UNKNOWN;
	if (driver == MEMBER_VFIO)
		eval_unknown(e,
			     "only the kernel knows whether the token is the one that the user of %s has set",
			     dev->physfn->name);
	else if (driver == MEMBER_UNKNOWN)
		eval_unknown(e, "cannot tell whether %s requires a token", dev->name);
	else
		refuse_token(e,
			     eval_text(e,
				       "is a virtual function of %s, which is not on a VFIO driver",
				       dev->physfn->name));
	if (e->ruling == RULING_UNKNOWN)
		eval_remedy(e, "give the VF token that the user of the physical function has set");
}

/* linux: drivers/vfio/pci/vfio_pci_core.c: vfio_pci_validate_vf_token(). */
static void ask_for_token(struct eval *e)
{
	const struct device *dev = e->dev;

	if (eval_token_given(e)) {
		if (eval_is_pci(dev))
			token_given(e);
		else
			token_of_other_bus(e);
		return;
	}
	if (!eval_is_pci(dev)) {
		eval_passes(e, "%s is not a PCI device", dev->name);
		return;
	}
	if (eval_assumed_bool(e, dev, "vf_token") == TRI_YES) {
		eval_passes(e, "the right VF token is given");
		return;
	}
	eval_cite(e, &dev->physfn_link);
	if (dev->physfn_link.state == FACT_ABSENT) {
		token_of_pf(e);
		return;
	}
	if (!dev->physfn) {
		eval_unknown(e, "cannot tell whether %s is a virtual function, and of which device",
			     dev->name);
		return;
	}
	switch (eval_member(e, dev->physfn)) {
	case MEMBER_VFIO:
		eval_refuses(e,
			     "%s is a virtual function of %s, which is on %s, so it requires the VF token",
			     dev->name, dev->physfn->name, eval_driver_name(e, dev->physfn));
		propose_token(e, dev->physfn->name);
		return;
	case MEMBER_UNKNOWN:
		eval_unknown(e, "the driver of physical function %s could not be read",
			     dev->physfn->name);
		return;
	default:
		eval_passes(e, "%s, the physical function of %s, is not on a VFIO driver",
			    dev->physfn->name, dev->name);
	}
}

static const struct rule_site vf_token_sites[] = {
	{ ALWAYS, GROUP, OP_GROUP_GET_DEVICE_FD, EACCES, 20,
	  "drivers/vfio/pci/vfio_pci_core.c: vfio_pci_validate_vf_token()" },
	{ FROM(CDEV_TOKEN), I, OP_BIND_IOMMUFD, EACCES, 35,
	  "drivers/vfio/device_cdev.c: vfio_df_check_token()" },
};

/* linux: drivers/vfio/pci/vfio_pci_core.c: vfio_pci_validate_vf_token(). */
static void rule_vf_token(struct eval *e)
{
	ask_for_token(e);
	/* BIND_IOMMUFD asks for a token that it does not take yet. */
	if (e->ruling == RULING_REFUSES && e->path == PATH_IOMMUFD &&
	    trait_lacks(e, TRAIT_TOKEN_POINTER))
		eval_remedy(e,
			    "use --path container, which takes the VF token: BIND_IOMMUFD of this kernel takes none");
}

static const struct rule_site vf_token_flag_sites[] = {
	{ SPAN(CDEV, CDEV_TOKEN), I, OP_BIND_IOMMUFD, EINVAL, 5,
	  "drivers/vfio/device_cdev.c: vfio_df_ioctl_bind_iommufd()" },
	/* The structure with a token is larger than what the kernel copies. */
	{ SPAN(CDEV_TOKEN, TOKEN_POINTER), I, OP_BIND_IOMMUFD, E2BIG, 5,
	  "drivers/vfio/device_cdev.c: vfio_df_ioctl_bind_iommufd()" },
};

/* At first any flag is refused; then one with a token is of a size that no check passes. */
static void rule_vf_token_flag(struct eval *e)
{
	eval_cite(e, &e->host->kernel.release);
	eval_cite(e, &e->dev->cdev.stat);
	eval_refuses(e,
		     "BIND_IOMMUFD of this kernel takes no VF token, which came with Linux 6.19");
}

static const struct rule rules[] = {
	{ "vf-token", "a virtual function of a device on a VFIO driver requires its token",
	  SITES(vf_token_sites), rule_vf_token, "give the VF token" },
	{ "vf-token-flag", "the kernel accepts no VF token with a device node",
	  SITES(vf_token_flag_sites), rule_vf_token_flag, "use --path container, which accepts one",
	  .token = true },
};

const struct rule_table rules_token = RULE_TABLE(rules);
