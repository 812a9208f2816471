/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The result of each move: why it failed, by the model and the guards, and the exit status. */
#include <errno.h>
#include <string.h>

#include "base/shell.h"
#include "run/transaction.h"

static const char *who_holds(const struct transaction *b, const struct bind_move *m)
{
	struct guard_finding *found = NULL;
	size_t nr = 0;

	if (!m->device)
		return NULL;
	guards_check(b->session.root, b->session.host, m->device, b->arena, &found, &nr);
	for (size_t i = 0; i < nr; i++)
		if (found[i].pid && found[i].answer == ANSWER_YES)
			return found[i].evidence;
	return NULL;
}

/* Selected by its alias: a variant driver. */
static bool is_variant(const struct transaction *b, const struct bind_move *m)
{
	return !b->options->driver && !strcmp(m->bus, "pci") && driver_is_vfio(m->to) &&
	       strcmp(m->to, "vfio-pci") != 0;
}

static void explain(struct transaction *b, struct bind_move *m)
{
	const struct step *s = m->predicted;
	const char *who;

	if (m->because || !m->err)
		return;
	if (m->result == BIND_GONE) {
		m->because = "the device was removed while it was moved";
	} else if (m->err == ETIMEDOUT) {
		who = who_holds(b, m);
		m->because =
			arena_printf(b->arena, "%s: %s",
				     m->from ? "the unbind waits for the process that uses it"
					     : "the kernel has it locked: another unbind or bind of it waits",
				     who ? who : "no process that has it open was found");
		if (!m->remedy)
			m->remedy = "end that process or make it close the device, then retry";
	} else if (m->bind_tried && m->bind_err) {
		bool known = s && s->answer == ANSWER_NO && (!s->err || s->err == m->bind_err);

		m->because = arena_printf(b->arena, "driver %s refused it (%s)%s%s", m->to,
					  errno_name(m->bind_err), known ? ": " : "",
					  known ? s->why->because : "");
		if (!m->remedy)
			m->remedy =
				known && s->why->remedy ? s->why->remedy
				: is_variant(b, m)
					? "'dmesg' may show why; '--driver vfio-pci' selects the general driver"
					: "'dmesg' may show why";
	} else if (m->bind_tried && m->err == ENXIO) {
		m->because = arena_printf(b->arena,
					  "the kernel accepted the write, but %s is not its driver",
					  m->to);
		if (!m->remedy)
			m->remedy = "'dmesg' may show why";
	} else {
		m->because = m->err == ENXIO ? "a write was refused, or had no effect"
					     : arena_printf(b->arena, "%s", strerror(m->err));
		if (!m->remedy)
			m->remedy = "'dmesg' may show why; retry when the cause is removed";
	}
}

/* They disappear with the old driver, and the new one does not create them. */
static void say_missing(struct transaction *b, struct bind_move *m)
{
	unsigned int now;

	if (!m->vfs || m->result == BIND_PLANNED || m->result == BIND_GONE)
		return;
	now = bind_vfs(&b->system, m->bus, m->name, b->arena);
	if (now < m->vfs)
		m->missing =
			arena_printf(b->arena,
				     "virtual functions: it had %u and has %u now, because a driver removed them; when it is on that driver again: echo %u > /sys/bus/pci/devices/%s/sriov_numvfs",
				     m->vfs, now, m->vfs, shell_word(b->arena, m->name));
}

void transaction_explain(struct transaction *b)
{
	for (size_t i = 0; i < b->plan.nr_moves; i++) {
		explain(b, &b->plan.moves[i]);
		say_missing(b, &b->plan.moves[i]);
	}
	if (b->journal.err && !b->view.note)
		b->view.note =
			arena_printf(b->arena,
				     "cannot write the journal '%s/journal': %s; remove the cause, then 'vfiotool restore' undoes its records",
				     b->journal.dir, strerror(b->journal.err));
}

int transaction_status(const struct transaction *b, int r)
{
	enum match match = MATCH_OPEN;
	bool refused = false;

	for (size_t i = 0; i < b->plan.nr_moves; i++) {
		const struct bind_move *m = &b->plan.moves[i];

		if (bind_match(m) == MATCH_NO)
			match = MATCH_NO;
		refused |= m->bind_tried && m->bind_err && m->result != BIND_GONE;
		if (m->result == BIND_LOST)
			return STATUS_FAILED;
	}
	if (match == MATCH_NO)
		return STATUS_DIFFER;
	if (r >= 0)
		return STATUS_OK;
	return refused ? STATUS_NO : STATUS_FAILED;
}
