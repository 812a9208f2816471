/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/fleet.h"

#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "base/strbuf.h"
#include "report/prose.h"
#include "report/table.h"

/* ---- fields ---- */

static void get_kind(const void *at, struct value *ret)
{
	value_set_text(ret, change_name(*(const enum change_kind *)at));
}

static void get_basis(const void *row, struct value *ret)
{
	const struct fleet_group *g = row;

	value_set_text(ret, g->nr_facts ? fleet_basis_name(g->basis) : NULL);
}

static void get_hosts(const void *row, struct value *ret)
{
	const struct fleet_group_row *g = row;

	value_set_texts(ret, g->hosts, g->group->nr_hosts);
}

static void get_releases(const void *row, struct value *ret)
{
	const struct fleet_group_row *g = row;

	value_set_texts(ret, g->releases, g->nr_releases);
}

static const struct field fact_rows[] = {
	{ "kind", "as a kind of change of diff",
	  FIELD_MEMBER(struct fleet_fact, kind, enum change_kind, get_kind) },
	{ "subject", "what it is about", FIELD_TEXT(struct fleet_fact, subject) },
	{ "what", "of the subject; null: the subject itself", FIELD_TEXT(struct fleet_fact, what) },
	{ "here", "in this group; null: there is none", FIELD_TEXT(struct fleet_fact, here) },
	{ "there", "in the reference; null: there is none", FIELD_TEXT(struct fleet_fact, there) },
	{ "here_varies", "other hosts of this group have other values",
	  FIELD_BOOL(struct fleet_fact, here_varies) },
	{ "there_varies", "other hosts of the reference have other values",
	  FIELD_BOOL(struct fleet_fact, there_varies) },
};
static const struct field_table fact_fields = FIELD_TABLE("fleet_facts", fact_rows);

static const struct field answer_rows[] = {
	{ "device", "address or name", FIELD_TEXT(struct fleet_answer, device) },
	{ "view", "now, or after binding; null: whether the device is there",
	  FIELD_TEXT(struct fleet_answer, view) },
	{ "here", "in this group; null: there is none", FIELD_TEXT(struct fleet_answer, here) },
	{ "there", "in the reference; null: there is none",
	  FIELD_TEXT(struct fleet_answer, there) },
};
static const struct field_table answer_fields = FIELD_TABLE("fleet_answers", answer_rows);

#define OF_GROUP FIELD_VIA(struct fleet_group_row, group, struct fleet_group)

static const struct field group_rows[] = {
	{ "group", "its number: 1 is the largest", FIELD_NUMBER(struct fleet_group_row, number) },
	{ "hosts", "paths of the captures that answer alike", FIELD_GET(get_hosts) },
	{ "releases", "of their kernels", FIELD_GET(get_releases) },
	{ "devices", "of each host, that VFIO could serve",
	  FIELD_NUMBER(struct fleet_group, nr_devices), OF_GROUP },
	{ "now", "of these, that a program can attach now",
	  FIELD_NUMBER(struct fleet_group, nr_now), OF_GROUP },
	{ "after", "of these, that it can attach after binding",
	  FIELD_NUMBER(struct fleet_group, nr_after), OF_GROUP },
	{ "reference", "the most similar larger group; null: none is similar",
	  FIELD_NUMBER(struct fleet_group_row, reference), .flags = FIELD_NONZERO },
	{ "answers", "what differs from the reference",
	  FIELD_ROWS(struct fleet_group, answers, answer_fields), OF_GROUP },
	{ "basis", "how the first fact is known to make the difference", FIELD_GET(get_basis),
	  OF_GROUP },
	{ "facts", "the one that makes the difference, and others that differ",
	  FIELD_ROWS(struct fleet_group, facts, fact_fields), OF_GROUP },
};
static const struct field_table group_fields = FIELD_TABLE("fleet_groups", group_rows);

static const struct field unread_rows[] = {
	{ "source", "path of the file", FIELD_TEXT(struct fleet_file_row, source) },
	{ "because", "why it has no answer", FIELD_TEXT(struct fleet_file_row, because) },
};
static const struct field_table unread_fields = FIELD_TABLE("fleet_unread", unread_rows);

static const struct field duplicate_rows[] = {
	{ "source", "path of the file", FIELD_TEXT(struct fleet_file_row, source) },
	{ "same", "path of another file with the same content",
	  FIELD_TEXT(struct fleet_file_row, same) },
};
static const struct field_table duplicate_fields = FIELD_TABLE("fleet_duplicates", duplicate_rows);

static const struct field rows[] = {
	{ "hosts", "captures with an answer", FIELD_NUMBER(struct fleet_report, nr_hosts) },
	{ "groups", "hosts that answer alike, the largest group first",
	  FIELD_ROWS(struct fleet_report, groups, group_fields) },
	{ "unread", "files without an answer",
	  FIELD_ROWS(struct fleet_report, unread, unread_fields) },
	{ "duplicates", "files with the content of another one",
	  FIELD_ROWS(struct fleet_report, duplicates, duplicate_fields) },
};
const struct field_table fleet_fields = FIELD_TABLE("fleet", rows);

/* ---- a table of hosts ---- */

struct host_row {
	const char *source;
	const struct fleet_group_row *group; /* NULL: it has no answer */
	const struct fleet_fact *fact;
	const char *because;
};

static void host_basis(const void *row, struct value *ret)
{
	const struct host_row *h = row;

	value_set_text(ret, h->fact ? fleet_basis_name(h->group->group->basis) : NULL);
}

static void host_alike(const void *row, struct value *ret)
{
	value_set_number(ret, ((const struct fleet_group *)row)->nr_hosts);
}

#define OF_HOST FIELD_VIA(struct host_row, group, struct fleet_group_row)
#define OF_FACT FIELD_VIA(struct host_row, fact, struct fleet_fact)

static void host_group(const void *row, struct value *ret)
{
	const struct fleet_group_row *g = row;

	host_alike(g->group, ret);
}

static const struct field host_rows[] = {
	{ "source", "path of the capture", FIELD_TEXT(struct host_row, source) },
	{ "group", NULL, FIELD_SAME(group_fields), OF_HOST },
	{ "alike", "hosts in its group", FIELD_GET(host_group), OF_HOST },
	{ "reference", NULL, FIELD_SAME(group_fields), OF_HOST },
	{ "kind", NULL, FIELD_SAME(fact_fields), OF_FACT },
	{ "subject", NULL, FIELD_SAME(fact_fields), OF_FACT },
	{ "what", NULL, FIELD_SAME(fact_fields), OF_FACT },
	{ "here", NULL, FIELD_SAME(fact_fields), OF_FACT },
	{ "there", NULL, FIELD_SAME(fact_fields), OF_FACT },
	{ "basis", "how it is known", FIELD_GET(host_basis) },
	{ "because", "why it has no answer", FIELD_TEXT(struct host_row, because) },
};
static const struct field_table host_fields = FIELD_TABLE("fleet_hosts", host_rows);

static int by_source(const void *left, const void *right)
{
	return strcmp(((const struct host_row *)left)->source,
		      ((const struct host_row *)right)->source);
}

int fleet_print_hosts(const struct fleet_report *r, const struct output *out,
		      struct failure **reterr)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	const size_t nr = r->nr_hosts + r->nr_unread;
	struct host_row *hosts = arena_array(a, nr, sizeof(*hosts));
	size_t n = 0;

	for (size_t g = 0; g < r->nr_groups; g++)
		for (size_t i = 0; i < r->groups[g].group->nr_hosts; i++)
			hosts[n++] = (struct host_row){
				.source = r->groups[g].hosts[i],
				.group = &r->groups[g],
				.fact = r->groups[g].group->nr_facts ? r->groups[g].group->facts
								     : NULL,
			};
	for (size_t i = 0; i < r->nr_unread; i++)
		hosts[n++] = (struct host_row){ .source = r->unread[i].source,
						.because = r->unread[i].because };
	if (n)
		qsort(hosts, n, sizeof(*hosts), by_source);
	return table_print_rows(&host_fields, value_rows(a, hosts, n, sizeof(*hosts)), n, out, 0,
				reterr);
}

/* ---- text ---- */

enum { NAMES_SHOWN = 8, ANSWERS_SHOWN = 4, DUPLICATES_SHOWN = 8 };

static const char *or_none(const char *text)
{
	return text ? text : "none";
}

static const char *names_text(const char *const *names, size_t nr, struct arena *a)
{
	struct strbuf out = { .arena = a };

	for (size_t i = 0; i < nr && i < NAMES_SHOWN; i++)
		strbuf_item(&out, ", ", "%s", names[i]);
	if (nr > NAMES_SHOWN)
		strbuf_printf(&out, " and %zu more", nr - NAMES_SHOWN);
	return strbuf_get(&out);
}

/* "kernel boot option intel_iommu: none here, intel_iommu=on there". */
static void print_fact(const struct prose *p, const char *label, const struct fleet_fact *f,
		       const struct fleet_group_row *g, enum style style)
{
	prose_label(p, label, style, "%s%s%s: %s%s, in group %u %s%s", f->subject,
		    f->what ? " " : "", f->what ? f->what : "", or_none(f->here),
		    f->here_varies ? " and others" : "", g->reference, or_none(f->there),
		    f->there_varies ? " and others" : "");
}

static void print_facts(const struct prose *p, const struct fleet_group_row *g)
{
	static const char *const known[] = {
		[FLEET_ONLY] = "no other fact that both know differs",
		[FLEET_CITED] = "the rule that decides looks at it",
		[FLEET_KERNEL] = "with that kernel, the answers would be the same",
	};
	const struct fleet_group *f = g->group;

	if (!f->nr_facts) {
		prose_label(p, "differs", STYLE_NONE,
			    "no fact that all hosts of both groups show explains it");
		return;
	}
	print_fact(p, "differs", &f->facts[0], g, STYLE_UNKNOWN);
	if (f->basis == FLEET_LIKELY)
		prose_label(p, "", STYLE_DIM, "the most likely of %zu facts that differ",
			    f->nr_candidates);
	else
		prose_label(p, "", STYLE_DIM, "%s", known[f->basis]);
	for (size_t i = 1; i < f->nr_facts; i++)
		print_fact(p, i == 1 ? "also" : "", &f->facts[i], g, STYLE_NONE);
	if (f->nr_candidates > f->nr_facts)
		prose_label(p, "", STYLE_DIM, "and %zu more", f->nr_candidates - f->nr_facts);
}

static void print_answers(const struct prose *p, const struct fleet_group_row *g)
{
	const struct fleet_group *f = g->group;

	for (size_t i = 0; i < f->nr_answers && i < ANSWERS_SHOWN; i++) {
		const struct fleet_answer *x = &f->answers[i];

		prose_label(p, i ? "" : "so", STYLE_NONE, "%s%s%s: %s, in group %u %s", x->device,
			    x->view ? " " : "", x->view ? x->view : "", or_none(x->here),
			    g->reference, or_none(x->there));
	}
	if (f->nr_answers > ANSWERS_SHOWN)
		prose_label(p, "", STYLE_DIM, "and %zu more answers",
			    f->nr_answers - ANSWERS_SHOWN);
}

static void print_group(const struct output *out, const struct fleet_group_row *g)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	const struct prose title = { .out = out },
			   p = { .out = out, .indent = 2, .label_width = 9 };
	const struct fleet_group *f = g->group;

	prose_blank(&title);
	prose_text(&title, STYLE_HEADING, "Group %u: %zu host%s", g->number, f->nr_hosts,
		   f->nr_hosts == 1 ? "" : "s");
	prose_label(&p, "hosts", STYLE_NONE, "%s", names_text(g->hosts, f->nr_hosts, a));
	prose_label(&p, "each", STYLE_NONE,
		    "Linux %s; %u device%s, usable now %u, after binding %u",
		    g->nr_releases ? names_text(g->releases, g->nr_releases, a) : "?",
		    f->nr_devices, f->nr_devices == 1 ? "" : "s", f->nr_now, f->nr_after);
	if (g->number == 1)
		return;
	if (!f->reference) {
		prose_label(&p, "differs", STYLE_NONE,
			    "other machines: half of the devices or more are in no larger group");
		return;
	}
	print_facts(&p, g);
	print_answers(&p, g);
}

static void print_files(const struct output *out, const char *heading,
			const struct fleet_file_row *files, size_t nr, size_t max)
{
	const struct prose title = { .out = out }, p = { .out = out, .indent = 2 };

	if (!nr)
		return;
	prose_blank(&title);
	prose_text(&title, STYLE_HEADING, "%s", heading);
	for (size_t i = 0; i < nr && i < max; i++) {
		const char *text = files[i].same ? files[i].same : files[i].because;

		/* Most failures name the file. */
		if (!files[i].same && strstr(text, files[i].source))
			prose_text(&p, STYLE_NONE, "%s", text);
		else
			prose_text(&p, STYLE_NONE, "%s: %s%s", files[i].source,
				   files[i].same ? "as " : "", text);
	}
	if (nr > max)
		prose_text(&p, STYLE_DIM, "and %zu more: --json names all", nr - max);
}

void fleet_print(const struct fleet_report *r, const struct output *out)
{
	const struct prose p = { .out = out };

	if (r->nr_groups == 1)
		prose_text(&p, STYLE_YES, "%u host%s: the answers are the same.", r->nr_hosts,
			   r->nr_hosts == 1 ? "" : "s");
	else
		prose_text(&p, STYLE_NONE, "%u hosts in %zu groups that answer alike.", r->nr_hosts,
			   r->nr_groups);
	for (size_t i = 0; i < r->nr_groups; i++)
		print_group(out, &r->groups[i]);
	print_files(out, "Not read", r->unread, r->nr_unread, SIZE_MAX);
	print_files(out, "Same content", r->duplicates, r->nr_duplicates, DUPLICATES_SHOWN);
}
