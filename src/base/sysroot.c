/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/sysroot.h"

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

#include "base/capture.h"
#include "base/fd.h"

struct sysroot {
	enum sysroot_kind kind;
	int fd; /* of the root directory; -EBADF for a capture */
	char *name;
	struct capture *capture;   /* what answers, for SYSROOT_CAPTURE */
	struct capture *recording; /* what keeps the answers, or NULL */
};

enum { LIST_NAMES_MAX = 1 << 20 };

static int sysroot_load_capture(struct sysroot *root, int fd, struct failure **reterr)
{
	struct failure *why = NULL;
	FILE *in = fdopen(fd, "re");
	int r;

	if (!in) {
		r = -errno;
		close(fd);
		return failure_set(reterr, r, "cannot read '%s': %s", root->name, strerror(-r));
	}
	r = capture_load(in, &root->capture, &why);
	fclose(in);
	if (r < 0)
		failure_set(reterr, r,
			    "'%s' is not a capture: %s; make one with 'vfiotool capture FILE', or "
			    "name a directory that holds sys and proc",
			    root->name, why ? why->text : strerror(-r));
	failure_free(why);
	return r;
}

static int sysroot_open_at(struct sysroot *root, const char *path, struct failure **reterr)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0 || fstat(fd, &st) < 0) {
		int r = -errno;

		if (fd >= 0)
			close(fd);
		return failure_set_status(reterr, r == -EACCES ? STATUS_DENIED : STATUS_NO_TARGET,
					  r, "cannot open '%s': %s", path, strerror(-r));
	}
	if (S_ISDIR(st.st_mode)) {
		root->kind = strcmp(path, "/") ? SYSROOT_TREE : SYSROOT_LIVE;
		root->fd = fd;
		return 0;
	}
	if (S_ISREG(st.st_mode)) {
		root->kind = SYSROOT_CAPTURE;
		return sysroot_load_capture(root, fd, reterr);
	}
	close(fd);
	return failure_set_status(reterr, STATUS_NO_TARGET, -EINVAL,
				  "'%s' is neither a directory nor a capture file", path);
}

int sysroot_open(const char *path, struct sysroot **ret, struct failure **reterr)
{
	struct sysroot *root = calloc(1, sizeof(*root));
	int r;

	if (!root)
		abort();
	root->fd = -EBADF;
	root->name = strdup(path ? path : "/");
	if (!root->name)
		abort();
	r = sysroot_open_at(root, root->name, reterr);
	if (r < 0) {
		sysroot_close(root);
		return r;
	}
	*ret = root;
	return 0;
}

void sysroot_close(struct sysroot *root)
{
	if (!root)
		return;
	if (root->fd >= 0)
		close(root->fd);
	capture_free(root->capture);
	capture_free(root->recording);
	free(root->name);
	free(root);
}

void sysroot_closep(struct sysroot **root)
{
	sysroot_close(*root);
	*root = NULL;
}

enum sysroot_kind sysroot_kind(const struct sysroot *root)
{
	return root->kind;
}

const char *sysroot_name(const struct sysroot *root)
{
	return root->name;
}

/* An fd of @path below the root, or a negative errno. In a tree no link leads out of it. */
static int root_open(const struct sysroot *root, const char *path, int flags)
{
	struct open_how how = {
		.flags = (uint64_t)(flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK),
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	long fd;

	if (root->kind == SYSROOT_LIVE)
		fd = openat(root->fd, path, flags | O_CLOEXEC | O_NOCTTY);
	else
		fd = syscall(SYS_openat2, root->fd, path, &how, sizeof(how));
	return fd < 0 ? -errno : (int)fd;
}

static void fact_refuse(struct fact *f, int err)
{
	f->err = err < 0 ? -err : err;
	if (f->err == ENOENT || f->err == ENOTDIR)
		f->state = FACT_ABSENT;
	else if (f->err == EACCES || f->err == EPERM)
		f->state = FACT_DENIED;
	else
		f->state = FACT_FAILED;
}

static void fact_fill(struct fact *f, struct arena *a, const char *raw, size_t len)
{
	if (len && raw[len - 1] == '\n')
		len--;
	f->state = FACT_PRESENT;
	f->raw = arena_memdup(a, raw, len);
	f->len = len;
}

/* A regular file in a tree may be anything else there: a FIFO would block, a device would act. */
static int tree_check_regular(const struct sysroot *root, int fd)
{
	struct stat st;

	if (root->kind != SYSROOT_TREE)
		return 0;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	return S_ISREG(st.st_mode) ? 0 : -EINVAL;
}

/* sysfs gives an attribute in one read: a short one is the whole. procfs may stop at any record. */
static bool read_is_whole(const char *path, size_t got, size_t room)
{
	return got < room && !strncmp(path, "sys/", 4);
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
		if (!got || read_is_whole(path, (size_t)got, size - (len - (size_t)got))) {
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

static void live_read(struct sysroot *root, struct arena *a, const char *path, size_t limit,
		      struct fact *f)
{
	int fd = root_open(root, path, O_RDONLY);
	int r;

	if (fd < 0) {
		fact_refuse(f, fd);
		return;
	}
	r = tree_check_regular(root, fd);
	if (r < 0)
		fact_refuse(f, r);
	else
		file_slurp(a, fd, path, limit, f);
	close(fd);
}

static void live_read_link(struct sysroot *root, struct arena *a, const char *path, struct fact *f)
{
	char target[PATH_MAX];
	vt_cleanup(fd_closep) int fd = -EBADF;
	ssize_t len;

	if (root->kind == SYSROOT_LIVE) {
		len = readlinkat(root->fd, path, target, sizeof(target));
	} else {
		fd = root_open(root, path, O_PATH | O_NOFOLLOW);
		if (fd < 0) {
			fact_refuse(f, fd);
			return;
		}
		len = readlinkat(fd, "", target, sizeof(target));
		/* An O_PATH descriptor of something else than a link says ENOENT here. */
		if (len < 0 && errno == ENOENT)
			errno = EINVAL;
	}
	if (len < 0) {
		fact_refuse(f, errno);
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

static void live_list(struct sysroot *root, struct arena *a, const char *path, struct fact *f)
{
	int fd = root_open(root, path, O_RDONLY | O_DIRECTORY);
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

static void live_stat(struct sysroot *root, struct arena *a, const char *path, struct fact *f)
{
	vt_cleanup(fd_closep) int fd = -EBADF;
	struct stat st;
	int r;

	if (root->kind == SYSROOT_LIVE) {
		r = fstatat(root->fd, path, &st, 0) < 0 ? -errno : 0;
	} else {
		fd = root_open(root, path, O_PATH);
		r = fd < 0 ? fd : fstat(fd, &st) < 0 ? -errno : 0;
	}
	if (r < 0) {
		fact_refuse(f, r);
		return;
	}
	f->state = FACT_PRESENT;
	f->raw = arena_printf(a, "%s %04o %u %u %u:%u", mode_type(st.st_mode),
			      (unsigned int)(st.st_mode & 07777), st.st_uid, st.st_gid,
			      major(st.st_rdev), minor(st.st_rdev));
	f->len = strlen(f->raw);
}

static void live_access(struct sysroot *root, const char *path, struct fact *f)
{
	static const char *const words[] = { "-", "r", "w", "rw" };
	unsigned int may = 0;

	if (faccessat(root->fd, path, F_OK, AT_EACCESS) < 0) {
		fact_refuse(f, errno);
		return;
	}
	if (!faccessat(root->fd, path, R_OK, AT_EACCESS))
		may |= 1;
	if (!faccessat(root->fd, path, W_OK, AT_EACCESS))
		may |= 2;
	f->state = FACT_PRESENT;
	f->raw = words[may];
	f->len = strlen(f->raw);
}

/* The answer of a capture to (@verb, @path), or false when the system itself is to be asked. */
static bool root_answer(struct sysroot *root, struct arena *a, const char *verb, const char *path,
			struct fact *ret)
{
	*ret = (struct fact){ .path = path };
	if (root->kind != SYSROOT_CAPTURE)
		return false;
	*ret = capture_find(root->capture, verb, path);
	if (ret->raw)
		ret->raw = arena_memdup(a, ret->raw, ret->len);
	ret->path = path;
	return true;
}

static struct fact root_keep(struct sysroot *root, const char *verb, struct fact f)
{
	if (root->recording)
		capture_add(root->recording, verb, f.path, &f);
	return f;
}

static const char *fact_path(struct arena *a, const char *path)
{
	return arena_printf(a, "/%s", path);
}

struct fact sysroot_read(struct sysroot *root, struct arena *a, const char *path, size_t limit)
{
	struct fact f;

	if (!root_answer(root, a, "read", fact_path(a, path), &f))
		live_read(root, a, path, limit, &f);
	else if (f.len > limit)
		f = (struct fact){ .state = FACT_FAILED, .err = EFBIG, .path = f.path };
	return root_keep(root, "read", f);
}

struct fact sysroot_read_link(struct sysroot *root, struct arena *a, const char *path)
{
	struct fact f;

	if (!root_answer(root, a, "link", fact_path(a, path), &f))
		live_read_link(root, a, path, &f);
	return root_keep(root, "link", f);
}

struct fact sysroot_list(struct sysroot *root, struct arena *a, const char *path)
{
	struct fact f;

	if (!root_answer(root, a, "list", fact_path(a, path), &f))
		live_list(root, a, path, &f);
	return root_keep(root, "list", f);
}

struct fact sysroot_stat(struct sysroot *root, struct arena *a, const char *path)
{
	struct fact f;

	if (!root_answer(root, a, "stat", fact_path(a, path), &f))
		live_stat(root, a, path, &f);
	return root_keep(root, "stat", f);
}

struct fact sysroot_access(struct sysroot *root, struct arena *a, const char *path)
{
	struct fact f;

	if (!root_answer(root, a, "access", fact_path(a, path), &f) && root->kind == SYSROOT_LIVE)
		live_access(root, path, &f);
	return root_keep(root, "access", f);
}

struct fact sysroot_ask(struct sysroot *root, struct arena *a, const char *key, bool in_tree,
			sysroot_asker *ask, void *ctx)
{
	struct fact f;

	if (!root_answer(root, a, "ask", arena_strdup(a, key), &f) &&
	    (root->kind == SYSROOT_LIVE || in_tree))
		ask(root, a, ctx, &f);
	return root_keep(root, "ask", f);
}

FILE *sysroot_stream(struct sysroot *root, const char *path, int *err)
{
	FILE *ret;
	int fd, r;

	if (root->kind == SYSROOT_CAPTURE) {
		*err = ENOTSUP;
		return NULL;
	}
	fd = root_open(root, path, O_RDONLY);
	if (fd < 0) {
		*err = -fd;
		return NULL;
	}
	r = tree_check_regular(root, fd);
	ret = r < 0 ? NULL : fdopen(fd, "re");
	if (!ret) {
		*err = r < 0 ? -r : errno;
		close(fd);
	}
	return ret;
}

const char *sysroot_host_path(struct sysroot *root, struct arena *a, const char *path)
{
	switch (root->kind) {
	case SYSROOT_LIVE:
		return arena_printf(a, "/%s", path);
	case SYSROOT_TREE:
		return arena_printf(a, "%s/%s", root->name, path);
	case SYSROOT_CAPTURE:
	default:
		return NULL;
	}
}

void sysroot_record(struct sysroot *root)
{
	if (!root->recording)
		root->recording = capture_new();
}

int sysroot_write_capture(struct sysroot *root, FILE *out)
{
	return root->recording ? capture_write(root->recording, out) : -EINVAL;
}
