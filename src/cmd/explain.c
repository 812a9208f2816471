/* SPDX-License-Identifier: GPL-2.0-or-later */
/* explain: why devices share a group, and what would part them. */
#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "base/parse.h"
#include "report/explain.h"
#include "report/json.h"
#include "run/session.h"
#include "cmd/commands.h"

struct explain_args {
	struct operands targets, acs, without, move;
	const char *override, *kernel;
	bool json, slots, p2p;
	enum explain_picture picture;
};

enum {
	OPT_ACS = OPT_COMMAND_FIRST,
	OPT_OVERRIDE,
	OPT_WITHOUT,
	OPT_MOVE,
	OPT_KERNEL,
	OPT_SLOTS,
	OPT_P2P,
	OPT_DOT,
	OPT_SVG,
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct parse *p = state->input;
	struct explain_args *args = p ? p->args : NULL;

	switch (key) {
	case ARGP_KEY_ARG:
		operands_add(&args->targets, p->app, arg);
		return 0;
	case OPT_ACS:
		operands_add(&args->acs, p->app, arg);
		return 0;
	case OPT_WITHOUT:
		operands_add(&args->without, p->app, arg);
		return 0;
	case OPT_MOVE:
		operands_add(&args->move, p->app, arg);
		return 0;
	case OPT_OVERRIDE:
		args->override = arg;
		return 0;
	case OPT_KERNEL:
		args->kernel = arg;
		return 0;
	case OPT_SLOTS:
		args->slots = true;
		return 0;
	case OPT_P2P:
		args->p2p = true;
		return 0;
	case OPT_DOT:
	case OPT_SVG:
		args->picture = key == OPT_DOT ? EXPLAIN_DOT : EXPLAIN_SVG;
		return 0;
	case 'J':
		args->json = true;
		return 0;
	case ARGP_KEY_END:
		if (p && !p->asked && args->json && args->picture)
			return parse_fail(p,
					  "--json and a picture contradict each other: give one of them");
		return 0;
	default:
		return command_parse_default(key, state);
	}
}

static const struct argp_option options[] = {
	{ "acs", OPT_ACS, "PORT=BITS", 0, "what if PORT had these ACS bits on: SV,RR,CR,UF or none",
	  1 },
	{ "acs-override", OPT_OVERRIDE, "LIST", 0,
	  "what if the kernel had pcie_acs_override=: downstream,multifunction", 1 },
	{ "without", OPT_WITHOUT, "DEVICE", 0, "what if DEVICE were unplugged", 1 },
	{ "move", OPT_MOVE, "DEVICE=PORT", 0, "what if DEVICE were plugged into PORT", 1 },
	{ "kernel", OPT_KERNEL, "GEN", 0, "what if this kernel ran: 6.0, patched, 6.1.0", 1 },
	{ "slots", OPT_SLOTS, NULL, 0, "list the slots whose devices would be alone", 2 },
	{ "p2p", OPT_P2P, NULL, 0, "show the way of DMA between two targets", 2 },
	{ "json", 'J', NULL, 0, "JSON", 3 },
	{ "dot", OPT_DOT, NULL, 0, "print a graph for dot(1)", 3 },
	{ "svg", OPT_SVG, NULL, 0, "print a picture as SVG", 3 },
	{ 0 },
};

static const struct argp argp = { .options = options,
				  .parser = parse,
				  .children = global_children };

/* ---- what if ---- */

static bool is_what_if(const struct explain_args *args)
{
	return args->acs.nr || args->without.nr || args->move.nr || args->override || args->kernel;
}

/* The function that @text names, by its address. */
static struct group_node *find(struct app *app, const struct group_map *map, const char *option,
			       const char *text, struct failure **reterr)
{
	struct group_node *ret = NULL;
	struct target t;

	if (target_parse(app->arena, text, &t, reterr) < 0)
		return NULL;
	if (t.kind == TARGET_PCI)
		ret = group_map_find(map, t.name);
	else
		failure_set_status(reterr, STATUS_USAGE, -EINVAL,
				   "'--%s' needs the address of a PCI device, not '%s'", option,
				   text);
	if (!ret)
		failure_set_status(reterr, STATUS_NO_TARGET, -ENOENT,
				   "%s: no such device; 'vfiotool list -a' shows them", text);
	return ret;
}

/* Cuts @text at its last '='. */
static const char *cut(struct app *app, const char *option, const char *text,
		       const char **ret_right, struct failure **reterr)
{
	const char *equals = strrchr(text, '=');

	if (!equals || equals == text || !equals[1]) {
		failure_set_status(reterr, STATUS_USAGE, -EINVAL,
				   "'--%s=%s': give two things with = between them", option, text);
		return NULL;
	}
	*ret_right = equals + 1;
	return arena_strndup(app->arena, text, (size_t)(equals - text));
}

static int apply_acs(struct app *app, struct group_map *map, const char *text,
		     struct explanation *e, struct failure **reterr)
{
	const char *bits_text = NULL, *left = cut(app, "acs", text, &bits_text, reterr);
	struct group_node *n = left ? find(app, map, "acs", left, reterr) : NULL;
	uint16_t bits;

	if (!n)
		return -EINVAL;
	if (!acs_bits_parse(bits_text, &bits))
		return failure_set_status(reterr, STATUS_USAGE, -EINVAL,
					  "'%s' are not ACS bits: name some of SV,TB,RR,CR,UF,EC,DT, or none",
					  bits_text);
	if (n->config.pcie != PCIGROUP_PRESENT)
		return failure_set_status(reterr, STATUS_USAGE, -EINVAL,
					  "%s cannot have ACS: vfiotool knows of no PCI Express capability there",
					  n->name);
	explain_warn_acs(e, n, bits);
	group_map_set_acs(n, bits);
	return 0;
}

static int apply_move(struct app *app, struct group_map *map, const char *text,
		      struct explanation *e, struct failure **reterr)
{
	const char *right = NULL, *left = cut(app, "move", text, &right, reterr);
	struct group_node *n = left ? find(app, map, "move", left, reterr) : NULL;
	struct group_node *port = n ? find(app, map, "move", right, reterr) : NULL;
	const char *before = n ? n->name : NULL;
	int r;

	if (!port)
		return -EINVAL;
	r = group_map_move(map, n, port);
	if (r == -EBUSY)
		return failure_set_status(reterr, STATUS_USAGE, r,
					  "%s is not free: %s is there; add --without=%s",
					  port->name, port->child->name, port->child->name);
	if (r < 0)
		return failure_set_status(reterr, STATUS_USAGE, r,
					  r == -ELOOP
						  ? "%s is behind that device itself: name another port"
						  : "%s is not a port that a device can be plugged into",
					  port->name);
	if (strcmp(before, n->name) != 0)
		explain_warn(e, arena_printf(e->arena, "%s would be %s there", before, n->name));
	return 0;
}

/* The words of pcie_acs_override=; false when one is not known. */
static bool parse_override(const char *text, unsigned int *ret)
{
	struct span rest = { text, strlen(text) }, word;

	while (parse_item(&rest, &word)) {
		if (span_equals(word, "downstream"))
			*ret |= ACS_OVERRIDE_DOWNSTREAM;
		else if (span_equals(word, "multifunction"))
			*ret |= ACS_OVERRIDE_MULTIFUNCTION;
		else
			return false;
	}
	return true;
}

static int apply_all(struct app *app, const struct explain_args *args, struct group_map *map,
		     struct explanation *e, struct failure **reterr)
{
	struct group_node *n;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < args->acs.nr; i++)
		r = apply_acs(app, map, args->acs.items[i], e, reterr);
	for (size_t i = 0; r >= 0 && i < args->without.nr; i++) {
		n = find(app, map, "without", args->without.items[i], reterr);
		if (!n)
			return -ENOENT;
		group_map_remove(map, n);
	}
	for (size_t i = 0; r >= 0 && i < args->move.nr; i++)
		r = apply_move(app, map, args->move.items[i], e, reterr);
	if (r >= 0 && args->override && !parse_override(args->override, &map->overrides))
		r = failure_set_status(reterr, STATUS_USAGE, -EINVAL,
				       "'--acs-override=%s': downstream, multifunction or both",
				       args->override);
	if (r < 0)
		return r;
	if (args->without.nr || args->move.nr)
		explain_warn(e,
			     "a running kernel keeps devices together that it has grouped: this is what the next boot makes");
	if (args->override)
		explain_warn(e,
			     "the override is insecure, and needs a kernel with that patch: the kernel believes that the devices are apart, but the hardware is the same");
	return 0;
}

/* ---- the run ---- */

/* What-ifs and slots concern the whole host; the targets are found in it by what they led to before. */
static int load_all(struct session *s, struct app *app, const struct operands *targets,
		    struct failure **reterr)
{
	const struct operands none = { 0 };
	struct session all = { 0 };
	int r;

	if (!targets->nr)
		return session_open(s, app, targets, &scope_places, reterr);
	r = session_open(s, app, targets, &(struct scope){ .device_parts = DEVICE_BASE }, reterr);
	if (r >= 0)
		r = session_open(&all, app, &none, &scope_places, reterr);
	for (size_t i = 0; r >= 0 && i < s->nr_devices; i++) {
		struct device *d =
			host_find_device(all.host, s->devices[i]->bus_name, s->devices[i]->name);

		all.devices[i] = d ? d : all.devices[i];
	}
	if (r >= 0)
		all.nr_devices = s->nr_devices;
	session_close(s);
	*s = all;
	return r;
}

static int answer(const struct explanation *e)
{
	for (size_t i = 0; i < e->nr_groups; i++)
		if (!e->changed && e->groups[i].agrees != TRI_YES)
			return STATUS_UNKNOWN;
	return e->unknown ? STATUS_UNKNOWN : STATUS_OK;
}

static void print(struct app *app, const struct explain_args *args, const struct explanation *e)
{
	struct json_doc doc;

	if (app->quiet)
		return;
	if (args->picture) {
		explain_draw(e, args->picture, &app->out);
	} else if (args->json) {
		json_doc_begin(&doc, app->out.stream);
		json_doc_member(&doc, "schema", json_object_new_int(1));
		json_doc_row(&doc, &explain_fields, e);
		json_doc_end(&doc);
	} else {
		explain_print(e, &app->out);
	}
}

static size_t nr_understood(const struct explanation *e)
{
	size_t ret = 0;

	for (size_t i = 0; i < e->nr_groups; i++)
		ret += e->groups[i].agrees == TRI_YES;
	return ret;
}

/* A kernel with the override patch makes other groups, if its command line asks for that. Whether it has the patch is
 * seen by the groups. */
static struct group_map *explain_now(struct session *s, struct explanation *ret)
{
	struct arena *a = s->app->arena;
	const char *override = kernel_cmdline(&s->host->kernel, a, "pcie_acs_override");
	struct group_map *map = group_map_make(s->host, s->report.kernel.kernels.releases, a),
			 *other;
	struct explanation overridden;

	group_map_compute(map);
	explain_make(map, s->devices, s->nr_devices, a, ret);
	if (!override || nr_understood(ret) == ret->nr_groups)
		return map;
	other = group_map_copy(map, a);
	/* With words that are not known, as the ids of devices, the groups stay unknown. */
	(void)!parse_override(override, &other->overrides);
	group_map_compute(other);
	explain_make(other, s->devices, s->nr_devices, a, &overridden);
	if (nr_understood(&overridden) <= nr_understood(ret))
		return map;
	*ret = overridden;
	explain_warn(ret,
		     "this kernel obeys pcie_acs_override=: its groups are apart, but the hardware may still let their devices reach each other");
	return other;
}

static int explain(struct session *s, const struct explain_args *args, struct failure **reterr)
{
	struct app *app = s->app;
	struct explanation e;
	struct group_map *map, *changed;
	int r;

	map = explain_now(s, &e);
	e.brief = !args->targets.nr && app->verbose <= 0;
	if (args->slots)
		explain_add_slots(&e);
	if (args->p2p && s->nr_devices != 2)
		return failure_set_status(reterr, STATUS_USAGE, -EINVAL,
					  "--p2p needs two devices, and the targets name %zu",
					  s->nr_devices);
	if (args->p2p)
		explain_add_p2p(&e, s->devices[0], s->devices[1]);
	if (is_what_if(args)) {
		changed = group_map_copy(map, app->arena);
		changed->releases = s->report.kernels.releases;
		r = apply_all(app, args, changed, &e, reterr);
		if (r < 0)
			return r;
		group_map_compute(changed);
		explain_add_change(&e, changed);
	}
	print(app, args, &e);
	return answer(&e);
}

static int run(struct app *app, void *data, struct failure **reterr)
{
	const struct explain_args *args = data;
	struct scope scope = scope_places;
	struct session s = { 0 };
	int r;

	if (args->p2p)
		scope.device_parts |= DEVICE_DETAILS;
	if (args->p2p)
		scope.host_parts |= HOST_GROUP_TYPES;
	if (is_what_if(args) || args->slots)
		r = load_all(&s, app, &args->targets, reterr);
	else
		r = session_open(&s, app, &args->targets, &scope, reterr);
	if (r >= 0)
		r = session_decide(&s, NULL, args->kernel, reterr);
	if (r >= 0)
		r = explain(&s, args, reterr);
	session_close(&s);
	return r;
}

const struct command command_explain = {
	.name = "explain",
	.summary = "Show why devices share an IOMMU group, and what would part them",
	.operands = "[TARGET...]",
	.argp = &argp,
	.args_size = sizeof(struct explain_args),
	.run = run,
	.documents = (const struct field_table *const[]){ &explain_fields, NULL },
};
