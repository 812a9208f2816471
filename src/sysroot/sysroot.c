/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysroot/sysroot.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "sysroot/capture.h"
#include "sysroot/reader.h"

struct sysroot {
	enum sysroot_kind kind;
	int fd; /* of the root directory; -EBADF for a capture */
	struct reader reader;
	char *name;
	struct capture *capture;   /* what answers, for SYSROOT_CAPTURE */
	struct capture *recording; /* what keeps the answers, or NULL */
	int starved;               /* EMFILE or ENFILE that made an answer fail, or 0 */
};

static int sysroot_load_capture(struct sysroot *root, int fd, struct failure **reterr)
{
	struct failure *why = NULL;
	FILE *in = fdopen(fd, "re");
	int r;

	if (!in) {
		r = -errno;
		close(fd);
		return failure_set(reterr, r, "cannot read '%s': %s; try again with more memory",
				   root->name, strerror(-r));
	}
	r = capture_load(in, &root->capture, &why);
	fclose(in);
	if (r < 0)
		failure_set(reterr, r,
			    "'%s' is not a capture: %s; make one with 'vfiotool capture FILE', or name a directory with sys and proc",
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
					  r,
					  "cannot open '%s': %s; name a capture, or a directory with sys and proc",
					  path, strerror(-r));
	}
	if (S_ISDIR(st.st_mode)) {
		int r;

		root->kind = strcmp(path, "/") ? SYSROOT_TREE : SYSROOT_LIVE;
		root->fd = fd;
		r = reader_init(&root->reader, fd, root->kind == SYSROOT_TREE);
		if (r < 0)
			failure_set(reterr, r, "cannot read below '%s': openat2(2) fails: %s; %s",
				    path, strerror(-r),
				    r == -ENOSYS || r == -EPERM
					    ? "it needs Linux 5.6, and a container must allow it"
					    : failure_room_advice(-r));
		return r;
	}
	if (S_ISREG(st.st_mode)) {
		root->kind = SYSROOT_CAPTURE;
		return sysroot_load_capture(root, fd, reterr);
	}
	close(fd);
	return failure_set_status(reterr, STATUS_NO_TARGET, -EINVAL,
				  "'%s' is neither a directory nor a capture file; make a capture with 'vfiotool capture FILE'",
				  path);
}

int sysroot_open(const char *path, struct sysroot **ret, struct failure **reterr)
{
	struct sysroot *root = calloc(1, sizeof(*root));
	int r;

	if (!root)
		abort();
	root->fd = -EBADF;
	root->reader.dir_fd = root->reader.guarded_fd = root->reader.groups_fd =
		root->reader.devices_fd = -EBADF;
	locked_reader_init(&root->reader.apart);
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
	reader_done(&root->reader);
	if (root->fd >= 0)
		close(root->fd);
	capture_free(root->capture);
	capture_free(root->recording);
	free(root->name);
	free(root);
}

void sysroot_rest(struct sysroot *root)
{
	if (root->kind != SYSROOT_CAPTURE)
		reader_flush(&root->reader);
}

enum sysroot_kind sysroot_kind(const struct sysroot *root)
{
	return root->kind;
}

const char *sysroot_name(const struct sysroot *root)
{
	return root->name;
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
		ret->raw = arena_text(a, ret->raw, ret->len);
	ret->path = path;
	return true;
}

static struct fact root_keep(struct sysroot *root, const char *verb, struct fact f)
{
	if (f.state == FACT_FAILED && (f.err == EMFILE || f.err == ENFILE) &&
	    root->kind != SYSROOT_CAPTURE)
		root->starved = f.err;
	if (root->recording)
		capture_add(root->recording, verb, f.path, &f);
	return f;
}

static const char *fact_path(struct arena *a, const char *path)
{
	size_t len = strlen(path);
	char *ret = arena_alloc(a, len + 2);

	ret[0] = '/';
	memcpy(ret + 1, path, len + 1);
	return ret;
}

struct fact sysroot_read(struct sysroot *root, struct arena *a, const char *path, size_t limit)
{
	struct fact f;

	if (!root_answer(root, a, "read", fact_path(a, path), &f))
		reader_read(&root->reader, a, path, limit, &f);
	else if (f.len > limit)
		f = (struct fact){ .state = FACT_FAILED, .err = EFBIG, .path = f.path };
	return root_keep(root, "read", f);
}

struct fact sysroot_read_locked(struct sysroot *root, struct arena *a, const char *path)
{
	struct fact f;

	if (!root_answer(root, a, "read", fact_path(a, path), &f))
		reader_read_locked(&root->reader, a, path, &f);
	else if (f.len > SYSROOT_ATTRIBUTE_MAX)
		f = (struct fact){ .state = FACT_FAILED, .err = EFBIG, .path = f.path };
	return root_keep(root, "read", f);
}

void sysroot_expect_locked(struct sysroot *root)
{
	/* Where it fails it is tried again when a read needs it, and said. */
	if (root->kind == SYSROOT_LIVE)
		(void)locked_reader_start(&root->reader.apart, root->reader.fd);
}

struct fact sysroot_read_link(struct sysroot *root, struct arena *a, const char *path)
{
	struct fact f;

	if (!root_answer(root, a, "link", fact_path(a, path), &f))
		reader_read_link(&root->reader, a, path, &f);
	return root_keep(root, "link", f);
}

struct fact sysroot_list(struct sysroot *root, struct arena *a, const char *path)
{
	struct fact f;

	if (!root_answer(root, a, "list", fact_path(a, path), &f))
		reader_list(&root->reader, a, path, &f);
	return root_keep(root, "list", f);
}

struct fact sysroot_stat(struct sysroot *root, struct arena *a, const char *path)
{
	struct fact f;

	if (!root_answer(root, a, "stat", fact_path(a, path), &f))
		reader_stat(&root->reader, a, path, &f);
	return root_keep(root, "stat", f);
}

struct fact sysroot_access(struct sysroot *root, struct arena *a, const char *path)
{
	struct fact f;

	if (!root_answer(root, a, "access", fact_path(a, path), &f) && root->kind == SYSROOT_LIVE)
		reader_access(&root->reader, path, &f);
	return root_keep(root, "access", f);
}

struct fact sysroot_ask(struct sysroot *root, struct arena *a, const char *key, bool in_tree,
			sysroot_asker *ask, void *ctx)
{
	const char *path = arena_strdup(a, key);
	struct fact f;

	if (!root_answer(root, a, "ask", path, &f) && (root->kind == SYSROOT_LIVE || in_tree)) {
		struct capture *recording = root->recording;

		/* Only the answer is kept, not the reads that led to it. */
		root->recording = NULL;
		ask(root, a, ctx, &f);
		root->recording = recording;
	}
	/* What a capture can carry, so that the replay equals the recording. */
	f.path = path;
	if (f.state != FACT_PRESENT) {
		f.raw = NULL;
		f.len = 0;
	} else {
		f.err = 0;
		if (!f.raw)
			f.raw = "";
	}
	return root_keep(root, "ask", f);
}

int sysroot_open_file(struct sysroot *root, const char *path)
{
	return root->kind == SYSROOT_CAPTURE ? -ENOTSUP : reader_open(&root->reader, path);
}

FILE *sysroot_stream(struct sysroot *root, const char *path, int *err)
{
	struct stat st;
	FILE *ret;
	int fd = sysroot_open_file(root, path);

	if (fd < 0) {
		*err = -fd;
		return NULL;
	}
	if (root->kind == SYSROOT_TREE && (fstat(fd, &st) < 0 || st.st_size > SYSROOT_STREAM_MAX)) {
		*err = EFBIG;
		close(fd);
		return NULL;
	}
	ret = fdopen(fd, "re");
	if (!ret) {
		*err = errno;
		close(fd);
	}
	return ret;
}

bool sysroot_same_kernel(struct sysroot *root)
{
	struct statfs fs;
	bool same;
	int fd;

	if (root->kind != SYSROOT_TREE)
		return root->kind == SYSROOT_LIVE;
	fd = reader_open(&root->reader, "proc/sys/kernel/osrelease");
	same = fd >= 0 && fstatfs(fd, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
	if (fd >= 0)
		close(fd);
	return same;
}

int sysroot_starved(const struct sysroot *root)
{
	return root->starved;
}

const char *sysroot_host_path(struct sysroot *root, struct arena *a, const char *path)
{
	switch (root->kind) {
	case SYSROOT_LIVE:
		return arena_printf(a, "/%s", path);
	case SYSROOT_TREE:
		return reader_real_path(&root->reader, a, path);
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
