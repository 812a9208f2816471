/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text that grows, in an arena. */
#pragma once

#include "base/arena.h"
#include "base/macro.h"
#include "base/parse.h"

struct text {
	struct arena *arena;
	char *s; /* NUL-terminated; NULL until something was added */
	size_t len, size;
};

void text_add(struct text *t, const char *s, size_t len);
void text_add_span(struct text *t, struct span s);
void text_printf(struct text *t, const char *fmt, ...) vt_printf(2, 3);
/* What was added, "" when nothing was. Valid until the next addition. */
const char *text_get(const struct text *t);
