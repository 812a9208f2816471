/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Disks below the loaded devices, and what stands on them: partitions, holders, mounts, swap. */
#include <errno.h>
#include <string.h>

#include "decode/procfs.h"
#include "facts/in-use-load.h"

enum { BLOCKS_MAX = 65536, SUBSYSTEMS_MAX = 1024 };

static struct in_use_block *block_find(const struct in_use *u, struct span name)
{
	for (size_t i = 0; i < u->nr_blocks; i++)
		if (span_equals(name, u->blocks[i]->name))
			return u->blocks[i];
	return NULL;
}

/* "nvme0" and no namespace of it, "nvme0n1". */
static bool is_controller(struct span name)
{
	uint64_t number;

	return name.len > 4 && !strncmp(name.s, "nvme", 4) &&
	       !parse_u64_span((struct span){ name.s + 4, name.len - 4 }, 10, &number);
}

/* A disk with several ways to it stands below its subsystem; the ways are its controllers.
 * linux: drivers/nvme/host/multipath.c: nvme_mpath_alloc_disk(). */
static void load_controllers(struct loader *l, struct in_use_block *b)
{
	static const char parent[] = "sys/devices/virtual/nvme-subsystem/";
	const char *end;
	struct fact names;
	struct span rest, line;
	char *dir;

	if (strncmp(b->path, parent, sizeof(parent) - 1) != 0)
		return;
	end = strchr(b->path + sizeof(parent) - 1, '/');
	dir = arena_strndup(l->a, b->path, end ? (size_t)(end - b->path) : strlen(b->path));
	names = sysroot_list(l->root, l->a, dir);
	rest = fact_describe(&names);
	while (b->nr_controllers < SUBSYSTEMS_MAX && parse_line(&rest, &line)) {
		struct fact link;
		const char *path;

		if (!is_controller(line))
			continue;
		link = read_link_at(l, dir, arena_strndup(l->a, line.s, line.len));
		path = in_use_follow(l, dir, &link);
		if (!path)
			continue;
		b->controllers = arena_grow(l->a, b->controllers, b->nr_controllers,
					    sizeof(*b->controllers));
		b->controllers[b->nr_controllers++] = path;
	}
}

static void list_blocks(struct loader *l, struct in_use *u)
{
	struct span rest, line;

	u->blocks_list = sysroot_list(l->root, l->a, "sys/class/block");
	rest = fact_describe(&u->blocks_list);
	while (u->nr_blocks < BLOCKS_MAX && parse_line(&rest, &line)) {
		struct in_use_block *b = arena_new_object(l->a, struct in_use_block);
		struct fact link;

		b->name = arena_strndup(l->a, line.s, line.len);
		link = read_link_at(l, "sys/class/block", b->name);
		b->path = in_use_follow(l, "sys/class/block", &link);
		if (!b->path)
			b->path = arena_printf(l->a, "sys/class/block/%s", b->name);
		load_controllers(l, b);
		u->blocks = arena_grow(l->a, u->blocks, u->nr_blocks, sizeof(*u->blocks));
		u->blocks[u->nr_blocks++] = b;
	}
}

/* A mounted ext4, xfs or f2fs has a directory of its device's name, whatever namespace it is mounted
 * in. linux: fs/ext4/sysfs.c: ext4_register_sysfs(), fs/xfs/xfs_super.c: xfs_fs_fill_super(),
 * fs/f2fs/sysfs.c: f2fs_register_sysfs(). */
static void load_filesystem(struct loader *l, struct in_use_block *b)
{
	static const char *const kinds[] = { "ext4", "xfs", "f2fs" };

	for (size_t i = 0; !b->filesystem && i < ARRAY_SIZE(kinds); i++) {
		struct fact st = stat_at(l, arena_printf(l->a, "sys/fs/%s", kinds[i]), b->name);

		if (fact_is(&st))
			b->filesystem = kinds[i];
	}
}

static void load_block(struct loader *l, struct in_use *u, struct in_use_block *b,
		       unsigned int depth)
{
	struct span rest, line;

	if (b->loaded || depth > 32)
		return;
	b->loaded = true;
	b->dev = read_at(l, b->path, "dev");
	if (fact_is(&b->dev) && !in_use_devno(fact_describe(&b->dev), &b->major, &b->minor)) {
		b->dev.state = FACT_FAILED;
		b->dev.err = EBADMSG;
	}
	b->label = read_at(l, b->path, "dm/name");
	b->bcache = stat_at(l, b->path, "bcache");
	load_filesystem(l, b);
	if (fact_is(&u->zfs_pools) && fact_is(&b->dev))
		b->udev = sysroot_read(l->root, l->a,
				       arena_printf(l->a, "run/udev/data/b%s", b->dev.raw),
				       SYSROOT_FILE_MAX);
	b->holders_list = list_at(l, b->path, "holders");
	rest = fact_describe(&b->holders_list);
	while (parse_line(&rest, &line)) {
		struct in_use_block *holder = block_find(u, line);

		if (!holder)
			continue;
		b->holders = arena_grow(l->a, b->holders, b->nr_holders, sizeof(*b->holders));
		b->holders[b->nr_holders++] = holder;
		load_block(l, u, holder, depth + 1);
	}
	if (fact_is(&b->bcache)) {
		b->bcache_dev = read_link_at(l, arena_printf(l->a, "%s/bcache", b->path), "dev");
		if (fact_is(&b->bcache_dev)) {
			struct in_use_block *backed =
				block_find(u, path_base(fact_describe(&b->bcache_dev)));

			if (backed) {
				b->holders = arena_grow(l->a, b->holders, b->nr_holders,
							sizeof(*b->holders));
				b->holders[b->nr_holders++] = backed;
				load_block(l, u, backed, depth + 1);
			}
		}
	}
}

/* Only what is below a loaded device, and what is reached from there. */
static void load_used_blocks(struct loader *l, struct in_use *u)
{
	for (size_t i = 0; i < u->nr_blocks; i++) {
		struct in_use_block *b = u->blocks[i];
		bool below = false;

		for (size_t d = 0; !below && d < u->nr_devices; d++) {
			below = in_use_is_below(&u->devices[d], b->path);
			for (size_t c = 0; !below && c < b->nr_controllers; c++)
				below = in_use_is_below(&u->devices[d], b->controllers[c]);
		}
		if (below)
			load_block(l, u, b, 0);
	}
}

/* The partitions of what stands on a disk, an md array for example, belong to it as well. */
static void load_partitions(struct loader *l, struct in_use *u)
{
	bool more = true;

	for (unsigned int round = 0; more && round < 8; round++) {
		more = false;
		for (size_t i = 0; i < u->nr_blocks; i++) {
			struct in_use_block *b = u->blocks[i];
			const char *slash = strrchr(b->path, '/');
			struct in_use_block *parent = NULL;

			if (b->loaded || !slash)
				continue;
			for (size_t p = 0; !parent && p < u->nr_blocks; p++)
				if (strlen(u->blocks[p]->path) == (size_t)(slash - b->path) &&
				    !strncmp(u->blocks[p]->path, b->path,
					     (size_t)(slash - b->path)))
					parent = u->blocks[p];
			if (parent && parent->loaded) {
				load_block(l, u, b, 0);
				more = true;
			}
		}
	}
}

/* The disks of each mounted btrfs, which has a device number of its own. */
static void load_btrfs(struct loader *l, struct in_use *u)
{
	struct fact pools = sysroot_list(l->root, l->a, "sys/fs/btrfs");
	struct span rest = fact_describe(&pools), pool, line;

	while (parse_line(&rest, &pool)) {
		char *uuid = arena_strndup(l->a, pool.s, pool.len);
		struct fact devices =
			list_at(l, arena_printf(l->a, "sys/fs/btrfs/%s", uuid), "devices");
		struct span names = fact_describe(&devices);

		while (parse_line(&names, &line)) {
			struct in_use_block *b = block_find(u, line);

			if (b)
				b->pool_of_btrfs = uuid;
		}
	}
}

static void load_swaps(struct loader *l, struct in_use *u)
{
	struct span rest, line, name;
	struct stat_text st;

	u->swaps_fact = sysroot_read(l->root, l->a, "proc/swaps", SYSROOT_FILE_MAX);
	rest = fact_describe(&u->swaps_fact);
	/* The first line names the columns. linux: mm/swapfile.c: swap_show(). */
	if (!parse_line(&rest, &line))
		return;
	while (parse_line(&rest, &line)) {
		struct in_use_swap *s;

		if (!parse_word(&line, &name) || name.len < 2 || *name.s != '/')
			continue;
		u->swaps = arena_grow(l->a, u->swaps, u->nr_swaps, sizeof(*u->swaps));
		s = &u->swaps[u->nr_swaps++];
		s->path = arena_strndup(l->a, name.s, name.len);
		s->stat = sysroot_stat(l->root, l->a, s->path + 1);
		if (!fact_is(&s->stat) || stat_text_parse(fact_describe(&s->stat), &st) < 0 ||
		    !span_equals(st.type, "block"))
			continue;
		s->major = st.major;
		s->minor = st.minor;
	}
}

/* Modules that open disks for themselves: what they have shows nowhere below /sys/block. */
static void load_hidden_holders(struct loader *l, struct in_use *u)
{
	static const char *const names[] = { "drbd", "nvmet", "target_core_iblock" };
	size_t nr = 0;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct fact st = stat_at(l, "sys/module", names[i]);

		if (st.state != FACT_ABSENT && st.state != FACT_UNREAD)
			u->hidden_holders[nr++] = names[i];
	}
}

void in_use_load_blocks(struct loader *l, struct in_use *u)
{
	u->zfs_pools = sysroot_list(l->root, l->a, "proc/spl/kstat/zfs");
	list_blocks(l, u);
	load_used_blocks(l, u);
	load_partitions(l, u);
	load_btrfs(l, u);
	load_swaps(l, u);
	load_hidden_holders(l, u);
}
