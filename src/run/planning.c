/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/planning.h"

#include <string.h>

#include "base/strbuf.h"
#include "bind/guard.h"
#include "decode/unit.h"
#include "facts/in-use.h"
#include "facts/setup.h"
#include "facts/user.h"
#include "model/group.h"
#include "report/explain.h"

/* What one safety check found about @dev. */
static struct plan_use use_of(const struct guard_finding *f, const struct device *dev)
{
	return (struct plan_use){
		.check = f->guard->name,
		.device = dev,
		.answer = f->answer,
		.chain = f->evidence,
		.remedy = f->remedy                     ? f->remedy
			  : f->answer == ANSWER_UNKNOWN ? "run as root"
							: "stop using it on this host",
	};
}

/* What a capture without records of the use of devices leaves open: one answer for all checks. */
static struct plan_use use_unrecorded(const struct device *dev)
{
	return (struct plan_use){
		.check = "use",
		.device = dev,
		.answer = ANSWER_UNKNOWN,
		.chain = "this capture does not record what the host uses it for",
		.remedy = "capture that host again with --in-use",
	};
}

const struct plan_use *planning_ask_use(void *ctx, const struct device *dev, struct arena *a,
					size_t *ret_nr)
{
	struct session *s = ctx;
	struct guard_finding *found = NULL;
	struct plan_use *ret;
	bool unrecorded;
	size_t nr, kept = 0;

	if (!s->host->usage)
		host_load_usage(s->root, s->host);
	unrecorded = s->host->usage->blocks_list.state == FACT_UNREAD;
	guards_check(s->root, s->host, dev, a, &found, &nr);
	ret = arena_array(a, nr + 1, sizeof(*ret));
	for (size_t i = 0; i < nr; i++)
		if (!unrecorded || found[i].answer == ANSWER_YES)
			ret[kept++] = use_of(&found[i], dev);
	if (unrecorded && !kept)
		ret[kept++] = use_unrecorded(dev);
	*ret_nr = kept;
	return ret;
}

struct plan_request planning_request(struct session *s, struct device *const *devices, size_t nr)
{
	return (struct plan_request){
		.host = s->host,
		.assumptions = &s->assumptions,
		.kernels = &s->report.kernels,
		.devices = (const struct device *const *)devices,
		.nr_devices = nr,
		.ask_use = planning_ask_use,
		.ctx = s,
	};
}

int planning_assume_limit(struct session *s, uint64_t limit, struct failure **reterr)
{
	struct arena *a = s->app->arena;

	s->assumptions.limit_unknown = false;
	return assumptions_add(&s->assumptions, a,
			       limit == UINT64_MAX
				       ? "memlock=unlimited"
				       : arena_printf(a, "memlock=%llu", (unsigned long long)limit),
			       reterr);
}

/* Another user has none of root's capabilities, and the limit that is set for a login. */
int planning_assume_user(struct session *s, const char *user, struct failure **reterr)
{
	struct arena *a = s->app->arena;
	const struct caller *caller = &s->host->caller;
	struct fact conf;
	uint64_t limit;
	uint32_t uid;
	int r;

	if (!user)
		return 0;
	r = user_find(s->root, a, user, &uid, reterr);
	if (r < 0)
		return r;
	r = assumptions_add(&s->assumptions, a, arena_printf(a, "euid=%u", uid), reterr);
	if (r >= 0 && uid)
		r = assumptions_add(&s->assumptions, a, "cap_sys_rawio=0", reterr);
	if (r >= 0 && uid)
		r = assumptions_add(&s->assumptions, a, "cap_ipc_lock=0", reterr);
	s->assumptions.limit_unknown = !fact_is(&caller->identity) || caller->euid != uid;
	if (r < 0 || !s->assumptions.limit_unknown || !uid)
		return r;
	conf = setup_limits_conf(s->root, a);
	if (fact_is(&conf) &&
	    limits_conf_locked((struct span){ conf.raw, conf.len }, user, uid, &limit))
		r = planning_assume_limit(s, limit, reterr);
	return r;
}

/* ---- another slot, or ACS on a port ---- */

/* Whether the group computed of @n is the kernel's: only then a prediction means something. */
static bool is_understood(const struct group_map *map, const struct group_node *n)
{
	for (size_t i = 0; i < map->nr_nodes; i++) {
		const struct group_node *other = &map->nodes[i];

		if ((other->device->group == n->device->group) != group_together(other, n))
			return false;
	}
	return n->device->group && !n->first->group_doubt;
}

static bool shares_with_blocked(const struct group_map *map, const struct group_node *n,
				const struct plan *plan)
{
	for (size_t i = 0; i < plan->nr_blocked; i++) {
		const struct group_node *other = group_map_find(map, plan->blocked[i].device->name);

		if (other && group_together(other, n))
			return true;
	}
	return false;
}

static const char *group_text(const struct group_map *map, const struct group_node *n,
			      struct arena *a)
{
	struct strbuf ret = { .arena = a };

	for (size_t i = 0; i < map->nr_order; i++)
		if (group_together(map->order[i], n))
			strbuf_item(&ret, ", ", "%s", map->order[i]->name);
	return strbuf_get(&ret);
}

/* Those that weaken stay behind the others. */
static void add_alternative(struct plan *plan, const struct action *action, struct arena *a)
{
	const struct action **ret = arena_array(a, plan->nr_alternatives + 1, sizeof(*ret));
	size_t nr = 0, i = 0;

	for (; i < plan->nr_alternatives && !plan->alternatives[i]->insecure; i++)
		ret[nr++] = plan->alternatives[i];
	ret[nr++] = action;
	for (; i < plan->nr_alternatives; i++)
		ret[nr++] = plan->alternatives[i];
	plan->alternatives = ret;
	plan->nr_alternatives = nr;
}

/* Whether the device in @slot would be without what stands in the way of @plan; then it is proposed. */
static bool try_slot(const struct group_map *map, struct plan *plan,
		     const struct explain_slot *slot, struct arena *a)
{
	struct group_map *changed;
	struct group_node *n;
	struct action *action;

	if (slot->devices.nr)
		return false;
	changed = group_map_copy(map, a);
	n = group_map_find(changed, plan->devices[0]->name);
	if (group_map_move(changed, n, group_map_find(changed, slot->port)) < 0)
		return false;
	group_map_compute(changed);
	if (n->first->group_doubt || shares_with_blocked(changed, n, plan))
		return false;
	action = arena_new_object(a, struct action);
	*action = (struct action){
		.kind = ACTION_HARDWARE,
		.scope = SCOPE_HARDWARE,
		.target = plan->devices[0]->name,
		.what = arena_printf(a,
				     "plug the card of %s into slot %s of port %s: its group would be %s",
				     plan->devices[0]->name,
				     slot->name ? slot->name : arena_decimal(a, slot->number),
				     slot->port, group_text(changed, n, a)),
		.command = arena_printf(a, "vfiotool explain --slots %s", plan->devices[0]->name),
	};
	add_alternative(plan, action, a);
	return true;
}

/* Sets the bits, and leaves the others as firmware has them. linux: drivers/pci/pci.c: __pci_config_acs(). */
static const char *config_acs(struct arena *a, const struct group_node *port)
{
	char bits[] = "xxxxxxx";

	for (size_t i = 0; i < strlen(bits); i++)
		if (port->acs.missing & 1U << i)
			bits[strlen(bits) - 1 - i] = '1';
	return arena_printf(a, "pci=config_acs=%s@%s", bits, port->name);
}

/* The option that turned the bits off, if nothing else is in it. */
static const char *option_against_acs(const struct group_map *map, struct arena *a)
{
	const char *value = kernel_cmdline(&map->host->kernel, a, "pci");

	if (!value || strchr(value, ',') ||
	    (strncmp(value, "disable_acs_redir=", 18) != 0 &&
	     strncmp(value, "config_acs=", 11) != 0))
		return NULL;
	return arena_join(a, "pci=", value, NULL);
}

/* Turns on what the kernel turns on when @option does not forbid it: at all ports that the option may mean. linux:
 * drivers/pci/pci.c: pci_std_enable_acs(), pci_dev_str_match(). */
static void undo_option(struct group_map *map, const char *option)
{
	bool any = strstr(option, "pci:") || strchr(option, '/');

	for (size_t i = 0; i < map->nr_nodes; i++) {
		struct group_node *n = &map->nodes[i];
		const char *shorter = !strncmp(n->name, "0000:", 5) ? n->name + 5 : n->name;

		if (n->acs.reason == ACS_BECAUSE_BITS && (any || strstr(option, shorter)))
			group_map_set_acs(n, n->config.acs_ctrl | n->acs.missing);
	}
}

static const char *boot_text(const struct action *action, struct arena *a)
{
	return arena_join(a, "boot ", action->remove ? "without " : "",
			  action->remove ? action->remove : "",
			  action->remove && action->add ? " and " : "", action->add ? "with " : "",
			  action->add ? action->add : "", NULL);
}

/* @port: NULL when it is enough that the option against ACS goes. */
static void propose_acs(const struct group_map *map, struct plan *plan,
			const struct group_node *port, const char *group, struct arena *a)
{
	bool takes = !(map->releases & RELEASES_UNTIL(trait_get(TRAIT_CONFIG_ACS)->since));
	struct action *action = arena_new_object(a, struct action);
	const char *how = "in the firmware setup", *what = "boot";

	*action = (struct action){ .kind = ACTION_FIRMWARE,
				   .scope = SCOPE_FIRMWARE,
				   .target = port ? arena_strdup(a, port->name) : NULL,
				   .remove = option_against_acs(map, a),
				   .add = takes && port ? config_acs(a, port) : NULL };
	if (action->add || action->remove) {
		action->kind = ACTION_BOOT_OPTION;
		action->scope = SCOPE_REBOOT;
		how = boot_text(action, a);
	}
	what = port ? arena_printf(a, "turn ACS (%s) on for port %s (%s)",
				   acs_bits_text(port->acs.missing, a), port->name, how)
		    : arena_join(a, how, ", which turns ACS off", NULL);
	action->what = arena_printf(a, "%s: the group of %s would be %s", what,
				    plan->devices[0]->name, group);
	add_alternative(plan, action, a);
}

/* Whether the device would be without what stands in the way of @plan if @port isolated, which it can (NULL: if no option
 * forbade it); then that is proposed. */
static bool try_acs(const struct group_map *map, struct plan *plan, const struct group_node *port,
		    struct arena *a)
{
	const char *option = option_against_acs(map, a);
	struct group_map *changed;
	struct group_node *n;

	if (port ? port->acs.reason != ACS_BECAUSE_BITS : !option)
		return false;
	changed = group_map_copy(map, a);
	if (option)
		undo_option(changed, option);
	if (port)
		group_map_set_acs(group_map_find(changed, port->name),
				  port->config.acs_ctrl | port->acs.missing);
	group_map_compute(changed);
	n = group_map_find(changed, plan->devices[0]->name);
	if (n->first->group_doubt || shares_with_blocked(changed, n, plan))
		return false;
	propose_acs(map, plan, port, group_text(changed, n, a), a);
	return true;
}

static bool is_target(const struct plan *plan, const struct device *dev)
{
	for (size_t i = 0; i < plan->nr_devices; i++)
		if (plan->devices[i] == dev)
			return true;
	return false;
}

/* Whether @plan fails because another device of the group is in use. Of a live host root knows; a capture may leave it open
 * for good (@doubt). */
static bool is_hindered(const struct plan *plan, bool doubt)
{
	if (plan->answer == ANSWER_YES)
		return false;
	for (size_t i = 0; i < plan->nr_blocked; i++)
		if ((doubt || plan->blocked[i].answer == ANSWER_YES) &&
		    !is_target(plan, plan->blocked[i].device))
			return true;
	return false;
}

/* Where a device of the group is in use, ACS or another slot may part them: the first port and the first free slot that do. */
static void propose_apart(const struct explanation *e, struct plan *plan, bool doubt,
			  struct arena *a)
{
	struct group_node *n = group_map_find(e->map, plan->devices[0]->name);

	if (!is_hindered(plan, doubt) || !n || !is_understood(e->map, n) ||
	    !shares_with_blocked(e->map, n, plan))
		return;
	if (!try_acs(e->map, plan, NULL, a))
		for (size_t i = 0;
		     i < e->map->nr_nodes && !try_acs(e->map, plan, &e->map->nodes[i], a); i++)
			;
	for (size_t i = 0; i < e->nr_slots && !try_slot(e->map, plan, &e->slots[i], a); i++)
		;
}

/* Only then it is worth reading the places of all devices. */
static bool is_any_hindered(const struct plans *plans, bool doubt)
{
	for (size_t i = 0; i < plans->nr; i++)
		if (is_hindered(&plans->items[i], doubt))
			return true;
	return false;
}

/* Where a device in use stands in the way of a plan: adds what would part the group. Reads the whole host for that. */
static void add_apart(struct session *s, struct plans *plans, struct arena *a)
{
	struct explanation e = { .arena = a };
	bool doubt = sysroot_kind(s->root) == SYSROOT_CAPTURE;
	struct host *h = NULL;
	struct group_map *map;

	if (!is_any_hindered(plans, doubt) ||
	    host_load(s->root, &scope_places, NULL, 0, &h, NULL) < 0)
		return;
	map = group_map_make(h, s->report.kernels.releases, a);
	group_map_compute(map);
	e.map = map;
	explain_add_slots(&e);
	for (size_t i = 0; i < plans->nr; i++)
		propose_apart(&e, &plans->items[i], doubt, a);
	host_free(h);
}

void planning_make(struct session *s, const struct plan_request *q, bool whole, struct arena *a,
		   struct plans *ret)
{
	plan_make(q, a, ret);
	for (size_t i = 0; whole && i < ret->nr; i++)
		plan_add_notices(q, a, &ret->items[i]);
	if (whole)
		add_apart(s, ret, a);
	if (!plans_need_boot(ret))
		return;
	host_load_boot(s->root, s->host);
	plans_fill_boot(s->host, a, ret);
}
