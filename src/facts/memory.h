/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The memory of this process and of the machine now: read again each time, unlike the snapshot. Facts and
 * texts are in the caller's arena. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/fact.h"
#include "sysroot/sysroot.h"

/* What is pinned. linux: fs/proc/task_mmu.c: task_mem(). */
struct memory_use {
	struct fact status; /* /proc/self/status */
	bool known;         /* of both */
	uint64_t locked;    /* bytes, VmLck: what type1 counts */
	uint64_t pinned;    /* bytes, VmPin: what iommufd counts */
};

void memory_use_read(struct sysroot *root, struct arena *a, struct memory_use *ret);
/* MemAvailable in bytes. 0, or the negative errno of the read. */
int memory_available(struct sysroot *root, uint64_t *ret);

/* The pool of one size of hugetlb pages. */
struct hugepages {
	const char *path; /* of nr_hugepages, what one writes to */
	struct fact total_fact;
	bool known;
	uint64_t total, free, reserved; /* pages */
};

/* @size in bytes. A processor without this size has no such directory: total_fact is ABSENT. */
void hugepages_read(struct sysroot *root, struct arena *a, uint64_t size, struct hugepages *ret);

enum thp_mode { THP_UNKNOWN = 0, THP_NEVER, THP_MADVISE, THP_ALWAYS };

/* /sys/kernel/mm/transparent_hugepage/enabled. */
enum thp_mode thp_read(struct sysroot *root, struct arena *a);

/* What kind of pages a piece of this process really has. linux: fs/proc/task_mmu.c: show_smap(). */
struct memory_kind_seen {
	bool known;
	uint64_t page;      /* bytes, KernelPageSize: the smallest of its parts */
	uint64_t anon_huge; /* bytes of it in transparent huge pages */
	uint64_t present;   /* bytes of it that are there */
};

void memory_seen(struct sysroot *root, struct arena *a, const void *address, uint64_t len,
		 struct memory_kind_seen *ret);
