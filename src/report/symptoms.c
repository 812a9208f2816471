/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/symptoms.h"

#include <string.h>

#include "base/macro.h"
#include "report/field-kinds.h"
#include "report/manual.h"
#include "report/prose.h"

/* ---- fields ---- */

static const struct field pattern_rows[] = {
	{ "program", "who prints it", FIELD_TEXT(struct symptom_pattern, program) },
	{ "versions", "of the program", FIELD_TEXT(struct symptom_pattern, versions) },
	{ "pattern", "the text, with places for values", FIELD_TEXT(struct symptom_pattern, text) },
};
static const struct field_table pattern_fields = FIELD_TABLE("patterns", pattern_rows);

static const struct symptom_pattern **patterns_of(const struct symptom *s, struct arena *a,
						  size_t *ret_nr)
{
	const struct symptom_pattern **ret = NULL, *p;

	*ret_nr = 0;
	for (size_t i = 0; (p = symptom_pattern_get(i)); i++) {
		if (strcmp(p->symptom, s->id) != 0)
			continue;
		ret = arena_grow(a, ret, *ret_nr, sizeof(*ret));
		ret[(*ret_nr)++] = p;
	}
	return ret;
}

static void get_patterns(const void *row, struct value *ret)
{
	size_t nr;
	const struct symptom_pattern **patterns = patterns_of(row, ret->arena, &nr);

	value_set_objects(ret, (const void *const *)patterns, nr);
}

static void get_ops(const void *row, struct value *ret)
{
	const struct symptom *s = row;
	const char **names = arena_array(ret->arena, SYMPTOM_OPS_MAX, sizeof(*names));
	size_t nr = 0;

	for (; nr < SYMPTOM_OPS_MAX && s->ops[nr] != OP_NONE; nr++)
		names[nr] = op_name(s->ops[nr]);
	value_set_texts(ret, names, nr);
}

static void get_rules(const void *row, struct value *ret)
{
	const struct symptom *s = row;
	size_t nr = 0;

	while (s->rules[nr])
		nr++;
	value_set_texts(ret, s->rules, nr);
}

static void get_notices(const void *row, struct value *ret)
{
	const struct symptom *s = row;
	size_t nr = 0;

	while (s->notices[nr])
		nr++;
	value_set_texts(ret, s->notices, nr);
}

static void get_general(const void *row, struct value *ret)
{
	value_set_bool(ret, symptom_is_general(row));
}

static const struct field symptom_rows[] = {
	{ "id", "public, stable name", FIELD_TEXT(struct symptom, id) },
	{ "title", "in a clause", FIELD_TEXT(struct symptom, title) },
	{ "text", "what it means", FIELD_TEXT(struct symptom, meaning) },
	{ "advice", "what helps where no plan does", FIELD_TEXT(struct symptom, advice) },
	{ "ops", "requests that fail", FIELD_GET(get_ops) },
	{ "rules", "rules that explain it", FIELD_GET(get_rules) },
	{ "by_errno", "whether the rules are those of the ops and the errno of the message",
	  FIELD_GET(get_general) },
	{ "notices", "notices that explain it", FIELD_GET(get_notices) },
	{ "patterns", "messages that show it", FIELD_GET(get_patterns), .fields = &pattern_fields },
};
const struct field_table symptom_fields = FIELD_TABLE("symptoms", symptom_rows);

/* ---- text ---- */

/* The names under @key, or NULL when there are none. */
static const char *names_text(const struct symptom *s, const char *key, struct arena *a)
{
	struct value v = { .arena = a };

	value_read(&v, &symptom_fields, key, s);
	return v.nr ? value_text(&v, a) : NULL;
}

static const char *rules_text(const struct symptom *s, struct arena *a)
{
	return symptom_is_general(s) ? "those of the request and the errno of the message"
				     : names_text(s, "rules", a);
}

void symptom_print(const struct symptom *s, const struct output *out)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	const char *rules = rules_text(s, a), *ops = names_text(s, "ops", a),
		   *notices = names_text(s, "notices", a);
	struct prose p = { .out = out };
	const struct symptom_pattern **patterns;
	size_t nr;

	prose_text(&p, STYLE_NAME, "%s: %s", s->id, s->title);
	p = prose_indented(&p, 2);
	p.label_width = 10;
	prose_text(&p, STYLE_NONE, "%s", s->meaning);
	if (s->advice)
		prose_label(&p, "helps", STYLE_REMEDY, "%s", s->advice);
	if (ops)
		prose_label(&p, "requests", STYLE_NONE, "%s", ops);
	if (rules)
		prose_label(&p, "rules", STYLE_NONE, "%s", rules);
	if (notices)
		prose_label(&p, "notices", STYLE_NONE, "%s", notices);
	patterns = patterns_of(s, a, &nr);
	for (size_t i = 0; i < nr; i++)
		prose_label(&p, i ? "" : "messages", STYLE_NONE, "%s (%s %s)", patterns[i]->text,
			    patterns[i]->program, patterns[i]->versions);
}

/* ---- the manual ---- */

static void put_paragraph(FILE *out, const char *label, const char *text, struct arena *a)
{
	if (!text)
		return;
	manual_put(out, "", arena_printf(a, "%s%s", label, manual_text(text, a)));
	fputs("\n", out);
}

void symptom_print_manual(const struct symptom *s, const struct output *out)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	const struct symptom_pattern **patterns;
	size_t nr;

	fprintf(out->stream, "## %s\n\n", s->id);
	put_paragraph(out->stream, "", arena_printf(a, "Here %s. %s", s->title, s->meaning), a);
	put_paragraph(out->stream, "What helps: ", s->advice, a);
	put_paragraph(out->stream, "Requests that fail: ", names_text(s, "ops", a), a);
	put_paragraph(out->stream, "Rules: ", rules_text(s, a), a);
	put_paragraph(out->stream, "Notices: ", names_text(s, "notices", a), a);
	patterns = patterns_of(s, a, &nr);
	for (size_t i = 0; i < nr; i++)
		manual_put(out->stream, "  ",
			   arena_printf(a, "- *%s* (%s %s)", manual_text(patterns[i]->text, a),
					manual_text(patterns[i]->program, a),
					manual_text(patterns[i]->versions, a)));
	fputs("\n", out->stream);
}
