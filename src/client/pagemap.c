/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/pagemap.h"

#include <errno.h>
#include <fcntl.h>

/* linux: fs/proc/task_mmu.c: PM_PFRAME_BITS, PM_PRESENT. */
#define ENTRY_PRESENT (UINT64_C(1) << 63)
#define ENTRY_FRAME   ((UINT64_C(1) << 55) - 1)

int pagemap_physical(struct client *c, const void *page, size_t page_size, uint64_t *ret)
{
	struct sys *sys = c->sys;
	uint64_t entry = 0;
	ssize_t n;
	int fd;

	fd = sys->ops->open(sys, "/proc/self/pagemap", O_RDONLY);
	if (fd < 0)
		return fd;
	n = sys->ops->pread(sys, fd, &entry, sizeof(entry),
			    (uintptr_t)page / page_size * sizeof(entry));
	sys->ops->close(sys, fd);
	if (n < 0)
		return (int)n;
	if (n != sizeof(entry) || !(entry & ENTRY_PRESENT))
		return -ENODATA;
	if (!(entry & ENTRY_FRAME))
		return -EPERM;
	*ret = (entry & ENTRY_FRAME) * page_size;
	return 0;
}
