/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/colors.h"

#include <string.h>

#include "base/macro.h"
#include "base/parse.h"

static const struct {
	const char *name, *sequence;
} styles[NR_STYLES] = {
	[STYLE_NONE] = { "none", NULL },
	[STYLE_YES] = { "yes", "\033[32m" },
	[STYLE_NO] = { "no", "\033[31m" },
	[STYLE_UNKNOWN] = { "unknown", "\033[33m" },
	[STYLE_HEADING] = { "heading", "\033[1m" },
	[STYLE_NAME] = { "name", "\033[1;36m" },
	[STYLE_DIM] = { "dim", "\033[2m" },
	[STYLE_REMEDY] = { "remedy", "\033[36m" },
};

/* The names that terminal-colors.d(5) gives to colours. */
static const struct {
	const char *name, *code;
} colors[] = {
	{ "black", "30" },      { "blink", "5" },         { "blue", "34" },
	{ "bold", "1" },        { "brown", "33" },        { "cyan", "36" },
	{ "darkgray", "1;30" }, { "gray", "37" },         { "green", "32" },
	{ "halfbright", "2" },  { "lightblue", "1;34" },  { "lightcyan", "1;36" },
	{ "lightgray", "37" },  { "lightgreen", "1;32" }, { "lightmagenta", "1;35" },
	{ "lightred", "1;31" }, { "magenta", "35" },      { "red", "31" },
	{ "reset", "0" },       { "reverse", "7" },       { "underscore", "4" },
	{ "white", "1;37" },    { "yellow", "1;33" },
};

void color_scheme_default(struct color_scheme *ret)
{
	for (size_t i = 0; i < NR_STYLES; i++)
		ret->sequences[i] = styles[i].sequence;
}

static bool is_color_code(struct span s)
{
	if (!s.len || s.len > 32)
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (s.s[i] != ';' && (s.s[i] < '0' || s.s[i] > '9'))
			return false;
	return true;
}

/* "\e[1m" or "\033[1m" as written in a file: only a sequence that sets colours is accepted, so that a
 * scheme can never do anything else to a terminal. */
static const char *color_sequence(struct arena *a, struct span word)
{
	static const char *const prefixes[] = { "\\e[", "\\033[", "\\x1b[", "\033[" };

	for (size_t i = 0; i < ARRAY_SIZE(colors); i++)
		if (span_equals(word, colors[i].name))
			return arena_printf(a, "\033[%sm", colors[i].code);
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		size_t len = strlen(prefixes[i]);

		if (word.len > len + 1 && !memcmp(word.s, prefixes[i], len) &&
		    word.s[word.len - 1] == 'm') {
			word = (struct span){ word.s + len, word.len - len - 1 };
			break;
		}
	}
	if (!is_color_code(word))
		return NULL;
	return arena_printf(a, "\033[%.*sm", (int)word.len, word.s);
}

void color_scheme_apply(struct color_scheme *scheme, struct arena *a, const char *text)
{
	struct span rest = { text, strlen(text) }, line, name, word;

	while (parse_line(&rest, &line)) {
		const char *sequence;

		if (!parse_word(&line, &name) || name.s[0] == '#' || !parse_word(&line, &word))
			continue;
		sequence = color_sequence(a, word);
		for (size_t i = 1; sequence && i < NR_STYLES; i++)
			if (span_equals(name, styles[i].name))
				scheme->sequences[i] = sequence;
	}
}

/* util-linux: terminal-colors.d(5): a terminal's name weighs more than nothing, the program's more
 * than the terminal's, both most. */
size_t color_file_names(struct arena *a, const char *program, const char *term, const char *type,
			const char *ret[COLOR_FILE_NAMES])
{
	size_t nr = 0;

	/* A terminal's name comes from the environment: it must not lead to another folder. */
	if (term && (!*term || strchr(term, '/')))
		term = NULL;
	if (term)
		ret[nr++] = arena_printf(a, "%s@%s.%s", program, term, type);
	ret[nr++] = arena_printf(a, "%s.%s", program, type);
	if (term)
		ret[nr++] = arena_printf(a, "@%s.%s", term, type);
	ret[nr++] = type;
	return nr;
}
