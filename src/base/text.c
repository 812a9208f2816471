/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void text_add(struct text *t, const char *s, size_t len)
{
	if (len > SIZE_MAX / 4 || t->len > SIZE_MAX / 4)
		abort();
	if (t->len + len + 1 > t->size) {
		size_t size = 2 * (t->len + len + 1);

		size = size < 128 ? 128 : size;
		t->s = arena_resize(t->arena, t->s, t->size, size);
		t->size = size;
	}
	if (len)
		memcpy(t->s + t->len, s, len);
	t->len += len;
	t->s[t->len] = '\0';
}

void text_add_span(struct text *t, struct span s)
{
	text_add(t, s.s, s.len);
}

void text_printf(struct text *t, const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	s = arena_vprintf(t->arena, fmt, ap);
	va_end(ap);
	text_add(t, s, strlen(s));
}

const char *text_get(const struct text *t)
{
	return t->s ? t->s : "";
}
