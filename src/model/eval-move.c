/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What rules propose: devices taken from one driver and given to another. */
#include <string.h>

#include "base/shell.h"
#include "base/strbuf.h"
#include "model/eval.h"

/* Whether it is certain that no VFIO driver takes @e->dev, because it has no group. */
static bool never_gets_group(const struct eval *e)
{
	struct eval bound = *e;

	bound.view = VIEW_IF_BOUND;
	return e->dev->group_link.state == FACT_ABSENT && eval_group_kind(&bound) == GROUP_NONE;
}

/* The devices of the group that @e->dev needs on VFIO drivers, and that are not; itself last. The copies keep
 * what is looked at here out of the evidence. */
static const struct device **find_moves(const struct eval *e, size_t *ret_nr, bool *ret_all)
{
	size_t nr_members = e->dev->group ? e->dev->group->nr_members : 0, nr = 0;
	const struct device **ret = arena_array(e->arena, nr_members + 1, sizeof(*ret));
	struct eval now = *e, bound = *e;

	now.view = VIEW_NOW;
	bound.view = VIEW_IF_BOUND;
	*ret_all = true;
	for (size_t i = 0; i < nr_members; i++) {
		const struct device *member = e->dev->group->members[i];

		if (member == e->dev || device_carries(e->dev, member) ||
		    eval_member_now(&now, member) != MEMBER_HOST || member->is_bridge == TRI_YES ||
		    !eval_vfio_driver(member))
			continue;
		if (eval_member(&bound, member) == MEMBER_VFIO)
			ret[nr++] = member;
		else
			*ret_all = false;
	}
	if (eval_member_now(&now, e->dev) != MEMBER_VFIO)
		ret[nr++] = e->dev;
	*ret_nr = nr;
	return ret;
}

const char *eval_target(struct eval *e, const struct device *dev)
{
	if (dev->bus == BUS_PCI)
		return shell_word(e->arena, dev->name);
	return shell_word(e->arena, arena_join(e->arena, dev->bus_name, ":", dev->name, NULL));
}

/* The module that bind loads for @dev; false when it is there. */
static bool loads_module(struct eval *e, const struct device *dev, enum module_id *ret)
{
	const struct driver_row *row = driver_of_bus(dev->bus);
	struct eval now = *e;

	now.view = VIEW_NOW;
	if (!row || eval_module(&now, row->module) != MODULE_STATE_LOADABLE)
		return false;
	*ret = row->module;
	return true;
}

/* "vfiotool VERB A B", or "vfiotool VERB --group B" where B takes the others along. */
static const char *bind_command(struct eval *e, const char *verb, const struct device *const *moves,
				size_t nr, bool group)
{
	struct strbuf ret = { .arena = e->arena };

	strbuf_printf(&ret, "vfiotool %s%s", verb, group ? " --group" : "");
	for (size_t i = group ? nr - 1 : 0; i < nr; i++)
		strbuf_printf(&ret, " %s", eval_target(e, moves[i]));
	return strbuf_get(&ret);
}

/* What vanishes with the driver of one of @moves; NULL: nothing. linux: drivers/pci/controller/vmd.c: vmd_remove(). */
static const char *takes_away(struct eval *e, const struct device *const *moves, size_t nr)
{
	const struct device *first = NULL, *vmd = NULL;
	size_t lost = 0;

	for (size_t i = 0; i < nr && !lost; i++) {
		const struct group *g = device_is_vmd(moves[i]) ? moves[i]->group : NULL;

		vmd = moves[i];
		for (size_t k = 0; g && k < g->nr_members; k++)
			if (device_carries(vmd, g->members[k]) && !lost++)
				first = g->members[k];
	}
	if (!lost)
		return NULL;
	return eval_text(e, "%s%s there only while %s is on vmd", first->name,
			 lost == 1 ? " is" : " and others are", vmd->name);
}

void eval_propose_moves(struct eval *e, const struct device *const *moves, size_t nr,
			const char *driver, bool group)
{
	const struct device *last = moves[nr - 1];
	enum module_id module;
	struct action action = { .kind = ACTION_BIND,
				 .target = last->name,
				 .moves = moves,
				 .nr_moves = nr,
				 .driver = driver };

	if (e->silent)
		return;
	action.weakens = takes_away(e, moves, nr);
	if (driver)
		action.what = eval_text(e, "bind %s to %s, which does not block the group",
					last->name, driver);
	else
		action.what =
			eval_text(e, "bind %s to %s%s", last->name, eval_vfio_driver(last),
				  group ? ", with the other members of its group that must move"
					: "");
	action.command =
		bind_command(e,
			     driver ? arena_join(e->arena, "bind --driver ", driver, NULL) : "bind",
			     moves, nr, group);
	action.undo = bind_command(e, "unbind", moves, nr, false);
	if (!driver && loads_module(e, last, &module)) {
		eval_add_loaded(e, module, &action);
		action.undo = eval_text(e, "%s && %s", action.undo, eval_unload(e, &action));
	}
	eval_propose(e, &action);
}

static unsigned int must_move(struct eval *e, const struct device *member)
{
	return eval_member_now(e, member) != MEMBER_VFIO && eval_member(e, member) == MEMBER_VFIO;
}

/* For a report on many devices: whether others of a large group must move too, not which. False where the members
 * are to be listed. */
static bool proposed_for_large(struct eval *e)
{
	enum { MEMBERS_MAX = 64 };
	const struct device **moves;
	struct eval bound = *e;
	struct survey members;

	if (!e->memo || !e->dev->group || e->dev->group->nr_members <= MEMBERS_MAX)
		return false;
	bound.view = VIEW_IF_BOUND;
	eval_survey(&bound, must_move, &members);
	moves = arena_array(e->arena, 1, sizeof(*moves));
	moves[0] = e->dev;
	eval_propose_moves(e, moves, 1, NULL, members.several[true]);
	return true;
}

void eval_propose_bind(struct eval *e, const struct device *dev)
{
	const struct device **moves;
	bool all;
	size_t nr;

	if (e->silent)
		return;
	if (dev->is_bridge == TRI_YES) {
		eval_advise(e, ACTION_OTHER, SCOPE_NOW,
			    "leave %s to the host: vfio-pci does not accept bridges", dev->name);
		return;
	}
	if (eval_vfio_driver(dev) && dev == e->dev && never_gets_group(e)) {
		eval_propose_group(e);
		return;
	}
	if (!eval_vfio_driver(dev)) {
		eval_advise(e, ACTION_OTHER, SCOPE_NOW, "bind %s to a VFIO driver of its bus",
			    dev->name);
		return;
	}
	if (proposed_for_large(e))
		return;
	moves = find_moves(e, &nr, &all);
	if (!nr) {
		moves[0] = dev;
		nr = 1;
	}
	eval_propose_moves(e, moves, nr, NULL, nr > 1 && all && moves[nr - 1] == e->dev);
}

void eval_propose_stub(struct eval *e, const struct device *member)
{
	const struct device **moves;
	struct action action = { .kind = ACTION_UNBIND, .target = member->name, .nr_moves = 1 };

	if (e->silent)
		return;
	moves = arena_array(e->arena, 1, sizeof(*moves));
	moves[0] = member;
	if (member->bus == BUS_PCI && member->is_bridge != TRI_YES) {
		eval_propose_moves(e, moves, 1, "pci-stub", false);
		return;
	}
	if (!member->driver)
		return;
	action.moves = moves;
	action.driver = "none";
	action.what =
		eval_text(e, "unbind %s from %s: without a driver it does not block the group",
			  member->name, member->driver);
	action.command =
		eval_text(e, "echo %s > %s", shell_word(e->arena, member->name),
			  shell_word(e->arena,
				     arena_join(e->arena, "/sys/bus/", member->bus_name,
						"/drivers/", member->driver, "/unbind", NULL)));
	action.undo = eval_text(e, "echo %s > %s", shell_word(e->arena, member->name),
				shell_word(e->arena,
					   arena_join(e->arena, "/sys/bus/", member->bus_name,
						      "/drivers/", member->driver, "/bind", NULL)));
	eval_propose(e, &action);
}
