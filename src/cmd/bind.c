/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bind and unbind: move devices to a passthrough driver and back, as a transaction. */
#include <errno.h>
#include <string.h>

#include "base/shell.h"
#include "facts/in-use.h"
#include "run/persist.h"
#include "run/transaction.h"
#include "cmd/commands.h"

enum { OPT_DRIVER = OPT_COMMAND_FIRST, OPT_GROUP, OPT_PERSIST };

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct parse *p = state->input;
	struct transaction_options *o = p ? p->args : NULL;
	error_t r;

	switch (key) {
	case OPT_DRIVER:
		if (!*arg || strchr(arg, '/') || strlen(arg) > 255 || !strcmp(arg, ".") ||
		    !strcmp(arg, ".."))
			return parse_fail(p,
					  "'%s' is not a driver name: use a name from /sys/bus/*/drivers",
					  arg);
		o->driver = arg;
		return 0;
	case OPT_GROUP:
		o->group = true;
		return 0;
	case OPT_PERSIST:
		o->persist = true;
		return 0;
	default:
		r = p ? transaction_parse(key, arg, p, o) : ARGP_ERR_UNKNOWN;
		return r == ARGP_ERR_UNKNOWN ? command_parse_default(key, state) : r;
	}
}

static const struct argp_option bind_options[] = {
	{ "driver", OPT_DRIVER, "NAME", 0, "use this driver instead of the best VFIO driver", 1 },
	{ "group", OPT_GROUP, NULL, 0, "also bind the other group members that must move", 1 },
	{ "persist", OPT_PERSIST, NULL, 0, "keep the driver after a reboot", 1 },
	BINDING_FORCE(1),
	BINDING_OPTIONS(1),
	{ 0 },
};

static const struct argp_option unbind_options[] = {
	{ "persist", OPT_PERSIST, NULL, 0, "also undo bind --persist", 1 },
	BINDING_FORCE(1),
	BINDING_OPTIONS(1),
	{ 0 },
};

static const struct argp bind_argp = { .options = bind_options,
				       .parser = parse,
				       .children = global_children };
static const struct argp unbind_argp = { .options = unbind_options,
					 .parser = parse,
					 .children = global_children };

static int check_targets(const struct operands *targets, struct failure **reterr)
{
	if (!targets->nr)
		return failure_set_status(reterr, STATUS_USAGE, -EINVAL,
					  "no target: name a device, 'vfiotool list' shows them");
	return 0;
}

static int begin(struct transaction *b, const struct operands *targets, struct failure **reterr)
{
	int r = check_targets(targets, reterr);

	if (r >= 0)
		r = transaction_load(b, targets, reterr);
	if (r >= 0 && !b->options->dry_run)
		r = transaction_check_permission(b, reterr);
	if (r >= 0)
		r = transaction_lock(b, reterr);
	/* Another vfiotool may have moved these devices while it held the lock. */
	if (r >= 0 && !b->options->dry_run)
		r = transaction_load(b, targets, reterr);
	return r;
}

static int refusal_status(const struct transaction *b)
{
	for (size_t i = 0; i < b->plan.nr_moves; i++) {
		const struct bind_move *m = &b->plan.moves[i];

		if (m->nr_findings || !m->predicted || m->predicted->answer != ANSWER_NO)
			if (m->nr_findings || m->result == BIND_LEFT)
				return STATUS_GUARDED;
	}
	return STATUS_NO;
}

/* --group moves only members that their VFIO driver accepts. */
static const char *in_the_way_text(struct transaction *b, const struct bind_move *m,
				   const struct device *other)
{
	const struct step *s = bind_plan_predict(&b->request, other, b->arena);
	const unsigned int group = m->device->group->id;

	if (s && s->answer == ANSWER_NO)
		return arena_printf(b->arena,
				    "group %u is still blocked: %s must stay on %s, because %s; %s",
				    group, other->name, other->driver, s->why->because,
				    transaction_advice(b, s->why));
	return arena_printf(b->arena,
			    "group %u is still blocked: %s is on %s; 'vfiotool bind --group %s' also binds the members that must move",
			    group, other->name, other->driver, shell_word(b->arena, m->name));
}

/* The device is bound, but another member may still block its group. */
static void say_in_the_way(struct transaction *b)
{
	for (size_t i = 0; !b->view.note && i < b->plan.nr_moves; i++) {
		const struct bind_move *m = &b->plan.moves[i];
		const struct device *other = bind_plan_in_the_way(&b->plan, m);

		if (other && (m->result == BIND_MOVED || m->result == BIND_THERE))
			b->view.note = in_the_way_text(b, m, other);
	}
}

/* That a bind succeeds does not mean that a program can attach the device. */
static void say_refused_after(struct transaction *b)
{
	const struct report *r = &b->session.report;

	for (size_t i = 0; !b->view.note && i < b->session.nr_devices; i++) {
		const struct verdict_ask ask = { .host = r->host,
						 .assumptions = r->assumptions,
						 .kernels = &r->kernels,
						 .view = VIEW_IF_BOUND,
						 .texts = b->arena,
						 .scratch = r->scratch };
		struct verdict v;

		predict_verdict(&ask, b->session.devices[i], &v);
		if (v.answer == ANSWER_NO)
			b->view.note =
				arena_printf(b->arena,
					     "%s is refused even then (%s%s%s): %s; 'vfiotool plan %s' shows what helps",
					     b->session.devices[i]->name, op_name(v.op),
					     v.err ? " " : "", v.err ? errno_name(v.err) : "",
					     v.because,
					     shell_word(b->arena, b->session.devices[i]->name));
	}
}

static const char *advice_text(const struct guard_finding *f)
{
	if (f->answer != ANSWER_UNKNOWN)
		return "stop using it on this host";
	return f->uncaptured ? "capture that host again with --in-use" : "run as root";
}

/* Gives every refusal a next step, where its guard has none. */
static void advise(const struct transaction *b)
{
	for (size_t i = 0; i < b->plan.nr_moves; i++)
		for (size_t k = 0; k < b->plan.moves[i].nr_findings; k++) {
			struct guard_finding *f = &b->plan.moves[i].findings[k];

			/* A capture cannot be asked again. */
			f->uncaptured = f->answer == ANSWER_UNKNOWN &&
					b->session.host->usage->blocks_list.state == FACT_UNREAD;
			if (f->remedy)
				continue;
			f->remedy = arena_printf(b->arena, "%s, or override with --force=%s",
						 advice_text(f), f->guard->name);
		}
}

/* Carries out b->plan: guards, writes, report. */
static int carry_out(struct transaction *b, bool settle, struct failure **reterr)
{
	size_t refused = transaction_ask_guards(b);
	int r;

	advise(b);
	if (b->options->dry_run || refused) {
		r = transaction_find_drivers(b, false, reterr);
		if (r < 0)
			return r;
		if (b->options->dry_run)
			transaction_plan_steps(b);
		if (!refused && !b->options->driver && !strcmp(b->command, "bind"))
			say_refused_after(b);
		b->view.refused = refused;
		if (refused)
			b->view.note = b->options->dry_run ? "REFUSED: nothing would be changed"
							   : "REFUSED: nothing was changed";
		return transaction_print(b, refused ? refusal_status(b) : STATUS_OK, reterr);
	}
	r = transaction_find_drivers(b, true, reterr);
	if (r < 0)
		return r;
	transaction_hold_signals(true);
	r = bind_apply_all(&b->apply, b->plan.moves, b->plan.nr_moves);
	for (size_t i = 0; settle && r >= 0 && i < b->plan.nr_moves; i++)
		r = journal_settle(&b->journal, b->plan.moves[i].bus, b->plan.moves[i].name);
	transaction_explain(b);
	if (r >= 0)
		say_in_the_way(b);
	r = transaction_print(b, transaction_status(b, r), reterr);
	transaction_hold_signals(false);
	return r;
}

int bind_devices(struct transaction *b, struct failure **reterr)
{
	int r = begin(b, &b->options->targets, reterr);

	if (r >= 0)
		r = bind_plan_make(&b->request, b->arena, &b->plan, reterr);
	/* An obstacle to --persist is reported before anything moves. */
	if (r >= 0 && b->options->persist)
		r = keep_check(b, reterr);
	if (r >= 0)
		r = carry_out(b, false, reterr);
	if (r == STATUS_OK && b->options->persist)
		r = keep_drivers(b, reterr);
	return r;
}

static int run_bind(struct app *app, void *data, struct failure **reterr)
{
	struct transaction b;
	int r = transaction_open(&b, app, "bind", data, reterr);

	if (r >= 0)
		r = bind_devices(&b, reterr);
	transaction_close(&b);
	return r;
}

/* ---- unbind ---- */

/* Where @d goes back to: the journal's state of this device, else the driver that the bus chooses. */
static int plan_unbind(struct transaction *b, const struct device *d, struct bind_move *m)
{
	const struct journal_record *rec = journal_find(&b->journal, d->bus_name, d->name);
	int r;

	*m = (struct bind_move){ .bus = d->bus_name, .name = d->name, .device = d };
	r = bind_apply_look(&b->apply, m);
	/* A guard names the process that locks it; only its override is unknown. */
	if (r < 0 && r != -ETIMEDOUT)
		return r;
	if (rec && rec->identity && !strcmp(rec->identity, m->identity) &&
	    !driver_is_vfio(rec->from)) {
		m->to = rec->from;
		m->to_override = rec->from_override;
		m->vfs = rec->vfs;
		m->back = true;
	} else if (m->from && !driver_is_vfio(m->from) && !rec) {
		m->result = BIND_THERE;
		m->because = "it is not on a VFIO driver and not in the journal";
	} else {
		m->any = true;
	}
	if (m->any)
		m->to = NULL;
	return 0;
}

static int plan_unbinds(struct transaction *b, struct failure **reterr)
{
	int r = 0;

	b->plan.moves = arena_array(b->arena, b->session.nr_devices, sizeof(*b->plan.moves));
	for (size_t i = 0; r >= 0 && i < b->session.nr_devices; i++) {
		r = plan_unbind(b, b->session.devices[i], &b->plan.moves[b->plan.nr_moves++]);
		if (r < 0)
			failure_set(reterr, r,
				    "cannot look at %s: %s; 'vfiotool list' shows what is there",
				    b->session.devices[i]->name, strerror(-r));
	}
	return r;
}

int unbind_devices(struct transaction *b, struct failure **reterr)
{
	const struct transaction_options *o = b->options;
	struct operands targets = { 0 }, gone = { 0 };
	int r = 0;

	for (size_t i = 0; i < o->targets.nr; i++)
		operands_add(&targets, b->app, o->targets.items[i]);
	if (o->persist)
		r = keep_find_gone(b, &targets, &gone, reterr);
	/* For a device that is gone, only the files of --persist can be removed. */
	if (r >= 0 && gone.nr && !targets.nr) {
		r = transaction_print(b, STATUS_OK, reterr);
	} else if (r >= 0) {
		r = begin(b, &targets, reterr);
		if (r >= 0)
			r = plan_unbinds(b, reterr);
		if (r >= 0)
			r = carry_out(b, true, reterr);
	}
	if (r == STATUS_OK && o->persist)
		r = keep_no_longer(b, &gone, reterr);
	return r;
}

static int run_unbind(struct app *app, void *data, struct failure **reterr)
{
	struct transaction b;
	int r = transaction_open(&b, app, "unbind", data, reterr);

	if (r >= 0)
		r = unbind_devices(&b, reterr);
	transaction_close(&b);
	return r;
}

const struct command command_bind = {
	.name = "bind",
	.summary = "Bind devices to a VFIO driver, with safety checks",
	.operands = "TARGET...",
	.argp = &bind_argp,
	.args_size = sizeof(struct transaction_options),
	.run = run_bind,
	.documents = (const struct field_table *const[]){ &bind_fields, &bind_move_fields, NULL },
};

const struct command command_unbind = {
	.name = "unbind",
	.summary = "Return devices to their original drivers",
	.operands = "TARGET...",
	.argp = &unbind_argp,
	.args_size = sizeof(struct transaction_options),
	.run = run_unbind,
	.documents = (const struct field_table *const[]){ &bind_fields, &bind_move_fields, NULL },
};
