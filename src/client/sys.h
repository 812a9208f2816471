/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The system calls of the client, behind a table: the live ones, or a test's script or fault. Nothing else
 * in client/ calls the kernel. */
#pragma once

#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct sys;

enum { HOLD_PAGES_MAX = 128, SUBMIT_SIZE = 64 };

/* Each returns what the call of its name returns, or a negative errno. */
struct sys_ops {
	int (*open)(struct sys *s, const char *path, int flags); /* O_CLOEXEC is added */
	int (*close)(struct sys *s, int fd);
	int (*ioctl)(struct sys *s, int fd, unsigned long request, void *arg);
	int (*mmap)(struct sys *s, size_t len, int prot, int flags, int fd, uint64_t offset,
		    void **ret);
	int (*munmap)(struct sys *s, void *addr, size_t len);
	int (*madvise)(struct sys *s, void *addr, size_t len, int advice);
	int (*mprotect)(struct sys *s, void *addr, size_t len, int prot);
	ssize_t (*read)(struct sys *s, int fd, void *buf, size_t len);
	ssize_t (*pread)(struct sys *s, int fd, void *buf, size_t len, uint64_t offset);
	ssize_t (*pwrite)(struct sys *s, int fd, const void *buf, size_t len, uint64_t offset);
	int (*eventfd)(struct sys *s); /* non-blocking, close on exec */
	int (*poll)(struct sys *s, struct pollfd *fds, size_t nr, int timeout_ms);
	uint64_t (*now_ns)(struct sys *s); /* monotonic */
	/* Keeps the pages at @addr where they are in physical memory until both descriptors in @ret are
	 * closed: at most HOLD_PAGES_MAX of them. */
	int (*hold_pages)(struct sys *s, void *addr, size_t len, int ret[2]);
	/* Writes the SUBMIT_SIZE bytes of @from to the mapped registers at @to, both aligned to that, as one
	 * write. -EOPNOTSUPP where the processor cannot. */
	int (*submit)(struct sys *s, volatile void *to, const void *from);
};

/* An implementation puts its state behind it. */
struct sys {
	const struct sys_ops *ops;
};

/* The kernel itself. */
struct sys *sys_live(void);
