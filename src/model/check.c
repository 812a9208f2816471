/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/checks.h"

#include <stdarg.h>
#include <string.h>

static const struct check_table *const tables[] = { &checks_iommu, &checks_kernel, &checks_user,
						    &checks_intent };

const char *check_answer_name(enum check_answer answer)
{
	static const char *const names[] = { "unknown", "pass", "warn", "fail" };

	return names[answer];
}

const struct check_row *check_host_row(size_t index)
{
	for (size_t t = 0; t < ARRAY_SIZE(tables); t++) {
		if (index < tables[t]->nr)
			return &tables[t]->rows[index];
		index -= tables[t]->nr;
	}
	return NULL;
}

void check_host(struct check *c)
{
	for (size_t i = 0; (c->row = check_host_row(i)); i++) {
		c->row->run(c);
		c->next = (struct check_result){ 0 };
	}
}

enum check_answer check_worst(const struct check_result *results, size_t nr)
{
	enum check_answer ret = CHECK_PASS;

	for (size_t i = 0; i < nr; i++) {
		enum check_answer one = results[i].answer;

		if (one == CHECK_FAIL || (one == CHECK_UNKNOWN && ret != CHECK_FAIL) ||
		    (one == CHECK_WARN && ret == CHECK_PASS))
			ret = one;
	}
	return ret;
}

void check_cite(struct check *c, const struct fact *f)
{
	struct check_result *r = &c->next;

	if (!f || !f->path)
		return;
	for (size_t i = 0; i < r->nr_evidence; i++)
		if (r->evidence[i] == f)
			return;
	r->evidence = arena_grow(c->arena, r->evidence, r->nr_evidence, sizeof(*r->evidence));
	r->evidence[r->nr_evidence++] = f;
}

static void add_action(struct check *c, const struct action *action)
{
	struct check_result *r = &c->next;

	r->actions = arena_grow(c->arena, r->actions, r->nr_actions, sizeof(*r->actions));
	r->actions[r->nr_actions++] = action;
}

void check_propose(struct check *c, const struct action *action)
{
	add_action(c, arena_memdup(c->arena, action, sizeof(*action)));
}

void check_advise(struct check *c, enum action_kind kind, enum action_scope scope,
		  const char *command, const char *fmt, ...)
{
	struct action action = { .kind = kind, .scope = scope, .command = command };
	va_list ap;

	va_start(ap, fmt);
	action.what = arena_vprintf(c->arena, fmt, ap);
	va_end(ap);
	check_propose(c, &action);
}

/* One command for both, since a person pastes it as a whole. */
static const char *boot_command(struct check *c, const char *add, const char *remove)
{
	const struct boot *b = c->host->boot;
	const char *why, *first, *second;

	first = remove ? boot_option_remove(b, c->arena, remove, &why) : NULL;
	second = add ? boot_option_add(b, c->arena, add, &why) : NULL;
	if ((remove && !first) || (add && !second))
		return NULL;
	return first && second ? arena_join(c->arena, first, " && ", second, NULL)
	       : first         ? first
			       : second;
}

void check_boot(struct check *c, const char *add, const char *remove, const char *fmt, ...)
{
	struct action action = { .kind = ACTION_BOOT_OPTION,
				 .scope = SCOPE_REBOOT,
				 .target = add ? add : remove,
				 .add = add,
				 .remove = remove,
				 .command = boot_command(c, add, remove) };
	va_list ap;

	va_start(ap, fmt);
	action.what = arena_vprintf(c->arena, fmt, ap);
	va_end(ap);
	check_propose(c, &action);
}

void check_plan(struct check *c, const struct device *const *devices, size_t nr)
{
	struct plan_request q = { .host = c->host,
				  .assumptions = c->assumptions,
				  .kernels = c->kernels,
				  .devices = devices,
				  .nr_devices = nr,
				  .ask_use = c->ask_use,
				  .ctx = c->use_ctx };
	struct plans plans;

	plan_make(&q, c->arena, &plans);
	plans_fill_boot(c->host, c->arena, &plans);
	for (size_t i = 0; i < plans.nr; i++) {
		const struct plan *p = &plans.items[i];

		for (size_t k = 0; k < p->nr_steps; k++)
			add_action(c, p->steps[k].action);
		for (size_t k = 0; !p->nr_steps && k < p->nr_alternatives; k++)
			add_action(c, p->alternatives[k]);
	}
}

void check_say(struct check *c, enum check_answer answer, const char *fmt, ...)
{
	struct check_result *r = &c->next;
	va_list ap;

	va_start(ap, fmt);
	r->text = arena_vprintf(c->arena, fmt, ap);
	va_end(ap);
	if (!r->id)
		r->id = c->row->id;
	r->answer = answer;
	c->results = arena_grow(c->arena, c->results, c->nr_results, sizeof(*c->results));
	c->results[c->nr_results++] = *r;
	*r = (struct check_result){ 0 };
}

/* A device that a machine may get: rather one with a group, since the others may have none for reasons of their own. */
static const struct device *find_probe(const struct check *c)
{
	const struct device *ret = NULL;

	for (size_t i = 0; i < c->nr_devices; i++) {
		const struct device *d = c->devices[i];

		if (d->bus != BUS_PCI || d->is_bridge == TRI_YES || device_is_never_given(d))
			continue;
		if (d->group)
			return d;
		if (!ret)
			ret = d;
	}
	return ret;
}

const struct prediction *check_prediction(struct check *c)
{
	if (c->prediction)
		return c->prediction;
	c->probe = find_probe(c);
	if (!c->probe)
		return NULL;
	c->prediction = arena_new_object(c->arena, struct prediction);
	predict_device(c->host, c->assumptions, c->kernels, c->probe, c->arena, c->prediction);
	return c->prediction;
}
