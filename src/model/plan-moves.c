/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Devices that a plan takes from their drivers: whether someone uses them, whether their VFIO drivers take them, and
 * one command for all targets. */
#include <string.h>

#include "base/macro.h"
#include "base/strbuf.h"
#include "model/plan-search.h"

static bool is_target(const struct planner *p, const struct device *dev)
{
	for (size_t i = 0; i < p->q->nr_devices; i++)
		if (p->q->devices[i] == dev)
			return true;
	return false;
}

/* ---- use ---- */

static void note_use(struct planner *p, struct plan_use **list, size_t *nr,
		     const struct plan_use *use)
{
	for (size_t i = 0; i < *nr; i++)
		if ((*list)[i].device == use->device && !strcmp((*list)[i].check, use->check) &&
		    !strcmp((*list)[i].chain, use->chain))
			return;
	*list = arena_grow(p->a, *list, *nr, sizeof(**list));
	(*list)[(*nr)++] = *use;
}

static bool is_storage(const struct device *dev)
{
	return dev->class_code >> 16 == 0x01;
}

/* While their use is not known: another function of the card that is asked for, of the same kind, or for graphics,
 * sound or USB. Nobody boots from these. */
static bool is_harmless_sibling(const struct planner *p, const struct device *dev)
{
	unsigned int class = dev->class_code >> 16;
	bool harmless =
		class == 0x03 || class == 0x04 || (class == 0x0c && dev->class_code >> 8 != 0x0c05);
	size_t len = strcspn(dev->name, ".");

	for (size_t i = 0; dev->bus == BUS_PCI && !is_storage(dev) && i < p->q->nr_devices; i++) {
		const struct device *target = p->q->devices[i];

		if (!strncmp(target->name, dev->name, len + 1) &&
		    (harmless || target->class_code >> 8 == dev->class_code >> 8))
			return true;
	}
	return false;
}

static bool was_removed(const struct plan_node *node, const struct device *dev)
{
	const struct assumption *as = assumptions_find(&node->as, dev, "numvfs");

	return as && !strcmp(as->value, "0");
}

/* Whether @dev may be moved. What its use is not known of moves only if it was asked for. */
static bool may_move(struct planner *p, const struct plan_node *node, const struct device *dev,
		     bool *ret_unchecked)
{
	static const struct plan_use unasked = { .check = "use",
						 .answer = ANSWER_UNKNOWN,
						 .chain = "its use was not read" };
	struct plan_use own = unasked;
	const struct plan_use *uses = &own;
	bool spare = is_target(p, dev) || is_harmless_sibling(p, dev), ret = true;
	size_t nr = 1;

	own.device = dev;
	if (p->q->ask_use)
		uses = p->q->ask_use(p->q->ctx, dev, p->a, &nr);
	for (size_t i = 0; i < nr; i++) {
		if (!strcmp(uses[i].check, "vfs") && was_removed(node, dev))
			continue;
		if (uses[i].answer == ANSWER_YES || !spare) {
			note_use(p, &p->blocked, &p->nr_blocked, &uses[i]);
			ret = false;
		} else {
			note_use(p, &p->unchecked, &p->nr_unchecked, &uses[i]);
			*ret_unchecked = true;
		}
	}
	return ret;
}

static bool all_may_move(struct planner *p, const struct plan_node *node,
			 const struct device *const *moves, size_t nr, bool *ret_unchecked)
{
	bool ret = true;

	for (size_t i = 0; i < nr; i++)
		ret &= may_move(p, node, moves[i], ret_unchecked);
	return ret;
}

/* ---- one command for all targets ---- */

static void ask(struct planner *p, const struct plan_node *node, const struct device *dev,
		enum view view, struct eval *ret)
{
	struct walk w = planner_walk(p, node, dev, view);

	w.release = (enum release)(63 - __builtin_clzll(w.kernels->releases));
	walk_ask(&w, ret);
	ret->nr_actions = 0;
}

static bool has_device(const struct device *const *list, size_t nr, const struct device *dev)
{
	for (size_t i = 0; i < nr; i++)
		if (list[i] == dev)
			return true;
	return false;
}

/* What binds @dev, or NULL when it is bound, or something else comes first. */
static const struct action *bind_of(struct planner *p, const struct plan_node *node,
				    const struct device *dev)
{
	struct eval e;

	ask(p, node, dev, VIEW_NOW, &e);
	if (eval_bound_now(&e))
		return NULL;
	eval_propose_bind(&e, dev);
	return e.nr_actions && e.actions[0]->kind == ACTION_BIND ? e.actions[0] : NULL;
}

static const char *joint_what(struct planner *p, const struct device *const *moves, size_t nr)
{
	enum { NAMED_MAX = 4 };
	struct strbuf ret = { .arena = p->a };

	if (nr > NAMED_MAX)
		return arena_printf(p->a, "bind %zu devices to their VFIO drivers", nr);
	for (size_t i = 0; i < nr; i++)
		strbuf_item(&ret, i + 1 < nr ? ", " : " and ", "%s", moves[i]->name);
	return arena_printf(p->a, "bind %s to their VFIO drivers", strbuf_get(&ret));
}

/* @first and what binds the other targets, as one action. */
static const struct action *join_binds(struct planner *p, const struct plan_node *node,
				       const struct action *first)
{
	const struct device **moves = NULL;
	struct action *ret;
	struct eval e;
	size_t nr = 0;

	for (size_t i = 0; i < p->q->nr_devices; i++) {
		const struct action *one = bind_of(p, node, p->q->devices[i]);

		for (size_t k = 0; one && k < one->nr_moves; k++) {
			if (has_device(moves, nr, one->moves[k]))
				continue;
			moves = arena_grow(p->a, moves, nr, sizeof(*moves));
			moves[nr++] = one->moves[k];
		}
	}
	for (size_t k = 0; k < first->nr_moves; k++)
		if (!has_device(moves, nr, first->moves[k]))
			return first;
	if (nr == first->nr_moves)
		return first;
	ask(p, node, moves[nr - 1], VIEW_NOW, &e);
	eval_propose_moves(&e, moves, nr, NULL, false);
	ret = (struct action *)(uintptr_t)e.actions[0];
	ret->what = joint_what(p, moves, nr);
	return ret;
}

/* ---- whether the kernel takes them ---- */

/* What BIND says of @dev: the first refusal on any kernel that may be the one. */
static enum answer bind_answer(struct planner *p, const struct plan_node *node,
			       const struct device *dev, const struct finding **ret_why)
{
	struct walk w = planner_walk(p, node, dev, VIEW_IF_BOUND);
	uint64_t left = w.kernels->releases;
	enum answer ret = ANSWER_YES;

	while (walk_next(&w, &left)) {
		struct step step;

		walk_request(&w, OP_BIND, &step);
		if (step.answer == ANSWER_YES)
			continue;
		if (ret == ANSWER_YES || step.answer == ANSWER_NO)
			*ret_why = step.why;
		ret = step.answer == ANSWER_NO ? ANSWER_NO
		      : ret == ANSWER_NO       ? ret
					       : ANSWER_UNKNOWN;
	}
	return ret;
}

static bool may_be_resolved(const struct finding *why)
{
	for (size_t i = 0; i < why->nr_actions; i++)
		if (action_has_effect(why->actions[i]) && !why->actions[i]->insecure &&
		    why->actions[i]->scope < SCOPE_REBOOT)
			return true;
	return false;
}

/* False when a target must have something done first; that is what follows @node then. A doubt that nothing
 * resolves goes into *@ret_unsure. */
static bool kernel_takes(struct planner *p, struct plan_node *node, const struct action *action,
			 const struct plan_obstacle **ret_unsure)
{
	for (size_t i = 0; i < action->nr_moves; i++) {
		const struct device *dev = action->moves[i];
		const struct finding *why = NULL;
		enum answer answer;

		if (!is_target(p, dev))
			continue;
		answer = bind_answer(p, node, dev, &why);
		if (answer == ANSWER_YES)
			continue;
		planner_add_obstacle(p, dev, why, answer);
		if (answer == ANSWER_NO || may_be_resolved(why)) {
			planner_expand(p, node, why, dev);
			if (!node->refused)
				node->refused = why;
			return false;
		}
		if (!*ret_unsure) {
			struct plan_obstacle *unsure = arena_new_object(p->a, struct plan_obstacle);

			*unsure = (struct plan_obstacle){ dev, why, answer };
			*ret_unsure = unsure;
		}
	}
	return true;
}

void planner_move(struct planner *p, struct plan_node *node, const struct action *action,
		  const struct finding *why, const struct device *about)
{
	const struct plan_obstacle *unsure = node->unsure;
	bool binds = action->kind == ACTION_BIND && !action->driver, unchecked = false;

	if (binds && p->q->nr_devices > 1 && is_target(p, action->moves[action->nr_moves - 1]))
		action = join_binds(p, node, action);
	if (binds && !kernel_takes(p, node, action, &unsure))
		return;
	if (!all_may_move(p, node, action->moves, action->nr_moves, &unchecked))
		return;
	planner_add(p, node, action, why, about, unchecked)->unsure = unsure;
}

bool planner_may_move_later(struct planner *p, const struct plan_node *node)
{
	bool unchecked = false, ret = true;

	for (size_t i = 0; i < p->q->nr_devices; i++) {
		const struct device *dev = p->q->devices[i];
		const struct action *bind = bind_of(p, node, dev);

		for (size_t k = 0; bind && k < bind->nr_moves; k++)
			if (!is_target(p, bind->moves[k]))
				ret &= may_move(p, node, bind->moves[k], &unchecked);
	}
	return ret;
}
