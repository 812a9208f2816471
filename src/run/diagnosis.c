/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/diagnosis.h"

#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "run/planning.h"

enum { CANDIDATES_MAX = 64 };

/* ---- lines to causes ---- */

void diagnosing_init(struct diagnosing *d, struct arena *a)
{
	const char **texts = NULL;
	const struct symptom_pattern *p;
	size_t nr = 0;

	*d = (struct diagnosing){ .arena = a };
	for (; (p = symptom_pattern_get(nr)); nr++) {
		texts = arena_grow(a, texts, nr, sizeof(*texts));
		texts[nr] = p->text;
		d->symptoms = arena_grow(a, d->symptoms, nr, sizeof(struct symptom *));
		d->symptoms[nr] = symptom_find(p->symptom);
	}
	d->match = logmatch_new(a, texts, nr);
	d->result.items = arena_array(a, CAUSES_MAX, sizeof(*d->result.items));
}

static bool same_device(const struct cause *a, const struct cause *b)
{
	return (!a->device || !b->device || !strcmp(a->device, b->device)) &&
	       (!a->has_group || !b->has_group || a->group == b->group) &&
	       (!a->has_cdev || !b->has_cdev || a->cdev == b->cdev);
}

static bool same_cause(const struct cause *a, const struct cause *b)
{
	return a->symptom == b->symptom && same_device(a, b) &&
	       (!a->request.err || !b->request.err || a->request.err == b->request.err);
}

static void add_program(struct cause *c, const char *program)
{
	for (size_t i = 0; i < c->nr_programs; i++)
		if (!strcmp(c->programs[i], program))
			return;
	if (c->nr_programs < CAUSE_PROGRAMS_MAX)
		c->programs[c->nr_programs++] = program;
}

static bool same_file(const struct cause *a, const struct cause *b)
{
	return a->file == b->file || (a->file && b->file && !strcmp(a->file, b->file));
}

/* Adds to @c what @from knows of the same cause. */
static void merge(struct cause *c, const struct cause *from)
{
	c->device = c->device ? c->device : from->device;
	if (!c->has_group && from->has_group) {
		c->has_group = true;
		c->group = from->group;
	}
	if (!c->has_cdev && from->has_cdev) {
		c->has_cdev = true;
		c->cdev = from->cdev;
	}
	if (!c->has_region && from->has_region) {
		c->has_region = true;
		c->region = from->region;
	}
	if (!c->request.has_iova && from->request.has_iova) {
		int err = c->request.err;

		c->request = from->request;
		c->request.err = err;
	}
	if (!c->request.err)
		c->request.err = from->request.err;
	for (size_t i = 0; i < from->nr_programs; i++)
		add_program(c, from->programs[i]);
	for (size_t i = 0; i < from->nr_lines && same_file(c, from); i++)
		if (c->nr_lines < CAUSE_LINES_MAX)
			c->lines[c->nr_lines++] = from->lines[i];
	c->count += from->count;
}

/* The cause that @one shows as well, the last first; or NULL. */
static struct cause *find_cause(struct diagnosis *d, const struct cause *one)
{
	for (size_t i = d->nr; i--;)
		if (same_cause(&d->items[i], one))
			return &d->items[i];
	return NULL;
}

static void cause_of(const struct diagnosing *d, const struct log_match *m, uint64_t number,
		     struct cause *ret)
{
	const struct log_values *v = &m->values;

	*ret = (struct cause){
		.symptom = symptom_of(d->symptoms[m->pattern], v->err),
		.programs = { symptom_pattern_get(m->pattern)->program },
		.nr_programs = 1,
		.file = d->file,
		.lines = { number },
		.nr_lines = d->numbered ? 1 : 0,
		.count = 1,
		.has_group = v->has_group,
		.has_cdev = v->has_cdev,
		.has_region = v->has_region,
		.group = v->group,
		.cdev = v->cdev,
		.region = v->region,
		.request = { v->err, v->has_iova, v->has_size, v->iova, v->size },
	};
}

static bool is_blank(struct span line)
{
	return !span_strip(line).len;
}

void diagnosing_line(void *ctx, uint64_t number, struct span line)
{
	vt_cleanup(arena_freep) struct arena *scratch = NULL;
	struct diagnosing *d = ctx;
	struct cause one, *known;
	struct log_match m;

	if (!logmatch_line(d->match, line, &m)) {
		d->result.unrecognised += !is_blank(line);
		return;
	}
	scratch = arena_new();
	cause_of(d, &m, number, &one);
	if (m.values.has_device)
		one.device = pciaddr_format(scratch, &m.values.device);
	known = find_cause(&d->result, &one);
	if (!known && d->result.nr == CAUSES_MAX) {
		d->result.full = true;
		return;
	}
	if (known) {
		if (!known->device && one.device)
			known->device = arena_strdup(d->arena, one.device);
		merge(known, &one);
		return;
	}
	one.device = one.device ? arena_strdup(d->arena, one.device) : NULL;
	d->result.items[d->result.nr++] = one;
}

/* ---- what one program only reports, and another explains ---- */

static bool shares_rule(const struct cause *general, const struct cause *other)
{
	const struct rule *a[SYMPTOM_RULES_MAX], *b[SYMPTOM_RULES_MAX];
	size_t nr_a = symptom_rules(general->symptom, general->request.err, a),
	       nr_b = symptom_rules(other->symptom, other->request.err, b);

	for (size_t i = 0; i < nr_a; i++)
		for (size_t k = 0; k < nr_b; k++)
			if (a[i] == b[k])
				return true;
	return false;
}

/* The cause that explains @general, of which only a request and its errno is known; or NULL. */
static struct cause *find_explanation(struct diagnosis *d, const struct cause *general)
{
	if (!symptom_is_general(general->symptom) || !general->request.err)
		return NULL;
	for (size_t i = 0; i < d->nr; i++) {
		struct cause *c = &d->items[i];

		if (!symptom_is_general(c->symptom) && same_device(c, general) &&
		    shares_rule(general, c))
			return c;
	}
	return NULL;
}

static int compare_lines(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void join_explained(struct diagnosis *d)
{
	for (size_t i = 0; i < d->nr;) {
		struct cause *to = find_explanation(d, &d->items[i]);

		if (!to) {
			i++;
			continue;
		}
		merge(to, &d->items[i]);
		qsort(to->lines, to->nr_lines, sizeof(*to->lines), compare_lines);
		memmove(&d->items[i], &d->items[i + 1], (d->nr - i - 1) * sizeof(*d->items));
		d->nr--;
	}
}

/* ---- the host ---- */

static bool is_there(struct fact f)
{
	return f.state != FACT_ABSENT && f.state != FACT_UNREAD;
}

/* The target that @c names, where the host has it; else NULL. By what loading it reads, which a capture has. */
static const char *target_of(struct cause *c, struct sysroot *root, struct arena *a)
{
	const char *path;

	if (c->device) {
		struct fact f, all;

		path = arena_printf(a, "sys/bus/pci/devices/%s/uevent", c->device);
		f = sysroot_read_locked(root, a, path);
		if (is_there(f))
			return c->device;
		/* A container may have no sysfs at all. */
		all = sysroot_list(root, a, "sys/bus/pci/devices");
		c->absent = f.state == FACT_ABSENT && fact_is(&all);
		return NULL;
	}
	if (c->has_group) {
		path = arena_printf(a, "sys/kernel/iommu_groups/%u/devices", c->group);
		return is_there(sysroot_list(root, a, path)) ? arena_printf(a, "group:%u", c->group)
							     : NULL;
	}
	if (!c->has_cdev)
		return NULL;
	path = arena_printf(a, "sys/class/vfio-dev/vfio%u", c->cdev);
	return is_there(sysroot_read_link(root, a, path)) ? arena_printf(a, "vfio%u", c->cdev)
							  : NULL;
}

/* Whether all devices have to be looked at: none is named, or only by a node that is not found at once. */
static bool needs_all(const struct cause *c, const char *target)
{
	return !c->device && !c->has_group && !target;
}

static bool names_something(const struct cause *c)
{
	return c->device || c->has_group || c->has_cdev;
}

/* The devices to load: those that are named and exist; all, where a cause names none. */
static int find_targets(struct diagnosis *d, struct app *app, struct operands *ret,
			struct failure **reterr)
{
	struct sysroot *root = NULL;
	bool all = false;
	int r = sysroot_open(app->sysroot, &root, reterr);

	if (r < 0)
		return r;
	for (size_t i = 0; i < d->nr; i++) {
		const char *target = target_of(&d->items[i], root, app->arena);

		all |= needs_all(&d->items[i], target);
		if (target)
			operands_add(ret, app, target);
	}
	sysroot_close(root);
	if (all)
		ret->nr = 0;
	return all || ret->nr ? 1 : 0;
}

static bool is_vfio_endpoint(const struct device *dev)
{
	return dev->is_bridge != TRI_YES && device_is_vfio(dev);
}

static bool has_cdev(const struct device *dev, const char *name)
{
	struct span rest = { dev->vfio_dev.raw, fact_is(&dev->vfio_dev) ? dev->vfio_dev.len : 0 };
	struct span line;

	while (parse_line(&rest, &line))
		if (span_equals(line, name))
			return true;
	return false;
}

static bool is_meant(const struct cause *c, const char *cdev_name, const struct device *dev)
{
	if (c->device)
		return !strcmp(dev->name, c->device);
	if (c->has_group)
		return dev->group && dev->group->id == c->group && dev->is_bridge != TRI_YES;
	if (c->has_cdev)
		return has_cdev(dev, cdev_name);
	return is_vfio_endpoint(dev);
}

static void take_answer(struct cause *c, const struct device *dev,
			const struct symptom_answer *answer, bool first)
{
	static const int order[] = {
		[SYMPTOM_NOW_GONE] = 0, [SYMPTOM_NOW_UNKNOWN] = 1, [SYMPTOM_NOW_STILL] = 2
	};

	if (!first && order[answer->now] <= order[c->answer.now])
		return;
	c->answer = *answer;
	c->found = dev;
}

static void judge_with(struct session *s, struct cause *c, const struct device *dev, bool first)
{
	const struct symptom_ask ask = { .host = s->host,
					 .assumptions = &s->assumptions,
					 .kernels = &s->report.kernels,
					 .device = dev,
					 .symptom = c->symptom,
					 .request = &c->request };
	struct symptom_answer answer;

	symptom_judge(&ask, s->app->arena, &answer);
	take_answer(c, dev, &answer, first);
}

static void judge_unasked(struct cause *c, struct arena *a)
{
	c->answer.nr_rules = symptom_rules(c->symptom, c->request.err, c->answer.rules);
	if (c->absent && c->symptom->flags & SYMPTOM_ADDRESS)
		c->answer.now = SYMPTOM_NOW_STILL;
	if (c->device)
		c->answer.seen = arena_printf(a, "this host has no device %s", c->device);
	else if (c->has_group)
		c->answer.seen = arena_printf(a, "this host has no group %u", c->group);
	else if (c->has_cdev)
		c->answer.seen = arena_printf(a, "this host has no vfio%u", c->cdev);
	else
		c->answer.seen = "the message names no device, and none is on a VFIO driver";
}

/* One that any device can answer, and the first that can. */
static const struct device *any_endpoint(const struct host *h)
{
	for (size_t i = 0; i < h->nr_devices; i++)
		if (h->devices[i]->is_bridge == TRI_NO && !device_is_never_given(h->devices[i]))
			return h->devices[i];
	return NULL;
}

static void judge(struct session *s, struct cause *c)
{
	const char *cdev_name = arena_printf(s->app->arena, "vfio%u", c->cdev);
	const struct host *h = s->host;
	size_t asked = 0;

	for (size_t i = 0; h && i < h->nr_devices && asked < CANDIDATES_MAX; i++)
		if (is_meant(c, cdev_name, h->devices[i]))
			judge_with(s, c, h->devices[i], !asked++);
	if (!asked && !names_something(c) && h && c->symptom->flags & SYMPTOM_OF_HOST &&
	    any_endpoint(h))
		judge_with(s, c, any_endpoint(h), !asked++);
	c->asked = asked && names_something(c);
	if (!asked)
		judge_unasked(c, s->app->arena);
}

/* A plan is for what keeps a device from being attached. */
static void add_plan(struct session *s, struct cause *c)
{
	struct device **dev;
	struct plan_request q;
	struct plans plans;

	if (!c->found || c->symptom->ops[0] == OP_NONE ||
	    (!c->asked && c->answer.now != SYMPTOM_NOW_STILL))
		return;
	/* The plan borrows it. */
	dev = arena_new_object(s->app->arena, struct device *);
	*dev = host_find_device(s->host, c->found->bus_name, c->found->name);
	q = planning_request(s, dev, 1);
	planning_make(s, &q, true, s->app->arena, &plans);
	c->plan =
		plans.nr ? arena_memdup(s->app->arena, &plans.items[0], sizeof(struct plan)) : NULL;
}

int diagnosing_judge(struct diagnosing *d, const char *unit, struct app *app, struct session *s,
		     struct failure **reterr)
{
	struct operands targets = { 0 };
	struct scope scope = scope_all;
	int r;

	*s = (struct session){ .app = app };
	join_explained(&d->result);
	r = find_targets(&d->result, app, &targets, reterr);
	if (r <= 0) {
		for (size_t i = 0; r == 0 && i < d->result.nr; i++)
			judge_unasked(&d->result.items[i], app->arena);
		return r;
	}
	scope_add_notices(&scope);
	if (unit) {
		scope.host_parts |= HOST_SETUP;
		scope.unit = unit;
	}
	r = session_open(s, app, &targets, &scope, reterr);
	if (r >= 0)
		r = session_decide(s, NULL, NULL, reterr);
	for (size_t i = 0; r >= 0 && i < d->result.nr; i++) {
		judge(s, &d->result.items[i]);
		add_plan(s, &d->result.items[i]);
	}
	return r;
}
