/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every fact of a snapshot as text, to hold two snapshots against each other. */
#pragma once

#include <stdio.h>

#include "base/strbuf.h"
#include "facts/host.h"

static inline void dump_fact(struct strbuf *t, const char *name, const struct fact *f)
{
	strbuf_printf(t, "%s %s %d %s ", name, fact_state_name(f->state), f->err,
		      f->path ? f->path : "-");
	for (size_t i = 0; i < f->len; i++)
		strbuf_printf(t, "%02x", (unsigned char)f->raw[i]);
	strbuf_add(t, "\n", 1);
}

static inline void dump_node(struct strbuf *t, const struct node *n)
{
	strbuf_printf(t, "node %s %o %u %u %u:%u hidden %u\n", n->path ? n->path : "-", n->mode,
		      n->uid, n->gid, n->major, n->minor, n->hidden_processes);
	dump_fact(t, "stat", &n->stat);
	dump_fact(t, "access", &n->access);
	dump_fact(t, "holders", &n->holders);
}

#define DUMP(field) dump_fact(t, #field, &(field))

static inline void dump_device(struct strbuf *t, const struct device *d)
{
	strbuf_printf(t, "device %s %d %s %s driver %s group %d iommu %s parts %u\n", d->name,
		      d->bus, d->bus_name, d->sysfs, d->driver ? d->driver : "-",
		      d->group ? (int)d->group->id : -1, d->iommu ? d->iommu->name : "-",
		      d->loaded);
	strbuf_printf(t, "%d %x:%x %x:%x %x bridge %d vfs %u pf %s irqs %zu cdev %s\n", d->has_ids,
		      d->vendor, d->device_id, d->subvendor, d->subdevice, d->class_code,
		      d->is_bridge, d->numvfs, d->physfn ? d->physfn->name : "-", d->nr_irqs,
		      d->cdev_name ? d->cdev_name : "-");
	DUMP(d->uevent);
	DUMP(d->driver_fact);
	DUMP(d->group_link);
	DUMP(d->iommu_link);
	DUMP(d->driver_override);
	DUMP(d->bridge_fact);
	DUMP(d->sriov_numvfs);
	DUMP(d->physfn_link);
	DUMP(d->msi_irqs);
	for (size_t i = 0; i < d->nr_irqs; i++)
		DUMP(d->irqs[i].chip);
	DUMP(d->reset_method);
	DUMP(d->enable);
	DUMP(d->numa_node);
	DUMP(d->vfio_dev);
	DUMP(d->cdev_devno);
	DUMP(d->modalias);
	DUMP(d->software_node);
	DUMP(d->vfio_alias);
	dump_node(t, &d->cdev);
}

static inline void dump_group(struct strbuf *t, const struct group *g)
{
	strbuf_printf(t, "group %u regions %zu %d members", g->id, g->nr_regions, g->regions_err);
	for (size_t i = 0; i < g->nr_members; i++)
		strbuf_printf(t, " %s", g->members[i]->name);
	strbuf_add(t, "\n", 1);
	DUMP(g->type);
	DUMP(g->name);
	DUMP(g->reserved_regions);
	DUMP(g->members_list);
	dump_node(t, &g->node);
	dump_node(t, &g->noiommu_node);
}

static inline void dump_unit(struct strbuf *t, const struct iommu_unit *u)
{
	strbuf_printf(t, "unit %s %d %d %llx %d %llx %d %llx %d %llx\n", u->name, u->kind,
		      u->has_cap, (unsigned long long)u->cap, u->has_ecap,
		      (unsigned long long)u->ecap, u->has_efr, (unsigned long long)u->efr,
		      u->has_efr2, (unsigned long long)u->efr2);
	DUMP(u->kind_fact);
	DUMP(u->driver);
	DUMP(u->devices_list);
	DUMP(u->version);
	DUMP(u->address);
	DUMP(u->cap_fact);
	DUMP(u->ecap_fact);
	DUMP(u->features);
}

static inline void dump_kernel(struct strbuf *t, const struct host *h)
{
	DUMP(h->kernel.release);
	DUMP(h->kernel.machine);
	DUMP(h->kernel.cmdline);
	DUMP(h->kernel.config);
	DUMP(h->kernel.config_source);
	DUMP(h->kernel.kallsyms);
	DUMP(h->kernel.lockdown);
	DUMP(h->kernel.tainted);
	DUMP(h->kernel.page_size);
	for (size_t i = 0; i < NR_MODULES; i++) {
		const struct module *m = &h->modules[i];

		strbuf_printf(t, "module %s %d %s %zu %zu %d\n", m->name ? m->name : "-", m->state,
			      m->file ? m->file : "-", m->nr_imports, m->nr_exports,
			      m->symbols_known);
		DUMP(m->sysfs);
		DUMP(m->initstate);
		DUMP(m->kmod);
		DUMP(m->symbols);
	}
	for (size_t i = 0; i < NR_PARAMS; i++) {
		DUMP(h->params[i].value);
		DUMP(h->params[i].configured);
	}
}

static inline void dump_rest(struct strbuf *t, const struct host *h)
{
	const struct firmware *fw = &h->firmware;

	DUMP(h->interrupts.proc);
	DUMP(h->interrupts.domains);
	DUMP(h->interrupts.dmesg);
	strbuf_printf(t, "chips %zu\n", h->interrupts.nr_chips);
	DUMP(fw->tables);
	DUMP(fw->dmar);
	DUMP(fw->ivrs);
	DUMP(fw->viot);
	DUMP(fw->cpu_vendor);
	DUMP(fw->hypervisor);
	strbuf_printf(t, "firmware %d %d %d %d %d %zu\n", fw->has_dmar, fw->has_ivrs, fw->has_iort,
		      fw->has_viot, fw->dmar_intr_remap, fw->nr_rmrr);
	DUMP(h->caller.identity);
	DUMP(h->caller.caps_fact);
	DUMP(h->caller.memlock_fact);
	strbuf_printf(t, "caller %u %x %llu %llu\n", h->caller.euid, h->caller.caps,
		      (unsigned long long)h->caller.memlock_soft,
		      (unsigned long long)h->caller.memlock_locked);
	dump_node(t, &h->vfio_node);
	dump_node(t, &h->iommu_node);
	DUMP(h->groups_list);
	DUMP(h->iommus_list);
}

#undef DUMP

/* In @a. */
static inline const char *host_dump(const struct host *h, struct arena *a)
{
	struct strbuf t = { .arena = a };

	for (size_t i = 0; i < h->nr_devices; i++)
		dump_device(&t, h->devices[i]);
	for (size_t i = 0; i < h->nr_groups; i++)
		dump_group(&t, h->groups[i]);
	for (size_t i = 0; i < h->nr_iommus; i++)
		dump_unit(&t, h->iommus[i]);
	dump_kernel(&t, h);
	dump_rest(&t, h);
	return strbuf_get(&t);
}
