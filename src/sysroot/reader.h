/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a file system below a directory is read: the calls behind sysroot/sysroot.h for the live system and
 * for a tree. The files of a tree are not trusted: no link leads out of it, a FIFO cannot block, and a
 * device cannot act. The reader looks at a file before it opens it, or reads the tree through a mount of
 * its own without devices. Paths are relative. Each call fills state, err, raw and len of a fact. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/fact.h"
#include "sysroot/locked-read.h"

enum { READER_CLOSING_MAX = 128 };

struct reader {
	int fd;       /* of the root directory; the owner of the reader closes what it gave */
	int plain_fd; /* the same, as the user sees it */
	bool tree;    /* else the live system, whose files are trusted */
	/* fd, when it is a mount of our own, without devices and read-only; else negative. */
	int guarded_fd;
	/* The directory read from last, in a tree: its files are then opened by name alone. */
	int dir_fd;
	char *dir;
	size_t dir_len;
	/* The directories of the PCI devices and of the IOMMU groups (live, and in a guarded tree), for there are
	 * thousands in each; -EBADF: not yet asked. */
	int devices_fd, groups_fd;
	/* Descriptors no longer needed: closed many at a time, a quarter of those that the process may have. */
	int closing[READER_CLOSING_MAX];
	size_t nr_closing, closing_max;
	struct locked_reader apart; /* of the live system */
};

/* A reader of what is below @fd. 0, or a negative errno when the system cannot hold paths within a
 * tree (no openat2(2)). */
int reader_init(struct reader *r, int fd, bool tree);
void reader_done(struct reader *r);
/* Closes the descriptors that are no longer needed. */
void reader_flush(struct reader *r);

void reader_read(struct reader *r, struct arena *a, const char *path, size_t limit, struct fact *f);
/* The same for an attribute that the kernel reads with the device locked. An unbind of a device without a
 * driver may still be waiting: FACT_FAILED with ETIMEDOUT when the attribute does not answer. linux:
 * drivers/base/dd.c: __device_release_driver() takes the link away before it waits. */
void reader_read_locked(struct reader *r, struct arena *a, const char *path, struct fact *f);
void reader_read_link(struct reader *r, struct arena *a, const char *path, struct fact *f);
void reader_list(struct reader *r, struct arena *a, const char *path, struct fact *f);
void reader_stat(struct reader *r, struct arena *a, const char *path, struct fact *f);
/* Only of the live system. */
void reader_access(struct reader *r, const char *path, struct fact *f);
/* A descriptor that only says what @path in a tree is, or a negative errno. The caller closes it. */
int reader_look(struct reader *r, const char *path);
/* Makes @f the answer of a call that failed with @err, of either sign. */
void reader_refuse(struct fact *f, int err);
/* A descriptor of a regular file (live: of anything), or a negative errno. The caller closes it. */
int reader_open(struct reader *r, const char *path);
/* The absolute path that @path in a tree leads to, links resolved; NULL when it leads nowhere. In @a. */
const char *reader_real_path(struct reader *r, struct arena *a, const char *path);
