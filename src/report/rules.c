/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/rules.h"

#include <string.h>

#include "base/macro.h"
#include "base/op.h"
#include "model/predict.h"
#include "report/decision.h"
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
	const void **rows = arena_array(a, r->nr_sites, sizeof(*rows));

	for (size_t i = 0; i < r->nr_sites; i++)
		rows[i] = &r->sites[i];
	value_set_objects(ret, rule_site_fields(), rows, r->nr_sites);
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

int rule_print(const struct rule *rule, uint32_t gens, const struct output *out,
	       struct failure **reterr)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	struct table_row *rows = arena_array(a, rule->nr_sites, sizeof(*rows));
	struct prose p = { .out = out };
	struct columns columns;
	struct table table = { .fields = rule_site_fields(), .columns = &columns, .rows = rows };

	prose_text(&p, STYLE_NAME, "%s", rule->id);
	p = prose_indented(&p, 2);
	prose_text(&p, STYLE_NONE, "%s", rule->title);
	for (size_t i = 0; i < rule->nr_sites; i++)
		if (rule->sites[i].gens & gens)
			rows[table.nr_rows++].row = &rule->sites[i];
	columns_all(rule_site_fields(), a, &columns);
	table.indent = p.indent;
	if (rule->remedy)
		prose_text(&p, STYLE_REMEDY, "Remedy: %s", rule->remedy);
	return table_print(&table, out, reterr);
}

/* ---- the manual ---- */

/* scdoc(5): underscores and stars mean something, and lines must not begin with its marks. */
static void put_manual(FILE *out, const char *s)
{
	for (; *s; s++) {
		if (strchr("_*\\<>[]|#~", *s))
			fputc('\\', out);
		fputc(*s, out);
	}
}

static void put_site(const struct rule_site *site, struct arena *a, FILE *out)
{
	struct value paths = { 0 };

	site_paths(site, a, &paths);
	fputs("\n- ", out);
	put_manual(out, generations_text(site->gens, a));
	fputs(", ", out);
	put_manual(out, value_text(&paths, a));
	fputs(": *", out);
	put_manual(out, op_name(site->op));
	fputs("* fails with *", out);
	put_manual(out, errno_name(site->err));
	fputs("*", out);
	if (site->source) {
		fputs(", ", out);
		put_manual(out, site->source);
	}
}

void rule_print_manual(const struct rule *rule, const struct output *out)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();

	fprintf(out->stream, "## %s\n\n", rule->id);
	put_manual(out->stream, rule->title);
	fputs("\n", out->stream);
	for (size_t i = 0; i < rule->nr_sites; i++)
		put_site(&rule->sites[i], a, out->stream);
	if (rule->remedy) {
		fputs("\n\nRemedy: ", out->stream);
		put_manual(out->stream, rule->remedy);
	}
	fputs("\n\n", out->stream);
}
