/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why vfio-pci or another VFIO driver does not take a device. */
#include <errno.h>
#include <string.h>

#include "base/shell.h"
#include "model/rules.h"

static void no_driver_for_bus(struct eval *e)
{
	const struct device *dev = e->dev;

	eval_refuses(e, "there is no VFIO driver for bus %s of %s", dev->bus_name, dev->name);
	if (dev->bus == BUS_AP || dev->bus == BUS_CCW)
		eval_remedy(e, "create a mediated device on it with mdevctl and use that");
	else
		eval_remedy(e, "use the parent device of %s on a bus that VFIO supports",
			    dev->name);
}

static const struct rule_site vfio_driver_sites[] = {
	{ ALWAYS, ALL, OP_BIND, ENOENT, 0, "drivers/base/bus.c: bind_store()" },
};

static void rule_vfio_driver(struct eval *e)
{
	const struct device *dev = e->dev;
	const struct driver_row *driver = driver_of_bus(dev->bus);

	if (rule_bound_already(e))
		return;
	if (dev->bus == BUS_MDEV) {
		eval_passes(e, "mediated device %s gets its driver when it is created", dev->name);
		return;
	}
	if (!driver) {
		no_driver_for_bus(e);
		return;
	}
	const char *module = module_name(driver->module);
	if (e->view == VIEW_IF_BOUND && eval_load_barred(e, driver->module))
		return;
	switch (eval_module(e, driver->module)) {
	case MODULE_STATE_ABSENT:
		eval_refuses(e,
			     "this kernel has no %s: module %s is neither loaded, nor built in, nor on disk",
			     driver->name, module);
		eval_propose_install(e, driver->module);
		break;
	case MODULE_STATE_LOADABLE:
	case MODULE_STATE_BUILTIN:
	case MODULE_STATE_LOADED:
		eval_passes(e, "module %s is there", module);
		break;
	default:
		eval_unknown(e,
			     "cannot tell whether this kernel has module %s: /sys/module and /lib/modules have no answer",
			     module);
		eval_remedy(e,
			    "in a container, run vfiotool on the host, or mount the host's /lib/modules");
	}
}

/* linux: drivers/vfio/pci/vfio_pci.c: vfio_pci_dev_in_denylist(). The last two came with 6.10 and
 * went into stable kernels from 5.15 on. */
static const struct {
	uint16_t vendor, device;
	const char *name;
	enum trait since; /* TRAIT_NONE: always */
} denylist[] = {
	{ 0x8086, 0x0435, "QAT DH895xCC", TRAIT_NONE },
	{ 0x8086, 0x0443, "QAT DH895xCC VF", TRAIT_NONE },
	{ 0x8086, 0x19e2, "QAT C3xxx", TRAIT_NONE },
	{ 0x8086, 0x19e3, "QAT C3xxx VF", TRAIT_NONE },
	{ 0x8086, 0x37c8, "QAT C62x", TRAIT_NONE },
	{ 0x8086, 0x37c9, "QAT C62x VF", TRAIT_NONE },
	{ 0x8086, 0x0b25, "DSA SPR0", TRAIT_DENYLIST_DSA },
	{ 0x8086, 0x0cfe, "IAX SPR0", TRAIT_DENYLIST_DSA },
};

static enum tristate is_listed(const struct eval *e, size_t i)
{
	return denylist[i].since ? trait_holds(e, denylist[i].since) : TRI_YES;
}

static void denylist_entry(struct eval *e, size_t i)
{
	const struct device *dev = e->dev;
	enum tristate disabled = eval_param(e, PARAM_VFIO_PCI_DISABLE_DENYLIST);
	enum tristate listed = is_listed(e, i);

	if (disabled == TRI_YES) {
		eval_passes(e, "%s is a %s, and vfio_pci.disable_denylist is set", dev->name,
			    denylist[i].name);
	} else if (listed == TRI_UNKNOWN) {
		eval_unknown(e,
			     "%s is a %s (%04x:%04x), which only some kernels of this release refuse; try it, or look in the kernel's changelog",
			     dev->name, denylist[i].name, dev->vendor, dev->device_id);
	} else if (listed == TRI_NO) {
		eval_passes(e, "%s is a %s, which this kernel does not refuse yet", dev->name,
			    denylist[i].name);
	} else if (disabled == TRI_UNKNOWN) {
		eval_unknown(e, "%s is a %s, and vfio_pci.disable_denylist could not be read",
			     dev->name, denylist[i].name);
	} else {
		eval_refuses(e, "%s is a %s (%04x:%04x), which vfio-pci refuses as unsafe",
			     dev->name, denylist[i].name, dev->vendor, dev->device_id);
	}
	eval_propose_param(e, PARAM_VFIO_PCI_DISABLE_DENYLIST, "Y",
			   "load vfio-pci with disable_denylist=1",
			   eval_text(e, "a user of %s may be able to crash the host", dev->name),
			   true);
}

/* A device that vfio-pci has, and that it surely refuses in the kernel asked about: the running one is
 * another. Drivers made for one device have no such list. */
static bool another_kernel_let_it_pass(struct eval *e, size_t i)
{
	const char *driver = eval_driver_now(e, e->dev);

	return driver && !strcmp(driver, "vfio-pci") && is_listed(e, i) == TRI_YES;
}

static const struct rule_site denylist_sites[] = {
	{ UNTIL(BIND_ERRNO), ALL, OP_BIND, ENODEV, 10,
	  "drivers/vfio/pci/vfio_pci.c: vfio_pci_probe()" },
	{ FROM(BIND_ERRNO), ALL, OP_BIND, EINVAL, 10,
	  "drivers/vfio/pci/vfio_pci.c: vfio_pci_probe()" },
};

static void rule_denylist(struct eval *e)
{
	const struct device *dev = e->dev;

	if (!eval_is_pci(dev)) {
		eval_passes(e, "%s is not a PCI device", dev->name);
		return;
	}
	size_t i = 0;
	while (i < ARRAY_SIZE(denylist) &&
	       (denylist[i].vendor != dev->vendor || denylist[i].device != dev->device_id))
		i++;
	bool listed = dev->has_ids && i < ARRAY_SIZE(denylist);
	if (!(listed && another_kernel_let_it_pass(e, i)) && rule_bound_already(e))
		return;
	eval_cite(e, &dev->uevent);
	if (!dev->has_ids) {
		eval_unknown(e, "the vendor and device id of %s could not be read", dev->name);
		return;
	}
	if (listed) {
		denylist_entry(e, i);
		return;
	}
	eval_passes(e, "%04x:%04x is not in the denylist of vfio-pci", dev->vendor, dev->device_id);
}

static const struct rule_site bridge_header_sites[] = {
	{ UNTIL(BIND_ERRNO), ALL, OP_BIND, ENODEV, 20,
	  "drivers/vfio/pci/vfio_pci.c: vfio_pci_probe()" },
	{ FROM(BIND_ERRNO), ALL, OP_BIND, EINVAL, 20,
	  "drivers/vfio/pci/vfio_pci_core.c: vfio_pci_core_register_device()" },
};

static void rule_bridge_header(struct eval *e)
{
	const struct device *dev = e->dev;

	if (!eval_is_pci(dev)) {
		eval_passes(e, "%s is not a PCI device", dev->name);
		return;
	}
	if (rule_bound_already(e))
		return;
	eval_cite(e, &dev->bridge_fact);
	if (dev->is_bridge == TRI_YES) {
		eval_refuses(e, "%s is a bridge, and vfio-pci accepts only endpoints", dev->name);
		eval_remedy(e,
			    "leave %s to the host; a bridge on pcieport or without a driver does not block its group",
			    dev->name);
	} else if (dev->is_bridge == TRI_NO) {
		eval_passes(e, "%s is not a bridge", dev->name);
	} else {
		eval_unknown(e, "cannot tell whether %s is a bridge", dev->name);
	}
}

/* The driver of a physical function decides whether its virtual functions stay when it is unbound. */
static bool vfs_stay(struct eval *e)
{
	const char *driver = eval_driver_now(e, e->dev);

	if (!driver)
		return e->dev->driver_fact.state == FACT_ABSENT;
	return !*driver || driver_leaves_vfs(driver);
}

/* Its virtual functions lose their drivers with it. */
static void propose_without_vfs(struct eval *e)
{
	const struct device *dev = e->dev;
	struct action action = { .kind = ACTION_WRITE,
				 .target = dev->name,
				 .what = "remove the virtual functions",
				 .moves = (const struct device *const *)dev->vfs,
				 .nr_moves = dev->nr_vfs,
				 .driver = "gone" };
	const char *path;

	if (e->silent)
		return;
	path = shell_word(e->arena, arena_join(e->arena, dev->sysfs ? dev->sysfs : dev->name,
					       "/sriov_numvfs", NULL));
	action.command = eval_text(e, "echo 0 > %s", path);
	action.undo = eval_text(e, "echo %u > %s", dev->numvfs, path);
	action_add_effect(&action, dev->name, "numvfs", "0");
	eval_propose(e, &action);
}

static const struct rule_site sriov_enabled_sites[] = {
	{ UNTIL(BIND_ERRNO), ALL, OP_BIND, ENODEV, 30,
	  "drivers/vfio/pci/vfio_pci.c: vfio_pci_probe()" },
	{ FROM(BIND_ERRNO), ALL, OP_BIND, EBUSY, 30,
	  "drivers/vfio/pci/vfio_pci_core.c: vfio_pci_core_register_device()" },
};

static void rule_sriov_enabled(struct eval *e)
{
	const struct device *dev = e->dev;
	const struct assumption *as;

	if (!eval_is_pci(dev)) {
		eval_passes(e, "%s is not a PCI device", dev->name);
		return;
	}
	if (rule_bound_already(e))
		return;
	as = eval_assumed(e, dev, "numvfs");
	eval_cite(e, &dev->sriov_numvfs);
	if (!as && !fact_known(&dev->sriov_numvfs)) {
		eval_unknown(e, "cannot tell whether %s has virtual functions enabled", dev->name);
	} else if (as ? strcmp(as->value, "0") == 0 : !dev->numvfs) {
		eval_passes(e, "%s has no virtual functions enabled", dev->name);
	} else {
		if (vfs_stay(e))
			eval_refuses(e,
				     "%s has virtual functions enabled (sriov_numvfs), and vfio-pci then refuses the physical function",
				     dev->name);
		else
			eval_unknown(e,
				     "%s has virtual functions enabled (sriov_numvfs), which vfio-pci refuses; cannot tell whether its driver removes them at the unbind",
				     dev->name);
		propose_without_vfs(e);
	}
}

static const struct rule rules[] = {
	{ "vfio-driver", "there is no VFIO driver for the bus of the device",
	  SITES(vfio_driver_sites), rule_vfio_driver,
	  "install or load the VFIO driver of the bus" },
	{ "denylist", "vfio-pci refuses devices that can harm the host", SITES(denylist_sites),
	  rule_denylist, "load vfio-pci with disable_denylist=1, at your own risk" },
	{ "bridge-header", "vfio-pci accepts endpoints, not bridges", SITES(bridge_header_sites),
	  rule_bridge_header, "leave the bridge to the host" },
	{ "sriov-enabled", "vfio-pci refuses a physical function with enabled VFs",
	  SITES(sriov_enabled_sites), rule_sriov_enabled, "write 0 to sriov_numvfs first" },
};

const struct rule_table rules_bind = RULE_TABLE(rules);
