/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's side of a bind: drivers, overrides and writes in sysfs, as operations that a test can
 * replace. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"
#include "sysroot/locked-read.h"

struct bind_system;

/* How to undo an unbind whose bind will not follow, because the wait ended or the tool was killed. Used under
 * the lock of the journal, and only while the device has no driver. */
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
	/* The path of a device in sysfs, which shows its slot; in @a. */
	int (*place)(struct bind_system *s, const char *bus, const char *name, struct arena *a,
		     const char **ret);
	/* 0, or the kernel's negative errno. */
	int (*write)(struct bind_system *s, const char *path, const char *text);
	/* A write that may wait for a process that uses the device, with a deadline: -ETIMEDOUT when it still
	 * waits. A driver that is setting up the device (@driver_path exists; NULL for an unbind) gets a
	 * minute. If the write still completes later, @late is done (NULL: nothing), so that nothing is lost.
	 * Until then the kernel has the device locked: binding it blocks, and up to Linux 6.1 so does reading
	 * its uevent or driver_override.
	 * linux: drivers/base/dd.c: device_driver_detach().
	 * After a write in time, a separate process watches until settled(), and does @late if this one is
	 * killed. */
	int (*write_waiting)(struct bind_system *s, const char *path, const char *text,
			     const char *driver_path, const struct bind_late *late);
	/* The device is on its final driver: stop the watching child. NULL when there is none. */
	void (*settled)(struct bind_system *s);
	bool (*is_writable)(struct bind_system *s, const char *path, int *ret_err);
};

struct bind_system {
	const struct bind_system_ops *ops;
	int root_fd; /* of "/"; borrowed */
	int lock_fd; /* of the journal; borrowed; a write that waits keeps it open */
	unsigned int deadline_ms;
	/* The watching child; pid 0: none. */
	struct {
		int fd;
		pid_t pid;
	} watch;
	struct locked_reader apart; /* of bind_system_live */
};

extern const struct bind_system_ops bind_system_live;

/* The identity of a device: ids or modalias, and its place; in @a. 0, -ENODEV, or the errno of a failed read:
 * then its identity is unknown. */
int bind_identity(struct bind_system *s, const char *bus, const char *name, struct arena *a,
		  const char **ret);
/* The override of a device, NULL when there is none; in @a. -EOPNOTSUPP for a bus without overrides,
 * -ETIMEDOUT while the kernel has the device locked. */
int bind_override(struct bind_system *s, const char *bus, const char *name, struct arena *a,
		  const char **ret);
/* How many virtual functions it has; 0 when it can have none, or when that could not be read. */
unsigned int bind_vfs(struct bind_system *s, const char *bus, const char *name, struct arena *a);
