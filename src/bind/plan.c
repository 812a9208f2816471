/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bind/plan.h"

#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "base/parse.h"

const char *bind_action_name(enum bind_action action)
{
	static const char *const names[NR_BIND_ACTIONS] = {
		[BIND_ACTION_NONE] = "none",           [BIND_ACTION_OVERRIDE] = "driver_override",
		[BIND_ACTION_UNBIND] = "unbind",       [BIND_ACTION_BIND] = "bind",
		[BIND_ACTION_PROBE] = "drivers_probe",
	};

	return names[action];
}

const char *bind_result_name(enum bind_result result)
{
	static const char *const names[] = {
		[BIND_PLANNED] = "planned", [BIND_MOVED] = "moved",
		[BIND_THERE] = "there",     [BIND_ROLLED_BACK] = "rolled back",
		[BIND_LOST] = "lost",       [BIND_LEFT] = "left alone",
		[BIND_GONE] = "gone",
	};

	return names[result];
}

/* ---- the driver of choice ---- */

/* A module made for this device: any except the general one, which every device matches. */
static const char *variant_module(const struct device *dev, struct arena *a)
{
	struct span rest = { dev->vfio_alias.raw, dev->vfio_alias.len }, line;

	if (!fact_is(&dev->vfio_alias))
		return NULL;
	while (parse_line(&rest, &line))
		if (line.len && !span_equals(line, module_name(MODULE_VFIO_PCI)))
			return arena_strndup(a, line.s, line.len);
	return NULL;
}

static bool is_there(const struct host *h, enum module_id id)
{
	enum module_state state = h->modules[id].state;

	return state == MODULE_STATE_LOADED || state == MODULE_STATE_BUILTIN;
}

static int choose_vfio(const struct host *h, struct bind_move *m, struct arena *a,
		       struct failure **reterr)
{
	const struct device *dev = m->device;
	const struct driver_row *general = driver_of_bus(dev->bus);
	const char *variant = variant_module(dev, a);

	if (variant) {
		/* The kernel knows whether it is loaded; loading it again costs nothing. */
		m->to = m->module = variant;
		return 0;
	}
	if (general) {
		m->to = general->name;
		if (!is_there(h, general->module))
			m->module = module_name(general->module);
		return 0;
	}
	return failure_set_status(reterr, STATUS_NO, -EOPNOTSUPP,
				  "there is no VFIO driver for bus %s of %s: name a driver with --driver, or a device of another bus",
				  dev->bus_name, dev->name);
}

/* ---- the moves ---- */

/* What stays of a prediction that takes a hundred KiB: the step, and the sentences of what decided it. */
static const struct step *keep_step(const struct step *step, struct arena *a)
{
	struct step *ret = arena_new_object(a, struct step);
	const struct finding *why = step->why;
	struct finding *kept;

	*ret = (struct step){ .op = step->op, .answer = step->answer, .err = step->err };
	if (!why)
		return ret;
	kept = arena_new_object(a, struct finding);
	*kept = (struct finding){
		.rule = why->rule,
		.site = why->site,
		.ruling = why->ruling,
		.err = why->err,
		.because = arena_strdup(a, why->because),
		.remedy = why->remedy ? arena_strdup(a, why->remedy) : NULL,
	};
	ret->why = kept;
	return ret;
}

const struct step *bind_plan_predict(const struct bind_request *q, const struct device *dev,
				     struct arena *a)
{
	vt_cleanup(arena_freep) struct arena *scratch = arena_new();
	struct prediction *p = arena_new_object(scratch, struct prediction);
	const struct verdict_ask ask = { .host = q->host,
					 .assumptions = q->assumptions,
					 .kernels = q->kernels,
					 .memo = q->memo,
					 .scratch = scratch };

	predict_with(&ask, dev, p);
	for (unsigned int k = 0; k < NR_PATHS; k++) {
		const struct path_prediction *path = &p->paths[VIEW_IF_BOUND][k];

		for (size_t i = 0; path->offered && i < path->nr_steps; i++)
			if (path->steps[i].op == OP_BIND)
				return keep_step(&path->steps[i], a);
	}
	return NULL;
}

static int plan_move(const struct bind_request *q, const struct device *dev, struct arena *a,
		     struct bind_move *m, struct failure **reterr)
{
	int r = 0;

	*m = (struct bind_move){
		.bus = dev->bus_name,
		.name = dev->name,
		.device = dev,
		.from = dev->driver,
		.now = dev->driver,
		.from_override = device_override(dev),
	};
	if (!fact_known(&dev->driver_fact))
		return failure_set(reterr, -EBADMSG,
				   "cannot read the driver of %s: %s; vfiotool moves no device with an unknown driver",
				   dev->name, strerror(dev->driver_fact.err));
	if (q->driver)
		m->to = q->driver;
	else if (m->from && device_serves_vfio(q->host, dev) == TRI_YES && !driver_is_vfio(m->from))
		/* The driver of a vendor that made a VFIO device of it: no other could. */
		m->to = m->from;
	else
		r = choose_vfio(q->host, m, a, reterr);
	if (r < 0)
		return r;
	m->to_override = m->to;
	if (m->from && !strcmp(m->from, m->to)) {
		/* The override of another program is left as it is. */
		m->to_override = m->from_override;
		m->result = BIND_THERE;
	}
	if (m->result != BIND_THERE && !q->driver)
		m->predicted = bind_plan_predict(q, dev, a);
	/* A variant driver may refuse a device that vfio-pci accepts, for its own reasons. */
	if (m->predicted && m->predicted->answer == ANSWER_YES && variant_module(dev, a))
		m->predicted = NULL;
	return 0;
}

static bool is_planned(const struct bind_plan *plan, const struct device *dev)
{
	for (size_t i = 0; i < plan->nr_moves; i++)
		if (plan->moves[i].device == dev)
			return true;
	return false;
}

/* Whether @member is behind the VMD @dev, and so gone once that is moved. */
static bool goes_with(const struct device *dev, const struct device *member)
{
	return device_is_vmd(dev) && device_carries(dev, member);
}

/* A device behind a VMD that is moved as well needs no move. */
static void leave_what_goes(struct bind_plan *plan, struct arena *a)
{
	for (size_t i = 0; i < plan->nr_moves; i++) {
		struct bind_move *m = &plan->moves[i];

		for (size_t k = 0; k < plan->nr_moves && m->result == BIND_PLANNED; k++) {
			const struct bind_move *vmd = &plan->moves[k];

			if (vmd->result != BIND_PLANNED || !goes_with(vmd->device, m->device))
				continue;
			m->result = BIND_GONE;
			m->because =
				arena_printf(a, "%s, the VMD controller in front of it, is moved",
					     vmd->name);
		}
	}
}

/* The member that blocks the group of @dev: one on a host driver. Bridges on pcieport, members on pci-stub
 * and members without a driver do not block; and a physical function or a VMD must move after the devices
 * that depend on it. */
static bool must_go_along(const struct host *h, const struct device *dev,
			  const struct device *member)
{
	return !device_carries(member, dev) && !goes_with(dev, member) && member->driver &&
	       member->driver_kind == DRIVER_HOST && member->is_bridge != TRI_YES &&
	       device_serves_vfio(h, member) == TRI_NO;
}

static int add_move(const struct bind_request *q, const struct device *dev, struct arena *a,
		    struct bind_plan *plan, struct failure **reterr)
{
	if (is_planned(plan, dev))
		return 0;
	plan->moves = arena_grow(a, plan->moves, plan->nr_moves, sizeof(*plan->moves));
	return plan_move(q, dev, a, &plan->moves[plan->nr_moves++], reterr);
}

static bool is_asked_for(const struct bind_request *q, const struct device *dev)
{
	for (size_t i = 0; i < q->nr_devices; i++)
		if (q->devices[i] == dev)
			return true;
	return false;
}

int bind_plan_make(const struct bind_request *q, struct arena *a, struct bind_plan *ret,
		   struct failure **reterr)
{
	struct bind_plan plan = { .host = q->host };
	int r = 0;

	/* The other members move first: the requested device only moves if they could. */
	for (size_t i = 0; r >= 0 && q->group && i < q->nr_devices; i++) {
		const struct group *g = q->devices[i]->group;

		for (size_t k = 0; r >= 0 && g && k < g->nr_members; k++)
			if (!is_asked_for(q, g->members[k]) &&
			    must_go_along(q->host, q->devices[i], g->members[k]))
				r = add_move(q, g->members[k], a, &plan, reterr);
	}
	for (size_t i = 0; i < plan.nr_moves; i++)
		plan.moves[i].along = true;
	for (size_t i = 0; r >= 0 && i < q->nr_devices; i++)
		r = add_move(q, q->devices[i], a, &plan, reterr);
	if (r < 0)
		return r;
	leave_what_goes(&plan, a);
	*ret = plan;
	return 0;
}

const struct device *bind_plan_in_the_way(const struct bind_plan *plan, const struct bind_move *m)
{
	const struct group *g = m->device ? m->device->group : NULL;

	for (size_t i = 0; g && driver_is_vfio(m->to) && i < g->nr_members; i++)
		if (g->members[i] != m->device &&
		    must_go_along(plan->host, m->device, g->members[i]) &&
		    !is_planned(plan, g->members[i]))
			return g->members[i];
	return NULL;
}

/* ---- the writes ---- */

struct bind_step bind_move_step(const struct bind_move *m, enum bind_action action,
				const char *text, struct arena *a)
{
	struct bind_step ret = { .move = m, .action = action, .text = text };

	switch (action) {
	case BIND_ACTION_OVERRIDE:
		ret.path = arena_join(a, "/sys/bus/", m->bus, "/devices/", m->name,
				      "/driver_override", NULL);
		break;
	case BIND_ACTION_UNBIND:
		ret.path =
			arena_join(a, "/sys/bus/", m->bus, "/drivers/", m->from, "/unbind", NULL);
		break;
	case BIND_ACTION_BIND:
		ret.path = arena_join(a, "/sys/bus/", m->bus, "/drivers/", m->to, "/bind", NULL);
		break;
	case BIND_ACTION_PROBE:
	default:
		ret.path = arena_join(a, "/sys/bus/", m->bus, "/drivers_probe", NULL);
	}
	return ret;
}

static bool texts_equal(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

struct bind_step *bind_move_steps(const struct bind_move *m, struct arena *a, size_t *ret_nr)
{
	struct bind_step *ret = arena_array(a, 3, sizeof(*ret));
	bool stays = !m->any && texts_equal(m->from, m->to);
	size_t nr = 0;

	if (!texts_equal(m->from_override, m->to_override))
		ret[nr++] = bind_move_step(m, BIND_ACTION_OVERRIDE,
					   m->to_override ? m->to_override : "", a);
	if (m->from && !stays)
		ret[nr++] = bind_move_step(m, BIND_ACTION_UNBIND, m->name, a);
	if (m->any)
		ret[nr++] = bind_move_step(m, BIND_ACTION_PROBE, m->name, a);
	else if (m->to && !stays)
		ret[nr++] = bind_move_step(m, BIND_ACTION_BIND, m->name, a);
	*ret_nr = nr;
	return ret;
}

/* ---- kernels without DMA ownership ---- */

bool bind_is_deadly(const struct bind_request *q, const struct device *dev, const char *driver,
		    struct arena *a, const char **ret_who)
{
	const struct group *g = dev ? dev->group : NULL;
	const struct node *nodes[2];

	enum driver_kind kind = driver ? driver_kind(driver) : DRIVER_HOST;

	if (kernels_all_have(q->kernels, TRAIT_DMA_OWNERSHIP) || !g || driver_is_vfio(driver) ||
	    kind == DRIVER_STUB)
		return false;
	nodes[0] = &g->node;
	nodes[1] = &g->noiommu_node;
	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++) {
		if (!fact_is(&nodes[i]->holders) || !nodes[i]->holders.len)
			continue;
		*ret_who = arena_printf(a, "process %.*s has %s open",
					(int)strcspn(nodes[i]->holders.raw, "\n"),
					nodes[i]->holders.raw, nodes[i]->path);
		return true;
	}
	return false;
}
