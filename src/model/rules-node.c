/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why open(2) of a node fails: it does not exist, the caller has no permission, or no driver serves it. */
#include <errno.h>
#include <string.h>

#include "base/shell.h"
#include "model/rules.h"

/* Modes that the kernel gives to new nodes. linux: drivers/vfio/container.c: vfio_dev, group.c and
 * device_cdev.c: their device_create() names no mode; iommufd/main.c: iommu_misc_dev. */
enum { MODE_CONTAINER = 0666, MODE_GROUP = 0600, MODE_CDEV = 0600, MODE_IOMMUFD = 0660 };

static bool denied_by_cgroup(struct eval *e, const struct node *node)
{
	return fact_is(&node->access) && node->access.raw &&
	       strcmp(node->access.raw, "EPERM") == 0 && !eval_assumed(e, NULL, "euid");
}

/* The user for chown, a number: the caller's, or that of --assume euid=. */
static const char *user_of(struct eval *e)
{
	const struct assumption *as = eval_assumed(e, NULL, "euid");

	if (as)
		return as->value;
	return fact_is(&e->host->caller.identity) ? eval_text(e, "%u", e->host->caller.euid) : NULL;
}

/* The node as a word of a shell: where its number is not known yet, the shell finds it. NULL when it cannot. */
static const char *word_of_node(struct eval *e, const struct node *node, const char *kind)
{
	const char *sysfs = e->dev->sysfs;

	if (node->path)
		return shell_word(e->arena, node->path);
	if (!sysfs)
		return NULL;
	if (!strcmp(kind, EVAL_KEY_CDEV_ACCESS))
		return eval_text(e, "\"/dev/vfio/devices/$(ls %s/vfio-dev)\"",
				 shell_word(e->arena, sysfs));
	return eval_text(e, "\"/dev/vfio/%s$(basename \"$(readlink %s/iommu_group)\")\"",
			 e->path == PATH_NOIOMMU ? "noiommu-" : "", shell_word(e->arena, sysfs));
}

/* @kind is how a plan names the access to the node. */
static void propose_grant(struct eval *e, const struct node *node, const char *kind)
{
	const char *user = user_of(e), *word;
	bool host_wide = node == &e->host->vfio_node || node == &e->host->iommu_node;
	unsigned int owner = fact_is(&node->stat) ? node->uid : 0;
	struct action action = { .kind = ACTION_GRANT, .target = node->path };

	if (e->silent)
		return;
	word = word_of_node(e, node, kind);
	action.what = eval_text(e, "give %s to the user", node->path ? node->path : "its node");
	if (user && word) {
		action.command = eval_text(e, "chown %s %s", shell_word(e->arena, user), word);
		action.undo = eval_text(e, "chown %u %s", owner, word);
	}
	action_add_effect(&action, host_wide ? NULL : e->dev->name, kind, "1");
	eval_propose(e, &action);
}

/* @match is what udev knows the node by. linux: drivers/vfio/group.c: vfio_class; vfio_main.c:
 * vfio_device_class; container.c: vfio_dev; iommufd/main.c: iommu_misc_dev. */
static void access_of_node(struct eval *e, const struct node *node, unsigned int mode,
			   const char *match, const char *kind)
{
	const char *why = "";

	if (eval_assumed_bool(e, e->dev, kind) == TRI_YES) {
		eval_passes(e, "the caller may open it: assumed");
		return;
	}
	switch (eval_node_denied(e, node, mode, &why)) {
	case TRI_NO:
		eval_passes(e, "the caller may open it: %s", why);
		return;
	case TRI_YES:
		eval_refuses(e, "the user has no permission to open %s for reading and writing: %s",
			     node->path ? node->path : "the new node", why);
		if (!denied_by_cgroup(e, node))
			break;
		e->err = EPERM;
		eval_refuses(e, "the device cgroup of the caller does not allow %s", node->path);
		eval_remedy(e,
			    "pass the node to the container (for example: docker run --device %s), or run vfiotool on the host",
			    node->path);
		return;
	default:
		eval_unknown(e, "cannot tell whether the caller may open %s: %s",
			     node->path ? node->path : "the new node", why);
	}
	propose_grant(e, node, kind);
	eval_advise(e, ACTION_OTHER, SCOPE_NOW,
		    "run as root, or give %s to the user at each boot by a udev rule for %s",
		    node->path ? node->path : "the node", match);
}

/* bind loads what the device's driver needs, so that one command is enough. */
static void container_node_is_missing(struct eval *e, bool live_now)
{
	bool absent = eval_module(e, MODULE_VFIO) == MODULE_STATE_ABSENT;

	eval_refuses(e, "/dev/vfio/vfio does not exist%s",
		     live_now ? " although vfio is loaded"
		     : absent ? ": this kernel has no module vfio"
			      : ": module vfio is not loaded");
	if (live_now)
		eval_remedy(e,
			    "check that udev or devtmpfs fills /dev, and that the kernel has CONFIG_VFIO_CONTAINER");
	else if (absent)
		eval_propose_install(e, MODULE_VFIO);
	else if (eval_member(e, e->dev) != MEMBER_VFIO && eval_vfio_driver(e->dev))
		eval_propose_bind(e, e->dev);
	else
		eval_propose_load(e, MODULE_VFIO_PCI, "");
}

static const struct rule_site container_node_sites[] = {
	{ ALWAYS, C | N, OP_OPEN_CONTAINER, ENOENT, 0, "drivers/vfio/container.c: vfio_dev" },
};

static void rule_container_node(struct eval *e)
{
	const struct node *node = &e->host->vfio_node;
	bool live_now = e->host->modules[MODULE_VFIO].state == MODULE_STATE_LOADED ||
			e->host->modules[MODULE_VFIO].state == MODULE_STATE_BUILTIN;

	eval_cite(e, &node->stat);
	if (fact_is(&node->stat)) {
		eval_passes(e, "/dev/vfio/vfio exists");
		return;
	}
	enum tristate live = eval_module_live(e, MODULE_VFIO);
	if (live == TRI_YES && !live_now) {
		if (eval_load_barred(e, MODULE_VFIO))
			return;
		eval_passes(e, "/dev/vfio/vfio appears when module vfio is loaded");
	} else if (live == TRI_UNKNOWN && e->view == VIEW_IF_BOUND &&
		   node->stat.state == FACT_ABSENT) {
		eval_unknown(e,
			     "/dev/vfio/vfio does not exist; cannot tell whether module vfio can be loaded: /sys/module and /lib/modules have no answer");
	} else if (node->stat.state == FACT_ABSENT) {
		container_node_is_missing(e, live_now);
	} else {
		eval_unknown(e, "cannot tell whether /dev/vfio/vfio exists");
	}
}

static const struct rule_site container_access_sites[] = {
	{ ALWAYS, C | N, OP_OPEN_CONTAINER, EACCES, 10, "fs/namei.c: may_open()" },
};

static void rule_container_access(struct eval *e)
{
	access_of_node(e, &e->host->vfio_node, MODE_CONTAINER,
		       "SUBSYSTEM==\"misc\", KERNEL==\"vfio\"", EVAL_KEY_CONTAINER_ACCESS);
}

static const struct rule_site vfio_module_sites[] = {
	{ ALWAYS, C | N, OP_OPEN_CONTAINER, ENODEV, 20, "drivers/char/misc.c: misc_open()" },
};

/* A node that was made beforehand loads the module when it is opened.
 * linux: drivers/char/misc.c: misc_open(). */
static void rule_vfio_module(struct eval *e)
{
	if (eval_load_barred(e, MODULE_VFIO))
		return;
	switch (eval_module(e, MODULE_VFIO)) {
	case MODULE_STATE_LOADED:
	case MODULE_STATE_BUILTIN:
		eval_passes(e, "vfio is present");
		return;
	case MODULE_STATE_LOADABLE:
		eval_passes(e, "opening /dev/vfio/vfio loads module vfio");
		return;
	case MODULE_STATE_ABSENT:
		eval_refuses(e,
			     "no driver is behind /dev/vfio/vfio: this kernel has no module vfio");
		eval_propose_install(e, MODULE_VFIO);
		return;
	default:
		eval_unknown(e, "cannot tell whether this kernel has module vfio");
	}
}

static const struct rule_site iommufd_node_sites[] = {
	{ ALWAYS, I | X, OP_OPEN_IOMMUFD, ENOENT, 0,
	  "drivers/iommu/iommufd/main.c: iommu_misc_dev" },
};

/* The host's kernel is older than that, so its build says nothing of the one asked for. */
static void unknown_build(struct eval *e, const char *what, const char *option)
{
	eval_cite(e, &e->host->kernel.release);
	eval_unknown(e,
		     "cannot tell whether Linux %s would have %s here: this host runs %s, which is too old; look for %s in the new kernel's configuration",
		     release_name(e->release), what, e->host->kernel.release.raw, option);
}

static void rule_iommufd_node(struct eval *e)
{
	const struct node *node = &e->host->iommu_node;

	eval_cite(e, &node->stat);
	if (fact_is(&node->stat)) {
		eval_passes(e, "/dev/iommu exists");
		return;
	}
	enum module_state state = eval_module(e, MODULE_IOMMUFD);
	bool live_now = e->host->modules[MODULE_IOMMUFD].state == MODULE_STATE_LOADED ||
			e->host->modules[MODULE_IOMMUFD].state == MODULE_STATE_BUILTIN;
	if (state == MODULE_STATE_LOADED && !live_now) {
		if (eval_load_barred(e, MODULE_IOMMUFD))
			return;
		eval_passes(e, "/dev/iommu appears when module iommufd is loaded");
	} else if (state == MODULE_STATE_UNKNOWN && eval_host_is_older(e, TRAIT_IOMMUFD)) {
		unknown_build(e, "iommufd", "CONFIG_IOMMUFD");
	} else if (state == MODULE_STATE_UNKNOWN && e->view == VIEW_IF_BOUND &&
		   node->stat.state == FACT_ABSENT) {
		eval_unknown(e,
			     "/dev/iommu does not exist; cannot tell whether module iommufd can be loaded: /sys/module and /lib/modules have no answer");
	} else if (node->stat.state == FACT_ABSENT) {
		eval_refuses(e, "/dev/iommu does not exist%s",
			     state == MODULE_STATE_ABSENT     ? ": this kernel has no iommufd"
			     : state == MODULE_STATE_LOADABLE ? ": module iommufd is not loaded"
							      : "");
		if (state == MODULE_STATE_LOADABLE)
			eval_propose_load(e, MODULE_IOMMUFD, "");
		else
			eval_remedy(e, "use the container path");
	} else {
		eval_unknown(e, "cannot tell whether /dev/iommu exists");
	}
}

static const struct rule_site iommufd_access_sites[] = {
	{ ALWAYS, I | X, OP_OPEN_IOMMUFD, EACCES, 10, "fs/namei.c: may_open()" },
};

static void rule_iommufd_access(struct eval *e)
{
	access_of_node(e, &e->host->iommu_node, MODE_IOMMUFD,
		       "SUBSYSTEM==\"misc\", KERNEL==\"iommu\"", EVAL_KEY_IOMMUFD_ACCESS);
}

/* ---- the group's node ---- */

static const struct node *group_node(const struct eval *e)
{
	static const struct node none;

	if (!e->dev->group)
		return &none;
	return e->path == PATH_NOIOMMU ? &e->dev->group->noiommu_node : &e->dev->group->node;
}

/* False when the device's group is not of the kind that this path opens; answers then. */
static bool group_fits(struct eval *e)
{
	const char *name = e->dev->name;
	enum group_kind kind = eval_group_kind(e);
	bool wants_noiommu = e->path == PATH_NOIOMMU;

	if (kind == GROUP_UNKNOWN) {
		eval_unknown(e, "the IOMMU group of %s could not be read", name);
		return false;
	}
	if (kind == GROUP_NONE) {
		eval_refuses(e, "%s has no IOMMU group, so there is no node to open", name);
		eval_propose_bind(e, e->dev);
		return false;
	}
	if (wants_noiommu == (kind == GROUP_NOIOMMU))
		return true;
	if (wants_noiommu) {
		eval_refuses(e,
			     "%s has an IOMMU group, and no-IOMMU nodes exist only for devices without one",
			     name);
		eval_remedy(e, "use the container path");
	} else {
		eval_refuses(e,
			     "VFIO made the group of %s in no-IOMMU mode; its node has the name noiommu-N",
			     name);
		eval_propose_group(e);
		eval_advise(e, ACTION_OTHER, SCOPE_NOW,
			    "open the noiommu- node and set IOMMU type 8. INSECURE: %s reaches all memory",
			    name);
	}
	return false;
}

/* Whether a member is on a VFIO driver, which is what makes the node. */
static enum tristate any_member_bound(struct eval *e)
{
	bool complete = eval_members_complete(e);
	struct survey members;

	if (eval_member(e, e->dev) == MEMBER_VFIO)
		return TRI_YES;
	eval_survey(e, eval_member_question, &members);
	if (members.first[MEMBER_VFIO])
		return TRI_YES;
	return complete && !members.first[MEMBER_UNKNOWN] ? TRI_NO : TRI_UNKNOWN;
}

/* The node does not exist although a device is bound. */
static void node_is_missing(struct eval *e, const struct node *node)
{
	eval_refuses(e, "%s does not exist although a device of the group is on a VFIO driver",
		     node->path ? node->path : "the group's node");
	eval_remedy(e,
		    "check that udev or devtmpfs fills /dev, and that the kernel has CONFIG_VFIO_GROUP");
}

static const struct rule_site group_node_sites[] = {
	{ ALWAYS, GROUP, OP_OPEN_GROUP, ENOENT, 0, "drivers/vfio/group.c: vfio_create_group()" },
};

static void rule_group_node(struct eval *e)
{
	const struct node *node = group_node(e);
	bool assumed = e->assumed;

	if (!group_fits(e))
		return;
	if (eval_built_without_groups(e)) {
		eval_refuses(e, "this kernel was built without group nodes (CONFIG_VFIO_GROUP)");
		eval_remedy(e, "use the iommufd path");
		return;
	}
	enum tristate bound = any_member_bound(e);
	eval_cite(e, &node->stat);
	bool overlaid = e->assumed && !assumed;
	if (fact_is(&node->stat) && !(overlaid && bound == TRI_NO)) {
		eval_passes(e, "%s exists", node->path);
	} else if (bound == TRI_YES && node->stat.state == FACT_ABSENT && !overlaid &&
		   (e->view == VIEW_NOW || eval_bound_now(e))) {
		node_is_missing(e, node);
	} else if (bound == TRI_YES && !overlaid && !fact_known(&node->stat) &&
		   (e->view == VIEW_NOW || eval_bound_now(e))) {
		eval_unknown(e, "cannot tell whether the group node of %s exists", e->dev->name);
	} else if (bound == TRI_YES) {
		eval_passes(e, "the group node appears when %s is bound", e->dev->name);
	} else if (bound == TRI_NO) {
		eval_refuses(e,
			     "no device of the group of %s is on a VFIO driver, so there is no node to open",
			     e->dev->name);
		eval_propose_bind(e, e->dev);
	} else {
		eval_unknown(e, "the drivers of the devices in the group of %s could not be read",
			     e->dev->name);
	}
}

static const struct rule_site group_access_sites[] = {
	{ ALWAYS, GROUP, OP_OPEN_GROUP, EACCES, 10, "fs/namei.c: may_open()" },
};

static void rule_group_access(struct eval *e)
{
	access_of_node(e, group_node(e), MODE_GROUP, "SUBSYSTEM==\"vfio\"", EVAL_KEY_GROUP_ACCESS);
}

static const struct rule_site noiommu_rawio_sites[] = {
	{ ALWAYS, N, OP_OPEN_GROUP, EPERM, 20, "drivers/vfio/group.c: vfio_group_fops_open()" },
	{ FROM(NOIOMMU_CDEV), I, OP_OPEN_CDEV, EPERM, 20,
	  "drivers/vfio/device_cdev.c: vfio_device_fops_cdev_open()" },
};

/* linux: drivers/vfio/group.c: vfio_group_fops_open(); device_cdev.c: vfio_device_fops_cdev_open(),
 * 7.3. */
static void rule_noiommu_rawio(struct eval *e)
{
	if (eval_group_kind(e) != GROUP_NOIOMMU) {
		eval_passes(e, "%s is not in no-IOMMU mode", e->dev->name);
		return;
	}
	switch (eval_caller_has(e, CALLER_CAP_SYS_RAWIO)) {
	case TRI_YES:
		eval_passes(e, "the caller has CAP_SYS_RAWIO");
		return;
	case TRI_NO:
		eval_refuses(e, "%s is in no-IOMMU mode, and the caller lacks CAP_SYS_RAWIO",
			     e->dev->name);
		break;
	default:
		eval_unknown(e,
			     "%s is in no-IOMMU mode; cannot tell whether the caller has CAP_SYS_RAWIO",
			     e->dev->name);
	}
	if (e->path != PATH_NOIOMMU)
		eval_propose_group(e);
	eval_advise(e, ACTION_OTHER, SCOPE_NOW,
		    "run as root. INSECURE: in this mode the device reaches all memory");
}

/* Whether a device gets a cdev when it is bound: CONFIG_VFIO_DEVICE_CDEV, which needs IOMMUFD.
 * linux: drivers/vfio/Kconfig; drivers/vfio/vfio.h: vfio_device_add(). */
static enum tristate cdevs_are_built(struct eval *e, enum group_kind kind)
{
	const char *option =
		kind == GROUP_NOIOMMU ? "CONFIG_IOMMUFD_NOIOMMU" : "CONFIG_VFIO_DEVICE_CDEV";

	enum tristate made =
		trait_holds(e, kind == GROUP_NOIOMMU ? TRAIT_NOIOMMU_CDEV : TRAIT_CDEV);
	if (made != TRI_YES)
		return made;
	const char *built = eval_config(e, option);
	if (built)
		return *built == 'y' ? TRI_YES : TRI_NO;
	if (eval_module(e, MODULE_IOMMUFD) == MODULE_STATE_ABSENT)
		return TRI_NO;
	for (size_t i = 0; kind != GROUP_NOIOMMU && i < e->host->nr_devices; i++)
		if (fact_is(&e->host->devices[i]->cdev_devno)) {
			eval_cite(e, &e->host->devices[i]->cdev_devno);
			return TRI_YES;
		}
	return TRI_UNKNOWN;
}

static void future_cdev(struct eval *e)
{
	enum group_kind kind = eval_group_kind(e);

	if (kind == GROUP_NONE) {
		eval_refuses(e, "%s has no IOMMU group, so every VFIO driver refuses it",
			     e->dev->name);
		return;
	}
	switch (cdevs_are_built(e, kind)) {
	case TRI_YES:
		eval_passes(e, "the device node appears when %s is bound", e->dev->name);
		return;
	case TRI_NO:
		if (trait_lacks(e, TRAIT_CDEV))
			eval_refuses(e,
				     "this kernel has no VFIO device nodes; Linux 6.6 introduced them");
		else
			eval_refuses(e, "this kernel was built without a device node for %s%s",
				     e->dev->name,
				     kind == GROUP_NOIOMMU ? " in no-IOMMU mode" : "");
		if (kind == GROUP_NOIOMMU)
			eval_propose_group(e);
		eval_advise(e, ACTION_OTHER, SCOPE_NOW, "use the %s path",
			    kind == GROUP_NOIOMMU ? "noiommu" : "container");
		return;
	default:
		if (eval_host_is_older(e, TRAIT_CDEV)) {
			unknown_build(e, "VFIO device nodes", "CONFIG_VFIO_DEVICE_CDEV");
			return;
		}
		eval_unknown(e,
			     "cannot tell whether this kernel has VFIO device nodes: its configuration (CONFIG_VFIO_DEVICE_CDEV) cannot be read; bind any device and check /dev/vfio/devices");
	}
}

static const struct rule_site cdev_node_sites[] = {
	{ ALWAYS, I, OP_OPEN_CDEV, ENOENT, 0, "drivers/vfio/vfio.h: vfio_device_add()" },
};

static void rule_cdev_node(struct eval *e)
{
	const struct device *dev = e->dev;

	switch (eval_member(e, dev)) {
	case MEMBER_UNKNOWN:
		eval_unknown(e, "the driver of %s could not be read", dev->name);
		return;
	case MEMBER_VFIO:
		break;
	default:
		eval_refuses(e, "%s is not on a VFIO driver, so it has no device node", dev->name);
		eval_propose_bind(e, dev);
		return;
	}
	if (!eval_bound_now(e) || eval_assumed(e, dev, "driver") || trait_lacks(e, TRAIT_CDEV) ||
	    (!fact_is(&dev->cdev.stat) && eval_host_is_older(e, TRAIT_CDEV))) {
		future_cdev(e);
		return;
	}
	eval_cite(e, &dev->cdev_devno);
	eval_cite(e, &dev->cdev.stat);
	if (fact_is(&dev->cdev.stat)) {
		eval_passes(e, "%s exists", dev->cdev.path);
	} else if (dev->cdev_devno.state == FACT_ABSENT || dev->vfio_dev.state == FACT_ABSENT) {
		eval_refuses(e, "the kernel made no node in /dev/vfio/devices for %s", dev->name);
		eval_remedy(e, "use the container path, or a kernel with CONFIG_VFIO_DEVICE_CDEV");
	} else if (dev->cdev.stat.state == FACT_ABSENT) {
		eval_refuses(e, "%s is missing, although the kernel made a device for it (%s)",
			     dev->cdev.path, dev->cdev_devno.path);
		eval_remedy(e,
			    "pass the node to the container (for example: docker run --device %s), or check that udev or devtmpfs fills /dev",
			    dev->cdev.path);
	} else {
		eval_unknown(e, "cannot tell whether %s has a node in /dev/vfio/devices",
			     dev->name);
		eval_remedy(e,
			    "use the container path, or read %s/vfio-dev on that host: a new capture records it",
			    dev->sysfs);
	}
}

static const struct rule_site cdev_access_sites[] = {
	{ ALWAYS, I, OP_OPEN_CDEV, EACCES, 10, "fs/namei.c: may_open()" },
};

static void rule_cdev_access(struct eval *e)
{
	access_of_node(e, &e->dev->cdev, MODE_CDEV, "SUBSYSTEM==\"vfio-dev\"",
		       EVAL_KEY_CDEV_ACCESS);
}

static const struct rule rules[] = {
	{ "container-node", "/dev/vfio/vfio does not exist", SITES(container_node_sites),
	  rule_container_node, "modprobe vfio-pci" },
	{ "container-access", "the user has no permission to open /dev/vfio/vfio",
	  SITES(container_access_sites), rule_container_access,
	  "change the permissions of the node", .permission = true },
	{ "vfio-module", "no driver is behind /dev/vfio/vfio", SITES(vfio_module_sites),
	  rule_vfio_module, "install module vfio" },
	{ "iommufd-node", "/dev/iommu does not exist", SITES(iommufd_node_sites), rule_iommufd_node,
	  "modprobe iommufd" },
	{ "iommufd-access", "the user has no permission to open /dev/iommu",
	  SITES(iommufd_access_sites), rule_iommufd_access, "change the permissions of the node",
	  .permission = true },
	{ "group-node", "the group has no node", SITES(group_node_sites), rule_group_node,
	  "bind a device of the group to a VFIO driver" },
	{ "group-access", "the user has no permission to open the group", SITES(group_access_sites),
	  rule_group_access, "change the permissions of the node", .permission = true },
	{ "noiommu-rawio", "no-IOMMU mode requires CAP_SYS_RAWIO", SITES(noiommu_rawio_sites),
	  rule_noiommu_rawio, "run as root", .permission = true },
	{ "cdev-node", "the device has no device node", SITES(cdev_node_sites), rule_cdev_node,
	  "bind the device to a VFIO driver" },
	{ "cdev-access", "the user has no permission to open the device node",
	  SITES(cdev_access_sites), rule_cdev_access, "change the permissions of the node",
	  .permission = true },
};

const struct rule_table rules_node = RULE_TABLE(rules);
