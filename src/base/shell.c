/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/shell.h"

#include <string.h>

#include "base/strbuf.h"

static bool is_printable(const char *s)
{
	for (; *s; s++)
		if (*s < 0x20 || *s > 0x7e)
			return false;
	return true;
}

const char *shell_word(struct arena *a, const char *s)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";
	struct strbuf out = { .arena = a };
	bool printable = is_printable(s);

	if (*s && !s[strspn(s, plain)])
		return s;
	strbuf_printf(&out, printable ? "'" : "$'");
	for (; *s; s++) {
		bool ends = *s == '\'';

		if (printable && ends)
			strbuf_printf(&out, "'\\''");
		else if (!printable && (ends || *s == '\\' || *s < 0x20 || *s > 0x7e))
			strbuf_printf(&out, "\\x%02x", (unsigned char)*s);
		else
			strbuf_add(&out, s, 1);
	}
	strbuf_printf(&out, "'");
	return strbuf_get(&out);
}
