/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "facts/load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "decode/pciaddr.h"
#include "facts/loader.h"

void host_free(struct host *h)
{
	if (h)
		arena_free(h->arena);
}

static int slot_compare(const void *a, const void *b)
{
	return device_compare(*(struct device *const *)a, *(struct device *const *)b);
}

static void devices_sort(struct loader *l)
{
	struct host *h = l->h;
	size_t in_order = 0;

	h->devices = arena_array(l->a, l->nr_slots, sizeof(struct device *));
	for (size_t i = 0; i < l->nr_slots; i++)
		h->devices[h->nr_devices++] = &l->slots[i]->dev;
	/* As listed they are in order already, mostly. */
	while (in_order < h->nr_devices &&
	       (!in_order || device_compare(h->devices[in_order - 1], h->devices[in_order]) <= 0))
		in_order++;
	if (in_order < h->nr_devices)
		qsort(h->devices, h->nr_devices, sizeof(struct device *), slot_compare);
	for (size_t i = 0; i < h->nr_devices; i++) {
		struct device *vf = h->devices[i], *pf = vf->physfn;

		if (!pf)
			continue;
		pf->vfs = arena_grow(l->a, pf->vfs, pf->nr_vfs, sizeof(struct device *));
		pf->vfs[pf->nr_vfs++] = vf;
	}
}

/* A device behind a VMD that has no group leads to no controller: all that may be one are looked at. A capture may
 * lack the list of the driver. */
static void want_vmds(struct loader *l)
{
	struct fact names = sysroot_list(l->root, l->a, "sys/bus/pci/drivers/vmd");
	struct span rest, line;
	struct pciaddr addr;

	if (names.state == FACT_UNREAD)
		names = sysroot_list(l->root, l->a, "sys/bus/pci/devices");
	rest = (struct span){ names.raw ? names.raw : "", names.len };
	while (parse_line(&rest, &line))
		if (!pciaddr_parse(line, &addr) && addr.domain <= UINT16_MAX)
			device_want(l, "pci", line, 0, false);
	devices_load(l);
}

static void load_vmds(struct loader *l)
{
	for (size_t i = 0; !l->all && i < l->nr_slots; i++) {
		if (!device_is_behind_vmd(&l->slots[i]->dev) || l->slots[i]->dev.group)
			continue;
		want_vmds(l);
		return;
	}
}

static int load_devices(struct loader *l, const struct target *targets, size_t nr_targets)
{
	int r = 0;

	if (l->all) {
		r = enumerate_all(l);
		if (r < 0)
			return r;
		devices_load(l);
		enumerate_groups(l);
	}
	for (size_t i = 0; i < nr_targets; i++) {
		r = enumerate_target(l, &targets[i]);
		if (r < 0)
			return r;
	}
	devices_load(l);
	load_vmds(l);
	functions_load(l);
	powers_load(l);
	devices_sort(l);
	return 0;
}

/* For one device the long lists are read only when it has no group or IOMMU: then they show whether the
 * host has any. */
static void load_lists(struct loader *l)
{
	struct host *h = l->h;

	if (l->all)
		return;
	for (size_t i = 0; i < h->nr_devices; i++) {
		const struct device *d = h->devices[i];

		if (!d->group && h->groups_list.state == FACT_UNREAD)
			h->groups_list = sysroot_list(l->root, l->a, "sys/kernel/iommu_groups");
	}
}

static void load_rest(struct loader *l)
{
	unsigned int parts = l->scope.host_parts;
	struct host *h = l->h;

	if (parts & HOST_NODES) {
		node_load(l, &h->vfio_node, "/dev/vfio/vfio");
		node_load(l, &h->iommu_node, "/dev/iommu");
	}
	if (parts & (HOST_NODES | HOST_GROUP_NODES))
		holders_load(l);
	if (parts & (HOST_MODULES | HOST_SYMBOLS))
		modules_load(l);
	if (parts & HOST_SYMBOLS)
		symbols_load(l);
	if (parts & HOST_MODULES)
		params_load(l);
	if (parts & HOST_INTERRUPTS)
		interrupts_load(l);
	if (parts & HOST_CALLER)
		caller_load(l);
	if (parts & HOST_NOTICES)
		notice_load_host(l);
	if (parts & HOST_USAGE)
		in_use_load(l);
	if (parts & HOST_BOOT)
		boot_load(l);
	if (parts & HOST_SLOTS)
		slots_load(l);
	if (parts & HOST_SETUP)
		setup_load(l, l->scope.unit);
}

/* What is missing then says nothing about the host. */
static int fail_starved(const struct sysroot *root, struct failure **reterr)
{
	int err = sysroot_starved(root);

	if (reterr) {
		failure_free(*reterr);
		*reterr = NULL;
	}
	return failure_set(reterr, -err, "cannot read '%s': %s; %s", sysroot_name(root),
			   strerror(err), failure_room_advice(err));
}

void host_load_usage(struct sysroot *root, struct host *h)
{
	struct loader l = { .root = root, .a = h->arena, .h = h };

	in_use_load(&l);
	h->loaded |= HOST_USAGE;
}

int host_load(struct sysroot *root, const struct scope *scope, const struct target *targets,
	      size_t nr_targets, struct host **ret, struct failure **reterr)
{
	struct arena *a = arena_new();
	struct host *h = arena_new_object(a, struct host);
	struct loader l = {
		.root = root,
		.a = a,
		.h = h,
		.scope = *scope,
		.all = !nr_targets,
		.reterr = reterr,
		.pci = { .arena = a },
		.others = { .arena = a },
		.groups = { .arena = a },
		.units = { .arena = a },
	};
	int r;

	/* A capture holds the answers to other questions, and asking costs nothing there. */
	l.scope.frugal &= l.all && sysroot_kind(root) != SYSROOT_CAPTURE;
	l.scope.device_parts |= DEVICE_BASE;
	l.scope.member_parts |= DEVICE_BASE;
	h->arena = a;
	h->loaded = scope->host_parts;
	h->source = arena_strdup(a, sysroot_name(root));
	h->live = sysroot_same_kernel(root);
	/* The release names the directory of the modules, and devices ask for their aliases. */
	if ((scope->host_parts & (HOST_KERNEL | HOST_MODULES | HOST_SYMBOLS)) ||
	    ((scope->device_parts | scope->member_parts) & DEVICE_DETAILS))
		kernel_load(&l);
	r = load_devices(&l, targets, nr_targets);
	if (r >= 0) {
		units_load(&l);
		if (scope->host_parts & HOST_FIRMWARE)
			firmware_load(&l);
		groups_load(&l);
		load_lists(&l);
		load_rest(&l);
	}
	module_library_free(l.modules);
	if (sysroot_starved(root))
		r = fail_starved(root, reterr);
	if (r < 0) {
		host_free(h);
		return r;
	}
	*ret = h;
	return 0;
}

void host_load_boot(struct sysroot *root, struct host *h)
{
	struct loader l = { .root = root, .a = h->arena, .h = h };

	if (!h->boot)
		boot_load(&l);
	h->loaded |= HOST_BOOT;
}
