/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"

static enum log_level current_level = LOG_LEVEL_WARNING;

void log_set_level(enum log_level level)
{
	current_level = level;
}

static void put_escaped(const char *s, size_t len)
{
	for (size_t i = 0, n; i < len; i += n) {
		uint32_t c;

		n = utf8_decode(s + i, len - i, &c);
		if (n && !utf8_acts(c)) {
			fwrite(s + i, 1, n, stderr);
			continue;
		}
		n = n ? n : 1;
		for (size_t k = 0; k < n; k++)
			fprintf(stderr, "\\x%02x", (unsigned char)s[i + k]);
	}
}

void log_write(enum log_level level, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;
	int len;

	if (level > current_level)
		return;
	va_start(ap, fmt);
	len = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (len < 0)
		return;
	flockfile(stderr);
	fputs("vfiotool: ", stderr);
	put_escaped(text, (size_t)len);
	putc('\n', stderr);
	funlockfile(stderr);
	free(text);
}
