/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/table.h"

#include <errno.h>
#include <libsmartcols.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "base/strbuf.h"
#include "report/csv.h"
#include "report/escape.h"

enum {
	/* What a column that may be cut should keep before others give way, and what it keeps in any case. */
	TRUNCATED_WIDTH = 24,
	TRUNCATED_WIDTH_MIN = 12,
	/* With fewer columns than this, sentences are not wrapped. */
	WRAPPED_WIDTH_MIN = 16,
	/* What libsmartcols draws before a row for each one that it is below. */
	BRANCH_WIDTH = 2,
};

/* The cells as text, row by row, and which columns stay. */
struct grid {
	const struct table *t;
	const struct output *v;
	struct arena *a;
	const struct field **fields;
	size_t nr_fields;
	const char **texts; /* nr_rows * nr_fields */
	uint32_t *lens;     /* of the texts, in bytes */
	enum style *styles; /* where there are colours, else NULL */
	bool wide;          /* some text has not as many columns as bytes */
	bool wrapped;       /* some text has several lines */
	bool runs_on;       /* lines are longer than the terminal is wide, so that nothing is cut */
	size_t *widths;
	const char **names;
};

static const char *cell_text(const struct output *v, const struct value *value, struct arena *a)
{
	const char *s = value_text(value, a);

	if (value->kind == VALUE_NONE && v->format == FORMAT_PAIRS)
		return "";
	/* An empty cell would shift those behind it. */
	if (!*s && v->format != FORMAT_PAIRS)
		return "\"\"";
	return s;
}

static void grid_cell(struct grid *g, size_t row, size_t c)
{
	const size_t i = row * g->nr_fields + c;
	struct value value;
	const char *s;
	size_t len, width;

	field_read(g->fields[c], g->t->rows[row].row, g->a, &value);
	s = cell_text(g->v, &value, g->a);
	len = width = strlen(s);
	if (!escape_is_ascii(s, len)) {
		/* Raw and pairs have an escape of their own for all that is not plain. */
		if (g->v->format == FORMAT_TABLE)
			s = escape_text(g->a, s, len, g->v->utf8);
		len = strlen(s);
		width = escape_width(s, len);
		g->wide |= len != width;
	}
	g->texts[i] = s;
	g->lens[i] = (uint32_t)len;
	if (g->styles)
		g->styles[i] = value.style;
	for (size_t r = row; g->v->tree && !c && g->t->rows[r].parent; r = g->t->rows[r].parent - 1)
		width += BRANCH_WIDTH;
	if (width > g->widths[c])
		g->widths[c] = width;
}

static void grid_fill(struct grid *g)
{
	const struct table *t = g->t;
	size_t nr_cells;

	g->nr_fields = t->columns->nr;
	nr_cells = t->nr_rows * g->nr_fields;
	g->fields = arena_memdup(g->a, t->columns->fields, g->nr_fields * sizeof(*g->fields));
	g->texts = arena_array(g->a, nr_cells, sizeof(*g->texts));
	g->lens = arena_array(g->a, nr_cells, sizeof(*g->lens));
	if (g->v->color)
		g->styles = arena_array(g->a, nr_cells, sizeof(*g->styles));
	g->widths = arena_array(g->a, g->nr_fields, sizeof(*g->widths));
	g->names = arena_array(g->a, g->nr_fields, sizeof(*g->names));
	for (size_t c = 0; c < g->nr_fields; c++) {
		g->names[c] = field_column_name(g->a, g->fields[c]);
		/* Without headings as well: libsmartcols counts them. */
		g->widths[c] = strlen(g->names[c]);
	}
	for (size_t row = 0; row < t->nr_rows; row++)
		for (size_t c = 0; c < g->nr_fields; c++)
			grid_cell(g, row, c);
}

/* Below a parent the first column has its branches, which go on in the lines of one cell. */
static bool column_shrinks(const struct grid *g, size_t c, enum field_flag flag)
{
	return g->fields[c] && g->fields[c]->flags & flag && !(g->v->tree && !c);
}

static bool column_wraps(const struct grid *g, size_t c)
{
	return column_shrinks(g, c, FIELD_WRAPS);
}

/* Columns of the terminal that a column needs, the blank behind it included; @cut is what one that may be
 * cut keeps. */
static size_t least_width(const struct grid *g, size_t c, size_t cut)
{
	size_t w = g->widths[c];

	if (column_shrinks(g, c, FIELD_TRUNCATE) && w > cut)
		w = cut;
	return w + 1;
}

/* Marks the columns with @flag that give way (NULL in fields): from the right, only as many as must. */
static void grid_yield(struct grid *g, enum field_flag flag, size_t cut)
{
	size_t width = g->t->indent;

	if (g->t->columns->chosen || !g->v->width || g->v->format != FORMAT_TABLE)
		return;
	for (size_t c = 0; c < g->nr_fields; c++) {
		size_t least = g->fields[c] ? least_width(g, c, cut) : 0;

		if (column_wraps(g, c) && least > WRAPPED_WIDTH_MIN + 1)
			least = WRAPPED_WIDTH_MIN + 1;
		width += least;
	}
	for (size_t c = g->nr_fields; c-- > 0 && width > g->v->width + 1;) {
		if (!g->fields[c] || !(g->fields[c]->flags & flag))
			continue;
		width -= least_width(g, c, cut);
		g->fields[c] = NULL;
	}
}

/* Whether each column may have the width of its widest text. */
static bool grid_fits(const struct grid *g)
{
	size_t width = g->t->indent;

	for (size_t c = 0; c < g->nr_fields; c++)
		width += g->fields[c] ? g->widths[c] + 1 : 0;
	return !g->v->width || g->runs_on || width <= g->v->width;
}

/* @s in lines of at most @width columns. */
static const char *wrap(struct arena *a, const char *s, size_t width)
{
	struct strbuf ret = { .arena = a };

	do {
		size_t next, len = escape_break(s, width, &next);

		strbuf_item(&ret, "\n", "%.*s", (int)len, s);
		s += next;
	} while (*s);
	return ret.s;
}

/* Columns of the terminal that one of the sentences of a row gets of @room, which they share: what some
 * do not need is for the others. SIZE_MAX where none needs more than it gets. */
static size_t sentence_share(const struct grid *g, size_t room)
{
	size_t share = 0;

	for (;;) {
		size_t left = room, nr = 0;

		for (size_t c = 0; c < g->nr_fields; c++) {
			if (!column_wraps(g, c))
				continue;
			if (g->widths[c] >= share)
				nr++;
			else
				left -= g->widths[c] + 1;
		}
		if (!nr)
			return SIZE_MAX;
		if (left / nr == share)
			return share;
		share = left / nr;
	}
}

/* What the sentences of a row get beside the other columns, of which one that may be cut keeps @cut. */
static size_t share_beside(const struct grid *g, size_t cut)
{
	size_t fixed = g->t->indent;

	for (size_t c = 0; c < g->nr_fields; c++)
		if (g->fields[c] && !column_wraps(g, c))
			fixed += least_width(g, c, cut);
	return sentence_share(g, g->v->width > fixed ? g->v->width - fixed : 0);
}

/* Gives sentences what the other columns leave, where that is enough to read them. */
static void grid_wrap(struct grid *g)
{
	size_t share;

	if (!g->v->width || g->v->format != FORMAT_TABLE || grid_fits(g))
		return;
	share = share_beside(g, TRUNCATED_WIDTH);
	if (share <= WRAPPED_WIDTH_MIN)
		share = share_beside(g, TRUNCATED_WIDTH_MIN);
	if (share == SIZE_MAX)
		return;
	g->runs_on = share <= WRAPPED_WIDTH_MIN;
	g->wrapped = !g->runs_on;
	for (size_t c = 0; g->wrapped && c < g->nr_fields; c++) {
		if (!column_wraps(g, c) || g->widths[c] < share)
			continue;
		g->widths[c] = share - 1;
		for (size_t i = c; i < g->t->nr_rows * g->nr_fields; i += g->nr_fields)
			g->texts[i] = wrap(g->a, g->texts[i], share - 1);
	}
}

/* Cuts what may be cut to the room that the other columns leave, with a mark: libsmartcols cuts without one, and
 * headings as well. */
static void grid_cut(struct grid *g)
{
	size_t width = g->t->indent;

	for (size_t c = 0; c < g->nr_fields; c++)
		width += g->fields[c] ? g->widths[c] + 1 : 0;
	for (size_t c = 0; c < g->nr_fields && width > g->v->width + 1; c++) {
		size_t over = width - g->v->width - 1, w = g->widths[c];

		if (!column_shrinks(g, c, FIELD_TRUNCATE) || w <= TRUNCATED_WIDTH_MIN)
			continue;
		w = w > over + TRUNCATED_WIDTH_MIN ? w - over : TRUNCATED_WIDTH_MIN;
		width -= g->widths[c] - w;
		g->widths[c] = w;
		for (size_t i = c; i < g->t->nr_rows * g->nr_fields; i += g->nr_fields) {
			g->texts[i] = escape_shorten(g->a, g->texts[i], w, g->v->utf8);
			g->lens[i] = (uint32_t)strlen(g->texts[i]);
		}
	}
}

static int column_flags(const struct grid *g, size_t c, bool first)
{
	const struct field *f = g->fields[c];
	int flags = 0;

	if (f->flags & FIELD_RIGHT)
		flags |= SCOLS_FL_RIGHT;
	if (g->wrapped && column_wraps(g, c))
		flags |= SCOLS_FL_WRAP;
	if (first && g->v->tree)
		flags |= SCOLS_FL_TREE;
	return flags;
}

static int grid_columns(const struct grid *g, struct libscols_table *tb)
{
	struct libscols_column *cl;
	bool first = true;

	for (size_t c = 0; c < g->nr_fields; c++) {
		if (!g->fields[c])
			continue;
		cl = scols_table_new_column(tb, g->names[c], 0, column_flags(g, c, first));
		if (!cl)
			return -ENOMEM;
		if (scols_column_is_wrap(cl))
			scols_column_set_wrapfunc(cl, scols_wrapnl_chunksize,
						  scols_wrapnl_nextchunk, NULL);
		first = false;
	}
	return 0;
}

static int grid_line(const struct grid *g, struct libscols_line *line, size_t row)
{
	size_t n = 0;

	for (size_t c = 0; c < g->nr_fields; c++) {
		size_t i = row * g->nr_fields + c;
		const char *sequence = g->styles ? g->v->scheme.sequences[g->styles[i]] : NULL;

		if (!g->fields[c])
			continue;
		if (scols_line_set_data(line, n, g->texts[i]))
			return -ENOMEM;
		if (sequence)
			scols_cell_set_color(scols_line_get_cell(line, n), sequence);
		n++;
	}
	return 0;
}

static int grid_lines(const struct grid *g, struct libscols_table *tb)
{
	struct libscols_line **lines =
		arena_array(g->a, g->t->nr_rows, sizeof(struct libscols_line *));

	for (size_t i = 0; i < g->t->nr_rows; i++) {
		size_t parent = g->v->tree ? g->t->rows[i].parent : 0;

		lines[i] = scols_table_new_line(tb, parent ? lines[parent - 1] : NULL);
		if (!lines[i] || grid_line(g, lines[i], i))
			return -ENOMEM;
	}
	return 0;
}

static void table_setup(const struct grid *g, struct libscols_table *tb)
{
	const struct output *v = g->v;

	scols_table_enable_raw(tb, v->format == FORMAT_RAW);
	scols_table_enable_export(tb, v->format == FORMAT_PAIRS);
	scols_table_enable_noheadings(tb, !v->headings);
	scols_table_enable_colors(tb, v->color && v->format == FORMAT_TABLE);
	scols_table_enable_ascii(tb, !v->utf8);
	/* The cells are escaped already. */
	scols_table_enable_noencoding(tb, v->format == FORMAT_TABLE);
	/* Cells are cut and wrapped already. */
	scols_table_set_termforce(tb, SCOLS_TERMFORCE_NEVER);
}

static void write_indented(const char *s, size_t indent, FILE *out)
{
	while (*s) {
		size_t len = strcspn(s, "\n"), end = len;

		/* Padding of the last column. */
		while (end && s[end - 1] == ' ')
			end--;
		fprintf(out, "%*s%.*s\n", (int)indent, "", (int)end, s);
		s += len + (s[len] == '\n');
	}
}

/* Whether nothing has to be cut, coloured or drawn, so that the widths known already are the layout. */
static bool grid_is_plain(const struct grid *g)
{
	const struct output *v = g->v;

	return g->t->nr_rows && v->format == FORMAT_TABLE && !v->tree && !v->color && !g->wrapped &&
	       grid_fits(g);
}

static void add_blanks(struct strbuf *line, size_t nr)
{
	static const char blanks[] = "                                ";

	for (; nr >= sizeof(blanks); nr -= sizeof(blanks) - 1)
		strbuf_add(line, blanks, sizeof(blanks) - 1);
	strbuf_add(line, blanks, nr);
}

/* Adds the heading (no row), or a line of a plain table; the padding of the last column is left out, as
 * everywhere. */
static void plain_line(const struct grid *g, const size_t *row, struct strbuf *ret)
{
	const size_t first = row ? *row * g->nr_fields : 0;
	size_t pad = g->t->indent;

	for (size_t c = 0; c < g->nr_fields; c++) {
		const char *s = row ? g->texts[first + c] : g->names[c];
		size_t len, rest;

		if (!g->fields[c])
			continue;
		len = row ? g->lens[first + c] : strlen(s);
		rest = g->widths[c] - (g->wide ? escape_width(s, len) : len);
		if (g->fields[c]->flags & FIELD_RIGHT) {
			pad += rest;
			rest = 0;
		}
		add_blanks(ret, pad);
		strbuf_add(ret, s, len);
		pad = rest + 1;
	}
	strbuf_add(ret, "\n", 1);
}

/* What libsmartcols would print, byte for byte: it takes ten times as long for a long list, since it
 * looks at the width of each cell again and again. */
static void plain_print(const struct grid *g)
{
	enum { TOGETHER = 32 << 10 }; /* a stream alone writes a page at a time */
	struct strbuf lines = { .arena = g->a };

	if (g->v->headings)
		plain_line(g, NULL, &lines);
	for (size_t i = 0; i < g->t->nr_rows; i++) {
		plain_line(g, &i, &lines);
		if (lines.len < TOGETHER && i + 1 < g->t->nr_rows)
			continue;
		fwrite(lines.s, 1, lines.len, g->v->stream);
		lines.len = 0;
	}
}

static int grid_print(struct grid *g)
{
	struct libscols_table *tb = scols_new_table();
	char *text = NULL;
	int r = -ENOMEM;

	if (!tb)
		return r;
	table_setup(g, tb);
	r = grid_columns(g, tb);
	if (!r)
		r = grid_lines(g, tb);
	if (!r && scols_print_table_to_string(tb, &text))
		r = -ENOMEM;
	if (!r && text)
		write_indented(text, g->t->indent, g->v->stream);
	free(text);
	scols_unref_table(tb);
	return r;
}

int table_print(const struct table *t, const struct output *v, struct failure **reterr)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	struct grid g = { .t = t, .v = v, .a = a };
	int r;

	if (v->format == FORMAT_CSV) {
		csv_print(t, v);
		return 0;
	}
	grid_fill(&g);
	grid_yield(&g, FIELD_YIELDS, TRUNCATED_WIDTH);
	grid_yield(&g, FIELD_YIELDS_LAST, TRUNCATED_WIDTH_MIN);
	grid_wrap(&g);
	if (v->width && v->format == FORMAT_TABLE && !g.runs_on)
		grid_cut(&g);
	if (grid_is_plain(&g)) {
		plain_print(&g);
		return 0;
	}
	r = grid_print(&g);
	if (r < 0)
		return failure_set(reterr, r,
				   "cannot lay out a table of %zu rows: %s; --raw needs no layout",
				   t->nr_rows, strerror(-r));
	return 0;
}

int table_print_rows(const struct field_table *fields, const void *const *rows, size_t nr,
		     const struct output *out, size_t indent, struct failure **reterr)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	struct columns columns = { .fields = arena_array(a, fields->nr, sizeof(*columns.fields)),
				   .nr = fields->nr };
	struct table t = { .fields = fields,
			   .columns = &columns,
			   .rows = arena_array(a, nr, sizeof(*t.rows)),
			   .nr_rows = nr,
			   .indent = indent };

	for (size_t i = 0; i < fields->nr; i++)
		columns.fields[i] = &fields->fields[i];
	for (size_t i = 0; i < nr; i++)
		t.rows[i].row = rows[i];
	return table_print(&t, out, reterr);
}

struct sort_key {
	struct value value;
	const char *text;
	size_t index;
	bool there;
};

static int compare_keys(const void *pa, const void *pb)
{
	const struct sort_key *a = pa, *b = pb;
	int r;

	if (a->there != b->there)
		return a->there ? -1 : 1;
	if (a->value.kind == VALUE_NUMBER || a->value.kind == VALUE_HEX)
		r = (a->value.number > b->value.number) - (a->value.number < b->value.number);
	else
		r = strcmp(a->text, b->text);
	return r ? r : (a->index > b->index) - (a->index < b->index);
}

/* Sorts the rows whose indices are in @keys. */
static void sort_keys(struct sort_key *keys, size_t nr, const struct table *t,
		      const struct field *field, struct arena *a)
{
	for (size_t i = 0; i < nr; i++) {
		field_read(field, t->rows[keys[i].index].row, a, &keys[i].value);
		keys[i].text = value_text(&keys[i].value, a);
		keys[i].there =
			keys[i].value.kind != VALUE_UNKNOWN && keys[i].value.kind != VALUE_NONE;
	}
	if (nr)
		qsort(keys, nr, sizeof(*keys), compare_keys);
}

/* Appends the rows below @parent (index + 1), sorted, to @out; what is below them behind each. What is not below
 * @parent any more has a parent before it. */
static void sort_level(const struct table *t, size_t parent, size_t new_parent,
		       const struct field *field, struct arena *a, struct table_row *out,
		       size_t *nr_out)
{
	struct sort_key *keys = NULL;
	size_t nr = 0;

	for (size_t i = parent; i < t->nr_rows && t->rows[i].parent >= parent; i++) {
		if (t->rows[i].parent != parent)
			continue;
		keys = arena_grow(a, keys, nr, sizeof(*keys));
		keys[nr++] = (struct sort_key){ .index = i };
	}
	sort_keys(keys, nr, t, field, a);
	for (size_t i = 0; i < nr; i++) {
		size_t index = keys[i].index;

		out[*nr_out] = (struct table_row){ t->rows[index].row, new_parent };
		(*nr_out)++;
		if (index + 1 < t->nr_rows && t->rows[index + 1].parent == index + 1)
			sort_level(t, index + 1, *nr_out, field, a, out, nr_out);
	}
}

void table_sort(struct table *t, const struct field *field, struct arena *a)
{
	struct table_row *out = arena_array(a, t->nr_rows, sizeof(*out));
	size_t nr = 0;

	sort_level(t, 0, 0, field, a, out, &nr);
	t->rows = out;
}
