/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/notice.h"

#include "base/arena.h"
#include "base/macro.h"
#include "report/field-kinds.h"
#include "report/prediction-fields.h"

static void get_evidence(const void *row, struct value *ret)
{
	const struct notice *n = row;

	value_set_objects(ret, (const void *const *)n->evidence, n->nr_evidence);
}

static const struct field rows[] = {
	{ "notice", "its name", FIELD_TEXT(struct notice_row, id),
	  FIELD_VIA(struct notice, row, struct notice_row) },
	{ "because", "what was seen", FIELD_TEXT(struct notice, because) },
	{ "consequence", "what follows for the user", FIELD_TEXT(struct notice, consequence) },
	{ "remedy", "what helps; null: nothing does", FIELD_TEXT(struct notice, remedy) },
	{ "source", "kernel file and function, or specification",
	  FIELD_TEXT(struct notice_row, source), FIELD_VIA(struct notice, row, struct notice_row) },
	{ "evidence", "the facts looked at", FIELD_GET(get_evidence), .fields = &evidence_fields },
};
const struct field_table notice_fields = FIELD_TABLE("notices", rows);

void value_set_notice_names(struct value *ret, const struct notices *n)
{
	const char **names = arena_array(ret->arena, n->nr, sizeof(*names));

	for (size_t i = 0; i < n->nr; i++)
		names[i] = n->items[i].row->id;
	value_set_texts(ret, names, n->nr);
}

/* Not verbose: the report is to fit on a screen. */
enum { SHOWN = 2 };

void notice_text(const struct prose *at, const struct notices *n, bool verbose)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();

	for (size_t i = 0; i < n->nr; i++) {
		const struct notice *one = &n->items[i];

		prose_blank(at);
		if (!verbose && i == SHOWN) {
			prose_label(at, "Note", STYLE_UNKNOWN, "and %zu more: see -v", n->nr - i);
			break;
		}
		prose_label(at, "Note", STYLE_UNKNOWN, "%s: %s", one->because, one->consequence);
		if (one->remedy)
			prose_label(at, verbose ? "remedy" : "", STYLE_REMEDY, "%s", one->remedy);
		if (verbose)
			prose_label(at, "source", STYLE_DIM, "%s, %s", one->row->id,
				    one->row->source);
		for (size_t k = 0; verbose && k < one->nr_evidence; k++)
			prose_label(at, k ? "" : "evidence", STYLE_DIM, "%s: %s",
				    one->evidence[k]->path,
				    fact_describe(one->evidence[k], 128, a));
	}
}
