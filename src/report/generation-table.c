/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table generation by step: what each kernel would answer to one device. */
#include <string.h>

#include "base/macro.h"
#include "base/strbuf.h"
#include "report/field-kinds.h"
#include "report/prediction-fields.h"
#include "report/prediction-text.h"
#include "report/prose.h"
#include "report/table.h"

struct generation_row {
	const struct report *report;
	const struct generation *generation;
	const struct path_prediction *path; /* NULL: it does not have it */
};

static void get_kernels(const void *row, struct value *ret)
{
	const struct generation_row *g = row;
	const char *text = releases_text(generation_releases(g->generation), ret->arena),
		   *open_end = strstr(text, " and later");

	/* A column has no room for words. */
	value_set_text(ret,
		       open_end ? arena_printf(ret->arena, "%.*s+", (int)(open_end - text), text)
				: text);
}

static void get_error(const void *row, struct value *ret)
{
	const struct path_prediction *p = row;

	value_set_errno(ret, p->answer, p->err);
}

static void get_note(const void *row, struct value *ret)
{
	const struct generation_row *g = row;
	const uint64_t running = g->report->kernel.kernels.releases,
		       here = generation_releases(g->generation);
	struct strbuf note = { .arena = ret->arena };

	if (here == kernels_reference.releases)
		strbuf_item(&note, ", ", "patched");
	if (running & here)
		strbuf_item(&note, ", ", "running%s", running & ~here ? "?" : "");
	value_set_text(ret, note.s);
}

/* One column for each step, whose number the field has; only those that some kernel takes are shown. */
static void get_result(const void *row, struct value *ret)
{
	const enum op op = (enum op)ret->field->param;
	const struct path_prediction *p = row;

	ret->kind = VALUE_NONE;
	for (size_t i = 0; i < p->nr_steps; i++) {
		const struct step *s = &p->steps[i];

		if (s->op != op)
			continue;
		value_set_answer(ret, s->answer);
		if (s->answer == ANSWER_UNKNOWN)
			ret->text = "?";
		else if (s->answer == ANSWER_YES)
			ret->text = "ok";
		else if (s->err)
			ret->text = errno_name(s->err);
	}
}

enum {
	COLUMN_KERNELS,
	COLUMN_VERDICT,
	COLUMN_STEP,
	COLUMN_ERROR,
	COLUMN_RULE,
	COLUMN_NOTE,
	COLUMN_OPS
};

/* Where the generation does not have the path, there is none. */
#define OF_PATH FIELD_VIA(struct generation_row, path, struct path_prediction)

static const struct field fields[] = {
	{ "kernels", "kernels that decide alike", FIELD_GET(get_kernels) },
	{ "verdict", "answer, after binding", FIELD_ANSWER(struct path_prediction, answer),
	  OF_PATH },
	{ "step", "step that is refused", FIELD_OP(struct path_prediction, op), OF_PATH },
	{ "errno", "error of that step", FIELD_GET(get_error), OF_PATH },
	{ "rule", NULL, FIELD_SAME(path_fields), OF_PATH },
	{ "note", "patched, running", FIELD_GET(get_note) },
#define X(name) { #name, "result of the step", FIELD_GET(get_result), OF_PATH, .param = OP_##name },
	OP_LIST(X)
#undef X
};

static void add(struct columns *c, struct arena *a, size_t index)
{
	c->fields = arena_grow(a, c->fields, c->nr, sizeof(*c->fields));
	c->fields[c->nr++] = &fields[index];
}

/* Which steps are taken in some generation, in the order they are taken in. */
static size_t steps_taken(const struct inspection *i, enum view view, unsigned int kind,
			  enum op *ops)
{
	bool seen[NR_OPS] = { false };
	size_t nr = 0;

	for (unsigned int g = 0; g < generation_count(); g++) {
		const struct path_prediction *p = &i->generations[g].paths[view][kind];

		for (size_t s = 0; p->offered && s < p->nr_steps; s++) {
			if (seen[p->steps[s].op])
				continue;
			seen[p->steps[s].op] = true;
			ops[nr++] = p->steps[s].op;
		}
	}
	return nr;
}

/* Every step as a column where the width allows it, else only the step that refuses. */
static void choose_columns(const struct inspect_text *t, const struct inspection *i, enum view view,
			   unsigned int kind, size_t indent, struct arena *a, struct columns *ret)
{
	/* KERNELS, VERDICT, RULE and NOTE with gaps. */
	enum { OTHER_COLUMNS_WIDTH = 14 + 8 + 26 + 17 };
	size_t width = indent + OTHER_COLUMNS_WIDTH, nr;
	enum op ops[NR_OPS];

	*ret = (struct columns){ .chosen = true };
	nr = steps_taken(i, view, kind, ops);
	for (size_t k = 0; k < nr; k++)
		width += strlen(op_name(ops[k])) + 1;
	add(ret, a, COLUMN_KERNELS);
	add(ret, a, COLUMN_VERDICT);
	if (width <= output_text_width(t->out)) {
		for (size_t k = 0; k < nr; k++)
			add(ret, a, COLUMN_OPS + (size_t)ops[k] - 1);
	} else {
		add(ret, a, COLUMN_STEP);
		add(ret, a, COLUMN_ERROR);
	}
	add(ret, a, COLUMN_RULE);
	add(ret, a, COLUMN_NOTE);
}

static int put_table(const struct inspect_text *t, const struct inspection *i, enum view view,
		     unsigned int kind, size_t indent, struct arena *a, struct failure **reterr)
{
	static const struct field_table field_table = FIELD_TABLE("generations", fields);
	struct generation_row *rows = arena_array(a, generation_count(), sizeof(*rows));
	struct table_row *table_rows = arena_array(a, generation_count(), sizeof(*table_rows));
	struct columns columns;
	struct table table = { .fields = &field_table,
			       .columns = &columns,
			       .rows = table_rows,
			       .nr_rows = generation_count(),
			       .indent = indent };
	struct output out = *t->out;

	for (unsigned int g = 0; g < generation_count(); g++) {
		const struct path_prediction *p = &i->generations[g].paths[view][kind];

		rows[g] = (struct generation_row){
			.report = i->report,
			.generation = generation_get(g),
			.path = p->offered ? p : NULL,
		};
		table_rows[g].row = &rows[g];
	}
	choose_columns(t, i, view, kind, indent, a, &columns);
	out.format = FORMAT_TABLE;
	out.headings = true;
	out.tree = false;
	return table_print(&table, &out, reterr);
}

static bool same_end(const struct path_prediction *a, const struct path_prediction *b)
{
	return a->answer == b->answer && a->op == b->op && a->err == b->err;
}

/* Whether the table is worth printing: some generation has the path; and the view 'now' neither repeats the
 * table of the bound device, nor has the same line for every generation. */
static bool is_worth_a_table(const struct inspection *i, enum view view, unsigned int kind)
{
	bool offered = false, differs = false, news = false;

	for (unsigned int g = 0; g < generation_count(); g++) {
		const struct path_prediction *p = &i->generations[g].paths[view][kind];

		offered |= p->offered;
		differs |= !same_end(p, &i->generations[0].paths[view][kind]);
		news |= !same_end(p, &i->generations[g].paths[VIEW_IF_BOUND][kind]);
	}
	return offered && (view == VIEW_IF_BOUND || (differs && news));
}

int inspect_text_generations(const struct inspect_text *t, const struct inspection *i,
			     size_t indent, struct failure **reterr)
{
	static const char *const headings[NR_VIEWS] = {
		[VIEW_NOW] = "Now",
		[VIEW_IF_BOUND] = "After binding",
	};
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	struct prose p = { .out = t->out, .indent = indent };

	for (unsigned int n = 0; n < NR_VIEWS * NR_PATHS; n++) {
		enum view view = (enum view)(n / NR_PATHS);
		unsigned int kind = n % NR_PATHS;
		int r;

		if (!is_worth_a_table(i, view, kind))
			continue;
		prose_blank(&p);
		prose_text(&p, STYLE_HEADING, "%s, path %s, by kernel:", headings[view],
			   path_kind_name((enum path_kind)kind));
		r = put_table(t, i, view, kind, indent, a, reterr);
		if (r < 0)
			return r;
	}
	return 0;
}
