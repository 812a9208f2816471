/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/rules.h"

#include <string.h>

#include "base/macro.h"
#include "uapi/op.h"
#include "model/predict.h"
#include "report/escape.h"
#include "report/prediction-fields.h"
#include "report/prose.h"
#include "report/table.h"

/* ---- sites ---- */

static void site_generations(const void *row, struct arena *a, struct value *ret)
{
	value_set_generations(ret, a, ((const struct rule_site *)row)->gens);
}

static void site_kernels(const void *row, struct arena *a, struct value *ret)
{
	value_set_text(ret, generations_text(((const struct rule_site *)row)->gens, a));
}

static void site_paths(const void *row, struct arena *a, struct value *ret)
{
	const char **names = arena_array(a, NR_PATHS, sizeof(*names));
	size_t nr = 0;

	for (unsigned int k = 0; k < NR_PATHS; k++)
		if (((const struct rule_site *)row)->paths & 1U << k)
			names[nr++] = path_kind_name((enum path_kind)k);
	*ret = (struct value){ .kind = VALUE_TEXTS, .texts = names, .nr = nr };
}

static void site_op(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_text(ret, op_name(((const struct rule_site *)row)->op));
}

static void site_errno(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_text(ret, errno_name(((const struct rule_site *)row)->err));
}

static void site_source(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_text(ret, ((const struct rule_site *)row)->source);
}

const struct field_table *rule_site_fields(void)
{
	static const struct field fields[] = {
		{ "kernels", FIELD_COLUMN, 0, "kernels in which it stands here", site_kernels },
		{ "generations", 0, 0, "the same by name", site_generations },
		{ "paths", FIELD_COLUMN, 0, "ways to a device it stands on", site_paths },
		{ "op", FIELD_COLUMN, 0, "step it refuses", site_op },
		{ "errno", FIELD_COLUMN, 0, "error of that step", site_errno },
		{ "source", FIELD_COLUMN, 0, "kernel file and function", site_source },
	};
	static const struct field_table table = FIELD_TABLE("rule_sites", fields);

	return &table;
}

/* ---- rules ---- */

static void rule_id(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_text(ret, ((const struct rule *)row)->id);
}

static void rule_title(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_text(ret, ((const struct rule *)row)->title);
}

static void rule_remedy(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_text(ret, ((const struct rule *)row)->remedy);
}

static void rule_sites(const void *row, struct arena *a, struct value *ret)
{
	const struct rule *r = row;

	value_set_rows(ret, rule_site_fields(), a, r->sites, r->nr_sites, sizeof(*r->sites));
}

const struct field_table *rule_fields(void)
{
	static const struct field fields[] = {
		{ "id", 0, 0, "public, stable name", rule_id },
		{ "title", 0, 0, "the refusal in one line", rule_title },
		{ "sites", 0, 0, "where it stands, by kernel", rule_sites },
		{ "remedy", 0, 0, "what to do about it", rule_remedy },
	};
	static const struct field_table table = FIELD_TABLE("rules", fields);

	return &table;
}

bool rule_stands_in(const struct rule *rule, uint32_t gens)
{
	for (size_t i = 0; i < rule->nr_sites; i++)
		if (rule->sites[i].gens & gens)
			return true;
	return false;
}

static const char *paths_text(const struct rule_site *site, struct arena *a)
{
	struct value v = { 0 };

	site_paths(site, a, &v);
	return v.nr == NR_PATHS ? "every path" : value_text(&v, a);
}

/* One site on a terminal too narrow for a table of them. */
static void put_site(const struct prose *p, const struct rule_site *site, struct arena *a)
{
	prose_label(p, generations_text(site->gens, a), STYLE_NONE, "%s fails with %s (%s)%s%s",
		    op_name(site->op), errno_name(site->err), paths_text(site, a),
		    site->source ? ", " : "", site->source ? site->source : "");
}

static int put_sites(const struct rule *rule, uint32_t gens, const struct prose *p, struct arena *a,
		     struct failure **reterr)
{
	enum { TABLE_WIDTH_MIN = 120, KERNELS_WIDTH = 16 };
	struct table_row *rows = arena_array(a, rule->nr_sites, sizeof(*rows));
	struct columns columns;
	struct table table = {
		.fields = rule_site_fields(), .columns = &columns, .rows = rows, .indent = p->indent
	};
	struct prose narrow = *p;

	narrow.label_width = KERNELS_WIDTH;
	for (size_t i = 0; i < rule->nr_sites; i++) {
		if (!(rule->sites[i].gens & gens))
			continue;
		rows[table.nr_rows++].row = &rule->sites[i];
		if (p->out->width && p->out->width < TABLE_WIDTH_MIN)
			put_site(&narrow, &rule->sites[i], a);
	}
	if (p->out->width && p->out->width < TABLE_WIDTH_MIN)
		return 0;
	columns_all(rule_site_fields(), a, &columns);
	return table_print(&table, p->out, reterr);
}

int rule_print(const struct rule *rule, uint32_t gens, const struct output *out,
	       struct failure **reterr)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	struct prose p = { .out = out };

	prose_text(&p, STYLE_NAME, "%s", rule->id);
	p = prose_indented(&p, 2);
	prose_text(&p, STYLE_NONE, "%s", rule->title);
	if (rule->remedy)
		prose_text(&p, STYLE_REMEDY, "Remedy: %s", rule->remedy);
	if (!rule_stands_in(rule, gens))
		prose_text(&p, STYLE_NONE, "This kernel does not have it.");
	return put_sites(rule, gens, &p, a, reterr);
}

/* ---- the manual ---- */

/* scdoc(5): these mean something, some of them at the beginning of a line only. */
static const char *manual_text(const char *s, struct arena *a)
{
	char *ret = arena_alloc(a, 2 * strlen(s) + 1), *out = ret;

	for (; *s; s++) {
		if (strchr("_*\\<>[]|#~-", *s))
			*out++ = '\\';
		*out++ = *s;
	}
	return ret;
}

/* @s in lines that manual pages like, further ones behind @indent. */
static void put_manual(FILE *out, const char *indent, const char *s)
{
	enum { MANUAL_WIDTH = 66 };
	size_t next, len;

	for (;;) {
		len = text_break(s, MANUAL_WIDTH, &next);
		fprintf(out, "%.*s\n", (int)len, s);
		s += next;
		if (!*s)
			return;
		fputs(indent, out);
	}
}

static void put_manual_site(const struct rule_site *site, struct arena *a, FILE *out)
{
	const char *text =
		arena_printf(a, "- %s, %s: *%s* fails with *%s*%s%s",
			     manual_text(generations_text(site->gens, a), a),
			     manual_text(paths_text(site, a), a), manual_text(op_name(site->op), a),
			     errno_name(site->err), site->source ? ", " : "",
			     site->source ? manual_text(site->source, a) : "");

	put_manual(out, "  ", text);
}

void rule_print_manual(const struct rule *rule, const struct output *out)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();

	fprintf(out->stream, "## %s\n\n", rule->id);
	put_manual(out->stream, "", manual_text(rule->title, a));
	fputs("\n", out->stream);
	for (size_t i = 0; i < rule->nr_sites; i++)
		put_manual_site(&rule->sites[i], a, out->stream);
	if (rule->remedy)
		fputs("\n", out->stream);
	if (rule->remedy)
		put_manual(out->stream, "",
			   arena_printf(a, "Remedy: %s", manual_text(rule->remedy, a)));
	fputs("\n", out->stream);
}
