/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/manual.h"

#include <string.h>

#include "report/escape.h"

/* scdoc(5): these mean something, some of them at the beginning of a line only. */
const char *manual_text(const char *s, struct arena *a)
{
	char *ret = arena_alloc(a, 2 * strlen(s) + 1), *out = ret;

	for (; *s; s++) {
		if (strchr("_*\\<>[]|#~-", *s))
			*out++ = '\\';
		*out++ = *s;
	}
	return ret;
}

void manual_put(FILE *out, const char *indent, const char *s)
{
	enum { MANUAL_WIDTH = 66 };
	size_t next, len;

	for (;;) {
		len = escape_break(s, MANUAL_WIDTH, &next);
		fprintf(out, "%.*s\n", (int)len, s);
		s += next;
		if (!*s)
			return;
		fputs(indent, out);
	}
}
