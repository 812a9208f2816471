/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the process's own memory lies in physical memory. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "client/client.h"

/* The physical address of the page at @page (touched before, @page_size bytes of the processor). 0;
 * -EPERM when the kernel hides it (it shows it with CAP_SYS_ADMIN only), -ENODATA when the page is
 * not in memory, or the errno of /proc/self/pagemap.
 * linux: fs/proc/task_mmu.c: pagemap_read(); Documentation/admin-guide/mm/pagemap.rst. */
int pagemap_physical(struct client *c, const void *page, size_t page_size, uint64_t *ret);
