/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scene.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macro.h"
#include "sysroot/sysroot.h"

static void make_parents(const struct tree *x, const char *path)
{
	char part[PATH_MAX];

	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
		if (mkdirat(x->fd, part, 0755) < 0)
			assert_int_equal(errno, EEXIST);
	}
}

void tree_put_bytes(const struct tree *x, const char *path, const char *bytes, size_t len)
{
	enum { HOW = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC };
	int fd = openat(x->fd, path, HOW, 0644);

	if (fd < 0 && errno == ENOENT) {
		make_parents(x, path);
		fd = openat(x->fd, path, HOW, 0644);
	}
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	close(fd);
}

void tree_put(const struct tree *x, const char *path, const char *text)
{
	tree_put_bytes(x, path, text, strlen(text));
}

void tree_link(const struct tree *x, const char *target, const char *path)
{
	make_parents(x, path);
	assert_int_equal(symlinkat(target, x->fd, path), 0);
}

void tree_dir(const struct tree *x, const char *path)
{
	char below[PATH_MAX + 8];

	snprintf(below, sizeof(below), "%s/x", path);
	make_parents(x, below);
}

void tree_remove(const struct tree *x, const char *path)
{
	assert_int_equal(unlinkat(x->fd, path, 0), 0);
}

int tree_setup(void **state)
{
	struct tree *x = calloc(1, sizeof(*x));
	const char *tmp = getenv("TMPDIR");

	snprintf(x->dir, sizeof(x->dir), "%s/vfiotool-sysroot-XXXXXX", tmp ?: "/tmp");
	assert_non_null(mkdtemp(x->dir));
	snprintf(x->root, sizeof(x->root), "%s/root", x->dir);
	umask(022); /* modes are compared, whatever the caller's mask is */
	assert_int_equal(mkdir(x->root, 0755), 0);
	x->fd = open(x->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(x->fd >= 0);
	tree_put(x, "../secret", "outside\n");
	tree_dir(x, "sys/d");
	tree_dir(x, "proc");
	x->arena = arena_new();
	assert_int_equal(sysroot_open(x->root, &x->sysroot, NULL), 0);
	assert_int_equal(sysroot_kind(x->sysroot), SYSROOT_TREE);
	*state = x;
	return 0;
}

static int remove_one(const char *path, const struct stat *st vt_unused, int type vt_unused,
		      struct FTW *ftw vt_unused)
{
	return remove(path);
}

struct tree_owned {
	void (*release)(void *thing);
	void *thing;
	struct tree_owned *next;
};

void tree_owns(struct tree *x, void (*release)(void *thing), void *thing)
{
	struct tree_owned *o = arena_new_object(x->arena, struct tree_owned);

	*o = (struct tree_owned){ release, thing, x->owned };
	x->owned = o;
}

int tree_teardown(void **state)
{
	struct tree *x = *state;

	for (; x->owned; x->owned = x->owned->next)
		x->owned->release(x->owned->thing);
	sysroot_close(x->sysroot);
	arena_free(x->arena);
	close(x->fd);
	nftw(x->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(x);
	return 0;
}

struct fact tree_read(struct tree *x, const char *path)
{
	return sysroot_read(x->sysroot, x->arena, path, SYSROOT_ATTRIBUTE_MAX);
}

void assert_refused(struct fact f, enum fact_state state, int err)
{
	if (f.state != state || f.err != err)
		fail_msg("%s: %s, errno %d", f.path, fact_state_name(f.state), f.err);
	assert_null(f.raw);
}

void assert_text(struct fact f, const char *text)
{
	assert_int_equal(f.state, FACT_PRESENT);
	assert_int_equal(f.err, 0);
	assert_string_equal(f.raw, text);
	assert_int_equal(f.len, strlen(text));
}
