/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Disks behind a device, at any depth, and their use: filesystems, swap, volumes, arrays, encryption,
 * caches, pools. The reported chain begins with what would be lost. */
#include <string.h>

#include "base/parse.h"
#include "base/shell.h"
#include "facts/in-use.h"
#include "bind/guard.h"

enum { DEPTH_MAX = 32, FINDINGS_MAX = 64 };

struct look {
	struct guard_check *c;
	const struct in_use *u;
	size_t nr;                 /* uses found */
	struct guard_finding rest; /* findings past FINDINGS_MAX go here and are not reported */
};

/* Reports that @what uses @chain. */
static struct guard_finding *in_use(struct look *k, const char *what, const char *chain)
{
	if (k->nr++ >= FINDINGS_MAX)
		return &k->rest;
	return guard_found(k->c, ANSWER_YES, "%s <- %s", what, chain);
}

static bool source_is(const char *source, const char *name)
{
	return !strncmp(source, "/dev/", 5) && !strcmp(source + 5, name);
}

/* Whose source is the kernel's own word: nobody but root mounts these. Any user may call the source of a tmpfs of his
 * own /dev/sda. linux: FS_USERNS_MOUNT in fs/; fs/btrfs/super.c: btrfs_show_devname(). */
static bool tells_its_disk(const struct in_use_mount *m)
{
	return !strcmp(m->fstype, "btrfs") || !strcmp(m->fstype, "bcachefs");
}

/* A btrfs has a device number of its own; the source names one of its disks. */
static bool is_mount_of(const struct look *k, const struct in_use_mount *m,
			const struct in_use_block *b)
{
	if (m->major)
		return m->major == b->major && m->minor == b->minor;
	if (!tells_its_disk(m))
		return false;
	if (source_is(m->source, b->name))
		return true;
	for (size_t i = 0; b->pool_of_btrfs && i < k->u->nr_blocks; i++) {
		const struct in_use_block *other = k->u->blocks[i];

		if (other->pool_of_btrfs && !strcmp(other->pool_of_btrfs, b->pool_of_btrfs) &&
		    source_is(m->source, other->name))
			return true;
	}
	return false;
}

/* A path as the kernel writes it in a table, blanks as \040, for a shell. linux: fs/seq_file.c: mangle_path(). */
static const char *place_word(struct arena *a, const char *path)
{
	char *ret = arena_strdup(a, path), *out = ret;

	for (; *path; path++) {
		if (*path == '\\' && strspn(path + 1, "01234567") >= 3 && path[1] <= '3') {
			*out++ = (char)((path[1] - '0') << 6 | (path[2] - '0') << 3 |
					(path[3] - '0'));
			path += 3;
		} else {
			*out++ = *path;
		}
	}
	*out = '\0';
	return shell_word(a, ret);
}

/* What one namespace calls /mnt is another place in the next. */
static void say_mount(const struct look *k, const struct in_use_mount *m, struct guard_finding *f)
{
	struct arena *a = k->c->arena;

	if (m->pid) {
		f->pid = (pid_t)m->pid;
		f->evidence = arena_printf(a, "%s (in the mount namespace of process %u)",
					   f->evidence ? f->evidence : "", m->pid);
		f->remedy = arena_printf(a, "end process %u, or nsenter -t %u -m umount %s", m->pid,
					 m->pid, place_word(a, m->target));
	} else {
		f->remedy = strcmp(m->target, "/") != 0
				    ? arena_printf(a, "umount %s", place_word(a, m->target))
				    : "leave it to the host, which runs from this disk";
	}
}

static bool look_mounts(struct look *k, const struct in_use_block *b, const char *chain)
{
	const struct in_use *u = k->u;
	bool found = false;

	for (size_t i = 0; i < u->nr_mounts; i++) {
		const struct in_use_mount *m = &u->mounts[i];
		struct guard_finding *f;
		bool again = false;

		if (!is_mount_of(k, m, b))
			continue;
		found = true;
		/* The same mount point in several namespaces is reported once. */
		for (size_t j = 0; !again && j < i; j++)
			again = is_mount_of(k, &u->mounts[j], b) &&
				!strcmp(u->mounts[j].target, m->target);
		if (again)
			continue;
		f = in_use(k, m->target, chain);
		say_mount(k, m, f);
	}
	if (!found && b->filesystem)
		in_use(k,
		       arena_printf(k->c->arena,
				    "%s, mounted in a namespace that vfiotool cannot see",
				    b->filesystem),
		       chain);
	else if (!found && b->pool_of_btrfs)
		in_use(k, arena_printf(k->c->arena, "btrfs %s", b->pool_of_btrfs), chain);
	return found || b->filesystem || b->pool_of_btrfs;
}

static bool look_swaps(struct look *k, const struct in_use_block *b, const char *chain)
{
	bool found = false;

	for (size_t i = 0; i < k->u->nr_swaps; i++) {
		const struct in_use_swap *s = &k->u->swaps[i];

		if (s->major ? s->major != b->major || s->minor != b->minor
			     : !source_is(s->path, b->name))
			continue;
		found = true;
		in_use(k, "swap", chain)->remedy =
			arena_printf(k->c->arena, "swapoff %s", place_word(k->c->arena, s->path));
	}
	return found;
}

static bool look_opens(struct look *k, const struct in_use_block *b, const char *chain)
{
	bool found = false;

	for (size_t i = 0; i < k->u->nr_opens; i++) {
		const struct in_use_open *o = &k->u->opens[i];
		struct guard_finding *f;

		if (o->kind != 'b' || o->major != b->major || o->minor != b->minor)
			continue;
		found = true;
		f = in_use(k, arena_printf(k->c->arena, "process %u (%s)", o->pid, o->comm), chain);
		f->pid = (pid_t)o->pid;
		f->command = o->comm;
		f->remedy = arena_printf(k->c->arena, "end process %u", o->pid);
	}
	return found;
}

static struct span fact_span(const struct fact *f)
{
	return fact_is(f) ? (struct span){ f->raw, f->len } : (struct span){ "", 0 };
}

static bool has_line(struct span rest, const char *text)
{
	struct span line;

	while (parse_line(&rest, &line))
		if (span_equals(line, text))
			return true;
	return false;
}

/* The pool is imported, and udev has read its label from the disk. */
static bool look_zfs(struct look *k, const struct in_use_block *b, const char *chain)
{
	struct span rest = fact_span(&b->udev), line;

	if (k->u->zfs_pools.state == FACT_ABSENT)
		return false;
	if (!fact_is(&k->u->zfs_pools) || !fact_is(&b->udev)) {
		guard_found(k->c, ANSWER_UNKNOWN,
			    "cannot tell whether ZFS uses %s: udev has no record of it", b->name);
		return false;
	}
	if (!has_line(rest, "E:ID_FS_TYPE=zfs_member"))
		return false;
	while (parse_line(&rest, &line)) {
		char *pool;

		if (line.len < 14 || strncmp(line.s, "E:ID_FS_LABEL=", 14) != 0)
			continue;
		pool = arena_strndup(k->c->arena, line.s + 14, line.len - 14);
		if (!has_line(fact_span(&k->u->zfs_pools), pool))
			return false;
		in_use(k, arena_printf(k->c->arena, "pool %s (zfs)", pool), chain)->remedy =
			arena_printf(k->c->arena, "zpool export %s", shell_word(k->c->arena, pool));
		return true;
	}
	return false;
}

static bool is_partition_of(const struct in_use_block *part, const struct in_use_block *disk)
{
	size_t len = strlen(disk->path);

	return !strncmp(part->path, disk->path, len) && part->path[len] == '/';
}

static const char *block_label(struct look *k, const struct in_use_block *b)
{
	return fact_is(&b->label) ? arena_printf(k->c->arena, "%s (%s)", b->name, b->label.raw)
				  : b->name;
}

static bool look_block(struct look *k, const struct in_use_block *b, const char *chain,
		       unsigned int depth);

/* What uses a holder; if nothing does, the holder itself. */
static void look_holder(struct look *k, const struct in_use_block *holder, const char *below,
			unsigned int depth)
{
	const char *label = block_label(k, holder);
	const char *chain = arena_printf(k->c->arena, "%s <- %s", label, below);
	bool found = look_block(k, holder, chain, depth + 1);

	for (size_t i = 0; i < k->u->nr_blocks; i++) {
		const struct in_use_block *part = k->u->blocks[i];

		if (is_partition_of(part, holder))
			found |=
				look_block(k, part,
					   arena_printf(k->c->arena, "%s <- %s", part->name, below),
					   depth + 1);
	}
	if (!found)
		in_use(k, label, below);
}

static bool look_block(struct look *k, const struct in_use_block *b, const char *chain,
		       unsigned int depth)
{
	bool found;

	if (depth > DEPTH_MAX)
		return false;
	if (!fact_is(&b->dev)) {
		guard_unread(k->c, &b->dev,
			     arena_printf(k->c->arena, "the device number of %s", b->name));
		return false;
	}
	found = look_mounts(k, b, chain);
	found |= look_swaps(k, b, chain);
	found |= look_opens(k, b, chain);
	for (size_t i = 0; i < b->nr_holders; i++)
		look_holder(k, b->holders[i], chain, depth);
	found |= b->nr_holders > 0;
	if (!found && fact_is(&b->bcache)) {
		in_use(k, "bcache", chain);
		found = true;
	}
	if (!fact_known(&b->holders_list))
		guard_unread(k->c, &b->holders_list,
			     arena_printf(k->c->arena, "what holds %s", b->name));
	else if (fact_is(&b->holders_list) && b->holders_list.len && !b->nr_holders) {
		in_use(k, b->holders_list.raw, chain);
		found = true;
	}
	return found || look_zfs(k, b, chain);
}

static bool is_behind(const struct in_use_device *d, const struct in_use_block *b)
{
	if (in_use_is_below(d, b->path))
		return true;
	for (size_t i = 0; i < b->nr_controllers; i++)
		if (in_use_is_below(d, b->controllers[i]))
			return true;
	return false;
}

/* Whether @m is a mount of the folder that the device shares; unknown where the tag is not told. Only root mounts these,
 * so the source is the kernel's own word. */
static enum tristate is_mount_of_share(const struct in_use_device *d, const struct in_use_mount *m)
{
	if (strcmp(m->fstype, d->share) != 0)
		return TRI_NO;
	/* In a table of mounts these are written otherwise. */
	if (!fact_is(&d->share_tag) || strpbrk(d->share_tag.raw, " \t\n\\"))
		return TRI_UNKNOWN;
	return strcmp(m->source, d->share_tag.raw) ? TRI_NO : TRI_YES;
}

/* The driver of a shared folder waits with the unbind until nobody has it mounted.
 * linux: net/9p/trans_virtio.c: p9_virtio_remove(). */
static void look_share(struct look *k, const struct in_use_device *d)
{
	for (size_t i = 0; i < k->u->nr_mounts; i++) {
		const struct in_use_mount *m = &k->u->mounts[i];
		enum tristate is = is_mount_of_share(d, m);

		if (is == TRI_YES)
			say_mount(k, m,
				  in_use(k, m->target,
					 arena_printf(k->c->arena, "%s share %s <- %s", d->share,
						      m->source, k->c->device->name)));
		else if (is == TRI_UNKNOWN)
			say_mount(k, m,
				  guard_found(k->c, ANSWER_UNKNOWN,
					      "%s may be mounted from this device: it does not tell its tag",
					      m->target));
	}
}

/* Unreadable facts that may hide a use of disks that look free. */
static void say_doubts(struct look *k)
{
	const struct in_use *u = k->u;

	if (!fact_is(&u->mounts_fact))
		guard_unread(k->c, &u->mounts_fact, "what is mounted");
	else if (u->hidden_mounts)
		guard_found(k->c, ANSWER_UNKNOWN, "the mounts of %u processes could not be read",
			    u->hidden_mounts);
	if (!fact_known(&u->swaps_fact))
		guard_unread(k->c, &u->swaps_fact, "what is in swap");
	if (!fact_is(&u->opens_fact))
		guard_unread(k->c, &u->opens_fact, "which process has the disk open");
	else if (u->hidden_opens)
		guard_found(k->c, ANSWER_UNKNOWN,
			    "%u processes could not be inspected; one may have the disk open",
			    u->hidden_opens);
	for (size_t i = 0; u->hidden_holders[i]; i++)
		guard_found(k->c, ANSWER_UNKNOWN,
			    "module %s is loaded, and the disks that it uses cannot be seen",
			    u->hidden_holders[i]);
}

static void check(struct guard_check *c)
{
	const struct in_use_device *d = guard_usage(c);
	struct look k = { .c = c, .u = c->host->usage };
	bool disks = false;

	if (!d)
		return;
	if (!fact_known(&k.u->blocks_list))
		guard_unread(c, &k.u->blocks_list, "which disks there are");
	for (size_t i = 0; i < k.u->nr_blocks; i++) {
		const struct in_use_block *b = k.u->blocks[i];

		if (!is_behind(d, b))
			continue;
		disks = true;
		look_block(&k, b, arena_printf(c->arena, "%s <- %s", b->name, c->device->name), 0);
	}
	if (d->share)
		look_share(&k, d);
	if ((disks || d->share) && !k.nr)
		say_doubts(&k);
}

const struct guard guard_disk = {
	.name = "disk",
	.protects =
		"filesystem, swap space, volume or array on a disk of the device, or folder that it shares",
	.check = check,
};
