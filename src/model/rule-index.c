/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rule table by generation and step, in the order in which the kernel checks. */
#include "model/generation.h"
#include "model/rule.h"

/* The rules sorted by generation and op: of the same constants always the same, so that it is worked out
 * once. There are no threads. */
enum { PLACES_MAX = 1024 };

static struct {
	struct rule_at all[PLACES_MAX];
	uint16_t first[NR_GENS][NR_OPS], nr[NR_GENS][NR_OPS];
	bool made;
} places;

static size_t index_op(unsigned int gen, enum op op, struct rule_at *ret)
{
	size_t nr_rules, nr = 0;
	const struct rule *rules = rules_all(&nr_rules);

	for (size_t r = 0; r < nr_rules; r++)
		for (size_t s = 0; s < rules[r].nr_sites; s++) {
			const struct rule_site *site = &rules[r].sites[s];
			size_t at = nr;

			if (site->op != op || !(site->gens & GEN_BIT(gen)))
				continue;
			for (; at && ret[at - 1].site->order > site->order; at--)
				ret[at] = ret[at - 1];
			ret[at] = (struct rule_at){ &rules[r], site };
			nr++;
		}
	return nr;
}

static void index_make(void)
{
	size_t used = 0;

	for (unsigned int gen = 0; gen < NR_GENS; gen++)
		for (unsigned int op = 0; op < NR_OPS; op++) {
			places.first[gen][op] = (uint16_t)used;
			places.nr[gen][op] =
				(uint16_t)index_op(gen, (enum op)op, places.all + used);
			used += places.nr[gen][op];
		}
	places.made = true;
}

const struct rule_at *rules_at(unsigned int gen, enum op op, size_t *nr)
{
	if (!places.made)
		index_make();
	*nr = places.nr[gen][op];
	return places.all + places.first[gen][op];
}
