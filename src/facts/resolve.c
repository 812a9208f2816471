/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Targets to devices. Goes straight to what a target names: the cost does not depend on the others,
 * save for ids and classes, which only a look at every PCI device can answer. */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/macro.h"
#include "decode/uevent.h"
#include "facts/loader.h"

enum {
	LINKS_MAX = 40,
	CLIMB_MAX = 64,
};

static int no_target(struct loader *l, const struct target *t, const char *what)
{
	return failure_set_status(l->reterr, STATUS_NO_TARGET, -ENOENT, "'%s': %s", t->text, what);
}

static void match_add(struct loader *l, const struct target *t, struct device_slot *s)
{
	struct host *h = l->h;

	h->matches = arena_grow(l->a, h->matches, h->nr_matches, sizeof(*h->matches));
	h->matches[h->nr_matches++] = (struct target_match){ arena_strdup(l->a, t->text), &s->dev };
}

static bool device_is_there(struct loader *l, const char *bus, const char *name)
{
	struct fact dir = sysroot_stat(l->root, l->a,
				       arena_join(l->a, "sys/bus/", bus, "/devices/", name, NULL));

	return fact_is(&dir);
}

/* Whether there is such a device. Where that cannot be seen, the facts say so later. */
static int want_existing(struct loader *l, const struct target *t, const char *bus,
			 const char *name)
{
	bool locked;
	struct fact uevent =
		read_uevent_at(l, arena_printf(l->a, "sys/bus/%s/devices/%s", bus, name), &locked);

	/* A device whose uevent is gone or malformed is still a device. */
	if (uevent.state == FACT_ABSENT && !device_is_there(l, bus, name))
		return no_target(l, t,
				 "there is no such device; 'vfiotool list' shows the devices");
	/* What was pasted of a host has no uevents. */
	if (uevent.state == FACT_UNREAD && !device_is_there(l, bus, name))
		return no_target(l, t,
				 "this capture has no such device; 'vfiotool list' with --sysroot shows its devices");
	device_want(l, bus, (struct span){ name, strlen(name) }, l->scope.device_parts, true);
	return 0;
}

static int enumerate_slot(struct loader *l, const struct target *t)
{
	size_t nr = 0;

	for (unsigned int function = 0; function < 8; function++) {
		const char *name = arena_printf(l->a, "%s.%x", t->name, function);
		bool locked;
		struct fact uevent =
			read_uevent_at(l, arena_printf(l->a, "sys/bus/pci/devices/%s", name),
				       &locked);

		if (uevent.state == FACT_ABSENT ||
		    (uevent.state == FACT_UNREAD && !device_is_there(l, "pci", name)))
			continue;
		device_want(l, "pci", (struct span){ name, strlen(name) }, l->scope.device_parts,
			    true);
		nr++;
	}
	return nr ? 0
		  : no_target(l, t,
			      "there is no device in this slot; 'vfiotool list' shows the devices");
}

static int enumerate_group(struct loader *l, const struct target *t)
{
	struct group_slot *g = group_want(l, t->group);

	g->wanted = true;
	group_load_members(l, g, l->scope.device_parts, true);
	switch (g->group.members_list.state) {
	case FACT_PRESENT:
		return 0;
	case FACT_ABSENT:
		return no_target(l, t,
				 "there is no such IOMMU group; 'vfiotool list' shows the groups");
	case FACT_UNREAD:
		return no_target(l, t,
				 "this capture has no such group; 'vfiotool list' with --sysroot shows its groups");
	default:
		return failure_set(l->reterr, -g->group.members_list.err,
				   "'%s': cannot list the group's members: %s; name its devices instead",
				   t->text, strerror(g->group.members_list.err));
	}
}

/* By ids or class: only a look at every PCI device tells. */
static int enumerate_ids(struct loader *l, const struct target *t)
{
	struct fact names = sysroot_list(l->root, l->a, "sys/bus/pci/devices");
	struct span rest = fact_describe(&names), line;
	size_t nr = 0;

	while (parse_line(&rest, &line)) {
		struct uevent_pci pci;
		struct fact uevent;
		bool locked, lacks;
		char *dir;

		if (!name_is_file(line))
			continue;
		dir = arena_printf(l->a, "sys/bus/pci/devices/%.*s", (int)line.len, line.s);
		uevent = read_uevent_at(l, dir, &locked);
		if (!device_read_ids(l, dir, &uevent, &pci, &lacks) ||
		    !target_covers_ids(t, pci.vendor, pci.device, pci.class_code))
			continue;
		device_want(l, "pci", line, l->scope.device_parts, true);
		nr++;
	}
	return nr ? 0
		  : no_target(l, t,
			      t->kind == TARGET_CLASS
				      ? "no PCI device is of this class; 'vfiotool list -o +CLASS' shows the classes"
				      : "no PCI device has these ids; 'vfiotool list' shows the devices");
}

/* @text before @rest; false when a path may not be that long. */
static bool path_prepend(char rest[static PATH_MAX], struct span text)
{
	size_t len = strlen(rest);

	if (len + text.len + 2 > PATH_MAX)
		return false;
	memmove(rest + text.len + 1, rest, len + 1);
	memcpy(rest, text.s, text.len);
	rest[text.len] = '/';
	return true;
}

/* Moves the first component of @rest to the end of @done. False past the root, or past the length that a
 * path may have. */
static bool path_step(char done[static PATH_MAX], char rest[static PATH_MAX])
{
	size_t len = strcspn(rest, "/"), at = strlen(done), skip = len + (rest[len] == '/');
	bool same = !len || (len == 1 && rest[0] == '.');
	bool up = len == 2 && !memcmp(rest, "..", 2);

	if (up) {
		char *slash = strrchr(done, '/');

		if (!at)
			return false;
		*(slash ? slash : done) = '\0';
	} else if (!same) {
		if (at + len + 2 > PATH_MAX)
			return false;
		if (at)
			done[at++] = '/';
		memcpy(done + at, rest, len);
		done[at + len] = '\0';
	}
	memmove(rest, rest + skip, strlen(rest + skip) + 1);
	return true;
}

/* Follows the link @done, where it is one, into @rest. False when it leads nowhere. */
static bool path_follow(struct loader *l, struct arena *a, char done[static PATH_MAX],
			char rest[static PATH_MAX], unsigned int *links)
{
	struct fact link = sysroot_read_link(l->root, a, done);
	char *slash = strrchr(done, '/');

	/* EINVAL: the path exists and is not a link. */
	if (!fact_is(&link))
		return link.err == EINVAL;
	if (++*links > LINKS_MAX || !path_prepend(rest, fact_describe(&link)))
		return false;
	*(link.raw[0] == '/' || !slash ? done : slash) = '\0';
	return true;
}

/* @path with every link on the way resolved below the root; NULL when it leads nowhere. */
static char *path_resolve(struct loader *l, const char *path)
{
	vt_cleanup(arena_freep) struct arena *scratch = arena_new();
	char done[PATH_MAX] = "", rest[PATH_MAX] = "";
	unsigned int links = 0;

	if (strlen(path) >= PATH_MAX)
		return NULL;
	stpcpy(rest, path);
	while (*rest) {
		size_t before = strlen(done);

		if (!path_step(done, rest))
			return NULL;
		arena_reset(scratch);
		if (strlen(done) > before && !path_follow(l, scratch, done, rest, &links))
			return NULL;
	}
	return arena_strdup(l->a, done);
}

/* The device at @path, or the nearest above it on a bus that VFIO serves: an interface or a disk is some
 * layers away from the device that does its DMA. */
static struct device_slot *climb(struct loader *l, char *path)
{
	for (unsigned int i = 0; i < CLIMB_MAX; i++) {
		struct fact subsystem = read_link_at(l, path, "subsystem");
		struct span bus = path_base(fact_describe(&subsystem));
		char *name = strrchr(path, '/');

		if (!name)
			return NULL;
		if (fact_is(&subsystem) && name_is_file(bus)) {
			char *bus_name = arena_strndup(l->a, bus.s, bus.len);

			if (bus_from_name(bus_name) != BUS_OTHER)
				return device_want(l, bus_name,
						   (struct span){ name + 1, strlen(name + 1) },
						   l->scope.device_parts, true);
		}
		*name = '\0';
	}
	return NULL;
}

static int enumerate_path(struct loader *l, const struct target *t, const char *path)
{
	static const char groups[] = "sys/kernel/iommu_groups/";
	char *real = path_resolve(l, path);
	struct device_slot *s;

	if (!real)
		return no_target(l, t,
				 "this path cannot be resolved; 'vfiotool list -o +SYSFS' shows the paths");
	if (!strncmp(real, groups, sizeof(groups) - 1))
		return failure_set_status(l->reterr, STATUS_USAGE, -EINVAL,
					  "'%s' is a group: write group:%s", t->text,
					  real + sizeof(groups) - 1);
	s = climb(l, real);
	if (!s)
		return no_target(l, t,
				 "there is no device for VFIO behind it; 'vfiotool list -o +SYSFS' shows the devices");
	match_add(l, t, s);
	return 0;
}

/* The class that has a device @name: the usual classes first, then all. */
static char *find_class(struct loader *l, const char *name)
{
	static const char *const first[] = { "net", "block", "nvme", "drm", "infiniband" };
	struct fact classes;
	struct span rest, line;

	for (size_t i = 0; i < ARRAY_SIZE(first); i++) {
		char *path = arena_printf(l->a, "sys/class/%s/%s", first[i], name);
		struct fact link = sysroot_read_link(l->root, l->a, path);

		if (fact_is(&link))
			return path;
	}
	classes = sysroot_list(l->root, l->a, "sys/class");
	rest = fact_describe(&classes);
	while (parse_line(&rest, &line)) {
		char *path = arena_printf(l->a, "sys/class/%.*s/%s", (int)line.len, line.s, name);
		struct fact link = sysroot_read_link(l->root, l->a, path);

		if (fact_is(&link))
			return path;
	}
	return NULL;
}

static int enumerate_class_device(struct loader *l, const struct target *t)
{
	char *path = find_class(l, t->name);

	if (!path)
		return no_target(l, t,
				 "no device, interface or disk has that name; 'vfiotool list' shows the devices");
	return enumerate_path(l, t, path);
}

/* The device that has the VFIO device of @t below it: asked of every one that could. */
static bool want_owner(struct loader *l, const struct target *t)
{
	static const struct {
		const char *bus, *list;
	} places[] = {
		{ "pci", "sys/bus/pci/devices" },
		{ "mdev", "sys/bus/mdev/devices" },
		{ "platform", "sys/bus/platform/drivers/vfio-platform" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		struct fact names = sysroot_list(l->root, l->a, places[i].list);
		struct span rest = fact_describe(&names), line, cdev;

		while (parse_line(&rest, &line)) {
			struct fact cdevs;
			struct span in;

			if (!name_is_file(line))
				continue;
			cdevs = sysroot_list(l->root, l->a,
					     arena_printf(l->a, "sys/bus/%s/devices/%.*s/vfio-dev",
							  places[i].bus, (int)line.len, line.s));
			in = fact_describe(&cdevs);
			while (fact_is(&cdevs) && parse_line(&in, &cdev))
				if (span_equals(cdev, t->name)) {
					match_add(l, t,
						  device_want(l, places[i].bus, line,
							      l->scope.device_parts, true));
					return true;
				}
		}
	}
	return false;
}

static int enumerate_cdev(struct loader *l, const struct target *t)
{
	const char *path = arena_printf(l->a, "sys/class/vfio-dev/%s", t->name);
	struct fact link = sysroot_read_link(l->root, l->a, path);

	/* A capture or a tree need not hold the folder of the class. */
	if (!fact_is(&link) && sysroot_kind(l->root) != SYSROOT_LIVE && want_owner(l, t))
		return 0;
	if (!fact_is(&link))
		return no_target(l, t,
				 "no VFIO device has this name; 'vfiotool list -o +CDEV' shows the names");
	return enumerate_path(l, t, path);
}

int enumerate_target(struct loader *l, const struct target *t)
{
	switch (t->kind) {
	case TARGET_PCI:
	case TARGET_NAMED:
		return want_existing(l, t, t->bus, t->name);
	case TARGET_SLOT:
		return enumerate_slot(l, t);
	case TARGET_GROUP:
		return enumerate_group(l, t);
	case TARGET_IDS:
	case TARGET_CLASS:
		return enumerate_ids(l, t);
	case TARGET_CDEV:
		return enumerate_cdev(l, t);
	case TARGET_PATH:
		return enumerate_path(l, t, t->name);
	case TARGET_CLASS_DEVICE:
		return enumerate_class_device(l, t);
	case TARGET_NONE:
	default:
		return failure_set_status(l->reterr, STATUS_USAGE, -EINVAL,
					  "an empty target: name a device, or leave it out");
	}
}
