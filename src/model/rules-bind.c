/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why a VFIO driver does not take a device. */
#include <errno.h>
#include <string.h>

#include "base/parse.h"
#include "model/rules.h"

static bool bound_already(struct eval *e)
{
	if (!eval_bound_now(e))
		return false;
	eval_passes(e, "%s is on VFIO driver %s already", e->dev->name,
		    eval_driver_name(e, e->dev));
	return true;
}

/* Up to 5.13 the write of sysfs knows one errno. linux: drivers/base/bus.c: bind_store(). */
static int bind_errno(const struct eval *e, int err)
{
	return e->gen < GEN_5_14 ? ENODEV : err;
}

static enum module_id driver_module(const struct device *dev)
{
	switch (dev->bus) {
	case BUS_PLATFORM:
		return MODULE_VFIO_PLATFORM;
	case BUS_AMBA:
		return MODULE_VFIO_AMBA;
	case BUS_FSL_MC:
		return MODULE_VFIO_FSL_MC;
	case BUS_CDX:
		return MODULE_VFIO_CDX;
	default:
		return MODULE_VFIO_PCI;
	}
}

static void no_driver_for_bus(struct eval *e)
{
	const struct device *dev = e->dev;

	eval_refuses(e, "no VFIO driver takes a device of bus %s such as %s", dev->bus_name,
		     dev->name);
	if (dev->bus == BUS_AP || dev->bus == BUS_CCW)
		eval_remedy(e, "create a mediated device on it with mdevctl and use that");
	else
		eval_remedy(e, "use the parent device of %s on a bus that VFIO knows", dev->name);
}

void rule_vfio_driver(struct eval *e)
{
	const struct device *dev = e->dev;
	const char *driver = eval_vfio_driver(dev);

	if (bound_already(e))
		return;
	if (dev->bus == BUS_MDEV) {
		eval_passes(e, "mediated device %s gets its driver when it is created", dev->name);
		return;
	}
	if (!driver) {
		no_driver_for_bus(e);
		return;
	}
	const char *module = e->host->modules[driver_module(dev)].name;
	if (e->view == VIEW_IF_BOUND && eval_load_barred(e, driver_module(dev)))
		return;
	switch (eval_module(e, driver_module(dev))) {
	case MODULE_STATE_ABSENT:
		eval_refuses(e,
			     "this kernel has no %s: module %s is neither loaded, nor built in, nor on disk",
			     driver, module);
		eval_remedy(e, "install the kernel package that holds module %s", module);
		break;
	case MODULE_STATE_LOADABLE:
	case MODULE_STATE_BUILTIN:
	case MODULE_STATE_LOADED:
		eval_passes(e, "module %s is there", module);
		break;
	default:
		eval_unknown(e,
			     "whether this kernel has module %s could not be read: /sys/module and /lib/modules say nothing",
			     module);
		eval_remedy(e,
			    "in a container, ask on the host, or show it the host's /lib/modules");
	}
}

/* linux: drivers/vfio/pci/vfio_pci.c: vfio_pci_dev_in_denylist(). The last two came with 6.10 and
 * went into stable kernels from 5.15 on. */
static const struct {
	uint16_t vendor, device;
	const char *name;
	uint32_t gens, unsure;
} denylist[] = {
#define UNSURE (GENS_FROM(GEN_5_14) & GENS_UNTIL(GEN_6_11) & ~GEN_BIT(GEN_5_19))
	{ 0x8086, 0x0435, "QAT DH895xCC", GENS_ALL, 0 },
	{ 0x8086, 0x0443, "QAT DH895xCC VF", GENS_ALL, 0 },
	{ 0x8086, 0x19e2, "QAT C3xxx", GENS_ALL, 0 },
	{ 0x8086, 0x19e3, "QAT C3xxx VF", GENS_ALL, 0 },
	{ 0x8086, 0x37c8, "QAT C62x", GENS_ALL, 0 },
	{ 0x8086, 0x37c9, "QAT C62x VF", GENS_ALL, 0 },
	{ 0x8086, 0x0b25, "DSA SPR0", GENS_FROM(GEN_6_11), UNSURE },
	{ 0x8086, 0x0cfe, "IAX SPR0", GENS_FROM(GEN_6_11), UNSURE },
#undef UNSURE
};

static void denylist_entry(struct eval *e, size_t i)
{
	const struct device *dev = e->dev;
	enum tristate disabled = eval_param(e, PARAM_VFIO_PCI_DISABLE_DENYLIST);
	uint32_t gen = GEN_BIT(e->gen);

	if (disabled == TRI_YES) {
		eval_passes(e, "%s is a %s, and vfio_pci.disable_denylist is set", dev->name,
			    denylist[i].name);
	} else if (denylist[i].unsure & gen) {
		eval_unknown(e,
			     "%s is a %s (%04x:%04x), which some kernels of this generation refuse and some do not; try it, or look for it in the kernel's changelog",
			     dev->name, denylist[i].name, dev->vendor, dev->device_id);
	} else if (!(denylist[i].gens & gen)) {
		eval_passes(e, "%s is a %s, which this kernel does not refuse yet", dev->name,
			    denylist[i].name);
	} else if (disabled == TRI_UNKNOWN) {
		eval_unknown(e, "%s is a %s, and vfio_pci.disable_denylist could not be read",
			     dev->name, denylist[i].name);
	} else {
		eval_refuses(e, "%s is a %s (%04x:%04x), which vfio-pci refuses as unsafe",
			     dev->name, denylist[i].name, dev->vendor, dev->device_id);
	}
	eval_remedy(e,
		    "load vfio-pci with disable_denylist=1 if you trust whoever will use %s: a user of it may be able to bring down the host",
		    dev->name);
}

/* A device that vfio-pci has, and that it surely refuses in the kernel asked about: the running one is
 * another. Drivers made for one device have no such list. */
static bool another_kernel_let_it_pass(struct eval *e, size_t i)
{
	const char *driver = eval_driver_now(e, e->dev);

	return driver && !strcmp(driver, "vfio-pci") && (denylist[i].gens & GEN_BIT(e->gen));
}

void rule_denylist(struct eval *e)
{
	const struct device *dev = e->dev;

	if (!eval_is_pci(dev)) {
		eval_passes(e, "%s is no PCI device", dev->name);
		return;
	}
	size_t i = 0;
	while (i < ARRAY_SIZE(denylist) &&
	       (denylist[i].vendor != dev->vendor || denylist[i].device != dev->device_id))
		i++;
	bool listed = dev->has_ids && i < ARRAY_SIZE(denylist);
	if (!(listed && another_kernel_let_it_pass(e, i)) && bound_already(e))
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

void rule_bridge_header(struct eval *e)
{
	const struct device *dev = e->dev;

	if (!eval_is_pci(dev)) {
		eval_passes(e, "%s is no PCI device", dev->name);
		return;
	}
	if (bound_already(e))
		return;
	eval_cite(e, &dev->bridge_fact);
	if (dev->is_bridge == TRI_YES) {
		eval_refuses(e, "%s is a bridge, and vfio-pci takes endpoints only", dev->name);
		eval_remedy(e,
			    "leave %s to the host; a bridge on pcieport or without a driver does not stand in the way of its group",
			    dev->name);
	} else if (dev->is_bridge == TRI_NO) {
		eval_passes(e, "%s is no bridge", dev->name);
	} else {
		eval_unknown(e, "whether %s is a bridge could not be read", dev->name);
	}
}

/* What becomes of the virtual functions when the driver of their physical function goes is up to it. */
static bool vfs_stay(struct eval *e)
{
	const char *driver = eval_driver_now(e, e->dev);

	if (!driver)
		return e->dev->driver_fact.state == FACT_ABSENT;
	return !*driver || driver_leaves_vfs(driver);
}

void rule_sriov_enabled(struct eval *e)
{
	const struct device *dev = e->dev;
	const struct assumption *as;

	if (!eval_is_pci(dev)) {
		eval_passes(e, "%s is no PCI device", dev->name);
		return;
	}
	if (bound_already(e))
		return;
	as = eval_assumed(e, dev, "numvfs");
	eval_cite(e, &dev->sriov_numvfs);
	if (!as && !fact_known(&dev->sriov_numvfs)) {
		eval_unknown(e, "whether %s has virtual functions enabled could not be read",
			     dev->name);
	} else if (as ? strcmp(as->value, "0") == 0 : !dev->numvfs) {
		eval_passes(e, "%s has no virtual functions enabled", dev->name);
	} else {
		if (vfs_stay(e))
			eval_refuses(e,
				     "%s has virtual functions enabled (sriov_numvfs), and vfio-pci does not take a physical function then",
				     dev->name);
		else
			eval_unknown(e,
				     "%s has virtual functions enabled (sriov_numvfs), which vfio-pci refuses; whether its driver removes them when it is unbound is up to that driver",
				     dev->name);
		eval_remedy(e,
			    "echo 0 > %s/sriov_numvfs first, which removes its virtual functions",
			    dev->sysfs ? dev->sysfs : dev->name);
	}
}

/* ---- platform devices ---- */

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

/* linux: drivers/vfio/platform/vfio_platform_common.c: vfio_platform_of_probe() asks for a property,
 * which a software node can have as well. */
static bool described_by_kernel(struct eval *e)
{
	const struct device *dev = e->dev;

	eval_cite(e, &dev->software_node);
	if (dev->software_node.state == FACT_ABSENT)
		return false;
	eval_unknown(e,
		     "%s is described by a software node of the kernel, or may be: what that says of a reset cannot be seen from userspace",
		     dev->name);
	eval_remedy(e, "load vfio-platform with reset_required=0, and try to bind it");
	return true;
}

/* 6.1 and 6.2 return what the search for a reset came to whether or not it is required.
 * linux: drivers/vfio/platform/vfio_platform_common.c: vfio_platform_init_common(). */
static enum tristate reset_always_asked(struct eval *e)
{
	return e->gen >= GEN_6_3 ? TRI_NO : eval_since_6_1(e);
}

static void remedy_without_reset(struct eval *e)
{
	enum tristate asked = reset_always_asked(e);

	if (asked == TRI_YES)
		eval_remedy(e,
			    "use a kernel older than 6.1 or newer than 6.2: these two want a reset even with reset_required=0");
	else
		eval_remedy(e,
			    "load vfio-platform with reset_required=0%s: %s is then handed over in the state that it was left in",
			    asked == TRI_NO ? "" : ", which Linux 6.1 does not heed", e->dev->name);
}

/* linux: drivers/vfio/platform/vfio_platform_common.c: vfio_platform_init_common(). */
static void reset_by_modalias(struct eval *e, const char *modalias)
{
	const struct device *dev = e->dev;

	if (strncmp(modalias, "of:", 3) != 0 && strncmp(modalias, "acpi:", 5) != 0) {
		if (described_by_kernel(e))
			return;
		e->err = bind_errno(e, EINVAL);
		eval_refuses(e,
			     "%s is described neither by the device tree nor by ACPI (modalias %s)",
			     dev->name, modalias);
		eval_remedy(e, "vfio-platform cannot take %s", dev->name);
	} else if (modalias[0] == 'a') {
		eval_unknown(e,
			     "whether the ACPI object of %s has a _RST method cannot be seen from userspace",
			     dev->name);
		eval_remedy(e, "try to bind it%s",
			    reset_always_asked(e) == TRI_YES
				    ? ""
				    : ", or load vfio-platform with reset_required=0");
	} else if (has_reset_driver(modalias)) {
		eval_passes(e, "VFIO has a reset driver for %s", modalias);
	} else {
		eval_refuses(e, "VFIO has no reset driver for %s (%s), and %s", dev->name, modalias,
			     reset_always_asked(e) == TRI_YES
				     ? "Linux 6.1 and 6.2 want one even with reset_required=0"
				     : "vfio_platform.reset_required is set");
		remedy_without_reset(e);
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
	if (asked == TRI_UNKNOWN && e->answer == ANSWER_YES)
		eval_unknown(e,
			     "VFIO has no reset driver for %s (%s): Linux 6.1 wants one even with reset_required=0, 6.0 does not, and which this is could not be read",
			     e->dev->name, modalias);
}

/* No reset driver is one of an AMBA device, for which vfio-amba does not require any.
 * linux: drivers/vfio/platform/vfio_amba.c: vfio_amba_init_dev(). */
static void reset_of_amba(struct eval *e)
{
	const struct fact *acpi = &e->host->firmware.tables;
	enum tristate asked = reset_always_asked(e);

	if (bound_already(e))
		return;
	if (asked == TRI_NO) {
		eval_passes(e, "vfio-amba requires no reset of %s", e->dev->name);
		return;
	}
	eval_cite(e, acpi);
	if (asked == TRI_YES && acpi->state == FACT_ABSENT)
		eval_refuses(e,
			     "Linux 6.1 and 6.2 want a reset driver for %s, and VFIO has none for AMBA devices",
			     e->dev->name);
	else
		eval_unknown(e,
			     "Linux 6.1 and 6.2 want a reset for %s: whether this is one of them, and whether its ACPI object has a _RST method, could not be seen",
			     e->dev->name);
	eval_remedy(e, "use a kernel older than 6.1 or newer than 6.2");
}

void rule_platform_reset(struct eval *e)
{
	const struct device *dev = e->dev;

	if (dev->bus == BUS_AMBA) {
		reset_of_amba(e);
		return;
	}
	if (dev->bus != BUS_PLATFORM) {
		eval_passes(e, "%s is no platform device", dev->name);
		return;
	}
	if (bound_already(e))
		return;
	eval_cite(e, &dev->modalias);
	enum tristate required = eval_param(e, PARAM_VFIO_PLATFORM_RESET_REQUIRED);
	if (!fact_is(&dev->modalias) || !dev->modalias.raw)
		eval_unknown(e,
			     "the modalias of %s could not be read, which tells its reset driver",
			     dev->name);
	else if (required == TRI_NO && (strncmp(dev->modalias.raw, "of:", 3) == 0 ||
					strncmp(dev->modalias.raw, "acpi:", 5) == 0))
		reset_not_required(e, dev->modalias.raw);
	else if (required == TRI_UNKNOWN)
		eval_unknown(e, "vfio_platform.reset_required could not be read");
	else
		reset_by_modalias(e, dev->modalias.raw);
}

/* ---- group and coherency ---- */

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

/* A device that the firmware puts behind a virtio-iommu without a driver: up to 6.12 the probe waits
 * for it for ever, in 7.3 until the time is up; a host driver that got through shows that it is.
 * linux: drivers/acpi/viot.c: viot_dev_iommu_init(); drivers/iommu/iommu.c: iommu_fwspec_init(). */
static void wait_for_virtio(struct eval *e)
{
	const struct module *type1 = &e->host->modules[MODULE_VFIO_IOMMU_TYPE1];
	const struct device *dev = e->dev;
	const char *built = eval_config(e, "CONFIG_VIRTIO_IOMMU");
	bool gives_up = e->gen >= GEN_7_0 ||
			(e->gen == GEN_6_11 &&
			 module_imports(type1, "iommu_paging_domain_alloc_flags") == TRI_YES);

	if (e->gen < GEN_5_14 || dev->behind_viot == TRI_NO ||
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
 * the probe waits; neither is decoded. A host driver that got through shows that nothing waits.
 * linux: drivers/iommu/iommu.c: iommu_fwspec_init(), of_iommu.c, drivers/acpi/arm64/iort.c. */
static void wait_for_smmu(struct eval *e)
{
	const struct firmware *fw = &e->host->firmware;
	bool no_table = fact_is(&fw->tables) && fw->has_iort == TRI_NO;

	if (eval_machine(e) != MACHINE_ARM || e->host->nr_iommus || no_table || e->gen < GEN_5_14 ||
	    eval_member_now(e, e->dev) == MEMBER_HOST)
		return;
	e->err = 0;
	eval_refuses(e,
		     "%s has no IOMMU group: no IOMMU serves it, or the driver of its SMMU is not there yet and its probe waits (EAGAIN)",
		     e->dev->name);
}

void rule_no_group(struct eval *e)
{
	const struct device *dev = e->dev;

	if (bound_already(e))
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
		eval_remedy_no_group(e);
		return;
	default:
		if (dev->group_link.state == FACT_ABSENT)
			eval_unknown(e,
				     "%s has no IOMMU group, and whether VFIO would make one (enable_unsafe_noiommu_mode) could not be read",
				     dev->name);
		else
			eval_unknown(e, "the iommu_group link of %s could not be read", dev->name);
		eval_remedy_no_group(e);
	}
}

/* 5.19 asks the bus: any of its devices speaks for all. linux: drivers/vfio/vfio.c:
 * vfio_group_find_or_alloc(), 5.19. */
static const struct device *asked_for_coherency(struct eval *e)
{
	if (e->gen != GEN_5_19 || e->dev->iommu)
		return e->dev;
	for (size_t i = 0; i < e->host->nr_devices; i++)
		if (e->host->devices[i]->bus == e->dev->bus && e->host->devices[i]->iommu)
			return e->host->devices[i];
	return e->dev;
}

/* Whether 5.19 asks a bus of which no device with an IOMMU was read; answers then. The drivers that
 * serve all of PCI always say yes. */
static bool bus_not_seen(struct eval *e)
{
	if (e->gen != GEN_5_19 || asked_for_coherency(e)->iommu || !e->host->nr_iommus)
		return false;
	if (eval_bus_has_iommu(e, e->dev) == TRI_YES)
		eval_passes(e, "the driver of the IOMMU answers yes for the whole bus of %s",
			    e->dev->name);
	else
		eval_unknown(e, "whether the bus of %s has an IOMMU is not known", e->dev->name);
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

void rule_cache_coherency(struct eval *e)
{
	const struct device *dev = e->dev;
	enum group_kind kind = eval_group_kind(e);
	const char *why = "";

	if (kind != GROUP_REAL && kind != GROUP_UNKNOWN) {
		eval_passes(e, "only devices behind an IOMMU are asked");
		return;
	}
	if (bus_not_seen(e))
		return;
	enum tristate coherent = eval_cache_coherency(e, asked_for_coherency(e), &why);
	if (coherent == TRI_NO && e->gen >= GEN_6_0 && !eval_assumed(e, dev, "cache_coherency") &&
	    registered_already(e))
		coherent = TRI_UNKNOWN;
	switch (coherent) {
	case TRI_YES:
		eval_passes(e, "the DMA of %s is cache coherent: %s", dev->name, why);
		return;
	case TRI_NO:
		if (kind == GROUP_UNKNOWN) {
			eval_unknown(e,
				     "%s would not be cache coherent for VFIO (%s), which is asked only behind an IOMMU, and its group is not known",
				     dev->name, why);
			return;
		}
		eval_refuses(e, "the DMA of %s is not cache coherent for VFIO: %s", dev->name, why);
		eval_remedy(e,
			    "no setting helps; a kernel before 5.19 does not ask, a newer IOMMU driver may answer otherwise");
		return;
	default:
		if (registered_already(e)) {
			eval_passes(e,
				    "this kernel has registered %s with VFIO, which it does only when its DMA is cache coherent",
				    dev->name);
			return;
		}
		eval_unknown(e, "whether the DMA of %s is cache coherent: %s", dev->name, why);
		eval_remedy(e, "bind it and look, or say it with --assume %s:cache_coherency=1",
			    dev->name);
	}
}
