/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is wrong with the device itself: its memory, power, reset, interrupt line, the software of its vendor. */
#include <string.h>

#include "base/shell.h"
#include "model/intx.h"
#include "model/notices.h"

static bool span_has(struct span s, const char *part)
{
	return s.len && memmem(s.s, s.len, part, strlen(part));
}

/* ---- the memory of the device ---- */

/* What claims the frame buffer that the firmware left: the resource itself, and drivers of it. linux:
 * drivers/firmware/sysfb_simplefb.c, drivers/video/fbdev/, drivers/gpu/drm/sysfb/ (tiny/ to 6.14). */
static bool is_framebuffer(const char *name)
{
	static const char *const parts[] = { "BOOTFB", "simple", "efidrm", "vesadrm",
					     "efifb",  "vesafb", "ofdrm" };

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (strstr(name, parts[i]))
			return true;
	return false;
}

/* Since 6.0 the bind of a VGA device takes the frame buffer from the console.
 * linux: drivers/vfio/pci/vfio_pci_core.c: vfio_pci_vga_init(). */
static bool bind_removes_framebuffer(struct eval *e)
{
	enum { CLASS_VGA = 0x0300 };

	return e->dev->class_code >> 8 == CLASS_VGA &&
	       trait_holds(e, TRAIT_DEVICE_CAPABLE) == TRI_YES;
}

/* Whether the claim @name is still there when a user of VFIO maps the memory. */
static bool claim_stays(struct eval *e, enum member_state now, const char *name)
{
	if (!strcmp(name, "vfio-pci") || !strcmp(name, "vfio"))
		return false;
	/* A driver that is only assumed has not been there yet: what the one of now claims leaves with it. */
	if (now == MEMBER_VFIO && device_serves_vfio(e->host, e->dev) != TRI_NO)
		return !e->dev->driver || strcmp(name, e->dev->driver) != 0;
	/* Others leave with the driver. */
	return is_framebuffer(name) && !bind_removes_framebuffer(e);
}

static const char no_framebuffer[] = "initcall_blacklist=sysfb_init";

static bool bar_held(struct eval *e, struct notice *ret)
{
	const struct device *dev = e->dev;
	enum member_state now = eval_member_now(e, dev);

	for (size_t i = 0; i < dev->nr_claims; i++) {
		const struct memory_claim *claim = &dev->claims[i];

		if (!claim_stays(e, now, claim->name))
			continue;
		eval_cite(e, &e->host->iomem);
		notice_says(ret,
			    eval_text(e, "%s holds memory of %s (%s)", claim->name, dev->name,
				      claim->range),
			    "the kernel refuses to map that BAR (EBUSY), so the driver of the guest fails",
			    "unload the driver that holds it");
		if (!is_framebuffer(claim->name))
			return true;
		return notice_acts(e, ret,
				   &(struct action){
					   .kind = ACTION_BOOT_OPTION,
					   .scope = SCOPE_REBOOT,
					   .target = no_framebuffer,
					   .what = "boot with initcall_blacklist=sysfb_init, or let another card be the console's",
					   .add = no_framebuffer });
	}
	return false;
}

/* ---- power ---- */

static bool power_lost(struct eval *e, struct notice *ret)
{
	const struct fact *f = &e->dev->power_state;
	bool cold = notice_fact_says(f, "D3cold") &&
		    !notice_fact_says(&e->dev->power_status, "suspended");

	if (!cold && !notice_fact_says(f, "error"))
		return false;
	eval_cite(e, f);
	eval_cite(e, &e->dev->power_status);
	return notice_says(ret,
			   eval_text(e,
				     "the kernel has %s in power state %s, although it is not suspended",
				     e->dev->name, f->raw),
			   "the device does not answer, and a guest sees one that is dead",
			   "switch the power of the machine off and on; check the slot, and power saving in the firmware setup");
}

static bool config_lost(struct eval *e, struct notice *ret)
{
	const struct fact *f = &e->dev->config;

	if (!fact_is(f) || f->len < 4 || memcmp(f->raw, "\xff\xff\xff\xff", 4))
		return false;
	eval_cite(e, f);
	return notice_says(ret,
			   eval_text(e, "the configuration space of %s reads as ones",
				     e->dev->name),
			   "the device does not answer: it has no power, or its link is down",
			   "switch the power of the machine off and on; a reset of the bus may help as well");
}

/* linux: drivers/vfio/vfio_main.c: vfio_device_pm_runtime_get(), since 6.1. */
static bool not_resumed(struct eval *e, struct notice *ret)
{
	const struct fact *f = &e->dev->power_status;

	if ((!notice_fact_says(f, "unsupported") && !notice_fact_says(f, "error")) ||
	    trait_holds(e, TRAIT_RESET_WANTED) != TRI_YES ||
	    eval_param(e, PARAM_VFIO_PCI_DISABLE_IDLE_D3) != TRI_YES)
		return false;
	eval_cite(e, f);
	return notice_says(ret,
			   eval_text(e,
				     "runtime power management of %s is %s, and disable_idle_d3 is set",
				     e->dev->name,
				     notice_fact_says(f, "error") ? "in error" : "off"),
			   "the device is handed out, but the kernel still resumes it for each request: all may fail with EIO",
			   "boot another kernel: some releases leave it off for devices without the PCI power management capability");
}

/* ---- reset ---- */

static bool has_reset(const struct device *dev, const char *method)
{
	const struct fact *f = &dev->reset_method;

	return fact_is(f) && span_has((struct span){ f->raw, f->len }, method);
}

/* linux: drivers/pci/pci-sysfs.c: pci_dev_reset_attr_is_visible(). */
static bool no_reset(struct eval *e, struct notice *ret)
{
	const struct fact *f = &e->dev->reset;

	if (!eval_is_pci(e->dev) || e->dev->is_bridge == TRI_YES || f->state != FACT_ABSENT)
		return false;
	eval_cite(e, f);
	eval_cite(e, &e->dev->reset_method);
	return notice_says(ret,
			   eval_text(e, "the kernel has no way to reset %s alone", e->dev->name),
			   "it keeps its state: it may work for one guest only until the host boots again",
			   "before a second start, shut the guest down cleanly; see also 'vfiotool reset --dry-run'");
}

/* The length of "0000:01:" in "0000:01:00.0". */
static size_t bus_len(const char *name)
{
	const char *colon = strrchr(name, ':');

	return colon ? (size_t)(colon - name) + 1 : 0;
}

/* Another function of the bus that no VFIO driver has. */
static const struct device *bystander(struct eval *e)
{
	size_t len = bus_len(e->dev->name);

	for (size_t i = 0; len && i < e->host->nr_devices; i++) {
		const struct device *d = e->host->devices[i];

		if (d != e->dev && eval_is_pci(d) && d->driver && bus_len(d->name) == len &&
		    !strncmp(d->name, e->dev->name, len) &&
		    device_serves_vfio(e->host, d) == TRI_NO &&
		    eval_member_now(e, d) != MEMBER_VFIO && !d->physfn)
			return d;
	}
	return NULL;
}

/* QEMU resets the bus where a function has no reset of its own. A root bus has none.
 * linux: drivers/vfio/pci/vfio_pci_core.c: vfio_pci_ioctl_pci_hot_reset(). */
static bool hot_reset(struct eval *e, struct notice *ret)
{
	const struct device *other, *dev = e->dev;

	if (!eval_is_pci(dev) || dev->physfn || dev->is_bridge == TRI_YES ||
	    !fact_is(&dev->reset_method) || has_reset(dev, "flr") ||
	    has_reset(dev, "device_specific") || has_reset(dev, "acpi") || !has_reset(dev, "bus"))
		return false;
	other = bystander(e);
	if (!other)
		return false;
	eval_cite(e, &dev->reset_method);
	eval_cite(e, &other->driver_fact);
	return notice_says(ret,
			   eval_text(e,
				     "%s has no function-level reset, and %s of the same bus is on %s",
				     dev->name, other->name, other->driver),
			   "a reset of the bus would hit both, so VFIO refuses it and the device stays as it is",
			   eval_text(e, "bind %s to a VFIO driver as well, for the same guest",
				     other->name));
}

/* ---- interrupts ---- */

/* Another user of the interrupt line of a device that a VFIO driver has: what its own driver used is gone then. */
static bool line_is_shared(struct eval *e, struct span *ret)
{
	return eval_member_now(e, e->dev) == MEMBER_VFIO && intx_line_user(e->dev, ret) == TRI_YES;
}

static bool intx_shared(struct eval *e, struct notice *ret)
{
	bool broken = intx_masking_is_broken(e->dev);
	struct span other;

	if (!line_is_shared(e, &other) ||
	    (!broken && eval_param(e, PARAM_VFIO_PCI_NOINTXMASK) != TRI_YES))
		return false;
	eval_cite(e, &e->dev->irq_actions);
	return notice_says(ret,
			   eval_text(e, "%s shares its interrupt line with %.*s, and %s",
				     e->dev->name, (int)other.len, other.s,
				     broken ? "cannot mask it"
					    : "nointxmask is set: if it was when vfio-pci was loaded, it may not mask it"),
			   "a guest that uses the line (INTx) is refused with EBUSY; MSI is not concerned",
			   broken ? "unbind the driver that shares the line, or use another slot"
				  : "load vfio-pci without nointxmask=1");
}

static bool intx_masking(struct eval *e, struct notice *ret)
{
	struct span other;

	if (!intx_masking_is_broken(e->dev) || line_is_shared(e, &other))
		return false;
	eval_cite(e, &e->dev->uevent);
	return notice_says(ret,
			   eval_text(e,
				     "the kernel knows that %s cannot mask its interrupt line (DisINTx)",
				     e->dev->name),
			   "a guest that uses the line (INTx) needs it for itself, and may get none at all",
			   "let the guest use MSI or MSI-X");
}

/* ---- the vendor ---- */

/* linux: Documentation/driver-api/vfio-mediated-device.rst: what a type of a vendor needs is the vendor's. */
static bool vendor_manager(struct eval *e, struct notice *ret)
{
	const struct device *dev = e->dev;
	bool mediated =
		dev->bus == BUS_MDEV && fact_is(&dev->mdev_type) &&
		span_has((struct span){ dev->mdev_type.raw, dev->mdev_type.len }, "nvidia-");
	bool own = dev->driver && strstr(dev->driver, "nvidia") && eval_is_pci(dev) &&
		   device_serves_vfio(e->host, dev) == TRI_YES;

	if (!mediated && !own)
		return false;
	eval_cite(e, mediated ? &dev->mdev_type : &dev->driver_fact);
	eval_cite(e, &dev->vgpu_type);
	if (notice_fact_says(&dev->vgpu_type, "0"))
		return notice_says(ret, eval_text(e, "no vGPU type is chosen for %s", dev->name),
				   "the driver of NVIDIA refuses to open it",
				   eval_text(e,
					     "write a number of creatable_vgpu_types to /sys/bus/pci/devices/%s/nvidia/current_vgpu_type",
					     shell_word(e->arena, dev->name)));
	notice_says(ret, eval_text(e, "%s is a vGPU of NVIDIA's driver", dev->name),
		    "it works only while the vGPU manager of NVIDIA runs on the host", NULL);
	return notice_acts(e, ret,
			   &(struct action){ .target = dev->name,
					     .what = "look whether it runs",
					     .command = "systemctl status nvidia-vgpu-mgr" });
}

/* linux: drivers/vfio/vfio_main.c: vfio_ioctl_device_feature_mig_device_state(), which a variant driver serves. */
static bool migration(struct eval *e, struct notice *ret)
{
	const struct fact *f = &e->dev->vfio_alias;
	struct span rest = { f->raw, fact_is(f) ? f->len : 0 }, line;

	if (!e->dev->driver || strcmp(e->dev->driver, "vfio-pci") != 0)
		return false;
	while (parse_line(&rest, &line)) {
		if (!line.len || span_equals(line, "vfio_pci"))
			continue;
		eval_cite(e, f);
		eval_cite(e, &e->dev->driver_fact);
		notice_says(ret,
			    eval_text(e, "%s is on vfio-pci, and this host has %.*s for it",
				      e->dev->name, (int)line.len, line.s),
			    "a guest with it cannot be migrated: vfio-pci neither saves its state nor tracks its writes",
			    NULL);
		return notice_acts(e, ret,
				   &(struct action){
					   .kind = ACTION_BIND,
					   .target = e->dev->name,
					   .what = eval_text(e, "bind it to %.*s", (int)line.len,
							     line.s),
					   .command =
						   eval_text(e, "vfiotool bind %s",
							     shell_word(e->arena, e->dev->name)) });
	}
	return false;
}

static const struct notice_row rows[] = {
	{ "bar-held", "something else holds memory of the device",
	  "drivers/vfio/pci/vfio_pci_core.c: vfio_pci_core_mmap()", bar_held },
	{ "power-lost", "the device has no power", "drivers/pci/pci.c: pci_update_current_state()",
	  power_lost },
	{ "config-lost", "the device does not answer", "PCI Express Base Specification, 2.3.2",
	  config_lost },
	{ "not-resumed", "requests to the device fail",
	  "drivers/vfio/vfio_main.c: vfio_device_pm_runtime_get()", not_resumed },
	{ "no-reset", "the device cannot be reset", "drivers/pci/pci.c: pci_init_reset_methods()",
	  no_reset },
	{ "hot-reset", "a reset would hit others",
	  "drivers/vfio/pci/vfio_pci_core.c: vfio_pci_dev_set_hot_reset()", hot_reset },
	{ "intx-shared", "the interrupt line is shared",
	  "drivers/vfio/pci/vfio_pci_intrs.c: vfio_intx_set_signal()", intx_shared },
	{ "intx-masking", "the interrupt line cannot be masked",
	  "drivers/pci/quirks.c: quirk_broken_intx_masking()", intx_masking },
	{ "vendor-manager", "software of the vendor must run",
	  "Documentation/driver-api/vfio-mediated-device.rst", vendor_manager },
	{ "migration", "a driver that could migrate it is not used",
	  "drivers/vfio/vfio_main.c: vfio_ioctl_device_feature_migration()", migration },
};

const struct notice_table notices_device = NOTICE_TABLE(rows);
