/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysroot/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/macro.h"
#include "sysroot/dirents.h"
#include "sysroot/sysroot.h"

/* Opens @path within the tree below @root: no link and no ".." leads out of it. */
static int tree_open_below(int root, const char *path, int flags)
{
	struct open_how how = {
		.flags = (uint64_t)(flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK),
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	long fd;

	if (flags & O_PATH)
		how.flags &= ~(uint64_t)(O_NOCTTY | O_NONBLOCK);
	/* EAGAIN: something was renamed or mounted meanwhile, anywhere, and the kernel cannot be sure
	 * about a "..". linux: fs/namei.c: handle_dots(). */
	for (unsigned int tries = 0; tries < 128; tries++) {
		fd = syscall(SYS_openat2, root, path, &how, sizeof(how));
		if (fd >= 0 || errno != EAGAIN)
			break;
	}
	return fd < 0 ? -errno : (int)fd;
}

static int int_compare(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* Closes descriptors; one call closes adjacent ones. linux: fs/file.c: close_range(), since 5.9. */
void reader_flush(struct reader *r)
{
	size_t i = 0;

	if (r->nr_closing)
		qsort(r->closing, r->nr_closing, sizeof(*r->closing), int_compare);
	while (i < r->nr_closing) {
		size_t end = i + 1;

		while (end < r->nr_closing && r->closing[end] == r->closing[end - 1] + 1)
			end++;
		if (end - i < 2 ||
		    syscall(SYS_close_range, r->closing[i], r->closing[end - 1], 0) < 0)
			for (size_t k = i; k < end; k++)
				close(r->closing[k]);
		i = end;
	}
	r->nr_closing = 0;
}

/* The same within the tree of @r; descriptors that wait to be closed make room. */
static int tree_open(struct reader *r, const char *path, int flags)
{
	int fd = tree_open_below(r->fd, path, flags);

	if (fd != -EMFILE || !r->nr_closing)
		return fd;
	reader_flush(r);
	return tree_open_below(r->fd, path, flags);
}

int reader_look(struct reader *r, const char *path)
{
	return tree_open(r, path, O_PATH);
}

/* @fd once more, as a mount that no other process sees, without devices and read-only; negative for a
 * caller who may not mount. linux: fs/namespace.c: open_tree(), mount_setattr(), since 5.12. */
static int tree_guard(int fd)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID |
					       MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC };
	const unsigned int flags = AT_EMPTY_PATH | AT_RECURSIVE;
	long guarded = syscall(SYS_open_tree, fd, "", flags | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	if (guarded < 0)
		return -errno;
	if (syscall(SYS_mount_setattr, (int)guarded, "", flags, &attr, sizeof(attr)) < 0) {
		close((int)guarded);
		return -EPERM;
	}
	return (int)guarded;
}

static size_t closing_max(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur / 4 >= READER_CLOSING_MAX)
		return READER_CLOSING_MAX;
	return limit.rlim_cur < 4 ? 1 : limit.rlim_cur / 4;
}

int reader_init(struct reader *r, int fd, bool tree)
{
	int probe;

	*r = (struct reader){ .fd = fd,
			      .plain_fd = fd,
			      .tree = tree,
			      .guarded_fd = -EBADF,
			      .dir_fd = -EBADF,
			      .devices_fd = -EBADF,
			      .groups_fd = -EBADF,
			      .closing_max = closing_max() };
	locked_reader_init(&r->apart);
	if (!tree)
		return 0;
	r->guarded_fd = tree_guard(fd);
	if (r->guarded_fd >= 0)
		r->fd = r->guarded_fd;
	probe = tree_open(r, ".", O_PATH | O_DIRECTORY);
	if (probe < 0)
		return probe;
	close(probe);
	return 0;
}

/* As close(2), some time soon. */
static void reader_close(struct reader *r, int fd)
{
	if (fd < 0)
		return;
	r->closing[r->nr_closing++] = fd;
	if (r->nr_closing >= r->closing_max)
		reader_flush(r);
}

void reader_done(struct reader *r)
{
	reader_flush(r);
	locked_reader_done(&r->apart);
	fd_closep(&r->dir_fd);
	fd_closep(&r->devices_fd);
	fd_closep(&r->groups_fd);
	fd_closep(&r->guarded_fd);
	free(r->dir);
	r->dir = NULL;
}

static const char devices_dir[] = "sys/bus/pci/devices/", groups_dir[] = "sys/kernel/iommu_groups/";

/* Goes into one of these directories: the descriptor from which the rest of *@path leads on. */
static int live_enter(struct reader *r, const char **path)
{
	bool devices = !strncmp(*path, devices_dir, strlen(devices_dir));
	bool groups = !strncmp(*path, groups_dir, strlen(groups_dir));
	const char *dir = devices ? devices_dir : groups_dir;
	int *fd = devices ? &r->devices_fd : &r->groups_fd;

	if ((!devices && !groups) || !(*path)[strlen(dir)])
		return r->fd;
	if (*fd == -EBADF)
		*fd = openat(r->fd, dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (*fd < 0) {
		*fd = -EBADF;
		return r->fd;
	}
	*path += strlen(dir);
	return *fd;
}

static bool reader_knows(const struct reader *r, const char *path, size_t len)
{
	return r->dir_fd >= 0 && r->dir_len == len && !memcmp(r->dir, path, len);
}

/* The directory of @path in a tree, and the rest of @path in *@leaf; the descriptor is borrowed. */
static int reader_enter(struct reader *r, const char *path, const char **leaf)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 0;

	*leaf = slash ? slash + 1 : path;
	if (!len)
		return r->fd;
	/* The links of all devices are read between their files. */
	if (len + 1 == strlen(devices_dir) && !strncmp(path, devices_dir, len)) {
		if (r->devices_fd == -EBADF)
			r->devices_fd = tree_open(r, devices_dir, O_PATH | O_DIRECTORY);
		return r->devices_fd;
	}
	if (reader_knows(r, path, len))
		return r->dir_fd;
	reader_close(r, r->dir_fd);
	free(r->dir);
	r->dir = strndup(path, len);
	if (!r->dir)
		abort();
	r->dir_len = len;
	r->dir_fd = tree_open(r, r->dir, O_PATH | O_DIRECTORY);
	return r->dir_fd;
}

/* Whether @leaf means the same looked up in its directory as at the end of its path. */
static bool leaf_is_plain(const char *leaf)
{
	return *leaf && strcmp(leaf, ".") && strcmp(leaf, "..");
}

static int mode_check_regular(mode_t mode)
{
	if (S_ISDIR(mode))
		return -EISDIR;
	return S_ISREG(mode) ? 0 : -EINVAL;
}

/* Opens a file through links: looked at first, since to open a FIFO or a device is to use it. */
static int tree_open_followed(struct reader *r, const char *path)
{
	vt_cleanup(fd_closep) int look = tree_open(r, path, O_PATH);
	struct stat before, after;
	int fd, err;

	if (look < 0)
		return look;
	if (fstat(look, &before) < 0)
		return -errno;
	err = mode_check_regular(before.st_mode);
	if (err < 0)
		return err;
	fd = tree_open(r, path, O_RDONLY);
	if (fd < 0)
		return fd;
	if (fstat(fd, &after) < 0 || before.st_ino != after.st_ino ||
	    before.st_dev != after.st_dev) {
		close(fd);
		return -ESTALE;
	}
	return fd;
}

static int tree_open_regular(struct reader *r, const char *path)
{
	const char *leaf;
	struct stat st;
	int dir = reader_enter(r, path, &leaf);
	int fd;

	if (dir < 0)
		return dir;
	if (!leaf_is_plain(leaf))
		return tree_open_followed(r, path);
	if (fstatat(dir, leaf, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (S_ISLNK(st.st_mode))
		return tree_open_followed(r, path);
	fd = mode_check_regular(st.st_mode);
	if (fd < 0)
		return fd;
	fd = openat(dir, leaf, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

/* A file of a group: there are thousands in one directory, and no link is on the way, or it is an error
 * that sends the caller the long way. What has neither links nor ".." leads nowhere else. */
static int guarded_open_group(struct reader *r, const char *rest)
{
	struct open_how how = {
		.flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
		.resolve = RESOLVE_NO_SYMLINKS,
	};
	long fd;

	if (strstr(rest, "..") || *rest == '/')
		return -ELOOP;
	if (r->groups_fd == -EBADF)
		r->groups_fd = tree_open(r, groups_dir, O_PATH | O_DIRECTORY);
	if (r->groups_fd < 0)
		return r->groups_fd;
	fd = syscall(SYS_openat2, r->groups_fd, rest, &how, sizeof(how));
	return fd < 0 ? -errno : (int)fd;
}

/* In a guarded tree no device can be opened; the reading itself finds out what is not a file. */
static int guarded_open(struct reader *r, const char *path)
{
	const char *slash = strrchr(path, '/'), *leaf;
	size_t len = slash ? (size_t)(slash - path) : 0;
	int fd;

	if (!strncmp(path, groups_dir, strlen(groups_dir))) {
		fd = guarded_open_group(r, path + strlen(groups_dir));
		if (fd >= 0 || fd == -ENOENT)
			return fd;
	}
	/* What is below a bus is reached through long links: the way there is gone once for all files. */
	if (len && !strncmp(path, "sys/bus/", 8))
		reader_enter(r, path, &leaf);
	if (len && reader_knows(r, path, len) && leaf_is_plain(slash + 1)) {
		fd = openat(r->dir_fd, slash + 1,
			    O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
		if (fd >= 0 || errno != ELOOP)
			return fd < 0 ? -errno : fd;
	}
	return tree_open(r, path, O_RDONLY);
}

static int reader_try(struct reader *r, const char *path)
{
	int fd;

	if (r->tree)
		return tree_open_regular(r, path);
	fd = live_enter(r, &path);
	fd = openat(fd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

int reader_open(struct reader *r, const char *path)
{
	int fd = reader_try(r, path);

	if (fd != -EMFILE)
		return fd;
	reader_flush(r);
	return reader_try(r, path);
}

void reader_refuse(struct fact *f, int err)
{
	f->err = err < 0 ? -err : err;
	f->state = fact_state_from_errno(f->err);
}

static void fact_fill(struct fact *f, struct arena *a, const char *raw, size_t len)
{
	if (len && raw[len - 1] == '\n')
		len--;
	f->state = FACT_PRESENT;
	f->raw = arena_text(a, raw, len);
	f->len = len;
}

/* sysfs gives a text attribute in one read, and at most a page of a binary one: a read shorter than
 * that is the last. procfs may stop at any record.
 * linux: fs/kernfs/file.c: kernfs_file_read_iter(). */
static bool read_is_last(const char *path, size_t got)
{
	return got < SYSROOT_ATTRIBUTE_MAX && !strncmp(path, "sys/", 4);
}

/* In a tree it reads at an offset, so that a FIFO or a socket, which has none, answers ESPIPE. */
static ssize_t file_read(const struct reader *r, int fd, char *buf, size_t len, size_t at)
{
	return r->tree ? pread(fd, buf, len, (off_t)at) : read(fd, buf, len);
}

static void file_slurp(struct reader *r, struct arena *a, int fd, const char *path, size_t limit,
		       struct fact *f)
{
	char small[SYSROOT_ATTRIBUTE_MAX + 1], *buf = small, *large = NULL;
	size_t size = sizeof(small), len = 0;

	for (;;) {
		ssize_t got = file_read(r, fd, buf + len, size - len, len);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			reader_refuse(f, errno == ESPIPE ? EINVAL : errno);
			break;
		}
		len += (size_t)got;
		if (len > limit) {
			reader_refuse(f, EFBIG);
			break;
		}
		if (!got || (len < size && read_is_last(path, (size_t)got))) {
			fact_fill(f, a, buf, len);
			break;
		}
		if (len < size)
			continue;
		size *= 2;
		buf = realloc(large, size);
		if (!buf)
			abort();
		if (!large)
			memcpy(buf, small, len);
		large = buf;
	}
	free(large);
}

void reader_read(struct reader *r, struct arena *a, const char *path, size_t limit, struct fact *f)
{
	int fd = r->guarded_fd >= 0 ? guarded_open(r, path) : -EBADF;

	/* What could not be opened through the guard is looked at: it may be no file at all. */
	if (fd < 0 && !(r->guarded_fd >= 0 && (fd == -ENOENT || fd == -ENOTDIR)))
		fd = reader_open(r, path);
	if (fd < 0) {
		reader_refuse(f, fd);
		return;
	}
	file_slurp(r, a, fd, path, limit, f);
	reader_close(r, fd);
}

/* 1 with a driver, 0 without, or a negative errno. The link is opened, not read: umockdev, which pretends a
 * host in a test, redirects no links. */
static int has_driver(struct reader *r, const char *path)
{
	const char *slash = strrchr(path, '/');
	int len = slash ? (int)(slash - path) : 0, fd, dir;
	char buffer[PATH_MAX];
	const char *link = buffer;

	if (!len || snprintf(buffer, sizeof(buffer), "%.*s/driver", len, path) >= PATH_MAX)
		return 0;
	dir = live_enter(r, &link);
	fd = openat(dir, link, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == EMFILE && r->nr_closing) {
		reader_flush(r);
		fd = openat(dir, link, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	}
	if (fd >= 0)
		close(fd);
	return fd >= 0 ? 1 : errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
}

static bool names_driver(const char *uevent, size_t len)
{
	static const char key[] = "DRIVER=";

	return (len >= sizeof(key) - 1 && !strncmp(uevent, key, sizeof(key) - 1)) ||
	       memmem(uevent, len, "\nDRIVER=", sizeof(key));
}

/* What has no driver any more, or not yet, and what it says in its uevent. Newer kernels read that without the
 * lock: then it names the driver until the unbind has come to its end. */
static ssize_t read_driverless(struct reader *r, const char *path, char *text, size_t size)
{
	enum { STEP_MS = 50 };
	const char *slash = strrchr(path, '/');
	bool uevent = slash && !strcmp(slash, "/uevent");

	for (unsigned int ms = 0;; ms += STEP_MS) {
		ssize_t len = locked_reader_read(&r->apart, r->fd, path, text, size,
						 LOCKED_READER_DEADLINE_MS);

		int driver = len >= 0 && uevent && names_driver(text, (size_t)len)
				     ? has_driver(r, path)
				     : 1;
		if (driver)
			return driver < 0 ? driver : len;
		if (ms >= LOCKED_READER_DEADLINE_MS) {
			locked_reader_give_up(&r->apart, path);
			return -ETIMEDOUT;
		}
		poll(NULL, 0, STEP_MS);
	}
}

void reader_read_locked(struct reader *r, struct arena *a, const char *path, struct fact *f)
{
	char text[SYSROOT_ATTRIBUTE_MAX];
	ssize_t len;

	int driver = r->tree ? 1 : has_driver(r, path);

	if (driver > 0) {
		reader_read(r, a, path, SYSROOT_ATTRIBUTE_MAX, f);
		return;
	}
	len = driver < 0 ? driver : read_driverless(r, path, text, sizeof(text));
	if (len < 0)
		reader_refuse(f, (int)len);
	else
		fact_fill(f, a, text, (size_t)len);
}

/* readlink(2) within a tree. */
static ssize_t tree_read_link(struct reader *r, const char *path, char *target, size_t size)
{
	vt_cleanup(fd_closep) int fd = -EBADF;
	const char *leaf;
	int dir = reader_enter(r, path, &leaf);
	ssize_t len;

	if (dir < 0)
		return dir;
	if (leaf_is_plain(leaf)) {
		len = readlinkat(dir, leaf, target, size);
		return len < 0 ? -errno : len;
	}
	fd = tree_open(r, path, O_PATH | O_NOFOLLOW);
	/* What ends in a slash or a dot is a directory, never a link. */
	return fd < 0 ? fd : -EINVAL;
}

void reader_read_link(struct reader *r, struct arena *a, const char *path, struct fact *f)
{
	char target[PATH_MAX];
	ssize_t len;

	if (r->tree) {
		len = tree_read_link(r, path, target, sizeof(target));
	} else {
		int dir = live_enter(r, &path);

		len = readlinkat(dir, path, target, sizeof(target));
		if (len < 0)
			len = -errno;
	}
	if (len < 0) {
		reader_refuse(f, (int)len);
		return;
	}
	if ((size_t)len == sizeof(target)) {
		reader_refuse(f, ENAMETOOLONG);
		return;
	}
	f->state = FACT_PRESENT;
	f->raw = arena_text(a, target, (size_t)len);
	f->len = (size_t)len;
}

static int reader_open_dir(struct reader *r, const char *path)
{
	int fd;

	if (r->tree)
		return tree_open(r, path, O_RDONLY | O_DIRECTORY);
	fd = openat(r->fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

void reader_list(struct reader *r, struct arena *a, const char *path, struct fact *f)
{
	int fd = reader_open_dir(r, path), err;

	if (fd == -EMFILE) {
		reader_flush(r);
		fd = reader_open_dir(r, path);
	}
	if (fd < 0) {
		/* With O_DIRECTORY this says that there is something, but no directory. */
		reader_refuse(f, fd);
		if (fd == -ENOTDIR)
			f->state = FACT_FAILED;
		return;
	}
	err = dirents_read(fd, a, f);
	if (err < 0)
		reader_refuse(f, err);
	reader_close(r, fd);
}
