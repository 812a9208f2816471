/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words as a shell cuts them, with their lines; and those of /proc/PID/cmdline. */
#include <errno.h>
#include <string.h>

#include "base/strbuf.h"
#include "decode/vm.h"

enum { WORDS_MAX = 16384 };

struct lexer {
	struct arena *a;
	struct span rest;
	unsigned int line;
	struct vm_word *words;
	size_t nr;
	bool ended; /* the command is over, by a newline or an operator */
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static char next(struct lexer *l)
{
	const char c = *l->rest.s++;

	l->rest.len--;
	l->line += c == '\n';
	return c;
}

/* Blanks, comments, and lines that go on. False at the end of a command. */
static bool skip(struct lexer *l)
{
	while (l->rest.len) {
		if (is_blank(*l->rest.s)) {
			next(l);
		} else if (*l->rest.s == '#') {
			while (l->rest.len && *l->rest.s != '\n')
				next(l);
		} else if (*l->rest.s == '\\' && l->rest.len > 1 && l->rest.s[1] == '\n') {
			next(l);
			next(l);
		} else if (memchr("\n;&|", *l->rest.s, 4)) {
			next(l);
			l->ended = true;
			return false;
		} else {
			return true;
		}
	}
	return false;
}

/* What is in quotation marks; false without the second one. */
static bool quoted(struct lexer *l, struct strbuf *out, char quote)
{
	while (l->rest.len) {
		char c = next(l);

		if (c == quote)
			return true;
		if (quote == '"' && c == '\\' && l->rest.len && memchr("\\\"$`\n", *l->rest.s, 5)) {
			c = next(l);
			if (c == '\n')
				continue;
		}
		strbuf_add(out, &c, 1);
	}
	return false;
}

static int word(struct lexer *l, struct vm_error *err)
{
	struct strbuf out = { .arena = l->a };
	const unsigned int line = l->line;

	if (l->nr == WORDS_MAX)
		return vm_fail(err, l->a, line, "more than %d words", WORDS_MAX);
	while (l->rest.len && !is_blank(*l->rest.s) && !memchr("\n;&|", *l->rest.s, 4)) {
		char c = next(l);

		if (c == '\'' || c == '"') {
			if (!quoted(l, &out, c))
				return vm_fail(err, l->a, line, "a quotation mark is not closed");
			continue;
		}
		if (c == '\\' && l->rest.len) {
			c = next(l);
			if (c == '\n')
				continue;
		}
		strbuf_add(&out, &c, 1);
	}
	l->words = arena_grow(l->a, l->words, l->nr, sizeof(*l->words));
	l->words[l->nr++] = (struct vm_word){ strbuf_get(&out), line };
	return 0;
}

/* /proc/PID/cmdline: each word ends with NUL. */
static int cut_at_nul(struct lexer *l, struct vm_error *err)
{
	while (l->rest.len) {
		const char *end = memchr(l->rest.s, 0, l->rest.len);
		const size_t len = end ? (size_t)(end - l->rest.s) : l->rest.len;

		if (l->nr == WORDS_MAX)
			return vm_fail(err, l->a, 1, "more than %d words", WORDS_MAX);
		l->words = arena_grow(l->a, l->words, l->nr, sizeof(*l->words));
		l->words[l->nr++] = (struct vm_word){ arena_strndup(l->a, l->rest.s, len), 1 };
		l->rest.s += len + (end != NULL);
		l->rest.len -= len + (end != NULL);
	}
	return 0;
}

/* Whether the words so far are a command line of QEMU: its program somewhere in front of the options. */
static bool is_qemu(const struct lexer *l)
{
	for (size_t i = 0; i < l->nr; i++) {
		const char *slash = strrchr(l->words[i].s, '/');
		const char *base = slash ? slash + 1 : l->words[i].s;

		if (l->words[i].s[0] == '-')
			return i == 0;
		if (!strncmp(base, "qemu-system-", 12) || !strcmp(base, "qemu-kvm") ||
		    !strcmp(base, "kvm"))
			return true;
	}
	return false;
}

int vm_shell_words(struct span text, struct arena *a, struct vm_word **ret, size_t *ret_nr,
		   struct vm_error *err)
{
	struct lexer l = { .a = a, .rest = text, .line = 1 };
	int r = 0;

	if (text.len && memchr(text.s, 0, text.len)) {
		r = cut_at_nul(&l, err);
	} else {
		while (!r && l.rest.len) {
			if (skip(&l)) {
				r = word(&l, err);
				continue;
			}
			if (is_qemu(&l))
				break;
			l.nr = 0;
		}
	}
	if (!r && !is_qemu(&l))
		return vm_fail(err, a, 1, "no command line of QEMU was found");
	*ret = l.words;
	*ret_nr = l.nr;
	return r;
}
