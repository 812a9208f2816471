/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rules: the decision rules themselves, from the table that decides. Reads nothing of a host. */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "base/parse.h"
#include "model/generation.h"
#include "report/json.h"
#include "report/rules.h"
#include "report/suggest.h"
#include "report/symptoms.h"
#include "cmd/commands.h"

struct rules_args {
	struct operands ids;
	const char *kernel;
	bool json, manual, symptoms;
	enum op op; /* OP_NONE: any */
	int err;    /* positive; 0: any */
};

enum { OPT_KERNEL = OPT_COMMAND_FIRST, OPT_MAN, OPT_SYMPTOMS, OPT_ERRNO, OPT_OP };

/* "EPERM", "1" or "-1". */
static error_t parse_errno(struct parse *p, const char *arg, int *ret)
{
	uint32_t number = 0;

	*ret = errno_from_name(arg);
	if (!*ret && parse_u32(arg + (*arg == '-'), 10, &number) == 0 && number < 4096)
		*ret = (int)number;
	return *ret ? 0
		    : parse_fail(p,
				 "--errno=%s must be the name or number of an error, for example EPERM",
				 arg);
}

static error_t parse_op(struct parse *p, const char *arg, enum op *ret)
{
	char *upper = arena_strdup(p->app->arena, arg);
	const char *names[NR_OPS], *nearest;

	for (char *c = upper; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	for (unsigned int i = 1; i < NR_OPS; i++) {
		names[i - 1] = op_name((enum op)i);
		if (!strcmp(names[i - 1], upper)) {
			*ret = (enum op)i;
			return 0;
		}
	}
	nearest = suggest_nearest(upper, names, NR_OPS - 1);
	return parse_fail(p, "--op=%s is not a request%s%s; 'vfiotool rules' shows them", arg,
			  nearest ? ": did you mean " : "", nearest ? nearest : "");
}

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
	case OPT_SYMPTOMS:
		args->symptoms = true;
		return 0;
	case OPT_ERRNO:
		return parse_errno(p, arg, &args->err);
	case OPT_OP:
		return parse_op(p, arg, &args->op);
	case 'J':
		args->json = true;
		return 0;
	case ARGP_KEY_END:
		if (p && !p->asked && args->symptoms && (args->kernel || args->err || args->op))
			return parse_fail(p,
					  "--kernel, --errno and --op are about rules, not symptoms");
		return 0;
	default:
		return command_parse_default(key, state);
	}
}

static const struct argp_option options[] = {
	{ "kernel", OPT_KERNEL, "GEN", 0, "only the rules of this kernel: 6.0, patched, 6.1.0", 1 },
	{ "errno", OPT_ERRNO, "ERRNO", 0, "only rules that refuse with this error: EPERM, 1", 1 },
	{ "op", OPT_OP, "REQUEST", 0, "only rules that refuse this request: SET_IOMMU", 1 },
	{ "symptoms", OPT_SYMPTOMS, NULL, 0,
	  "the messages that diagnose knows, by symptom, instead of rules", 1 },
	{ "json", 'J', NULL, 0, "JSON", 1 },
	{ "man", OPT_MAN, NULL, OPTION_HIDDEN, "the body of the page of section 7, for scdoc", 1 },
	{ 0 },
};

static const struct argp argp = { .options = options,
				  .parser = parse,
				  .children = global_children };

/* The id of rule, or symptom, number @i, or NULL. */
static const char *id_of(const struct rules_args *args, size_t i)
{
	if (args->symptoms)
		return symptom_get(i) ? symptom_get(i)->id : NULL;
	return rule_get(i) ? rule_get(i)->id : NULL;
}

static int unknown_id(const struct rules_args *args, const char *id, struct arena *a,
		      struct failure **reterr)
{
	const char *what = args->symptoms ? "symptom" : "rule";
	const char **ids = NULL, *nearest;
	size_t nr = 0;

	for (; id_of(args, nr); nr++) {
		ids = arena_grow(a, ids, nr, sizeof(*ids));
		ids[nr] = id_of(args, nr);
	}
	nearest = suggest_nearest(id, ids, nr);
	if (nearest)
		return failure_set_status(reterr, STATUS_USAGE, -EINVAL,
					  "unknown %s '%s': did you mean %s?", what, id, nearest);
	return failure_set_status(reterr, STATUS_USAGE, -EINVAL,
				  "unknown %s '%s': 'vfiotool rules%s' lists them", what, id,
				  args->symptoms ? " --symptoms" : "");
}

/* Whether @site is among those asked for. */
static bool is_wanted(const struct rules_args *args, uint64_t releases,
		      const struct rule_site *site)
{
	return site_releases(site) & releases && (args->op == OP_NONE || site->op == args->op) &&
	       (!args->err || site->err == args->err);
}

/* @rule with only the sites that are asked for. */
static const struct rule *cut_rule(const struct rules_args *args, const struct rule *rule,
				   uint64_t releases, struct arena *a)
{
	struct rule_site *sites = arena_array(a, rule->nr_sites, sizeof(*sites));
	struct rule *ret = arena_memdup(a, rule, sizeof(*rule));

	ret->nr_sites = 0;
	for (size_t i = 0; i < rule->nr_sites; i++)
		if (is_wanted(args, releases, &rule->sites[i]))
			sites[ret->nr_sites++] = rule->sites[i];
	ret->sites = sites;
	return ret;
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
			return unknown_id(args, args->ids.items[i], a, reterr);
		if (args->op != OP_NONE || args->err)
			r = cut_rule(args, r, releases, a);
		if ((!args->ids.nr || !r->nr_sites) && !rule_stands_in(r, releases))
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
		json_doc_array_begin(&doc, "symptoms");
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

/* The symptom of operand number @i, or number @i of all; NULL past the last, or where there is none of that name. */
static const struct symptom *symptom_at(const struct rules_args *args, size_t i)
{
	if (!args->ids.nr)
		return symptom_get(i);
	return i < args->ids.nr ? symptom_find(args->ids.items[i]) : NULL;
}

static int print_symptoms(const struct rules_args *args, struct app *app, struct failure **reterr)
{
	const struct symptom *s;
	struct json_doc doc;

	for (size_t i = 0; i < args->ids.nr; i++)
		if (!symptom_find(args->ids.items[i]))
			return unknown_id(args, args->ids.items[i], app->arena, reterr);
	if (args->json) {
		json_doc_begin(&doc, app->out.stream);
		json_doc_member(&doc, "schema", json_object_new_int(1));
		json_doc_array_begin(&doc, "rules");
		json_doc_array_end(&doc);
		json_doc_array_begin(&doc, "symptoms");
	}
	for (size_t i = 0; (s = symptom_at(args, i)); i++) {
		if (args->json) {
			json_doc_element(&doc, json_from_row(&symptom_fields, NULL, s, app->arena));
		} else if (args->manual) {
			symptom_print_manual(s, &app->out);
		} else {
			if (i)
				fputc('\n', app->out.stream);
			symptom_print(s, &app->out);
		}
	}
	if (args->json) {
		json_doc_array_end(&doc);
		json_doc_end(&doc);
	}
	return 0;
}

static int run(struct app *app, void *data, struct failure **reterr)
{
	const struct rules_args *args = data;
	const struct rule **rules = NULL;
	struct kernels kernels = { .releases = RELEASES_ALL };
	size_t nr = 0;
	int r;

	if (args->symptoms)
		return print_symptoms(args, app, reterr);
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
	.documents = (const struct field_table *const[]){ &rule_fields, &symptom_fields, NULL },
};
