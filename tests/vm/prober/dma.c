/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory, and requests to map it. A request of --do is
 *   map:IOVA:SIZE[:PROT[:OFFSET]]  PROT of the letters r and w, `-` for none, or the flags as a number; OFFSET into the
 *                                  buffer
 *   unmap:IOVA:SIZE[:FLAGS]
 *   lock                           tells what is locked and pinned
 * IOVA is a number or, with an optional +N or -N behind, @first (usable, not below 1 MiB), @last (the last page of the
 * aperture), @above (the first page behind it), @hole (the first page behind the first range).
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "prober.h"

/* An address that the ranges allow for @size bytes, not the very first page: 0 hides mistakes. */
static uint64_t first_iova(uint64_t size, const struct ranges *ranges)
{
	for (unsigned i = 0; i < ranges->nr; i++) {
		uint64_t start = (ranges->range[i].start + 0xfffff) & ~(uint64_t)0xfffff;
		if (start < 0x100000)
			start = 0x100000;
		if (start >= ranges->range[i].start && start <= ranges->range[i].last &&
		    ranges->range[i].last - start >= size - 1)
			return start;
	}
	return 0x100000;
}

/* Written to once, and then kept from the caller. */
static char *restrict_memory(char *memory, uint64_t size, int protection)
{
	for (uint64_t at = 0; memory && at < size; at += PAGE)
		((volatile char *)memory)[at] = 1;
	if (memory && mprotect(memory, size, protection) < 0)
		stop("mprotect: %m");
	return memory;
}

static void *memory(uint64_t size, int flags)
{
	void *ret = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | flags, -1, 0);

	return ret == MAP_FAILED ? NULL : ret;
}

static bool map(const struct space *space, uint64_t iova, uint64_t size, uint64_t address,
		uint32_t prot)
{
	struct pr_map type1 = {
		.argsz = sizeof(type1), .flags = prot, .vaddr = address, .iova = iova, .size = size
	};
	/* A fixed address; write and read have their bits the other way round. */
	struct pr_ioas_map ioas = {
		.size = sizeof(ioas),
		.flags = 1 | (prot & 2) | (prot & 1) << 2 | (prot & ~3u),
		.ioas_id = space->ioas,
		.user_va = address,
		.length = size,
		.iova = iova,
	};
	int error;

	if (space->is_ioas)
		ask(space->fd, PR_IOAS_MAP, &ioas, &error);
	else
		ask(space->fd, PR_MAP_DMA, &type1, &error);
	return step(space->is_ioas ? "IOAS_MAP" : "MAP_DMA", error, 0,
		    ",\"iova\":\"0x%" PRIx64 "\",\"size\":%" PRIu64, iova, size);
}

static bool unmap(const struct space *space, uint64_t iova, uint64_t size, uint32_t flags)
{
	struct pr_unmap type1 = {
		.argsz = sizeof(type1), .flags = flags, .iova = iova, .size = size
	};
	struct pr_ioas_unmap ioas = {
		.size = sizeof(ioas), .ioas_id = space->ioas, .iova = iova, .length = size
	};
	int error;

	if (space->is_ioas)
		ask(space->fd, PR_IOAS_UNMAP, &ioas, &error);
	else
		ask(space->fd, PR_UNMAP_DMA, &type1, &error);
	return step(space->is_ioas ? "IOAS_UNMAP" : "UNMAP_DMA", error,
		    (int64_t)(space->is_ioas ? ioas.length : type1.size),
		    ",\"iova\":\"0x%" PRIx64 "\",\"size\":%" PRIu64, iova, size);
}

bool map_once(const struct space *space, const struct request *request, const struct ranges *ranges)
{
	uint64_t iova = request->has_iova ? request->iova : first_iova(request->map_size, ranges);
	void *address = memory(request->map_size, 0);

	if (!address)
		stop("mmap of %" PRIu64 " bytes: %m", request->map_size);
	return map(space, iova, request->map_size, (uintptr_t)address, PR_MAP_READ_WRITE) &&
	       unmap(space, iova, request->map_size, 0);
}

/* The buffer that --buffer describes; what follows the colon is its size. */
static char *get_buffer(const char *what)
{
	static const struct {
		const char *name;
		int flags;
	} kinds[] = {
		{ "anon", 0 },
		{ "thp", 0 },
		{ "read-only", 0 },
		{ "none", 0 },
		{ "2M", MAP_HUGETLB | 21 << MAP_HUGE_SHIFT },
		{ "1G", MAP_HUGETLB | 30 << MAP_HUGE_SHIFT },
	};
	const char *colon = strchr(what, ':');
	uint64_t size = colon ? strtoull(colon + 1, NULL, 0) : 0;

	for (size_t i = 0; colon && i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (strncmp(what, kinds[i].name, (size_t)(colon - what)))
			continue;
		char *ret = memory(size, kinds[i].flags);
		step("MMAP", ret ? 0 : errno, 0, ",\"kind\":\"%s\",\"size\":%" PRIu64,
		     kinds[i].name, size);
		if (ret && !strcmp(kinds[i].name, "thp"))
			madvise(ret, size, MADV_HUGEPAGE);
		if (!strcmp(kinds[i].name, "read-only"))
			return restrict_memory(ret, size, PROT_READ);
		if (!strcmp(kinds[i].name, "none"))
			return restrict_memory(ret, size, PROT_NONE);
		return ret;
	}
	stop("no such buffer: %s", what);
}

static uint64_t get_iova(const char *text, uint64_t size, const struct ranges *ranges)
{
	uint64_t last = ranges->nr ? ranges->range[ranges->nr - 1].last : 0;
	uint64_t base;

	if (text[0] != '@')
		return strtoull(text, NULL, 0);
	if (!strncmp(text, "@first", 6))
		base = first_iova(size, ranges);
	else if (!strncmp(text, "@last", 5))
		base = last - (PAGE - 1);
	else if (!strncmp(text, "@above", 6))
		base = last + 1;
	else if (!strncmp(text, "@hole", 5) && ranges->nr > 1)
		base = ranges->range[0].last + 1;
	else
		stop("%s: these ranges have no such address", text);
	const char *sign = strpbrk(text, "+-");
	return sign ? base + (uint64_t)strtoll(sign, NULL, 0) : base;
}

static uint32_t get_prot(const char *text)
{
	if (text[0] >= '0' && text[0] <= '9')
		return (uint32_t)strtoul(text, NULL, 0);
	return (strchr(text, 'r') ? 1u : 0) | (strchr(text, 'w') ? 2u : 0);
}

static uint64_t number_in(const char *name)
{
	char line[256];
	uint64_t ret = 0;
	FILE *file = fopen("/proc/self/status", "re");

	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, name, strlen(name)))
			ret = strtoull(line + strlen(name), NULL, 10);
	if (file)
		fclose(file);
	return ret;
}

void print_locked(const char *when)
{
	printf("{\"fact\":\"locked\",\"when\":\"%s\",\"locked_kib\":%" PRIu64
	       ",\"pinned_kib\":%" PRIu64 "}\n",
	       when, number_in("VmLck:"), number_in("VmPin:"));
}

static void do_request(const struct space *space, const char *text, char *buffer,
		       const struct ranges *ranges)
{
	char copy[256], *words[5] = { "", "", "0", "rw", "0" }, *rest = copy;

	if (strlen(text) >= sizeof(copy))
		stop("%s: too long", text);
	strcpy(copy, text);
	for (unsigned i = 0; i < 5 && rest; i++)
		words[i] = strsep(&rest, ":");
	uint64_t size = strtoull(words[2], NULL, 0);
	if (!strcmp(words[0], "map"))
		map(space, get_iova(words[1], size, ranges), size,
		    (uintptr_t)buffer + strtoull(words[4], NULL, 0), get_prot(words[3]));
	else if (!strcmp(words[0], "unmap"))
		unmap(space, get_iova(words[1], size, ranges), size,
		      strcmp(words[3], "rw") ? (uint32_t)strtoul(words[3], NULL, 0) : 0);
	else if (!strcmp(words[0], "lock"))
		print_locked("between");
	else
		stop("%s: not understood", text);
}

/* One after the other, whatever becomes of each. */
void do_requests(const struct space *space, const struct request *request,
		 const struct ranges *ranges)
{
	if (!request->nr_todo)
		return;
	char *buffer = get_buffer(request->buffer ? request->buffer : "anon:0x40000000");
	print_locked("before");
	for (unsigned i = 0; buffer && i < request->nr_todo; i++)
		do_request(space, request->todo[i], buffer, ranges);
	print_locked("after");
}
