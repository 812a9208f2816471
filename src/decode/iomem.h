/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who claims which memory: /proc/iomem, a tree by indentation, "START-END : NAME". An ordinary user sees the names, and
 * zeros for the addresses. linux: kernel/resource.c: r_show(). */
#pragma once

#include <stdbool.h>

#include "base/parse.h"

struct iomem_line {
	size_t depth;            /* in blanks */
	struct span range, name; /* in the text */
};

/* Cuts the next line off @rest; false at the end. A line that is not understood is skipped. */
bool iomem_next(struct span *rest, struct iomem_line *ret);
