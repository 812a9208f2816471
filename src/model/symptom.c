/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/symptom.h"

#include <string.h>

#include "base/macro.h"
#include "model/symptoms.h"

static const struct symptom_table *const tables[] = { &symptoms_attach, &symptoms_use };
static const struct symptom_pattern_table *const patterns[] = { &patterns_vmm, &patterns_kernel,
								&patterns_general };

const struct symptom *symptom_get(size_t index)
{
	for (size_t t = 0; t < ARRAY_SIZE(tables); t++) {
		if (index < tables[t]->nr)
			return &tables[t]->items[index];
		index -= tables[t]->nr;
	}
	return NULL;
}

const struct symptom_pattern *symptom_pattern_get(size_t index)
{
	for (size_t t = 0; t < ARRAY_SIZE(patterns); t++) {
		if (index < patterns[t]->nr)
			return &patterns[t]->items[index];
		index -= patterns[t]->nr;
	}
	return NULL;
}

const struct symptom *symptom_find(const char *id)
{
	const struct symptom *ret;

	for (size_t i = 0; (ret = symptom_get(i)); i++)
		if (!strcmp(ret->id, id))
			return ret;
	return NULL;
}

const struct symptom *symptom_of(const struct symptom *s, int err)
{
	for (size_t i = 0; err && i < SYMPTOM_CASES_MAX; i++)
		if (s->cases[i].err == err)
			return symptom_find(s->cases[i].symptom);
	return s;
}

bool symptom_is_general(const struct symptom *s)
{
	return !s->rules[0] && s->ops[0] != OP_NONE;
}

/* Whether @rule refuses one of the ops of @s with @err, or with any when that is 0. */
static bool refuses(const struct rule *rule, const struct symptom *s, int err)
{
	for (size_t i = 0; i < rule->nr_sites; i++)
		for (size_t k = 0; k < SYMPTOM_OPS_MAX && s->ops[k] != OP_NONE; k++)
			if (rule->sites[i].op == s->ops[k] && (!err || rule->sites[i].err == err))
				return true;
	return false;
}

size_t symptom_rules(const struct symptom *s, int err,
		     const struct rule *ret[static SYMPTOM_RULES_MAX])
{
	const struct rule *rule;
	size_t nr = 0;

	for (; !symptom_is_general(s) && s->rules[nr]; nr++)
		ret[nr] = rule_find(s->rules[nr]);
	if (!symptom_is_general(s))
		return nr;
	for (size_t i = 0; nr < SYMPTOM_RULES_MAX && (rule = rule_get(i)); i++)
		if (refuses(rule, s, err))
			ret[nr++] = rule;
	return nr;
}

const char *symptom_now_name(enum symptom_now now)
{
	static const char *const names[] = {
		[SYMPTOM_NOW_UNKNOWN] = "unknown",
		[SYMPTOM_NOW_STILL] = "still",
		[SYMPTOM_NOW_GONE] = "gone",
	};

	return names[now];
}
