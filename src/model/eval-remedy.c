/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What to do about a device that has no IOMMU group, by what the firmware and the kernel say. */
#include <string.h>

#include "model/eval.h"

const char *eval_param_command(struct eval *e, enum param_id id)
{
	const struct param *p = &e->host->params[id];
	const struct module *m = &e->host->modules[param_get(id)->module];
	bool there = fact_is(&p->value) || m->state == MODULE_STATE_LOADED ||
		     m->state == MODULE_STATE_BUILTIN;

	return there ? eval_text(e, "echo Y > /sys/module/%s/parameters/%s", p->module, p->name)
		     : eval_text(e, "modprobe %s %s=1", p->module, p->name);
}

static bool is_left_out(struct eval *e, const char *option)
{
	const char *built = eval_config(e, option);

	return built && *built == 'n';
}

static void remedy_for_viot(struct eval *e)
{
	if (is_left_out(e, "CONFIG_VIRTIO_IOMMU") ||
	    eval_module(e, MODULE_VIRTIO_IOMMU) == MODULE_STATE_ABSENT)
		eval_remedy(e, "boot a kernel with CONFIG_VIRTIO_IOMMU: this one does not have it");
	else
		eval_remedy(e, "load virtio_iommu before VFIO: modprobe virtio_iommu");
}

/* The firmware describes a VT-d and the kernel uses none. linux: drivers/iommu/intel/iommu.c:
 * intel_iommu_setup(); drivers/iommu/intel/dmar.c: detect_intel_iommu(). */
static void remedy_for_dmar(struct eval *e)
{
	const char *value = NULL;
	bool off = eval_cmdline(e, "iommu", &value) && strcmp(value, "off") == 0;
	bool asked = eval_cmdline(e, "intel_iommu", &value) &&
		     (strncmp(value, "on", 2) == 0 || strstr(value, ",on"));

	if (is_left_out(e, "CONFIG_INTEL_IOMMU"))
		eval_remedy(e,
			    "boot a kernel with CONFIG_INTEL_IOMMU, the driver for VT-d: this one does not have it");
	else if (off)
		eval_remedy(e, "boot without iommu=off and with intel_iommu=on");
	else if (asked)
		eval_remedy(e,
			    "VT-d did not start although intel_iommu=on is set: look for DMAR in the kernel log");
	else
		eval_remedy(e, "boot with intel_iommu=on");
}

/* How the mode without an IOMMU is turned on here. */
static const char *noiommu_command(struct eval *e)
{
	if (is_left_out(e, "CONFIG_VFIO_NOIOMMU"))
		return "a kernel with CONFIG_VFIO_NOIOMMU and vfio.enable_unsafe_noiommu_mode=1";
	return eval_param_command(e, PARAM_VFIO_NOIOMMU);
}

/* Whether this is a guest, which has no firmware setup; answers then. Bare-metal machines of Amazon have
 * the same name. */
static bool is_guest(struct eval *e)
{
	const struct fact *hv = &e->host->firmware.hypervisor;

	if (!fact_is(hv) || !hv->raw || !strcmp(hv->raw, "amazon"))
		return false;
	eval_cite(e, hv);
	if (!strcmp(hv->raw, "xen"))
		eval_remedy(e,
			    "Xen controls the IOMMU: use xl pci-assignable-add, or boot this kernel without Xen");
	else
		eval_remedy(e,
			    "this is a virtual machine (%s): give it a virtual IOMMU (QEMU: -device intel-iommu,intremap=on). INSECURE without one: %s lets a device reach all of its memory",
			    hv->raw, noiommu_command(e));
	return true;
}

void eval_remedy_vmd(struct eval *e, const struct device *vmd, const struct device *dev)
{
	const char *name = vmd ? vmd->name : "the VMD controller in front of it";

	eval_remedy(e,
		    "%s exists only while %s is on vmd: pass through %s with all devices behind it, or turn off VMD in the firmware setup",
		    dev->name, name, vmd ? name : "that controller");
}

/* The VMD that has a device without a group behind it, where only one could: kernels before 5.6 give such
 * devices no group. linux: drivers/iommu/intel/iommu.c: device_to_iommu(). */
static const struct device *only_vmd(const struct host *h)
{
	const struct device *found = NULL;

	for (size_t i = 0; i < h->nr_devices; i++) {
		if (!device_is_vmd(h->devices[i]))
			continue;
		if (found)
			return NULL;
		found = h->devices[i];
	}
	return found;
}

void eval_remedy_no_group(struct eval *e)
{
	const struct firmware *fw = &e->host->firmware;

	const char *value = NULL;

	/* linux: drivers/iommu/intel/iommu.c: init_no_remapping_devices(). */
	if (e->host->nr_iommus && e->dev->class_code >> 16 == 3 &&
	    eval_cmdline(e, "intel_iommu", &value) && strstr(value, "igfx_off")) {
		eval_remedy(e, "boot without igfx_off in intel_iommu=");
		return;
	}
	if (device_is_behind_vmd(e->dev)) {
		eval_remedy_vmd(e, only_vmd(e->host), e->dev);
		return;
	}
	if (e->host->nr_iommus) {
		eval_remedy(e,
			    "no IOMMU of this machine serves %s; look for it in the firmware's tables, or use another slot",
			    e->dev->name);
		return;
	}
	if (fw->has_viot == TRI_YES) {
		remedy_for_viot(e);
		return;
	}
	if (fw->has_dmar == TRI_YES) {
		remedy_for_dmar(e);
		return;
	}
	if (fw->has_ivrs == TRI_YES) {
		eval_remedy(e, "boot without amd_iommu=off and look for AMD-Vi in the kernel log");
		return;
	}
	if (is_guest(e))
		return;
	eval_remedy(e,
		    "enable the IOMMU in the firmware setup (VT-d, AMD-Vi, SMMU) and in the kernel. INSECURE without one: %s lets a device reach all memory",
		    noiommu_command(e));
}
