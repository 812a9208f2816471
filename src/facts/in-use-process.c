/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What processes do with devices: mounts in each of their namespaces, open nodes, and whether the caller
 * came by SSH. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

#include <libmount.h>

#include "decode/procfs.h"
#include "facts/in-use-load.h"
#include "facts/process.h"

enum {
	NAMESPACES_MAX = 4096,
	LINES_MAX = 1 << 20,
	ANCESTORS_MAX = 256,
	ENVIRONMENT_MAX = 4 << 20,
};

/* A word that can stand in a line: blanks and control characters as octal, as the kernel writes them in
 * mountinfo. "-" for nothing. */
static const char *word_of(struct arena *a, const char *s)
{
	struct strbuf out = { .arena = a };

	for (; s && *s; s++) {
		if ((unsigned char)*s <= ' ' || *s == '\\' || *s == 0x7f)
			strbuf_printf(&out, "\\%03o", (unsigned char)*s);
		else
			strbuf_add(&out, s, 1);
	}
	return out.len ? strbuf_get(&out) : "-";
}

/* ---- mounts ---- */

/* Only what may lie on a disk: a number of a block device, or one of those that have a number of their own; and what
 * a virtio device may share. */
static bool mount_matters(struct libmnt_fs *fs)
{
	static const char *const types[] = { "btrfs", "bcachefs", "zfs", "9p", "virtiofs" };
	const char *type = mnt_fs_get_fstype(fs);
	bool ret = major(mnt_fs_get_devno(fs));

	for (size_t i = 0; type && i < ARRAY_SIZE(types); i++)
		ret |= !strcmp(type, types[i]);
	return ret;
}

static int add_mounts(struct arena *scratch, const struct fact *mountinfo, const char *pid,
		      struct strbuf *out)
{
	FILE *in = fmemopen((void *)mountinfo->raw, mountinfo->len, "r");
	struct libmnt_table *table = mnt_new_table();
	struct libmnt_iter *iter = mnt_new_iter(MNT_ITER_FORWARD);
	struct libmnt_fs *fs;
	int r = -ENOMEM;

	if (in && table && iter)
		r = mnt_table_parse_stream(table, in, "mountinfo");
	while (!r && mnt_table_next_fs(table, iter, &fs) == 0) {
		dev_t dev = mnt_fs_get_devno(fs);

		if (mount_matters(fs))
			strbuf_printf(out, "%s %u:%u %s %s %s\n", pid, major(dev), minor(dev),
				      word_of(scratch, mnt_fs_get_fstype(fs)),
				      word_of(scratch, mnt_fs_get_source(fs)),
				      word_of(scratch, mnt_fs_get_target(fs)));
	}
	mnt_free_iter(iter);
	mnt_unref_table(table);
	if (in)
		fclose(in);
	return r;
}

/* The mounts of one process, if its namespace was not met yet. False when the caller has no permission to
 * read it. */
static bool scan_mounts(struct sysroot *root, struct arena *a, struct strmap *seen, const char *pid,
			struct strbuf *out)
{
	struct fact ns = sysroot_read_link(root, a, arena_printf(a, "proc/%s/ns/mnt", pid));
	struct fact mountinfo;

	/* A kernel thread that ends, a process that is gone. */
	if (ns.state == FACT_ABSENT)
		return true;
	if (!fact_is(&ns))
		return false;
	if (strmap_find(seen, ns.raw) || seen->nr >= NAMESPACES_MAX)
		return seen->nr < NAMESPACES_MAX;
	mountinfo =
		sysroot_read(root, a, arena_printf(a, "proc/%s/mountinfo", pid), SYSROOT_FILE_MAX);
	/* A dying process has no mounts any more; another process has the namespace. */
	if (mountinfo.state == FACT_ABSENT || (fact_is(&mountinfo) && !mountinfo.len) ||
	    mountinfo.err == EINVAL)
		return true;
	if (!fact_is(&mountinfo) || add_mounts(a, &mountinfo, pid, out) < 0)
		return false;
	strmap_add(seen, ns.raw, (void *)ns.raw);
	return true;
}

/* "hidden N", then "PID MAJOR:MINOR FSTYPE SOURCE TARGET" lines; PID 0 is the caller. */
static void ask_mounts(struct sysroot *root, struct arena *a, void *ctx, struct fact *ret)
{
	struct arena *scratch = arena_new();
	struct strmap seen = { .arena = scratch };
	struct strbuf out = { .arena = scratch };
	struct fact own = sysroot_read(root, scratch, "proc/self/mountinfo", SYSROOT_FILE_MAX);
	struct fact ns = sysroot_read_link(root, scratch, "proc/self/ns/mnt");
	struct fact pids = sysroot_list(root, scratch, "proc");
	struct span rest = fact_describe(&pids), line;
	unsigned int hidden = 0;

	(void)ctx;
	*ret = (struct fact){ .state = own.state, .err = own.err, .path = ret->path };
	if (fact_is(&own) && add_mounts(scratch, &own, "0", &out) < 0) {
		ret->state = FACT_FAILED;
		ret->err = EBADMSG;
	}
	if (fact_is(&ns))
		strmap_add(&seen, ns.raw, (void *)ns.raw);
	while (fact_is(ret) && parse_line(&rest, &line))
		if (process_is_pid(line) &&
		    !scan_mounts(root, scratch, &seen, arena_strndup(scratch, line.s, line.len),
				 &out))
			hidden++;
	if (fact_is(ret))
		process_answer(a, ret, &out, hidden);
	arena_free(scratch);
}

/* ---- open nodes ---- */

/* The device that a VFIO descriptor belongs to, as newer kernels show it. linux: drivers/vfio/vfio_main.c:
 * vfio_device_show_fdinfo(). */
static const char *vfio_path(struct sysroot *root, struct arena *a, const char *pid, struct span fd)
{
	struct fact info =
		sysroot_read(root, a,
			     arena_printf(a, "proc/%s/fdinfo/%.*s", pid, (int)fd.len, fd.s),
			     SYSROOT_ATTRIBUTE_MAX);
	struct span value;

	if (!fact_is(&info) || !status_get(fact_describe(&info), "vfio-device-syspath", &value))
		return "?";
	return word_of(a, arena_strndup(a, value.s, value.len));
}

/* A write to one of these takes a driver away, or gives one: it comes back when that is done. */
static bool moves_drivers(const char *path)
{
	static const char *const names[] = { "unbind", "bind", "drivers_probe", "remove",
					     "sriov_numvfs" };
	const char *slash = strrchr(path, '/');

	for (size_t i = 0; slash && i < ARRAY_SIZE(names); i++)
		if (!strcmp(slash + 1, names[i]))
			return true;
	return false;
}

/* A file of sysfs that takes drivers away belongs to root: no other user can make a file that looks like
 * one. */
static bool is_written_by_root(struct sysroot *root, struct arena *a, const char *pid,
			       struct span fd)
{
	unsigned int flags;
	struct stat_text st;

	return process_fd_stat(root, a, pid, fd, &st) && span_equals(st.type, "file") && !st.uid &&
	       process_fd_flags(root, a, pid, fd, &flags) && flags & O_ACCMODE;
}

/* "c 226:0 /dev/dri/card0", or NULL for what is neither a device's nor moves one. */
static const char *open_line(struct sysroot *root, struct arena *a, const char *pid, struct span fd,
			     const struct fact *link)
{
	struct stat_text st;

	if (!strcmp(link->raw, "anon_inode:[vfio-device]"))
		return arena_printf(a, "v 0:0 %s", vfio_path(root, a, pid, fd));
	if (!strncmp(link->raw, "/sys/", 5))
		return moves_drivers(link->raw) && is_written_by_root(root, a, pid, fd)
			       ? arena_printf(a, "w 0:0 %s", word_of(a, link->raw))
			       : NULL;
	/* A node may be mounted under any name. */
	if ((*link->raw != '/' && *link->raw != '(') || !process_fd_stat(root, a, pid, fd, &st))
		return NULL;
	/* Major 1 is memory: null, zero, random. linux: Documentation/admin-guide/devices.txt. */
	if (span_equals(st.type, "char") && st.major != 1)
		return arena_printf(a, "c %u:%u %s", st.major, st.minor, word_of(a, link->raw));
	if (span_equals(st.type, "block"))
		return arena_printf(a, "b %u:%u %s", st.major, st.minor, word_of(a, link->raw));
	return NULL;
}

static int scan_opens(struct sysroot *root, struct arena *a, void *ctx vt_unused, const char *pid,
		      struct strbuf *out)
{
	const char *dir = arena_printf(a, "proc/%s/fd", pid);
	struct strmap seen = { .arena = a };
	struct fact fds = sysroot_list(root, a, dir), comm = { .state = FACT_UNREAD };
	struct span rest = fact_describe(&fds), fd;

	if (!fact_is(&fds))
		return fds.state == FACT_DENIED ? -EACCES : 0;
	while (parse_line(&rest, &fd)) {
		struct fact link =
			sysroot_read_link(root, a,
					  arena_printf(a, "%s/%.*s", dir, (int)fd.len, fd.s));
		const char *line = fact_is(&link) ? open_line(root, a, pid, fd, &link) : NULL;

		if (!line || strmap_find(&seen, line))
			continue;
		strmap_add(&seen, line, (void *)line);
		if (comm.state == FACT_UNREAD)
			comm = sysroot_read(root, a, arena_printf(a, "proc/%s/comm", pid),
					    SYSROOT_ATTRIBUTE_MAX);
		strbuf_printf(out, "%s %s %s\n", line, pid,
			      word_of(a, fact_is(&comm) ? comm.raw : "?"));
	}
	return 0;
}

/* "hidden N", then "c|b|v|w MAJOR:MINOR NODE PID COMM" lines. */
static void ask_opens(struct sysroot *root, struct arena *a, void *ctx, struct fact *ret)
{
	process_ask_all(root, a, scan_opens, ctx, ret);
}

/* ---- the caller's connection ---- */

static bool environment_get(const struct fact *environ, const char *name, struct span *ret)
{
	struct span rest = fact_describe(environ);
	size_t len = strlen(name);

	while (rest.len) {
		const char *nul = memchr(rest.s, '\0', rest.len);
		size_t part = nul ? (size_t)(nul - rest.s) : rest.len;

		if (part > len && !strncmp(rest.s, name, len) && rest.s[len] == '=') {
			*ret = (struct span){ rest.s + len + 1, part - len - 1 };
			return true;
		}
		rest.s += part + (nul ? 1 : 0);
		rest.len -= part + (nul ? 1 : 0);
	}
	return false;
}

/* "CLIENT PORT SERVER PORT": the client's address is private, so no answer (and no capture) has it. */
static const char *ssh_answer(struct arena *a, struct span value)
{
	struct span client, port;

	if (!parse_word(&value, &client) || !parse_word(&value, &port))
		return "ssh";
	return arena_printf(a, "ssh - - %.*s", (int)value.len, value.s);
}

static void ask_ssh(struct sysroot *root, struct arena *a, void *ctx, struct fact *ret)
{
	const char *pid = "self", *raw = "none";
	struct arena *scratch = arena_new();

	(void)ctx;
	for (unsigned int i = 0; i < ANCESTORS_MAX; i++) {
		struct fact environ =
			sysroot_read(root, scratch, arena_printf(scratch, "proc/%s/environ", pid),
				     ENVIRONMENT_MAX);
		struct fact status =
			sysroot_read(root, scratch, arena_printf(scratch, "proc/%s/status", pid),
				     SYSROOT_FILE_MAX);
		struct span value;

		if (fact_is(&environ) && environment_get(&environ, "SSH_CONNECTION", &value)) {
			raw = ssh_answer(a, value);
			break;
		}
		if (!fact_is(&environ) || !fact_is(&status)) {
			raw = arena_printf(a, "hidden %s", pid);
			break;
		}
		if (!status_get(fact_describe(&status), "PPid", &value) || !process_is_pid(value) ||
		    span_equals(value, "0"))
			break;
		pid = arena_strndup(scratch, value.s, value.len);
	}
	ret->state = FACT_PRESENT;
	ret->raw = raw;
	ret->len = (uint32_t)strlen(raw);
	arena_free(scratch);
}

/* ---- into the snapshot ---- */

static void load_mounts(struct loader *l, struct in_use *u)
{
	struct span rest, line;

	u->mounts_fact = sysroot_ask(l->root, l->a, "process:mounts", true, ask_mounts, NULL);
	rest = fact_describe(&u->mounts_fact);
	if (fact_is(&u->mounts_fact) && !in_use_hidden(&rest, &u->hidden_mounts)) {
		u->mounts_fact.state = FACT_FAILED;
		u->mounts_fact.err = EBADMSG;
	}
	while (fact_is(&u->mounts_fact) && u->nr_mounts < LINES_MAX && parse_line(&rest, &line)) {
		struct in_use_mount m = { 0 };
		struct span devno;

		if (!in_use_number(&line, &m.pid) || !parse_word(&line, &devno) ||
		    !in_use_devno(devno, &m.major, &m.minor))
			continue;
		m.fstype = in_use_word(l->a, &line);
		m.source = in_use_word(l->a, &line);
		m.target = in_use_word(l->a, &line);
		if (!m.target)
			continue;
		u->mounts = arena_grow(l->a, u->mounts, u->nr_mounts, sizeof(*u->mounts));
		u->mounts[u->nr_mounts++] = m;
	}
}

static void open_locate(struct loader *l, struct in_use_open *o)
{
	const char *name = arena_printf(l->a, "%u:%u", o->major, o->minor);

	if (o->kind == 'v' || o->kind == 'w') {
		if (!strncmp(o->node, "/sys/", 5))
			o->path = o->node + 1;
		return;
	}
	if (o->kind != 'c')
		return;
	o->sysfs = read_link_at(l, "sys/dev/char", name);
	o->path = in_use_follow(l, "sys/dev/char", &o->sysfs);
}

/* The value of -name: "guest=NAME,debug-threads=on", or "NAME". */
static const char *machine_name(struct loader *l, const struct fact *cmdline)
{
	struct span rest = fact_describe(cmdline);
	bool next = false;

	while (rest.len) {
		const char *nul = memchr(rest.s, '\0', rest.len);
		size_t len = nul ? (size_t)(nul - rest.s) : rest.len;
		struct span word = { rest.s, len };

		if (next) {
			if (word.len > 6 && !strncmp(word.s, "guest=", 6))
				word = (struct span){ word.s + 6, word.len - 6 };
			word.len = strcspn(arena_strndup(l->a, word.s, word.len), ",");
			return word_of(l->a, arena_strndup(l->a, word.s, word.len));
		}
		next = span_equals(word, "-name") || span_equals(word, "--name");
		rest.s += len + (nul ? 1 : 0);
		rest.len -= len + (nul ? 1 : 0);
	}
	return "?";
}

/* By the start of its name, which the kernel cuts at 15 characters. */
static bool is_monitor(const char *comm)
{
	static const char *const names[] = { "qemu",   "kvm",         "cloud-hyperviso",
					     "crosvm", "firecracker", "lkvm" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strncmp(comm, names[i], strlen(names[i])))
			return true;
	return false;
}

static void open_identify(struct loader *l, struct in_use_open *o)
{
	struct fact cmdline;

	/* linux: drivers/vfio/group.c: vfio_group_alloc() and vfio_main.c: vfio_init_device(): what the node is
	 * of, and not what its process calls it. */
	o->vfio = o->kind == 'v' ||
		  (o->path && (strstr(o->path, "/virtual/vfio/") || strstr(o->path, "/vfio-dev/")));
	if (!o->vfio || !is_monitor(o->comm))
		return;
	cmdline = sysroot_read(l->root, l->a, arena_printf(l->a, "proc/%u/cmdline", o->pid),
			       SYSROOT_FILE_MAX);
	o->machine = machine_name(l, &cmdline);
}

static void load_opens(struct loader *l, struct in_use *u)
{
	struct span rest, line;

	u->opens_fact = sysroot_ask(l->root, l->a, "process:open-devices", true, ask_opens, NULL);
	rest = fact_describe(&u->opens_fact);
	if (fact_is(&u->opens_fact) && !in_use_hidden(&rest, &u->hidden_opens)) {
		u->opens_fact.state = FACT_FAILED;
		u->opens_fact.err = EBADMSG;
	}
	while (fact_is(&u->opens_fact) && u->nr_opens < LINES_MAX && parse_line(&rest, &line)) {
		struct in_use_open o = { 0 };
		struct span kind, devno;

		if (!parse_word(&line, &kind) || kind.len != 1 || !parse_word(&line, &devno) ||
		    !in_use_devno(devno, &o.major, &o.minor))
			continue;
		o.kind = *kind.s;
		o.node = in_use_word(l->a, &line);
		if (!o.node || !in_use_number(&line, &o.pid))
			continue;
		o.comm = in_use_word(l->a, &line);
		o.comm = o.comm ? o.comm : "?";
		open_locate(l, &o);
		open_identify(l, &o);
		u->opens = arena_grow(l->a, u->opens, u->nr_opens, sizeof(*u->opens));
		u->opens[u->nr_opens++] = o;
	}
}

void in_use_load_processes(struct loader *l, struct in_use *u)
{
	struct span rest, word;

	load_mounts(l, u);
	load_opens(l, u);
	u->ssh = sysroot_ask(l->root, l->a, "process:ssh", true, ask_ssh, NULL);
	rest = fact_describe(&u->ssh);
	if (parse_word(&rest, &word) && span_equals(word, "ssh") && in_use_word(l->a, &rest) &&
	    in_use_word(l->a, &rest))
		u->ssh_server = in_use_word(l->a, &rest);
}
