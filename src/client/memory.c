/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/memory.h"

#include <errno.h>
#include <sys/mman.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

enum { LOG2_2M = 21, LOG2_1G = 30 };

/* Bytes to populate before the next look for a cancellation: some ten milliseconds. */
enum { POPULATE_STEP = 64 << 20 };

static const char *const names[NR_MEMORY_KINDS] = { "4K", "thp", "2M", "1G" };

const char *memory_kind_name(enum memory_kind kind)
{
	return names[kind];
}

size_t memory_kind_page(enum memory_kind kind, size_t page)
{
	switch (kind) {
	case MEMORY_1G:
		return (size_t)1 << LOG2_1G;
	case MEMORY_2M:
	case MEMORY_THP:
		return (size_t)1 << LOG2_2M;
	default:
		return page;
	}
}

static int mmap_flags(enum memory_kind kind)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS;

	if (kind == MEMORY_2M)
		flags |= MAP_HUGETLB | (LOG2_2M << MAP_HUGE_SHIFT);
	if (kind == MEMORY_1G)
		flags |= MAP_HUGETLB | (LOG2_1G << MAP_HUGE_SHIFT);
	return flags;
}

/* Writes to every page. Since 5.14 the kernel does it in one call, and says when it cannot instead of
 * killing the process. */
static int populate(struct sys *sys, char *address, size_t len, size_t page)
{
	int r = sys->ops->madvise(sys, address, len, MADV_POPULATE_WRITE);

	if (r != -EINVAL)
		return r;
	for (size_t i = 0; i < len; i += page)
		((volatile char *)address)[i] = 0;
	return 0;
}

static int populate_all(struct sys *sys, const struct memory *m, size_t unit, size_t page,
			bool (*wanted)(void *arg), void *arg)
{
	size_t step = unit > POPULATE_STEP ? unit : POPULATE_STEP;

	for (size_t at = 0; at < m->len; at += step) {
		size_t len = m->len - at < step ? m->len - at : step;
		int r;

		if (wanted && wanted(arg))
			return -ECANCELED;
		r = populate(sys, (char *)m->address + at, len, page);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The kernel may ignore the advice: huge pages may be configured out. */
static void advise(struct sys *sys, const struct memory *m)
{
	if (m->kind == MEMORY_BASE)
		(void)sys->ops->madvise(sys, m->address, m->len, MADV_NOHUGEPAGE);
	if (m->kind == MEMORY_THP)
		(void)sys->ops->madvise(sys, m->address, m->len, MADV_HUGEPAGE);
}

int memory_get(struct sys *sys, enum memory_kind kind, size_t len, size_t page,
	       bool (*wanted)(void *arg), void *arg, struct memory *ret)
{
	size_t unit = memory_kind_page(kind, page), slack = kind == MEMORY_THP ? unit - page : 0;
	uint64_t start = sys->ops->now_ns(sys);
	struct memory m = { .kind = kind };
	int r;

	if (__builtin_add_overflow(len, unit - 1, &m.len) ||
	    __builtin_add_overflow(m.len & ~(unit - 1), slack, &m.whole_len))
		return -EOVERFLOW;
	m.len &= ~(unit - 1);
	r = sys->ops->mmap(sys, m.whole_len, PROT_READ | PROT_WRITE, mmap_flags(kind), -1, 0,
			   &m.whole);
	if (r < 0)
		return r;
	m.address = (void *)(((uintptr_t)m.whole + slack) & ~(uintptr_t)(slack ? unit - 1 : 0));
	advise(sys, &m);
	r = populate_all(sys, &m, unit, page, wanted, arg);
	if (r < 0) {
		sys->ops->munmap(sys, m.whole, m.whole_len);
		return r;
	}
	m.ns = sys->ops->now_ns(sys) - start;
	*ret = m;
	return 0;
}

int memory_restrict(struct sys *sys, const struct memory *m, enum memory_access access)
{
	if (access == MEMORY_OWN)
		return 0;
	return sys->ops->mprotect(sys, m->address, m->len,
				  access == MEMORY_READ_ONLY ? PROT_READ : PROT_NONE);
}

void memory_put(struct sys *sys, struct memory *m)
{
	if (m->whole_len)
		sys->ops->munmap(sys, m->whole, m->whole_len);
	*m = (struct memory){ 0 };
}
