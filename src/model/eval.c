/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The questions of rules about devices and groups, and the answers they give. */
#include "model/eval.h"

#include <stdarg.h>
#include <string.h>

void eval_cite(struct eval *e, const struct fact *f)
{
	if (e->silent || !f || !f->path || e->nr_evidence == EVAL_EVIDENCE_MAX)
		return;
	for (size_t i = 0; i < e->nr_evidence; i++)
		if (e->evidence[i] == f)
			return;
	e->evidence[e->nr_evidence++] = f;
}

const char *eval_text(struct eval *e, const char *fmt, ...)
{
	va_list ap;

	if (e->silent)
		return "";
	va_start(ap, fmt);
	const char *text = arena_vprintf(e->arena, fmt, ap);
	va_end(ap);
	return text;
}

vt_printf(3, 0) static void set_ruling(struct eval *e, enum ruling ruling, const char *fmt,
				       va_list ap)
{
	e->ruling = ruling;
	if (e->silent)
		e->because = "";
	if (e->silent || (ruling == RULING_PASSES && e->brief))
		return;
	e->because = arena_vprintf(e->arena, fmt, ap);
}

void eval_refuses(struct eval *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set_ruling(e, RULING_REFUSES, fmt, ap);
	va_end(ap);
}

void eval_passes(struct eval *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set_ruling(e, RULING_PASSES, fmt, ap);
	va_end(ap);
}

void eval_unknown(struct eval *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set_ruling(e, RULING_UNKNOWN, fmt, ap);
	va_end(ap);
}

enum tristate trait_holds(const struct eval *e, enum trait trait)
{
	return kernels_have(e->kernels, e->release, trait);
}

bool trait_lacks(const struct eval *e, enum trait trait)
{
	return trait_holds(e, trait) == TRI_NO;
}

const struct assumption *eval_assumed(struct eval *e, const struct device *dev, const char *key)
{
	if (!e->assumptions || !e->assumptions->nr)
		return NULL;
	const struct assumption *found = assumptions_find(e->assumptions, dev, key);
	if (!found)
		return NULL;
	e->assumed = true;
	eval_cite(e, &found->fact);
	return found;
}

enum tristate eval_assumed_bool(struct eval *e, const struct device *dev, const char *key)
{
	const struct assumption *found = eval_assumed(e, dev, key);

	if (!found)
		return TRI_UNKNOWN;
	return strcmp(found->value, "1") == 0 ? TRI_YES : TRI_NO;
}

bool eval_is_pci(const struct device *dev)
{
	return dev->bus == BUS_PCI;
}

/* ---- groups ---- */

/* The devices behind a VMD go away when it is bound to a VFIO driver.
 * linux: drivers/pci/controller/vmd.c: vmd_remove(). */
static bool stays_in_view(const struct eval *e, const struct device *member)
{
	return !device_carries(e->dev, member) || member->physfn == e->dev;
}

static bool binds_vmd(const struct eval *e)
{
	return e->view == VIEW_IF_BOUND && !e->for_other && device_is_vmd(e->dev);
}

size_t eval_nr_members(const struct eval *e)
{
	const struct group *g = e->dev->group;
	size_t nr = g ? g->nr_members : 0;

	if (binds_vmd(e))
		for (size_t i = 0; g && i < g->nr_members; i++)
			nr -= !stays_in_view(e, g->members[i]);
	return nr ? nr : 1;
}

const struct device *eval_get_member(const struct eval *e, size_t i)
{
	const struct group *g = e->dev->group;

	if (!g || !g->nr_members)
		return e->dev;
	if (binds_vmd(e))
		for (size_t k = 0; k <= i && i < g->nr_members - 1; k++)
			i += !stays_in_view(e, g->members[k]);
	return g->members[i];
}

bool eval_members_complete(struct eval *e)
{
	if (!e->dev->group)
		return true;
	eval_cite(e, &e->dev->group->members_list);
	return fact_is(&e->dev->group->members_list);
}

/* Whether the firmware may put a device without a group behind an IOMMU that takes it when a driver
 * probes it: device tree, IORT or VIOT. linux: of_iommu_configure(), iort_iommu_configure_id(),
 * viot_iommu_configure(), called from the bus's dma_configure(). */
static bool may_get_group_later(struct eval *e, const struct device *dev)
{
	for (size_t i = 0; i < e->host->nr_iommus; i++) {
		const struct iommu_unit *unit = e->host->iommus[i];
		bool served = strcmp(unit->name, dev->name) != 0;
		switch (unit->kind) {
		case IOMMU_KIND_VIRTIO:
			served &= dev->behind_viot != TRI_NO || eval_machine(e) != MACHINE_X86;
			break;
		case IOMMU_KIND_SMMU:
		case IOMMU_KIND_SMMU_V3:
			served = dev->behind_smmu != TRI_NO;
			break;
		case IOMMU_KIND_DART:
		case IOMMU_KIND_RISCV:
			break;
		default:
			served = false;
		}
		if (served) {
			eval_cite(e, &unit->kind_fact);
			return true;
		}
	}
	return false;
}

/* What the bind does with a device that has no group. linux: drivers/vfio/group.c:
 * vfio_group_find_or_alloc(); 5.10: vfio.c: vfio_iommu_group_get() also wants a bus without iommu_ops. */
static enum group_kind group_kind_without(struct eval *e)
{
	const struct assumption *driver = eval_assumed(e, e->dev, "driver");

	if (e->view == VIEW_NOW && !driver)
		return GROUP_NONE;
	enum tristate mode = eval_param(e, PARAM_VFIO_NOIOMMU);
	if (mode == TRI_NO)
		return GROUP_NONE;
	enum tristate bus = trait_holds(e, TRAIT_NOIOMMU_ON_ANY_BUS) == TRI_YES
				    ? TRI_NO
				    : eval_bus_has_iommu(e, e->dev);
	if (bus == TRI_YES)
		return GROUP_NONE;
	return mode == TRI_YES && bus == TRI_NO ? GROUP_NOIOMMU : GROUP_UNKNOWN;
}

/* VFIO's own groups have a name and no IOMMU. linux: drivers/vfio/group.c: vfio_noiommu_group_alloc(). */
static bool is_made_by_vfio(const struct group *g)
{
	return fact_is(&g->name) && g->name.raw && !strcmp(g->name.raw, "vfio-noiommu");
}

/* Whether a plan gives @dev the group of an IOMMU, which it lacks now. */
static bool gets_group(struct eval *e, const struct device *dev)
{
	return (!dev->group || is_made_by_vfio(dev->group)) &&
	       eval_assumed_bool(e, dev, EVAL_KEY_GROUP) == TRI_YES;
}

enum group_kind eval_group_kind(struct eval *e)
{
	const struct device *dev = e->dev;

	if (dev->bus == BUS_MDEV)
		return GROUP_EMULATED;
	eval_cite(e, &dev->group_link);
	if (gets_group(e, dev))
		return GROUP_REAL;
	if (dev->group_link.state == FACT_ABSENT && e->view == VIEW_IF_BOUND) {
		if (eval_coming_iommu(e, dev))
			return GROUP_REAL;
		if (may_get_group_later(e, dev))
			return GROUP_UNKNOWN;
	}
	if (dev->group_link.state == FACT_ABSENT)
		return group_kind_without(e);
	if (!dev->group)
		return GROUP_UNKNOWN;
	if (!fact_known(&dev->group->name) && !fact_is(&dev->iommu_link)) {
		eval_cite(e, &dev->group->name);
		return GROUP_UNKNOWN;
	}
	if (!is_made_by_vfio(dev->group))
		return GROUP_REAL;
	eval_cite(e, &dev->group->name);
	return GROUP_NOIOMMU;
}

enum tristate eval_has_iommu(struct eval *e, const struct device *dev)
{
	if (gets_group(e, dev))
		return TRI_YES;
	eval_cite(e, &dev->iommu_link);
	if (fact_is(&dev->iommu_link) || (e->view == VIEW_IF_BOUND && eval_coming_iommu(e, dev)))
		return TRI_YES;
	if (dev->iommu_link.state != FACT_ABSENT)
		return TRI_UNKNOWN;
	return e->view == VIEW_IF_BOUND && dev->group_link.state == FACT_ABSENT &&
			       may_get_group_later(e, dev)
		       ? TRI_UNKNOWN
		       : TRI_NO;
}

enum iommu_kind eval_iommu_kind(struct eval *e, const struct device *dev)
{
	const struct iommu_unit *unit = dev->iommu;

	if (!unit && e->view == VIEW_IF_BOUND)
		unit = eval_coming_iommu(e, dev);
	if (!unit)
		return IOMMU_KIND_OTHER;
	eval_cite(e, &unit->kind_fact);
	return unit->kind;
}

/* linux: drivers/acpi/viot.c: viot_iommu_configure(), drivers/iommu/of_iommu.c, drivers/acpi/arm64/iort.c, called when a
 * driver probes the device. */
const struct iommu_unit *eval_coming_iommu(struct eval *e, const struct device *dev)
{
	if (dev->group_link.state != FACT_ABSENT)
		return NULL;
	if (dev->coming) {
		eval_cite(e, fact_is(&e->host->firmware.tree) ? &e->host->firmware.tree
							      : &e->host->firmware.iort);
		return dev->coming;
	}
	if (dev->behind_viot != TRI_YES)
		return NULL;
	for (size_t i = 0; i < e->host->nr_iommus; i++) {
		const struct iommu_unit *unit = e->host->iommus[i];
		/* A virtio-iommu on PCI is named after its own function, which it does not serve. */
		if (unit->kind != IOMMU_KIND_VIRTIO || strcmp(unit->name, dev->name) == 0)
			continue;
		eval_cite(e, &e->host->firmware.viot);
		return unit;
	}
	return NULL;
}

const char *eval_iommu_name(const struct device *dev)
{
	return dev->iommu && dev->iommu->name ? dev->iommu->name : "no IOMMU";
}

enum tristate eval_bus_has_iommu(struct eval *e, const struct device *dev)
{
	for (size_t i = 0; i < e->host->nr_devices; i++) {
		const struct device *other = e->host->devices[i];
		if (other->bus == dev->bus && other->iommu) {
			eval_cite(e, &other->iommu_link);
			return TRI_YES;
		}
	}
	eval_cite(e, &e->host->iommus_list);
	if (fact_known(&e->host->iommus_list) && !e->host->nr_iommus)
		return TRI_NO;
	for (size_t i = 0; i < e->host->nr_iommus; i++) {
		const struct iommu_unit *unit = e->host->iommus[i];
		/* These two register for the PCI bus and nothing less. */
		if (dev->bus == BUS_PCI &&
		    (unit->kind == IOMMU_KIND_INTEL || unit->kind == IOMMU_KIND_AMD)) {
			eval_cite(e, &unit->kind_fact);
			return TRI_YES;
		}
	}
	return TRI_UNKNOWN;
}

/* Holders that were not read may still exist. */
const char *eval_unseen_holders(struct eval *e, const struct node *node)
{
	if (!node->path)
		return "its node is unknown";
	if (!fact_is(&node->holders))
		return "the open files of processes were not read";
	return eval_text(e, "%u processes of other users are hidden", node->hidden_processes);
}

enum tristate eval_node_held(struct eval *e, const struct node *node, const char **ret_who)
{
	*ret_who = "a process";
	if (node->stat.state == FACT_ABSENT) {
		eval_cite(e, &node->stat);
		return TRI_NO;
	}
	if (!node->path)
		return TRI_UNKNOWN;
	eval_cite(e, &node->holders);
	if (fact_is(&node->holders) && node->holders.len) {
		size_t line = strcspn(node->holders.raw, "\n");
		*ret_who = eval_text(e, "process %.*s", (int)line, node->holders.raw);
		return TRI_YES;
	}
	/* Even a private node of the caller's own may be open in a process of root. */
	if (fact_is(&node->holders) && !node->hidden_processes)
		return TRI_NO;
	return TRI_UNKNOWN;
}
