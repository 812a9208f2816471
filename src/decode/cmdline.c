/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decode/cmdline.h"

#include <string.h>

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f';
}

static struct span strip_quotes(struct span s)
{
	if (s.len && s.s[0] == '"') {
		s.s++;
		s.len--;
	}
	if (s.len && s.s[s.len - 1] == '"')
		s.len--;
	return s;
}

bool cmdline_next(struct span *rest, struct span *key, struct span *value, bool *has_value)
{
	bool quoted = false;
	struct span word;
	const char *eq;
	size_t i = 0;

	while (rest->len && is_space(rest->s[0])) {
		rest->s++;
		rest->len--;
	}
	if (!rest->len)
		return false;
	for (; i < rest->len && (quoted || !is_space(rest->s[i])); i++)
		if (rest->s[i] == '"')
			quoted = !quoted;
	word = (struct span){ rest->s, i };
	rest->s += i;
	rest->len -= i;
	if (word.s[0] == '"')
		word = strip_quotes(word);
	eq = word.len ? memchr(word.s, '=', word.len) : NULL;
	*has_value = eq != NULL;
	key->s = word.s;
	key->len = eq ? (size_t)(eq - word.s) : word.len;
	*value = (struct span){ "", 0 };
	if (eq)
		*value = strip_quotes((struct span){ eq + 1, word.len - key->len - 1 });
	return true;
}

bool cmdline_name_equals(struct span name, const char *other)
{
	if (name.len != strlen(other))
		return false;
	for (size_t i = 0; i < name.len; i++) {
		char a = name.s[i] == '-' ? '_' : name.s[i];
		char b = other[i] == '-' ? '_' : other[i];

		if (a != b)
			return false;
	}
	return true;
}

bool cmdline_find(struct span cmdline, const char *key, struct span *value, bool *has_value)
{
	struct span k, v;
	bool has, found = false;

	while (cmdline_next(&cmdline, &k, &v, &has)) {
		if (!has && span_equals(k, "--"))
			break;
		if (!cmdline_name_equals(k, key))
			continue;
		*value = v;
		*has_value = has;
		found = true;
	}
	return found;
}
