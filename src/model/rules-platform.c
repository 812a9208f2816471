/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why vfio-platform and vfio-amba do not take a device: they want a way to reset it. */
#include <errno.h>
#include <string.h>

#include "model/rules.h"

/* Up to 5.13 the write of sysfs knows one errno. linux: drivers/base/bus.c: bind_store(). */
static int bind_errno(const struct eval *e, int err)
{
	return trait_lacks(e, TRAIT_BIND_ERRNO) ? ENODEV : err;
}

/* linux: drivers/vfio/platform/reset/: MODULE_ALIAS("vfio-reset:..."). */
static const char *const reset_compatibles[] = {
	"amd,xgbe-seattle-v1a",
	"calxeda,hb-xgmac",
	"brcm,iproc-flexrm-mbox",
};

static bool has_reset_driver(const char *modalias)
{
	for (size_t i = 0; i < ARRAY_SIZE(reset_compatibles); i++)
		if (strstr(modalias, reset_compatibles[i]))
			return true;
	return false;
}

/* 6.1 and 6.2 return what the search for a reset came to whether or not it is required.
 * linux: drivers/vfio/platform/vfio_platform_common.c: vfio_platform_init_common(). */
static enum tristate reset_always_asked(struct eval *e)
{
	return trait_holds(e, TRAIT_RESET_OPTIONAL) == TRI_YES ? TRI_NO
							       : trait_holds(e, TRAIT_RESET_WANTED);
}

static void propose_without_reset(struct eval *e)
{
	enum tristate asked = reset_always_asked(e);

	if (asked == TRI_YES)
		eval_remedy(e,
			    "use a kernel before 6.1 or after 6.2: these two require a reset even with reset_required=0");
	else
		eval_propose_param(e, PARAM_VFIO_PLATFORM_RESET_REQUIRED, "N",
				   asked == TRI_NO
					   ? "load vfio-platform with reset_required=0"
					   : "load vfio-platform with reset_required=0, which Linux 6.1 ignores",
				   eval_text(e, "%s then keeps its old state, without a reset",
					     e->dev->name),
				   false);
}

/* linux: drivers/vfio/platform/vfio_platform_common.c: vfio_platform_of_probe() asks for a property,
 * which a software node can have as well. */
static bool described_by_kernel(struct eval *e)
{
	const struct device *dev = e->dev;

	eval_cite(e, &dev->software_node);
	if (dev->software_node.state == FACT_ABSENT)
		return false;
	eval_unknown(e,
		     "a software node of the kernel may describe %s, and user space cannot see its reset method",
		     dev->name);
	propose_without_reset(e);
	return true;
}

/* linux: drivers/vfio/platform/vfio_platform_common.c: vfio_platform_init_common(). */
static void reset_by_modalias(struct eval *e, const char *modalias)
{
	const struct device *dev = e->dev;

	if (strncmp(modalias, "of:", 3) != 0 && strncmp(modalias, "acpi:", 5) != 0) {
		if (described_by_kernel(e))
			return;
		e->err = bind_errno(e, EINVAL);
		eval_refuses(e, "neither the device tree nor ACPI describes %s (modalias %s)",
			     dev->name, modalias);
		eval_remedy(e, "no setting helps: vfio-platform cannot use %s", dev->name);
	} else if (modalias[0] == 'a') {
		eval_unknown(e,
			     "user space cannot see whether the ACPI object of %s has a _RST method",
			     dev->name);
		eval_remedy(e, "try to bind it");
		if (reset_always_asked(e) != TRI_YES)
			propose_without_reset(e);
	} else if (has_reset_driver(modalias)) {
		eval_passes(e, "VFIO has a reset driver for %s", modalias);
	} else {
		eval_refuses(e, "VFIO has no reset driver for %s (%s), and %s", dev->name, modalias,
			     reset_always_asked(e) == TRI_YES
				     ? "Linux 6.1 and 6.2 require one even with reset_required=0"
				     : "vfio_platform.reset_required is set");
		propose_without_reset(e);
	}
}

/* reset_required is off. */
static void reset_not_required(struct eval *e, const char *modalias)
{
	enum tristate asked = reset_always_asked(e);

	if (asked == TRI_NO) {
		eval_passes(e, "vfio_platform.reset_required is off");
		return;
	}
	reset_by_modalias(e, modalias);
	if (asked == TRI_UNKNOWN && e->ruling == RULING_REFUSES)
		eval_unknown(e,
			     "VFIO has no reset driver for %s (%s): Linux 6.1 requires one even with reset_required=0, 6.0 does not; cannot tell which one is running",
			     e->dev->name, modalias);
}

/* No reset driver is one of an AMBA device, for which vfio-amba does not require any.
 * linux: drivers/vfio/platform/vfio_amba.c: vfio_amba_init_dev(). */
static void reset_of_amba(struct eval *e)
{
	const struct fact *acpi = &e->host->firmware.tables;
	enum tristate asked = reset_always_asked(e);

	if (rule_bound_already(e))
		return;
	if (asked == TRI_NO) {
		eval_passes(e, "vfio-amba requires no reset of %s", e->dev->name);
		return;
	}
	eval_cite(e, acpi);
	if (asked == TRI_YES && acpi->state == FACT_ABSENT)
		eval_refuses(e,
			     "Linux 6.1 and 6.2 require a reset driver for %s, and VFIO has none for AMBA devices",
			     e->dev->name);
	else
		eval_unknown(e,
			     "Linux 6.1 and 6.2 require a reset for %s: cannot tell whether one of them runs, or whether the ACPI object has _RST",
			     e->dev->name);
	eval_remedy(e, "use a kernel before 6.1 or after 6.2");
}

static const struct rule_site platform_reset_sites[] = {
	{ UNTIL(BIND_ERRNO), ALL, OP_BIND, ENODEV, 40,
	  "drivers/vfio/platform/vfio_platform_common.c: vfio_platform_probe_common()" },
	{ FROM(BIND_ERRNO), ALL, OP_BIND, ENOENT, 40,
	  "drivers/vfio/platform/vfio_platform_common.c: vfio_platform_init_common()" },
};

static void rule_platform_reset(struct eval *e)
{
	const struct device *dev = e->dev;

	if (dev->bus == BUS_AMBA) {
		reset_of_amba(e);
		return;
	}
	if (dev->bus != BUS_PLATFORM) {
		eval_passes(e, "%s is not a platform device", dev->name);
		return;
	}
	if (rule_bound_already(e))
		return;
	eval_cite(e, &dev->modalias);
	enum tristate required = eval_param(e, PARAM_VFIO_PLATFORM_RESET_REQUIRED);
	if (!fact_is(&dev->modalias) || !dev->modalias.raw)
		eval_unknown(e, "cannot read the modalias of %s, which shows its reset driver",
			     dev->name);
	else if (required == TRI_NO && (strncmp(dev->modalias.raw, "of:", 3) == 0 ||
					strncmp(dev->modalias.raw, "acpi:", 5) == 0))
		reset_not_required(e, dev->modalias.raw);
	else if (required == TRI_UNKNOWN)
		eval_unknown(e, "vfio_platform.reset_required could not be read");
	else
		reset_by_modalias(e, dev->modalias.raw);
}

static const struct rule rules[] = {
	{ "platform-reset", "vfio-platform requires a reset method for the device",
	  SITES(platform_reset_sites), rule_platform_reset,
	  "load vfio-platform with reset_required=0" },
};

const struct rule_table rules_platform = RULE_TABLE(rules);
