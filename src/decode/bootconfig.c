/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decode/bootconfig.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/strbuf.h"

enum { EFI_ATTRIBUTES_LEN = 4, LOADER_INFO_MAX = 256 };

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool is_name(char c, bool first)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
	       (!first && c >= '0' && c <= '9');
}

/* Whether nothing but a comment without quotes follows the value. */
static bool ends_plainly(struct span rest)
{
	size_t i = 0;

	while (i < rest.len && is_blank(rest.s[i]))
		i++;
	if (i == rest.len)
		return true;
	if (!i || rest.s[i] != '#')
		return false;
	return !memchr(rest.s, '"', rest.len) && !memchr(rest.s, '\'', rest.len);
}

/* The value that begins @text; @ret->plain says whether the line ends with it. */
static void value_cut(struct span text, struct assignment *ret)
{
	const char *end;
	size_t len = 0;

	ret->quote = text.len && (text.s[0] == '"' || text.s[0] == '\'') ? text.s[0] : 0;
	if (ret->quote) {
		end = memchr(text.s + 1, ret->quote, text.len - 1);
		len = end ? (size_t)(end - text.s) + 1 : text.len;
		ret->value = (struct span){ text.s + 1, len - 1 - (end ? 1 : 0) };
		ret->plain = end != NULL;
	} else {
		while (len < text.len && !is_blank(text.s[len]))
			len++;
		ret->value = (struct span){ text.s, len };
		ret->plain = !memchr(text.s, '"', len) && !memchr(text.s, '\'', len);
	}
	if (memchr(ret->value.s, '\\', ret->value.len) ||
	    !ends_plainly((struct span){ text.s + len, text.len - len }))
		ret->plain = false;
}

static bool assignment_cut(struct span line, struct assignment *ret)
{
	static const char export[] = "export ";
	bool plain = true;
	size_t i = 0;

	while (line.len && is_blank(line.s[0])) {
		line = (struct span){ line.s + 1, line.len - 1 };
		plain = false;
	}
	if (line.len > strlen(export) && !memcmp(line.s, export, strlen(export))) {
		line = span_strip((struct span){ line.s + strlen(export),
						 line.len - strlen(export) });
		plain = false;
	}
	while (i < line.len && is_name(line.s[i], !i))
		i++;
	ret->name = (struct span){ line.s, i };
	ret->appends = i && i < line.len && line.s[i] == '+';
	i += ret->appends;
	if (!ret->name.len || i >= line.len || line.s[i] != '=')
		return false;
	value_cut((struct span){ line.s + i + 1, line.len - i - 1 }, ret);
	ret->plain &= plain && !ret->appends;
	return true;
}

bool assignment_next(struct span *rest, struct assignment *ret)
{
	struct span line;

	while (parse_line(rest, &line))
		if (assignment_cut(line, ret))
			return true;
	return false;
}

char *assignments_reduce(struct span text, const char *const *names, size_t nr, struct arena *a)
{
	struct strbuf out = { .arena = a };
	struct assignment one;
	struct span line;

	while (parse_line(&text, &line)) {
		bool wanted = false;

		if (!assignment_cut(line, &one))
			continue;
		for (size_t i = 0; i < nr; i++)
			wanted |= span_equals(one.name, names[i]);
		if (wanted) {
			strbuf_add_span(&out, line);
			strbuf_add(&out, "\n", 1);
		}
	}
	return arena_strdup(a, strbuf_get(&out));
}

static bool keyword_cut(struct span line, const char *keyword, struct span *ret)
{
	const size_t len = strlen(keyword);

	line = span_strip(line);
	if (line.len < len || strncasecmp(line.s, keyword, len) != 0 ||
	    (line.len > len && !is_blank(line.s[len])))
		return false;
	*ret = span_strip((struct span){ line.s + len, line.len - len });
	return true;
}

bool keyword_next(struct span *rest, const char *keyword, struct span *ret)
{
	struct span line;

	while (parse_line(rest, &line))
		if (keyword_cut(line, keyword, ret))
			return true;
	return false;
}

char *keyword_reduce(struct span text, const char *keyword, struct arena *a)
{
	struct strbuf out = { .arena = a };
	struct span line, value;

	while (parse_line(&text, &line)) {
		if (!keyword_cut(line, keyword, &value))
			continue;
		strbuf_add_span(&out, line);
		strbuf_add(&out, "\n", 1);
	}
	return arena_strdup(a, strbuf_get(&out));
}

int loader_info_parse(struct span bytes, struct arena *a, const char **ret)
{
	char *text = arena_text(a, NULL, LOADER_INFO_MAX);
	size_t len = 0;

	if (bytes.len < EFI_ATTRIBUTES_LEN)
		return -EBADMSG;
	for (size_t i = EFI_ATTRIBUTES_LEN; i + 1 < bytes.len; i += 2) {
		const unsigned char low = (unsigned char)bytes.s[i];

		if (!low && !bytes.s[i + 1])
			break;
		if (bytes.s[i + 1] || low < 0x20 || low > 0x7e || len == LOADER_INFO_MAX)
			return -EBADMSG;
		text[len++] = (char)low;
	}
	if (!len)
		return -EBADMSG;
	*ret = arena_strndup(a, text, len);
	return 0;
}
