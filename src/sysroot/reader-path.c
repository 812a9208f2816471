/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a path is, what the caller may do with it and where it leads to: nothing is opened to be read. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/macro.h"
#include "sysroot/reader.h"

static const char *mode_type(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return "dir";
	case S_IFCHR:
		return "char";
	case S_IFBLK:
		return "block";
	case S_IFIFO:
		return "fifo";
	case S_IFSOCK:
		return "socket";
	default:
		return "file";
	}
}

/* The directory of @path in a tree, when it is one of procfs: the descriptors of processes are links that lead where no
 * path does, and out of the tree. What they lead to is looked at, never opened. @ret_name is the last part of @path.
 * -ELOOP when it is not. linux: fs/proc/fd.c: proc_fd_link(); fs/namei.c: nd_jump_link(). */
static int procfs_dir(struct reader *r, struct arena *a, const char *path, const char **ret_name)
{
	const char *slash = strrchr(path, '/');
	struct statfs fs;
	int fd;

	if (!slash)
		return -ELOOP;
	fd = reader_look(r, arena_strndup(a, path, (size_t)(slash - path)));
	if (fd < 0)
		return fd;
	if (fstatfs(fd, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC) {
		close(fd);
		return -ELOOP;
	}
	*ret_name = slash + 1;
	return fd;
}

/* A file server that does not answer is not waited for: a descriptor of any process may lead to one. */
void reader_stat(struct reader *r, struct arena *a, const char *path, struct fact *f)
{
	vt_cleanup(fd_closep) int fd = r->tree ? reader_look(r, path) : -EBADF;
	const char *name = r->tree ? "" : path;
	struct statx st;

	if (fd == -ELOOP || fd == -EXDEV)
		fd = procfs_dir(r, a, path, &name);
	if (r->tree && fd < 0) {
		reader_refuse(f, fd);
		return;
	}
	if (statx(r->tree ? fd : r->fd, name, AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_BASIC_STATS,
		  &st) < 0) {
		reader_refuse(f, -errno);
		return;
	}
	f->state = FACT_PRESENT;
	f->raw =
		arena_printf(a, "%s %04o %u %u %u:%u", mode_type(st.stx_mode), st.stx_mode & 07777U,
			     st.stx_uid, st.stx_gid, st.stx_rdev_major, st.stx_rdev_minor);
	f->len = strlen(f->raw);
}

void reader_access(struct reader *r, const char *path, struct fact *f)
{
	static const char *const words[] = { "-", "r", "w", "rw" };
	unsigned int may = 0;

	bool cgroup = false;

	/* Mostly, of root at least. */
	if (!faccessat(r->fd, path, R_OK | W_OK, AT_EACCESS)) {
		may = 3;
	} else if (faccessat(r->fd, path, F_OK, AT_EACCESS) < 0) {
		reader_refuse(f, errno);
		return;
	} else {
		if (!faccessat(r->fd, path, R_OK, AT_EACCESS))
			may |= 1;
		/* A device cgroup refuses with an errno of its own, as open(2) will.
		 * linux: security/device_cgroup.c: devcgroup_check_permission(). */
		cgroup = !may && errno == EPERM;
		if (!faccessat(r->fd, path, W_OK, AT_EACCESS))
			may |= 2;
	}
	f->state = FACT_PRESENT;
	f->raw = cgroup && !may ? "EPERM" : words[may];
	f->len = strlen(f->raw);
}

const char *reader_real_path(struct reader *r, struct arena *a, const char *path)
{
	/* The descriptors that wait are those of the other mount. */
	struct reader plain = { .fd = r->plain_fd };
	vt_cleanup(fd_closep) int fd = reader_look(&plain, path);
	struct stat inside, outside;
	char target[PATH_MAX];
	ssize_t len;

	if (fd < 0)
		return NULL;
	len = readlink(arena_printf(a, "/proc/self/fd/%d", fd), target, sizeof(target));
	if (len < 0 || (size_t)len == sizeof(target))
		return NULL;
	target[len] = '\0';
	if (fstat(fd, &inside) < 0 || stat(target, &outside) < 0 ||
	    inside.st_ino != outside.st_ino || inside.st_dev != outside.st_dev)
		return NULL;
	return arena_strdup(a, target);
}
