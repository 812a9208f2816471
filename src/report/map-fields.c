/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/map.h"

#include "base/macro.h"
#include "report/field-kinds.h"
#include "report/prediction-fields.h"

/* ---- requests ---- */

static bool has_range(const struct mapping_step *s)
{
	return s->request.ask == MAPPING_MAP || s->request.ask == MAPPING_UNMAP;
}

static void step_iova(const void *row, struct value *ret)
{
	const struct mapping_step *s = row;

	ret->kind = VALUE_NONE;
	if (has_range(s))
		value_set_hex(ret, s->request.iova, 1);
}

static void step_size(const void *row, struct value *ret)
{
	const struct mapping_step *s = row;

	ret->kind = VALUE_NONE;
	if (has_range(s))
		value_set_number(ret, s->request.size);
}

static void step_prot(const void *row, struct value *ret)
{
	static const char *const names[] = { "-", "r", "w", "rw" };
	const struct mapping_step *s = row;

	value_set_text(ret, s->request.ask == MAPPING_MAP ? names[s->request.prot & 3] : NULL);
}

static void step_predicted(const void *row, struct value *ret)
{
	const struct mapping_prediction *p = &((const struct mapping_step *)row)->predicted;

	value_set_answer(ret, p->answer);
	value_set_text(ret, predicted_text(p->answer, p->err));
}

static void step_actual(const void *row, struct value *ret)
{
	const struct mapping_step *s = row;

	value_set_text(ret, s->asked ? outcome_text(s->err) : NULL);
	ret->style = !s->match ? STYLE_UNKNOWN : s->err ? STYLE_NO : STYLE_YES;
}

static void step_bytes(const void *row, struct value *ret)
{
	const struct mapping_step *s = row;

	ret->kind = VALUE_NONE;
	if (!s->err && (s->request.ask == MAPPING_UNMAP || s->request.ask == MAPPING_UNMAP_ALL))
		value_set_number(ret, s->bytes);
}

#define IF_ASKED FIELD_IF(struct mapping_step, asked)

static const struct field step_rows[] = {
	{ "op", "request to the kernel", FIELD_OP(struct mapping_step, predicted.op) },
	{ "iova", "where it begins", FIELD_GET(step_iova) },
	{ "size", "its bytes", FIELD_GET(step_size) },
	{ "prot", "what the device may: r, w, rw", FIELD_GET(step_prot) },
	{ "predicted", "ok, an error, refused, unknown", FIELD_GET(step_predicted) },
	{ "actual", "ok, an error; null: not asked", FIELD_GET(step_actual) },
	{ "bytes", "what an unmap took away", FIELD_GET(step_bytes), IF_ASKED },
	{ "ns", "how long it took", FIELD_NUMBER(struct mapping_step, ns), IF_ASKED,
	  .flags = FIELD_NONZERO },
	{ "rule", "rule that decides; null when ok",
	  FIELD_RULE(struct mapping_step, predicted.rule) },
	{ "because", "what it was decided by; null when ok",
	  FIELD_TEXT(struct mapping_step, predicted.because) },
	{ "remedy", "what to do about it; null when ok",
	  FIELD_TEXT(struct mapping_step, predicted.remedy) },
	{ "match", "whether both agree; null: not asked", FIELD_BOOL(struct mapping_step, match),
	  IF_ASKED },
};
const struct field_table mapping_step_fields = FIELD_TABLE("map_requests", step_rows);

/* ---- memory ---- */

#define IF_SEEN FIELD_IF(struct mapping_report, memory_seen)

static const struct field memory_rows[] = {
	{ "pages", "pages that were asked for: auto, 4K, 2M, 1G, thp",
	  FIELD_TEXT(struct mapping_report, pages) },
	{ "kind", "pages that were chosen", FIELD_TEXT(struct mapping_report, kind) },
	{ "access", "what the caller may do with it: own, read-only, none",
	  FIELD_TEXT(struct mapping_report, access) },
	{ "bytes", "size of the memory", FIELD_NUMBER(struct mapping_report, memory_len) },
	{ "page", "bytes of a page, as the kernel says",
	  FIELD_NUMBER(struct mapping_report, memory_page), IF_SEEN },
	{ "transparent", "bytes in transparent huge pages",
	  FIELD_NUMBER(struct mapping_report, memory_huge), IF_SEEN },
	{ "ns", "how long it took to have it", FIELD_NUMBER(struct mapping_report, memory_ns) },
};
static const struct field_table memory_fields = FIELD_TABLE("map_memory", memory_rows);

/* ---- limits ---- */

static const struct mapping_limit *known_limit(const void *row)
{
	const struct mapping_limit *l = &((const struct mapping_report *)row)->space->limit;

	return l->known ? l : NULL;
}

static void limit_soft(const void *row, struct value *ret)
{
	const struct mapping_limit *l = known_limit(row);

	if (l && l->soft != UINT64_MAX)
		value_set_number(ret, l->soft);
}

static void limit_exempt(const void *row, struct value *ret)
{
	const struct mapping_limit *l = known_limit(row);

	if (l)
		value_set_bool(ret, l->exempt);
}

#define OF_SPACE FIELD_VIA(struct mapping_report, space, struct mapping_space)

static const struct field limit_rows[] = {
	{ "soft", "bytes that may be locked; null: no limit", FIELD_GET(limit_soft) },
	{ "exempt", "whether the caller has CAP_IPC_LOCK", FIELD_GET(limit_exempt) },
	{ "by_user", "whether all processes of the user share it",
	  FIELD_BOOL(struct mapping_space, limit.by_user), OF_SPACE },
	{ "needed", "bytes that all mappings want; null: no limit counts",
	  FIELD_NUMBER(struct mapping_report, needed), .flags = FIELD_NONZERO },
};
static const struct field_table limit_fields = FIELD_TABLE("map_limit", limit_rows);

/* ---- moments ---- */

static const struct field moment_rows[] = {
	{ "when", "before, mapped, after", FIELD_TEXT(struct mapping_moment, when) },
	{ "locked", "VmLck in bytes", FIELD_NUMBER(struct mapping_moment, locked),
	  FIELD_IF(struct mapping_moment, known) },
	{ "pinned", "VmPin in bytes", FIELD_NUMBER(struct mapping_moment, pinned),
	  FIELD_IF(struct mapping_moment, known) },
	{ "mappings_left", "mappings that the container may still hold; null: no such limit",
	  FIELD_NUMBER(struct mapping_moment, left), FIELD_IF(struct mapping_moment, has_left) },
};
static const struct field_table moment_fields = FIELD_TABLE("map_moments", moment_rows);

/* ---- cost ---- */

static void set_per_gib(struct value *ret, uint64_t ns, uint64_t bytes)
{
	ret->kind = VALUE_NONE;
	if (bytes && ns)
		value_set_number(ret, (uint64_t)((double)ns * (1 << 30) / (double)bytes));
}

static void cost_map(const void *row, struct value *ret)
{
	const struct mapping_report *m = row;

	set_per_gib(ret, m->map_ns, m->mapped);
}

static void cost_unmap(const void *row, struct value *ret)
{
	const struct mapping_report *m = row;

	set_per_gib(ret, m->unmap_ns, m->unmapped);
}

static void cost_memory(const void *row, struct value *ret)
{
	const struct mapping_report *m = row;

	set_per_gib(ret, m->memory_ns, m->memory_len);
}

static const struct field cost_rows[] = {
	{ "mapped_bytes", "bytes that were mapped", FIELD_NUMBER(struct mapping_report, mapped) },
	{ "map_ns", "how long mapping took in all", FIELD_NUMBER(struct mapping_report, map_ns) },
	{ "unmap_ns", "how long unmapping took in all",
	  FIELD_NUMBER(struct mapping_report, unmap_ns) },
	{ "map_ns_per_gib", "the same for a GiB", FIELD_GET(cost_map) },
	{ "unmap_ns_per_gib", "the same for a GiB", FIELD_GET(cost_unmap) },
	{ "memory_ns_per_gib", "having the memory, for a GiB", FIELD_GET(cost_memory) },
};
static const struct field_table cost_fields = FIELD_TABLE("map_cost", cost_rows);

/* ---- dirty pages, checks ---- */

static void dirty_pages(const void *row, struct value *ret)
{
	const struct mapping_report *m = row;

	if (m->dirty.asked && !m->dirty.err)
		value_set_number(ret, m->dirty_pages);
}

static const struct field dirty_rows[] = {
	{ "request", "the request that begins to track",
	  FIELD_PART(struct mapping_report, dirty, mapping_step_fields) },
	{ "dirty_pages", "pages that count as written", FIELD_GET(dirty_pages) },
	{ "dirty_page", "bytes of one", FIELD_NUMBER(struct mapping_report, dirty_page),
	  .flags = FIELD_NONZERO },
};
static const struct field_table dirty_fields = FIELD_TABLE("map_dirty", dirty_rows);

static const struct field check_rows[] = {
	{ "check", "what was looked at", FIELD_TEXT(struct mapping_check, id) },
	{ "answer", "yes: as it should be; no; unknown",
	  FIELD_ANSWER(struct mapping_check, answer) },
	{ "because", "what was seen", FIELD_TEXT(struct mapping_check, because) },
};
static const struct field_table check_fields = FIELD_TABLE("map_checks", check_rows);

/* ---- the whole ---- */

static void report_attach(const void *row, struct value *ret)
{
	const struct attach_view *v = ((const struct mapping_report *)row)->attach;

	value_set_rows(ret, v ? v->rows : NULL, v ? v->nr_rows : 0, sizeof(*v->rows));
}

static void report_ranges(const void *at, struct value *ret)
{
	const struct iova_prediction *p = at;

	value_set_rows(ret, p->ranges, p->nr_ranges, sizeof(*p->ranges));
}

static void report_memory(const void *row, struct value *ret)
{
	value_set_object(ret, ((const struct mapping_report *)row)->memory_len ? row : NULL);
}

static void report_moments(const void *row, struct value *ret)
{
	const struct mapping_report *m = row;

	value_set_rows(ret, m->moments, m->nr_moments, sizeof(*m->moments));
}

static const struct field report_rows[] = {
	{ "address", "the device", FIELD_TEXT(struct device, name),
	  FIELD_VIA(struct mapping_report, device, struct device) },
	{ "path", "the way to it", FIELD_PATH(struct mapping_report, path) },
	{ "result", "predicted, mapped, refused, differs or failed",
	  FIELD_TEXT(struct mapping_report, result) },
	{ "match", "whether every request ended as predicted",
	  FIELD_BOOL(struct mapping_report, match) },
	{ "steps", "the way to the device, predicted and done", FIELD_GET(report_attach),
	  .fields = &comparison_fields },
	{ "alignment", "bytes that IOVA and size are multiples of",
	  FIELD_NUMBER(struct mapping_space, alignment), OF_SPACE, .flags = FIELD_NONZERO },
	{ "iova_ranges", "IOVAs that can be mapped",
	  FIELD_MEMBER(struct mapping_space, ranges, struct iova_prediction, report_ranges),
	  OF_SPACE, .fields = &range_fields },
	{ "memory", "what was mapped", FIELD_GET(report_memory), .fields = &memory_fields },
	{ "limit", "locked memory that the caller may have", FIELD_SELF(limit_fields) },
	{ "moments", "what was pinned, and mappings left", FIELD_GET(report_moments),
	  .fields = &moment_fields },
	{ "requests", "each request, predicted and done",
	  FIELD_ROWS(struct mapping_report, steps, mapping_step_fields) },
	{ "cost", "what it took", FIELD_SELF(cost_fields) },
	{ "dirty", "pages that count as written; null: not asked", FIELD_SELF(dirty_fields),
	  FIELD_IF(struct mapping_report, dirty_asked) },
	{ "checks", "what was verified", FIELD_ROWS(struct mapping_report, checks, check_fields) },
};
const struct field_table mapping_report_fields = FIELD_TABLE("map", report_rows);
