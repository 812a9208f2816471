/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/size.h"

#include <inttypes.h>
#include <stddef.h>

#include "base/strbuf.h"

const char *size_text(struct arena *a, uint64_t size)
{
	static const char units[] = "KMGTPE";
	size_t unit = 0;

	if (!size || size % 1024)
		return arena_printf(a, "%" PRIu64, size);
	for (size /= 1024; !(size % 1024) && units[unit + 1]; unit++)
		size /= 1024;
	return arena_printf(a, "%" PRIu64 "%c", size, units[unit]);
}

const char *size_mask_text(struct arena *a, uint64_t mask)
{
	uint64_t lowest = mask & -mask;
	struct strbuf ret = { .arena = a };

	if (mask == -lowest && mask != lowest)
		return arena_printf(a, "any from %s (0x%" PRIx64 ")", size_text(a, lowest), mask);
	for (unsigned int bit = 0; bit < 64; bit++)
		if (mask >> bit & 1)
			strbuf_item(&ret, " ", "%s", size_text(a, UINT64_C(1) << bit));
	return arena_printf(a, "%s (0x%" PRIx64 ")", ret.s ? ret.s : "none", mask);
}
