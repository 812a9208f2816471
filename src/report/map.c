/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/map.h"

#include "base/macro.h"
#include "report/prediction-fields.h"

/* ---- requests ---- */

static void step_op(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_text(ret, op_name(((const struct mapping_step *)row)->predicted.op));
}

static bool has_range(const struct mapping_step *s)
{
	return s->request.ask == MAPPING_MAP || s->request.ask == MAPPING_UNMAP;
}

static void step_iova(const void *row, struct arena *a, struct value *ret)
{
	const struct mapping_step *s = row;

	(void)a;
	ret->kind = VALUE_NONE;
	if (has_range(s))
		value_set_hex(ret, s->request.iova, 1);
}

static void step_size(const void *row, struct arena *a, struct value *ret)
{
	const struct mapping_step *s = row;

	(void)a;
	ret->kind = VALUE_NONE;
	if (has_range(s))
		value_set_number(ret, s->request.size);
}

static void step_prot(const void *row, struct arena *a, struct value *ret)
{
	static const char *const names[] = { "-", "r", "w", "rw" };
	const struct mapping_step *s = row;

	(void)a;
	value_set_text(ret, s->request.ask == MAPPING_MAP ? names[s->request.prot & 3] : NULL);
}

static void step_predicted(const void *row, struct arena *a, struct value *ret)
{
	const struct mapping_prediction *p = &((const struct mapping_step *)row)->predicted;

	(void)a;
	value_set_text(ret, p->answer == ANSWER_YES       ? "ok"
			    : p->answer == ANSWER_UNKNOWN ? "unknown"
			    : p->err                      ? errno_name(p->err)
							  : "refused");
	ret->style = p->answer == ANSWER_YES       ? STYLE_YES
		     : p->answer == ANSWER_UNKNOWN ? STYLE_UNKNOWN
						   : STYLE_NO;
}

static void step_actual(const void *row, struct arena *a, struct value *ret)
{
	const struct mapping_step *s = row;

	(void)a;
	value_set_text(ret, !s->asked ? NULL : s->err ? errno_name(s->err) : "ok");
	ret->style = !s->match ? STYLE_UNKNOWN : s->err ? STYLE_NO : STYLE_YES;
}

static void step_bytes(const void *row, struct arena *a, struct value *ret)
{
	const struct mapping_step *s = row;

	(void)a;
	ret->kind = VALUE_NONE;
	if (s->asked && !s->err &&
	    (s->request.ask == MAPPING_UNMAP || s->request.ask == MAPPING_UNMAP_ALL))
		value_set_number(ret, s->bytes);
}

static void step_ns(const void *row, struct arena *a, struct value *ret)
{
	const struct mapping_step *s = row;

	(void)a;
	ret->kind = VALUE_NONE;
	if (s->asked && s->ns)
		value_set_number(ret, s->ns);
}

static void step_rule(const void *row, struct arena *a, struct value *ret)
{
	const struct mapping_step *s = row;

	(void)a;
	value_set_text(ret, s->predicted.rule ? s->predicted.rule->id : NULL);
}

static void step_because(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_text(ret, ((const struct mapping_step *)row)->predicted.because);
}

static void step_remedy(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_text(ret, ((const struct mapping_step *)row)->predicted.remedy);
}

static void step_match(const void *row, struct arena *a, struct value *ret)
{
	const struct mapping_step *s = row;

	(void)a;
	ret->kind = VALUE_NONE;
	if (s->asked)
		value_set_bool(ret, s->match);
}

const struct field_table *mapping_step_fields(void)
{
	static const struct field fields[] = {
		{ "op", 0, 0, "request to the kernel", step_op },
		{ "iova", 0, 0, "where it begins", step_iova },
		{ "size", 0, 0, "its bytes", step_size },
		{ "prot", 0, 0, "what the device may: r, w, rw", step_prot },
		{ "predicted", 0, 0, "ok, an error, refused, unknown", step_predicted },
		{ "actual", 0, 0, "ok, an error; null: not asked", step_actual },
		{ "bytes", 0, 0, "what an unmap took away", step_bytes },
		{ "ns", 0, 0, "how long it took", step_ns },
		{ "rule", 0, 0, "rule that decides; null when ok", step_rule },
		{ "because", 0, 0, "what it was decided by; null when ok", step_because },
		{ "remedy", 0, 0, "what to do about it; null when ok", step_remedy },
		{ "match", 0, 0, "whether both agree; null: not asked", step_match },
	};
	static const struct field_table table = FIELD_TABLE("map_requests", fields);

	return &table;
}

/* ---- memory ---- */

static void memory_pages(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_text(ret, ((const struct mapping_report *)row)->pages);
}

static void memory_kind(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_text(ret, ((const struct mapping_report *)row)->kind);
}

static void memory_access(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_text(ret, ((const struct mapping_report *)row)->access);
}

static void memory_size(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_number(ret, ((const struct mapping_report *)row)->memory_len);
}

static void memory_page(const void *row, struct arena *a, struct value *ret)
{
	const struct mapping_report *m = row;

	(void)a;
	if (m->memory_seen)
		value_set_number(ret, m->memory_page);
}

static void memory_huge(const void *row, struct arena *a, struct value *ret)
{
	const struct mapping_report *m = row;

	(void)a;
	if (m->memory_seen)
		value_set_number(ret, m->memory_huge);
}

static void memory_ns(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_number(ret, ((const struct mapping_report *)row)->memory_ns);
}

const struct field_table *mapping_memory_fields(void)
{
	static const struct field fields[] = {
		{ "pages", 0, 0, "pages that were asked for: auto, 4K, 2M, 1G, thp", memory_pages },
		{ "kind", 0, 0, "pages that were chosen", memory_kind },
		{ "access", 0, 0, "what the caller may do with it: own, read-only, none",
		  memory_access },
		{ "bytes", 0, 0, "size of the memory", memory_size },
		{ "page", 0, 0, "bytes of a page, as the kernel says", memory_page },
		{ "transparent", 0, 0, "bytes in transparent huge pages", memory_huge },
		{ "ns", 0, 0, "how long it took to have it", memory_ns },
	};
	static const struct field_table table = FIELD_TABLE("map_memory", fields);

	return &table;
}

/* ---- limits ---- */

static const struct mapping_limit *limit_of(const void *row)
{
	return &((const struct mapping_report *)row)->space->limit;
}

static void limit_soft(const void *row, struct arena *a, struct value *ret)
{
	const struct mapping_limit *l = limit_of(row);

	(void)a;
	ret->kind = l->known ? VALUE_NONE : VALUE_UNKNOWN;
	if (l->known && l->soft != UINT64_MAX)
		value_set_number(ret, l->soft);
}

static void limit_exempt(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	if (limit_of(row)->known)
		value_set_bool(ret, limit_of(row)->exempt);
}

static void limit_by_user(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_bool(ret, limit_of(row)->by_user);
}

static void limit_needed(const void *row, struct arena *a, struct value *ret)
{
	const struct mapping_report *m = row;

	(void)a;
	ret->kind = VALUE_NONE;
	if (m->needed)
		value_set_number(ret, m->needed);
}

const struct field_table *mapping_limit_fields(void)
{
	static const struct field fields[] = {
		{ "soft", 0, 0, "bytes that may be locked; null: no limit", limit_soft },
		{ "exempt", 0, 0, "whether the caller has CAP_IPC_LOCK", limit_exempt },
		{ "by_user", 0, 0, "whether all processes of the user share it", limit_by_user },
		{ "needed", 0, 0, "bytes that all mappings want; null: no limit counts",
		  limit_needed },
	};
	static const struct field_table table = FIELD_TABLE("map_limit", fields);

	return &table;
}

/* ---- moments ---- */

static void moment_when(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_text(ret, ((const struct mapping_moment *)row)->when);
}

static void moment_locked(const void *row, struct arena *a, struct value *ret)
{
	const struct mapping_moment *m = row;

	(void)a;
	if (m->known)
		value_set_number(ret, m->locked);
}

static void moment_pinned(const void *row, struct arena *a, struct value *ret)
{
	const struct mapping_moment *m = row;

	(void)a;
	if (m->known)
		value_set_number(ret, m->pinned);
}

static void moment_left(const void *row, struct arena *a, struct value *ret)
{
	const struct mapping_moment *m = row;

	(void)a;
	ret->kind = VALUE_NONE;
	if (m->has_left)
		value_set_number(ret, m->left);
}

const struct field_table *mapping_moment_fields(void)
{
	static const struct field fields[] = {
		{ "when", 0, 0, "before, mapped, after", moment_when },
		{ "locked", 0, 0, "VmLck in bytes", moment_locked },
		{ "pinned", 0, 0, "VmPin in bytes", moment_pinned },
		{ "mappings_left", 0, 0,
		  "mappings that the container may still hold; null: no such limit", moment_left },
	};
	static const struct field_table table = FIELD_TABLE("map_moments", fields);

	return &table;
}

/* ---- cost ---- */

static void set_per_gib(struct value *ret, uint64_t ns, uint64_t bytes)
{
	ret->kind = VALUE_NONE;
	if (bytes && ns)
		value_set_number(ret, (uint64_t)((double)ns * (1 << 30) / (double)bytes));
}

static void cost_map(const void *row, struct arena *a, struct value *ret)
{
	const struct mapping_report *m = row;

	(void)a;
	set_per_gib(ret, m->map_ns, m->mapped);
}

static void cost_unmap(const void *row, struct arena *a, struct value *ret)
{
	const struct mapping_report *m = row;

	(void)a;
	set_per_gib(ret, m->unmap_ns, m->unmapped);
}

static void cost_memory(const void *row, struct arena *a, struct value *ret)
{
	const struct mapping_report *m = row;

	(void)a;
	set_per_gib(ret, m->memory_ns, m->memory_len);
}

static void cost_mapped(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_number(ret, ((const struct mapping_report *)row)->mapped);
}

static void cost_map_ns(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_number(ret, ((const struct mapping_report *)row)->map_ns);
}

static void cost_unmap_ns(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_number(ret, ((const struct mapping_report *)row)->unmap_ns);
}

const struct field_table *mapping_cost_fields(void)
{
	static const struct field fields[] = {
		{ "mapped_bytes", 0, 0, "bytes that were mapped", cost_mapped },
		{ "map_ns", 0, 0, "how long mapping took in all", cost_map_ns },
		{ "unmap_ns", 0, 0, "how long unmapping took in all", cost_unmap_ns },
		{ "map_ns_per_gib", 0, 0, "the same for a GiB", cost_map },
		{ "unmap_ns_per_gib", 0, 0, "the same for a GiB", cost_unmap },
		{ "memory_ns_per_gib", 0, 0, "having the memory, for a GiB", cost_memory },
	};
	static const struct field_table table = FIELD_TABLE("map_cost", fields);

	return &table;
}

/* ---- dirty pages, checks ---- */

static void dirty_step(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_object(ret, mapping_step_fields(), &((const struct mapping_report *)row)->dirty);
}

static void dirty_pages(const void *row, struct arena *a, struct value *ret)
{
	const struct mapping_report *m = row;

	(void)a;
	if (m->dirty.asked && !m->dirty.err)
		value_set_number(ret, m->dirty_pages);
}

static void dirty_page(const void *row, struct arena *a, struct value *ret)
{
	const struct mapping_report *m = row;

	(void)a;
	if (m->dirty_page)
		value_set_number(ret, m->dirty_page);
}

const struct field_table *mapping_dirty_fields(void)
{
	static const struct field fields[] = {
		{ "request", 0, 0, "the request that begins to track", dirty_step },
		{ "dirty_pages", 0, 0, "pages that count as written", dirty_pages },
		{ "dirty_page", 0, 0, "bytes of one", dirty_page },
	};
	static const struct field_table table = FIELD_TABLE("map_dirty", fields);

	return &table;
}

static void check_id(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_text(ret, ((const struct mapping_check *)row)->id);
}

static void check_answer(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_answer(ret, ((const struct mapping_check *)row)->answer);
}

static void check_because(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_text(ret, ((const struct mapping_check *)row)->because);
}

const struct field_table *mapping_check_fields(void)
{
	static const struct field fields[] = {
		{ "check", 0, 0, "what was looked at", check_id },
		{ "answer", 0, 0, "yes: as it should be; no; unknown", check_answer },
		{ "because", 0, 0, "what was seen", check_because },
	};
	static const struct field_table table = FIELD_TABLE("map_checks", fields);

	return &table;
}

/* ---- the whole ---- */

static void report_device(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_text(ret, ((const struct mapping_report *)row)->device->name);
}

static void report_path(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_text(ret, path_kind_name(((const struct mapping_report *)row)->path));
}

static void report_result(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_text(ret, ((const struct mapping_report *)row)->result);
}

static void report_match(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_bool(ret, ((const struct mapping_report *)row)->match);
}

static void report_attach(const void *row, struct arena *a, struct value *ret)
{
	const struct attach_view *v = ((const struct mapping_report *)row)->attach;

	value_set_rows(ret, comparison_fields(), a, v ? v->rows : NULL, v ? v->nr_rows : 0,
		       sizeof(*v->rows));
}

static void report_alignment(const void *row, struct arena *a, struct value *ret)
{
	const struct mapping_report *m = row;

	(void)a;
	if (m->space->alignment)
		value_set_number(ret, m->space->alignment);
}

static void report_ranges(const void *row, struct arena *a, struct value *ret)
{
	const struct iova_prediction *p = &((const struct mapping_report *)row)->space->ranges;

	value_set_rows(ret, range_fields(), a, p->ranges, p->nr_ranges, sizeof(*p->ranges));
}

static void report_memory(const void *row, struct arena *a, struct value *ret)
{
	const struct mapping_report *m = row;

	(void)a;
	value_set_object(ret, mapping_memory_fields(), m->memory_len ? m : NULL);
}

static void report_limit(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_object(ret, mapping_limit_fields(), row);
}

static void report_moments(const void *row, struct arena *a, struct value *ret)
{
	const struct mapping_report *m = row;

	value_set_rows(ret, mapping_moment_fields(), a, m->moments, m->nr_moments,
		       sizeof(*m->moments));
}

static void report_steps(const void *row, struct arena *a, struct value *ret)
{
	const struct mapping_report *m = row;

	value_set_rows(ret, mapping_step_fields(), a, m->steps, m->nr_steps, sizeof(*m->steps));
}

static void report_cost(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_object(ret, mapping_cost_fields(), row);
}

static void report_dirty(const void *row, struct arena *a, struct value *ret)
{
	const struct mapping_report *m = row;

	(void)a;
	value_set_object(ret, mapping_dirty_fields(), m->dirty_asked ? m : NULL);
}

static void report_checks(const void *row, struct arena *a, struct value *ret)
{
	const struct mapping_report *m = row;

	value_set_rows(ret, mapping_check_fields(), a, m->checks, m->nr_checks, sizeof(*m->checks));
}

const struct field_table *mapping_report_fields(void)
{
	static const struct field fields[] = {
		{ "address", 0, 0, "the device", report_device },
		{ "path", 0, 0, "the way to it", report_path },
		{ "result", 0, 0, "predicted, mapped, refused, differs or failed", report_result },
		{ "match", 0, 0, "whether every request ended as predicted", report_match },
		{ "steps", 0, 0, "the way to the device, predicted and done", report_attach },
		{ "alignment", 0, 0, "bytes that IOVA and size are multiples of",
		  report_alignment },
		{ "iova_ranges", 0, 0, "IOVAs that can be mapped", report_ranges },
		{ "memory", 0, 0, "what was mapped", report_memory },
		{ "limit", 0, 0, "locked memory that the caller may have", report_limit },
		{ "moments", 0, 0, "what was pinned, and mappings left", report_moments },
		{ "requests", 0, 0, "each request, predicted and done", report_steps },
		{ "cost", 0, 0, "what it took", report_cost },
		{ "dirty", 0, 0, "pages that count as written; null: not asked", report_dirty },
		{ "checks", 0, 0, "what was verified", report_checks },
	};
	static const struct field_table table = FIELD_TABLE("map", fields);

	return &table;
}
