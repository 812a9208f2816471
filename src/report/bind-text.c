/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "base/shell.h"
#include "base/strbuf.h"
#include "report/bind.h"
#include "report/field-kinds.h"
#include "report/prose.h"
#include "report/table.h"

/* Whether @i is the first of the moves that needs its module. */
static bool loads_module(const struct bind_view *v, size_t i)
{
	const char *module = v->moves[i].module;

	if (!module || v->moves[i].result != BIND_PLANNED)
		return false;
	for (size_t k = 0; k < i; k++)
		if (v->moves[k].result == BIND_PLANNED && v->moves[k].module &&
		    !strcmp(v->moves[k].module, module))
			return false;
	return true;
}

/* As a shell would write it, so that it can be read and tried; what is refused is a comment to it. */
static void put_dry(const struct prose *p, const struct bind_view *v, struct arena *a)
{
	const char *mark = v->refused ? "# " : "";
	FILE *out = p->out->stream;

	for (size_t i = 0; i < v->nr_moves; i++) {
		if (loads_module(v, i))
			fprintf(out, "%smodprobe %s\n", mark, shell_word(a, v->moves[i].module));
	}
	for (size_t i = 0; i < v->nr_steps; i++) {
		const struct bind_step *s = &v->steps[i];

		fprintf(out, "%secho %s%s> %s\n", mark, *s->text ? shell_word(a, s->text) : "",
			*s->text ? " " : "", shell_word(a, s->path));
	}
}

static int put_steps(const struct output *out, const struct bind_view *v, struct failure **reterr)
{
	static const struct field rows[] = {
		{ "device", NULL, FIELD_SAME(bind_step_fields) },
		{ "action", NULL, FIELD_SAME(bind_step_fields) },
		{ "text", NULL, FIELD_SAME(bind_step_fields) },
		{ "path", NULL, FIELD_SAME(bind_step_fields), .flags = FIELD_YIELDS },
		{ "predicted", NULL, FIELD_SAME(bind_step_fields) },
		{ "actual", NULL, FIELD_SAME(bind_step_fields) },
	};
	static const struct field_table columns = FIELD_TABLE("bind_columns", rows);
	vt_cleanup(arena_freep) struct arena *a = arena_new();

	if (!v->nr_steps)
		return 0;
	return table_print_rows(&columns, value_rows(a, v->steps, v->nr_steps, sizeof(*v->steps)),
				v->nr_steps, out, 2, reterr);
}

static const char *or_none(const char *driver)
{
	return driver ? driver : "no driver";
}

static enum style style_of(enum bind_result result)
{
	switch (result) {
	case BIND_MOVED:
	case BIND_THERE:
		return STYLE_YES;
	case BIND_PLANNED:
		return STYLE_NONE;
	default:
		return STYLE_NO;
	}
}

static bool says_before(const struct bind_move *m, size_t from, size_t at, const char *remedy)
{
	for (size_t i = from; i < at; i++)
		if (m->findings[i].remedy && !strcmp(m->findings[i].remedy, remedy))
			return true;
	return false;
}

/* The checks that a capture cannot answer, together: none of them says anything about the device. */
static void put_uncaptured(const struct prose *p, const struct bind_move *m, struct arena *a)
{
	struct strbuf names = { .arena = a };
	const char *last = NULL;

	for (size_t i = 0; i < m->nr_findings; i++) {
		const struct guard_finding *f = &m->findings[i];

		if (f->uncaptured && f->guard->name != last)
			strbuf_item(&names, ",", "%s", f->guard->name);
		last = f->guard->name;
	}
	if (!names.len)
		return;
	prose_label(p, "unknown", STYLE_UNKNOWN,
		    "This capture does not say what the host uses the device for.");
	prose_label(p, "remedy", STYLE_REMEDY,
		    "capture that host again with --in-use, or override with --force=%s",
		    strbuf_get(&names));
}

/* All that one guard found, then what to do about it, each thing once. */
static void put_findings(const struct prose *p, const struct bind_move *m, struct arena *a)
{
	put_uncaptured(p, m, a);
	for (size_t from = 0, end; from < m->nr_findings; from = end) {
		end = from + 1;
		if (m->findings[from].uncaptured)
			continue;
		for (end = from;
		     end < m->nr_findings && m->findings[end].guard == m->findings[from].guard;
		     end++)
			prose_label(p, m->findings[end].guard->name, STYLE_NO, "%s%s",
				    m->findings[end].answer == ANSWER_UNKNOWN ? "unknown: " : "",
				    m->findings[end].evidence);
		for (size_t i = from; i < end; i++) {
			const char *remedy = m->findings[i].remedy;

			if (remedy && !says_before(m, from, i, remedy))
				prose_label(p, "remedy", STYLE_REMEDY, "%s", remedy);
		}
	}
}

/* Where it is now, and where it was. */
static const char *whereabouts(const struct bind_move *m, struct arena *a)
{
	const char *now = or_none(m->now);

	if (m->result == BIND_THERE)
		return arena_printf(a, "%s already", now);
	if (!strcmp(now, or_none(m->from)))
		return arena_printf(a, "%s, as before", now);
	return arena_printf(a, "%s, before on %s", now, or_none(m->from));
}

static void put_move(const struct prose *p, const struct bind_move *m, struct arena *a)
{
	struct prose in = prose_indented(p, 2);
	const char *to = m->any && !m->to ? "what its bus chooses" : or_none(m->to);

	switch (m->result) {
	case BIND_MOVED:
	case BIND_THERE:
		prose_text(p, style_of(m->result), "%s is on %s", m->name, whereabouts(m, a));
		break;
	case BIND_PLANNED:
		prose_text(p, STYLE_NONE, "%s: from %s to %s", m->name, or_none(m->from), to);
		break;
	case BIND_GONE:
		prose_text(p, STYLE_NO, m->now ? "%s goes away" : "%s is no longer there", m->name);
		break;
	default:
		prose_text(p, STYLE_NO, "%s: %s; it is on %s", m->name, bind_result_name(m->result),
			   or_none(m->now));
	}
	if (m->because)
		prose_label(&in, "because", STYLE_NONE, "%s", m->because);
	put_findings(&in, m, a);
	if (m->remedy)
		prose_label(&in, "remedy", STYLE_REMEDY, "%s", m->remedy);
	if (m->missing)
		prose_label(&in, "missing", STYLE_NO, "%s", m->missing);
	if (bind_match(m) == MATCH_NO)
		prose_label(&in, "differs", STYLE_NO, "predicted: %s, the kernel did: %s",
			    bind_expected(m->predicted), outcome_text(m->bind_err));
}

static void put_moves(const struct prose *p, const struct bind_view *v, struct arena *a)
{
	for (size_t i = 0; i < v->nr_moves; i++)
		if (!v->dry_run || v->moves[i].result != BIND_PLANNED || v->moves[i].nr_findings ||
		    v->moves[i].because)
			put_move(p, &v->moves[i], a);
}

int bind_text(const struct output *out, const struct bind_view *v, struct failure **reterr)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	struct prose p = { .out = out, .label_width = 11 };
	int r = 0;

	if (v->dry_run) {
		/* Everything but the writes is a shell comment. */
		p.prefix = "# ";
		p.indent = 2;
	}
	/* A refusal comes first. */
	if (v->refused) {
		prose_text(&p, STYLE_NO, "%s, because:", v->note);
		put_moves(&p, v, a);
		if (v->nr_steps)
			prose_text(&p, STYLE_NONE, "Without these reasons it would be:");
	}
	if (v->dry_run)
		put_dry(&p, v, a);
	else
		r = put_steps(out, v, reterr);
	if (!v->refused) {
		put_moves(&p, v, a);
		if (v->note)
			prose_text(&p, STYLE_NONE, "%s", v->note);
	}
	return r;
}
