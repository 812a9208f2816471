/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/escape.h"

#include <string.h>
#include <wchar.h>

#include "base/utf8.h"

bool escape_is_ascii(const char *s, size_t len)
{
	unsigned int odd = 0;

	for (size_t i = 0; i < len; i++)
		odd |= (unsigned char)((unsigned char)s[i] - 0x20) >= 0x5f;
	return !odd;
}

static void append_hex(char **out, const char *s, size_t n)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		*(*out)++ = '\\';
		*(*out)++ = 'x';
		*(*out)++ = digits[c >> 4];
		*(*out)++ = digits[c & 15];
	}
}

const char *escape_text(struct arena *a, const char *s, size_t len, bool utf8)
{
	char *ret, *out;
	size_t i, n;
	uint32_t c;

	for (i = 0; i < len; i += n) {
		n = utf8_decode(s + i, len - i, &c);
		if (!n || utf8_acts(c) || (!utf8 && c >= 0x80))
			break;
	}
	if (i == len)
		return s[len] ? arena_strndup(a, s, len) : s;
	ret = out = arena_alloc(a, 4 * len + 1);
	for (i = 0; i < len; i += n) {
		n = utf8_decode(s + i, len - i, &c);
		if (n && !utf8_acts(c) && (utf8 || c < 0x80)) {
			memcpy(out, s + i, n);
			out += n;
			continue;
		}
		n = n ? n : 1;
		append_hex(&out, s + i, n);
	}
	*out = '\0';
	return ret;
}

const char *escape_to_utf8(struct arena *a, const char *s, size_t len, size_t *ret_len)
{
	char *ret, *out;
	size_t i, n;
	uint32_t c;

	for (i = 0; i < len; i += n) {
		n = utf8_decode(s + i, len - i, &c);
		if (!n)
			break;
	}
	*ret_len = len;
	if (i == len)
		return s;
	ret = out = arena_alloc(a, 4 * len + 1);
	for (i = 0; i < len; i += n) {
		n = utf8_decode(s + i, len - i, &c);
		if (n) {
			memcpy(out, s + i, n);
			out += n;
			continue;
		}
		n = 1;
		append_hex(&out, s + i, n);
	}
	*ret_len = (size_t)(out - ret);
	return ret;
}

/* wcwidth() knows the characters of the locale only; elsewhere a character counts one column. */
static size_t char_width(uint32_t c)
{
	int width = c < 0x80 ? 1 : wcwidth((wchar_t)c);

	return width < 0 ? 1 : (size_t)width;
}

size_t escape_width(const char *s, size_t len)
{
	size_t width = 0, n;
	uint32_t c;

	for (size_t i = 0; i < len; i += n) {
		if ((unsigned char)s[i] < 0x80) {
			n = 1;
			width++;
			continue;
		}
		n = utf8_decode(s + i, len - i, &c);
		width += n ? char_width(c) : 1;
		n = n ? n : 1;
	}
	return width;
}

/* Bytes of @s that fit into @columns, at least one character. */
static size_t fitting(const char *s, size_t len, size_t columns)
{
	size_t width = 0, i, n;
	uint32_t c;

	for (i = 0; i < len; i += n) {
		n = utf8_decode(s + i, len - i, &c);
		width += n ? char_width(c) : 1;
		n = n ? n : 1;
		if (width > columns && i)
			break;
	}
	return i;
}

size_t escape_break(const char *s, size_t columns, size_t *ret_next)
{
	size_t len = strlen(s), fit = fitting(s, len, columns), end = fit;

	if (fit < len && s[fit] != ' ') {
		while (end && s[end - 1] != ' ')
			end--;
		if (!end)
			end = fit;
	}
	*ret_next = end;
	while (s[*ret_next] == ' ')
		(*ret_next)++;
	while (end && s[end - 1] == ' ')
		end--;
	return end;
}

const char *escape_shorten(struct arena *a, const char *s, size_t columns, bool utf8)
{
	size_t len = strlen(s), fit;

	if (escape_width(s, len) <= columns || columns < 4)
		return s;
	fit = fitting(s, len, columns - (utf8 ? 1 : 3));
	return arena_printf(a, "%.*s%s", (int)fit, s, utf8 ? "\u2026" : "...");
}
