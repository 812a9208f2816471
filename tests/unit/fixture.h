/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A small tree to read, with a file outside of it that no test may ever see. Include <cmocka.h>
 * first. */
#pragma once

#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sysroot/sysroot.h"

struct fixture {
	char dir[96];   /* holds root/ and, outside of it, secret */
	char root[112]; /* the tree */
	int fd;         /* of root/ */
	struct arena *arena;
	struct sysroot *sysroot;
};

static inline void put(const struct fixture *x, const char *path, const char *text, size_t len)
{
	int fd = openat(x->fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), len);
	close(fd);
}

static inline void link_to(const struct fixture *x, const char *target, const char *path)
{
	assert_int_equal(symlinkat(target, x->fd, path), 0);
}

static inline void dir_add(const struct fixture *x, const char *path)
{
	assert_int_equal(mkdirat(x->fd, path, 0755), 0);
}

static inline int setup(void **state)
{
	struct fixture *x = calloc(1, sizeof(*x));
	const char *tmp = getenv("TMPDIR");

	snprintf(x->dir, sizeof(x->dir), "%s/vfiotool-sysroot-XXXXXX", tmp ?: "/tmp");
	assert_non_null(mkdtemp(x->dir));
	snprintf(x->root, sizeof(x->root), "%s/root", x->dir);
	umask(022); /* modes are compared, whatever the caller's mask is */
	assert_int_equal(mkdir(x->root, 0755), 0);
	x->fd = open(x->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(x->fd >= 0);
	put(x, "../secret", "outside\n", 8);
	dir_add(x, "sys");
	dir_add(x, "sys/d");
	dir_add(x, "proc");
	x->arena = arena_new();
	assert_int_equal(sysroot_open(x->root, &x->sysroot, NULL), 0);
	assert_int_equal(sysroot_kind(x->sysroot), SYSROOT_TREE);
	*state = x;
	return 0;
}

static inline int unlink_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline int teardown(void **state)
{
	struct fixture *x = *state;

	sysroot_close(x->sysroot);
	arena_free(x->arena);
	close(x->fd);
	nftw(x->dir, unlink_one, 16, FTW_DEPTH | FTW_PHYS);
	free(x);
	return 0;
}

static inline struct fact get(struct fixture *x, const char *path)
{
	return sysroot_read(x->sysroot, x->arena, path, SYSROOT_ATTRIBUTE_MAX);
}

static inline void assert_refused(struct fact f, enum fact_state state, int err)
{
	if (f.state != state || f.err != err)
		fail_msg("%s: %s, errno %d", f.path, fact_state_name(f.state), f.err);
	assert_null(f.raw);
}

static inline void assert_text(struct fact f, const char *text)
{
	assert_int_equal(f.state, FACT_PRESENT);
	assert_int_equal(f.err, 0);
	assert_string_equal(f.raw, text);
	assert_int_equal(f.len, strlen(text));
}
