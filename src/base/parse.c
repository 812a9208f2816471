/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/parse.h"

#include <errno.h>
#include <string.h>

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int parse_u64_span(struct span s, unsigned int base, uint64_t *ret)
{
	uint64_t value = 0;
	size_t i = 0;

	if (base != 10 && s.len > 2 && s.s[0] == '0' && (s.s[1] == 'x' || s.s[1] == 'X')) {
		base = 16;
		i = 2;
	} else if (!base) {
		base = 10;
	}
	if (i >= s.len)
		return -EINVAL;
	for (; i < s.len; i++) {
		int digit = digit_value(s.s[i]);

		if (digit < 0 || (unsigned int)digit >= base)
			return -EINVAL;
		if (__builtin_mul_overflow(value, base, &value) ||
		    __builtin_add_overflow(value, (uint64_t)digit, &value))
			return -ERANGE;
	}
	*ret = value;
	return 0;
}

int parse_u64(const char *s, unsigned int base, uint64_t *ret)
{
	return parse_u64_span((struct span){ s, strlen(s) }, base, ret);
}

int parse_size(const char *s, uint64_t *ret)
{
	static const char units[] = "KMGTP";
	size_t len = strlen(s);
	unsigned int shift = 0;
	uint64_t value;
	const char *unit;
	int r;

	if (len > 3 && (s[len - 1] | 0x20) == 'b' && (s[len - 2] | 0x20) == 'i')
		len -= 2;
	unit = len > 1 ? strchr(units, s[len - 1] & ~0x20) : NULL;
	/* "0x1G" is not a number of this kind, and a hexadecimal digit is not a unit. */
	if (unit && *unit) {
		shift = 10 * (unsigned int)(unit - units + 1);
		len--;
	} else if (s[len]) {
		return -EINVAL;
	}
	r = parse_u64_span((struct span){ s, len }, 0, &value);
	if (r < 0)
		return r;
	if (value << shift >> shift != value)
		return -ERANGE;
	*ret = value << shift;
	return 0;
}

int parse_u32(const char *s, unsigned int base, uint32_t *ret)
{
	uint64_t value;
	int r = parse_u64(s, base, &value);

	if (r < 0)
		return r;
	if (value > UINT32_MAX)
		return -ERANGE;
	*ret = (uint32_t)value;
	return 0;
}

/* Cuts what stands before the next @separator off @rest, and the separator. */
static bool cut(struct span *rest, char separator, struct span *ret)
{
	const char *end;

	if (!rest->len)
		return false;
	end = memchr(rest->s, separator, rest->len);
	ret->s = rest->s;
	ret->len = end ? (size_t)(end - rest->s) : rest->len;
	rest->s += ret->len + (end ? 1 : 0);
	rest->len -= ret->len + (end ? 1 : 0);
	return true;
}

bool parse_line(struct span *rest, struct span *line)
{
	return cut(rest, '\n', line);
}

bool parse_item(struct span *rest, struct span *item)
{
	return cut(rest, ',', item);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

bool parse_word(struct span *rest, struct span *word)
{
	size_t i = 0, start;

	if (!rest->len)
		return false;
	while (i < rest->len && is_blank(rest->s[i]))
		i++;
	start = i;
	while (i < rest->len && !is_blank(rest->s[i]))
		i++;
	word->s = rest->s + start;
	word->len = i - start;
	rest->s += i;
	rest->len -= i;
	return word->len > 0;
}

bool span_equals(struct span s, const char *text)
{
	return s.len == strlen(text) && (!s.len || !memcmp(s.s, text, s.len));
}

bool text_is_plain(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if ((c < 0x20 && c != '\n' && c != '\t') || c >= 0x7f)
			return false;
	}
	return true;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f';
}

struct span span_strip(struct span s)
{
	while (s.len && is_space(s.s[0])) {
		s.s++;
		s.len--;
	}
	while (s.len && is_space(s.s[s.len - 1]))
		s.len--;
	return s;
}
