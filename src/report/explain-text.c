/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Groups for a person. */
#include <string.h>

#include "base/strbuf.h"
#include "base/strmap.h"
#include "report/explain.h"
#include "report/prose.h"

static const char *joined(const struct texts *t, struct arena *a)
{
	struct strbuf out = { .arena = a };

	for (size_t i = 0; i < t->nr; i++)
		strbuf_item(&out, ", ", "%s", t->items[i]);
	return strbuf_get(&out);
}

static void print_lists(const struct prose *p, const struct texts *lists, size_t nr,
			struct arena *a)
{
	for (size_t i = 0; i < nr; i++)
		prose_label(p, "", STYLE_NONE, "%s", joined(&lists[i], a));
}

/* Each hop once, beside the device that it leads to. */
static void print_reasons(const struct prose *p, const struct explain_group *g, struct arena *a)
{
	struct strmap shown = { .arena = a };

	for (size_t i = 0; i < g->nr_reasons; i++) {
		const struct explain_reason *r = &g->reasons[i];
		const char *label = r->b;

		for (size_t h = 0; h < r->nr_hops; h++) {
			const char *text = r->hops[h].text;

			if (strmap_find(&shown, text))
				continue;
			strmap_add(&shown, text, (void *)(uintptr_t)r);
			prose_label(p, label, STYLE_NONE, "%s", text);
			label = "";
		}
	}
}

static void print_group(const struct explain_group *g, const struct output *out, struct arena *a)
{
	const struct prose title = { .out = out },
			   p = { .out = out, .indent = 2, .label_width = 14 };

	prose_text(&title, STYLE_HEADING, "Group %u: %s", g->number, joined(&g->devices, a));
	if (g->agrees == TRI_YES && g->alone)
		prose_label(&p, "alone", STYLE_YES, "%s", g->alone);
	print_reasons(&p, g, a);
	if (g->agrees == TRI_YES)
		return;
	prose_label(&p, "unknown", STYLE_UNKNOWN, "%s", g->unknown);
	if (g->agrees == TRI_NO) {
		prose_label(&p, "computed", STYLE_NONE, "the groups that vfiotool has computed:");
		print_lists(&p, g->computed, g->nr_computed, a);
	}
}

static void print_change(const struct explanation *e, const struct output *out, struct arena *a)
{
	const struct prose title = { .out = out },
			   p = { .out = out, .indent = 2, .label_width = 2 };

	prose_blank(&title);
	if (!e->nr_before && !e->nr_after) {
		prose_text(&title, STYLE_HEADING, "No group would change.");
		return;
	}
	prose_text(&title, STYLE_HEADING, "Groups that would change:");
	print_lists(&p, e->before, e->nr_before, a);
	prose_text(&title, STYLE_HEADING, "They would become:");
	print_lists(&p, e->after, e->nr_after, a);
}

void explain_print(const struct explanation *e, const struct output *out)
{
	const struct prose p = { .out = out };
	size_t nr_alone = 0, nr = 0;

	for (size_t i = 0; i < e->nr_groups; i++) {
		vt_cleanup(arena_freep) struct arena *a = arena_new();
		const struct explain_group *g = &e->groups[i];

		if (e->brief && g->agrees == TRI_YES && g->devices.nr == 1) {
			nr_alone++;
			continue;
		}
		if (nr++)
			prose_blank(&p);
		print_group(g, out, a);
	}
	if (nr_alone && nr)
		prose_blank(&p);
	if (nr_alone)
		prose_text(&p, STYLE_DIM,
			   "%zu %sgroups have one device each: every port above isolates.",
			   nr_alone, nr ? "other " : "");
	if (e->changed)
		print_change(e, out, e->arena);
	for (size_t i = 0; i < e->nr_warnings; i++)
		prose_text(&p, STYLE_UNKNOWN, "%s.", e->warnings[i]);
}
