/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files: written atomically, removed when they are ours. */
#include "bind/persist.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/macro.h"
#include "base/parse.h"
#include "bind/persist-path.h"

enum { TEXT_MAX = 16384 };

static const char mark[] = "by 'vfiotool bind --persist'";

bool persist_has_driverctl(int root_fd)
{
	return !faccessat(root_fd, "usr/sbin/driverctl", X_OK, 0) ||
	       !faccessat(root_fd, "usr/bin/driverctl", X_OK, 0);
}

const char *persist_initramfs(int root_fd)
{
	if (!faccessat(root_fd, "usr/sbin/update-initramfs", X_OK, 0))
		return "initramfs-tools";
	if (!faccessat(root_fd, "usr/bin/dracut", X_OK, 0) ||
	    !faccessat(root_fd, "usr/sbin/dracut", X_OK, 0))
		return "dracut";
	return NULL;
}

/* In a folder with the sticky bit only its owner takes away what is his. */
static bool is_roots(const struct stat *st)
{
	bool sticky = S_ISDIR(st->st_mode) && st->st_mode & S_ISVTX;

	return !st->st_uid && (sticky || !(st->st_mode & (S_IWGRP | S_IWOTH)));
}

static int open_part(int dir, struct span name)
{
	char part[256];
	int fd;

	if (name.len >= sizeof(part))
		return -ENAMETOOLONG;
	memcpy(part, name.s, name.len);
	part[name.len] = '\0';
	fd = openat(dir, part, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int persist_check_tool(int root_fd, const char *path, struct failure **reterr)
{
	vt_cleanup(fd_closep) int fd = openat(root_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	const char *at = path;

	for (;;) {
		struct stat st;
		int next, err = fd < 0 ? fd : fstat(fd, &st) < 0 ? -errno : 0;

		if (err < 0)
			return failure_set(reterr, err,
					   "cannot look at '%s', which is to run at each boot: %s; install vfiotool where root alone may write",
					   path, strerror(-err));
		if (!is_roots(&st))
			return failure_set(reterr, -EPERM,
					   "'%s' is to run as root at each boot, and user %u or others may change '%.*s': install vfiotool where root alone may write",
					   path, st.st_uid, at == path ? 1 : (int)(at - path),
					   path);
		if (!*at)
			return 0;
		at++;
		next = open_part(fd, (struct span){ at, strcspn(at, "/") });
		at += strcspn(at, "/");
		close(fd);
		fd = next;
	}
}

/* The directory of @path, made where it is missing; a descriptor or a negative errno. */
static int open_parent(int root_fd, const char *path)
{
	int fd = openat(root_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	for (const char *slash; fd >= 0 && (slash = strchr(path, '/')); path = slash + 1) {
		char part[256];
		int next;

		if ((size_t)(slash - path) >= sizeof(part)) {
			close(fd);
			return -ENAMETOOLONG;
		}
		memcpy(part, path, (size_t)(slash - path));
		part[slash - path] = '\0';
		next = mkdirat(fd, part, 0755) < 0 && errno != EEXIST
			       ? -1
			       : openat(fd, part, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (next < 0) {
			int r = -errno;

			close(fd);
			return r;
		}
		close(fd);
		fd = next;
	}
	return fd < 0 ? -errno : fd;
}

static int write_all(int fd, const char *text)
{
	size_t len = strlen(text), at = 0;

	while (at < len) {
		ssize_t n = write(fd, text + at, len - at);

		if (n < 0 && errno != EINTR)
			return -errno;
		at += n > 0 ? (size_t)n : 0;
	}
	return fsync(fd) < 0 ? -errno : 0;
}

/* The content appears atomically and survives a power loss. */
static int write_file(int root_fd, const struct persist_file *file)
{
	const char *name = strrchr(file->path, '/') + 1;
	vt_cleanup(fd_closep) int dir = open_parent(root_fd, file->path);
	vt_cleanup(fd_closep) int fd = -EBADF;
	char temporary[280];
	int r;

	if (dir < 0)
		return dir;
	/* A leading dot: neither udev nor modprobe nor driverctl reads it. */
	if (snprintf(temporary, sizeof(temporary), ".%s.new", name) >= (int)sizeof(temporary))
		return -ENAMETOOLONG;
	(void)unlinkat(dir, temporary, 0);
	fd = openat(dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	r = fchmod(fd, 0644) < 0 ? -errno : write_all(fd, file->text);
	if (!r && renameat(dir, temporary, dir, name) < 0)
		r = -errno;
	if (!r && fsync(dir) < 0)
		r = -errno;
	if (r < 0)
		(void)unlinkat(dir, temporary, 0);
	return r;
}

/* The text of a file in @buf, NUL-terminated. 0 or a negative errno. */
static int read_text(int root_fd, const char *path, char buf[TEXT_MAX])
{
	vt_cleanup(fd_closep) int fd = openat(root_fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	size_t at = 0;
	ssize_t n;

	if (fd < 0)
		return -errno;
	while (at < TEXT_MAX - 1 && (n = read(fd, buf + at, TEXT_MAX - 1 - at)) != 0) {
		if (n < 0 && errno != EINTR)
			return -errno;
		at += n > 0 ? (size_t)n : 0;
	}
	buf[at] = '\0';
	return 0;
}

/* 1: ours; 0: of another program; or a negative errno. */
static int is_ours(int root_fd, const char *path)
{
	char text[TEXT_MAX];
	int r = read_text(root_fd, path, text);

	return r < 0 ? r : strstr(text, mark) != NULL;
}

/* A file of driverctl cannot hold a mark: it is ours when the rule beside it is. */
int persist_check(int root_fd, const struct persist_file *files, size_t nr, struct failure **reterr)
{
	bool driverctl_ours = nr && is_ours(root_fd, files[0].path) == 1;

	for (size_t i = 0; i < nr; i++) {
		bool driverctl = !strncmp(files[i].path, "etc/driverctl.d/", 16);
		int r = driverctl ? faccessat(root_fd, files[i].path, F_OK, 0)
				  : is_ours(root_fd, files[i].path);

		if (driverctl ? r == 0 && !driverctl_ours : r == 0)
			return failure_set(reterr, -EEXIST,
					   "/%s exists already and is not from --persist: remove it first%s",
					   files[i].path,
					   driverctl ? ", with 'driverctl unset-override'" : "");
	}
	return 0;
}

int persist_write(int root_fd, const struct persist_file *files, size_t nr, struct failure **reterr)
{
	int r = persist_check(root_fd, files, nr, reterr);

	for (size_t i = 0; r >= 0 && i < nr; i++) {
		r = write_file(root_fd, &files[i]);
		if (r >= 0)
			continue;
		failure_set(reterr, r, "cannot write /%s: %s", files[i].path, strerror(-r));
		/* First the file that asks for the driver, then the one that refuses another device. */
		while (i-- > 0)
			(void)unlinkat(root_fd, files[i].path, 0);
		break;
	}
	return r;
}

static void add_path(struct arena *a, const char ***ret, size_t *nr, const char *path)
{
	*ret = arena_grow(a, *ret, *nr, sizeof(**ret));
	(*ret)[(*nr)++] = path;
}

int persist_find(int root_fd, const char *bus, const char *name, struct arena *a, const char ***ret,
		 size_t *ret_nr, struct failure **reterr)
{
	const char *const marked[] = { persist_dracut_path(a, bus, name),
				       persist_modprobe_path(a, bus, name),
				       persist_rule_path(a, bus, name) };
	const char *override = persist_driverctl_path(a, bus, name);
	char text[TEXT_MAX];

	*ret = NULL;
	*ret_nr = 0;
	for (size_t i = 0; i < sizeof(marked) / sizeof(*marked); i++) {
		int r = read_text(root_fd, marked[i], text);

		if (r < 0 && r != -ENOENT && r != -ENOTDIR)
			return failure_set(reterr, r, "cannot read /%s: %s", marked[i],
					   strerror(-r));
		if (r < 0 || !strstr(text, mark))
			continue;
		/* The rule last: it marks the others as ours. */
		if (strstr(text, "by driverctl") && !faccessat(root_fd, override, F_OK, 0))
			add_path(a, ret, ret_nr, override);
		add_path(a, ret, ret_nr, marked[i]);
	}
	return 0;
}

int persist_remove(int root_fd, const char *bus, const char *name, struct arena *a,
		   const char ***ret, size_t *ret_nr, struct failure **reterr)
{
	int r = persist_find(root_fd, bus, name, a, ret, ret_nr, reterr);

	for (size_t i = 0; r >= 0 && i < *ret_nr; i++)
		if (unlinkat(root_fd, (*ret)[i], 0) < 0 && errno != ENOENT)
			r = failure_set(reterr, -errno, "cannot remove /%s: %s", (*ret)[i],
					strerror(errno));
	return r;
}

bool persist_is_gone(int root_fd, const char *bus, const char *name, struct arena *a)
{
	const char *path = arena_printf(a, "sys/bus/%s/devices/%s", bus, name);

	return faccessat(root_fd, path, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT;
}
