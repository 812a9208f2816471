/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/plan-search.h"

#include <string.h>

#include "base/macro.h"

struct walk planner_walk(struct planner *p, const struct plan_node *node, const struct device *dev,
			 enum view view)
{
	return (struct walk){
		.host = p->q->host,
		.assumptions = &node->as,
		.dev = dev,
		.arena = p->a,
		.kernels = p->q->kernels,
		.view = view,
		.path = p->path,
		.brief = true,
	};
}

/* ---- what is predicted ---- */

static bool in_noiommu_mode(struct walk *w)
{
	struct eval e;

	w->release = (enum release)(63 - __builtin_clzll(w->kernels->releases));
	walk_ask(w, &e);
	return eval_group_kind(&e) == GROUP_NOIOMMU;
}

/* A device that gets its group as it is bound has none that can be looked at before. */
static enum view view_of(const struct plan_node *node, const struct device *dev)
{
	bool bound = node->parent && (!dev->group || device_is_vmd(dev)) &&
		     assumptions_find(&node->as, dev, "driver");

	return node->later || bound ? VIEW_IF_BOUND : VIEW_NOW;
}

static void look_at(struct planner *p, struct plan_node *node, const struct device *dev)
{
	struct walk w = planner_walk(p, node, dev, view_of(node, dev));
	struct path_prediction path;

	if (!p->path_fixed && in_noiommu_mode(&w))
		w.path = PATH_NOIOMMU;
	node->path = w.path;
	p->predictions++;
	walk_kernels(&w, &path);
	if (path.answer == ANSWER_YES ||
	    (path.answer == ANSWER_UNKNOWN && node->look.answer != ANSWER_YES))
		return;
	node->look = (struct plan_look){ .answer = path.answer,
					 .op = path.op,
					 .err = path.err,
					 .device = dev,
					 .why = path.why,
					 .because = path.because };
}

/* The first refusal of a device; where there is none, the first doubt. */
static void look(struct planner *p, struct plan_node *node)
{
	const struct plan_obstacle *unsure = node->unsure;

	node->look = (struct plan_look){ .answer = ANSWER_YES };
	for (size_t i = 0; i < p->q->nr_devices && node->look.answer != ANSWER_NO; i++)
		look_at(p, node, p->q->devices[i]);
	if (node->look.answer == ANSWER_YES && unsure)
		node->look = (struct plan_look){ .answer = ANSWER_UNKNOWN,
						 .device = unsure->device,
						 .why = unsure->why,
						 .because = unsure->why->because };
}

/* ---- nodes ---- */

static void assume(struct plan_node *node, struct arena *a, const char *target, const char *key,
		   const char *value)
{
	struct assumption item = { .target = target, .key = key, .value = value };

	item.fact = (struct fact){ .state = FACT_PRESENT, .path = "plan" };
	item.fact.raw = arena_join(a, key, "=", value, NULL);
	item.fact.len = strlen(item.fact.raw);
	node->as.items[node->as.nr++] = item;
}

static const char *driver_after(const struct action *action, const struct device *dev)
{
	const char *vfio = eval_vfio_driver(dev);

	if (!action->driver)
		return vfio ? vfio : "none";
	return strcmp(action->driver, "gone") != 0 ? action->driver : "none";
}

static void lay_over(struct planner *p, const struct assumptions *before, struct plan_node *node)
{
	const struct action *action = node->action;
	size_t more = action ? action->nr_overlay + action->nr_moves : 0;

	if (before)
		node->as = *before;
	node->as.items = arena_array(p->a, node->as.nr + more, sizeof(*node->as.items));
	if (before && before->nr)
		memcpy(node->as.items, before->items, before->nr * sizeof(*before->items));
	for (size_t i = 0; action && i < action->nr_overlay; i++)
		assume(node, p->a, action->overlay[i].target, action->overlay[i].key,
		       action->overlay[i].value);
	for (size_t i = 0; action && i < action->nr_moves; i++)
		assume(node, p->a, action->moves[i]->name, "driver",
		       driver_after(action, action->moves[i]));
}

static struct plan_node *push(struct planner *p, struct plan_node *node)
{
	node->order = p->order++;
	p->open = arena_grow(p->a, p->open, p->nr_open, sizeof(*p->open));
	p->open[p->nr_open++] = node;
	return node;
}

static enum action_scope greater(enum action_scope a, enum action_scope b)
{
	return a > b ? a : b;
}

struct plan_node *planner_add(struct planner *p, const struct plan_node *node,
			      const struct action *action, const struct finding *why,
			      const struct device *about, bool unchecked)
{
	struct plan_node *child = arena_new_object(p->a, struct plan_node);
	bool reboots = action->scope >= SCOPE_REBOOT || action->blind;

	*child = (struct plan_node){
		.parent = node,
		.action = action,
		.why = why,
		.about = about,
		.unsure = node->unsure,
		.insecure = node->insecure || action->insecure,
		.scope = node->scope,
		.by_hand = node->by_hand,
		.depth = node->depth,
		.later = node->later || reboots,
		.quiet = node->later && !reboots && !action_lasts(action),
		.unchecked = unchecked,
	};
	if (!child->quiet) {
		child->scope = greater(node->scope, action->scope);
		child->by_hand +=
			!action->command && !action->add && !action->remove && !action->line;
		child->depth++;
	}
	lay_over(p, &node->as, child);
	return push(p, child);
}

static bool costs_less(const struct plan_node *a, const struct plan_node *b)
{
	if (a->insecure != b->insecure)
		return b->insecure;
	if (a->scope != b->scope)
		return a->scope < b->scope;
	if (a->by_hand != b->by_hand)
		return a->by_hand < b->by_hand;
	if (a->depth != b->depth)
		return a->depth < b->depth;
	return a->order < b->order;
}

static struct plan_node *pop(struct planner *p)
{
	struct plan_node *ret = NULL;

	for (size_t i = 0; i < p->nr_open; i++)
		if (!p->open[i]->done && (!ret || costs_less(p->open[i], ret)))
			ret = p->open[i];
	if (ret)
		ret->done = true;
	return ret;
}

/* ---- what was met ---- */

void planner_add_obstacle(struct planner *p, const struct device *dev, const struct finding *why,
			  enum answer answer)
{
	for (size_t i = 0; i < p->nr_obstacles; i++)
		if (p->obstacles[i].device == dev && p->obstacles[i].why->rule == why->rule)
			return;
	p->obstacles = arena_grow(p->a, p->obstacles, p->nr_obstacles, sizeof(*p->obstacles));
	p->obstacles[p->nr_obstacles++] =
		(struct plan_obstacle){ .device = dev, .why = why, .answer = answer };
}

static void note(struct planner *p, const struct action ***list, size_t *nr,
		 const struct action *action)
{
	for (size_t i = 0; i < *nr; i++)
		if (!strcmp((*list)[i]->what, action->what))
			return;
	*list = arena_grow(p->a, *list, *nr, sizeof(**list));
	(*list)[(*nr)++] = action;
}

/* Whether the overlay of @node has it already: then it did not help. */
static bool is_done(const struct plan_node *node, const struct action *action)
{
	for (; node->parent; node = node->parent)
		if (!strcmp(node->action->what, action->what) && node->action->kind == action->kind)
			return true;
	return false;
}

void planner_expand(struct planner *p, struct plan_node *node, const struct finding *why,
		    const struct device *dev)
{
	for (size_t i = 0; i < why->nr_actions; i++) {
		const struct action *action = why->actions[i];

		if (!action_has_effect(action)) {
			note(p, &p->advice, &p->nr_advice, action);
			continue;
		}
		if (action->insecure)
			note(p, &p->insecure, &p->nr_insecure, action);
		if (is_done(node, action))
			continue;
		if (action->nr_moves)
			planner_move(p, node, action, why, dev);
		else
			planner_add(p, node, action, why, dev, false);
	}
}

/* Where something is only not known, what may help becomes advice, not a step. */
static void note_all(struct planner *p, const struct finding *why)
{
	for (size_t i = 0; i < why->nr_actions; i++)
		if (!why->actions[i]->insecure)
			note(p, &p->advice, &p->nr_advice, why->actions[i]);
}

/* What would make a doubt certain, and is one command that can be done now: nobody is sent for what may not be needed. */
static bool settles(const struct plan_node *node, const struct action *action)
{
	return action_has_effect(action) && action->command && !action->insecure &&
	       !action->blind && action->scope < SCOPE_REBOOT && !is_done(node, action);
}

static bool helps_a_doubt(const struct plan_node *node, const struct finding *why)
{
	for (size_t i = 0; i < why->nr_actions; i++)
		if (settles(node, why->actions[i]))
			return true;
	return false;
}

/* ---- the search ---- */

static bool ends(struct planner *p, const struct plan_node *node)
{
	const struct plan_look *l = &node->look;

	if (l->answer == ANSWER_NO)
		return false;
	if (l->answer == ANSWER_UNKNOWN && l->why && !node->later) {
		if (helps_a_doubt(node, l->why))
			return false;
		note_all(p, l->why);
	}
	return !node->later || planner_may_move_later(p, node);
}

const struct plan_node *planner_search(struct planner *p)
{
	struct plan_node *root = arena_new_object(p->a, struct plan_node), *node;

	lay_over(p, p->q->assumptions, root);
	push(p, root);
	while (p->predictions + p->q->nr_devices <= PLAN_PREDICTIONS_MAX && (node = pop(p))) {
		size_t before = p->nr_open;

		look(p, node);
		if (ends(p, node))
			return node;
		if (!node->look.why) {
			p->dead_end = p->dead_end ? p->dead_end : node;
			continue;
		}
		planner_add_obstacle(p, node->look.device, node->look.why, node->look.answer);
		planner_expand(p, node, node->look.why, node->look.device);
		if (p->nr_open == before && !p->dead_end)
			p->dead_end = node;
	}
	return NULL;
}
