/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/attached.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/macro.h"
#include "uapi/abi.h"
#include "client/device.h"
#include "client/load.h"
#include "report/prediction-fields.h"
#include "cli/config.h"
#include "run/planning.h"

/* ---- the path ---- */

/* no-IOMMU comes last: it protects nothing. */
static const enum path_kind order[] = { PATH_CONTAINER, PATH_IOMMUFD, PATH_COMPAT, PATH_NOIOMMU };

/* What all devices answer together on @kind: no when one says no. iommufd has no types to ask for. */
static enum answer answer_of(const struct attached *ac, enum view view, enum path_kind kind)
{
	enum answer ret = ANSWER_YES;

	if (ac->options->type && kind == PATH_IOMMUFD)
		return ANSWER_NO;
	for (size_t i = 0; i < ac->session.nr_devices; i++) {
		const struct path_prediction *p = &ac->predictions[i].paths[view][kind];

		if (!p->offered || p->answer == ANSWER_NO)
			return ANSWER_NO;
		if (p->answer == ANSWER_UNKNOWN)
			ret = ANSWER_UNKNOWN;
	}
	return ret;
}

/* The first path with that answer, or NULL. */
static const enum path_kind *find_path(const struct attached *ac, enum view view,
				       enum answer answer)
{
	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		if (answer_of(ac, view, order[i]) == answer)
			return &order[i];
	return NULL;
}

/* The path that is reported first, of those that may be taken. */
static enum path_kind best_path(const struct attached *ac, enum view view)
{
	enum path_kind best = ac->predictions[0].best[view];

	return best == PATH_IOMMUFD && ac->options->type ? PATH_COMPAT : best;
}

static void take_path(struct attached *ac, enum path_kind kind, const char *because)
{
	ac->path = kind;
	ac->path_because = because;
}

static void choose_path(struct attached *ac)
{
	const enum path_kind *found;

	if (ac->options->has_path) {
		take_path(ac, ac->options->path, "asked for");
		return;
	}
	found = find_path(ac, VIEW_NOW, ANSWER_YES);
	if (found) {
		take_path(ac, *found,
			  *found == PATH_NOIOMMU ? "the only path that is predicted to work"
						 : "the first path that is predicted to work");
		return;
	}
	found = find_path(ac, VIEW_NOW, ANSWER_UNKNOWN);
	if (found)
		take_path(ac, *found,
			  "no path is certain to work; this one is not certain to be refused");
	else
		take_path(ac, best_path(ac, VIEW_NOW),
			  "no path is expected to work; trying this one");
}

/* The path whose modules to load: a path that works now needs none. */
static enum path_kind path_to_load(const struct attached *ac)
{
	const enum path_kind *found = NULL;

	if (ac->options->has_path)
		return ac->options->path;
	found = find_path(ac, VIEW_NOW, ANSWER_YES);
	if (!found)
		found = find_path(ac, VIEW_IF_BOUND, ANSWER_YES);
	if (!found)
		found = find_path(ac, VIEW_IF_BOUND, ANSWER_UNKNOWN);
	return found ? *found : best_path(ac, VIEW_IF_BOUND);
}

/* ---- the session ---- */

/* Nobody can attach the bridges of a group: the name of a group means its other devices. */
static void leave_out_bridges(struct session *s)
{
	size_t nr = 0;

	for (size_t i = 0; i < s->nr_devices; i++)
		nr += s->devices[i]->is_bridge != TRI_YES;
	if (!nr)
		return;
	nr = 0;
	for (size_t i = 0; i < s->nr_devices; i++)
		if (s->devices[i]->is_bridge != TRI_YES)
			s->devices[nr++] = s->devices[i];
	s->nr_devices = nr;
}

static int check_devices(struct attached *ac, struct failure **reterr)
{
	struct session *s = &ac->session;

	leave_out_bridges(s);

	if (!s->nr_devices)
		return failure_set_status(reterr, STATUS_NO_TARGET, -ENODEV,
					  "no device found: 'vfiotool list' shows them");
	if (ac->options->single && s->nr_devices > 1 && ac->options->targets.nr > 1)
		return failure_set_status(reterr, STATUS_USAGE, -EINVAL,
					  "%zu devices are named, but the command takes one: give one at a time",
					  s->nr_devices);
	if (ac->options->single && s->nr_devices > 1)
		return failure_set_status(reterr, STATUS_USAGE, -EINVAL,
					  "'%s' names %zu devices, but the command takes one: for example %s or %s",
					  ac->options->targets.items[0], s->nr_devices,
					  s->devices[0]->name, s->devices[1]->name);
	return 0;
}

static enum container_type container_type(unsigned int type)
{
	switch (type) {
	case VT_TYPE1_IOMMU:
		return CONTAINER_TYPE1;
	case VT_TYPE1v2_IOMMU:
		return CONTAINER_TYPE1V2;
	case VT_TYPE1_NESTING_IOMMU:
		return CONTAINER_NESTING;
	default:
		return CONTAINER_DEFAULT;
	}
}

static int predict_all(struct attached *ac)
{
	struct session *s = &ac->session;

	ac->predictions = arena_array(ac->arena, s->nr_devices, sizeof(*ac->predictions));
	s->assumptions.type = container_type(ac->options->type);
	s->assumptions.token = ac->options->vf_token != NULL;
	for (size_t i = 0; i < s->nr_devices; i++) {
		const struct plan_request q = planning_request(s, &s->devices[i], 1);

		predict_device(s->host, &s->assumptions, &s->report.kernels, s->devices[i],
			       ac->arena, &ac->predictions[i]);
		plan_remedies(&q, ac->arena, &ac->predictions[i]);
	}
	return 0;
}

static bool is_missing(const struct module *m)
{
	return m->state != MODULE_STATE_LOADED && m->state != MODULE_STATE_BUILTIN;
}

/* The module that @path needs beside vfio, or NULL. Without type1, iommufd may provide the container;
 * no-IOMMU mode needs only vfio. */
static const struct module *server_of(const struct host *h, enum path_kind path)
{
	const struct module *type1 = &h->modules[MODULE_VFIO_IOMMU_TYPE1];

	if (path == PATH_NOIOMMU)
		return NULL;
	if (path == PATH_CONTAINER && type1->state != MODULE_STATE_ABSENT)
		return type1;
	return &h->modules[MODULE_IOMMUFD];
}

/* Loads missing modules that the path needs. Whether anything was loaded. */
static int load_modules(struct attached *ac, struct failure **reterr)
{
	const struct host *h = ac->session.host;
	enum path_kind path = path_to_load(ac);
	const struct module *needed[] = { &h->modules[MODULE_VFIO], server_of(h, path) };
	int any = 0;

	if (!ac->options->has_path && answer_of(ac, VIEW_NOW, path) == ANSWER_YES)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
		int r;

		if (!needed[i] || !is_missing(needed[i]))
			continue;
		/* The container need not be provided by iommufd. */
		if (path == PATH_CONTAINER && needed[i]->state == MODULE_STATE_ABSENT)
			continue;
		r = client_load_module(needed[i]->name, reterr);
		if (r < 0)
			return r;
		any = 1;
	}
	return any;
}

/* Looks at the host and predicts. */
static int look(struct attached *ac, struct app *app, struct failure **reterr)
{
	struct scope scope = scope_all;
	int r;

	scope.device_parts |= ac->options->parts;
	r = session_open(&ac->session, app, &ac->options->targets, &scope, reterr);

	if (r >= 0)
		r = check_devices(ac, reterr);
	if (r >= 0)
		r = session_decide(&ac->session, NULL, NULL, reterr);
	return r < 0 ? r : predict_all(ac);
}

int attached_open(struct attached *ac, struct app *app, const struct attached_options *o,
		  struct failure **reterr)
{
	int r;

	*ac = (struct attached){ .options = o, .arena = app->arena };
	ac->session.app = app;
	if (app->sysroot && !o->only_predicts)
		return failure_set_status(reterr, STATUS_USAGE, -EINVAL,
					  "--sysroot=%s: this command needs the devices of this host: leave it out, or use 'vfiotool inspect'",
					  app->sysroot);
	if (!o->targets.nr)
		return failure_set_status(reterr, STATUS_USAGE, -EINVAL,
					  "no target: name a device, 'vfiotool list' shows them");
	r = look(ac, app, reterr);
	if (r >= 0 && o->load)
		r = load_modules(ac, reterr);
	if (r > 0) {
		session_close(&ac->session);
		r = look(ac, app, reterr);
	}
	if (r < 0)
		return r;
	/* Keep no file of the host open while a device is open. */
	sysroot_rest(ac->session.root);
	choose_path(ac);
	return 0;
}

/* ---- what is asked ---- */

static const char *group_node(const struct group *g, enum path_kind path)
{
	if (!g)
		return NULL;
	return path == PATH_NOIOMMU ? g->noiommu_node.path : g->node.path;
}

/* Whether every device has the nodes that the requests of the path need; without them no request can be
 * sent. */
static bool make_targets(struct attached *ac)
{
	struct session *s = &ac->session;
	struct attach_target *targets = arena_array(ac->arena, s->nr_devices, sizeof(*targets));
	bool complete = true;

	for (size_t i = 0; i < s->nr_devices; i++) {
		const struct device *d = s->devices[i];

		targets[i] = (struct attach_target){
			.name = d->name,
			.group = d->group ? d->group->id : 0,
			.group_node = group_node(d->group, ac->path),
			.cdev_node = d->cdev.path,
			.vf_token = ac->options->vf_token,
		};
		complete &= (ac->path == PATH_IOMMUFD ? targets[i].cdev_node
						      : targets[i].group_node) != NULL;
	}
	ac->request = (struct attach_request){
		.path = ac->path,
		.targets = targets,
		.nr_targets = s->nr_devices,
		.type = ac->options->type,
		.page_size = (size_t)sysconf(_SC_PAGESIZE),
		.no_map = ac->options->no_map,
	};
	return complete;
}

/* Unknown values are left out. */
static int describe_regions(struct attached *ac, const struct attached_device *from,
			    struct attach_device_view *d, struct failure **reterr)
{
	const char *name = d->device->name;

	d->regions = arena_array(ac->arena, d->info.nr_regions, sizeof(*d->regions));
	for (uint32_t i = 0; i < d->info.nr_regions; i++) {
		int r = device_region_get(&ac->client, name, from->fd, i,
					  &d->regions[d->nr_regions]);

		if (r == -EBADMSG)
			return failure_set(reterr, r,
					   "%s: the kernel's description of region %u is invalid: its capabilities loop or leave the answer",
					   name, i);
		if (!r)
			d->nr_regions++;
	}
	return 0;
}

/* Regions and interrupts. 0; -EBADMSG when an answer is invalid. */
static int describe_device(struct attached *ac, const struct attached_device *from,
			   struct attach_device_view *d, struct failure **reterr)
{
	struct client *c = &ac->client;
	const char *name = d->device->name;
	/* Far more than any driver has. */
	enum { INDEXES_MAX = 1024 };

	size_t nr_outcomes;
	int r;

	if (device_info_get(c, name, from->fd, &d->info) < 0)
		return 0;
	d->described = true;
	if (d->info.nr_regions > INDEXES_MAX || d->info.nr_irqs > INDEXES_MAX)
		return failure_set(reterr, -EBADMSG,
				   "%s: the kernel reports %u regions and %u interrupts, more than any device has",
				   name, d->info.nr_regions, d->info.nr_irqs);
	/* Not every index is there for every device (VGA; ERR without PCI Express), and a refusal of
	 * such a question decides nothing. */
	c->silent = true;
	nr_outcomes = c->nr_outcomes;
	r = describe_regions(ac, from, d, reterr);
	d->irqs = arena_array(ac->arena, d->info.nr_irqs, sizeof(*d->irqs));
	for (uint32_t i = 0; i < d->info.nr_irqs; i++)
		if (!device_irq_get(c, name, from->fd, i, &d->irqs[d->nr_irqs]))
			d->nr_irqs++;
	c->nr_outcomes = nr_outcomes;
	c->silent = false;
	return r;
}

static void select_rows(struct attached *ac, struct attach_device_view *d)
{
	struct attach_view *v = &ac->view;

	d->rows = arena_array(ac->arena, v->nr_rows, sizeof(*d->rows));
	d->nr_rows = 0;
	d->match = MATCH_YES;
	for (size_t i = 0; i < v->nr_rows; i++) {
		const struct comparison *c = &v->rows[i];

		if (!compare_concerns(c->object, d->device))
			continue;
		d->rows[d->nr_rows++] = c;
		if (c->match == MATCH_NO || (c->match == MATCH_OPEN && d->match == MATCH_YES))
			d->match = c->match;
	}
}

static void attached_compare(struct attached *ac)
{
	struct attach_view *v = &ac->view;
	const struct compare_devices devices = {
		.predictions = ac->predictions,
		.nr = ac->session.nr_devices,
		.path = ac->path,
	};

	v->rows = compare_outcomes(&devices, ac->client.outcomes, ac->client.nr_outcomes, ac->arena,
				   &v->nr_rows);
	v->match = compare_all(v->rows, v->nr_rows);
	if (v->space_difference)
		v->match = MATCH_NO;
	v->refused = NULL;
	/* An attached device without a description counts as refused. */
	for (size_t i = 0; i < v->nr_rows; i++)
		if ((!v->attached || v->rows[i].op == OP_DEVICE_GET_INFO) &&
		    (!v->rows[i].outcome || v->rows[i].outcome->err))
			v->refused = &v->rows[i];
	for (size_t i = 0; i < v->nr_devices; i++)
		select_rows(ac, &v->devices[i]);
}

/* The extensions that the model speaks of; the same for every device. */
static void ask_for_extensions(struct attached *ac)
{
	const struct prediction *p = &ac->predictions[0];
	unsigned int *ids = arena_array(ac->arena, p->nr_extensions, sizeof(*ids));

	if (ac->path == PATH_IOMMUFD)
		return;
	for (size_t i = 0; i < p->nr_extensions; i++)
		ids[i] = p->extensions[i].id;
	ac->request.extensions = ids;
	ac->request.nr_extensions = p->nr_extensions;
}

static void describe_space(struct attached *ac)
{
	const struct prediction *p = &ac->predictions[0];
	const struct space_info *info = &ac->attachment.info;
	size_t nr = ac->request.nr_extensions;
	struct iova_range *ranges = arena_array(ac->arena, info->nr_ranges, sizeof(*ranges));
	const struct compare_devices devices = {
		.predictions = ac->predictions,
		.nr = ac->session.nr_devices,
		.path = ac->path,
	};
	const struct compare_space space = {
		.ranges = ranges,
		.nr_ranges = info->nr_ranges,
		.has_ranges = info->has_ranges,
		.page_sizes = info->page_sizes_exact ? info->page_sizes : 0,
		.before = nr ? ac->attachment.before : NULL,
		.after = nr ? ac->attachment.after : NULL,
	};

	for (size_t i = 0; i < info->nr_ranges; i++)
		ranges[i] = (struct iova_range){ info->ranges[i].start, info->ranges[i].last };
	ac->extensions = arena_array(ac->arena, nr, sizeof(*ac->extensions));
	for (size_t i = 0; i < nr; i++)
		ac->extensions[i] = (struct extension_answer){
			.id = p->extensions[i].id,
			.name = p->extensions[i].name,
			.before = ac->attachment.before[i],
			.after = ac->attachment.after[i],
		};
	ac->view.extensions = ac->extensions;
	ac->view.nr_extensions = nr;
	ac->view.space = *info;
	ac->view.has_space = ac->path != PATH_NOIOMMU;
	ac->view.space_difference = compare_space(&devices, &space, ac->arena);
}

static int make_view(struct attached *ac, struct failure **reterr)
{
	struct session *s = &ac->session;
	struct attach_device_view *devices =
		arena_array(ac->arena, s->nr_devices, sizeof(*devices));
	int r = 0;

	ac->view = (struct attach_view){
		.report = &s->report,
		.path = ac->path,
		.path_because = ac->path_because,
		.attached = ac->opened && !ac->result,
		.devices = devices,
		.nr_devices = s->nr_devices,
	};
	for (size_t i = 0; i < s->nr_devices; i++)
		devices[i] = (struct attach_device_view){
			.view = &ac->view,
			.device = s->devices[i],
			.names = session_names(s, s->devices[i]),
			.prediction = &ac->predictions[i],
			.attached = ac->view.attached,
		};
	if (ac->view.attached) {
		describe_space(ac);
		for (size_t i = 0; !r && i < s->nr_devices; i++)
			r = describe_device(ac, &ac->attachment.devices[i], &devices[i], reterr);
	}
	attached_compare(ac);
	return r;
}

int attached_attach(struct attached *ac, struct failure **reterr)
{
	client_init(&ac->client, ac->sys ? ac->sys : sys_live(), ac->arena);
	if (!make_targets(ac)) {
		ac->result = -ENODEV;
		make_view(ac, reterr);
		if (ac->view.refused)
			return 0;
		return failure_set_status(reterr, STATUS_FAILED, -ENODEV,
					  "%s: path %s has no device node to open: see 'vfiotool inspect'",
					  ac->session.devices[0]->name, path_kind_name(ac->path));
	}
	ask_for_extensions(ac);
	ac->opened = true;
	ac->result = attachment_open(&ac->client, &ac->request, &ac->attachment, reterr);
	if (ac->result < 0 && ac->attachment.refused == OP_NONE)
		return ac->result;
	return make_view(ac, reterr);
}

bool attached_is_ready(const struct attached *ac)
{
	bool ret = ac->view.attached;

	for (size_t i = 0; i < ac->view.nr_devices; i++)
		ret &= ac->view.devices[i].described;
	return ret;
}

int attached_status(const struct attached *ac)
{
	const struct comparison *refused = ac->view.refused;

	if (ac->view.match == MATCH_NO)
		return STATUS_DIFFER;
	if (ac->view.attached)
		return attached_is_ready(ac) ? STATUS_OK : STATUS_NO;
	if (refused && refused->outcome && refused->outcome->err == EACCES &&
	    (refused->op == OP_OPEN_CONTAINER || refused->op == OP_OPEN_GROUP ||
	     refused->op == OP_OPEN_CDEV || refused->op == OP_OPEN_IOMMUFD))
		return STATUS_DENIED;
	return STATUS_NO;
}

void attached_detach(struct attached *ac)
{
	if (ac->opened)
		attachment_close(&ac->attachment);
	ac->opened = false;
}

void attached_close(struct attached *ac)
{
	attached_detach(ac);
	session_close(&ac->session);
}

int attached_run(struct app *app, const struct attached_options *args,
		 int (*work)(struct attached *ac, const void *args, struct failure **reterr),
		 struct failure **reterr)
{
	struct attached ac;
	int r = attached_open(&ac, app, args, reterr);

	if (r >= 0)
		r = work(&ac, args, reterr);
	attached_close(&ac);
	return r;
}

void attached_json_begin(const struct attached *ac, FILE *to, struct json_doc *doc)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();

	json_doc_begin(doc, to);
	json_doc_member(doc, "schema", json_object_new_int(1));
	json_doc_member(doc, "vfiotool", json_object_new_string(VFIOTOOL_VERSION));
	json_doc_member(doc, "kernel", json_from_row(&kernel_fields, NULL, &ac->session.report, a));
	json_doc_row(doc, &attach_fields, &ac->view);
	json_doc_array_begin(doc, "devices");
}
