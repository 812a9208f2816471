/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bind/apply.h"

#include <errno.h>
#include <string.h>

#include "uapi/op.h"

static bool texts_equal(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

int bind_apply_look(struct bind_apply *ap, struct bind_move *m)
{
	struct bind_system *s = ap->system;
	int r = bind_identity(s, m->bus, m->name, ap->arena, &m->identity);

	if (r >= 0)
		r = s->ops->driver(s, m->bus, m->name, ap->arena, &m->from);
	if (r < 0)
		return r;
	m->now = m->from;
	m->from_override = NULL;
	r = bind_override(s, m->bus, m->name, ap->arena, &m->from_override);
	if (r != -ETIMEDOUT)
		m->vfs_now = bind_vfs(s, m->bus, m->name, ap->arena);
	return r == -EOPNOTSUPP ? 0 : r;
}

const char *bind_apply_denied(struct bind_system *s, const struct bind_move *m, struct arena *a,
			      int *ret_err)
{
	size_t nr;
	const struct bind_step *steps = bind_move_steps(m, a, &nr);

	for (size_t i = 0; i < nr; i++)
		if (!s->ops->is_writable(s, steps[i].path, ret_err) && *ret_err != ENOENT)
			return steps[i].path;
	return NULL;
}

/* ---- one write ---- */

static struct bind_step *note(struct bind_apply *ap, const struct bind_step *s)
{
	ap->steps = arena_grow(ap->arena, ap->steps, ap->nr_steps, sizeof(*ap->steps));
	ap->steps[ap->nr_steps] = *s;
	return &ap->steps[ap->nr_steps++];
}

static const char *driver_link(struct bind_apply *ap, const struct bind_move *m)
{
	return arena_join(ap->arena, "/sys/bus/", m->bus, "/devices/", m->name, "/driver", NULL);
}

/* The driver to return to when nothing follows the unbind. */
static const struct bind_late *way_back(struct bind_apply *ap, const struct bind_move *m)
{
	struct bind_late *ret = arena_new_object(ap->arena, struct bind_late);

	ret->link_path = driver_link(ap, m);
	ret->override_path = bind_move_step(m, BIND_ACTION_OVERRIDE, "", ap->arena).path;
	ret->override_text = m->from_override ? m->from_override : "";
	ret->driver = m->from;
	ret->bind_path =
		arena_join(ap->arena, "/sys/bus/", m->bus, "/drivers/", m->from, "/bind", NULL);
	return ret;
}

static void settle(struct bind_apply *ap)
{
	if (ap->system->ops->settled)
		ap->system->ops->settled(ap->system);
}

/* An unbind waits for the process that has the device open; and a device without a driver may be locked by
 * such an unbind of another program. */
static int kernel_write(struct bind_apply *ap, const struct bind_step *step)
{
	struct bind_system *s = ap->system;

	if (step->action == BIND_ACTION_UNBIND)
		return s->ops->write_waiting(s, step->path, step->text, NULL,
					     way_back(ap, step->move));
	if (step->move->from)
		return s->ops->write(s, step->path, step->text);
	return s->ops->write_waiting(s, step->path, step->text, driver_link(ap, step->move), NULL);
}

/* Writes the journal first, then the kernel. Undoing goes on without a journal: its records stay true until
 * the end. */
static int write_step(struct bind_apply *ap, unsigned int id, const struct bind_step *step,
		      bool undo)
{
	struct bind_step *s = note(ap, step);
	int r = journal_step(ap->journal, id, step);

	s->undoes = undo;
	if (r < 0 && !undo)
		return r;
	s->tried = true;
	r = kernel_write(ap, step);
	s->err = -r;
	return r;
}

/* The return value of a write is not its effect: the driver link shows it. */
static int check_driver(struct bind_apply *ap, struct bind_move *m)
{
	int r = ap->system->ops->driver(ap->system, m->bus, m->name, ap->arena, &m->now);

	if (r < 0)
		return r;
	/* Any driver counts, but it had one. */
	if (m->any)
		return m->back && !m->now ? -ENXIO : 0;
	return texts_equal(m->now, m->to) ? 0 : -ENXIO;
}

/* ---- one move ---- */

static int run_steps(struct bind_apply *ap, unsigned int id, struct bind_move *m, bool undo)
{
	size_t nr;
	const struct bind_step *steps = bind_move_steps(m, ap->arena, &nr);
	int r = 0, seen;

	for (size_t i = 0; i < nr && r >= 0; i++) {
		r = write_step(ap, id, &steps[i], undo);
		if (steps[i].action == BIND_ACTION_BIND && ap->steps[ap->nr_steps - 1].tried) {
			m->bind_tried = true;
			m->bind_err = -r;
		}
		/* Another program unbound it first: the result is the same. */
		if (r == -ENODEV && steps[i].action == BIND_ACTION_UNBIND &&
		    !ap->system->ops->driver(ap->system, m->bus, m->name, ap->arena, &m->now) &&
		    !m->now)
			r = 0;
	}
	seen = check_driver(ap, m);
	if (r >= 0 && seen < 0)
		r = seen;
	/* A driver that refuses the device also returns ENODEV; up to 5.13 every refusal does. */
	if (r == -ENODEV && seen != -ENODEV)
		r = -ENXIO;
	/* Another program bound it meanwhile (EBUSY), to the requested driver. */
	return seen == 0 && r != -ETIMEDOUT && !m->any ? 0 : r;
}

/* @m reversed, from the current state of the device. */
static int turn(struct bind_apply *ap, const struct bind_move *m, struct bind_move *ret)
{
	*ret = (struct bind_move){
		.bus = m->bus,
		.name = m->name,
		.device = m->device,
		.to = m->from,
		.to_override = m->from_override,
	};
	return bind_apply_look(ap, ret);
}

static int bind_overridden(struct bind_apply *ap, unsigned int id, struct bind_move *m, bool undo)
{
	const char *to_override = m->to_override;
	int r = bind_apply_look(ap, m);

	if (r < 0)
		return r;
	m->to_override = m->to;
	r = run_steps(ap, id, m, undo);
	m->to_override = to_override;
	if (bind_apply_look(ap, m) < 0)
		return r;
	if (!texts_equal(m->from_override, to_override)) {
		struct bind_step s = bind_move_step(m, BIND_ACTION_OVERRIDE,
						    to_override ? to_override : "", ap->arena);
		int cleared = write_step(ap, id, &s, undo);

		r = r < 0 ? r : cleared;
	}
	return r;
}

/* A driver that bound by an override or a dynamic id may not match the device without it: then an override
 * is set for the time of the bind. @m keeps where it came from.
 * linux: drivers/pci/pci-driver.c: pci_match_device(). */
static int run_overridden(struct bind_apply *ap, unsigned int id, struct bind_move *m, bool undo)
{
	const char *from = m->from, *from_override = m->from_override;
	int r = bind_overridden(ap, id, m, undo);

	m->from = from;
	m->from_override = from_override;
	return r;
}

/* ENODEV of a write does not prove that the device is gone; its record would be lost. */
static int confirm_gone(struct bind_apply *ap, const struct bind_move *m, int r)
{
	const char *now;

	if (r != -ENODEV ||
	    ap->system->ops->driver(ap->system, m->bus, m->name, ap->arena, &now) == -ENODEV)
		return r;
	return -ENXIO;
}

/* Moves towards m->to and m->to_override with every method there is. */
static int go_back(struct bind_apply *ap, unsigned int id, struct bind_move *m)
{
	int r = run_steps(ap, id, m, true);
	const char *left = NULL;

	if (m->any || r == -ETIMEDOUT || r == -ENODEV)
		return r;
	if (r < 0 && m->to)
		r = run_overridden(ap, id, m, true);
	if (r >= 0 && bind_override(ap->system, m->bus, m->name, ap->arena, &left) >= 0 &&
	    !texts_equal(left, m->to_override))
		r = -EIO;
	return confirm_gone(ap, m, r);
}

static void roll_back(struct bind_apply *ap, unsigned int id, struct bind_move *m)
{
	/* The steps that are noted refer to it. */
	struct bind_move *back = arena_new_object(ap->arena, struct bind_move);
	int r = turn(ap, m, back);

	if (r >= 0)
		r = go_back(ap, id, back);
	if (r == -ENODEV) {
		m->result = BIND_GONE;
		m->now = NULL;
		/* Records of earlier moves are obsolete as well. */
		journal_settle(ap->journal, m->bus, m->name);
		return;
	}
	m->now = back->now;
	m->result = r < 0 ? BIND_LOST : BIND_ROLLED_BACK;
	if (r >= 0)
		journal_undone(ap->journal, id);
	else
		m->remedy = arena_printf(ap->arena,
					 "'vfiotool restore' tries again; returning it failed: %s",
					 errno_name(-r));
}

/* The guards checked the device on another driver. */
static int leave_changed(struct bind_apply *ap, struct bind_move *m, const char *planned)
{
	m->result = BIND_LEFT;
	m->because = arena_printf(ap->arena, "its driver was %s at the check and is %s now",
				  planned ? planned : "none", m->from ? m->from : "none");
	m->remedy = "another program is rebinding this device; retry when it has finished";
	return -EAGAIN;
}

static int do_move(struct bind_apply *ap, struct bind_move *m, unsigned int *ret_id)
{
	const char *planned = m->from;
	int r = bind_apply_look(ap, m);

	*ret_id = 0;
	if (r < 0) {
		m->result = r == -ENODEV ? BIND_GONE : BIND_LEFT;
		m->now = r == -ENODEV ? NULL : m->now;
		return r;
	}
	if (!m->any && texts_equal(m->from, m->to)) {
		m->result = BIND_THERE;
		return 0;
	}
	if (m->device && !texts_equal(planned, m->from))
		return leave_changed(ap, m, planned);
	if (!m->back)
		m->vfs = m->vfs_now;
	r = journal_intent(ap->journal, m, ret_id);
	if (r < 0) {
		*ret_id = 0;
		m->result = BIND_LEFT;
		m->because = "the journal could not be written; without it no driver is changed";
		return r;
	}
	r = run_steps(ap, *ret_id, m, false);
	if (r < 0 && m->back && m->to && r != -ETIMEDOUT && r != -ENODEV)
		r = run_overridden(ap, *ret_id, m, false);
	if (r >= 0) {
		m->result = BIND_MOVED;
		r = journal_done(ap->journal, *ret_id);
	}
	return r;
}

/* The kernel has the device locked until the process that uses it closes it: a write would also wait. Its
 * record stays. */
static void leave_waiting(struct bind_apply *ap, struct bind_move *m)
{
	m->result = BIND_LEFT;
	m->remedy =
		m->from ? arena_printf(ap->arena,
				       "when that process closes it, it returns to %s on its own; then run 'vfiotool restore' to make sure",
				       m->from)
			: "when that process closes it, the write takes effect; then run 'vfiotool restore' to undo it";
}

int bind_apply_all(struct bind_apply *ap, struct bind_move *moves, size_t nr)
{
	unsigned int *ids = arena_array(ap->arena, nr, sizeof(*ids));
	int r = 0;

	for (size_t i = 0; i < nr; i++) {
		if (moves[i].result == BIND_GONE)
			moves[i].now = NULL;
		if (moves[i].result != BIND_PLANNED)
			continue;
		r = do_move(ap, &moves[i], &ids[i]);
		if (r >= 0) {
			settle(ap);
			continue;
		}
		moves[i].err = -r;
		for (size_t k = i + 1; k-- > 0;)
			if (ids[k] && k == i && r == -ETIMEDOUT)
				leave_waiting(ap, &moves[k]);
			else if (ids[k])
				roll_back(ap, ids[k], &moves[k]);
		settle(ap);
		return r;
	}
	return 0;
}

int bind_apply_back(struct bind_apply *ap, struct bind_move *m)
{
	bool recorded = journal_find(ap->journal, m->bus, m->name) != NULL;
	unsigned int id = 0;
	int r = bind_apply_look(ap, m);

	if (r >= 0 && !recorded)
		r = journal_intent(ap->journal, m, &id);
	if (r >= 0 && !m->any && texts_equal(m->from, m->to) &&
	    texts_equal(m->from_override, m->to_override))
		m->result = BIND_THERE;
	else if (r >= 0)
		r = go_back(ap, id, m);
	settle(ap);
	if (r == -ENODEV) {
		m->result = BIND_GONE;
		m->now = NULL;
		return journal_settle(ap->journal, m->bus, m->name);
	}
	if (r == -ETIMEDOUT)
		leave_waiting(ap, m);
	else if (r < 0)
		m->result = BIND_LOST;
	if (r < 0) {
		m->err = -r;
		return r;
	}
	if (m->result != BIND_THERE)
		m->result = BIND_MOVED;
	return journal_settle(ap->journal, m->bus, m->name);
}
