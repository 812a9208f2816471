/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the search to the plan: steps, what stands in the way, what else would do. */
#include "model/plan.h"

#include <string.h>

#include "base/macro.h"
#include "base/strbuf.h"
#include "model/plan-search.h"

/* More devices than these are not planned for together. */
enum { TOGETHER_MAX = PLAN_PREDICTIONS_MAX / 3, REMEDY_MEMBERS_MAX = 64 };

static struct plan_expected expected_of(const struct plan_look *l)
{
	return (struct plan_expected){
		.answer = l->answer, .op = l->op, .err = l->err, .device = l->device
	};
}

/* ---- steps ---- */

static const char *targets_text(struct planner *p)
{
	struct strbuf ret = { .arena = p->a };
	struct plan_node none = { 0 };
	struct eval e;

	for (size_t i = 0; i < p->q->nr_devices; i++) {
		struct walk w = planner_walk(p, &none, p->q->devices[i], VIEW_NOW);

		walk_ask(&w, &e);
		strbuf_item(&ret, " ", "%s", eval_target(&e, p->q->devices[i]));
	}
	return strbuf_get(&ret);
}

static void add_step(struct planner *p, struct plan *plan, const struct plan_step *step)
{
	plan->steps = arena_grow(p->a, plan->steps, plan->nr_steps, sizeof(*plan->steps));
	plan->steps[plan->nr_steps++] = *step;
	if (step->action->scope > plan->scope)
		plan->scope = step->action->scope;
}

/* What comes after a reboot is planned then. */
static void add_plan_again(struct planner *p, struct plan *plan)
{
	struct action *again = arena_new_object(p->a, struct action);

	*again = (struct action){ .kind = ACTION_PLAN };
	again->what = plan->scope >= SCOPE_REBOOT ? "plan again after that" : "plan again";
	again->command = arena_join(p->a, "vfiotool plan", p->q->options ? p->q->options : "", " ",
				    targets_text(p), NULL);
	add_step(p, plan, &(struct plan_step){ .action = again });
}

/* A step before a reboot that the reboot undoes. */
static bool is_lost(const struct plan_node *node, const struct plan_node *end)
{
	return end->later && !action_lasts(node->action) && !node->action->blind;
}

/* From the first one on. */
static void add_steps(struct planner *p, const struct plan_node *node, struct plan *plan,
		      const struct plan_node *end)
{
	const struct plan_look *l = &node->look;

	if (!node->parent) {
		plan->now = expected_of(l);
		return;
	}
	add_steps(p, node->parent, plan, end);
	if (node->quiet || is_lost(node, end))
		return;
	/* What holds before the reboot is not what was predicted for the time after it. */
	add_step(p, plan,
		 &(struct plan_step){ .action = node->action,
				      .why = node->why,
				      .about = node->about,
				      .expected = node->later ? (struct plan_expected){ 0 }
							      : expected_of(l),
				      .unchecked = node->unchecked });
}

static void add_obstacles_of(struct planner *p, const struct plan_node *node)
{
	if (!node)
		return;
	add_obstacles_of(p, node->parent);
	if (node->look.why)
		planner_add_obstacle(p, node->look.device, node->look.why, node->look.answer);
	if (node->why)
		planner_add_obstacle(p, node->about, node->why, ANSWER_NO);
}

/* ---- what else would do ---- */

static void add_alternative(struct planner *p, struct plan *plan, const struct action *action)
{
	for (size_t i = 0; i < plan->nr_alternatives; i++)
		if (!strcmp(plan->alternatives[i]->what, action->what))
			return;
	for (size_t i = 0; i < plan->nr_steps; i++)
		if (!strcmp(plan->steps[i].action->what, action->what))
			return;
	plan->alternatives = arena_grow(p->a, plan->alternatives, plan->nr_alternatives,
					sizeof(*plan->alternatives));
	plan->alternatives[plan->nr_alternatives++] = action;
}

static const struct action *advice(struct planner *p, enum action_kind kind,
				   enum action_scope scope, const char *what)
{
	struct action *ret = arena_new_object(p->a, struct action);

	*ret = (struct action){ .kind = kind, .scope = scope, .what = what };
	return ret;
}

/* A device that cannot be moved: one of another slot, or another device. */
static void add_for_blocked(struct planner *p, struct plan *plan, const struct plan_use *use)
{
	const struct device *dev = use->device, *target = plan->devices[0];

	for (size_t i = 0; i < plan->nr_devices; i++)
		if (plan->devices[i] == dev) {
			if (use->answer == ANSWER_YES)
				add_alternative(p, plan,
						advice(p, ACTION_HARDWARE, SCOPE_HARDWARE,
						       arena_printf(p->a,
								    "use another device of this kind: the host uses %s",
								    dev->name)));
			return;
		}
	for (size_t i = 0; i < plan->nr_devices; i++)
		if (plan->devices[i]->group && plan->devices[i]->group == dev->group)
			target = plan->devices[i];
	add_alternative(p, plan,
			advice(p, ACTION_HARDWARE, SCOPE_HARDWARE,
			       arena_printf(p->a,
					    "put %s or %s into another slot, below a port that isolates (ACS), so that they no longer share a group",
					    target->name, dev->name)));
	struct action *override = arena_new_object(p->a, struct action);
	*override = (struct action){
		.kind = ACTION_BOOT_OPTION,
		.scope = SCOPE_REBOOT,
		.insecure = true,
		.what = "boot a kernel that has the ACS override patch with pcie_acs_override=downstream,multifunction",
		.weakens =
			"devices in groups that only this option parts can still write to each other",
		.add = "pcie_acs_override=downstream,multifunction",
	};
	add_alternative(p, plan, override);
}

static void add_alternatives(struct planner *p, struct plan *plan, bool insecure_taken)
{
	for (size_t i = 0; i < p->nr_advice; i++)
		if (!p->advice[i]->insecure)
			add_alternative(p, plan, p->advice[i]);
	for (size_t i = 0; plan->answer != ANSWER_YES && i < plan->nr_blocked; i++)
		add_for_blocked(p, plan, &plan->blocked[i]);
	for (size_t i = 0; !insecure_taken && i < p->nr_insecure; i++)
		add_alternative(p, plan, p->insecure[i]);
}

/* The insecure last; the order is otherwise kept. */
static void sort_alternatives(struct planner *p, struct plan *plan)
{
	const struct action **ret = arena_array(p->a, plan->nr_alternatives, sizeof(*ret));
	size_t nr = 0;

	for (int insecure = 0; insecure < 2; insecure++)
		for (size_t i = 0; i < plan->nr_alternatives; i++)
			if (plan->alternatives[i]->insecure == (insecure == 1))
				ret[nr++] = plan->alternatives[i];
	plan->alternatives = ret;
}

/* ---- the plan ---- */

static bool is_blocked_for_sure(const struct planner *p)
{
	for (size_t i = 0; i < p->nr_blocked; i++)
		if (p->blocked[i].answer == ANSWER_YES)
			return true;
	return false;
}

static const char *blocked_text(struct planner *p)
{
	const struct plan_use *use = &p->blocked[0];

	for (size_t i = 0; i < p->nr_blocked; i++)
		if (p->blocked[i].answer == ANSWER_YES) {
			use = &p->blocked[i];
			break;
		}
	if (use->answer == ANSWER_YES)
		return arena_printf(p->a, "%s would have to move, and it is in use: %s",
				    use->device->name, use->chain);
	return arena_printf(p->a, "%s would have to move, and cannot tell whether it is in use: %s",
			    use->device->name, use->chain);
}

/* There is no way on. */
static void conclude_without(struct planner *p, const struct plan_node *root, struct plan *plan)
{
	const struct plan_node *end = p->dead_end;
	bool stopped = p->predictions + p->q->nr_devices > PLAN_PREDICTIONS_MAX;

	plan->answer = ANSWER_NO;
	plan->now = expected_of(&root->look);
	if (p->nr_blocked) {
		plan->because = blocked_text(p);
		if (!is_blocked_for_sure(p))
			plan->answer = ANSWER_UNKNOWN;
	} else if (stopped) {
		plan->answer = ANSWER_UNKNOWN;
		plan->because = "the search for a plan was stopped after 200 predictions";
	} else if (end && end->refused) {
		plan->because = end->refused->because;
	} else if (end) {
		plan->because = end->look.because;
	} else {
		plan->because = root->look.because;
	}
}

static void conclude_with(struct planner *p, const struct plan_node *end, struct plan *plan)
{
	add_steps(p, end, plan, end);
	plan->answer = end->look.answer;
	plan->because = end->look.because;
	if (!end->later)
		return;
	add_plan_again(p, plan);
	plan->answer = ANSWER_UNKNOWN;
	plan->because =
		plan->scope >= SCOPE_REBOOT
			? "which devices share a group, and which drivers they are on, is only known after the reboot"
			: "which devices share its group is only known after that";
}

/* One plan on one path. */
static void plan_path(const struct plan_request *q, enum path_kind path, unsigned int spent,
		      struct arena *a, struct plan *ret)
{
	struct planner p = {
		.q = q, .a = a, .path = path, .path_fixed = q->path_asked, .predictions = spent
	};
	const struct plan_node *end = planner_search(&p);

	*ret = (struct plan){ .devices = q->devices, .nr_devices = q->nr_devices, .path = path };
	if (end) {
		p.nr_obstacles = 0;
		add_obstacles_of(&p, end);
		conclude_with(&p, end, ret);
		if (end->path != path)
			ret->path = end->path;
	} else {
		conclude_without(&p, p.open[0], ret);
	}
	ret->obstacles = p.obstacles;
	ret->nr_obstacles = p.nr_obstacles;
	ret->predictions = p.predictions;
	ret->insecure = end && end->insecure;
	/* A dead end on another way does not matter. */
	if (!end || end->later) {
		ret->blocked = p.blocked;
		ret->nr_blocked = p.nr_blocked;
	}
	ret->unchecked = p.unchecked;
	ret->nr_unchecked = end && !end->later ? p.nr_unchecked : 0;
	if (ret->answer != ANSWER_YES || ret->insecure)
		add_alternatives(&p, ret, ret->insecure);
	sort_alternatives(&p, ret);
}

/* ---- which path ---- */

static bool is_simple(const struct plan *p)
{
	return p->answer == ANSWER_YES && !p->insecure;
}

/* Yes before unknown before no, then what costs less. */
static bool is_better(const struct plan *a, const struct plan *b)
{
	static const int ranks[] = { [ANSWER_UNKNOWN] = 1, [ANSWER_NO] = 2, [ANSWER_YES] = 0 };
	bool steps = a->nr_steps != 0, others = b->nr_steps != 0;

	if (ranks[a->answer] != ranks[b->answer])
		return ranks[a->answer] < ranks[b->answer];
	if (a->answer != ANSWER_YES && steps != others)
		return steps;
	if (a->insecure != b->insecure)
		return b->insecure;
	return a->scope != b->scope ? a->scope < b->scope : a->nr_steps < b->nr_steps;
}

static void plan_best_path(const struct plan_request *q, struct arena *a, struct plan *ret)
{
	static const enum path_kind order[] = { PATH_CONTAINER, PATH_IOMMUFD, PATH_COMPAT };
	struct walk w = { .host = q->host,
			  .assumptions = q->assumptions,
			  .dev = q->devices[0],
			  .arena = a,
			  .kernels = q->kernels,
			  .view = VIEW_NOW,
			  .brief = true };
	enum path_kind first = q->path_asked ? q->path : walk_best_path(&w);

	plan_path(q, first, 0, a, ret);
	for (size_t i = 0; !q->path_asked && !is_simple(ret) && i < ARRAY_SIZE(order); i++) {
		struct plan other;

		w.path = order[i];
		if (order[i] == first || walk_missing(&w))
			continue;
		plan_path(q, order[i], ret->predictions, a, &other);
		other.predictions =
			other.predictions > ret->predictions ? other.predictions : ret->predictions;
		if (is_better(&other, ret))
			*ret = other;
		else
			ret->predictions = other.predictions;
	}
}

void plan_make(const struct plan_request *q, struct arena *a, struct plans *ret)
{
	struct plan_request one = *q;

	*ret = (struct plans){ .items = arena_array(a, q->nr_devices ? q->nr_devices : 1,
						    sizeof(*ret->items)) };
	if (!q->nr_devices)
		return;
	if (q->nr_devices <= TOGETHER_MAX) {
		plan_best_path(q, a, &ret->items[0]);
		ret->nr = 1;
		if (q->nr_devices == 1 ||
		    (ret->items[0].answer != ANSWER_NO && !ret->items[0].nr_blocked))
			return;
	}
	one.nr_devices = 1;
	for (ret->nr = 0; ret->nr < q->nr_devices; ret->nr++) {
		one.devices = &q->devices[ret->nr];
		plan_best_path(&one, a, &ret->items[ret->nr]);
	}
}

void plan_add_notices(const struct plan_request *q, struct arena *a, struct plan *plan)
{
	for (size_t i = 0; i < plan->nr_devices; i++) {
		struct notices found;

		notices_find(q->host, q->assumptions, q->kernels, plan->devices[i], a, &found);
		for (size_t k = 0; k < found.nr; k++) {
			const struct notice *n = &found.items[k];
			struct action *said = arena_new_object(a, struct action);

			*said = (struct action){ .what = n->remedy };
			plan->notices = arena_grow(a, plan->notices, plan->nr_notices,
						   sizeof(*plan->notices));
			plan->notices[plan->nr_notices++] =
				(struct plan_notice){ plan->devices[i], n,
						      n->action   ? n->action
						      : n->remedy ? said
								  : NULL };
		}
	}
}

/* In use, or perhaps. */
static void add_blocked(struct strbuf *ret, const struct plan *p)
{
	const struct plan_use *use = &p->blocked[0];

	for (size_t i = 0; i < p->nr_blocked; i++)
		if (p->blocked[i].answer == ANSWER_YES) {
			use = &p->blocked[i];
			break;
		}
	strbuf_printf(ret, "%s would have to move and %s in use (%s)%s%s", use->device->name,
		      use->answer == ANSWER_YES ? "is" : "may be", use->chain,
		      use->remedy ? ": " : "", use->remedy ? use->remedy : "");
}

/* Whether an alternative before @nr is of its kind: one line has room for one of each. */
static bool is_repeated(const struct plan *p, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (p->alternatives[i]->kind == p->alternatives[nr]->kind)
			return true;
	return false;
}

const char *plan_text(const struct plan *p, struct arena *a)
{
	struct strbuf ret = { .arena = a };

	for (size_t i = 0; i < p->nr_steps; i++)
		strbuf_item(&ret, "; then ", "%s", action_text(a, p->steps[i].action));
	if (p->nr_steps || p->answer == ANSWER_YES)
		return ret.s;
	if (p->nr_blocked)
		add_blocked(&ret, p);
	for (size_t i = 0; i < p->nr_alternatives; i++)
		if (!is_repeated(p, i))
			strbuf_item(&ret, "; or ", "%s", action_text(a, p->alternatives[i]));
	return ret.s;
}

const char *plan_remedy(const struct plan_request *q, enum path_kind path, struct arena *a)
{
	struct plan_request one = *q;
	struct plan plan;

	one.path_asked = true;
	one.path = path;
	plan_path(&one, path, 0, a, &plan);
	return plan_text(&plan, a);
}

static void replace_remedy(struct arena *a, struct path_prediction *path, const char *remedy)
{
	struct finding *why;

	path->remedy = remedy;
	if (!path->why)
		return;
	why = arena_memdup(a, path->why, sizeof(*why));
	why->remedy = remedy;
	for (size_t i = 0; i < path->nr_steps; i++)
		if (path->steps[i].why == path->why)
			path->steps[i].why = why;
	path->why = why;
}

void plan_remedies(const struct plan_request *q, struct arena *a, struct prediction *p)
{
	const struct group *g = p->device->group;

	/* In a group as large as none really is, the findings' own texts have to do. */
	if (g && g->nr_members > REMEDY_MEMBERS_MAX)
		return;
	for (unsigned int k = 0; k < NR_PATHS; k++) {
		struct path_prediction *now = &p->paths[VIEW_NOW][k];
		struct path_prediction *bound = &p->paths[VIEW_IF_BOUND][k];
		const char *remedy;

		if (!now->offered && !bound->offered)
			continue;
		if (now->answer == ANSWER_YES)
			continue;
		remedy = plan_remedy(q, now->kind, a);
		if (!remedy)
			continue;
		replace_remedy(a, now, remedy);
		if (bound->answer != ANSWER_YES)
			replace_remedy(a, bound, remedy);
	}
}
