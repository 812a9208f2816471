/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why a group is not handed to a user: its interrupts are not isolated. */
#include <errno.h>
#include <string.h>

#include "model/rules.h"

/* Which module's allow_unsafe_interrupts counts. */
static bool asks_iommufd(struct eval *e)
{
	return e->path == PATH_IOMMUFD || e->path == PATH_COMPAT ||
	       eval_container_provider(e) == PROVIDER_IOMMUFD;
}

static enum param_id unsafe_param(struct eval *e)
{
	return asks_iommufd(e) ? PARAM_IOMMUFD_ALLOW_UNSAFE_INTERRUPTS
			       : PARAM_TYPE1_ALLOW_UNSAFE_INTERRUPTS;
}

static const struct action_effect with_remapping[] = {
	{ NULL, "isolated_msi", "1" },
	{ NULL, "interrupt_remapping", "1" },
};

static const char *qemu_remapping(struct eval *e)
{
	return eval_iommu_kind(e, e->dev) == IOMMU_KIND_AMD && trait_lacks(e, TRAIT_AMD_SOUTHBRIDGE)
		       ? "-device amd-iommu,intremap=on"
		       : "-machine kernel-irqchip=split -device intel-iommu,intremap=on";
}

static void propose_remapping(struct eval *e)
{
	const struct fact *hv = &e->host->firmware.hypervisor;
	struct action action = { .kind = ACTION_FIRMWARE, .scope = SCOPE_FIRMWARE };

	if (eval_iommu_kind(e, e->dev) == IOMMU_KIND_VIRTIO) {
		action.kind = ACTION_VM;
		action.scope = SCOPE_VM;
		action.what =
			"give the virtual machine an IOMMU with interrupt remapping in place of virtio-iommu (QEMU: -machine kernel-irqchip=split -device intel-iommu,intremap=on)";
	} else if (fact_is(hv) && hv->raw &&
		   (!strcmp(hv->raw, "qemu") || !strcmp(hv->raw, HYPERVISOR_UNNAMED))) {
		action.kind = ACTION_VM;
		action.scope = SCOPE_VM;
		action.what =
			eval_text(e,
				  "give the virtual machine's IOMMU interrupt remapping (QEMU: %s)",
				  qemu_remapping(e));
	} else {
		action.what =
			"enable interrupt remapping in the firmware setup (x2APIC, VT-d or AMD-Vi interrupt remapping)";
	}
	for (size_t i = 0; i < ARRAY_SIZE(with_remapping); i++)
		action_add_effect(&action, NULL, with_remapping[i].key, with_remapping[i].value);
	eval_propose(e, &action);
}

static void propose_for_interrupts(struct eval *e)
{
	const char *value = NULL;

	if (eval_cmdline(e, "intremap", &value) && strstr(value, "off"))
		eval_propose_boot(e, "boot without intremap=off", NULL,
				  eval_text(e, "intremap=%s", value), with_remapping,
				  ARRAY_SIZE(with_remapping));
	else if (eval_cmdline(e, "nointremap", NULL))
		eval_propose_boot(e, "boot without nointremap", NULL, "nointremap", with_remapping,
				  ARRAY_SIZE(with_remapping));
	else if (eval_machine(e) != MACHINE_X86)
		eval_advise(e, ACTION_HARDWARE, SCOPE_HARDWARE,
			    "no setting helps: the device needs an MSI controller that isolates (GICv3 ITS)");
	else
		propose_remapping(e);
	eval_propose_param(e, unsafe_param(e), "Y", "allow interrupts that are not isolated",
			   "the user of the device can then inject any interrupt into the host",
			   true);
}

/* Whether the question is settled by the parameter; answers then. */
static bool unsafe_is_allowed(struct eval *e)
{
	if (eval_param(e, unsafe_param(e)) != TRI_YES)
		return false;
	eval_passes(e, "%s.allow_unsafe_interrupts is set",
		    asks_iommufd(e) ? "iommufd" : "vfio_iommu_type1");
	return true;
}

static void interrupts_refuse(struct eval *e, enum tristate isolated, const char *why)
{
	if (isolated == TRI_YES) {
		eval_passes(e, "%s has isolated interrupts: %s", e->dev->name, why);
		return;
	}
	if (isolated == TRI_UNKNOWN)
		eval_unknown(e, "cannot tell whether %s has isolated interrupts: %s", e->dev->name,
			     why);
	else if (eval_param(e, unsafe_param(e)) == TRI_UNKNOWN)
		eval_unknown(e,
			     "the interrupts of %s are not isolated (%s), and the parameter allow_unsafe_interrupts could not be read",
			     e->dev->name, why);
	else
		eval_refuses(e, "the interrupts of %s are not isolated: %s", e->dev->name, why);
	propose_for_interrupts(e);
}

static const struct rule_site interrupt_remapping_bus_sites[] = {
	{ UNTIL(DEVICE_CAPABLE), C, OP_SET_IOMMU, EPERM, 60,
	  "drivers/vfio/vfio_iommu_type1.c: vfio_iommu_type1_attach_group(), iommu_capable()" },
};

/* linux: vfio_iommu_type1_attach_group(), to 5.19: irq_domain_check_msi_remap() or
 * iommu_capable(bus, IOMMU_CAP_INTR_REMAP). */
static void rule_interrupt_remapping_bus(struct eval *e)
{
	const char *everywhere_why = "", *bus_why = "";

	if (!rule_has_real_group(e) || unsafe_is_allowed(e))
		return;
	enum tristate bus = eval_interrupt_remapping_bus(e, &bus_why);
	if (bus == TRI_YES) {
		interrupts_refuse(e, bus, bus_why);
		return;
	}
	enum tristate everywhere = eval_msi_remapped_everywhere(e, &everywhere_why);
	if (everywhere == TRI_NO)
		interrupts_refuse(e, bus, bus_why);
	else
		interrupts_refuse(e, everywhere, everywhere_why);
}

static const struct rule_site interrupt_remapping_sites[] = {
	{ SPAN(DEVICE_CAPABLE, ISOLATED_MSI), C, OP_SET_IOMMU, EPERM, 60,
	  "drivers/vfio/vfio_iommu_type1.c: vfio_iommu_device_capable()" },
	{ SPAN(IOMMUFD, ISOLATED_MSI), X, OP_GROUP_GET_DEVICE_FD, EPERM, 75,
	  "drivers/iommu/iommufd/device.c: iommufd_device_setup_msi()" },
};

static unsigned int is_remapped(struct eval *e, const struct device *member)
{
	const char *why;

	return eval_interrupt_remapping(e, member, &why);
}

/* linux: vfio_iommu_type1_attach_group(), 6.0 to 6.2: any device of the group answers; iommufd of
 * 6.2 asks the device alone: iommufd/device.c: iommufd_device_setup_msi(). */
static void rule_interrupt_remapping(struct eval *e)
{
	const char *why = "", *said = "";
	bool alone = e->site->op == OP_GROUP_GET_DEVICE_FD;
	struct survey members;

	if (!rule_has_real_group(e) || unsafe_is_allowed(e))
		return;
	enum tristate any = eval_interrupt_remapping(e, e->dev, &said);
	if (any != TRI_YES && !alone) {
		eval_survey(e, is_remapped, &members);
		const struct device *claims = members.first[TRI_YES];
		/* Of those that may claim it the one asked about is named first. */
		if (!claims && any == TRI_NO)
			claims = members.first[TRI_UNKNOWN];
		if (claims)
			any = eval_interrupt_remapping(e, claims, &said);
	}
	if (any == TRI_NO && !alone && !eval_members_complete(e)) {
		any = TRI_UNKNOWN;
		said = "the devices of the group could not be listed";
	}
	if (any != TRI_YES) {
		enum tristate everywhere = eval_msi_remapped_everywhere(e, &why);
		if (everywhere != TRI_NO) {
			any = everywhere;
			said = why;
		}
	}
	interrupts_refuse(e, any, said);
}

static const struct rule_site isolated_msi_sites[] = {
	{ FROM(ISOLATED_MSI), C, OP_SET_IOMMU, EPERM, 60,
	  "drivers/vfio/vfio_iommu_type1.c: iommu_group_has_isolated_msi()" },
	{ FROM(CDEV), I, OP_BIND_IOMMUFD, EPERM, 60,
	  "drivers/iommu/iommufd/device.c: iommufd_device_bind()" },
	{ FROM(ISOLATION_AT_BIND), X, OP_GROUP_GET_DEVICE_FD, EPERM, 60,
	  "drivers/iommu/iommufd/device.c: iommufd_device_bind()" },
	/* After the group was claimed. */
	{ SPAN(ISOLATED_MSI, ISOLATION_AT_BIND), X, OP_GROUP_GET_DEVICE_FD, EPERM, 75,
	  "drivers/iommu/iommufd/device.c: iommufd_device_setup_msi()" },
};

static unsigned int is_isolated(struct eval *e, const struct device *member)
{
	const char *why;

	return eval_isolated_msi(e, member, &why);
}

/* linux: drivers/iommu/iommu.c: iommu_group_has_isolated_msi(), since 6.3: every device. */
static void rule_isolated_msi(struct eval *e)
{
	const struct device *decides;
	const char *said = "";
	struct survey members;

	if (!rule_has_real_group(e) || unsafe_is_allowed(e))
		return;
	eval_survey(e, is_isolated, &members);
	decides = members.first[TRI_NO] ? members.first[TRI_NO] : members.first[TRI_UNKNOWN];
	enum tristate all = eval_isolated_msi(e, decides ? decides : e->dev, &said);
	if (all == TRI_YES && !eval_members_complete(e)) {
		all = TRI_UNKNOWN;
		said = "the devices of the group could not be listed";
	}
	interrupts_refuse(e, all, said);
}

static const struct rule rules[] = {
	{ "interrupt-remapping-bus", "the bus claims no interrupt remapping",
	  SITES(interrupt_remapping_bus_sites), rule_interrupt_remapping_bus,
	  "enable interrupt remapping in firmware and kernel" },
	{ "interrupt-remapping", "no device of the group claims interrupt remapping",
	  SITES(interrupt_remapping_sites), rule_interrupt_remapping,
	  "enable interrupt remapping in firmware and kernel" },
	{ "isolated-msi", "the interrupts of a device of the group are not isolated",
	  SITES(isolated_msi_sites), rule_isolated_msi,
	  "enable interrupt remapping in firmware and kernel" },
};

const struct rule_table rules_interrupts = RULE_TABLE(rules);
