/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why a device is not opened: the kernel cannot resume it. */
#include <errno.h>
#include <string.h>

#include "base/parse.h"
#include "model/rules.h"

static bool says(const struct fact *f, const char *word)
{
	return fact_is(f) && f->raw && strcmp(f->raw, word) == 0;
}

static uint64_t milliseconds(struct eval *e, const struct fact *f)
{
	uint64_t ret;

	eval_cite(e, f);
	return fact_is(f) && f->raw && parse_u64(f->raw, 10, &ret) == 0 ? ret : 0;
}

/* Whether the device counts as suspended, where runtime power management is off: it does until it was on for the
 * first time, and again when its driver leaves. One that was turned off while it was active is still opened.
 * linux: drivers/base/power/runtime.c: pm_runtime_init(), pm_runtime_reinit(), rpm_resume(). */
static enum tristate counts_as_suspended(struct eval *e)
{
	const struct device *dev = e->dev;
	uint64_t active = milliseconds(e, &dev->power_active_time);
	uint64_t suspended = milliseconds(e, &dev->power_suspended_time);
	enum member_state now = eval_member_now(e, dev);

	if (!active && !suspended)
		return TRI_YES;
	eval_cite(e, &dev->power_state);
	if (says(&dev->power_state, "D3hot") || says(&dev->power_state, "D3cold"))
		return TRI_YES;
	if (now == MEMBER_VFIO)
		return suspended ? TRI_YES : TRI_UNKNOWN;
	return now == MEMBER_FREE || now == MEMBER_UNKNOWN ? TRI_UNKNOWN : TRI_YES;
}

static void runtime_pm_is_off(struct eval *e)
{
	const char *name = e->dev->name, *path = e->dev->power_status.path;

	if (counts_as_suspended(e) == TRI_YES)
		eval_refuses(e,
			     "the kernel cannot resume %s: its runtime power management is off (%s)",
			     name, path);
	else
		eval_unknown(e,
			     "the runtime power management of %s is off (%s); cannot tell whether it was turned off while the device was active",
			     name, path);
	eval_advise(e, ACTION_INSTALL, SCOPE_REBOOT,
		    "boot another kernel: some releases leave runtime power management off for devices without the PCI power management capability, such as virtual functions");
}

static void runtime_pm_failed(struct eval *e)
{
	const char *name = e->dev->name;

	e->err = EINVAL;
	eval_refuses(e,
		     "the kernel cannot resume %s: an earlier change of its power state failed (%s)",
		     name, e->dev->power_status.path);
	if (e->dev->physfn)
		eval_remedy(e, "create the virtual functions of %s again", e->dev->physfn->name);
	else
		eval_remedy(e,
			    "remove the device and look for it again: echo 1 > /sys/bus/pci/devices/%s/remove; echo 1 > /sys/bus/pci/rescan",
			    name);
}

/* Whether the driver of the device, in this view, is one of the kernel's that resume it. */
static bool driver_resumes(struct eval *e)
{
	const char *name = eval_driver_name(e, e->dev);

	return driver_kind(name) == DRIVER_VFIO;
}

static const struct rule_site runtime_pm_sites[] = {
	{ FROM(RUNTIME_RESUME), GROUP, OP_GROUP_GET_DEVICE_FD, EACCES, 95,
	  "drivers/vfio/pci/vfio_pci_core.c: vfio_pci_core_enable()" },
	{ FROM(CDEV), I, OP_BIND_IOMMUFD, EACCES, 95,
	  "drivers/vfio/pci/vfio_pci_core.c: vfio_pci_core_enable()" },
};

/* linux: drivers/vfio/pci/vfio_pci_core.c: vfio_pci_core_enable(): pm_runtime_resume_and_get(), since 5.19. */
static void rule_runtime_pm(struct eval *e)
{
	const struct device *dev = e->dev;
	const struct fact *status = &dev->power_status;

	if (!eval_is_pci(dev)) {
		eval_passes(e, "%s is not a PCI device", dev->name);
		return;
	}
	eval_cite(e, status);
	if (status->state == FACT_DENIED || status->state == FACT_FAILED) {
		eval_unknown(e,
			     "cannot tell whether the kernel can resume %s: %s could not be read",
			     dev->name, status->path);
		return;
	}
	if (!says(status, "unsupported") && !says(status, "error")) {
		eval_passes(e, "%s is not known to have a fault of its power management",
			    dev->name);
		return;
	}
	switch (eval_param(e, PARAM_VFIO_PCI_DISABLE_IDLE_D3)) {
	case TRI_YES:
		/* It takes what was set when it was loaded. linux: drivers/vfio/pci/vfio_pci.c: vfio_pci_init(). */
		if (fact_is(&e->host->params[PARAM_VFIO_PCI_DISABLE_IDLE_D3].value))
			eval_unknown(e,
				     "vfio_pci has disable_idle_d3 set; cannot tell whether it was set before the module was loaded, so that %s is not resumed",
				     dev->name);
		else
			eval_passes(e,
				    "vfio_pci will have disable_idle_d3 set, so it does not resume %s",
				    dev->name);
		return;
	case TRI_UNKNOWN:
		eval_unknown(e, "cannot tell whether vfio_pci has disable_idle_d3 set");
		return;
	default:
		break;
	}
	eval_cite(e, &dev->power_control);
	if (!driver_resumes(e))
		eval_unknown(e,
			     "the runtime power management of %s is off or failed (%s); cannot tell whether %s resumes it",
			     dev->name, status->path, eval_driver_name(e, dev));
	else if (says(status, "error"))
		runtime_pm_failed(e);
	else
		runtime_pm_is_off(e);
}

static const struct rule rules[] = {
	{ "runtime-pm", "the kernel cannot resume the device", SITES(runtime_pm_sites),
	  rule_runtime_pm, "boot a kernel that turns on its runtime power management" },
};

const struct rule_table rules_power = RULE_TABLE(rules);
