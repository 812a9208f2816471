/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/rules.h"

#include <string.h>

#include "base/macro.h"
#include "uapi/op.h"
#include "model/predict.h"
#include "report/field-kinds.h"
#include "report/manual.h"
#include "report/prediction-fields.h"
#include "report/prose.h"
#include "report/table.h"

/* ---- sites ---- */

static void get_kernels(const void *row, struct value *ret)
{
	value_set_text(ret, releases_text(site_releases(row), ret->arena));
}

static void get_generations(const void *row, struct value *ret)
{
	const uint64_t releases = site_releases(row);

	field_get_generations(&releases, ret);
}

static void get_paths(const void *at, struct value *ret)
{
	const char **names = arena_array(ret->arena, NR_PATHS, sizeof(*names));
	const uint32_t *paths = at;
	size_t nr = 0;

	for (unsigned int k = 0; k < NR_PATHS; k++)
		if (*paths & 1U << k)
			names[nr++] = path_kind_name((enum path_kind)k);
	value_set_texts(ret, names, nr);
}

static const struct field site_rows[] = {
	{ "kernels", "kernels in which it stands here", FIELD_GET(get_kernels),
	  .flags = FIELD_COLUMN },
	{ "generations", "the same by name", FIELD_GET(get_generations) },
	{ "paths", "ways to a device it stands on",
	  FIELD_MEMBER(struct rule_site, paths, uint32_t, get_paths), .flags = FIELD_COLUMN },
	{ "op", "step it refuses", FIELD_OP(struct rule_site, op), .flags = FIELD_COLUMN },
	{ "errno", "error of that step", FIELD_ERRNO(struct rule_site, err),
	  .flags = FIELD_COLUMN },
	{ "source", "kernel file and function", FIELD_TEXT(struct rule_site, source),
	  .flags = FIELD_COLUMN },
};
static const struct field_table rule_site_fields = FIELD_TABLE("rule_sites", site_rows);

/* ---- rules ---- */

static const struct field rule_rows[] = {
	{ "id", "public, stable name", FIELD_TEXT(struct rule, id) },
	{ "title", "the refusal in one line", FIELD_TEXT(struct rule, title) },
	{ "sites", "where it stands, by kernel", FIELD_ROWS(struct rule, sites, rule_site_fields) },
	{ "remedy", "what to do about it", FIELD_TEXT(struct rule, remedy) },
};
const struct field_table rule_fields = FIELD_TABLE("rules", rule_rows);

bool rule_stands_in(const struct rule *rule, uint64_t releases)
{
	for (size_t i = 0; i < rule->nr_sites; i++)
		if (site_releases(&rule->sites[i]) & releases)
			return true;
	return false;
}

static const char *paths_text(const struct rule_site *site, struct arena *a)
{
	struct value v = { .arena = a };

	get_paths(&site->paths, &v);
	return v.nr == NR_PATHS ? "every path" : value_text(&v, a);
}

/* One site on a terminal too narrow for a table of them. */
static void put_site(const struct prose *p, const struct rule_site *site, struct arena *a)
{
	prose_label(p, releases_text(site_releases(site), a), STYLE_NONE,
		    "%s fails with %s (%s)%s%s", op_name(site->op), errno_name(site->err),
		    paths_text(site, a), site->source ? ", " : "",
		    site->source ? site->source : "");
}

static int put_sites(const struct rule *rule, uint64_t releases, const struct prose *p,
		     struct arena *a, struct failure **reterr)
{
	enum { TABLE_WIDTH_MIN = 120, KERNELS_WIDTH = 16 };
	struct table_row *rows = arena_array(a, rule->nr_sites, sizeof(*rows));
	struct columns columns;
	struct table table = {
		.fields = &rule_site_fields, .columns = &columns, .rows = rows, .indent = p->indent
	};
	struct prose narrow = *p;

	narrow.label_width = KERNELS_WIDTH;
	for (size_t i = 0; i < rule->nr_sites; i++) {
		if (!(site_releases(&rule->sites[i]) & releases))
			continue;
		rows[table.nr_rows++].row = &rule->sites[i];
		if (p->out->width && p->out->width < TABLE_WIDTH_MIN)
			put_site(&narrow, &rule->sites[i], a);
	}
	if (p->out->width && p->out->width < TABLE_WIDTH_MIN)
		return 0;
	columns_all(&rule_site_fields, a, &columns);
	return table_print(&table, p->out, reterr);
}

int rule_print(const struct rule *rule, uint64_t releases, const struct output *out,
	       struct failure **reterr)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	struct prose p = { .out = out };

	prose_text(&p, STYLE_NAME, "%s", rule->id);
	p = prose_indented(&p, 2);
	prose_text(&p, STYLE_NONE, "%s", rule->title);
	if (rule->remedy)
		prose_text(&p, STYLE_REMEDY, "Remedy: %s", rule->remedy);
	if (!rule_stands_in(rule, releases))
		prose_text(&p, STYLE_NONE, "This kernel does not have it.");
	return put_sites(rule, releases, &p, a, reterr);
}

/* ---- the manual ---- */

static void put_manual_site(const struct rule_site *site, struct arena *a, FILE *out)
{
	const char *text =
		arena_printf(a, "- %s, %s: *%s* fails with *%s*%s%s",
			     manual_text(releases_text(site_releases(site), a), a),
			     manual_text(paths_text(site, a), a), manual_text(op_name(site->op), a),
			     errno_name(site->err), site->source ? ", " : "",
			     site->source ? manual_text(site->source, a) : "");

	manual_put(out, "  ", text);
}

void rule_print_manual(const struct rule *rule, const struct output *out)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();

	fprintf(out->stream, "## %s\n\n", rule->id);
	manual_put(out->stream, "", manual_text(rule->title, a));
	fputs("\n", out->stream);
	for (size_t i = 0; i < rule->nr_sites; i++)
		put_manual_site(&rule->sites[i], a, out->stream);
	if (rule->remedy)
		fputs("\n", out->stream);
	if (rule->remedy)
		manual_put(out->stream, "",
			   arena_printf(a, "Remedy: %s", manual_text(rule->remedy, a)));
	fputs("\n", out->stream);
}
