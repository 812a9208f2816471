/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why a group, or a device of it, is not handed to a user: a host driver is in it, the firmware wants
 * memory mapped for it, a token is missing. Who has it already: rules-held.c. */
#include <errno.h>
#include <string.h>

#include "model/rules.h"

/* ---- host drivers in the group ---- */

const char *member_remedy(struct arena *a, const struct device *member, const char *remedy)
{
	if (member->bus == BUS_PCI)
		return arena_printf(a,
				    "%s; or give it to pci-stub, which is in nobody's way: vfiotool bind --driver pci-stub %s",
				    remedy, member->name);
	return arena_printf(a, "%s; or unbind it: without a driver it is in nobody's way", remedy);
}

/* To bind a member that its VFIO driver refuses is no remedy. False when it takes it, or may. The copy keeps
 * what is looked at here out of the evidence. */
static bool remedy_where_refused(struct eval *e, const struct device *member)
{
	struct eval bound = *e;
	const char *because = "", *remedy = "";

	bound.view = VIEW_IF_BOUND;
	if (eval_driver_accepts(&bound, member, &because, &remedy) != ANSWER_NO)
		return false;
	e->remedy = member_remedy(e->arena, member, remedy);
	return true;
}

static void remedy_for_host_driver(struct eval *e, const struct device *member)
{
	if (device_carries(member, e->dev) && member != e->dev->physfn)
		eval_remedy(e,
			    "%s is there only as long as %s is on %s: hand over %s with all that is behind it, or turn VMD off in the firmware setup",
			    e->dev->name, member->name, eval_driver_name(e, member), member->name);
	else if (member == e->dev->physfn)
		eval_remedy(e,
			    "use a slot whose ports isolate functions (ACS): %s is there only as long as %s, its physical function, keeps its driver",
			    e->dev->name, member->name);
	else if (member->is_bridge == TRI_YES)
		eval_remedy(e, "unbind bridge %s from %s; without a driver it is in nobody's way",
			    member->name, eval_driver_name(e, member));
	else if (!e->silent && !remedy_where_refused(e, member))
		eval_remedy_bind(e, member);
}

/* A member that would have to move and that its VFIO driver refuses, or may refuse. Answers then. */
static bool member_is_refused(struct eval *e, const struct device *member)
{
	const char *because = "", *remedy = "";
	enum answer taken = eval_driver_accepts(e, member, &because, &remedy);

	if (taken == ANSWER_YES)
		return false;
	if (taken == ANSWER_NO)
		eval_refuses(e, "%s, in the same group as %s, has to stay on host driver %s: %s",
			     member->name, e->dev->name, eval_driver_name(e, member), because);
	else
		eval_unknown(e,
			     "whether %s, in the same group as %s, can leave host driver %s is not known: %s",
			     member->name, e->dev->name, eval_driver_name(e, member), because);
	if (!e->silent)
		e->remedy = member_remedy(e->arena, member, remedy);
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
	remedy_for_host_driver(e, member);
}

static void answer_viability(struct eval *e, const struct device *refuses,
			     const struct device *unsure)
{
	if (refuses) {
		member_refuses(e, refuses);
		return;
	}
	if (unsure && unsure->locked) {
		eval_unknown(e,
			     "%s is being unbound, which waits for whoever uses it; until then it has its driver",
			     unsure->name);
		eval_remedy(e, "end what uses %s", unsure->name);
		return;
	}
	if (unsure && member_is_refused(e, unsure))
		return;
	if (unsure) {
		eval_unknown(e, "whether driver %s of %s is a VFIO driver is not known",
			     eval_driver_name(e, unsure), unsure->name);
		eval_remedy_bind(e, unsure);
		return;
	}
	if (!eval_members_complete(e))
		eval_unknown(e, "the devices of the group of %s could not be listed", e->dev->name);
	else
		eval_passes(e,
			    "each device of the group is driverless, on a VFIO driver or on one that does no DMA");
}

static bool group_is_real(struct eval *e)
{
	enum group_kind kind = eval_group_kind(e);

	if (kind == GROUP_REAL || (kind == GROUP_UNKNOWN && e->path != PATH_IOMMUFD))
		return true;
	if (kind == GROUP_UNKNOWN) {
		eval_unknown(e, "the IOMMU group of %s is not known", e->dev->name);
		return false;
	}
	eval_passes(e, "the group of %s was made by VFIO for it alone", e->dev->name);
	return false;
}

/* linux: drivers/vfio/vfio.c: vfio_dev_viable(), to 5.18. */
void rule_viability_walk(struct eval *e)
{
	const struct device *refuses = NULL, *unsure = NULL;

	if (!group_is_real(e))
		return;
	for (size_t i = 0; i < eval_nr_members(e); i++) {
		const struct device *member = eval_get_member(e, i);
		enum member_state state = eval_member(e, member);
		/* An event collector, which is no bridge, may be on pcieport since 5.11. */
		if (state == MEMBER_PORT && eval_is_pci(member))
			state = MEMBER_HOST;
		if (state != MEMBER_HOST && state != MEMBER_UNKNOWN)
			continue;
		/* Any bridge is allowed, whatever its driver. */
		eval_cite(e, &member->bridge_fact);
		if (member->is_bridge == TRI_YES)
			continue;
		if (state == MEMBER_HOST && (member->is_bridge == TRI_NO || !eval_is_pci(member))) {
			if (!refuses)
				refuses = member;
		} else if (!unsure) {
			unsure = member;
		}
	}
	answer_viability(e, refuses, unsure);
}

/* linux: drivers/iommu/iommu.c: iommu_group_claim_dma_owner(), since 5.19. */
void rule_dma_ownership(struct eval *e)
{
	const struct device *refuses = NULL, *unsure = NULL;

	if (!group_is_real(e))
		return;
	for (size_t i = 0; i < eval_nr_members(e); i++) {
		const struct device *member = eval_get_member(e, i);
		enum member_state state = eval_member(e, member);
		if (state == MEMBER_HOST && !refuses)
			refuses = member;
		else if (state == MEMBER_UNKNOWN && !unsure)
			unsure = member;
	}
	answer_viability(e, refuses, unsure);
}

/* ---- memory that the firmware wants mapped ---- */

static const struct resv_region *find_direct(struct eval *e)
{
	const struct group *group = e->dev->group;

	eval_cite(e, &group->reserved_regions);
	for (size_t i = 0; i < group->nr_regions; i++)
		if (group->regions[i].type == RESV_DIRECT)
			return &group->regions[i];
	return NULL;
}

/* False when the question is settled without a region; answers then. */
static bool has_regions(struct eval *e)
{
	if (!group_is_real(e))
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

/* linux: drivers/iommu/intel/iommu.c: device_is_rmrr_locked(), to 6.5. */
void rule_rmrr(struct eval *e)
{
	bool intel = false, unsure = false;

	if (!has_regions(e))
		return;
	const struct resv_region *r = find_direct(e);
	if (!r) {
		eval_passes(e, "no direct region is reserved for the group");
		return;
	}
	for (size_t i = 0; i < eval_nr_members(e); i++) {
		const struct device *member = eval_get_member(e, i);
		if (eval_has_iommu(e, member) == TRI_UNKNOWN)
			unsure = true;
		else if (eval_iommu_kind(e, member) == IOMMU_KIND_INTEL)
			intel = true;
	}
	if (intel) {
		eval_refuses(e,
			     "the firmware's RMRR wants 0x%llx-0x%llx mapped for the group of %s, and the Intel IOMMU driver does not hand over such a device",
			     (unsigned long long)r->start, (unsigned long long)r->last,
			     e->dev->name);
		eval_remedy(e,
			    "turn off the firmware feature behind it (often management or legacy USB support), or use another slot; relaxing RMRRs risks memory corruption");
	} else if (unsure) {
		eval_unknown(e, "which IOMMU serves %s could not be read", e->dev->name);
	} else {
		eval_passes(e, "a direct region is reserved, and only the Intel driver refuses it");
	}
}

/* linux: drivers/iommu/iommu.c: require_direct in __iommu_group_set_domain(), since 6.6. */
void rule_direct_region(struct eval *e)
{
	if (!has_regions(e))
		return;
	const struct resv_region *r = find_direct(e);
	if (!r) {
		eval_passes(e, "no direct region is reserved for the group");
		return;
	}
	eval_refuses(e, "the firmware wants 0x%llx-0x%llx mapped one to one for the group of %s",
		     (unsigned long long)r->start, (unsigned long long)r->last, e->dev->name);
	eval_remedy(e,
		    "turn off the firmware feature behind it (often management or legacy USB support), or use another slot");
}

/* ---- the device itself ---- */

void rule_device_not_bound(struct eval *e)
{
	switch (eval_member(e, e->dev)) {
	case MEMBER_VFIO:
		eval_passes(e, "%s is on VFIO driver %s", e->dev->name,
			    eval_driver_name(e, e->dev));
		return;
	case MEMBER_UNKNOWN:
		eval_unknown(e, "whether %s is on a VFIO driver is not known", e->dev->name);
		return;
	default:
		eval_refuses(e, "%s is on %s, and only a device on a VFIO driver is handed out",
			     e->dev->name, eval_driver_name(e, e->dev));
		eval_remedy_bind(e, e->dev);
	}
}

/* Whether somebody has opened @vf through VFIO, which enables it. linux: vfio_pci_core.c:
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

/* A PF wants the token while one of its VFs is in use. */
static void token_of_pf(struct eval *e)
{
	const struct device *dev = e->dev;
	enum tristate used = TRI_NO;

	eval_cite(e, &dev->sriov_numvfs);
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
		eval_refuses(e, "a virtual function of %s is in use, so %s wants its VF token",
			     dev->name, dev->name);
	else
		eval_unknown(e, "whether a virtual function of %s is in use could not be seen",
			     dev->name);
	eval_remedy(e, "give the VF token that the user of the physical function has set");
}

/* A token that nobody asked for. */
static void refuse_token(struct eval *e, const char *why)
{
	e->err = EINVAL;
	eval_refuses(e, "%s %s, so it takes no VF token", e->dev->name, why);
	eval_remedy(e,
		    "leave out --vf-token: it is for virtual functions of a device that is on a VFIO driver, and for that device");
}

/* Only vfio-pci looks at what follows a device's name; to others it is another name.
 * linux: drivers/vfio/group.c: vfio_device_get_from_name(); device_cdev.c: vfio_df_check_token(). */
static void token_of_other_bus(struct eval *e)
{
	refuse_token(e, "is no PCI device");
	if (e->site->op == OP_GROUP_GET_DEVICE_FD)
		e->err = ENODEV;
}

/* A PF takes any token while none of its VFs can be in use: that becomes the token of all of them. */
static void token_given_to_pf(struct eval *e)
{
	const struct device *dev = e->dev;

	eval_cite(e, &dev->sriov_numvfs);
	if (dev->sriov_numvfs.state == FACT_ABSENT)
		refuse_token(e, "is neither a virtual function nor has any");
	else if (!fact_is(&dev->sriov_numvfs))
		eval_unknown(e, "whether %s has virtual functions could not be read", dev->name);
	else if (!dev->numvfs)
		eval_passes(e, "%s has no virtual function enabled, and takes the token as theirs",
			    dev->name);
	else
		eval_unknown(e,
			     "the token must be the present one if a virtual function of %s is in use, and which that is only the kernel knows",
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
			     "whether the token is the one that the user of %s has set only the kernel knows",
			     dev->physfn->name);
	else if (driver == MEMBER_UNKNOWN)
		eval_unknown(e, "whether %s wants a token could not be read", dev->name);
	else
		refuse_token(e,
			     eval_text(e, "is a virtual function of %s, which is on no VFIO driver",
				       dev->physfn->name));
	if (e->answer == ANSWER_UNKNOWN)
		eval_remedy(e, "give the VF token that the user of the physical function has set");
}

/* linux: drivers/vfio/device_cdev.c: vfio_df_ioctl_bind_iommufd(): to 6.16 any flag is refused. */
void rule_vf_token_flag(struct eval *e)
{
	eval_module(e, MODULE_VFIO_IOMMU_TYPE1);
	if (e->gen >= GEN_7_0)
		eval_passes(e, "BIND_IOMMUFD takes a VF token");
	else if (e->gen < GEN_6_11 || eval_since_6_13(e) == TRI_NO)
		eval_refuses(e, "BIND_IOMMUFD takes a VF token only in later kernels");
	else
		eval_unknown(e,
			     "whether BIND_IOMMUFD of this kernel takes a VF token could not be read: releases of its generation differ");
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
		eval_passes(e, "%s is no PCI device", dev->name);
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
		eval_unknown(e,
			     "whether %s is a virtual function, and of which device, could not be read",
			     dev->name);
		return;
	}
	switch (eval_member(e, dev->physfn)) {
	case MEMBER_VFIO:
		eval_refuses(e,
			     "%s is a virtual function of %s, which is on %s, so it wants the VF token",
			     dev->name, dev->physfn->name, eval_driver_name(e, dev->physfn));
		eval_remedy(e, "give the VF token that the user of %s has set", dev->physfn->name);
		return;
	case MEMBER_UNKNOWN:
		eval_unknown(e, "the driver of physical function %s could not be read",
			     dev->physfn->name);
		return;
	default:
		eval_passes(e, "%s, the physical function of %s, is on no VFIO driver",
			    dev->physfn->name, dev->name);
	}
}

/* At a node of its own a device is asked for its token since 6.17. linux: drivers/vfio/device_cdev.c:
 * vfio_df_check_token(). */
void rule_vf_token(struct eval *e)
{
	bool unsure = e->path == PATH_IOMMUFD && e->gen == GEN_6_11;

	if (unsure && eval_since_6_13(e) == TRI_NO) {
		eval_passes(e, "BIND_IOMMUFD of this kernel wants no VF token");
		return;
	}
	ask_for_token(e);
	if (unsure && e->answer == ANSWER_YES && !eval_token_given(e))
		eval_unknown(e,
			     "%s, if this kernel asks for it at BIND_IOMMUFD: releases before 6.17 do not",
			     e->because);
}
