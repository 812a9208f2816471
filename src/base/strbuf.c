/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/strbuf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void strbuf_add(struct strbuf *t, const char *s, size_t len)
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

void strbuf_add_span(struct strbuf *t, struct span s)
{
	strbuf_add(t, s.s, s.len);
}

static void vt_printf(2, 0) add_formatted(struct strbuf *t, const char *fmt, va_list ap)
{
	const char *s = arena_vprintf(t->arena, fmt, ap);

	strbuf_add(t, s, strlen(s));
}

void strbuf_printf(struct strbuf *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_formatted(t, fmt, ap);
	va_end(ap);
}

void strbuf_item(struct strbuf *t, const char *separator, const char *fmt, ...)
{
	va_list ap;

	if (t->len)
		strbuf_add(t, separator, strlen(separator));
	va_start(ap, fmt);
	add_formatted(t, fmt, ap);
	va_end(ap);
}

const char *strbuf_get(const struct strbuf *t)
{
	return t->s ? t->s : "";
}
