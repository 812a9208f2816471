/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What rules propose: the actions that several topics share. */
#include <stdarg.h>
#include <string.h>

#include "base/parse.h"
#include "base/shell.h"
#include "base/strbuf.h"
#include "model/eval.h"

void eval_propose(struct eval *e, const struct action *action)
{
	if (e->silent || e->nr_actions == EVAL_ACTIONS_MAX)
		return;
	e->actions[e->nr_actions++] = arena_memdup(e->arena, action, sizeof(*action));
}

vt_printf(4, 0) static void advise(struct eval *e, enum action_kind kind, enum action_scope scope,
				   const char *fmt, va_list ap)
{
	struct action action = { .kind = kind, .scope = scope };

	if (e->silent)
		return;
	action.what = arena_vprintf(e->arena, fmt, ap);
	eval_propose(e, &action);
}

void eval_remedy(struct eval *e, const char *fmt, ...)
{
	va_list ap;

	e->nr_actions = 0;
	va_start(ap, fmt);
	advise(e, ACTION_OTHER, SCOPE_NOW, fmt, ap);
	va_end(ap);
}

void eval_advise(struct eval *e, enum action_kind kind, enum action_scope scope, const char *fmt,
		 ...)
{
	va_list ap;

	va_start(ap, fmt);
	advise(e, kind, scope, fmt, ap);
	va_end(ap);
}

/* ---- modules and their parameters ---- */

static bool is_left_out(struct eval *e, const char *option)
{
	const char *built = eval_config(e, option);

	return built && *built == 'n';
}

/* Whether modprobe loads type1 after vfio: a soft dependency. */
static bool loads_type1(const struct module *vfio)
{
	const char *soft =
		fact_is(&vfio->kmod) && vfio->kmod.raw ? strstr(vfio->kmod.raw, "softdep=") : NULL;

	return soft && strstr(soft, module_name(MODULE_VFIO_IOMMU_TYPE1));
}

static bool is_of_vfio(enum module_id id)
{
	return id != MODULE_IRQBYPASS && id != MODULE_IOMMUFD && id != MODULE_VIRTIO_IOMMU &&
	       id != MODULE_MDEV;
}

static bool needs_iommufd(const struct module *vfio)
{
	for (size_t i = 0; i < vfio->nr_imports; i++)
		if (!strncmp(vfio->imports[i], "iommufd_", 8))
			return true;
	return false;
}

static bool is_loadable(struct eval *e, enum module_id id)
{
	struct eval now = *e;

	now.view = VIEW_NOW;
	return eval_module(&now, id) == MODULE_STATE_LOADABLE;
}

void eval_add_loaded(struct eval *e, enum module_id id, struct action *action)
{
	const struct module *vfio = &e->host->modules[MODULE_VFIO];
	const enum module_id with[] = {
		id,          MODULE_VFIO_PCI_CORE,    MODULE_IRQBYPASS, MODULE_VFIO_VIRQFD,
		MODULE_VFIO, MODULE_VFIO_IOMMU_TYPE1, MODULE_IOMMUFD
	};
	const bool interrupts = id == MODULE_VFIO_PCI || id == MODULE_VFIO_PCI_CORE;

	for (size_t i = 0; i < ARRAY_SIZE(with); i++) {
		bool same = i && with[i] == id;
		bool needed =
			with[i] == id ||
			(with[i] == MODULE_VFIO_PCI_CORE ? id == MODULE_VFIO_PCI
			 : with[i] == MODULE_IRQBYPASS || with[i] == MODULE_VFIO_VIRQFD ? interrupts
			 : with[i] == MODULE_VFIO    ? is_of_vfio(id)
			 : with[i] == MODULE_IOMMUFD ? is_of_vfio(id) && needs_iommufd(vfio)
						     : is_of_vfio(id) && loads_type1(vfio));

		if (needed && !same && (with[i] == id || is_loadable(e, with[i])))
			action_add_effect(action, NULL, module_key(with[i]), "loaded");
	}
}

static bool is_loaded_by(const struct action *action, enum module_id id)
{
	for (size_t i = 0; i < action->nr_overlay; i++)
		if (!strcmp(action->overlay[i].key, module_key(id)))
			return true;
	return false;
}

const char *eval_unload(struct eval *e, const struct action *action)
{
	struct strbuf ret = { .arena = e->arena };

	/* What depends on others goes first; these go with the last that needs them. */
	for (unsigned int i = NR_MODULES; i-- > 0;) {
		enum module_id id = (enum module_id)i;

		if (!is_loaded_by(action, id) || id == MODULE_VFIO_PCI_CORE ||
		    (id == MODULE_VFIO && action->nr_overlay > 1 && ret.len) ||
		    (id == MODULE_IOMMUFD && is_loaded_by(action, MODULE_VFIO)))
			continue;
		strbuf_printf(&ret, " %s", module_name(id));
	}
	return eval_text(e, "modprobe -r%s", strbuf_get(&ret));
}

void eval_propose_load(struct eval *e, enum module_id id, const char *options)
{
	const char *name = module_name(id);
	struct action action = { .kind = ACTION_LOAD, .target = name };

	if (e->silent)
		return;
	action.what = eval_text(e, "load module %s", name);
	action.command = eval_text(e, "modprobe %s%s", options, name);
	eval_add_loaded(e, id, &action);
	action.undo = eval_unload(e, &action);
	eval_propose(e, &action);
}

void eval_propose_install(struct eval *e, enum module_id id)
{
	const char *name = module_name(id);
	struct action action = { .kind = ACTION_INSTALL, .target = name };

	if (e->silent)
		return;
	action.what = eval_text(e, "install the kernel package that holds module %s", name);
	action_add_effect(&action, NULL, module_key(id), "loadable");
	eval_propose(e, &action);
}

/* Whether module @id is there before this step of the kernel: what BIND asks is asked of the module as it is. */
static enum module_state state_before(struct eval *e, enum module_id id)
{
	struct eval now = *e;

	if (e->site && e->site->op == OP_BIND)
		now.view = VIEW_NOW;
	return eval_module(&now, id);
}

/* What the parameter is now, for the way back. */
static const char *value_now(const struct eval *e, enum param_id id, const char *fallback)
{
	const struct fact *value = &e->host->params[id].value;

	return fact_is(value) && value->raw && value->len ? value->raw : fallback;
}

/* A device that is on the driver, and that nothing gives to it again as it comes back. */
static void add_lost(struct eval *e, enum module_id id, struct action *action)
{
	const struct driver_row *row = driver_of_bus(e->dev->bus);
	const char *only = device_override(e->dev);

	if (row && row->module == id && eval_bound_now(e) &&
	    (!only || strcmp(only, row->name) != 0))
		action_add_effect(action, e->dev->name, "driver", "none");
}

/* Whether loading the module again takes no other device from its driver. */
static bool is_alone_on(struct eval *e, enum module_id id)
{
	const struct fact *dir = &e->host->modules[id].driver_dir;
	struct span rest = { dir->raw, fact_is(dir) ? dir->len : 0 }, line;

	eval_cite(e, dir);
	if (!fact_is(dir))
		return false;
	while (parse_line(&rest, &line))
		if (memchr(line.s, ':', line.len) && !span_equals(line, e->dev->name))
			return false;
	return true;
}

/* From the next boot on: the module has other devices, or may. */
static void set_at_boot(struct eval *e, struct action *action, const char *name, const char *number)
{
	action->kind = ACTION_MODULE_OPTION;
	action->scope = SCOPE_REBOOT;
	action->what = eval_text(e, "%s, from the next boot on (options %s %s=%s in modprobe.d)",
				 action->what, action->target, name, number);
	action->file = eval_text(e, "/etc/modprobe.d/vfiotool-%s.conf", action->target);
	action->line = eval_text(e, "options %s %s=%s", action->target, name, number);
}

void eval_propose_param(struct eval *e, enum param_id id, const char *value, const char *what,
			const char *weakens, bool insecure)
{
	const struct param_row *row = param_get(id);
	const char *module = module_name(row->module), *name = row->name, *number = value;
	struct action action = {
		.kind = ACTION_PARAMETER,
		.target = module,
		.what = what,
		.weakens = weakens,
		.insecure = insecure,
	};
	enum module_state state;

	if (e->silent)
		return;
	state = state_before(e, row->module);
	if (!strcmp(value, "Y") || !strcmp(value, "N"))
		number = *value == 'Y' ? "1" : "0";
	if (row->key)
		action_add_effect(&action, NULL, row->key, number);
	if (row->writable && (state == MODULE_STATE_LOADED || state == MODULE_STATE_BUILTIN)) {
		const char *old = value_now(e, id, *value == 'Y' ? "N" : "Y");
		const char *path = eval_text(e, "/sys/module/%s/parameters/%s", module, name);

		action.command = eval_text(e, "echo %s > %s", value, path);
		action.undo = eval_text(e, "echo %s > %s", shell_word(e->arena, old), path);
	} else if (state == MODULE_STATE_BUILTIN) {
		action.kind = ACTION_BOOT_OPTION;
		action.scope = SCOPE_REBOOT;
		action.add = eval_text(e, "%s.%s=%s", module, name, number);
	} else if (state == MODULE_STATE_LOADED && !is_alone_on(e, row->module)) {
		set_at_boot(e, &action, name, number);
	} else if (state == MODULE_STATE_LOADED) {
		action.scope = SCOPE_MODULE;
		action.command = eval_text(e, "modprobe -r %s && modprobe %s %s=%s", module, module,
					   name, number);
		action.undo = eval_text(e, "modprobe -r %s && modprobe %s", module, module);
		add_lost(e, row->module, &action);
	} else {
		action.command = eval_text(e, "modprobe %s %s=%s", module, name, number);
		eval_add_loaded(e, row->module, &action);
		action.undo = eval_unload(e, &action);
	}
	eval_propose(e, &action);
}

/* ---- boot options ---- */

void eval_propose_boot(struct eval *e, const char *what, const char *add, const char *remove,
		       const struct action_effect *overlay, size_t nr)
{
	struct action action = {
		.kind = ACTION_BOOT_OPTION,
		.scope = SCOPE_REBOOT,
		.target = add ? add : remove,
		.what = what,
		.add = add,
		.remove = remove,
		.blind = true,
	};

	for (size_t i = 0; i < nr; i++)
		action_add_effect(&action, overlay[i].target, overlay[i].key, overlay[i].value);
	eval_propose(e, &action);
}

/* What is hoped for of an IOMMU that is turned on: a group, which others may share. */
#define WITH_IOMMU(name)                                                  \
	{ (name), EVAL_KEY_GROUP, "1" }, { (name), "isolated_msi", "1" }, \
		{ (name), "interrupt_remapping", "1" },                   \
	{                                                                 \
		(name), "cache_coherency", "1"                            \
	}

static void boot_with(struct eval *e, const char *what, const char *add, const char *remove)
{
	const struct action_effect with[] = { WITH_IOMMU(e->dev->name) };

	eval_propose_boot(e, what, add, remove, with, ARRAY_SIZE(with));
}

/* Something else than a boot option that gives the device an IOMMU. */
static void propose_iommu(struct eval *e, enum action_kind kind, enum action_scope scope,
			  const char *what, const char *command)
{
	const struct action_effect with[] = { WITH_IOMMU(e->dev->name) };
	struct action action = {
		.kind = kind, .scope = scope, .what = what, .command = command, .blind = true
	};

	for (size_t i = 0; i < ARRAY_SIZE(with); i++)
		action_add_effect(&action, with[i].target, with[i].key, with[i].value);
	eval_propose(e, &action);
}

static void other_kernel(struct eval *e, const char *option, const char *what)
{
	propose_iommu(e, ACTION_INSTALL, SCOPE_REBOOT,
		      eval_text(e, "boot a kernel with %s%s: this one does not have it", option,
				what),
		      NULL);
}

/* ---- no group ---- */

static void propose_for_viot(struct eval *e)
{
	if (is_left_out(e, "CONFIG_VIRTIO_IOMMU") ||
	    eval_module(e, MODULE_VIRTIO_IOMMU) == MODULE_STATE_ABSENT)
		other_kernel(e, "CONFIG_VIRTIO_IOMMU", "");
	else
		propose_iommu(e, ACTION_LOAD, SCOPE_NOW, "load virtio_iommu before VFIO",
			      "modprobe virtio_iommu");
}

/* Whether the command line turns every IOMMU off; *@ret_word is what does. */
static bool is_turned_off(struct eval *e, const char *own_key, const char **ret_word)
{
	const char *value = NULL;

	if (eval_cmdline(e, "iommu", &value) && !strcmp(value, "off"))
		*ret_word = "iommu=off";
	else if (eval_cmdline(e, own_key, &value) && !strcmp(value, "off"))
		*ret_word = eval_text(e, "%s=off", own_key);
	else
		return false;
	eval_cite(e, &e->host->kernel.cmdline);
	return true;
}

/* The firmware describes a VT-d and the kernel uses none. linux: drivers/iommu/intel/iommu.c:
 * intel_iommu_setup(); drivers/iommu/intel/dmar.c: detect_intel_iommu(). */
static void propose_for_dmar(struct eval *e)
{
	const char *value = NULL, *off = NULL;
	bool asked = eval_cmdline(e, "intel_iommu", &value) &&
		     (strncmp(value, "on", 2) == 0 || strstr(value, ",on"));

	if (is_left_out(e, "CONFIG_INTEL_IOMMU"))
		other_kernel(e, "CONFIG_INTEL_IOMMU", ", the driver for VT-d");
	else if (is_turned_off(e, "intel_iommu", &off))
		boot_with(e, eval_text(e, "boot without %s and with intel_iommu=on", off),
			  "intel_iommu=on", off);
	else if (asked)
		eval_advise(e, ACTION_OTHER, SCOPE_NOW,
			    "VT-d did not start although intel_iommu=on is set: look for DMAR in the kernel log");
	else
		boot_with(e, "boot with intel_iommu=on", "intel_iommu=on", NULL);
}

/* linux: drivers/iommu/amd/init.c: parse_amd_iommu_options(), amd_iommu_detect(). */
static void propose_for_ivrs(struct eval *e)
{
	const char *off = NULL;

	if (is_left_out(e, "CONFIG_AMD_IOMMU"))
		other_kernel(e, "CONFIG_AMD_IOMMU", ", the driver for AMD-Vi");
	else if (is_turned_off(e, "amd_iommu", &off))
		boot_with(e, eval_text(e, "boot without %s", off), NULL, off);
	else
		eval_advise(e, ACTION_OTHER, SCOPE_NOW,
			    "AMD-Vi did not start although the firmware describes it: look for AMD-Vi in the kernel log");
}

/* The device without an IOMMU reaches all memory. */
static void propose_noiommu(struct eval *e)
{
	static const char weakens[] = "the device can then read and write all memory";

	if (eval_param(e, PARAM_VFIO_NOIOMMU) == TRI_YES)
		return;
	if (is_left_out(e, "CONFIG_VFIO_NOIOMMU"))
		eval_advise(e, ACTION_OTHER, SCOPE_REBOOT,
			    "INSECURE: boot a kernel with CONFIG_VFIO_NOIOMMU and vfio.enable_unsafe_noiommu_mode=1; %s",
			    weakens);
	else
		eval_propose_param(e, PARAM_VFIO_NOIOMMU, "Y", "use the device without an IOMMU",
				   weakens, true);
}

static bool is_amd(struct eval *e)
{
	const struct fact *vendor = &e->host->firmware.cpu_vendor;

	eval_cite(e, vendor);
	return fact_is(vendor) && vendor->raw && !strcmp(vendor->raw, "AuthenticAMD");
}

/* QEMU's option for an IOMMU that the guest's processor goes with; its machines have no southbridge of AMD. */
static const char *qemu_iommu(struct eval *e)
{
	if (eval_machine(e) == MACHINE_ARM)
		return "-machine virt,iommu=smmuv3";
	return is_amd(e) && trait_lacks(e, TRAIT_AMD_SOUTHBRIDGE)
		       ? "-device amd-iommu,intremap=on"
		       : "-machine q35,kernel-irqchip=split -device intel-iommu,intremap=on";
}

/* Whether this is a guest, which has no firmware setup; proposes then. */
static bool propose_for_guest(struct eval *e)
{
	const struct fact *hv = &e->host->firmware.hypervisor;

	if (!fact_is(hv) || !hv->raw)
		return false;
	eval_cite(e, hv);
	if (!strcmp(hv->raw, "xen")) {
		eval_advise(e, ACTION_OTHER, SCOPE_REBOOT,
			    "Xen controls the IOMMU: use xl pci-assignable-add, or boot this kernel without Xen");
		return true;
	}
	if (!strcmp(hv->raw, "qemu") || !strcmp(hv->raw, "kvm") ||
	    !strcmp(hv->raw, HYPERVISOR_UNNAMED))
		propose_iommu(e, ACTION_VM, SCOPE_VM,
			      eval_text(e,
					"give this virtual machine (%s) a virtual IOMMU (QEMU: %s)",
					hv->raw, qemu_iommu(e)),
			      NULL);
	else if (!strcmp(hv->raw, "amazon"))
		eval_advise(e, ACTION_HARDWARE, SCOPE_HARDWARE,
			    "use a bare-metal instance type (.metal): virtual machines of this cloud have no IOMMU");
	else
		eval_advise(e, ACTION_VM, SCOPE_VM,
			    "give this virtual machine (%s) a virtual IOMMU, if its hypervisor has one",
			    hv->raw);
	propose_noiommu(e);
	return true;
}

/* The firmware describes no IOMMU, or its tables could not be listed. */
static void propose_firmware(struct eval *e)
{
	bool arm = eval_machine(e) == MACHINE_ARM;
	const char *name = arm ? "SMMU" : is_amd(e) ? "AMD-Vi" : "VT-d or AMD-Vi", *value = NULL;
	const char *built = eval_config(e, "CONFIG_INTEL_IOMMU_DEFAULT_ON");
	const struct fact *vendor = &e->host->firmware.cpu_vendor;
	bool intel = fact_is(vendor) && vendor->raw && !strcmp(vendor->raw, "GenuineIntel");

	if (intel)
		name = "VT-d";
	if (intel && !(built && *built == 'y') &&
	    !(eval_cmdline(e, "intel_iommu", &value) && strstr(value, "on"))) {
		struct action action = { .kind = ACTION_FIRMWARE,
					 .scope = SCOPE_FIRMWARE,
					 .target = name,
					 .what = "turn VT-d on in the firmware setup",
					 .blind = true };

		action_add_effect(&action, NULL, EVAL_KEY_FIRMWARE, "1");
		eval_propose(e, &action);
	} else {
		propose_iommu(e, ACTION_FIRMWARE, SCOPE_FIRMWARE,
			      eval_text(e, "turn the IOMMU (%s) on in the firmware setup", name),
			      NULL);
	}
	propose_noiommu(e);
}

void eval_propose_vmd(struct eval *e, const struct device *vmd, const struct device *dev)
{
	struct action whole = { .kind = ACTION_OTHER, .target = vmd ? vmd->name : NULL };
	const char *name = vmd ? vmd->name : "the VMD controller in front of it";

	if (e->silent)
		return;
	whole.what =
		eval_text(e,
			  "%s exists only while %s is on vmd: pass through %s with all devices behind it",
			  dev->name, name, vmd ? name : "that controller");
	if (vmd)
		whole.command = eval_text(e, "vfiotool plan %s", eval_target(e, vmd));
	eval_propose(e, &whole);
	eval_advise(e, ACTION_FIRMWARE, SCOPE_FIRMWARE, "turn off VMD in the firmware setup");
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

/* The IOMMUs of the host serve others. */
static void propose_where_unserved(struct eval *e)
{
	eval_advise(e, ACTION_HARDWARE, SCOPE_HARDWARE,
		    "no IOMMU of this machine serves %s; look for it in the firmware's tables, or use another slot",
		    e->dev->name);
}

void eval_propose_group(struct eval *e)
{
	const struct firmware *fw = &e->host->firmware;
	const char *value = NULL;

	if (e->silent)
		return;
	if (e->path == PATH_NOIOMMU)
		propose_noiommu(e);
	/* linux: drivers/iommu/intel/iommu.c: init_no_remapping_devices(). */
	else if (e->host->nr_iommus && e->dev->class_code >> 16 == 3 &&
		 eval_cmdline(e, "intel_iommu", &value) && strstr(value, "igfx_off"))
		boot_with(e, "boot without igfx_off in intel_iommu=", "intel_iommu=on",
			  eval_text(e, "intel_iommu=%s", value));
	else if (device_is_behind_vmd(e->dev))
		eval_propose_vmd(e, only_vmd(e->host), e->dev);
	else if (e->host->nr_iommus)
		propose_where_unserved(e);
	else if (fw->has_viot == TRI_YES)
		propose_for_viot(e);
	else if (fw->has_dmar == TRI_YES ||
		 eval_assumed_bool(e, NULL, EVAL_KEY_FIRMWARE) == TRI_YES)
		propose_for_dmar(e);
	else if (fw->has_ivrs == TRI_YES)
		propose_for_ivrs(e);
	else if (!propose_for_guest(e))
		propose_firmware(e);
}

/* What @from proposed about a member is proposed here, too. */
void eval_propose_again(struct eval *e, const struct eval *from)
{
	for (size_t i = 0; i < from->nr_actions; i++)
		eval_propose(e, from->actions[i]);
}
