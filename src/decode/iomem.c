/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decode/iomem.h"

#include <string.h>

bool iomem_next(struct span *rest, struct iomem_line *ret)
{
	static const char middle[] = " : ";
	struct span line;

	while (parse_line(rest, &line)) {
		size_t depth = 0;
		const char *at;

		while (depth < line.len && line.s[depth] == ' ')
			depth++;
		line.s += depth;
		line.len -= depth;
		at = line.len ? memmem(line.s, line.len, middle, sizeof(middle) - 1) : NULL;
		if (!at || at == line.s)
			continue;
		ret->depth = depth;
		ret->range = (struct span){ line.s, (size_t)(at - line.s) };
		ret->name.s = at + sizeof(middle) - 1;
		ret->name.len = line.len - ret->range.len - (sizeof(middle) - 1);
		return true;
	}
	return false;
}
