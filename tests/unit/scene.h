/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What tests stand on, and what <cmocka.h> wants before it: an arena, a tree of files with a file outside of it that no
 * test may ever see, and in that tree a host, as sysfs and procfs would show it. A test links no more of
 * it than it calls. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/fact.h"
#include "base/failure.h"
#include "base/macro.h"
#include "base/parse.h"

struct device;
struct host;
struct scope;
struct sysroot;

/* Whether errno number @which of @nr is tried where call number @call fails. Under a sanitizer, which takes ten times as
 * long, they take turns: the plain build tries all. */
static inline bool scene_tries(unsigned int call, size_t which, size_t nr)
{
	return !VT_SANITIZED || which == call % nr;
}

static inline struct span span_of(const char *s)
{
	return (struct span){ s, strlen(s) };
}

/* ---- an arena for the life of a group of tests ---- */

extern struct arena *scene_arena;

/* The arena, in *@state too. */
int scene_arena_setup(void **state);
int scene_arena_teardown(void **state);

/* ---- a tree of files ---- */

struct tree {
	char dir[96];   /* holds root/ and, outside of it, secret */
	char root[112]; /* the tree: empty proc/ and sys/d/ */
	int fd;         /* of root/ */
	struct arena *arena;
	struct sysroot *sysroot;
	struct tree_owned *owned; /* the last first */
};

/* The tree in *@state. */
int tree_setup(void **state);
int tree_teardown(void **state);

/* Directories on the way are made. */
void tree_put(const struct tree *x, const char *path, const char *text);
void tree_put_bytes(const struct tree *x, const char *path, const char *bytes, size_t len);
void tree_link(const struct tree *x, const char *target, const char *path);
void tree_dir(const struct tree *x, const char *path);
void tree_remove(const struct tree *x, const char *path);
/* @thing ends with the tree, and before what it has been made of. */
void tree_owns(struct tree *x, void (*release)(void *thing), void *thing);

struct fact tree_read(struct tree *x, const char *path);
void assert_refused(struct fact f, enum fact_state state, int err);
void assert_text(struct fact f, const char *text);

/* ---- a host in a tree ---- */

#define tree_path(buf, ...) (snprintf((buf), sizeof(buf), __VA_ARGS__), (buf))

struct tree_device {
	const char *bus; /* "pci" when NULL */
	const char *name, *driver;
	const char *group; /* a number, or NULL */
	const char *unit;  /* of /sys/class/iommu, or NULL */
	const char *id;    /* "8086:1521" */
	const char *class; /* "20000" */
};

/* One device with its uevent, and the links that its bus, group and unit have to it. */
void tree_device(const struct tree *x, const struct tree_device *d);
#define tree_add(x, ...) tree_device(x, &(struct tree_device){ __VA_ARGS__ })
void tree_attribute(const struct tree *x, const char *device, const char *name, const char *text);
void tree_group_attribute(const struct tree *x, const char *group, const char *name,
			  const char *text);
/* A VT-d unit with registers as QEMU's. */
void tree_intel_unit(const struct tree *x, const char *name);

/* A capture of these lines, outside of the tree; it ends with the tree. */
struct sysroot *tree_capture(struct tree *x, const char *lines);
/* All of a host by a capture of a device 0000:01:00.0 on vfio-pci in group 12, and of @more. */
struct host *tree_replay(struct tree *x, const char *more);

/* Everything. */
const struct scope *tree_scope(void);
/* Loads what @texts name (NULL-terminated), or everything. It ends with the tree. */
struct host *tree_load(struct tree *x, struct sysroot *root, const struct scope *scope,
		       const char *const *texts);
void assert_load_fails(struct tree *x, struct sysroot *root, const char *text, int err,
		       enum status status, const char *part);
struct device *tree_find(const struct host *h, const char *name);
/* What all guards say of @name, a line each: "disk yes EVIDENCE". */
char *tree_guards(struct tree *x, struct sysroot *root, const char *name);

/* A host with one card, on nvme, that nobody uses. */
#define TREE_CARD "0000:02:00.0"
void tree_card(const struct tree *x);
void assert_guards(struct tree *x, const char *name, const char *text);
