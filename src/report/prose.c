/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/prose.h"

#include <stdarg.h>
#include <string.h>

#include "base/arena.h"
#include "report/escape.h"

/* Below this many columns of text beside a label, text goes under it. */
enum { PROSE_TEXT_MIN = 24, PROSE_LINE_MIN = 8 };

static void put_styled(const struct output *v, enum style style, const char *s, size_t len)
{
	const char *sequence = v->color ? v->scheme.sequences[style] : NULL;

	if (sequence && len)
		fprintf(v->stream, "%s%.*s\033[0m", sequence, (int)len, s);
	else
		fprintf(v->stream, "%.*s", (int)len, s);
}

/* The columns that text at column @at may take: never nothing, even when it cannot fit. */
static size_t room(const struct output *v, size_t at)
{
	size_t width = output_text_width(v);

	return width > at + PROSE_LINE_MIN ? width - at : PROSE_LINE_MIN;
}

/* Bytes of the command that begins @s, or 0: it is copied into a shell, which takes the end of a line for
 * the end of the command. */
static size_t command_length(const char *s)
{
	static const struct {
		const char *word;
		unsigned int nr_words; /* at most */
	} commands[] = {
		{ "echo", 4 },   { "vfiotool", 4 }, { "modprobe", 3 },
		{ "umount", 2 }, { "swapoff", 2 },  { "ip", 6 },
	};
	size_t len = strcspn(s, " ");
	unsigned int left = 0;

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (strlen(commands[i].word) == len && !strncmp(s, commands[i].word, len))
			left = commands[i].nr_words;
	if (!left)
		return 0;
	while (--left && s[len] == ' ' && !strchr(",;:)", s[len - 1]))
		len += 1 + strcspn(s + len + 1, " ");
	return len;
}

/* As escape_break(), but not inside a command: a line that begins with one may be longer. */
static size_t line_break(const char *s, size_t columns, size_t *ret_next)
{
	size_t end = escape_break(s, columns, ret_next), len;

	for (size_t at = 0; s[*ret_next] && at < *ret_next; at += strcspn(s + at, " ") + 1) {
		len = command_length(s + at);
		if (at + len <= *ret_next)
			continue;
		end = at ? at - 1 : len;
		*ret_next = at ? at : len + strspn(s + len, " ");
		break;
	}
	return end;
}

/* The beginning of a line, up to column @at. */
static void put_margin(const struct prose *p, size_t at)
{
	const char *prefix = p->prefix ? p->prefix : "";
	size_t len = strlen(prefix);

	fprintf(p->out->stream, "%s%*s", prefix, at > len ? (int)(at - len) : 0, "");
}

/* @s wrapped from column @at on, where the first line stands already. */
static void put_wrapped(const struct prose *p, size_t at, enum style style, const char *s)
{
	size_t next, len;

	for (;;) {
		len = line_break(s, room(p->out, at), &next);
		put_styled(p->out, style, s, len);
		fputc('\n', p->out->stream);
		s += next;
		if (!*s)
			return;
		put_margin(p, at);
	}
}

void prose_text(const struct prose *p, enum style style, const char *fmt, ...)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	const char *s;
	va_list ap;

	va_start(ap, fmt);
	s = arena_vprintf(a, fmt, ap);
	va_end(ap);
	put_margin(p, p->indent);
	put_wrapped(p, p->indent, style, escape_text(a, s, strlen(s), p->out->utf8));
}

/* Prints the label and moves to where its text begins; returns that column. */
static size_t put_label(const struct prose *p, const char *label)
{
	size_t len = escape_width(label, strlen(label)), at = p->indent + p->label_width;
	FILE *stream = p->out->stream;

	if (output_text_width(p->out) < at + PROSE_TEXT_MIN) {
		if (len) {
			put_margin(p, p->indent);
			fprintf(stream, "%s\n", label);
		}
		put_margin(p, p->indent + 2);
		return p->indent + 2;
	}
	put_margin(p, p->indent);
	fprintf(stream, "%s%*s", label, len < p->label_width ? (int)(p->label_width - len) : 2, "");
	return at;
}

void prose_label(const struct prose *p, const char *label, enum style style, const char *fmt, ...)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	const char *s;
	va_list ap;
	size_t at;

	va_start(ap, fmt);
	s = arena_vprintf(a, fmt, ap);
	va_end(ap);
	at = put_label(p, escape_text(a, label, strlen(label), p->out->utf8));
	put_wrapped(p, at, style, escape_text(a, s, strlen(s), p->out->utf8));
}

void prose_device(const struct prose *p, const char *address, const char *name)
{
	prose_text(p, STYLE_NAME, "%s%s%s", address, name ? " " : "", name ? name : "");
}

void prose_blank(const struct prose *p)
{
	fputc('\n', p->out->stream);
}

struct prose prose_indented(const struct prose *p, size_t by)
{
	struct prose ret = *p;

	if (output_text_width(p->out) >= 40)
		ret.indent += by;
	else
		ret.indent += 1;
	return ret;
}
