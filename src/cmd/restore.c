/* SPDX-License-Identifier: GPL-2.0-or-later */
/* restore: undoes everything in the journal, also after a crash of the tool. */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/log.h"
#include "facts/target.h"
#include "run/transaction.h"
#include "cmd/commands.h"

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct parse *p = state->input;
	error_t r;

	if (p && key == ARGP_KEY_ARG)
		return parse_fail(p,
				  "'%s': restore takes no target, it undoes everything; 'vfiotool unbind' returns one device",
				  arg);
	r = p ? transaction_parse(key, arg, p, p->args) : ARGP_ERR_UNKNOWN;
	return r == ARGP_ERR_UNKNOWN ? command_parse_default(key, state) : r;
}

static const struct argp_option options[] = { BINDING_OPTIONS(1), { 0 } };

static const struct argp argp = { .options = options,
				  .parser = parse,
				  .children = global_children };

static bool is_planned(const struct bind_plan *plan, const struct journal_record *r)
{
	for (size_t i = 0; i < plan->nr_moves; i++)
		if (!strcmp(plan->moves[i].bus, r->bus) && !strcmp(plan->moves[i].name, r->name))
			return true;
	return false;
}

/* Whether a record is about what could be a device at all: a word that means something else would load others. */
static bool record_names_device(struct transaction *b, const struct journal_record *r)
{
	struct target t;

	return strlen(r->name) <= NAME_MAX &&
	       !target_parse(b->arena, arena_join(b->arena, r->bus, ":", r->name, NULL), &t,
			     NULL) &&
	       (t.kind == TARGET_PCI || t.kind == TARGET_NAMED) && !strcmp(t.bus, r->bus) &&
	       !strcmp(t.name, r->name);
}

/* One move for each device, newest first, each to its first state. */
static void plan_moves(struct transaction *b)
{
	struct journal *j = &b->journal;

	b->plan.moves = arena_array(b->arena, j->nr_records, sizeof(*b->plan.moves));
	for (size_t i = j->nr_records; i; i--) {
		const struct journal_record *r = &j->records[i - 1];
		const struct journal_record *first = journal_find(j, r->bus, r->name);
		struct bind_move *m = &b->plan.moves[b->plan.nr_moves];

		if (is_planned(&b->plan, r))
			continue;
		/* One record that makes no sense does not keep the others from being undone. */
		if (!record_names_device(b, r)) {
			j->nr_unreadable++;
			log_write(LOG_LEVEL_WARNING,
				  "the journal has a record of '%s' on bus '%s', which is not a name of a device; the record is kept, see '%s/journal'",
				  r->name, r->bus, j->dir);
			continue;
		}
		b->plan.nr_moves++;
		*m = (struct bind_move){
			.bus = first->bus,
			.name = first->name,
			.to = first->from,
			.to_override = first->from_override,
			.vfs = first->vfs,
			.back = true,
		};
		/* The device cannot be examined, so its record stays. */
		if (bind_apply_look(&b->apply, m) == -ENODEV) {
			m->result = BIND_GONE;
		} else if (m->identity &&
			   (!first->identity || strcmp(first->identity, m->identity) != 0)) {
			m->result = BIND_LEFT;
			m->because =
				arena_printf(b->arena,
					     "another device has its address now: it was '%s', it is '%s'",
					     first->identity ? first->identity : "?", m->identity);
		}
	}
}

/* The devices that are still there, with their groups and who holds them. */
static int load_devices(struct transaction *b, struct failure **reterr)
{
	struct operands names = { 0 };
	int r;

	for (size_t i = 0; i < b->plan.nr_moves; i++)
		if (b->plan.moves[i].result == BIND_PLANNED)
			operands_add(&names, b->app,
				     arena_join(b->arena, b->plan.moves[i].bus, ":",
						b->plan.moves[i].name, NULL));
	if (!names.nr)
		return 0;
	r = transaction_load(b, &names, reterr);
	for (size_t i = 0; r >= 0 && i < b->plan.nr_moves; i++)
		b->plan.moves[i].device = host_find_device(b->session.host, b->plan.moves[i].bus,
							   b->plan.moves[i].name);
	return r;
}

/* A device that a process holds is not taken away from it. */
static void leave_held(struct transaction *b)
{
	transaction_ask_guards(b);
	for (size_t i = 0; i < b->plan.nr_moves; i++) {
		struct bind_move *m = &b->plan.moves[i];

		if (m->result != BIND_PLANNED || !m->nr_findings)
			continue;
		m->result = BIND_LEFT;
		m->remedy = "then run 'vfiotool restore' again";
	}
}

static int undo(struct transaction *b)
{
	int first = 0;

	for (size_t i = 0; i < b->plan.nr_moves; i++) {
		struct bind_move *m = &b->plan.moves[i];
		bool stranger = m->result == BIND_LEFT && !m->device;
		int r = 0;

		if (m->result == BIND_PLANNED)
			r = bind_apply_back(&b->apply, m);
		else if (m->result == BIND_GONE || stranger)
			r = journal_settle(&b->journal, m->bus, m->name);
		else
			r = -EBUSY;
		if (r < 0 && !first)
			first = r;
	}
	return first;
}

static int status_of(const struct transaction *b, int r)
{
	bool left = false;

	for (size_t i = 0; i < b->plan.nr_moves; i++) {
		if (b->plan.moves[i].result == BIND_LOST)
			return STATUS_FAILED;
		left |= b->plan.moves[i].result == BIND_LEFT && b->plan.moves[i].device;
	}
	if (left)
		return STATUS_GUARDED;
	return r < 0 || b->journal.nr_unreadable ? STATUS_FAILED : STATUS_OK;
}

static const char *nothing_text(const struct transaction *b)
{
	if (b->journal.nr_earlier)
		return "nothing to undo: the journal is from an earlier boot, and the reboot undid it";
	if (b->journal.nr_unreadable)
		return "nothing to undo in the readable lines";
	if (b->options->journal)
		return arena_printf(b->arena, "nothing to undo: the journal in '%s' is empty",
				    b->options->journal);
	return "nothing to undo: the journal is empty";
}

static int carry_out(struct transaction *b, struct failure **reterr)
{
	int r;

	plan_moves(b);
	if (!b->plan.nr_moves)
		b->view.note = nothing_text(b);
	r = load_devices(b, reterr);
	if (r >= 0 && b->opened && !b->options->dry_run)
		r = transaction_check_permission(b, reterr);
	if (r < 0)
		return r;
	leave_held(b);
	/* One failure does not stop the others. */
	transaction_find_drivers(b, !b->options->dry_run, NULL);
	if (b->options->dry_run) {
		transaction_plan_steps(b);
		return transaction_print(b, status_of(b, 0), reterr);
	}
	transaction_hold_signals(true);
	r = undo(b);
	transaction_explain(b);
	r = transaction_print(b, status_of(b, r), reterr);
	transaction_hold_signals(false);
	return r;
}

int restore_devices(struct transaction *b, struct failure **reterr)
{
	int r;

	b->needs_journal = true;
	r = transaction_lock(b, reterr);
	return r < 0 ? r : carry_out(b, reterr);
}

static int run(struct app *app, void *data, struct failure **reterr)
{
	struct transaction b;
	int r = transaction_open(&b, app, "restore", data, reterr);

	if (r >= 0)
		r = restore_devices(&b, reterr);
	transaction_close(&b);
	return r;
}

const struct command command_restore = {
	.name = "restore",
	.summary = "Undo every bind and unbind in the journal",
	.operands = "",
	.argp = &argp,
	.args_size = sizeof(struct transaction_options),
	.run = run,
	.documents = (const struct field_table *const[]){ &bind_fields, &bind_move_fields, NULL },
};
