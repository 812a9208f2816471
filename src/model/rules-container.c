/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why an address space cannot be had for a group: no backend, mixed buses, no domain, no addresses,
 * interrupts that are not isolated, limits. */
#include <errno.h>
#include <string.h>

#include "base/parse.h"
#include "model/iova.h"
#include "model/rules.h"

/* Mediated devices and no-IOMMU groups have no domain: type1 asks nothing of them.
 * linux: drivers/vfio/vfio_iommu_type1.c: vfio_iommu_type1_attach_group(). */
static bool has_domain(struct eval *e)
{
	enum group_kind kind = eval_group_kind(e);

	/* Should it turn out to be a group of no-IOMMU mode, the container path has ended before. */
	if (kind == GROUP_REAL || (kind == GROUP_UNKNOWN && e->path != PATH_IOMMUFD))
		return true;
	if (kind == GROUP_UNKNOWN)
		eval_unknown(e, "whether %s gets a domain of its own: its IOMMU group is not known",
			     e->dev->name);
	else
		eval_passes(e, "%s has no domain of its own", e->dev->name);
	return false;
}

/* ---- the backend ---- */

/* linux: drivers/vfio/vfio.c, container.c: vfio_ioctl_set_iommu(). */
void rule_type1_module(struct eval *e)
{
	enum module_state state = eval_module(e, MODULE_VFIO_IOMMU_TYPE1);

	if (e->view == VIEW_IF_BOUND && eval_load_barred(e, MODULE_VFIO_IOMMU_TYPE1))
		return;
	switch (state) {
	case MODULE_STATE_LOADED:
	case MODULE_STATE_BUILTIN:
		eval_passes(e, "vfio_iommu_type1 is there");
		return;
	case MODULE_STATE_LOADABLE:
		eval_refuses(e,
			     "module vfio_iommu_type1 is not loaded; vfio-pci pulls it in only through modprobe's soft dependencies");
		eval_remedy(e, "modprobe vfio_iommu_type1");
		return;
	case MODULE_STATE_ABSENT:
		if (eval_container_provider(e) == PROVIDER_UNKNOWN) {
			eval_unknown(e,
				     "this kernel has no vfio_iommu_type1, and whether iommufd serves /dev/vfio/vfio instead (CONFIG_IOMMUFD_VFIO_CONTAINER) could not be read");
			return;
		}
		if (e->gen < GEN_6_2 && eval_compat_is_built(e)) {
			eval_passes(e,
				    "iommufd stands for type1 here, which a kernel of that age cannot do: it would have type1");
			return;
		}
		eval_refuses(e, "this kernel has no module vfio_iommu_type1");
		eval_remedy(e, "install the kernel package that holds module vfio_iommu_type1");
		return;
	default:
		eval_unknown(e, "whether module vfio_iommu_type1 is there could not be read");
	}
}

/* ---- the type that is asked for ---- */

void rule_container_type(struct eval *e)
{
	enum tristate gone;

	if (e->path == PATH_NOIOMMU) {
		eval_cite(e, &e->host->params[PARAM_VFIO_NOIOMMU].value);
		eval_refuses(e, "a group of no-IOMMU mode takes no type but its own");
		eval_remedy(e, "leave out --type");
		return;
	}
	if (eval_container_type(e) != CONTAINER_NESTING) {
		eval_passes(e, "type1 is there in both versions");
		return;
	}
	if (e->site->paths & (1U << PATH_COMPAT)) {
		eval_cite(e, &e->host->iommu_node.stat);
		eval_refuses(e, "iommufd, which serves the container, has no nesting type");
		eval_remedy(e, "leave out --type=nesting: nested tables are allocated in iommufd");
		return;
	}
	eval_module(e, MODULE_VFIO_IOMMU_TYPE1);
	gone = eval_since_6_13(e);
	if (gone == TRI_YES) {
		eval_refuses(e, "type1 has no nesting type since Linux 6.13");
		eval_remedy(e, "leave out --type=nesting: nested tables are allocated in iommufd");
	} else if (gone == TRI_NO) {
		eval_passes(e, "type1 had the nesting type until Linux 6.12");
	} else {
		eval_unknown(e,
			     "whether type1 still has the nesting type, which went with Linux 6.13, could not be read");
	}
}

/* To 5.13 certain; then the driver lost its check, and in 5.18 the whole of it.
 * linux: drivers/iommu/intel/iommu.c: intel_iommu_domain_set_attr(), nested_mode_support(): every
 * unit is in scalable mode and has nested translation (ecap bit 26). */
static void intel_nesting(struct eval *e)
{
	if (e->gen >= GEN_5_19) {
		eval_refuses(e, "the driver of VT-d has no nesting since Linux 5.18");
		return;
	}
	for (size_t i = 0; i < e->host->nr_iommus && e->gen < GEN_5_14; i++) {
		const struct iommu_unit *unit = e->host->iommus[i];

		if (unit->kind != IOMMU_KIND_INTEL)
			continue;
		eval_cite(e, &unit->ecap_fact);
		if (iova_may_be_scalable(e, unit) && (!unit->has_ecap || (unit->ecap >> 26 & 1)))
			continue;
		e->err = ENODEV;
		eval_refuses(e,
			     "%s is not in scalable mode, or has no nested translation (ecap bit 26)",
			     unit->name);
		return;
	}
	eval_unknown(e,
		     "whether the driver of VT-d accepts nesting: it wants scalable mode and nested translation, and releases of this generation differ");
}

void rule_nesting_driver(struct eval *e)
{
	if (eval_container_type(e) != CONTAINER_NESTING) {
		eval_passes(e, "the nesting type is not asked for");
		return;
	}
	if (!has_domain(e))
		return;
	switch (eval_iommu_kind(e, e->dev)) {
	case IOMMU_KIND_INTEL:
		intel_nesting(e);
		break;
	case IOMMU_KIND_SMMU:
	case IOMMU_KIND_SMMU_V3:
		eval_passes(e, "the driver of SMMUs has the nesting type");
		break;
	case IOMMU_KIND_AMD:
	case IOMMU_KIND_VIRTIO:
	case IOMMU_KIND_S390:
	case IOMMU_KIND_DART:
	case IOMMU_KIND_RISCV:
		eval_refuses(e, "the driver of IOMMU %s has no nesting, only that of SMMUs does",
			     eval_iommu_name(e->dev));
		break;
	default:
		eval_unknown(e, "the driver of IOMMU %s is not one whose answers are known",
			     eval_iommu_name(e->dev));
	}
	if (e->answer != ANSWER_NO)
		eval_remedy(e, "leave out --type=nesting");
}

/* ---- buses and domains ---- */

/* linux: drivers/vfio/vfio_iommu_type1.c: vfio_bus_type(), to 5.19. */
void rule_mixed_bus(struct eval *e)
{
	const struct device *first = eval_get_member(e, 0);

	if (!has_domain(e))
		return;
	for (size_t i = 1; i < eval_nr_members(e); i++) {
		const struct device *member = eval_get_member(e, i);
		if (strcmp(first->bus_name, member->bus_name) == 0)
			continue;
		eval_members_complete(e);
		/* Neither is a PCI device, and one could not be followed to its bus. */
		if (member->bus == BUS_OTHER && first->bus != BUS_PCI &&
		    !strcmp(member->bus_name, "unknown")) {
			eval_unknown(e, "the bus of %s, a member of the group, could not be read",
				     member->name);
			return;
		}
		eval_refuses(e,
			     "%s is on bus %s and %s on bus %s, and this kernel wants one bus in a group",
			     first->name, first->bus_name, member->name, member->bus_name);
		eval_remedy(e, "use a kernel from 6.0 on, which asks devices and not buses");
		return;
	}
	if (eval_members_complete(e))
		eval_passes(e, "all devices of the group are on bus %s", first->bus_name);
	else
		eval_unknown(e, "the devices of the group of %s could not be listed", e->dev->name);
}

/* The domain comes from the device that joined the group first, whichever that is; until 5.19 from
 * the bus. linux: vfio_iommu_type1.c: vfio_iommu_domain_alloc(). */
void rule_domain_alloc(struct eval *e)
{
	size_t with = 0, without = 0, unsure = 0;
	const struct device *lacks = NULL;

	if (!has_domain(e))
		return;
	for (size_t i = 0; i < eval_nr_members(e); i++) {
		const struct device *member = eval_get_member(e, i);
		/* The bus has iommu_ops as soon as one of its devices has an IOMMU. */
		enum tristate has = eval_has_iommu(e, member);
		if (has == TRI_NO && e->gen < GEN_6_11)
			has = eval_bus_has_iommu(e, member);
		if (has == TRI_YES) {
			with++;
		} else if (has == TRI_NO) {
			without++;
			lacks = member;
		} else {
			unsure++;
			lacks = member;
		}
	}
	if (!without && !unsure) {
		eval_passes(e, "an IOMMU gives the group its domain");
	} else if (!with && !unsure) {
		eval_refuses(e,
			     "no device of the group of %s has an IOMMU that could give it a domain",
			     e->dev->name);
		eval_remedy(e, "look in the kernel log why the IOMMU driver gave up on %s",
			    lacks->name);
	} else {
		eval_unknown(e,
			     "whether the device that stands for the group has an IOMMU is not known; %s may have none",
			     lacks->name);
	}
}

/* linux: vfio_iommu_type1.c: vfio_iommu_resv_exclude() makes -EINVAL of an empty list. */
void rule_iova_empty(struct eval *e)
{
	struct iova_prediction iova;

	if (!has_domain(e))
		return;
	if (e->dev->group)
		eval_cite(e, &e->dev->group->reserved_regions);
	iova_predict(e, &iova);
	if (iova.answer == ANSWER_YES ? iova.nr_ranges : iova_lowest_is_free(e)) {
		eval_passes(e, "addresses are left beside the reserved regions");
	} else if (iova.answer == ANSWER_YES) {
		eval_refuses(e, "the reserved regions of the group of %s leave no address to map",
			     e->dev->name);
		eval_remedy(e,
			    "no setting helps: the firmware reserves all that the IOMMU can reach");
	} else {
		eval_unknown(e, "whether an address is left to map: %s", iova.because);
	}
}

/* ---- interrupts ---- */

/* Whose allow_unsafe_interrupts counts. */
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

static const char *remapping_remedy(struct eval *e)
{
	const struct fact *hv = &e->host->firmware.hypervisor;
	const char *value = NULL;

	if (eval_cmdline(e, "intremap", &value) && strstr(value, "off"))
		return "boot without intremap=off";
	if (eval_cmdline(e, "nointremap", NULL))
		return "boot without nointremap";
	if (eval_machine(e) != MACHINE_X86)
		return "no setting gives the device an MSI controller that isolates (GICv3 ITS)";
	if (fact_is(hv) && !strcmp(hv->raw, "qemu"))
		return "give the virtual machine's IOMMU interrupt remapping (QEMU: -machine kernel-irqchip=split -device intel-iommu,intremap=on)";
	return "enable interrupt remapping in the firmware setup (x2APIC, VT-d or AMD-Vi interrupt remapping)";
}

static void remedy_for_interrupts(struct eval *e)
{
	eval_remedy(e,
		    "%s; or accept that the device's user can inject any interrupt into the host: %s",
		    remapping_remedy(e), eval_param_command(e, unsafe_param(e)));
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
		eval_passes(e, "the interrupts of %s are isolated: %s", e->dev->name, why);
		return;
	}
	if (isolated == TRI_UNKNOWN)
		eval_unknown(e, "whether the interrupts of %s are isolated: %s", e->dev->name, why);
	else if (eval_param(e, unsafe_param(e)) == TRI_UNKNOWN)
		eval_unknown(e,
			     "the interrupts of %s are not isolated (%s), and the parameter allow_unsafe_interrupts could not be read",
			     e->dev->name, why);
	else
		eval_refuses(e, "the interrupts of %s are not isolated: %s", e->dev->name, why);
	remedy_for_interrupts(e);
}

/* linux: vfio_iommu_type1_attach_group(), to 5.19: irq_domain_check_msi_remap() or
 * iommu_capable(bus, IOMMU_CAP_INTR_REMAP). */
void rule_interrupt_remapping_bus(struct eval *e)
{
	const char *everywhere_why = "", *bus_why = "";

	if (!has_domain(e) || unsafe_is_allowed(e))
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

/* linux: vfio_iommu_type1_attach_group(), 6.0 to 6.2: any device of the group answers; iommufd of
 * 6.2 asks the device alone: iommufd/device.c: iommufd_device_setup_msi(). */
void rule_interrupt_remapping(struct eval *e)
{
	enum tristate any = TRI_NO;
	const char *why = "", *said = "no device of the group claims interrupt remapping";
	bool alone = e->site->op == OP_GROUP_GET_DEVICE_FD;

	if (!has_domain(e) || unsafe_is_allowed(e))
		return;
	for (size_t i = 0; any != TRI_YES && i < eval_nr_members(e); i++) {
		const struct device *member = eval_get_member(e, i);
		if (alone && member != e->dev)
			continue;
		enum tristate one = eval_interrupt_remapping(e, member, &why);
		/* Of those that may claim it the one asked about is named first. */
		if (one == TRI_YES || any == TRI_NO || (one == TRI_UNKNOWN && member == e->dev))
			said = why;
		if (one != TRI_NO)
			any = one;
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

/* linux: drivers/iommu/iommu.c: iommu_group_has_isolated_msi(), since 6.3: every device. */
void rule_isolated_msi(struct eval *e)
{
	enum tristate all = TRI_YES;
	const char *why = "", *said = "";

	if (!has_domain(e) || unsafe_is_allowed(e))
		return;
	for (size_t i = 0; all != TRI_NO && i < eval_nr_members(e); i++) {
		enum tristate one = eval_isolated_msi(e, eval_get_member(e, i), &why);
		if (one != TRI_YES || all == TRI_YES)
			said = why;
		if (one != TRI_YES)
			all = one;
	}
	if (all == TRI_YES && !eval_members_complete(e)) {
		all = TRI_UNKNOWN;
		said = "the devices of the group could not be listed";
	}
	interrupts_refuse(e, all, said);
}

/* ---- limits ---- */

/* linux: vfio_iommu_type1.c: vfio_dma_do_map(): dma_avail. */
void rule_dma_entry_limit(struct eval *e)
{
	const struct param *p = &e->host->params[PARAM_TYPE1_DMA_ENTRY_LIMIT];
	const struct assumption *as = eval_assumed(e, NULL, "dma_entry_limit");
	uint64_t limit = 65535;

	eval_cite(e, &p->value);
	if (as) {
		if (parse_u64(as->value, 10, &limit) < 0)
			limit = 0;
	} else if (fact_is(&p->value) && p->value.raw && parse_u64(p->value.raw, 10, &limit) < 0) {
		eval_unknown(e, "vfio_iommu_type1.dma_entry_limit is no number: %s", p->value.raw);
		return;
	} else if (!fact_known(&p->value)) {
		eval_unknown(e, "vfio_iommu_type1.dma_entry_limit could not be read");
		return;
	}
	if (limit) {
		eval_passes(e, "a container may hold %llu mappings", (unsigned long long)limit);
		return;
	}
	eval_refuses(e,
		     "vfio_iommu_type1.dma_entry_limit is 0, so a container may hold no mapping");
	eval_remedy(e, "echo 65535 > /sys/module/vfio_iommu_type1/parameters/dma_entry_limit");
}

/* One page must fit. linux: vfio_iommu_type1.c: vfio_lock_acct(); iommufd/pages.c:
 * incr_user_locked_vm(), which counts what all processes of the user have locked. */
/* iommufd charges the user, not the process: linux: drivers/iommu/iommufd/pages.c: incr_user_locked_vm(),
 * struct user_struct locked_vm, which nothing shows. One page more is refused only when the others of the
 * user have used up the limit; who holds iommufd open may have. */
static void user_may_lock(struct eval *e, uint64_t soft)
{
	const struct fact *holders = &e->host->iommu_node.holders;

	eval_cite(e, holders);
	if (fact_is(holders) && holders->len) {
		eval_unknown(e,
			     "the user may lock %llu bytes in all processes together, and process %.*s, which has /dev/iommu open, may have locked them; nothing shows how many",
			     (unsigned long long)soft, (int)strcspn(holders->raw, "\n"),
			     holders->raw);
		eval_remedy(e,
			    "raise the limit (ulimit -l, LimitMEMLOCK=) above all that the user maps");
		return;
	}
	eval_passes(e,
		    "the user may lock %llu bytes in all processes together; what io_uring or perf have locked of them is not visible",
		    (unsigned long long)soft);
}

void rule_memlock(struct eval *e)
{
	const struct caller *caller = &e->host->caller;
	uint64_t soft, locked = fact_is(&caller->memlock_fact) ? caller->memlock_locked : 0;
	uint64_t page = eval_page_size(e);

	if (eval_group_kind(e) == GROUP_EMULATED) {
		eval_passes(e, "mapping pins nothing for a mediated device");
		return;
	}
	enum tristate exempt = eval_caller_has(e, CALLER_CAP_IPC_LOCK);
	if (exempt == TRI_YES) {
		eval_passes(e, "the caller has CAP_IPC_LOCK");
		return;
	}
	if (!eval_memlock(e, &soft)) {
		eval_unknown(e, "the caller's limit of locked memory could not be read");
		return;
	}
	if (e->site->op == OP_IOAS_MAP)
		locked = 0;
	if (e->site->op == OP_IOAS_MAP && soft != UINT64_MAX && soft / page) {
		user_may_lock(e, soft);
		return;
	}
	if (soft == UINT64_MAX || soft / page > locked / page) {
		eval_passes(e, "the caller may lock %llu bytes", (unsigned long long)soft);
		return;
	}
	if (exempt == TRI_UNKNOWN)
		eval_unknown(e,
			     "the caller may lock %llu bytes, and whether it has CAP_IPC_LOCK could not be read",
			     (unsigned long long)soft);
	else
		eval_refuses(e,
			     "the caller may lock %llu bytes and has locked %llu: not one page can be mapped",
			     (unsigned long long)soft, (unsigned long long)locked);
	eval_remedy(e,
		    "raise the limit (ulimit -l, LimitMEMLOCK=) above the size of what is mapped");
}
