/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/reader.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/macro.h"
#include "base/sysroot.h"

enum { LIST_NAMES_MAX = 1 << 20 };

/* Opens @path within the tree below @root: no link and no ".." leads out of it. */
static int tree_open(int root, const char *path, int flags)
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

int reader_init(struct reader *r, int fd, bool tree)
{
	*r = (struct reader){ .fd = fd, .tree = tree, .dir_fd = -EBADF };
	if (tree) {
		int probe = tree_open(fd, ".", O_PATH | O_DIRECTORY);

		if (probe < 0)
			return probe;
		close(probe);
	}
	return 0;
}

void reader_done(struct reader *r)
{
	fd_closep(&r->dir_fd);
	free(r->dir);
	r->dir = NULL;
}

/* The directory of @path in a tree, and the rest of @path in *@leaf; the descriptor is borrowed. */
static int reader_enter(struct reader *r, const char *path, const char **leaf)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 0;

	*leaf = slash ? slash + 1 : path;
	if (!len)
		return r->fd;
	if (r->dir_fd >= 0 && r->dir_len == len && !memcmp(r->dir, path, len))
		return r->dir_fd;
	fd_closep(&r->dir_fd);
	free(r->dir);
	r->dir = strndup(path, len);
	if (!r->dir)
		abort();
	r->dir_len = len;
	r->dir_fd = tree_open(r->fd, r->dir, O_PATH | O_DIRECTORY);
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
	vt_cleanup(fd_closep) int look = tree_open(r->fd, path, O_PATH);
	struct stat before, after;
	int fd, err;

	if (look < 0)
		return look;
	if (fstat(look, &before) < 0)
		return -errno;
	err = mode_check_regular(before.st_mode);
	if (err < 0)
		return err;
	fd = tree_open(r->fd, path, O_RDONLY);
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

int reader_open(struct reader *r, const char *path)
{
	int fd;

	if (r->tree)
		return tree_open_regular(r, path);
	fd = openat(r->fd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

static void fact_refuse(struct fact *f, int err)
{
	f->err = err < 0 ? -err : err;
	f->state = fact_state_from_errno(f->err);
}

static void fact_fill(struct fact *f, struct arena *a, const char *raw, size_t len)
{
	if (len && raw[len - 1] == '\n')
		len--;
	f->state = FACT_PRESENT;
	f->raw = arena_memdup(a, raw, len);
	f->len = len;
}

/* sysfs gives a text attribute in one read, and at most a page of a binary one: a read shorter than
 * that is the last. procfs may stop at any record.
 * linux: fs/kernfs/file.c: kernfs_file_read_iter(). */
static bool read_is_last(const char *path, size_t got)
{
	return got < SYSROOT_ATTRIBUTE_MAX && !strncmp(path, "sys/", 4);
}

static void file_slurp(struct arena *a, int fd, const char *path, size_t limit, struct fact *f)
{
	char small[SYSROOT_ATTRIBUTE_MAX + 1], *buf = small, *large = NULL;
	size_t size = sizeof(small), len = 0;

	for (;;) {
		ssize_t got = read(fd, buf + len, size - len);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			fact_refuse(f, errno);
			break;
		}
		len += (size_t)got;
		if (len > limit) {
			fact_refuse(f, EFBIG);
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
	int fd = reader_open(r, path);

	if (fd < 0) {
		fact_refuse(f, fd);
		return;
	}
	file_slurp(a, fd, path, limit, f);
	close(fd);
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
	fd = tree_open(r->fd, path, O_PATH | O_NOFOLLOW);
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
		len = readlinkat(r->fd, path, target, sizeof(target));
		if (len < 0)
			len = -errno;
	}
	if (len < 0) {
		fact_refuse(f, (int)len);
		return;
	}
	if ((size_t)len == sizeof(target)) {
		fact_refuse(f, ENAMETOOLONG);
		return;
	}
	f->state = FACT_PRESENT;
	f->raw = arena_memdup(a, target, (size_t)len);
	f->len = (size_t)len;
}

static int name_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void names_fill(struct arena *a, char **names, size_t nr, struct fact *f)
{
	size_t len = 0, at = 0;
	char *raw;

	if (nr)
		qsort(names, nr, sizeof(*names), name_compare);
	for (size_t i = 0; i < nr; i++)
		len += strlen(names[i]) + 1;
	raw = arena_alloc(a, len + 1);
	for (size_t i = 0; i < nr; i++) {
		size_t n = strlen(names[i]);

		memcpy(raw + at, names[i], n);
		raw[at + n] = '\n';
		at += n + 1;
	}
	f->state = FACT_PRESENT;
	f->len = len ? len - 1 : 0;
	raw[f->len] = '\0';
	f->raw = raw;
}

static int reader_open_dir(struct reader *r, const char *path)
{
	int fd;

	if (r->tree)
		return tree_open(r->fd, path, O_RDONLY | O_DIRECTORY);
	fd = openat(r->fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

void reader_list(struct reader *r, struct arena *a, const char *path, struct fact *f)
{
	int fd = reader_open_dir(r, path);
	struct arena *scratch;
	char **names = NULL;
	size_t nr = 0;
	struct dirent *d;
	DIR *dir;

	if (fd < 0) {
		/* With O_DIRECTORY this says that there is something, but no directory. */
		fact_refuse(f, fd);
		if (fd == -ENOTDIR)
			f->state = FACT_FAILED;
		return;
	}
	dir = fdopendir(fd);
	if (!dir) {
		fact_refuse(f, errno);
		close(fd);
		return;
	}
	scratch = arena_new();
	errno = 0;
	while (nr < LIST_NAMES_MAX && (d = readdir(dir))) {
		if (strcmp(d->d_name, ".") && strcmp(d->d_name, "..")) {
			/* A list has one name a line. */
			if (strchr(d->d_name, '\n')) {
				errno = EILSEQ;
				break;
			}
			names = arena_grow(scratch, names, nr, sizeof(*names));
			names[nr++] = arena_strdup(scratch, d->d_name);
		}
		errno = 0;
	}
	if (errno)
		fact_refuse(f, errno);
	else if (nr == LIST_NAMES_MAX)
		fact_refuse(f, E2BIG);
	else
		names_fill(a, names, nr, f);
	arena_free(scratch);
	closedir(dir);
}

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

void reader_stat(struct reader *r, struct arena *a, const char *path, struct fact *f)
{
	vt_cleanup(fd_closep) int fd = -EBADF;
	struct stat st;
	int err;

	if (!r->tree) {
		err = fstatat(r->fd, path, &st, 0) < 0 ? -errno : 0;
	} else {
		fd = tree_open(r->fd, path, O_PATH);
		err = fd < 0 ? fd : fstat(fd, &st) < 0 ? -errno : 0;
	}
	if (err < 0) {
		fact_refuse(f, err);
		return;
	}
	f->state = FACT_PRESENT;
	f->raw = arena_printf(a, "%s %04o %u %u %u:%u", mode_type(st.st_mode),
			      (unsigned int)(st.st_mode & 07777), st.st_uid, st.st_gid,
			      major(st.st_rdev), minor(st.st_rdev));
	f->len = strlen(f->raw);
}

void reader_access(struct reader *r, const char *path, struct fact *f)
{
	static const char *const words[] = { "-", "r", "w", "rw" };
	unsigned int may = 0;

	if (faccessat(r->fd, path, F_OK, AT_EACCESS) < 0) {
		fact_refuse(f, errno);
		return;
	}
	if (!faccessat(r->fd, path, R_OK, AT_EACCESS))
		may |= 1;
	if (!faccessat(r->fd, path, W_OK, AT_EACCESS))
		may |= 2;
	f->state = FACT_PRESENT;
	f->raw = words[may];
	f->len = strlen(f->raw);
}

const char *reader_real_path(struct reader *r, struct arena *a, const char *path)
{
	vt_cleanup(fd_closep) int fd = tree_open(r->fd, path, O_PATH);
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
