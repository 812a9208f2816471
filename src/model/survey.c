/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One question to all members of a group. In a large group each of thousands of devices would ask all the others again:
 * the memo keeps what a member answers on behalf of another device. Only the device itself, and a member that carries
 * it, may answer otherwise. */
#include <string.h>

#include "model/eval.h"
#include "model/memo.h"

enum {
	MEMBERS_FEW = 16, /* asked each time, so that all of them are cited */
	NO_MEMBER = UINT32_MAX,
};

/* What all members of a group answer. */
struct answers {
	struct answers *next;
	struct eval of; /* the question: its answer and its texts do not matter */
	member_question *ask;
	uint32_t first[SURVEY_ANSWERS]; /* member with this answer, or NO_MEMBER */
	uint32_t *next_alike;           /* of each member */
};

static bool same_question(const struct answers *known, const struct eval *e, member_question *ask)
{
	const struct eval *of = &known->of;

	return known->ask == ask && of->dev->group == e->dev->group && of->site == e->site &&
	       of->view == e->view && of->path == e->path && of->release == e->release &&
	       of->assumptions == e->assumptions &&
	       !memcmp(of->kernels, e->kernels, sizeof(*e->kernels));
}

static void ask_members(const struct eval *e, member_question *ask, struct answers *ret)
{
	const struct group *g = e->dev->group;
	struct arena *a = e->memo->arena;

	*ret = (struct answers){ .of = *e, .ask = ask };
	/* The kernels may not live as long. */
	ret->of.kernels = arena_memdup(a, e->kernels, sizeof(*e->kernels));
	ret->of.for_other = ret->of.silent = true;
	ret->of.assumed = false;
	ret->next_alike = arena_array(a, g->nr_members, sizeof(*ret->next_alike));
	memset(ret->first, 0xff, sizeof(ret->first));
	for (size_t i = g->nr_members; i-- > 0;) {
		ret->of.dev = g->members[i];
		unsigned int answer = ask(&ret->of, ret->of.dev);
		ret->next_alike[i] = ret->first[answer];
		ret->first[answer] = (uint32_t)i;
	}
}

static const struct answers *find_answers(struct eval *e, member_question *ask)
{
	struct answers **bucket = &e->memo->answers[e->dev->group->id % MEMO_BUCKETS], *known;

	for (known = *bucket; known; known = known->next)
		if (same_question(known, e, ask))
			return known;
	known = arena_new_object(e->memo->arena, struct answers);
	ask_members(e, ask, known);
	known->next = *bucket;
	*bucket = known;
	return known;
}

static void note(struct survey *s, unsigned int answer, const struct device *member)
{
	s->several[answer] |= s->first[answer] != NULL;
	if (!s->first[answer])
		s->first[answer] = member;
}

/* The same out of turn. */
static void note_late(struct survey *s, unsigned int answer, const struct device *member)
{
	note(s, answer, member);
	if (device_compare(member, s->first[answer]) < 0)
		s->first[answer] = member;
}

static bool answers_for_itself(const struct eval *e, const struct device *member)
{
	return member == e->dev || device_carries(member, e->dev);
}

/* The first two members with @answer that answer as for any other device. */
static void note_others(const struct eval *e, const struct answers *known, unsigned int answer,
			struct survey *ret)
{
	for (uint32_t i = known->first[answer]; i != NO_MEMBER && !ret->several[answer];
	     i = known->next_alike[i]) {
		const struct device *member = eval_get_member(e, i);
		if (!answers_for_itself(e, member))
			note(ret, answer, member);
	}
}

/* The physical function of @e->dev, and the VMD that it is behind. */
static void note_carriers(struct eval *e, member_question *ask, struct survey *ret)
{
	const struct device *physfn = e->dev->physfn;
	bool vmd = device_is_behind_vmd(e->dev);

	if (physfn && physfn->group == e->dev->group)
		note_late(ret, ask(e, physfn), physfn);
	for (size_t i = 0; vmd && i < eval_nr_members(e); i++) {
		const struct device *member = eval_get_member(e, i);
		if (member != physfn && device_carries(member, e->dev))
			note_late(ret, ask(e, member), member);
	}
}

void eval_survey(struct eval *e, member_question *ask, struct survey *ret)
{
	size_t nr = eval_nr_members(e);

	*ret = (struct survey){ 0 };
	/* Some do not belong to the group in the view of a VMD. */
	if (!e->memo || nr <= MEMBERS_FEW || device_is_vmd(e->dev)) {
		for (size_t i = 0; i < nr; i++) {
			const struct device *member = eval_get_member(e, i);
			note(ret, ask(e, member), member);
		}
		return;
	}
	const struct answers *known = find_answers(e, ask);
	e->assumed |= known->of.assumed;
	for (unsigned int answer = 0; answer < SURVEY_ANSWERS; answer++)
		note_others(e, known, answer, ret);
	note_late(ret, ask(e, e->dev), e->dev);
	note_carriers(e, ask, ret);
	for (unsigned int answer = 0; !e->silent && answer < SURVEY_ANSWERS; answer++)
		if (ret->first[answer])
			ask(e, ret->first[answer]);
}
