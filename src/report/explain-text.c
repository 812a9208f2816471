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

	if (!e->nr_before && !e->nr_after) {
		prose_text(&title, STYLE_HEADING, "No group would change.");
		return;
	}
	prose_text(&title, STYLE_HEADING, "Groups that would change:");
	print_lists(&p, e->before, e->nr_before, a);
	prose_blank(&title);
	prose_text(&title, STYLE_HEADING, "They would become:");
	for (size_t i = 0; i < e->nr_groups; i++) {
		const struct explain_group *g = &e->groups[i];
		struct prose reasons = { .out = out, .indent = 4, .label_width = 14 };

		prose_label(&p, "", STYLE_NAME, "%s", joined(&g->devices, a));
		print_reasons(&reasons, g, a);
		if (g->unknown)
			prose_label(&reasons, "unknown", STYLE_UNKNOWN, "%s", g->unknown);
	}
}

static void print_groups(const struct explanation *e, const struct output *out)
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
		prose_text(&p, STYLE_DIM, "%zu %sgroup%s one device%s.", nr_alone,
			   nr ? "other " : "", nr_alone == 1 ? " has" : "s have",
			   nr_alone == 1 ? "" : " each");
}

static void print_slots(const struct explanation *e, const struct output *out, struct arena *a)
{
	const struct prose title = { .out = out },
			   p = { .out = out, .indent = 2, .label_width = 14 };

	prose_blank(&title);
	prose_text(&title, STYLE_HEADING,
		   e->nr_slots ? "Slots whose devices are alone:"
			       : "No slot of this host isolates its devices.");
	for (size_t i = 0; i < e->nr_slots; i++) {
		const struct explain_slot *s = &e->slots[i];
		const char *name = s->name ? arena_printf(a, "slot %s", s->name)
					   : arena_printf(a, "slot %u", s->number);

		prose_label(&p, s->port, STYLE_NONE, "%s, %s", name,
			    s->devices.nr ? joined(&s->devices, a) : "free");
	}
}

static void print_p2p(const struct explain_p2p *p2p, const struct output *out)
{
	const struct prose title = { .out = out },
			   p = { .out = out, .indent = 2, .label_width = 14 };

	prose_blank(&title);
	prose_text(&title, STYLE_HEADING, "DMA between %s and %s: %s", p2p->a, p2p->b, p2p->route);
	prose_label(&p, "why", STYLE_NONE, "%s", p2p->text);
	if (p2p->use)
		prose_label(&p, "in use", STYLE_NONE, "%s", p2p->use);
	if (p2p->common)
		prose_label(&p, "common port", STYLE_NONE, "%s", p2p->common);
	if (p2p->numa_a && p2p->numa_b)
		prose_label(&p, "NUMA nodes", STYLE_NONE, "%s and %s", p2p->numa_a, p2p->numa_b);
	if (p2p->domain_a && p2p->domain_b)
		prose_label(&p, "IOMMU modes", STYLE_NONE, "%s and %s", p2p->domain_a,
			    p2p->domain_b);
}

void explain_print(const struct explanation *e, const struct output *out)
{
	if (e->changed)
		print_change(e, out, e->arena);
	else
		print_groups(e, out);
	if (e->has_slots)
		print_slots(e, out, e->arena);
	if (e->p2p)
		print_p2p(e->p2p, out);
	if (e->nr_warnings)
		prose_blank(&(struct prose){ .out = out });
	for (size_t i = 0; i < e->nr_warnings; i++)
		prose_label(&(struct prose){ .out = out, .label_width = 6 }, i ? "" : "Note",
			    STYLE_NONE, "%s.", e->warnings[i]);
}
