/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/PID/smaps: what a piece of a process' memory is made of. */
#pragma once

#include <stdint.h>

#include "base/parse.h"

/* Sums over the areas that reach into a piece, each counted as a whole. */
struct smaps_sum {
	uint64_t page;      /* bytes, the smallest KernelPageSize */
	uint64_t present;   /* bytes, Rss and hugetlb */
	uint64_t anon_huge; /* bytes, AnonHugePages */
};

/* The areas of @text that share a byte with [@address, @address + @len). 0, -ENODATA when none is, -EBADMSG for text that is
 * not understood. linux: fs/proc/task_mmu.c: show_map_vma(), show_smap(). */
vt_must_check int smaps_sum(struct span text, uint64_t address, uint64_t len,
			    struct smaps_sum *ret);
