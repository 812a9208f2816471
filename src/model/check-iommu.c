/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether the host has an IOMMU that is on, and interrupts that are remapped. */
#include <string.h>

#include "model/checks.h"

static bool is_x86(const struct host *h)
{
	return fact_is(&h->kernel.machine) && !strcmp(h->kernel.machine.raw, "x86_64");
}

/* ---- tables of the firmware ---- */

static const char *table_text(const struct firmware *f)
{
	if (f->has_dmar == TRI_YES)
		return "the firmware describes Intel VT-d (table DMAR)";
	if (f->has_ivrs == TRI_YES)
		return "the firmware describes AMD-Vi (table IVRS)";
	if (f->has_iort == TRI_YES)
		return "the firmware describes SMMUs (table IORT)";
	return f->has_viot == TRI_YES ? "the firmware describes a virtio-iommu (table VIOT)" : NULL;
}

static void check_tables(struct check *c)
{
	const struct firmware *f = &c->host->firmware;
	const char *text = table_text(f);

	check_cite(c, &f->tables);
	if (text) {
		check_say(c, CHECK_PASS, "%s", text);
	} else if (c->host->nr_iommus) {
		check_cite(c, &c->host->iommus_list);
		check_say(c, CHECK_PASS, "the kernel has an IOMMU (%s)", c->host->iommus[0]->name);
	} else if (!fact_is(&f->tables)) {
		check_say(c, CHECK_UNKNOWN, "the tables of the firmware could not be read");
	} else if (fact_is(&f->hypervisor)) {
		check_cite(c, &f->hypervisor);
		check_advise(c, ACTION_VM, SCOPE_VM, NULL,
			     "give this virtual machine an IOMMU (QEMU: -device intel-iommu,intremap=on,caching-mode=on)");
		check_say(c, CHECK_FAIL,
			  "this virtual machine has no IOMMU: its firmware describes none");
	} else {
		check_advise(c, ACTION_FIRMWARE, SCOPE_FIRMWARE, NULL,
			     "turn the IOMMU on in the firmware setup (VT-d, AMD-Vi, SVM, SMMU)");
		check_say(c, CHECK_FAIL, "the firmware describes no IOMMU");
	}
}

/* ---- the IOMMU ---- */

static const char *kind_text(const struct iommu_unit *u)
{
	switch (u->kind) {
	case IOMMU_KIND_INTEL:
		return "Intel VT-d";
	case IOMMU_KIND_AMD:
		return "AMD-Vi";
	case IOMMU_KIND_SMMU:
	case IOMMU_KIND_SMMU_V3:
		return "SMMU";
	case IOMMU_KIND_VIRTIO:
		return "virtio-iommu";
	default:
		return "IOMMU";
	}
}

/* Other checks are about modules and drivers. */
static void drop_drivers(struct check_result *r)
{
	size_t nr = 0;

	for (size_t i = 0; i < r->nr_actions; i++)
		if (r->actions[i]->scope >= SCOPE_REBOOT || r->actions[i]->kind == ACTION_PLAN)
			r->actions[nr++] = r->actions[i];
	r->nr_actions = nr;
}

static void check_iommu(struct check *c)
{
	if (!check_prediction(c)) {
		check_say(c, CHECK_UNKNOWN,
			  "no PCI device was found that could be given to a program");
		return;
	}
	check_cite(c, &c->probe->group_link);
	if (c->probe->group && c->probe->iommu) {
		check_cite(c, &c->probe->iommu_link);
		check_say(c, CHECK_PASS, "the IOMMU is on: %s %s serves %s",
			  kind_text(c->probe->iommu), c->probe->iommu->name, c->probe->name);
		return;
	}
	if (c->probe->group && fact_is(&c->probe->group->name)) {
		check_cite(c, &c->probe->group->name);
		check_say(c, CHECK_WARN,
			  "there is no IOMMU: %s is in no-IOMMU mode, and its user can reach all memory",
			  c->probe->name);
		return;
	}
	if (c->probe->group) {
		check_say(c, CHECK_PASS, "the IOMMU is on: %s is in group %u", c->probe->name,
			  c->probe->group->id);
		return;
	}
	check_plan(c, &c->probe, 1);
	drop_drivers(&c->next);
	if (c->probe->group_link.state != FACT_ABSENT)
		check_say(c, CHECK_UNKNOWN, "cannot tell whether %s has an IOMMU group",
			  c->probe->name);
	else
		check_say(c, CHECK_FAIL, "the IOMMU is not in use: %s has no IOMMU group",
			  c->probe->name);
}

/* ---- interrupts ---- */

/* The rule that decides is asked for the device as it would be bound. */
static const struct path_prediction *refused_for_interrupts(const struct prediction *p)
{
	for (unsigned int k = 0; k < NR_PATHS; k++) {
		const struct path_prediction *path = &p->paths[VIEW_IF_BOUND][k];

		if (path->offered && path->why &&
		    (!strcmp(path->why->rule->id, "isolated-msi") ||
		     !strcmp(path->why->rule->id, "interrupt-remapping")))
			return path;
	}
	return NULL;
}

static void check_interrupts(struct check *c)
{
	const struct prediction *p = check_prediction(c);
	const struct capability_answer *cap;
	const struct path_prediction *refused;

	if (!p || !c->probe->group) {
		check_say(c, CHECK_UNKNOWN,
			  "cannot tell whether interrupts are remapped while no device has an IOMMU group");
		return;
	}
	cap = &p->capabilities.isolated_msi;
	if (cap->answer == ANSWER_UNKNOWN)
		cap = &p->capabilities.interrupt_remapping;
	for (size_t i = 0; i < cap->nr_evidence; i++)
		check_cite(c, cap->evidence[i]);
	refused = refused_for_interrupts(p);
	if (cap->answer == ANSWER_YES) {
		check_say(c, CHECK_PASS, "interrupts are remapped: %s", cap->because);
	} else if (cap->answer == ANSWER_UNKNOWN) {
		check_say(c, CHECK_UNKNOWN, "cannot tell whether interrupts are remapped: %s",
			  cap->because ? cap->because : "nothing shows it");
	} else if (refused && refused->answer == ANSWER_NO) {
		check_plan(c, &c->probe, 1);
		check_say(c, CHECK_FAIL, "interrupts are not remapped: %s", refused->because);
	} else {
		check_say(c, CHECK_WARN,
			  "interrupts are not remapped, and the kernel accepts that here: %s",
			  cap->because);
	}
}

/* A machine whose firmware has the table of one vendor's IOMMU only: options of the other do nothing, whatever processor
 * a hypervisor shows. linux: drivers/iommu/intel/iommu.c: intel_iommu_setup(); drivers/iommu/amd/init.c:
 * parse_amd_iommu_options(). */
static void check_options(struct check *c)
{
	const struct firmware *f = &c->host->firmware;
	const struct {
		const char *key, *name;
		enum tristate own, other;
	} options[] = {
		{ "intel_iommu", "VT-d", f->has_dmar, f->has_ivrs },
		{ "amd_iommu", "AMD-Vi", f->has_ivrs, f->has_dmar },
	};
	const struct host *h = c->host;

	if (!is_x86(h) || !fact_is(&h->kernel.cmdline))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		const char *value = kernel_cmdline(&h->kernel, c->arena, options[i].key);
		const char *option;

		if (!value || options[i].own != TRI_NO || options[i].other != TRI_YES)
			continue;
		option = *value ? arena_join(c->arena, options[i].key, "=", value, NULL)
				: options[i].key;
		check_cite(c, &h->kernel.cmdline);
		check_cite(c, &f->tables);
		check_boot(c, NULL, option, "boot without %s", option);
		check_say(c, CHECK_WARN, "%s has no effect: it is for %s, and this host has %s",
			  option, options[i].name, options[!i].name);
	}
}

static const struct check_row rows[] = {
	{ "firmware-tables", "whether the firmware describes an IOMMU", check_tables },
	{ "iommu", "whether the IOMMU is in use", check_iommu },
	{ "interrupt-remapping", "whether interrupts of devices are isolated", check_interrupts },
	{ "iommu-options", "options of another processor's IOMMU", check_options },
};

const struct check_table checks_iommu = CHECK_TABLE(rows);
