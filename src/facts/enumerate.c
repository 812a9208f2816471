/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which devices could matter to VFIO: every PCI device, and those of other buses that are behind an IOMMU,
 * are in a group, or have a VFIO driver. Other buses are not walked device by device. */
#include <errno.h>
#include <string.h>

#include "decode/pciaddr.h"
#include "facts/loader.h"

static void want_listed(struct loader *l, const char *bus_name, const struct fact *names)
{
	struct span rest = fact_describe(names), line;

	if (!strcmp(bus_name, "pci"))
		strmap_reserve(&l->pci, rest.len / strlen("0000:00:00.0"));
	while (parse_line(&rest, &line))
		if (name_is_file(line))
			device_want(l, bus_name, line, l->scope.device_parts, true)->listed = true;
}

/* Where there are many devices, each driver lists its own. Then no device is asked whether it has a driver,
 * and one with a driver needs no attribute that the kernel reads with the device locked. */
static void enumerate_bound(struct loader *l)
{
	enum { DEVICES_PER_DRIVER = 4 };
	struct fact drivers = sysroot_list(l->root, l->a, "sys/bus/pci/drivers");
	struct span rest = fact_describe(&drivers), line, name;
	size_t nr = 0;

	while (parse_line(&rest, &line))
		nr++;
	if (l->nr_slots < DEVICES_PER_DRIVER * nr)
		return;
	rest = fact_describe(&drivers);
	while (parse_line(&rest, &line)) {
		const char *driver = arena_strndup(l->a, line.s, line.len);
		struct fact bound = list_at(l, "sys/bus/pci/drivers", driver);
		struct span names = fact_describe(&bound);

		while (parse_line(&names, &name)) {
			struct device_slot *s = strmap_find_span(&l->pci, name);

			if (s)
				s->bound = driver;
		}
	}
}

/* @u lists the PCI device. */
static void enumerate_served(struct loader *l, struct iommu_unit *u, struct span name)
{
	struct device_slot *s = strmap_find_span(&l->pci, name);

	if (!s || s->unit)
		return;
	s->unit = u;
	l->nr_served++;
}

/* The units mirror the links of their devices: a few lists name every device with an IOMMU.
 * linux: drivers/iommu/iommu-sysfs.c: iommu_device_link(). */
static void enumerate_unit(struct loader *l, struct iommu_unit *u)
{
	const char *dir = arena_printf(l->a, "sys/class/iommu/%s", u->name);
	struct span rest, line;
	struct pciaddr addr;

	u->devices_list = list_at(l, dir, "devices");
	rest = fact_describe(&u->devices_list);
	while (parse_line(&rest, &line)) {
		struct fact link;
		char *name;

		if (!name_is_file(line))
			continue;
		if (!pciaddr_parse(line, &addr)) {
			if (l->scope.frugal)
				enumerate_served(l, u, line);
			continue;
		}
		name = arena_strndup(l->a, line.s, line.len);
		link = read_link_at(l, dir, arena_printf(l->a, "devices/%s", name));
		if (!fact_is(&link))
			continue;
		/* The link is relative to where the unit itself lives, behind a class link. */
		device_want_path(l, arena_join(l->a, dir, "/devices/", name, NULL), line,
				 l->scope.device_parts, true);
	}
}

static void enumerate_units(struct loader *l)
{
	struct host *h = l->h;
	struct span rest, line;

	h->iommus_list = sysroot_list(l->root, l->a, "sys/class/iommu");
	rest = fact_describe(&h->iommus_list);
	while (parse_line(&rest, &line))
		if (name_is_file(line))
			enumerate_unit(l, unit_want(l, line));
	l->mirrored = l->nr_served > 0;
	for (size_t i = 0; i < h->nr_iommus; i++)
		l->mirrored &= fact_is(&h->iommus[i]->devices_list);
}

/* The devices that a VFIO driver of another bus holds: the links in its directory. Drivers of PCI
 * need no look, all PCI devices are there already. */
static void enumerate_drivers(struct loader *l)
{
	static const char *const others[] = { "module", "bind",   "unbind",
					      "uevent", "new_id", "remove_id" };
	const struct driver_row *d;

	for (size_t i = 0; (d = driver_get(i)); i++) {
		struct fact names;
		struct span rest, line;

		if (d->bus == BUS_PCI || !(d->general || d->parent))
			continue;
		names = list_at(l, arena_printf(l->a, "sys/bus/%s/drivers", d->bus_name), d->name);
		rest = fact_describe(&names);

		while (parse_line(&rest, &line)) {
			bool other = !name_is_file(line);

			for (size_t o = 0; o < ARRAY_SIZE(others); o++)
				other |= span_equals(line, others[o]);
			if (!other)
				device_want(l, d->bus_name, line, l->scope.device_parts, true);
		}
	}
}

void enumerate_groups(struct loader *l)
{
	struct span rest = fact_describe(&l->h->groups_list), line;
	uint64_t id;

	while (parse_line(&rest, &line)) {
		if (parse_u64_span(line, 10, &id) < 0 || id > INT32_MAX ||
		    group_is_wanted(l, (unsigned int)id))
			continue;
		group_load_members(l, group_want(l, (unsigned int)id), l->scope.device_parts, true);
	}
}

int enumerate_all(struct loader *l)
{
	/* Bytes: some hundred devices. Some of so many have no driver. */
	enum { LONG_LIST = 4096 };
	struct fact pci = sysroot_list(l->root, l->a, "sys/bus/pci/devices"), mdev, bus;

	if (!fact_is(&pci)) {
		bus = sysroot_list(l->root, l->a, "sys/bus");
		if (!fact_is(&bus))
			return failure_set(l->reterr, bus.err ? -bus.err : -ENODATA,
					   "'%s' has no readable sys/bus: name the root of a host, or a capture of one",
					   sysroot_name(l->root));
	}
	/* When the devices cannot be read, there may still be some. */
	if (pci.state == FACT_DENIED || pci.state == FACT_FAILED)
		return failure_set(l->reterr, pci.err ? -pci.err : -EIO,
				   "cannot list the devices in '%s' of '%s': %s; name the devices, or check that folder",
				   pci.path, sysroot_name(l->root), strerror(pci.err));
	if (pci.len > LONG_LIST)
		sysroot_expect_locked(l->root);
	want_listed(l, "pci", &pci);
	if (l->scope.frugal)
		enumerate_bound(l);
	enumerate_units(l);
	enumerate_drivers(l);
	mdev = sysroot_list(l->root, l->a, "sys/bus/mdev/devices");
	want_listed(l, "mdev", &mdev);
	l->h->groups_list = sysroot_list(l->root, l->a, "sys/kernel/iommu_groups");
	return 0;
}
