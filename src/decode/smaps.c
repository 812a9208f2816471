/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decode/smaps.h"

#include <errno.h>
#include <string.h>

#include "decode/procfs.h"

/* "7f0000000000-7f0000200000 rw-p ...": false for the lines that follow it. */
static bool parse_area(struct span line, uint64_t *ret_start, uint64_t *ret_end)
{
	struct span range, start;
	const char *dash;

	if (!parse_word(&line, &range))
		return false;
	dash = memchr(range.s, '-', range.len);
	if (!dash)
		return false;
	start = (struct span){ range.s, (size_t)(dash - range.s) };
	return parse_u64_span(start, 16, ret_start) == 0 &&
	       parse_u64_span((struct span){ dash + 1, range.len - start.len - 1 }, 16, ret_end) ==
		       0;
}

/* Adds line @name of the area in @lines to @ret. */
static int add(struct span lines, const char *name, uint64_t *ret)
{
	uint64_t bytes;
	int r = status_get_bytes(lines, name, &bytes);

	if (r == -ENODATA)
		return 0;
	return r < 0 || __builtin_add_overflow(*ret, bytes, ret) ? -EBADMSG : 0;
}

static int add_area(struct span lines, struct smaps_sum *ret)
{
	uint64_t page;

	if (status_get_bytes(lines, "KernelPageSize", &page) < 0)
		return -EBADMSG;
	if (!ret->page || page < ret->page)
		ret->page = page;
	if (add(lines, "Rss", &ret->present) < 0 ||
	    add(lines, "Private_Hugetlb", &ret->present) < 0 ||
	    add(lines, "Shared_Hugetlb", &ret->present) < 0)
		return -EBADMSG;
	return add(lines, "AnonHugePages", &ret->anon_huge);
}

int smaps_sum(struct span text, uint64_t address, uint64_t len, struct smaps_sum *ret)
{
	struct smaps_sum sum = { 0 };
	struct span line, lines = { 0 };
	uint64_t start, end;
	bool inside = false;

	for (;;) {
		bool more = parse_line(&text, &line);
		bool heads = more && parse_area(line, &start, &end);

		if (inside && (!more || heads) && add_area(lines, &sum) < 0)
			return -EBADMSG;
		if (!more)
			break;
		if (heads) {
			inside = start < end && end > address &&
				 (start < address || start - address < len);
			lines = (struct span){ text.s, 0 };
			continue;
		}
		lines.len = (size_t)(line.s + line.len - lines.s);
	}
	if (!sum.page)
		return -ENODATA;
	*ret = sum;
	return 0;
}
