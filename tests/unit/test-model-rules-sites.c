/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rule table itself: ids that are found again, sites that say all, one place for each. */
#include "model/generation.h"
#include "model/rule.h"
#include "scene.h"

static uint64_t sure_releases(const struct rule_site *site)
{
	static const struct kernels all = { .releases = RELEASES_ALL };
	uint64_t ret = 0;

	for (unsigned int r = 0; r < NR_RELEASES; r++)
		if (site_stands(site, &all, (enum release)r) == TRI_YES)
			ret |= RELEASE_BIT(r);
	return ret;
}

static void test_rules_sites_are_sound(void)
{
	const struct rule *rule;

	for (size_t r = 0; (rule = rule_get(r)); r++) {
		assert_ptr_equal(rule_find(rule->id), rule);
		assert_true(strlen(rule->title) > 0 && strlen(rule->remedy) > 0);
		assert_true(rule->nr_sites > 0);
		for (size_t s = 0; s < rule->nr_sites; s++) {
			const struct rule_site *site = &rule->sites[s];
			assert_true(site_releases(site) != 0);
			assert_true(site->paths && site->paths < 1U << NR_PATHS);
			assert_true(site->op != OP_NONE && site->err > 0);
			assert_string_not_equal(errno_name(site->err), "E?");
			assert_non_null(strchr(site->source, '/'));
			/* One place a release, path and step. */
			for (size_t o = 0; o < s; o++) {
				const struct rule_site *other = &rule->sites[o];
				assert_false((sure_releases(other) & sure_releases(site)) &&
					     (other->paths & site->paths) &&
					     other->op == site->op && other->err == site->err);
			}
		}
	}
	assert_null(rule_find("no-such-rule"));
}
