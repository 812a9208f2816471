/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why a device is refused because of its IOMMU: it has no group, or its DMA is not cache coherent. */
#include <errno.h>
#include <string.h>

#include "base/parse.h"
#include "model/rules.h"

/* Whether the kernel still waits for drivers that are not there yet: to be sure of it, the time given
 * on the command line must not have passed since boot. linux: drivers/base/dd.c:
 * deferred_probe_timeout_work_func(). */
static bool still_waits(struct eval *e)
{
	const struct fact *uptime = &e->host->kernel.uptime;
	const char *value = NULL;
	uint64_t timeout, seconds;

	if (!eval_cmdline(e, "deferred_probe_timeout", &value) ||
	    parse_u64(value, 10, &timeout) < 0 || !fact_is(uptime) || !uptime->raw ||
	    parse_u64_span((struct span){ uptime->raw, strcspn(uptime->raw, ". ") }, 10, &seconds) <
		    0)
		return false;
	eval_cite(e, uptime);
	return seconds < timeout;
}

/* A device that the firmware puts behind a virtio-iommu without a driver: up to 6.13 the probe waits
 * for it for ever, then until the time is up; a host driver that got through shows that it is.
 * linux: drivers/acpi/viot.c: viot_dev_iommu_init(); drivers/iommu/iommu.c: iommu_fwspec_init(). */
static void wait_for_virtio(struct eval *e)
{
	const struct device *dev = e->dev;
	const char *built = eval_config(e, "CONFIG_VIRTIO_IOMMU");
	bool gives_up = !trait_lacks(e, TRAIT_PROBE_GIVES_UP);

	if (trait_lacks(e, TRAIT_BIND_ERRNO) || dev->behind_viot == TRI_NO ||
	    e->host->firmware.has_viot != TRI_YES || e->host->nr_iommus ||
	    (built && *built == 'n') || eval_module(e, MODULE_VIRTIO_IOMMU) == MODULE_STATE_ABSENT)
		return;
	eval_cite(e, &e->host->firmware.viot);
	enum member_state driver = eval_member_now(e, dev);
	if (gives_up && driver == MEMBER_HOST)
		return;
	bool waits = dev->behind_viot == TRI_YES && (!gives_up || still_waits(e));
	e->err = waits ? EAGAIN : 0;
	eval_refuses(e,
		     "%s has no IOMMU group: the firmware puts it behind a virtio-iommu whose driver is not loaded%s",
		     dev->name, waits ? ", and its probe waits for it" : "");
}

/* On ARM a device tree or IORT may put the device behind an SMMU whose driver is not there, for which
 * the probe waits. A host driver that got through shows that nothing waits.
 * linux: drivers/iommu/iommu.c: iommu_fwspec_init(), of_iommu.c, drivers/acpi/arm64/iort.c. */
static void wait_for_smmu(struct eval *e)
{
	const struct firmware *fw = &e->host->firmware;
	bool no_table = fact_is(&fw->tables) && fw->has_iort == TRI_NO;

	if (eval_machine(e) != MACHINE_ARM || e->host->nr_iommus || no_table ||
	    e->dev->behind_smmu == TRI_NO || trait_lacks(e, TRAIT_BIND_ERRNO) ||
	    eval_member_now(e, e->dev) == MEMBER_HOST)
		return;
	e->err = 0;
	eval_refuses(e,
		     "%s has no IOMMU group: no IOMMU serves it, or its probe still waits for the driver of its SMMU (EAGAIN)",
		     e->dev->name);
}

static const struct rule_site no_group_sites[] = {
	{ UNTIL(BIND_ERRNO), ALL, OP_BIND, ENODEV, 50,
	  "drivers/vfio/vfio.c: vfio_iommu_group_get()" },
	{ FROM(BIND_ERRNO), ALL, OP_BIND, EINVAL, 50,
	  "drivers/vfio/group.c: vfio_group_find_or_alloc()" },
};

static void rule_no_group(struct eval *e)
{
	const struct device *dev = e->dev;

	if (rule_bound_already(e))
		return;
	switch (eval_group_kind(e)) {
	case GROUP_REAL:
		if (dev->group)
			eval_passes(e, "%s is in IOMMU group %u", dev->name, dev->group->id);
		else
			eval_passes(e, "%s gets a group from its IOMMU when a driver probes it",
				    dev->name);
		return;
	case GROUP_EMULATED:
		eval_passes(e, "VFIO makes a group for mediated device %s", dev->name);
		return;
	case GROUP_NOIOMMU:
		eval_passes(e, "no-IOMMU mode is on, so VFIO makes a group for %s", dev->name);
		return;
	case GROUP_NONE:
		eval_refuses(e, "%s has no IOMMU group: no IOMMU serves it", dev->name);
		wait_for_virtio(e);
		wait_for_smmu(e);
		eval_propose_group(e);
		return;
	default:
		if (dev->group_link.state == FACT_ABSENT)
			eval_unknown(e,
				     "%s has no IOMMU group; cannot tell whether VFIO would make one (enable_unsafe_noiommu_mode)",
				     dev->name);
		else
			eval_unknown(e, "the iommu_group link of %s could not be read", dev->name);
		eval_propose_group(e);
	}
}

/* 5.19 asks the bus: any of its devices speaks for all. linux: drivers/vfio/vfio.c:
 * vfio_group_find_or_alloc(), 5.19. */
static const struct device *asked_for_coherency(struct eval *e)
{
	const struct device *served;

	if (!trait_lacks(e, TRAIT_DEVICE_CAPABLE) || e->dev->iommu)
		return e->dev;
	served = eval_first_served(e);
	return served ? served : e->dev;
}

/* Whether 5.19 asks a bus of which no device with an IOMMU was read; answers then. The drivers that
 * serve all of PCI always say yes. */
static bool bus_not_seen(struct eval *e)
{
	if (!trait_lacks(e, TRAIT_DEVICE_CAPABLE) || asked_for_coherency(e)->iommu ||
	    !e->host->nr_iommus || eval_coming_iommu(e, e->dev))
		return false;
	if (eval_bus_has_iommu(e, e->dev) == TRI_YES)
		eval_passes(e, "the driver of the IOMMU answers yes for the whole bus of %s",
			    e->dev->name);
	else
		eval_unknown(e, "cannot tell whether the bus of %s has an IOMMU", e->dev->name);
	return true;
}

/* A kernel that made a vfio-dev directory has asked this device. */
static bool registered_already(struct eval *e)
{
	if (!fact_is(&e->dev->vfio_dev) || !e->dev->vfio_dev.len ||
	    eval_assumed(e, e->dev, "cache_coherency"))
		return false;
	eval_cite(e, &e->dev->vfio_dev);
	return true;
}

static const struct rule_site cache_coherency_sites[] = {
	{ FROM(COHERENCY_ASKED), ALL, OP_BIND, EINVAL, 60,
	  "drivers/vfio/vfio_main.c: __vfio_register_dev()" },
	{ FROM(CDEV), I, OP_BIND_IOMMUFD, EINVAL, 50,
	  "drivers/iommu/iommufd/device.c: iommufd_device_bind()" },
	{ FROM(IOMMUFD), X, OP_GROUP_GET_DEVICE_FD, EINVAL, 50,
	  "drivers/iommu/iommufd/device.c: iommufd_device_bind()" },
};

static void rule_cache_coherency(struct eval *e)
{
	const struct device *dev = e->dev;
	enum group_kind kind = eval_group_kind(e);
	const char *why = "";

	if (kind != GROUP_REAL && kind != GROUP_UNKNOWN) {
		eval_passes(e, "the kernel asks only devices behind an IOMMU");
		return;
	}
	if (bus_not_seen(e))
		return;
	enum tristate coherent = eval_cache_coherency(e, asked_for_coherency(e), &why);
	if (coherent == TRI_NO && !trait_lacks(e, TRAIT_DEVICE_CAPABLE) &&
	    !eval_assumed(e, dev, "cache_coherency") && registered_already(e))
		coherent = TRI_UNKNOWN;
	switch (coherent) {
	case TRI_YES:
		eval_passes(e, "the DMA of %s is cache coherent: %s", dev->name, why);
		return;
	case TRI_NO:
		if (kind == GROUP_UNKNOWN) {
			eval_unknown(e,
				     "%s is not cache coherent for VFIO (%s); the kernel asks only behind an IOMMU, and its group is unknown",
				     dev->name, why);
			return;
		}
		eval_refuses(e, "the DMA of %s is not cache coherent for VFIO: %s", dev->name, why);
		eval_remedy(e,
			    "no setting helps; a kernel before 5.19 does not check this, and a newer IOMMU driver may answer yes");
		return;
	default:
		if (registered_already(e)) {
			eval_passes(e,
				    "this kernel has registered %s with VFIO, which it does only when its DMA is cache coherent",
				    dev->name);
			return;
		}
		eval_unknown(e, "cannot tell whether the DMA of %s is cache coherent: %s",
			     dev->name, why);
		eval_remedy(e, "bind it to see, or state it with --assume %s:cache_coherency=1",
			    dev->name);
	}
}

static const struct rule rules[] = {
	{ "no-group", "the device has no IOMMU group", SITES(no_group_sites), rule_no_group,
	  "enable the IOMMU in firmware and kernel" },
	{ "cache-coherency", "the device's DMA is not cache coherent for VFIO",
	  SITES(cache_coherency_sites), rule_cache_coherency, "use another IOMMU or kernel" },
};

const struct rule_table rules_iommu = RULE_TABLE(rules);
