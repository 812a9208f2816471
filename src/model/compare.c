/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/compare.h"

#include <errno.h>
#include <string.h>

static const char group_prefix[] = "group:";

/* Whether @object is the number of @g behind the prefix. */
static bool names_group(const char *object, const struct group *g)
{
	unsigned int id = 0;

	object += sizeof(group_prefix) - 1;
	for (; *object >= '0' && *object <= '9'; object++)
		id = id * 10 + (unsigned int)(*object - '0');
	return !*object && g && g->id == id;
}

bool compare_concerns(const char *object, const struct device *dev)
{
	if (!strcmp(object, "container") || !strcmp(object, "iommufd"))
		return true;
	if (!strncmp(object, group_prefix, sizeof(group_prefix) - 1))
		return names_group(object, dev->group);
	return !strcmp(object, dev->name);
}

static const struct step *find_step(const struct path_prediction *p, enum op op)
{
	for (size_t i = 0; i < p->nr_steps; i++)
		if (p->steps[i].op == op)
			return &p->steps[i];
	return NULL;
}

/* What the devices that @object concerns say of @op together. A refusal of one is the answer; the
 * first in order has the errno, unless one before it may refuse with another. */
static void predict_op(const struct compare_devices *d, struct comparison *c)
{
	bool unsure = false;

	for (size_t i = 0; i < d->nr; i++) {
		const struct prediction *p = &d->predictions[i];
		const struct step *s = find_step(&p->paths[VIEW_NOW][d->path], c->op);

		if (!s || !compare_concerns(c->object, p->device))
			continue;
		if (!c->predicted) {
			c->predicted = true;
			c->answer = ANSWER_YES;
		}
		if (s->answer == ANSWER_NO && c->answer != ANSWER_NO) {
			c->answer = ANSWER_NO;
			c->err = unsure ? 0 : s->err;
			c->why = s->why;
		} else if (s->answer == ANSWER_UNKNOWN && c->answer == ANSWER_YES) {
			c->answer = ANSWER_UNKNOWN;
			c->why = s->why;
		}
		unsure |= s->answer == ANSWER_UNKNOWN;
	}
}

static enum match match_of(const struct comparison *c)
{
	int actual = c->outcome->err;

	/* Questions that VFIO answers to every caller (GET_API_VERSION) have no rule: an answer proves
	 * nothing, a refusal is a surprise. */
	if (!c->predicted)
		return actual ? MATCH_NO : MATCH_YES;
	if (c->answer == ANSWER_UNKNOWN)
		return MATCH_OPEN;
	if (c->answer == ANSWER_YES)
		return actual ? MATCH_NO : MATCH_YES;
	if (!actual)
		return MATCH_NO;
	if (!c->err)
		return MATCH_OPEN;
	return c->err == actual ? MATCH_YES : MATCH_NO;
}

/* The first step that some device's prediction refuses, in the order of the path. */
static const struct step *first_refusal(const struct compare_devices *d, const char **ret_object)
{
	const struct step *ret = NULL;
	size_t best = SIZE_MAX;

	for (size_t i = 0; i < d->nr; i++) {
		const struct path_prediction *p = &d->predictions[i].paths[VIEW_NOW][d->path];

		for (size_t k = 0; k < p->nr_steps && k < best; k++) {
			if (p->steps[k].answer != ANSWER_NO)
				continue;
			ret = &p->steps[k];
			*ret_object = d->predictions[i].device->name;
			best = k;
		}
	}
	return ret;
}

static bool was_reached(const struct comparison *rows, size_t nr, enum op op)
{
	for (size_t i = 0; i < nr; i++)
		if (rows[i].op == op || (rows[i].outcome && rows[i].outcome->err))
			return true;
	return false;
}

struct comparison *compare_outcomes(const struct compare_devices *d, const struct outcome *outcomes,
				    size_t nr, struct arena *a, size_t *ret_nr)
{
	struct comparison *rows = arena_array(a, nr + 1, sizeof(*rows));
	const char *object = NULL;
	const struct step *refusal = first_refusal(d, &object);

	for (size_t i = 0; i < nr; i++) {
		rows[i] = (struct comparison){
			.op = outcomes[i].op,
			.object = outcomes[i].object,
			.outcome = &outcomes[i],
		};
		predict_op(d, &rows[i]);
		rows[i].match = match_of(&rows[i]);
	}
	*ret_nr = nr;
	if (refusal && !was_reached(rows, nr, refusal->op))
		rows[(*ret_nr)++] = (struct comparison){
			.op = refusal->op,
			.object = object,
			.predicted = true,
			.answer = ANSWER_NO,
			.err = refusal->err,
			.why = refusal->why,
		};
	return rows;
}

enum match compare_all(const struct comparison *rows, size_t nr)
{
	enum match ret = MATCH_YES;

	for (size_t i = 0; i < nr; i++) {
		if (rows[i].match == MATCH_NO)
			return MATCH_NO;
		if (rows[i].match == MATCH_OPEN)
			ret = MATCH_OPEN;
	}
	return ret;
}
