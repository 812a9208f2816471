/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's side of a bind: drivers, overrides and writes in sysfs, behind operations that a test can
 * take the place of. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"
#include "sysroot/locked-read.h"

struct bind_system;

/* The way back of an unbind whose other half will not come: nobody waits for it any more, or who began it was
 * killed. Taken under the lock of the journal, and only while the device has no driver. */
struct bind_late {
	const char *link_path;                     /* the driver link, there when it has one */
	const char *override_path, *override_text; /* written first */
	const char *driver, *bind_path;            /* gets the name of the device */
};

struct bind_system_ops {
	/* The driver of a device (in @a), NULL for none. 0, -ENODEV when there is no such device. */
	int (*driver)(struct bind_system *s, const char *bus, const char *name, struct arena *a,
		      const char **ret);
	/* The text of an attribute at an absolute path, its newline removed; in @a. */
	int (*read)(struct bind_system *s, const char *path, struct arena *a, const char **ret);
	/* The same of an attribute that is read with the device locked: -ETIMEDOUT when it does not answer
	 * within the deadline. */
	int (*read_locked)(struct bind_system *s, const char *path, struct arena *a,
			   const char **ret);
	/* Where a device is in the tree of devices, which tells its slot; in @a. */
	int (*place)(struct bind_system *s, const char *bus, const char *name, struct arena *a,
		     const char **ret);
	/* 0, or the kernel's negative errno. */
	int (*write)(struct bind_system *s, const char *path, const char *text);
	/* A write that may wait for whoever uses the device, with a deadline: -ETIMEDOUT when it still
	 * waits. A driver that is setting the device up, so that @driver_path (NULL for an unbind) is
	 * there, is given a minute. When the write comes through later all the same, @late is done (NULL:
	 * nothing), so that nothing is lost. Until then the kernel has the device locked: whoever binds it
	 * waits as well, and to Linux 6.1 whoever reads its uevent or driver_override.
	 * linux: drivers/base/dd.c: device_driver_detach().
	 * From when it came through in time until settled() a process of its own watches, and does @late
	 * should this one be killed. */
	int (*write_waiting)(struct bind_system *s, const char *path, const char *text,
			     const char *driver_path, const struct bind_late *late);
	/* The device is where it shall stay: nobody need watch any more. NULL when nobody does. */
	void (*settled)(struct bind_system *s);
	bool (*is_writable)(struct bind_system *s, const char *path, int *ret_err);
};

struct bind_system {
	const struct bind_system_ops *ops;
	int root_fd; /* of "/"; borrowed */
	int lock_fd; /* of the journal; borrowed; a write that waits keeps it open */
	unsigned int deadline_ms;
	/* Who watches; pid 0: nobody. */
	struct {
		int fd;
		pid_t pid;
	} watch;
	struct locked_reader apart; /* of bind_system_live */
};

extern const struct bind_system_ops bind_system_live;

/* What tells a device from another at its address: ids or modalias, and its place; in @a. 0, -ENODEV, or the
 * errno of what could not be read: then it is not known who it is. */
int bind_identity(struct bind_system *s, const char *bus, const char *name, struct arena *a,
		  const char **ret);
/* The override of a device, NULL when there is none; in @a. -EOPNOTSUPP for a bus without, -ETIMEDOUT while
 * the kernel has the device locked. */
int bind_override(struct bind_system *s, const char *bus, const char *name, struct arena *a,
		  const char **ret);
/* How many virtual functions it has; 0 when it can have none, or when that could not be read. */
unsigned int bind_vfs(struct bind_system *s, const char *bus, const char *name, struct arena *a);
