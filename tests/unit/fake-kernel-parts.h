/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files of the kernel in memory. */
#pragma once

#include <errno.h>
#include <string.h>

#include "fake-kernel.h"

static inline struct fake_kernel *fake_of(struct sys *s)
{
	return (struct fake_kernel *)(void *)s;
}

static inline void fake_wrong(struct fake_kernel *k, const char *what)
{
	if (!k->misuse)
		k->misuse = what;
}

/* The errno that this call fails with; 0: it does not. @call is its name, and NULL for one that tells by itself
 * which it was. */
int fake_fails(struct fake_kernel *k, const char *call);
/* The open descriptor @fd; NULL, which is a misuse. */
struct fake_fd *fake_get(struct fake_kernel *k, int fd);
int fake_new_fd(struct fake_kernel *k, enum fake_file file, unsigned int group);

/* What an open device does: its interrupts, its resets. -ENOTTY for other requests. */
int fake_device_act(struct fake_kernel *k, unsigned long request, void *arg);
int fake_eventfd(struct sys *s);
ssize_t fake_read(struct sys *s, int fd, void *buf, size_t len);
ssize_t fake_pread(struct sys *s, int fd, void *buf, size_t len, uint64_t offset);
ssize_t fake_pwrite(struct sys *s, int fd, const void *buf, size_t len, uint64_t offset);
int fake_poll(struct sys *s, struct pollfd *fds, size_t nr, int timeout_ms);
