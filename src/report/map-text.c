/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mappings as text for a person. */
#include <inttypes.h>
#include <string.h>

#include "base/macro.h"
#include "report/field-kinds.h"
#include "report/map.h"
#include "report/prose.h"
#include "report/table.h"

enum {
	LABEL_WIDTH = 15,
	STEPS_MAX = 24, /* requests that are all shown */
	STEPS_ENDS = 4, /* of more: the first ones of each kind */
};

const char *mapping_bytes_text(struct arena *a, uint64_t bytes)
{
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	size_t unit = 0;

	if (bytes == UINT64_MAX)
		return "no limit";
	while (bytes && !(bytes & 1023) && unit + 1 < ARRAY_SIZE(units)) {
		bytes >>= 10;
		unit++;
	}
	return arena_printf(a, "%" PRIu64 " %s", bytes, units[unit]);
}

static const char *ns_text(struct arena *a, double ns)
{
	if (ns < 1e3)
		return arena_printf(a, "%.0f ns", ns);
	if (ns < 1e6)
		return arena_printf(a, "%.1f us", ns / 1e3);
	return ns < 1e9 ? arena_printf(a, "%.2f ms", ns / 1e6)
			: arena_printf(a, "%.2f s", ns / 1e9);
}

/* ---- the space ---- */

static void put_ranges(const struct prose *p, const struct mapping_space *s, struct arena *a)
{
	const struct iova_prediction *iova = &s->ranges;

	for (size_t i = 0; i < iova->nr_ranges; i++)
		prose_label(p, i ? "" : "IOVA ranges", STYLE_NONE, "0x%08" PRIx64 " - 0x%08" PRIx64,
			    iova->ranges[i].start, iova->ranges[i].last);
	if (!iova->nr_ranges && iova->answer == ANSWER_YES)
		prose_label(p, "IOVA ranges", STYLE_NONE, "any");
	else if (!iova->nr_ranges)
		prose_label(p, "IOVA ranges", STYLE_UNKNOWN, "unknown: %s",
			    iova->because ? iova->because : "not reported");
	if (s->alignment)
		prose_label(p, "in steps of", STYLE_NONE, "%s",
			    mapping_bytes_text(a, s->alignment));
}

static void put_limit(const struct prose *p, const struct mapping_report *m, struct arena *a)
{
	const struct mapping_limit *l = &m->space->limit;
	const char *counts = l->by_user ? ", shared by all processes of the user" : "";

	if (l->pins_nothing)
		prose_label(p, "locked memory", STYLE_NONE,
			    "none: mapping pins nothing for a mediated device");
	else if (!l->known)
		prose_label(p, "locked memory", STYLE_UNKNOWN, "the limit could not be read");
	else if (l->exempt)
		prose_label(p, "locked memory", STYLE_NONE, "limit %s (not enforced: CAP_IPC_LOCK)",
			    mapping_bytes_text(a, l->soft));
	else if (m->needed > l->soft)
		prose_label(p, "locked memory", STYLE_NO, "limit %s%s; %s are needed",
			    mapping_bytes_text(a, l->soft), counts,
			    mapping_bytes_text(a, m->needed));
	else
		prose_label(p, "locked memory", STYLE_NONE, "limit %s%s",
			    mapping_bytes_text(a, l->soft), counts);
}

static void put_memory(const struct prose *p, const struct mapping_report *m, struct arena *a)
{
	const char *seen = "";

	if (!m->memory_len)
		return;
	if (!m->memory_ns) {
		prose_label(p, "memory", STYLE_NONE, "%s needed (%s%s%s)",
			    mapping_bytes_text(a, m->memory_len), m->kind,
			    m->kind_because ? ": " : "", m->kind_because ? m->kind_because : "");
		return;
	}
	if (m->memory_seen && m->memory_huge)
		seen = arena_printf(a, ", %s of it in transparent huge pages",
				    mapping_bytes_text(a, m->memory_huge));
	else if (m->memory_seen)
		seen = arena_printf(a, " in pages of %s", mapping_bytes_text(a, m->memory_page));
	prose_label(p, "memory", STYLE_NONE, "%s%s%s (%s%s%s), allocated in %s",
		    mapping_bytes_text(a, m->memory_len), seen,
		    !m->access || !strcmp(m->access, "own") ? ""
		    : !strcmp(m->access, "read-only")       ? ", read-only for the caller"
							    : ", not accessible to the caller",
		    m->kind, m->kind_because ? ": " : "", m->kind_because ? m->kind_because : "",
		    ns_text(a, (double)m->memory_ns));
}

/* ---- requests ---- */

static bool is_shown(const struct mapping_report *m, size_t i, size_t *of_kind)
{
	const struct mapping_step *s = &m->steps[i];

	if (m->nr_steps <= STEPS_MAX || !s->match ||
	    (s->predicted.answer != ANSWER_YES && *of_kind <= STEPS_MAX))
		return true;
	return *of_kind <= STEPS_ENDS;
}

/* Bytes, where there are some. */
static void bytes_of(const char *key, const void *row, struct value *ret)
{
	value_read(ret, &mapping_step_fields, key, row);
	if (ret->kind == VALUE_NUMBER)
		value_set_text(ret, mapping_bytes_text(ret->arena, ret->number));
}

static void column_size(const void *row, struct value *ret)
{
	bytes_of("size", row, ret);
}

static void column_actual(const void *row, struct value *ret)
{
	value_read(ret, &mapping_step_fields, "actual", row);
	if (ret->kind == VALUE_NONE)
		value_set_text(ret, "not asked");
}

static void column_unmapped(const void *row, struct value *ret)
{
	bytes_of("bytes", row, ret);
}

static void column_time(const void *row, struct value *ret)
{
	value_read(ret, &mapping_step_fields, "ns", row);
	if (ret->kind == VALUE_NUMBER)
		value_set_text(ret, ns_text(ret->arena, (double)ret->number));
}

static const struct field column_rows[] = {
	{ "op", NULL, FIELD_SAME(mapping_step_fields) },
	{ "iova", NULL, FIELD_SAME(mapping_step_fields), .flags = FIELD_RIGHT },
	{ "size", "", FIELD_GET(column_size), .flags = FIELD_RIGHT },
	{ "prot", NULL, FIELD_SAME(mapping_step_fields) },
	{ "predicted", NULL, FIELD_SAME(mapping_step_fields) },
	{ "actual", "", FIELD_GET(column_actual) },
	{ "unmapped", "", FIELD_GET(column_unmapped), .flags = FIELD_RIGHT },
	{ "time", "", FIELD_GET(column_time), .flags = FIELD_RIGHT },
};
static const struct field_table columns = FIELD_TABLE("map_columns", column_rows);

static int put_steps(const struct prose *p, const struct mapping_report *m, struct arena *a,
		     struct failure **reterr)
{
	const void **rows = arena_array(a, m->nr_steps, sizeof(*rows));
	size_t of_kind[MAPPING_DIRTY + 1] = { 0 }, nr = 0;
	int r;

	for (size_t i = 0; i < m->nr_steps; i++) {
		of_kind[m->steps[i].request.ask]++;
		if (is_shown(m, i, &of_kind[m->steps[i].request.ask]))
			rows[nr++] = &m->steps[i];
	}
	if (!nr)
		return 0;
	prose_blank(p);
	r = table_print_rows(&columns, rows, nr, p->out, p->indent, reterr);
	if (nr < m->nr_steps)
		prose_text(p, STYLE_DIM, "and %zu more, all as predicted", m->nr_steps - nr);
	prose_blank(p);
	return r;
}

/* ---- what it did ---- */

static void put_moments(const struct prose *p, const struct mapping_report *m, struct arena *a)
{
	for (size_t i = 0; i < m->nr_moments; i++) {
		const struct mapping_moment *t = &m->moments[i];
		const char *left =
			t->has_left ? arena_printf(a, ", %" PRIu64 " mappings left", t->left) : "";

		if (!t->known)
			prose_label(p, t->when, STYLE_UNKNOWN, "not known what is pinned%s", left);
		else
			prose_label(p, t->when, STYLE_NONE, "%s locked, %s pinned by iommufd%s",
				    mapping_bytes_text(a, t->locked),
				    mapping_bytes_text(a, t->pinned), left);
	}
}

static void put_cost(const struct prose *p, const struct mapping_report *m, struct arena *a)
{
	const double gib = 1 << 30;

	if (m->mapped)
		prose_label(p, "mapping", STYLE_NONE, "%s in %s: %s per GiB",
			    mapping_bytes_text(a, m->mapped), ns_text(a, (double)m->map_ns),
			    ns_text(a, (double)m->map_ns * gib / (double)m->mapped));
	if (m->unmapped)
		prose_label(p, "unmapping", STYLE_NONE, "%s in %s: %s per GiB",
			    mapping_bytes_text(a, m->unmapped), ns_text(a, (double)m->unmap_ns),
			    ns_text(a, (double)m->unmap_ns * gib / (double)m->unmapped));
}

static void put_dirty(const struct prose *p, const struct mapping_report *m, struct arena *a)
{
	const struct mapping_prediction *d = &m->dirty.predicted;

	if (!m->dirty_asked)
		return;
	if (m->dirty.asked && !m->dirty.err)
		prose_label(p, "dirty pages", STYLE_NONE, "%" PRIu64 " of %s", m->dirty_pages,
			    mapping_bytes_text(a, m->dirty_page));
	else
		prose_label(p, "dirty pages", m->dirty.match ? STYLE_NO : STYLE_UNKNOWN,
			    "not tracked: %s (%s)%s%s", op_name(d->op),
			    m->dirty.err ? errno_name(m->dirty.err) : "not asked",
			    d->because ? ": " : "", d->because ? d->because : "");
}

static void put_checks(const struct prose *p, const struct mapping_report *m)
{
	for (size_t i = 0; i < m->nr_checks; i++)
		prose_label(p, i ? "" : "verified", answer_style(m->checks[i].answer), "%s: %s",
			    answer_name(m->checks[i].answer), m->checks[i].because);
}

/* ---- what came of it ---- */

static const char *as_predicted(const struct mapping_step *s)
{
	if (!s->asked)
		return ", as predicted; the kernel was not asked";
	return s->match && s->predicted.answer == ANSWER_NO ? ", as predicted" : "";
}

/* Why a request was refused, or whether it would be is open. */
static void put_reason(const struct prose *p, const struct mapping_step *s)
{
	const struct mapping_prediction *d = &s->predicted;
	struct prose body = prose_indented(p, 2);
	int err = s->asked ? s->err : d->err;

	body.label_width = LABEL_WIDTH - 2;
	if (d->answer == ANSWER_NO)
		prose_text(p, STYLE_NO, "Refused at %s of 0x%" PRIx64 "%s%s%s.", op_name(d->op),
			   s->request.iova, err ? " with " : "", err ? errno_name(err) : "",
			   as_predicted(s));
	else
		prose_text(p, STYLE_UNKNOWN, "There is no prediction for %s of 0x%" PRIx64 ".",
			   op_name(d->op), s->request.iova);
	if (d->because)
		prose_label(&body, "because", STYLE_NONE, "%s", d->because);
	prose_label(&body, "rule", STYLE_NONE, "%s", d->rule->id);
	if (d->remedy)
		prose_label(&body, "remedy", STYLE_REMEDY, "%s", d->remedy);
}

/* Once for each reason. */
static void put_reasons(const struct prose *p, const struct mapping_report *m)
{
	const struct rule *last = NULL;

	for (size_t i = 0; i < m->nr_steps; i++) {
		const struct mapping_step *s = &m->steps[i];

		if (s->predicted.answer == ANSWER_YES || s->predicted.rule == last)
			continue;
		last = s->predicted.rule;
		put_reason(p, s);
	}
}

static void put_difference(const struct prose *p, const struct mapping_report *m)
{
	for (size_t i = 0; i < m->nr_steps; i++) {
		const struct mapping_step *s = &m->steps[i];

		if (s->match)
			continue;
		prose_text(p, STYLE_NO, "%s of 0x%" PRIx64 ": predicted %s, the kernel said %s%s.",
			   op_name(s->predicted.op), s->request.iova,
			   predicted_text(s->predicted.answer, s->predicted.err),
			   outcome_text(s->err), s->err ? "" : " or took away another size");
		break;
	}
	attach_text_differs(p);
}

static void put_conclusion(const struct prose *p, const struct mapping_report *m)
{
	bool open = false;

	for (size_t i = 0; i < m->nr_steps; i++)
		open |= m->steps[i].predicted.answer == ANSWER_UNKNOWN;
	put_reasons(p, m);
	if (!strcmp(m->result, "mapped"))
		prose_text(p, STYLE_YES, "Mapped and unmapped%s.", open ? "" : ", as predicted");
	else if (!strcmp(m->result, "predicted") && !open)
		prose_text(p, STYLE_YES, "It would be mapped.");
	else if (!strcmp(m->result, "failed"))
		prose_text(p, STYLE_NO, "Failed: a check does not hold, see 'verified' above.");
	else if (!strcmp(m->result, "differs"))
		put_difference(p, m);
}

static int put_refused(const struct prose *p, const struct attach_view *v, struct failure **reterr)
{
	int r = attach_text_steps(p, v->rows, v->nr_rows, reterr);

	attach_text_result(p, v);
	return r;
}

int mapping_report_print(const struct mapping_report *m, const struct output *out,
			 struct failure **reterr)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	struct prose p = { .out = out, .label_width = LABEL_WIDTH }, in;
	int r;

	prose_text(&p, STYLE_NAME, "%s by %s%s%s", m->device->name, path_kind_name(m->path),
		   m->path_because ? ": " : "", m->path_because ? m->path_because : "");
	in = prose_indented(&p, 2);
	if (m->attach && !m->attach->attached)
		return put_refused(&in, m->attach, reterr);
	put_ranges(&in, m->space, a);
	put_limit(&in, m, a);
	put_memory(&in, m, a);
	r = put_steps(&in, m, a, reterr);
	put_moments(&in, m, a);
	put_cost(&in, m, a);
	put_dirty(&in, m, a);
	put_checks(&in, m);
	put_conclusion(&in, m);
	return r;
}
