/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/prediction-text.h"

#include <string.h>

#include "base/macro.h"
#include "base/strbuf.h"
#include "report/field-kinds.h"
#include "report/prediction-fields.h"

/* How much of a fact is quoted, and how many facts, unless the user asked for all. */
enum { EVIDENCE_TEXT_MAX = 160, EVIDENCE_SHOWN = 4, PATH_LABEL_WIDTH = 11 };

const char *steps_text(const struct path_prediction *p, struct arena *a)
{
	const char *before = NULL;
	struct strbuf ret = { .arena = a };

	for (size_t i = 0; i <= p->nr_steps; i++) {
		const char *result = i < p->nr_steps
					     ? predicted_text(p->steps[i].answer, p->steps[i].err)
					     : NULL;
		bool ends = before && (!result || strcmp(before, result) != 0);

		if (ends)
			strbuf_printf(&ret, " %s", before);
		if (result)
			strbuf_item(&ret, ends ? "; " : ", ", "%s", op_name(p->steps[i].op));
		before = result;
	}
	return ret.s ? ret.s : "no step to take";
}

static bool same_reason(const struct path_prediction *a, const struct path_prediction *b)
{
	if (!a->why || !b->why || a->why->rule != b->why->rule || !a->because || !b->because)
		return false;
	return !strcmp(a->because, b->because);
}

/* A text of several lines as one. */
static const char *evidence_text(const struct fact *f, struct arena *a)
{
	char *ret = arena_strdup(a, fact_describe(f, EVIDENCE_TEXT_MAX, a));

	for (char *p = ret; *p; p++)
		if (*p == '\n')
			*p = ' ';
	return ret;
}

static void put_evidence(const struct inspect_text *t, const struct prose *p,
			 const struct finding *f, struct arena *a)
{
	size_t nr = f->nr_evidence;

	if (!t->verbose && nr > EVIDENCE_SHOWN)
		nr = EVIDENCE_SHOWN;
	for (size_t i = 0; i < nr; i++)
		prose_label(p, i ? "" : "evidence", STYLE_DIM, "%s: %s", f->evidence[i]->path,
			    evidence_text(f->evidence[i], a));
	if (nr < f->nr_evidence)
		prose_label(p, "", STYLE_DIM, "and %zu more (-v)", f->nr_evidence - nr);
}

static void put_reason(const struct inspect_text *t, const struct prose *p,
		       const struct path_prediction *path, struct arena *a)
{
	if (path->because)
		prose_label(p, "because", STYLE_NONE, "%s", path->because);
	if (path->why) {
		const struct rule_site *site = path->why->site;

		prose_label(p, "rule", STYLE_NONE, "%s%s%s", path->why->rule->id, site ? ", " : "",
			    site ? site->source : "");
		put_evidence(t, p, path->why, a);
	}
	if (path->remedy)
		prose_label(p, "remedy", STYLE_REMEDY, "%s", path->remedy);
}

/* One path: its steps, and after a refusal the reason, which is printed only once. */
static void put_path(const struct inspect_text *t, const struct prose *p,
		     const struct path_prediction *paths, unsigned int kind, struct arena *a)
{
	const struct path_prediction *path = &paths[kind];
	struct prose reason = prose_indented(p, 2);

	prose_label(p, path_kind_name(path->kind), answer_style(path->answer), "%s: %s",
		    answer_name(path->answer), steps_text(path, a));
	if (path->answer == ANSWER_YES)
		return;
	reason.label_width = PATH_LABEL_WIDTH - 2;
	for (unsigned int k = 0; k < kind; k++) {
		if (!paths[k].offered || !same_reason(&paths[k], path))
			continue;
		prose_label(&reason, "because", STYLE_NONE, "as %s", path_kind_name(paths[k].kind));
		return;
	}
	put_reason(t, &reason, path, a);
}

/* Why none of the paths asked for is there. */
static void put_missing(const struct prose *p, const struct path_prediction *paths,
			unsigned int asked)
{
	prose_text(p, STYLE_NO, "This kernel offers no such path.");
	for (unsigned int k = 0; k < NR_PATHS; k++)
		if (paths[k].missing && (!asked || asked & 1U << k))
			prose_label(p, path_kind_name(paths[k].kind), STYLE_NONE, "not offered: %s",
				    paths[k].missing);
}

static void put_view(const struct inspect_text *t, const struct prose *at, const char *title,
		     const struct path_prediction *paths, unsigned int asked, struct arena *a)
{
	struct prose p = prose_indented(at, 2);
	bool any = false;

	p.label_width = PATH_LABEL_WIDTH;
	prose_blank(at);
	prose_text(at, STYLE_HEADING, "%s", title);
	for (unsigned int k = 0; k < NR_PATHS; k++) {
		if (!paths[k].offered)
			continue;
		put_path(t, &p, paths, k, a);
		any = true;
	}
	if (!any)
		put_missing(&p, paths, asked);
}

static bool same_decision(const struct path_prediction *a, const struct path_prediction *b)
{
	return a->offered == b->offered && a->answer == b->answer && a->op == b->op &&
	       a->err == b->err && (a->why ? a->why->rule : NULL) == (b->why ? b->why->rule : NULL);
}

static bool views_agree(const struct prediction *d)
{
	for (unsigned int k = 0; k < NR_PATHS; k++)
		if (!same_decision(&d->paths[VIEW_NOW][k], &d->paths[VIEW_IF_BOUND][k]))
			return false;
	return true;
}

/* A path both kernels have, on which they differ. */
static bool put_difference(const struct inspect_text *t, const struct prose *p,
			   const struct inspection *i, enum view view, unsigned int kind,
			   struct arena *a)
{
	const struct path_prediction *ours = &i->running.paths[view][kind];
	const struct path_prediction *theirs = &i->patched.paths[view][kind];
	const struct finding *f = predict_difference(ours, theirs);
	struct prose reason = prose_indented(p, 2);

	if (!f)
		return false;
	reason.label_width = PATH_LABEL_WIDTH - 2;
	prose_label(p, path_kind_name(theirs->kind), answer_style(theirs->answer), "%s, %s: %s",
		    view == VIEW_NOW ? "now" : "after binding", answer_name(theirs->answer),
		    steps_text(theirs, a));
	prose_label(&reason, "rule", STYLE_NONE, "%s makes the difference", f->rule->id);
	if (theirs->answer == ANSWER_YES)
		return true;
	if (theirs->because)
		prose_label(&reason, "because", STYLE_NONE, "%s", theirs->because);
	if (t->verbose && theirs->remedy)
		prose_label(&reason, "remedy", STYLE_REMEDY, "%s", theirs->remedy);
	return true;
}

static const char *paths_only_here(const struct inspection *i, struct arena *a)
{
	struct strbuf ret = { .arena = a };

	for (unsigned int k = 0; k < NR_PATHS; k++)
		if (i->running.paths[VIEW_IF_BOUND][k].offered &&
		    !i->patched.paths[VIEW_IF_BOUND][k].offered)
			strbuf_item(&ret, ", ", "%s", path_kind_name((enum path_kind)k));
	return ret.s;
}

static void put_patched(const struct inspect_text *t, const struct prose *at,
			const struct inspection *i, struct arena *a)
{
	const char *kernels = releases_text(kernels_reference.releases, a);
	const char *only = paths_only_here(i, a);
	struct prose p = prose_indented(at, 2);
	bool differs = false;

	p.label_width = PATH_LABEL_WIDTH;
	prose_blank(at);
	if (!(i->report->kernels.releases & ~kernels_reference.releases)) {
		prose_text(at, STYLE_HEADING, "The running kernel has the reference rules (%s).",
			   kernels);
		return;
	}
	for (unsigned int v = NR_VIEWS; v-- > 0;) {
		for (unsigned int k = 0; k < NR_PATHS; k++) {
			if (!i->running.paths[v][k].offered || !i->patched.paths[v][k].offered)
				continue;
			if (!differs &&
			    predict_difference(&i->running.paths[v][k], &i->patched.paths[v][k]))
				prose_text(at, STYLE_HEADING, "Reference rules (%s):", kernels);
			differs |= put_difference(t, &p, i, (enum view)v, k, a);
		}
	}
	if (!differs)
		prose_text(at, STYLE_HEADING, "The reference rules (%s) decide the same.", kernels);
	if (only)
		prose_text(&p, STYLE_DIM, "It does not offer %s.", only);
}

void inspect_text_decisions(const struct inspect_text *t, const struct inspection *i,
			    const struct prose *at)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	const struct prediction *d = &i->running;

	if (views_agree(d)) {
		put_view(t, at, "Now, and after binding to a VFIO driver:", d->paths[VIEW_IF_BOUND],
			 i->paths, a);
	} else {
		put_view(t, at, "Now:", d->paths[VIEW_NOW], i->paths, a);
		put_view(t, at, "After binding to a VFIO driver:", d->paths[VIEW_IF_BOUND],
			 i->paths, a);
	}
	if (d->assumed)
		prose_text(at, STYLE_UNKNOWN, "Answers here rest on what was assumed.");
	put_patched(t, at, i, a);
}
