/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/bind.h"

#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "report/prose.h"
#include "report/table.h"

enum match bind_match(const struct bind_move *m)
{
	/* What the kernel says of a device that went meanwhile is no answer about the device. */
	bool tried = m->bind_tried && m->result != BIND_GONE;

	if (!m->predicted || !tried || m->predicted->answer == ANSWER_UNKNOWN)
		return MATCH_OPEN;
	if (m->predicted->answer == ANSWER_YES)
		return m->bind_err ? MATCH_NO : MATCH_YES;
	if (!m->bind_err)
		return MATCH_NO;
	if (!m->predicted->err)
		return MATCH_OPEN;
	return m->predicted->err == m->bind_err ? MATCH_YES : MATCH_NO;
}

/* ---- writes ---- */

static void step_device(const void *row, struct arena *a vt_unused, struct value *ret)
{
	value_set_text(ret, ((const struct bind_step *)row)->move->name);
}

static void step_action(const void *row, struct arena *a vt_unused, struct value *ret)
{
	value_set_text(ret, bind_action_name(((const struct bind_step *)row)->action));
}

static void step_path(const void *row, struct arena *a vt_unused, struct value *ret)
{
	value_set_text(ret, ((const struct bind_step *)row)->path);
}

static void step_text(const void *row, struct arena *a vt_unused, struct value *ret)
{
	value_set_text(ret, ((const struct bind_step *)row)->text);
}

static void step_undoes(const void *row, struct arena *a vt_unused, struct value *ret)
{
	value_set_bool(ret, ((const struct bind_step *)row)->undoes);
}

static const char *expected(const struct step *p)
{
	if (!p || p->answer == ANSWER_UNKNOWN)
		return p ? "unknown" : NULL;
	if (p->answer == ANSWER_YES)
		return "ok";
	return p->err ? errno_name(p->err) : "refused";
}

static void step_predicted(const void *row, struct arena *a vt_unused, struct value *ret)
{
	const struct bind_step *s = row;
	bool asked = s->action == BIND_ACTION_BIND && !s->undoes;

	value_set_text(ret, asked ? expected(s->move->predicted) : NULL);
}

static void step_actual(const void *row, struct arena *a vt_unused, struct value *ret)
{
	const struct bind_step *s = row;

	value_set_text(ret, !s->tried ? NULL : s->err ? errno_name(s->err) : "ok");
	if (s->tried)
		ret->style = s->err ? STYLE_NO : STYLE_YES;
}

const struct field_table *bind_step_fields(void)
{
	static const struct field fields[] = {
		{ "device", FIELD_COLUMN, 0, "device that is moved", step_device },
		{ "action", FIELD_COLUMN, 0, "driver_override, unbind, bind or drivers_probe",
		  step_action },
		{ "text", FIELD_COLUMN, 0, "what is written; empty clears an override", step_text },
		{ "path", FIELD_COLUMN | FIELD_YIELDS, 0, "where it is written", step_path },
		{ "predicted", FIELD_COLUMN, 0,
		  "ok, an errno, refused or unknown; null: nothing is predicted of it",
		  step_predicted },
		{ "actual", FIELD_COLUMN, 0, "ok or the errno; null when it was not written",
		  step_actual },
		{ "undoes", 0, 0, "whether it takes back what was done before", step_undoes },
	};
	static const struct field_table table = FIELD_TABLE("bind_steps", fields);

	return &table;
}

/* ---- guards ---- */

static void guard_name(const void *row, struct arena *a vt_unused, struct value *ret)
{
	value_set_text(ret, ((const struct guard_finding *)row)->guard->name);
}

static void guard_answer(const void *row, struct arena *a vt_unused, struct value *ret)
{
	value_set_text(ret, answer_name(((const struct guard_finding *)row)->answer));
}

static void guard_evidence(const void *row, struct arena *a vt_unused, struct value *ret)
{
	value_set_text(ret, ((const struct guard_finding *)row)->evidence);
}

static void guard_remedy(const void *row, struct arena *a vt_unused, struct value *ret)
{
	value_set_text(ret, ((const struct guard_finding *)row)->remedy);
}

static void guard_pid(const void *row, struct arena *a vt_unused, struct value *ret)
{
	const struct guard_finding *f = row;

	if (f->pid)
		value_set_number(ret, (uint64_t)f->pid);
	else
		ret->kind = VALUE_NONE;
}

const struct field_table *guard_fields(void)
{
	static const struct field fields[] = {
		{ "guard", 0, 0, "name of the guard, as --force takes it", guard_name },
		{ "answer", 0, 0, "yes: it stands in the way; unknown: it could not look",
		  guard_answer },
		{ "evidence", 0, 0, "the chain from the device to what is in use", guard_evidence },
		{ "remedy", 0, 0, "next step to take", guard_remedy },
		{ "pid", 0, 0, "process that uses it", guard_pid },
	};
	static const struct field_table table = FIELD_TABLE("bind_guards", fields);

	return &table;
}

/* ---- devices ---- */

static void move_device(const void *row, struct arena *a vt_unused, struct value *ret)
{
	value_set_text(ret, ((const struct bind_move *)row)->name);
}

static void move_bus(const void *row, struct arena *a vt_unused, struct value *ret)
{
	value_set_text(ret, ((const struct bind_move *)row)->bus);
}

static void move_from(const void *row, struct arena *a vt_unused, struct value *ret)
{
	value_set_text(ret, ((const struct bind_move *)row)->from);
}

static void move_to(const void *row, struct arena *a vt_unused, struct value *ret)
{
	value_set_text(ret, ((const struct bind_move *)row)->to);
}

static void move_from_override(const void *row, struct arena *a vt_unused, struct value *ret)
{
	value_set_text(ret, ((const struct bind_move *)row)->from_override);
}

static void move_to_override(const void *row, struct arena *a vt_unused, struct value *ret)
{
	value_set_text(ret, ((const struct bind_move *)row)->to_override);
}

static void move_now(const void *row, struct arena *a vt_unused, struct value *ret)
{
	value_set_text(ret, ((const struct bind_move *)row)->now);
}

static void move_module(const void *row, struct arena *a vt_unused, struct value *ret)
{
	value_set_text(ret, ((const struct bind_move *)row)->module);
}

static void move_result(const void *row, struct arena *a vt_unused, struct value *ret)
{
	value_set_text(ret, bind_result_name(((const struct bind_move *)row)->result));
}

static void move_predicted(const void *row, struct arena *a vt_unused, struct value *ret)
{
	value_set_text(ret, expected(((const struct bind_move *)row)->predicted));
}

static void move_actual(const void *row, struct arena *a vt_unused, struct value *ret)
{
	const struct bind_move *m = row;

	value_set_text(ret, !m->bind_tried ? NULL : m->bind_err ? errno_name(m->bind_err) : "ok");
}

static void move_match(const void *row, struct arena *a vt_unused, struct value *ret)
{
	enum match match = bind_match(row);

	if (match != MATCH_OPEN)
		value_set_bool(ret, match == MATCH_YES);
}

static void move_because(const void *row, struct arena *a vt_unused, struct value *ret)
{
	value_set_text(ret, ((const struct bind_move *)row)->because);
}

static void move_remedy(const void *row, struct arena *a vt_unused, struct value *ret)
{
	value_set_text(ret, ((const struct bind_move *)row)->remedy);
}

static void move_missing(const void *row, struct arena *a vt_unused, struct value *ret)
{
	value_set_text(ret, ((const struct bind_move *)row)->missing);
}

static void move_guards(const void *row, struct arena *a, struct value *ret)
{
	const struct bind_move *m = row;

	value_set_rows(ret, guard_fields(), a, m->findings, m->nr_findings, sizeof(*m->findings));
}

const struct field_table *bind_move_fields(void)
{
	static const struct field fields[] = {
		{ "device", 0, 0, "name of the device", move_device },
		{ "bus", 0, 0, "its bus", move_bus },
		{ "old_driver", 0, 0, "driver before", move_from },
		{ "old_override", 0, 0, "driver_override before", move_from_override },
		{ "new_driver", 0, 0, "driver asked for; null: none, or what the bus chooses",
		  move_to },
		{ "new_override", 0, 0, "driver_override asked for", move_to_override },
		{ "module", 0, 0, "module that is loaded for it", move_module },
		{ "driver", 0, 0, "driver afterwards", move_now },
		{ "result", 0, 0, "planned, moved, there, rolled back, lost, left alone or gone",
		  move_result },
		{ "predicted", 0, 0, "of the write to bind: ok, an errno, refused or unknown",
		  move_predicted },
		{ "actual", 0, 0, "what it returned: ok or the errno", move_actual },
		{ "match", 0, 0, "whether they agree", move_match },
		{ "because", 0, 0, "why it did not go as asked", move_because },
		{ "remedy", 0, 0, "next step to take", move_remedy },
		{ "missing", 0, 0, "what went with a driver, and how to have it again",
		  move_missing },
		{ "guards", 0, 0, "what stands in the way", move_guards },
	};
	static const struct field_table table = FIELD_TABLE("bind_devices", fields);

	return &table;
}

/* ---- the whole ---- */

static void view_command(const void *row, struct arena *a vt_unused, struct value *ret)
{
	value_set_text(ret, ((const struct bind_view *)row)->command);
}

static void view_dry_run(const void *row, struct arena *a vt_unused, struct value *ret)
{
	value_set_bool(ret, ((const struct bind_view *)row)->dry_run);
}

static void view_steps(const void *row, struct arena *a, struct value *ret)
{
	const struct bind_view *v = row;

	value_set_rows(ret, bind_step_fields(), a, v->steps, v->nr_steps, sizeof(*v->steps));
}

static void view_note(const void *row, struct arena *a vt_unused, struct value *ret)
{
	value_set_text(ret, ((const struct bind_view *)row)->note);
}

const struct field_table *bind_fields(void)
{
	static const struct field fields[] = {
		{ "command", 0, 0, "bind, unbind or restore", view_command },
		{ "dry_run", 0, 0, "nothing was written", view_dry_run },
		{ "note", 0, 0, "one line about the whole", view_note },
		{ "steps", 0, 0, "every write, in order", view_steps },
	};
	static const struct field_table table = FIELD_TABLE("bind", fields);

	return &table;
}

/* ---- text ---- */

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

/* As a shell would write it, so that it can be read and tried. */
static void put_dry(const struct prose *p, const struct bind_view *v)
{
	for (size_t i = 0; i < v->nr_moves; i++) {
		if (loads_module(v, i))
			fprintf(p->out->stream, "modprobe %s\n", v->moves[i].module);
	}
	for (size_t i = 0; i < v->nr_steps; i++)
		fprintf(p->out->stream, "echo %s%s> %s\n", v->steps[i].text,
			*v->steps[i].text ? " " : "", v->steps[i].path);
}

static int put_steps(const struct output *out, const struct bind_view *v, struct failure **reterr)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	struct table_row *rows = arena_array(a, v->nr_steps, sizeof(*rows));
	struct output headed = *out;
	struct columns columns = { 0 };
	struct table t = {
		.fields = bind_step_fields(),
		.columns = &columns,
		.rows = rows,
		.nr_rows = v->nr_steps,
		.indent = 2,
	};

	if (!v->nr_steps)
		return 0;
	columns.fields = arena_array(a, t.fields->nr, sizeof(*columns.fields));
	for (size_t i = 0; i < t.fields->nr; i++)
		if (t.fields->fields[i].flags & FIELD_COLUMN)
			columns.fields[columns.nr++] = &t.fields->fields[i];
	for (size_t i = 0; i < v->nr_steps; i++)
		rows[i].row = &v->steps[i];
	headed.headings = true;
	return table_print(&t, &headed, reterr);
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

/* All that one guard found, then what to do about it, each thing once. */
static void put_findings(const struct prose *p, const struct bind_move *m)
{
	for (size_t from = 0, end; from < m->nr_findings; from = end) {
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
		prose_text(p, STYLE_NO, "%s is no longer there", m->name);
		break;
	default:
		prose_text(p, STYLE_NO, "%s: %s; it is on %s", m->name, bind_result_name(m->result),
			   or_none(m->now));
	}
	if (m->because)
		prose_label(&in, "because", STYLE_NONE, "%s", m->because);
	put_findings(&in, m);
	if (m->remedy)
		prose_label(&in, "remedy", STYLE_REMEDY, "%s", m->remedy);
	if (m->missing)
		prose_label(&in, "missing", STYLE_NO, "%s", m->missing);
	if (bind_match(m) == MATCH_NO)
		prose_label(&in, "differs", STYLE_NO, "predicted: %s, the kernel did: %s",
			    expected(m->predicted), m->bind_err ? errno_name(m->bind_err) : "ok");
}

int bind_text(const struct output *out, const struct bind_view *v, struct failure **reterr)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	struct prose p = { .out = out, .label_width = 11 };
	int r = 0;

	if (v->dry_run) {
		put_dry(&p, v);
		/* All but the writes is a comment to a shell. */
		p.prefix = "# ";
		p.indent = 2;
	} else {
		r = put_steps(out, v, reterr);
	}
	for (size_t i = 0; i < v->nr_moves; i++)
		if (!v->dry_run || v->moves[i].result != BIND_PLANNED || v->moves[i].nr_findings ||
		    v->moves[i].because)
			put_move(&p, &v->moves[i], a);
	if (v->note)
		prose_text(&p, STYLE_NONE, "%s", v->note);
	return r;
}
