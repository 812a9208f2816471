/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of all topics as one, and a step's rules in the order in which the kernel checks. */
#include "model/rules.h"

#include <string.h>

static const struct rule_table *const tables[] = {
	&rules_bind,      &rules_platform, &rules_iommu,     &rules_node,       &rules_held,
	&rules_viability, &rules_direct,   &rules_container, &rules_interrupts, &rules_limits,
	&rules_token,     &rules_mapping,  &rules_dirty,
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

/* Puts the sites of @rule that stand at @op among the @nr of @ret. */
static size_t add_sites(const struct rule *rule, unsigned int gen, enum op op, size_t nr,
			struct rule_at *ret)
{
	for (size_t s = 0; s < rule->nr_sites; s++) {
		const struct rule_site *site = &rule->sites[s];
		size_t at = nr;

		if (site->op != op || !(site->gens & GEN_BIT(gen)))
			continue;
		for (; at && ret[at - 1].site->order > site->order; at--)
			ret[at] = ret[at - 1];
		ret[at] = (struct rule_at){ rule, site };
		nr++;
	}
	return nr;
}

size_t rules_at(unsigned int gen, enum op op, struct rule_at *ret)
{
	size_t nr = 0;

	for (size_t t = 0; t < ARRAY_SIZE(tables); t++)
		for (size_t r = 0; r < tables[t]->nr; r++)
			nr = add_sites(&tables[t]->rules[r], gen, op, nr, ret);
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
		eval_unknown(e, "the IOMMU group of %s is not known", e->dev->name);
	else
		eval_passes(e, "the group of %s was made by VFIO for it alone", e->dev->name);
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
