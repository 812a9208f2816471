/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tree of PCI functions as a picture: a graph for dot(1), or SVG that needs nothing else. Groups have a colour and a
 * number, so that a print in black and white shows them too. */
#include <string.h>

#include "base/macro.h"
#include "report/escape.h"
#include "report/explain.h"
#include "report/topology.h"

/* Light enough for black text. */
static const char *const colors[] = { "#fde2c4", "#cfe8fc", "#d9f2d0", "#f6d3e3",
				      "#e4dcf6", "#fff3b0", "#d3efee", "#e8e2d8" };

struct picture {
	struct arena *arena;
	const struct group_map *map;
	struct topology_row *rows;
	size_t nr;
	const char **labels; /* of the rows, as markup */
	/* Of the group that each function stands for: its number, and how many it has; by place in the map. Of a
	 * what-if only: else the kernel's own number and members count. */
	size_t *number, *members;
	FILE *out;
};

/* Markup that outside text could break is escaped; of control characters nothing is left. */
static const char *clean(struct picture *p, const char *text)
{
	const char *s = escape_text(p->arena, text, strlen(text), true);
	char *ret = arena_alloc(p->arena, 6 * strlen(s) + 1), *to = ret;

	for (; *s; s++) {
		const char *name = *s == '<'   ? "&lt;"
				   : *s == '>' ? "&gt;"
				   : *s == '&' ? "&amp;"
				   : *s == '"' ? "&quot;"
					       : NULL;

		if (name)
			to = stpcpy(to, name);
		else
			*to++ = *s;
	}
	return ret;
}

static bool merges(const struct group_node *n)
{
	return group_is_bridge(n) && n->acs.isolates == TRI_NO;
}

static const char *group_text(struct picture *p, const struct group_node *n)
{
	if (p->number)
		return arena_printf(p->arena, "new group %zu", p->number[n->first - p->map->nodes]);
	if (!n->device->group)
		return "no group";
	return arena_printf(p->arena, "group %u", n->device->group->id);
}

static bool is_shared(const struct picture *p, const struct group_node *n)
{
	if (p->number)
		return p->members[n->first - p->map->nodes] > 1;
	return n->device->group && n->device->group->nr_members > 1;
}

static size_t number_of(const struct picture *p, const struct group_node *n)
{
	if (p->number)
		return p->number[n->first - p->map->nodes];
	return n->device->group ? n->device->group->id : 0;
}

static const char *color_of(const struct picture *p, const struct group_node *n)
{
	return is_shared(p, n) ? colors[number_of(p, n) % ARRAY_SIZE(colors)] : "#ffffff";
}

/* Numbers the groups of a what-if, which have none. */
static void number_groups(struct picture *p)
{
	size_t nr = 0;

	p->number = arena_array(p->arena, p->map->nr_nodes, sizeof(*p->number));
	p->members = arena_array(p->arena, p->map->nr_nodes, sizeof(*p->members));
	for (size_t i = 0; i < p->map->nr_order; i++) {
		size_t first = (size_t)(p->map->order[i]->first - p->map->nodes);

		if (!p->members[first]++)
			p->number[first] = nr++;
	}
}

static void make_labels(struct picture *p)
{
	p->labels = arena_array(p->arena, p->nr, sizeof(*p->labels));
	for (size_t i = 0; i < p->nr; i++) {
		const struct group_node *n = p->rows[i].node;
		const char *driver = n ? n->device->driver : NULL;

		p->labels[i] =
			n ? clean(p, arena_join(p->arena, n->name, " ", explain_kind(n),
						driver ? ", " : "", driver ? driver : "", NULL))
			  : p->rows[i].bus;
	}
}

/* ---- dot ---- */

static void draw_dot(struct picture *p)
{
	fputs("digraph groups {\n  rankdir=LR;\n  node [shape=box, style=filled, fontname=\"sans-serif\"];\n",
	      p->out);
	for (size_t i = 0; i < p->nr; i++) {
		const struct topology_row *r = &p->rows[i];

		if (!r->node) {
			fprintf(p->out, "  n%zu [label=\"%s\", shape=plaintext, style=\"\"];\n", i,
				p->labels[i]);
			continue;
		}
		fprintf(p->out, "  n%zu [label=\"%s\\n%s%s\", fillcolor=\"%s\"%s];\n", i,
			p->labels[i], group_text(p, r->node),
			merges(r->node) ? ", does not isolate" : "", color_of(p, r->node),
			merges(r->node) ? ", style=\"filled,dashed\"" : "");
		fprintf(p->out, "  n%zu -> n%zu;\n", r->above, i);
	}
	fputs("}\n", p->out);
}

/* ---- SVG ---- */

enum { LINE = 24, STEP = 26, MARGIN = 12, BOX = 18, LETTER = 8, LABEL_MAX = 78 };

static size_t width_of(const struct picture *p)
{
	size_t ret = 0;

	for (size_t i = 0; i < p->nr; i++) {
		size_t one = p->rows[i].depth * STEP +
			     escape_width(p->labels[i], strlen(p->labels[i])) * LETTER;

		ret = one > ret ? one : ret;
	}
	return ret + 2 * MARGIN + 3 * LETTER;
}

static void draw_row(struct picture *p, size_t i, size_t width)
{
	const struct topology_row *r = &p->rows[i];
	size_t x = MARGIN + r->depth * STEP, y = MARGIN + i * LINE;
	size_t above_x = MARGIN + p->rows[r->above].depth * STEP + STEP / 2,
	       above_y = MARGIN + r->above * LINE + BOX;

	if (!r->node) {
		fprintf(p->out, "<text x=\"%zu\" y=\"%zu\" font-weight=\"bold\">%s</text>\n", x,
			y + 14, p->labels[i]);
		return;
	}
	fprintf(p->out, "<path d=\"M%zu %zuV%zuH%zu\" fill=\"none\" stroke=\"#555\"/>\n", above_x,
		above_y, y + BOX / 2, x);
	fprintf(p->out,
		"<rect x=\"%zu\" y=\"%zu\" width=\"%zu\" height=\"%d\" rx=\"3\" fill=\"%s\" stroke=\"#222\"%s/>\n",
		x, y, escape_width(p->labels[i], strlen(p->labels[i])) * LETTER + 12, BOX,
		color_of(p, r->node),
		merges(r->node) ? " stroke-width=\"2\" stroke-dasharray=\"4 2\"" : "");
	fprintf(p->out, "<text x=\"%zu\" y=\"%zu\">%s</text>\n", x + 6, y + 13, p->labels[i]);
	fprintf(p->out, "<text x=\"%zu\" y=\"%zu\"%s>%s%s</text>\n", width, y + 13,
		is_shared(p, r->node) ? " font-weight=\"bold\"" : "", group_text(p, r->node),
		merges(r->node) ? ": does not isolate" : "");
}

static void draw_svg(struct picture *p)
{
	size_t width = width_of(p), height = 2 * MARGIN + (p->nr + 1) * LINE;

	fprintf(p->out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%zu\" height=\"%zu\" font-family=\"monospace\" font-size=\"13\">\n",
		width + 34 * LETTER, height);
	fputs("<title>PCI devices and their IOMMU groups</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n",
	      p->out);
	for (size_t i = 0; i < p->nr; i++)
		draw_row(p, i, width);
	fprintf(p->out,
		"<text x=\"%d\" y=\"%zu\">Same number and colour: one IOMMU group. Dashed: a bridge that does not isolate.</text>\n</svg>\n",
		MARGIN, height - MARGIN);
}

void explain_draw(const struct explanation *e, enum explain_picture kind, const struct output *out)
{
	struct picture p = { .arena = e->arena,
			     .map = e->changed ? e->changed : e->map,
			     .out = out->stream };
	struct topology t;

	if (e->changed)
		number_groups(&p);
	topology_make(p.map, e->arena, &t);
	p.rows = t.rows;
	p.nr = t.nr;
	make_labels(&p);
	if (kind == EXPLAIN_DOT)
		draw_dot(&p);
	else
		draw_svg(&p);
}
