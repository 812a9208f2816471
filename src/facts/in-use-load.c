/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a host uses its devices: the part of the devices themselves, and what the other parts share. */
#include <errno.h>
#include <string.h>

#include "decode/procfs.h"
#include "facts/in-use-load.h"

enum { VFS_MAX = 4096, NET_DIRS_MAX = 64 };

const char *in_use_follow(struct loader *l, const char *dir, const struct fact *link)
{
	return fact_is(link) ? path_join(l->a, dir, fact_describe(link)) : NULL;
}

bool in_use_devno(struct span text, uint32_t *major, uint32_t *minor)
{
	const char *colon = memchr(text.s, ':', text.len);
	struct span first, second;
	uint64_t x, y;

	if (!colon)
		return false;
	first = (struct span){ text.s, (size_t)(colon - text.s) };
	second = (struct span){ colon + 1, text.len - first.len - 1 };
	if (parse_u64_span(first, 10, &x) < 0 || parse_u64_span(second, 10, &y) < 0 ||
	    x > UINT32_MAX || y > UINT32_MAX)
		return false;
	*major = (uint32_t)x;
	*minor = (uint32_t)y;
	return true;
}

bool in_use_number(struct span *line, unsigned int *ret)
{
	struct span word;
	uint64_t value;

	if (!parse_word(line, &word) || parse_u64_span(word, 10, &value) < 0 || value > UINT32_MAX)
		return false;
	*ret = (unsigned int)value;
	return true;
}

const char *in_use_word(struct arena *a, struct span *line)
{
	struct span word;

	return parse_word(line, &word) ? arena_strndup(a, word.s, word.len) : NULL;
}

bool in_use_hidden(struct span *rest, unsigned int *ret)
{
	struct span line, word;

	return parse_line(rest, &line) && parse_word(&line, &word) && span_equals(word, "hidden") &&
	       in_use_number(&line, ret);
}

/* The virtual functions by the links virtfnN, and the driver of each. */
static void load_vfs(struct loader *l, struct in_use_device *d)
{
	struct fact names = sysroot_list(l->root, l->a, d->path);
	struct span rest = fact_describe(&names), line;

	d->virtfns = names;
	while (d->nr_vfs < VFS_MAX && parse_line(&rest, &line)) {
		char *name = arena_strndup(l->a, line.s, line.len);
		struct fact link, driver;
		struct span base;

		if (strncmp(name, "virtfn", 6) != 0)
			continue;
		link = read_link_at(l, d->path, name);
		base = path_base(fact_describe(&link));
		driver = read_link_at(l, arena_printf(l->a, "%s/%s", d->path, name), "driver");
		d->vfs = arena_grow(l->a, d->vfs, d->nr_vfs, sizeof(*d->vfs));
		d->vf_drivers = arena_grow(l->a, d->vf_drivers, d->nr_vfs, sizeof(*d->vf_drivers));
		d->vf_facts = arena_grow(l->a, d->vf_facts, d->nr_vfs, sizeof(*d->vf_facts));
		d->vfs[d->nr_vfs] = fact_is(&link) ? arena_strndup(l->a, base.s, base.len) : name;
		base = path_base(fact_describe(&driver));
		d->vf_drivers[d->nr_vfs] =
			fact_is(&driver) ? arena_strndup(l->a, base.s, base.len) : NULL;
		d->vf_facts[d->nr_vfs++] = driver;
	}
}

/* The net directory of a device, or of a virtio device that it carries. */
static void load_net_dir(struct loader *l, struct in_use_device *d)
{
	struct span rest = fact_describe(&d->virtfns), line;
	unsigned int left = NET_DIRS_MAX;

	d->net_dir = list_at(l, d->path, "net");
	while (!fact_is(&d->net_dir) && left && parse_line(&rest, &line)) {
		if (line.len < 6 || strncmp(line.s, "virtio", 6) != 0)
			continue;
		left--;
		d->net_dir =
			list_at(l, arena_printf(l->a, "%s/%.*s", d->path, (int)line.len, line.s),
				"net");
	}
	d->net_elsewhere = fact_is(&d->net_dir) && !d->net_dir.len;
}

/* A shared folder by the driver of the virtio device that carries it. linux: net/9p/trans_virtio.c:
 * p9_mount_tag_show(); fs/fuse/virtio_fs.c. */
static void load_share(struct loader *l, struct in_use_device *d)
{
	static const char *const drivers[][2] = { { "9pnet_virtio", "9p" },
						  { "virtiofs", "virtiofs" } };
	struct span rest = fact_describe(&d->virtfns), line;

	while (!d->share && parse_line(&rest, &line)) {
		struct fact driver;
		struct span base;
		char *dir;

		if (line.len < 7 || strncmp(line.s, "virtio", 6) != 0)
			continue;
		dir = arena_printf(l->a, "%s/%.*s", d->path, (int)line.len, line.s);
		driver = read_link_at(l, dir, "driver");
		base = path_base(fact_describe(&driver));
		for (size_t i = 0; i < ARRAY_SIZE(drivers); i++)
			if (span_equals(base, drivers[i][0]))
				d->share = drivers[i][1];
		if (d->share)
			d->share_tag = read_at(l, dir, "mount_tag");
	}
}

static void load_device(struct loader *l, struct in_use_device *d)
{
	char *dir = arena_printf(l->a, "sys/bus/%s/devices", d->device->bus_name);

	d->link = read_link_at(l, dir, d->device->name);
	d->path = in_use_follow(l, dir, &d->link);
	if (!d->path)
		return;
	if (d->device->bus == BUS_PCI)
		d->boot_vga = read_at(l, d->path, "boot_vga");
	load_vfs(l, d);
	load_net_dir(l, d);
	load_share(l, d);
}

void in_use_load(struct loader *l)
{
	struct in_use *u = arena_new_object(l->a, struct in_use);

	l->h->usage = u;
	u->nr_devices = l->h->nr_devices;
	u->devices = arena_array(l->a, u->nr_devices, sizeof(*u->devices));
	for (size_t i = 0; i < u->nr_devices; i++) {
		u->devices[i].device = l->h->devices[i];
		load_device(l, &u->devices[i]);
	}
	in_use_load_processes(l, u);
	in_use_load_blocks(l, u);
	in_use_load_network(l, u);
	in_use_load_consoles(l, u);
}
