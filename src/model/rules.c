/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of all topics as one, and a step's rules in the order in which the kernel checks. */
#include "model/rules.h"

#include <string.h>

#include "model/memo.h"

static const struct rule_table *const tables[] = {
	&rules_bind,      &rules_platform, &rules_iommu,     &rules_node,       &rules_held,
	&rules_viability, &rules_direct,   &rules_container, &rules_interrupts, &rules_limits,
	&rules_token,     &rules_power,    &rules_mapping,   &rules_dirty,
};

const struct rule *rule_get(size_t index)
{
	for (size_t t = 0; t < ARRAY_SIZE(tables); t++) {
		if (index < tables[t]->nr)
			return &tables[t]->rules[index];
		index -= tables[t]->nr;
	}
	return NULL;
}

const struct rule *rule_find(const char *id)
{
	const struct rule *ret;

	for (size_t i = 0; (ret = rule_get(i)); i++)
		if (!strcmp(ret->id, id))
			return ret;
	return NULL;
}

enum tristate site_stands(const struct rule_site *site, const struct kernels *k,
			  enum release release)
{
	enum tristate since = site->since ? kernels_have(k, release, site->since) : TRI_YES;
	enum tristate until = site->until ? kernels_have(k, release, site->until) : TRI_NO;

	if (since == TRI_NO || until == TRI_YES)
		return TRI_NO;
	return since == TRI_YES && until == TRI_NO ? TRI_YES : TRI_UNKNOWN;
}

uint64_t site_releases(const struct rule_site *site)
{
	static const struct kernels all = { .releases = RELEASES_ALL };
	uint64_t ret = 0;

	for (unsigned int r = 0; r < NR_RELEASES; r++)
		if (site_stands(site, &all, (enum release)r) != TRI_NO)
			ret |= RELEASE_BIT(r);
	return ret;
}

/* Puts the sites of @rule that stand at @op among the @nr of @ret. */
static size_t add_sites(const struct rule *rule, const struct kernels *k, enum release release,
			enum op op, size_t nr, struct rule_at *ret)
{
	for (size_t s = 0; s < rule->nr_sites; s++) {
		const struct rule_site *site = &rule->sites[s];
		enum tristate stands = site->op == op ? site_stands(site, k, release) : TRI_NO;
		size_t at = nr;

		if (stands == TRI_NO)
			continue;
		for (; at && ret[at - 1].site->order > site->order; at--)
			ret[at] = ret[at - 1];
		ret[at] = (struct rule_at){ rule, site, stands == TRI_YES };
		nr++;
	}
	return nr;
}

/* The rules of each step, once they were asked for. */
struct rule_lists {
	struct rule_lists *next;
	struct kernels kernels;
	enum release release;
	const struct rule_at *at[NR_OPS];
	size_t nr[NR_OPS];
};

struct model_memo *model_memo_new(struct arena *a)
{
	struct model_memo *ret = arena_new_object(a, struct model_memo);

	ret->arena = a;
	return ret;
}

static struct rule_lists *find_lists(struct model_memo *memo, const struct kernels *k,
				     enum release release)
{
	struct rule_lists *ret;

	for (ret = memo->rules; ret; ret = ret->next)
		if (ret->release == release && !memcmp(&ret->kernels, k, sizeof(*k)))
			return ret;
	ret = arena_new_object(memo->arena, struct rule_lists);
	*ret = (struct rule_lists){ .next = memo->rules, .kernels = *k, .release = release };
	memo->rules = ret;
	return ret;
}

const struct rule_at *rules_known(struct model_memo *memo, const struct kernels *k,
				  enum release release, enum op op,
				  struct rule_at buf[static RULE_SITES_MAX], size_t *ret_nr)
{
	struct rule_lists *lists;

	if (!memo) {
		*ret_nr = rules_at(k, release, op, buf);
		return buf;
	}
	lists = find_lists(memo, k, release);
	if (!lists->at[op]) {
		lists->nr[op] = rules_at(k, release, op, buf);
		lists->at[op] = arena_memdup(memo->arena, buf, lists->nr[op] * sizeof(*buf));
	}
	*ret_nr = lists->nr[op];
	return lists->at[op];
}

size_t rules_at(const struct kernels *k, enum release release, enum op op, struct rule_at *ret)
{
	const struct rule *rule;
	size_t nr = 0;

	for (size_t t = 0; t < ARRAY_SIZE(tables); t++)
		for (rule = tables[t]->rules; rule < tables[t]->rules + tables[t]->nr; rule++)
			nr = add_sites(rule, k, release, op, nr, ret);
	return nr;
}

bool rule_bound_already(struct eval *e)
{
	if (!eval_bound_now(e))
		return false;
	eval_passes(e, "%s is on VFIO driver %s already", e->dev->name,
		    eval_driver_name(e, e->dev));
	return true;
}

/* Mediated devices and no-IOMMU groups have no domain: type1 asks nothing of them.
 * linux: drivers/vfio/vfio_iommu_type1.c: vfio_iommu_type1_attach_group(). */
bool rule_has_real_group(struct eval *e)
{
	enum group_kind kind = eval_group_kind(e);

	/* Should it turn out to be a group of no-IOMMU mode, the container path has ended before. */
	if (kind == GROUP_REAL || (kind == GROUP_UNKNOWN && e->path != PATH_IOMMUFD))
		return true;
	if (kind == GROUP_UNKNOWN)
		eval_unknown(e, "the IOMMU group of %s is unknown", e->dev->name);
	else
		eval_passes(e, "VFIO made the group of %s for this device alone", e->dev->name);
	return false;
}

const char *answer_name(enum answer answer)
{
	switch (answer) {
	case ANSWER_YES:
		return "yes";
	case ANSWER_NO:
		return "no";
	default:
		return "unknown";
	}
}
