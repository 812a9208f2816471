/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text that grows, in an arena. */
#pragma once

#include "base/arena.h"
#include "base/macro.h"
#include "base/parse.h"

struct strbuf {
	struct arena *arena;
	char *s; /* NUL-terminated; NULL until something was added */
	size_t len, size;
};

void strbuf_add(struct strbuf *t, const char *s, size_t len);
void strbuf_add_span(struct strbuf *t, struct span s);
void strbuf_printf(struct strbuf *t, const char *fmt, ...) vt_printf(2, 3);
/* Adds an item, with @separator before it unless it is the first. */
void strbuf_item(struct strbuf *t, const char *separator, const char *fmt, ...) vt_printf(3, 4);
/* What was added, "" when nothing was. Valid until the next addition. */
const char *strbuf_get(const struct strbuf *t);
