/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "facts/memory.h"

#include <errno.h>
#include <string.h>

#include "decode/procfs.h"
#include "decode/smaps.h"
#include "facts/loader.h"

enum { STATUS_MAX = 64 << 10 };

void memory_use_read(struct sysroot *root, struct arena *a, struct memory_use *ret)
{
	*ret = (struct memory_use){ 0 };
	ret->status = sysroot_read(root, a, "proc/self/status", STATUS_MAX);
	if (!fact_is(&ret->status))
		return;
	ret->known = !status_get_bytes(fact_describe(&ret->status), "VmLck", &ret->locked) &&
		     !status_get_bytes(fact_describe(&ret->status), "VmPin", &ret->pinned);
}

int memory_available(struct sysroot *root, uint64_t *ret)
{
	struct arena *a = arena_new();
	struct fact f = sysroot_read(root, a, "proc/meminfo", STATUS_MAX);
	int r = fact_is(&f) ? status_get_bytes(fact_describe(&f), "MemAvailable", ret)
			    : -(f.err ? f.err : ENODATA);

	arena_free(a);
	return r;
}

static bool read_number(struct sysroot *root, struct arena *a, const char *dir, const char *name,
			struct fact *ret_fact, uint64_t *ret)
{
	*ret_fact = sysroot_read(root, a, arena_join(a, dir, name, NULL), SYSROOT_ATTRIBUTE_MAX);
	return fact_is(ret_fact) && parse_u64_span(fact_describe(ret_fact), 10, ret) == 0;
}

void hugepages_read(struct sysroot *root, struct arena *a, uint64_t size, struct hugepages *ret)
{
	const char *dir = arena_printf(a, "sys/kernel/mm/hugepages/hugepages-%llukB/",
				       (unsigned long long)(size / 1024));
	struct fact other;

	*ret = (struct hugepages){ .path = arena_join(a, "/", dir, "nr_hugepages", NULL) };
	ret->known = read_number(root, a, dir, "nr_hugepages", &ret->total_fact, &ret->total) &&
		     read_number(root, a, dir, "free_hugepages", &other, &ret->free) &&
		     read_number(root, a, dir, "resv_hugepages", &other, &ret->reserved);
}

enum thp_mode thp_read(struct sysroot *root, struct arena *a)
{
	struct fact f = sysroot_read(root, a, "sys/kernel/mm/transparent_hugepage/enabled",
				     SYSROOT_ATTRIBUTE_MAX);

	if (!fact_is(&f))
		return f.state == FACT_ABSENT ? THP_NEVER : THP_UNKNOWN;
	if (strstr(f.raw, "[always]"))
		return THP_ALWAYS;
	if (strstr(f.raw, "[madvise]"))
		return THP_MADVISE;
	return strstr(f.raw, "[never]") ? THP_NEVER : THP_UNKNOWN;
}

void memory_seen(struct sysroot *root, struct arena *a, const void *address, uint64_t len,
		 struct memory_kind_seen *ret)
{
	struct fact f = sysroot_read(root, a, "proc/self/smaps", SYSROOT_FILE_MAX);
	struct smaps_sum sum;

	*ret = (struct memory_kind_seen){ 0 };
	if (!fact_is(&f) || smaps_sum(fact_describe(&f), (uintptr_t)address, len, &sum) < 0)
		return;
	*ret = (struct memory_kind_seen){
		.known = true,
		.page = sum.page,
		.anon_huge = sum.anon_huge < len ? sum.anon_huge : len,
		.present = sum.present < len ? sum.present : len,
	};
}
