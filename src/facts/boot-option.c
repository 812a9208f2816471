/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands that change a boot option. Pure: the model links this file. The scripts are for GNU sed and that of
 * busybox. */
#include <string.h>

#include "base/shell.h"
#include "base/strbuf.h"
#include "decode/cmdline.h"
#include "facts/boot.h"

/* Characters that mean nothing to a shell, to a settings file or to a loader. */
static bool is_plain_option(const char *option)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";

	return *option && !option[strspn(option, plain)];
}

/* @option in an extended regular expression between slashes, or behind one. */
static const char *escape(struct arena *a, const char *option)
{
	struct strbuf out = { .arena = a };

	for (; *option; option++)
		strbuf_printf(&out, "%s%c", strchr("./+", *option) ? "\\" : "", *option);
	return strbuf_get(&out);
}

static const char *escape_text(struct arena *a, const char *option)
{
	struct strbuf out = { .arena = a };

	for (; *option; option++)
		strbuf_printf(&out, "%s%c", *option == '/' ? "\\" : "", *option);
	return strbuf_get(&out);
}

/* The script that adds: before the closing quote, or at the end of the line, unless it is there. */
static const char *script_add(const struct boot_place *p, struct arena *a, const char *option)
{
	const char *seen = escape(a, option), *text = escape_text(a, option);
	const char q = p->quote ? p->quote : '"';

	switch (p->form) {
	case BOOT_FORM_VARIABLE:
		return arena_printf(a, "/^%s=/{%s/[%c ]%s[%c ]/!s/ *%c([^%c]*)$/ %s%c\\1/;}",
				    p->key, p->quote || !p->value ? "" : "s/=([^\"]*)$/=\"\\1\"/;",
				    q, seen, q, q, q, text, q);
	case BOOT_FORM_LINE:
		return arena_printf(a, "1{/(^| )%s( |$)/!s/ *$/ %s/;}", seen, text);
	case BOOT_FORM_KEYWORD:
		break;
	}
	return arena_printf(a,
			    "/^[[:blank:]]*%s[[:blank:]]/I{/[[:blank:]]%s([[:blank:]]|$)/!s/[[:blank:]]*$/ %s/;}",
			    p->key, seen, text);
}

/* The script that removes, with the space before it, however often it is there. */
static const char *script_remove(const struct boot_place *p, struct arena *a, const char *option)
{
	const char *seen = escape(a, option);
	const char q = p->quote ? p->quote : '"';

	switch (p->form) {
	case BOOT_FORM_VARIABLE:
		return arena_printf(a, "/^%s=/{%s:a;s/ +%s([%c ])/\\1/;ta;s/%c%s( +|(%c))/%c\\2/;}",
				    p->key, p->quote ? "" : arena_printf(a, "s/=%s$/=/;", seen),
				    seen, q, q, seen, q, q);
	case BOOT_FORM_LINE:
		return arena_printf(a, ":a;s/ +%s( |$)/\\1/;ta;s/^%s( +|$)//", seen, seen);
	case BOOT_FORM_KEYWORD:
		break;
	}
	return arena_printf(a,
			    "/^[[:blank:]]*%s[[:blank:]]/I{:a;s/[[:blank:]]+%s([[:blank:]]|$)/\\1/;ta;}",
			    p->key, seen);
}

/* A file name for the shell; a pattern stays one. */
static const char *file_word(struct arena *a, const struct boot_place *p)
{
	static const char pattern[] = "/*.conf";
	const size_t len = strlen(p->file), tail = strlen(pattern);

	if (len < tail || strcmp(p->file + len - tail, pattern) != 0)
		return shell_word(a, p->file);
	return arena_join(a, shell_word(a, arena_strndup(a, p->file, len - tail)), pattern, NULL);
}

static void put_edit(struct strbuf *out, const struct boot_place *p, const char *script)
{
	struct arena *a = out->arena;

	strbuf_item(out, " && ", "sed -i -E %s %s", shell_word(a, script), file_word(a, p));
}

static const char *why_not(const struct boot *b, const char *option)
{
	if (!b)
		return "the boot loader of this host was not read";
	if (b->because)
		return b->because;
	return is_plain_option(option) ? NULL
				       : "the option has characters that mean something to a shell";
}

static const char *finish(const struct boot *b, struct strbuf *out)
{
	if (b->rebuild)
		strbuf_item(out, " && ", "%s", b->rebuild);
	return strbuf_get(out);
}

const char *boot_option_add(const struct boot *b, struct arena *a, const char *option,
			    const char **ret_why)
{
	struct strbuf out = { .arena = a };

	*ret_why = why_not(b, option);
	if (*ret_why)
		return NULL;
	if (b->add_command)
		strbuf_item(&out, " && ", "%s%s", b->add_command, option);
	for (size_t i = 0; i < b->nr_places; i++) {
		const struct boot_place *p = &b->places[i];

		if (!p->adds)
			continue;
		if (p->form == BOOT_FORM_VARIABLE && !p->value)
			strbuf_item(&out, " && ", "{ grep -q '^%s=' %s || echo '%s=\"\"' >> %s; }",
				    p->key, file_word(a, p), p->key, file_word(a, p));
		put_edit(&out, p, script_add(p, a, option));
	}
	return finish(b, &out);
}

const char *boot_option_remove(const struct boot *b, struct arena *a, const char *option,
			       const char **ret_why)
{
	struct strbuf out = { .arena = a };

	*ret_why = why_not(b, option);
	if (*ret_why)
		return NULL;
	if (b->remove_command)
		strbuf_item(&out, " && ", "%s%s", b->remove_command, option);
	for (size_t i = 0; !b->remove_command && i < b->nr_places; i++)
		if (b->places[i].adds || (b->places[i].value && *b->places[i].value))
			put_edit(&out, &b->places[i], script_remove(&b->places[i], a, option));
	return finish(b, &out);
}

/* Whether the words of @text have @option as it is written. */
static bool text_has(const char *text, const char *option)
{
	struct span rest = { text, strlen(text) }, word;

	while (parse_word(&rest, &word))
		if (span_equals(word, option))
			return true;
	return false;
}

enum tristate boot_option_is_set(const struct boot *b, const char *option)
{
	enum tristate ret = TRI_NO;

	if (!b || !b->nr_places)
		return TRI_UNKNOWN;
	for (size_t i = 0; i < b->nr_places; i++) {
		const struct boot_place *p = &b->places[i];

		if (p->value && text_has(p->value, option))
			return TRI_YES;
		if (p->dynamic)
			ret = TRI_UNKNOWN;
	}
	return ret;
}

enum tristate boot_option_is_pending(const struct boot *b, const struct kernel *k,
				     const char *option)
{
	enum tristate set = boot_option_is_set(b, option);

	if (set != TRI_YES)
		return set;
	if (!fact_is(&k->cmdline))
		return TRI_UNKNOWN;
	return text_has(k->cmdline.raw, option) ? TRI_NO : TRI_YES;
}
