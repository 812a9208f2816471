/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "facts/watch.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <libudev.h>

#include "base/fd.h"
#include "base/macro.h"
#include "decode/procfs.h"
#include "facts/loader.h"
#include "facts/watch-internal.h"

enum { BUFFER_BYTES = 16 << 20, EVENTS_AT_ONCE = 4096, KNOWN_MAX = 1 << 20 };

struct collection {
	struct watch *w;
	struct arena *a;
	struct host_event *events;
	size_t nr;
};

static struct host_event *event_add(struct collection *c, const char *source, const char *action,
				    const char *object, const char *name)
{
	struct host_event *e;

	c->events = arena_grow(c->a, c->events, c->nr, sizeof(*c->events));
	e = &c->events[c->nr++];
	*e = (struct host_event){ .source = arena_strdup(c->a, source),
				  .action = arena_strdup(c->a, action),
				  .object = object,
				  .name = arena_strdup(c->a, name) };
	return e;
}

/* ---- what was known ---- */

static struct capability_answer *known_find(const struct watch *w, const char *bus,
					    const char *name)
{
	for (size_t i = 0; i < w->nr_known; i++)
		if (!strcmp(w->known[i].name, name) && !strcmp(w->known[i].bus, bus))
			return &w->known[i];
	return NULL;
}

static struct capability_answer *known_add(struct watch *w, const char *bus, const char *name)
{
	struct capability_answer *found = known_find(w, bus, name), *grown;

	if (found || w->nr_known >= KNOWN_MAX)
		return found;
	grown = reallocarray(w->known, w->nr_known + 1, sizeof(*w->known));
	if (!grown)
		abort();
	w->known = grown;
	found = &grown[w->nr_known++];
	*found = (struct capability_answer){ .bus = strdup(bus), .name = strdup(name) };
	if (!found->bus || !found->name)
		abort();
	return found;
}

static void known_remove(struct watch *w, struct capability_answer *k)
{
	free(k->bus);
	free(k->name);
	*k = w->known[--w->nr_known];
}

static bool known_is_gone(const struct watch *w, const struct capability_answer *k)
{
	for (size_t i = 0; i < w->nr_monitors; i++)
		if (!k->told[i].gone)
			return false;
	return true;
}

/* Forgets devices that went before the last events: until then an event of their group or nodes could be
 * matched to them. */
static void known_pass(struct watch *w)
{
	for (size_t i = w->nr_known; i; i--) {
		struct capability_answer *k = &w->known[i - 1];

		if (!known_is_gone(w, k))
			k->passed = false;
		else if (k->passed)
			known_remove(w, k);
		else
			k->passed = true;
	}
}

static void keep(char *to, size_t size, const char *s)
{
	snprintf(to, size, "%s", s ? s : "");
}

/* ---- groups ---- */

static int number_compare(const void *a, const void *b)
{
	unsigned int x = *(const unsigned int *)a, y = *(const unsigned int *)b;

	return x < y ? -1 : x > y;
}

static void groups_read(struct watch *w, struct arena *a, unsigned int **ret, size_t *ret_nr)
{
	struct fact list = sysroot_list(w->root, a, "sys/kernel/iommu_groups");
	struct span rest = fact_describe(&list), line;

	*ret = NULL;
	*ret_nr = 0;
	while (parse_line(&rest, &line)) {
		uint64_t id;

		if (parse_u64_span(line, 10, &id) < 0 || id > UINT_MAX)
			continue;
		*ret = arena_grow(a, *ret, *ret_nr, sizeof(**ret));
		(*ret)[(*ret_nr)++] = (unsigned int)id;
	}
	if (*ret_nr)
		qsort(*ret, *ret_nr, sizeof(**ret), number_compare);
}

static void groups_keep(struct watch *w, const unsigned int *groups, size_t nr)
{
	unsigned int *copy = reallocarray(w->groups, nr + 1, sizeof(*copy));

	if (!copy)
		abort();
	if (nr)
		memcpy(copy, groups, nr * sizeof(*copy));
	w->groups = copy;
	w->nr_groups = nr;
}

static void group_event(struct collection *c, const char *action, unsigned int id)
{
	const char *name = arena_decimal(c->a, id);

	event_add(c, "nodes", action, "group", name)->group = name;
}

/* The kernel sends no event for a group; it comes and goes with the devices.
 * linux: drivers/iommu/iommu.c: iommu_group_alloc(). */
static void groups_compare(struct collection *c)
{
	struct watch *w = c->w;
	unsigned int *now;
	size_t nr, i = 0, j = 0;

	groups_read(w, c->a, &now, &nr);
	while (i < w->nr_groups || j < nr) {
		if (j == nr || (i < w->nr_groups && w->groups[i] < now[j]))
			group_event(c, "remove", w->groups[i++]);
		else if (i == w->nr_groups || now[j] < w->groups[i])
			group_event(c, "add", now[j++]);
		else
			i++, j++;
	}
	groups_keep(w, now, nr);
}

/* ---- nodes ---- */

static int node_watch(struct watch *w, struct arena *a, const char *dir)
{
	const char *path = sysroot_host_path(w->root, a, dir);

	return path ? inotify_add_watch(w->inotify, path,
					IN_CREATE | IN_DELETE | IN_ATTRIB | IN_MOVED_TO |
						IN_MOVED_FROM | IN_ONLYDIR)
		    : -1;
}

static void nodes_watch(struct watch *w, struct arena *a)
{
	if (w->dev < 0)
		w->dev = node_watch(w, a, "dev");
	if (w->vfio < 0)
		w->vfio = node_watch(w, a, "dev/vfio");
	if (w->cdevs < 0)
		w->cdevs = node_watch(w, a, "dev/vfio/devices");
}

/* The device that a VFIO device node belongs to: the directory above that of its class. */
static void node_locate(struct collection *c, const char *cdev, struct host_event *e)
{
	struct fact link = sysroot_read_link(c->w->root, c->a,
					     arena_printf(c->a, "sys/class/vfio-dev/%s", cdev));
	const char *end = fact_is(&link) ? strstr(link.raw, "/vfio-dev/") : NULL;

	if (end) {
		struct span name = path_base((struct span){ link.raw, (size_t)(end - link.raw) });

		e->device = arena_strndup(c->a, name.s, name.len);
		for (size_t i = 0; i < c->w->nr_known; i++)
			if (!strcmp(c->w->known[i].name, e->device))
				keep(c->w->known[i].cdev, sizeof(c->w->known[i].cdev), cdev);
	}
	for (size_t i = 0; i < c->w->nr_known; i++) {
		if (strcmp(c->w->known[i].cdev, cdev) != 0)
			continue;
		e->device = arena_strdup(c->a, c->w->known[i].name);
		if (*c->w->known[i].told[0].group)
			e->group = arena_strdup(c->a, c->w->known[i].told[0].group);
	}
}

static void node_event(struct collection *c, const char *dir, const char *name, uint32_t mask)
{
	const char *path = arena_printf(c->a, "%s/%s", dir, name);
	const char *action = mask & (IN_CREATE | IN_MOVED_TO)     ? "add"
			     : mask & (IN_DELETE | IN_MOVED_FROM) ? "remove"
								  : "change";
	struct host_event *e = event_add(c, "nodes", action, "node", path);
	struct stat_text st;
	struct fact stat;

	if (!strncmp(path, "/dev/vfio/devices/", 18))
		node_locate(c, name, e);
	else if (!strncmp(path, "/dev/vfio/", 10) && strcmp(name, "vfio") != 0)
		e->group = arena_strdup(c->a, name + (strncmp(name, "noiommu-", 8) ? 0 : 8));
	if (!strcmp(action, "remove"))
		return;
	stat = sysroot_stat(c->w->root, c->a, path + 1);
	if (!fact_is(&stat) || stat_text_parse(fact_describe(&stat), &st) < 0)
		return;
	e->has_mode = true;
	e->mode = st.mode;
	e->uid = st.uid;
	e->gid = st.gid;
}

/* A directory of nodes that appears may have nodes already. */
static void directory_begin(struct collection *c, int *watch, const char *dir)
{
	struct fact names;
	struct span rest, line;

	if (*watch >= 0)
		return;
	nodes_watch(c->w, c->a);
	if (*watch < 0)
		return;
	names = sysroot_list(c->w->root, c->a, dir + 1);
	rest = fact_describe(&names);
	while (parse_line(&rest, &line))
		if (!span_equals(line, "devices"))
			node_event(c, dir, arena_strndup(c->a, line.s, line.len), IN_CREATE);
}

static void inotify_one(struct collection *c, const struct inotify_event *i)
{
	struct watch *w = c->w;
	const char *name = i->len ? i->name : "";

	if (i->mask & IN_Q_OVERFLOW) {
		event_add(c, "nodes", "lost", "events", "too many at once");
	} else if (i->mask & IN_IGNORED) {
		w->vfio = i->wd == w->vfio ? -1 : w->vfio;
		w->cdevs = i->wd == w->cdevs ? -1 : w->cdevs;
	} else if (i->wd == w->dev) {
		if (!strcmp(name, "iommu"))
			node_event(c, "/dev", name, i->mask);
		else if (!strcmp(name, "vfio") && i->mask & (IN_CREATE | IN_MOVED_TO))
			directory_begin(c, &w->vfio, "/dev/vfio");
	} else if (i->wd == w->vfio && *name) {
		if (strcmp(name, "devices") != 0)
			node_event(c, "/dev/vfio", name, i->mask);
		else if (i->mask & (IN_CREATE | IN_MOVED_TO))
			directory_begin(c, &w->cdevs, "/dev/vfio/devices");
	} else if (i->wd == w->cdevs && *name) {
		node_event(c, "/dev/vfio/devices", name, i->mask);
	}
}

static void nodes_collect(struct collection *c)
{
	char buf[16384] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t len;

	while (c->nr < EVENTS_AT_ONCE && (len = read(c->w->inotify, buf, sizeof(buf))) > 0)
		for (ssize_t at = 0; at < len;) {
			const struct inotify_event *i = (const void *)(buf + at);

			inotify_one(c, i);
			at += (ssize_t)(sizeof(*i) + i->len);
		}
}

/* ---- uevents ---- */

/* "pci" of "/bus/pci/drivers/vfio-pci". */
static const char *driver_bus(struct arena *a, const char *devpath)
{
	const char *bus = !strncmp(devpath, "/bus/", 5) ? devpath + 5 : NULL;

	return bus ? arena_strndup(a, bus, strcspn(bus, "/")) : NULL;
}

static void set_ids(struct host_event *e, const char *ids, const char *class_code)
{
	const char *colon = ids ? strchr(ids, ':') : NULL;
	uint64_t vendor, device;

	if (!colon ||
	    parse_u64_span((struct span){ ids, (size_t)(colon - ids) }, 16, &vendor) < 0 ||
	    parse_u64(colon + 1, 16, &device) < 0 || vendor > UINT16_MAX || device > UINT16_MAX)
		return;
	e->has_ids = true;
	e->vendor = (uint16_t)vendor;
	e->device_id = (uint16_t)device;
	if (class_code && parse_u32(class_code, 16, &e->class_code) < 0)
		e->class_code = 0;
}

/* Group and driver now, else those of the last event of the device from the same monitor. */
static void device_details(struct collection *c, size_t which, struct udev_device *d,
			   struct host_event *e)
{
	bool gone = !strcmp(e->action, "remove"), unbound = !strcmp(e->action, "unbind");
	struct capability_answer *k = known_add(c->w, e->bus, e->name);
	const char *driver = udev_device_get_property_value(d, "DRIVER");
	struct fact link = { .state = FACT_UNREAD };
	struct span base;

	set_ids(e, udev_device_get_property_value(d, "PCI_ID"),
		udev_device_get_property_value(d, "PCI_CLASS"));
	if (!gone)
		link = sysroot_read_link(c->w->root, c->a,
					 arena_printf(c->a, "sys/bus/%s/devices/%s/iommu_group",
						      e->bus, e->name));
	base = path_base(fact_describe(&link));
	/* Another device at its address keeps none of its values. */
	if (k && k->told[which].gone)
		memset(&k->told[which], 0, sizeof(k->told[which]));
	if (k && fact_is(&link))
		keep(k->told[which].group, sizeof(k->told[which].group),
		     arena_strndup(c->a, base.s, base.len));
	if (driver && !*driver)
		driver = NULL;
	if (k && driver && !unbound)
		keep(k->told[which].driver, sizeof(k->told[which].driver), driver);
	if (k && *k->told[which].group)
		e->group = arena_strdup(c->a, k->told[which].group);
	if (k && *k->told[which].driver)
		e->driver = arena_strdup(c->a, k->told[which].driver);
	else if (driver)
		e->driver = arena_strdup(c->a, driver);
	if (k && unbound)
		*k->told[which].driver = '\0';
	if (k)
		k->told[which].gone = gone;
}

static bool module_matters(const char *name)
{
	return driver_is_vfio(name) || !strcmp(name, "iommufd");
}

static void uevent(struct collection *c, size_t which, struct udev_device *d)
{
	const char *subsystem = udev_device_get_subsystem(d), *name = udev_device_get_sysname(d);
	const char *action = udev_device_get_action(d), *devpath = udev_device_get_devpath(d);
	const char *bus = NULL, *object = "device";
	struct host_event *e;

	if (!subsystem || !name || !action || !devpath)
		return;
	if (!strcmp(subsystem, "drivers")) {
		object = "driver";
		bus = driver_bus(c->a, devpath);
		if (!bus || bus_from_name(bus) == BUS_OTHER)
			return;
	} else if (!strcmp(subsystem, "module")) {
		object = "module";
		if (!module_matters(name))
			return;
	} else if (bus_from_name(subsystem) != BUS_OTHER) {
		bus = arena_strdup(c->a, subsystem);
	} else {
		return;
	}
	e = event_add(c, c->w->names[which], action, object, name);
	e->bus = bus;
	e->seqnum = udev_device_get_seqnum(d);
	if (!strcmp(object, "device"))
		device_details(c, which, d, e);
}

static void uevents_collect(struct collection *c, size_t which)
{
	while (c->nr < EVENTS_AT_ONCE) {
		struct udev_device *d;

		errno = 0;
		d = udev_monitor_receive_device(c->w->monitors[which]);
		if (!d) {
			if (errno != ENOBUFS)
				return;
			event_add(c, c->w->names[which], "lost", "events", "too many at once");
			continue;
		}
		uevent(c, which, d);
		udev_device_unref(d);
	}
}

void watch_collect(struct watch *w, struct arena *a, struct host_event **ret, size_t *ret_nr)
{
	struct collection c = { .w = w, .a = a };

	known_pass(w);
	for (size_t i = 0; i < w->nr_monitors; i++)
		uevents_collect(&c, i);
	if (c.nr)
		groups_compare(&c);
	nodes_collect(&c);
	*ret = c.events;
	*ret_nr = c.nr;
}

/* ---- opening ---- */

static int monitor_add(struct watch *w, const char *name, struct failure **reterr)
{
	static const char *const others[] = { "drivers", "module" };
	struct udev_monitor *m = udev_monitor_new_from_netlink(w->udev, name);
	int r = m ? 0 : -errno;

	if (!m)
		return failure_set(reterr, r ? r : -ENOMEM, "cannot listen for events of %s: %s",
				   name, strerror(r ? -r : ENOMEM));
	w->monitors[w->nr_monitors] = m;
	w->names[w->nr_monitors++] = name;
	for (size_t i = 0; r >= 0 && bus_name_get(i); i++)
		r = udev_monitor_filter_add_match_subsystem_devtype(m, bus_name_get(i), NULL);
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(others); i++)
		r = udev_monitor_filter_add_match_subsystem_devtype(m, others[i], NULL);
	/* Without privilege the buffer stays as small as the system has it. */
	(void)udev_monitor_set_receive_buffer_size(m, BUFFER_BYTES);
	if (r >= 0)
		r = udev_monitor_enable_receiving(m);
	if (r < 0)
		return failure_set(reterr, r, "cannot listen for events of %s: %s", name,
				   strerror(-r));
	return 0;
}

static int monitors_open(struct watch *w, enum watch_source source, struct failure **reterr)
{
	int r = 0;

	w->udev = udev_new();
	if (!w->udev)
		return failure_set(reterr, -ENOMEM, "libudev does not start");
	if (source == WATCH_AUTO) {
		struct arena *a = arena_new();
		struct fact control = sysroot_stat(w->root, a, "run/udev/control");

		source = fact_is(&control) ? WATCH_UDEV : WATCH_KERNEL;
		arena_free(a);
	}
	/* The kernel's monitor comes first, so that its events are reported first. */
	if (source != WATCH_UDEV)
		r = monitor_add(w, "kernel", reterr);
	if (r >= 0 && source != WATCH_KERNEL)
		r = monitor_add(w, "udev", reterr);
	return r;
}

static void learn(struct watch *w, const struct host *h)
{
	struct arena *a = arena_new();
	unsigned int *groups;
	size_t nr;

	for (size_t i = 0; i < h->nr_devices; i++) {
		const struct device *d = h->devices[i];
		struct capability_answer *k = known_add(w, d->bus_name, d->name);

		if (!k)
			break;
		keep(k->cdev, sizeof(k->cdev), d->cdev_name);
		for (size_t n = 0; n < w->nr_monitors; n++) {
			keep(k->told[n].group, sizeof(k->told[n].group),
			     d->group ? arena_decimal(a, d->group->id) : NULL);
			keep(k->told[n].driver, sizeof(k->told[n].driver), d->driver);
		}
	}
	groups_read(w, a, &groups, &nr);
	groups_keep(w, groups, nr);
	arena_free(a);
}

int watch_open(struct sysroot *root, const struct host *h, enum watch_source source,
	       struct watch **ret, struct failure **reterr)
{
	struct watch *w = calloc(1, sizeof(*w));
	struct arena *a;
	int r;

	if (!w)
		abort();
	w->root = root;
	w->dev = w->vfio = w->cdevs = -1;
	w->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (w->inotify < 0) {
		r = failure_set(reterr, -errno, "cannot watch /dev: %s", strerror(errno));
	} else {
		a = arena_new();
		nodes_watch(w, a);
		arena_free(a);
		r = monitors_open(w, source, reterr);
	}
	if (r < 0) {
		watch_free(w);
		return r;
	}
	learn(w, h);
	*ret = w;
	return 0;
}

void watch_free(struct watch *w)
{
	if (!w)
		return;
	for (size_t i = 0; i < w->nr_monitors; i++)
		udev_monitor_unref(w->monitors[i]);
	if (w->udev)
		udev_unref(w->udev);
	fd_closep(&w->inotify);
	while (w->nr_known)
		known_remove(w, &w->known[0]);
	free(w->known);
	free(w->groups);
	free(w);
}

const char *watch_source_name(const struct watch *w)
{
	return w->nr_monitors > 1 ? "kernel and udev" : w->names[0];
}

size_t watch_fds(const struct watch *w, int fds[3])
{
	size_t nr = 0;

	for (size_t i = 0; i < w->nr_monitors; i++)
		fds[nr++] = udev_monitor_get_fd(w->monitors[i]);
	fds[nr++] = w->inotify;
	return nr;
}
