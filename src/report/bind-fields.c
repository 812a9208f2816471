/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/bind.h"

#include "base/macro.h"
#include "report/field-kinds.h"

enum match bind_match(const struct bind_move *m)
{
	/* When the device went away meanwhile, the kernel's error says nothing about the device. */
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

static void get_action(const void *at, struct value *ret)
{
	value_set_text(ret, bind_action_name(*(const enum bind_action *)at));
}

const char *bind_expected(const struct step *p)
{
	return p ? predicted_text(p->answer, p->err) : NULL;
}

static void step_predicted(const void *row, struct value *ret)
{
	const struct bind_step *s = row;
	bool asked = s->action == BIND_ACTION_BIND && !s->undoes;

	value_set_text(ret, asked ? bind_expected(s->move->predicted) : NULL);
}

static void step_actual(const void *row, struct value *ret)
{
	const struct bind_step *s = row;

	value_set_text(ret, outcome_text(s->err));
	ret->style = s->err ? STYLE_NO : STYLE_YES;
}

static const struct field step_rows[] = {
	{ "device", "device that is moved", FIELD_TEXT(struct bind_move, name),
	  FIELD_VIA(struct bind_step, move, struct bind_move) },
	{ "action", "driver_override, unbind, bind or drivers_probe",
	  FIELD_MEMBER(struct bind_step, action, enum bind_action, get_action) },
	{ "text", "what is written; empty clears an override", FIELD_TEXT(struct bind_step, text) },
	{ "path", "where it is written", FIELD_TEXT(struct bind_step, path) },
	{ "predicted", "ok, an errno, refused or unknown; null: nothing is predicted of it",
	  FIELD_GET(step_predicted) },
	{ "actual", "ok or the errno; null when it was not written", FIELD_GET(step_actual),
	  FIELD_IF(struct bind_step, tried) },
	{ "undoes", "whether it takes back what was done before",
	  FIELD_BOOL(struct bind_step, undoes) },
};
const struct field_table bind_step_fields = FIELD_TABLE("bind_steps", step_rows);

/* ---- guards ---- */

static void get_pid(const void *at, struct value *ret)
{
	const pid_t *pid = at;

	if (*pid)
		value_set_number(ret, (uint64_t)*pid);
}

static const struct field guard_rows[] = {
	{ "guard", "name of the safety check, as --force takes it", FIELD_TEXT(struct guard, name),
	  FIELD_VIA(struct guard_finding, guard, struct guard) },
	{ "answer", "yes: it refuses; unknown: it could not look",
	  FIELD_ANSWER(struct guard_finding, answer) },
	{ "evidence", "the chain from the device to what is in use",
	  FIELD_TEXT(struct guard_finding, evidence) },
	{ "remedy", "next step to take", FIELD_TEXT(struct guard_finding, remedy) },
	{ "pid", "process that uses it", FIELD_MEMBER(struct guard_finding, pid, pid_t, get_pid) },
};
static const struct field_table guard_fields = FIELD_TABLE("bind_guards", guard_rows);

/* ---- devices ---- */

static void get_result(const void *at, struct value *ret)
{
	value_set_text(ret, bind_result_name(*(const enum bind_result *)at));
}

static void get_expected(const void *at, struct value *ret)
{
	value_set_text(ret, bind_expected(*(const struct step *const *)at));
}

static void move_actual(const void *row, struct value *ret)
{
	const struct bind_move *m = row;

	value_set_text(ret, outcome_text(m->bind_err));
}

static void move_match(const void *row, struct value *ret)
{
	value_set_match(ret, bind_match(row));
}

static const struct field move_rows[] = {
	{ "device", "name of the device", FIELD_TEXT(struct bind_move, name) },
	{ "bus", "its bus", FIELD_TEXT(struct bind_move, bus) },
	{ "old_driver", "driver before", FIELD_TEXT(struct bind_move, from) },
	{ "old_override", "driver_override before", FIELD_TEXT(struct bind_move, from_override) },
	{ "new_driver", "driver asked for; null: none, or what the bus chooses",
	  FIELD_TEXT(struct bind_move, to) },
	{ "new_override", "driver_override asked for", FIELD_TEXT(struct bind_move, to_override) },
	{ "module", "module that is loaded for it", FIELD_TEXT(struct bind_move, module) },
	{ "driver", "driver afterwards", FIELD_TEXT(struct bind_move, now) },
	{ "result", "planned, moved, there, rolled back, lost, left alone or gone",
	  FIELD_MEMBER(struct bind_move, result, enum bind_result, get_result) },
	{ "predicted", "of the write to bind: ok, an errno, refused or unknown",
	  FIELD_MEMBER(struct bind_move, predicted, const struct step *, get_expected) },
	{ "actual", "what it returned: ok or the errno", FIELD_GET(move_actual),
	  FIELD_IF(struct bind_move, bind_tried) },
	{ "match", "whether they agree", FIELD_GET(move_match) },
	{ "because", "why it did not go as asked", FIELD_TEXT(struct bind_move, because) },
	{ "remedy", "next step to take", FIELD_TEXT(struct bind_move, remedy) },
	{ "missing", "what went with a driver, and how to have it again",
	  FIELD_TEXT(struct bind_move, missing) },
	{ "guards", "safety checks that refuse",
	  FIELD_ROWS(struct bind_move, findings, guard_fields) },
};
const struct field_table bind_move_fields = FIELD_TABLE("bind_devices", move_rows);

/* ---- the whole ---- */

static const struct field view_rows[] = {
	{ "command", "bind, unbind or restore", FIELD_TEXT(struct bind_view, command) },
	{ "dry_run", "nothing was written", FIELD_BOOL(struct bind_view, dry_run) },
	{ "note", "one line about the whole", FIELD_TEXT(struct bind_view, note) },
	{ "steps", "every write, in order", FIELD_ROWS(struct bind_view, steps, bind_step_fields) },
};
const struct field_table bind_fields = FIELD_TABLE("bind", view_rows);
