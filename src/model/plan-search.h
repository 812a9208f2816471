/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For plan*.c only: the search for the cheapest way from no to yes on one path. */
#pragma once

#include "model/plan.h"
#include "model/walk.h"

/* What is predicted with all actions of a node done. */
struct plan_look {
	enum answer answer;
	enum op op;
	int err;
	const struct device *device; /* that is refused, or of which something is not known */
	const struct finding *why;   /* NULL when yes */
	const char *because;
};

/* The state after some actions. */
struct plan_node {
	const struct plan_node *parent; /* NULL: the state now */
	const struct action *action;
	const struct finding *why; /* that the action is against */
	const struct device *about;
	struct assumptions as; /* the overlay of all actions */
	struct plan_look look;
	const struct finding *refused;      /* why a bind is refused here; NULL: it is not */
	const struct plan_obstacle *unsure; /* whether a bind works is not known; or NULL */
	enum path_kind path;                /* that the last device was asked on */
	/* The cost, in this order. */
	bool insecure;
	enum action_scope scope;
	unsigned int by_hand, depth, order;
	bool later; /* after a reboot, or groups have changed: predicted as if bound */
	bool quiet; /* the action is for that time: no step */
	bool unchecked;
	bool done;
};

struct planner {
	const struct plan_request *q;
	struct arena *a;
	enum path_kind path;
	bool path_fixed;
	unsigned int predictions;
	struct plan_node **open;
	size_t nr_open;
	unsigned int order;
	/* Met on the way. */
	const struct plan_node *dead_end; /* the first node without a way on */
	struct plan_obstacle *obstacles;
	size_t nr_obstacles;
	struct plan_use *blocked, *unchecked;
	size_t nr_blocked, nr_unchecked;
	const struct action **advice, **insecure;
	size_t nr_advice, nr_insecure;
};

/* The walk of @p for @dev with the overlay of @node. */
struct walk planner_walk(struct planner *p, const struct plan_node *node, const struct device *dev,
			 enum view view);
/* The node that ends the cheapest way, or NULL. */
const struct plan_node *planner_search(struct planner *p);
/* Adds the node behind @action. */
struct plan_node *planner_add(struct planner *p, const struct plan_node *node,
			      const struct action *action, const struct finding *why,
			      const struct device *about, bool unchecked);
/* Adds what follows @node by the actions of @why, which is about @dev. */
void planner_expand(struct planner *p, struct plan_node *node, const struct finding *why,
		    const struct device *dev);
void planner_add_obstacle(struct planner *p, const struct device *dev, const struct finding *why,
			  enum answer answer);

/* ---- plan-moves.c ---- */

/* Adds the node behind @action, which moves devices, where none of them is in use and the kernel takes them. */
void planner_move(struct planner *p, struct plan_node *node, const struct action *action,
		  const struct finding *why, const struct device *about);
/* Whether the other members of the groups of the devices can be moved, as far as they are known: for a plan that
 * binds later. */
bool planner_may_move_later(struct planner *p, const struct plan_node *node);
