/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walks a path: asks the rules of each step in the kernel's order, and stops where one refuses. */
#include "model/walk.h"

#include <string.h>

/* BIND comes before each where the view begins with it. */
static const enum op container_ops[] = {
	OP_OPEN_CONTAINER,      OP_OPEN_GROUP, OP_GROUP_SET_CONTAINER, OP_SET_IOMMU, OP_MAP_DMA,
	OP_GROUP_GET_DEVICE_FD, OP_NONE
};
static const enum op compat_ops[] = { OP_OPEN_IOMMUFD, OP_OPEN_GROUP, OP_GROUP_SET_CONTAINER,
				      OP_SET_IOMMU,    OP_MAP_DMA,    OP_GROUP_GET_DEVICE_FD,
				      OP_NONE };
static const enum op iommufd_ops[] = { OP_OPEN_CDEV,  OP_OPEN_IOMMUFD,      OP_BIND_IOMMUFD,
				       OP_IOAS_ALLOC, OP_ATTACH_IOMMUFD_PT, OP_IOAS_MAP,
				       OP_NONE };
/* Mapping is not part of it: there is no IOMMU to map in. */
static const enum op noiommu_ops[] = { OP_OPEN_CONTAINER,      OP_OPEN_GROUP,
				       OP_GROUP_SET_CONTAINER, OP_SET_IOMMU,
				       OP_GROUP_GET_DEVICE_FD, OP_NONE };

/* The ops of a path in order, OP_NONE at the end. */
static const enum op *walk_ops(enum path_kind path)
{
	switch (path) {
	case PATH_COMPAT:
		return compat_ops;
	case PATH_IOMMUFD:
		return iommufd_ops;
	case PATH_NOIOMMU:
		return noiommu_ops;
	default:
		return container_ops;
	}
}

void walk_ask(const struct walk *w, struct eval *ret)
{
	ret->host = w->host;
	ret->assumptions = w->assumptions;
	ret->dev = w->dev;
	ret->arena = w->arena;
	ret->kernels = w->kernels;
	ret->release = w->release;
	ret->view = w->view;
	ret->path = w->path;
	ret->brief = w->brief;
	ret->mapping = w->mapping;
	ret->silent = w->silent;
	ret->for_other = false;
	ret->memo = w->memo;
	ret->site = NULL;
	ret->ruling = RULING_UNKNOWN;
	ret->err = 0;
	ret->because = NULL;
	ret->nr_actions = 0;
	ret->nr_evidence = 0;
	ret->assumed = false;
}

bool walk_next(struct walk *w, uint64_t *left)
{
	if (!*left)
		return false;
	w->release = (enum release)__builtin_ctzll(*left);
	*left &= ~kernels_alike(w->kernels, w->release);
	return true;
}

static void keep_actions(struct walk *w, const struct eval *e, struct finding *ret)
{
	ret->remedy = ret->rule->remedy;
	if (!e->nr_actions)
		return;
	ret->actions = arena_memdup(w->arena, e->actions, e->nr_actions * sizeof(*e->actions));
	ret->nr_actions = e->nr_actions;
	ret->remedy = actions_text(w->arena, ret->actions, ret->nr_actions);
}

static void ask_rule(struct walk *w, const struct rule_at *at, struct finding *ret)
{
	const struct rule *rule = at->rule;
	const struct rule_site *site = at->site;
	struct eval e;

	walk_ask(w, &e);
	e.site = site;
	e.err = site->err;
	rule->evaluate(&e);
	if (!at->sure && e.ruling == RULING_REFUSES)
		eval_unknown(&e, "%s, and whether this kernel refuses that here is not known",
			     e.because);
	*ret = (struct finding){
		.rule = rule,
		.site = site,
		.ruling = e.ruling,
		.err = e.err,
		.because = e.because,
	};
	w->assumed |= e.assumed;
	if (e.ruling != RULING_PASSES)
		keep_actions(w, &e, ret);
	if (w->brief && e.ruling == RULING_PASSES)
		return;
	ret->evidence = arena_memdup(w->arena, e.evidence, e.nr_evidence * sizeof(*e.evidence));
	ret->nr_evidence = e.nr_evidence;
}

/* ---- a step ---- */

static bool is_asked(const struct walk *w, uint32_t paths, const struct rule_at *at)
{
	if (!(at->site->paths & paths) || at->rule->request != (w->mapping != NULL))
		return false;
	if (at->rule->type && (!w->assumptions || w->assumptions->type == CONTAINER_DEFAULT))
		return false;
	return !at->rule->token || (w->assumptions && w->assumptions->token);
}

/* The first refusal decides, unless a rule before it may refuse with another errno. */
static void conclude_step(struct step *step)
{
	const struct finding *unsure = NULL;
	bool other_errno = false;

	step->answer = ANSWER_YES;
	for (size_t i = 0; i < step->nr_findings; i++) {
		const struct finding *f = &step->findings[i];
		if (f->ruling == RULING_REFUSES) {
			for (size_t k = 0; k < i; k++)
				if (step->findings[k].ruling == RULING_UNKNOWN &&
				    step->findings[k].err != f->err)
					other_errno = true;
			step->answer = ANSWER_NO;
			step->err = other_errno ? 0 : f->err;
			step->why = f;
			return;
		}
		if (f->ruling == RULING_UNKNOWN && !unsure)
			unsure = f;
	}
	if (unsure) {
		step->answer = ANSWER_UNKNOWN;
		step->why = unsure;
	}
}

static uint32_t paths_of(const struct walk *w, enum op op)
{
	struct eval e;

	if (w->path != PATH_CONTAINER || op == OP_BIND || op == OP_OPEN_CONTAINER ||
	    op == OP_OPEN_GROUP)
		return 1U << w->path;
	/* Behind /dev/vfio/vfio there may be iommufd. */
	walk_ask(w, &e);
	return eval_container_provider(&e) == PROVIDER_IOMMUFD ? 1U << PATH_COMPAT
							       : 1U << PATH_CONTAINER;
}

static void ask_step(struct walk *w, uint32_t paths, enum op op, struct step *ret)
{
	struct finding few[RULE_SITES_MAX], *findings = few;
	struct rule_at buf[RULE_SITES_MAX];
	size_t nr;
	const struct rule_at *at = rules_known(w->memo, w->kernels, w->release, op, buf, &nr);

	if (!w->brief)
		findings = arena_array(w->arena, nr, sizeof(*findings));
	*ret = (struct step){ .op = op, .findings = findings };
	for (size_t i = 0; i < nr; i++) {
		struct finding *f = &findings[ret->nr_findings];

		if (!is_asked(w, paths, &at[i]))
			continue;
		ask_rule(w, &at[i], f);
		ret->nr_findings++;
		if (w->brief && f->ruling == RULING_REFUSES)
			break;
	}
	conclude_step(ret);
	if (!w->brief)
		return;
	/* For thousands of verdicts: only what decided stays. */
	ret->findings = ret->why =
		ret->why ? arena_memdup(w->arena, ret->why, sizeof(*ret->why)) : NULL;
	ret->nr_findings = ret->why ? 1 : 0;
}

static void walk_step(struct walk *w, enum op op, struct step *ret)
{
	ask_step(w, paths_of(w, op), op, ret);
}

void walk_request(struct walk *w, enum op op, struct step *ret)
{
	ask_step(w, 1U << w->path, op, ret);
}

/* ---- a path ---- */

static void conclude_path(struct walk *w, struct path_prediction *ret)
{
	const struct step *unsure = NULL;

	ret->answer = ANSWER_YES;
	for (size_t i = 0; i < ret->nr_steps; i++) {
		const struct step *step = &ret->steps[i];
		if (step->answer == ANSWER_YES)
			continue;
		if (step->answer == ANSWER_UNKNOWN) {
			unsure = unsure ? unsure : step;
			continue;
		}
		ret->answer = ANSWER_NO;
		ret->why = step->why;
		ret->because = step->why->because;
		ret->remedy = step->why->remedy;
		if (!unsure) {
			ret->op = step->op;
			ret->err = step->err;
		} else {
			ret->because =
				arena_printf(w->arena, "%s; or %s may refuse before that: %s",
					     step->why->because, op_name(unsure->op),
					     unsure->why->because);
		}
		return;
	}
	if (unsure) {
		ret->answer = ANSWER_UNKNOWN;
		ret->why = unsure->why;
		ret->because = unsure->why->because;
		ret->remedy = unsure->why->remedy;
	}
}

void walk_path(struct walk *w, struct path_prediction *ret)
{
	const enum op *ops = walk_ops(w->path);
	enum op first = w->view == VIEW_IF_BOUND ? OP_BIND : OP_NONE;
	size_t nr = 1;

	while (ops[nr - 1] != OP_NONE)
		nr++;
	*ret = (struct path_prediction){ .kind = w->path };
	/* No verdict shows it. */
	ret->missing = w->brief ? NULL : walk_missing(w);
	ret->offered = !ret->missing;
	ret->steps = arena_array(w->arena, nr, sizeof(*ret->steps));
	if (first != OP_NONE)
		walk_step(w, first, &ret->steps[ret->nr_steps++]);
	for (; *ops != OP_NONE; ops++) {
		if (ret->nr_steps && ret->steps[ret->nr_steps - 1].answer == ANSWER_NO)
			break;
		walk_step(w, *ops, &ret->steps[ret->nr_steps++]);
	}
	conclude_path(w, ret);
}

/* ---- which paths there are ---- */

static bool not_built(struct eval *e, const char *option)
{
	const char *value = eval_config(e, option);

	return value && *value == 'n';
}

static const char without_groups[] =
	"it was built without group nodes (CONFIG_VFIO_GROUP is not set)";

static const char *noiommu_missing(struct eval *e)
{
	enum group_kind kind = eval_group_kind(e);

	if (kind == GROUP_NOIOMMU)
		return NULL;
	if (kind != GROUP_NONE && kind != GROUP_UNKNOWN)
		return "no-IOMMU mode is for devices without an IOMMU group, and this one has a group";
	if (fact_is(&e->host->params[PARAM_VFIO_NOIOMMU].value) ||
	    (!not_built(e, "CONFIG_VFIO_NOIOMMU") && eval_config(e, "CONFIG_VFIO_NOIOMMU")))
		return NULL;
	return "nothing shows that it was built with CONFIG_VFIO_NOIOMMU";
}

static const char *iommufd_missing(struct eval *e)
{
	if (trait_lacks(e, TRAIT_CDEV))
		return "VFIO device nodes exist since Linux 6.6";
	if (not_built(e, "CONFIG_VFIO_DEVICE_CDEV"))
		return "it was built without VFIO device nodes (CONFIG_VFIO_DEVICE_CDEV is not set)";
	return eval_module(e, MODULE_IOMMUFD) == MODULE_STATE_ABSENT ? "it has no iommufd" : NULL;
}

static const char *compat_missing(struct eval *e)
{
	if (trait_lacks(e, TRAIT_IOMMUFD))
		return "iommufd exists since Linux 6.2";
	if (eval_module(e, MODULE_IOMMUFD) == MODULE_STATE_ABSENT)
		return "it has no iommufd";
	return eval_built_without_groups(e) ? without_groups : NULL;
}

const char *walk_missing(const struct walk *w)
{
	struct eval e;

	walk_ask(w, &e);
	switch (w->path) {
	case PATH_IOMMUFD:
		return iommufd_missing(&e);
	case PATH_COMPAT:
		return compat_missing(&e);
	case PATH_NOIOMMU:
		return eval_built_without_groups(&e) ? without_groups : noiommu_missing(&e);
	default:
		return eval_built_without_groups(&e) ? without_groups : NULL;
	}
}
