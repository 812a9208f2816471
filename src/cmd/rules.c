/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rules: the decision rules themselves, from the table that decides. Reads nothing of a host. */
#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "model/generation.h"
#include "report/json.h"
#include "report/rules.h"
#include "report/suggest.h"
#include "cmd/commands.h"

struct rules_args {
	struct operands ids;
	const char *kernel;
	bool json, manual;
};

enum { OPT_KERNEL = OPT_COMMAND_FIRST, OPT_MAN };

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct parse *p = state->input;
	struct rules_args *args = p ? p->args : NULL;

	switch (key) {
	case ARGP_KEY_ARG:
		operands_add(&args->ids, p->app, arg);
		return 0;
	case OPT_KERNEL:
		args->kernel = arg;
		return 0;
	case OPT_MAN:
		args->manual = true;
		return 0;
	case 'J':
		args->json = true;
		return 0;
	default:
		return command_parse_default(key, state);
	}
}

static const struct argp_option options[] = {
	{ "kernel", OPT_KERNEL, "GEN", 0, "only the rules of this kernel: 6.0, patched, 6.1.0", 1 },
	{ "json", 'J', NULL, 0, "JSON", 1 },
	{ "man", OPT_MAN, NULL, OPTION_HIDDEN, "the body of vfiotool-rules(7), for scdoc", 1 },
	{ 0 },
};

static const struct argp argp = { .options = options,
				  .parser = parse,
				  .children = global_children };

static int unknown_rule(const char *id, struct arena *a, struct failure **reterr)
{
	const char **ids = NULL, *nearest;
	const struct rule *rule;
	size_t nr = 0;

	for (; (rule = rule_get(nr)); nr++) {
		ids = arena_grow(a, ids, nr, sizeof(*ids));
		ids[nr] = rule->id;
	}
	nearest = suggest_nearest(id, ids, nr);
	if (nearest)
		return failure_set_status(reterr, STATUS_USAGE, -EINVAL,
					  "unknown rule '%s': did you mean %s?", id, nearest);
	return failure_set_status(reterr, STATUS_USAGE, -EINVAL,
				  "unknown rule '%s': 'vfiotool rules' lists them", id);
}

/* The rules asked for, in that order, else all that apply in @releases. */
static int choose(const struct rules_args *args, uint64_t releases, struct arena *a,
		  const struct rule ***ret, size_t *ret_nr, struct failure **reterr)
{
	const struct rule *r;

	*ret = NULL;
	*ret_nr = 0;
	for (size_t i = 0; args->ids.nr ? i < args->ids.nr : rule_get(i) != NULL; i++) {
		r = args->ids.nr ? rule_find(args->ids.items[i]) : rule_get(i);
		if (!r)
			return unknown_rule(args->ids.items[i], a, reterr);
		if (!args->ids.nr && !rule_stands_in(r, releases))
			continue;
		*ret = arena_grow(a, *ret, *ret_nr, sizeof(**ret));
		(*ret)[(*ret_nr)++] = r;
	}
	return 0;
}

/* JSON of a rule with only its sites in @releases. */
static struct json_object *rule_json(const struct rule *rule, uint64_t releases, struct arena *a)
{
	struct rule_site *sites = arena_array(a, rule->nr_sites, sizeof(*sites));
	struct rule some = *rule;

	some.nr_sites = 0;
	for (size_t i = 0; i < rule->nr_sites; i++) {
		if (site_releases(&rule->sites[i]) & releases)
			sites[some.nr_sites++] = rule->sites[i];
	}
	some.sites = sites;
	return json_from_row(&rule_fields, NULL, &some, a);
}

static int print(const struct rules_args *args, const struct rule **rules, size_t nr,
		 uint64_t releases, struct app *app, struct failure **reterr)
{
	struct json_doc doc;
	int r = 0;

	if (args->json) {
		json_doc_begin(&doc, app->out.stream);
		json_doc_member(&doc, "schema", json_object_new_int(1));
		json_doc_array_begin(&doc, "rules");
		for (size_t i = 0; i < nr; i++)
			json_doc_element(&doc, rule_json(rules[i], releases, app->arena));
		json_doc_array_end(&doc);
		json_doc_end(&doc);
		return 0;
	}
	for (size_t i = 0; i < nr && r >= 0; i++) {
		if (args->manual) {
			rule_print_manual(rules[i], &app->out);
			continue;
		}
		if (i)
			fputc('\n', app->out.stream);
		r = rule_print(rules[i], releases, &app->out, reterr);
	}
	return r;
}

static int run(struct app *app, void *data, struct failure **reterr)
{
	const struct rules_args *args = data;
	const struct rule **rules = NULL;
	struct kernels kernels = { .releases = RELEASES_ALL };
	size_t nr = 0;
	int r;

	if (args->kernel) {
		r = generation_parse(args->kernel, &kernels, reterr);
		if (r < 0)
			return r;
	}
	r = choose(args, kernels.releases, app->arena, &rules, &nr, reterr);
	return r < 0 ? r : print(args, rules, nr, kernels.releases, app, reterr);
}

const struct command command_rules = {
	.name = "rules",
	.summary = "Print the rules by which the kernel decides",
	.operands = "[RULE...]",
	.argp = &argp,
	.args_size = sizeof(struct rules_args),
	.run = run,
	.documents = (const struct field_table *const[]){ &rule_fields, NULL },
};
