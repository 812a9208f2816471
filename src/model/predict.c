/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks each kernel that may be the one, and says what they agree on. */
#include "model/predict.h"

#include <string.h>

#include "model/generation.h"
#include "model/predict-extensions.h"
#include "model/walk.h"

/* ---- agreement ---- */

static bool same_end(const struct path_prediction *a, const struct path_prediction *b)
{
	return a->answer == b->answer && a->op == b->op && a->err == b->err;
}

static const char *end_of(struct arena *a, const struct path_prediction *p)
{
	if (p->answer == ANSWER_YES)
		return "it succeeds";
	if (p->answer == ANSWER_UNKNOWN)
		return "unknown";
	if (p->op == OP_NONE)
		return "refused somewhere";
	return p->err ? arena_printf(a, "%s fails with %s", op_name(p->op), errno_name(p->err))
		      : arena_printf(a, "%s fails", op_name(p->op));
}

static const struct step *step_of(const struct path_prediction *p, enum op op)
{
	for (size_t i = 0; i < p->nr_steps; i++)
		if (p->steps[i].op == op)
			return &p->steps[i];
	return NULL;
}

/* How a path ends on one kernel, and on those that decide like it. */
struct candidate {
	uint64_t releases;
	struct path_prediction path;
};

/* The steps of all candidates, an answer only where they agree. */
static void merge_steps(struct arena *a, const struct candidate *each, size_t nr,
			struct path_prediction *ret)
{
	size_t longest = 0;

	for (size_t i = 1; i < nr; i++)
		if (each[i].path.nr_steps > each[longest].path.nr_steps)
			longest = i;
	ret->nr_steps = each[longest].path.nr_steps;
	ret->steps = arena_memdup(a, each[longest].path.steps, ret->nr_steps * sizeof(*ret->steps));
	for (size_t s = 0; s < ret->nr_steps; s++)
		for (size_t i = 0; i < nr; i++) {
			const struct step *other = step_of(&each[i].path, ret->steps[s].op);
			if (other && other->answer == ret->steps[s].answer &&
			    other->err == ret->steps[s].err)
				continue;
			ret->steps[s].answer = ANSWER_UNKNOWN;
			ret->steps[s].err = 0;
			if (other && other->why)
				ret->steps[s].why = other->why;
		}
}

/* "the kernel may be 6.0 - 6.1 (it succeeds) or 6.2 (...)": each end once. */
static const char *ends_text(struct arena *a, const struct candidate *each, size_t nr)
{
	const char *ret = "the kernel may be";

	for (size_t i = 0; i < nr; i++) {
		uint64_t releases = 0;
		bool told = false;

		for (size_t k = 0; k < nr; k++) {
			if (!same_end(&each[i].path, &each[k].path))
				continue;
			told |= k < i;
			releases |= each[k].releases;
		}
		if (!told)
			ret = arena_printf(a, "%s%s %s (%s)", ret, i ? " or" : "",
					   releases_text(releases, a), end_of(a, &each[i].path));
	}
	return ret;
}

static void merge_paths(struct arena *a, const struct candidate *each, size_t nr,
			struct path_prediction *ret)
{
	const struct path_prediction *first = &each[0].path, *other = NULL;
	bool all_refuse = first->answer == ANSWER_NO, same_op = true;

	*ret = *first;
	for (size_t i = 1; i < nr; i++) {
		const struct path_prediction *p = &each[i].path;
		ret->offered |= p->offered;
		all_refuse &= p->answer == ANSWER_NO;
		same_op &= p->op == first->op;
		if (!other && !same_end(first, p))
			other = p;
	}
	if (!other)
		return;
	bool offered = ret->offered;
	*ret = (struct path_prediction){ .kind = first->kind,
					 .offered = offered,
					 .missing = offered ? NULL : first->missing };
	ret->why = other->why ? other->why : first->why;
	ret->because = ends_text(a, each, nr);
	if (all_refuse) {
		ret->answer = ANSWER_NO;
		ret->op = same_op ? first->op : OP_NONE;
		ret->remedy = first->remedy;
	} else {
		ret->remedy =
			"state the kernel with --kernel, or make its module files readable, because their symbols identify it";
	}
	merge_steps(a, each, nr, ret);
}

void walk_kernels(struct walk *w, struct path_prediction *ret)
{
	struct candidate each[NR_RELEASES];
	uint64_t left = w->kernels->releases, before = left;
	size_t nr = 0;

	for (; walk_next(w, &left); before = left) {
		each[nr].releases = before & ~left;
		walk_path(w, &each[nr++].path);
	}
	merge_paths(w->arena, each, nr, ret);
}

/* ---- the path to report first ---- */

enum path_kind walk_best_path(struct walk *w)
{
	static const enum path_kind order[] = { PATH_CONTAINER, PATH_IOMMUFD, PATH_COMPAT };
	enum path_kind ret = PATH_CONTAINER;
	struct eval e;

	w->release = (enum release)(63 - __builtin_clzll(w->kernels->releases));
	walk_ask(w, &e);
	if (eval_group_kind(&e) == GROUP_NOIOMMU)
		return PATH_NOIOMMU;
	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		w->path = order[i];
		if (!walk_missing(w)) {
			ret = order[i];
			break;
		}
	}
	return ret;
}

/* ---- entry ---- */

void predict_device(const struct host *h, const struct assumptions *as,
		    const struct kernels *kernels, const struct device *dev, struct arena *a,
		    struct prediction *ret)
{
	predict_with(&(struct verdict_ask){ .host = h,
					    .assumptions = as,
					    .kernels = kernels,
					    .scratch = a },
		     dev, ret);
}

void predict_with(const struct verdict_ask *ask, const struct device *dev, struct prediction *ret)
{
	struct walk w = {
		.host = ask->host,
		.assumptions = ask->assumptions,
		.dev = dev,
		.arena = ask->scratch,
		.kernels = ask->kernels,
		.memo = ask->memo,
	};

	*ret = (struct prediction){ .device = dev, .kernels = ask->kernels };
	for (unsigned int view = 0; view < NR_VIEWS; view++) {
		w.view = (enum view)view;
		for (unsigned int path = 0; path < NR_PATHS; path++) {
			w.path = (enum path_kind)path;
			walk_kernels(&w, &ret->paths[view][path]);
		}
		ret->best[view] = walk_best_path(&w);
	}
	w.view = VIEW_IF_BOUND;
	w.path = PATH_CONTAINER;
	details_predict(&w, ret);
	ret->assumed = w.assumed;
}

void predict_verdict(const struct verdict_ask *ask, const struct device *dev, struct verdict *ret)
{
	struct walk w = {
		.host = ask->host,
		.assumptions = ask->assumptions,
		.dev = dev,
		.arena = ask->scratch,
		.kernels = ask->kernels,
		.memo = ask->memo,
		.view = ask->view,
		.brief = true,
		.silent = !ask->texts,
	};
	struct path_prediction path;

	arena_reset(ask->scratch);
	w.path = walk_best_path(&w);
	walk_kernels(&w, &path);
	*ret = (struct verdict){
		.kind = path.kind,
		.answer = path.answer,
		.op = path.op,
		.err = path.err,
		.rule = path.why ? path.why->rule : NULL,
	};
	if (!ask->texts)
		return;
	ret->because = path.because ? arena_strdup(ask->texts, path.because) : NULL;
	ret->remedy = path.remedy ? arena_strdup(ask->texts, path.remedy) : NULL;
}

const struct finding *predict_difference(const struct path_prediction *a,
					 const struct path_prediction *b)
{
	if (same_end(a, b))
		return NULL;
	/* The prediction that stops earlier has the finding that makes the difference. */
	if (a->answer == ANSWER_YES || !a->why)
		return b->why;
	if (b->answer == ANSWER_YES || !b->why)
		return a->why;
	return b->nr_steps < a->nr_steps ? b->why : a->why;
}
