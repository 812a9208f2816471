/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/prediction-fields.h"

#include <string.h>

#include "base/macro.h"
#include "base/parse.h"
#include "uapi/op.h"

/* Longer texts of facts (tables of firmware, whole command lines of a capture) are told by size. */
enum { EVIDENCE_VALUE_MAX = 4096 };

/* ---- evidence ---- */

static void evidence_path(const void *row, struct arena *a, struct value *ret)
{
	const struct fact *f = row;

	(void)a;
	value_set_text(ret, f->path);
}

static void evidence_value(const void *row, struct arena *a, struct value *ret)
{
	const struct fact *f = row;

	if (!fact_is(f))
		ret->kind = VALUE_NONE;
	else if (f->len > EVIDENCE_VALUE_MAX || memchr(f->raw, '\0', f->len))
		value_set_text(ret, arena_printf(a, "(%u bytes)", f->len));
	else
		value_set_fact(ret, f);
}

static void evidence_state(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_text(ret, fact_state_name(((const struct fact *)row)->state));
}

static void evidence_errno(const void *row, struct arena *a, struct value *ret)
{
	const struct fact *f = row;

	(void)a;
	value_set_text(ret, f->err ? errno_name(f->err) : NULL);
}

const struct field_table *evidence_fields(void)
{
	static const struct field fields[] = {
		{ "path", 0, 0, "file or question that was asked", evidence_path },
		{ "value", 0, 0, "what it said; null when it said nothing", evidence_value },
		{ "state", 0, 0, "present, absent, denied, failed or unread", evidence_state },
		{ "errno", 0, 0, "why it could not be read", evidence_errno },
	};
	static const struct field_table table = FIELD_TABLE("evidence", fields);

	return &table;
}

const char *fact_describe(const struct fact *f, size_t max, struct arena *a)
{
	size_t len = f->len;

	if (f->state == FACT_ABSENT)
		return "absent";
	if (!fact_is(f))
		return f->err ? arena_printf(a, "%s (%s)", fact_state_name(f->state),
					     errno_name(f->err))
			      : fact_state_name(f->state);
	if (!len)
		return "empty";
	if (memchr(f->raw, '\0', len))
		return arena_printf(a, "%zu bytes", len);
	if (len > max)
		len = max;
	return arena_printf(a, "%.*s%s", (int)len, f->raw, len < f->len ? "..." : "");
}

static void set_evidence(struct value *ret, const struct fact *const *facts, size_t nr)
{
	value_set_objects(ret, evidence_fields(), (const void *const *)facts, nr);
}

/* ---- steps ---- */

static void step_op(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_text(ret, op_name(((const struct step *)row)->op));
}

static void step_answer(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_answer(ret, ((const struct step *)row)->answer);
}

static void step_errno(const void *row, struct arena *a, struct value *ret)
{
	const struct step *s = row;

	(void)a;
	value_set_errno(ret, s->answer, s->err);
}

static void step_rule(const void *row, struct arena *a, struct value *ret)
{
	const struct step *s = row;

	(void)a;
	value_set_text(ret, s->why ? s->why->rule->id : NULL);
}

static void step_because(const void *row, struct arena *a, struct value *ret)
{
	const struct step *s = row;

	(void)a;
	value_set_text(ret, s->why ? s->why->because : NULL);
}

const struct field_table *step_fields(void)
{
	static const struct field fields[] = {
		{ "op", 0, 0, "request to the kernel, as the uAPI names it", step_op },
		{ "answer", 0, 0, "yes: it succeeds; no: it is refused; unknown", step_answer },
		{ "errno", 0, 0, "error it is refused with; null when yes or not certain",
		  step_errno },
		{ "rule", 0, 0, "rule that decides; null when yes", step_rule },
		{ "because", 0, 0, "what was seen; null when yes", step_because },
	};
	static const struct field_table table = FIELD_TABLE("steps", fields);

	return &table;
}

/* ---- paths ---- */

static void path_name(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_text(ret, path_kind_name(((const struct path_prediction *)row)->kind));
}

static void path_answer(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_answer(ret, ((const struct path_prediction *)row)->answer);
}

static void path_op(const void *row, struct arena *a, struct value *ret)
{
	const struct path_prediction *p = row;

	(void)a;
	value_set_text(ret, p->op == OP_NONE ? NULL : op_name(p->op));
}

static void path_errno(const void *row, struct arena *a, struct value *ret)
{
	const struct path_prediction *p = row;

	(void)a;
	value_set_errno(ret, p->answer, p->err);
}

static void path_rule(const void *row, struct arena *a, struct value *ret)
{
	const struct path_prediction *p = row;

	(void)a;
	value_set_text(ret, p->why ? p->why->rule->id : NULL);
}

static void path_source(const void *row, struct arena *a, struct value *ret)
{
	const struct path_prediction *p = row;

	(void)a;
	value_set_text(ret, p->why && p->why->site ? p->why->site->source : NULL);
}

static void path_because(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_text(ret, ((const struct path_prediction *)row)->because);
}

static void path_remedy(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_text(ret, ((const struct path_prediction *)row)->remedy);
}

static void path_evidence(const void *row, struct arena *a, struct value *ret)
{
	const struct path_prediction *p = row;

	(void)a;
	set_evidence(ret, p->why ? p->why->evidence : NULL, p->why ? p->why->nr_evidence : 0);
}

static void path_steps(const void *row, struct arena *a, struct value *ret)
{
	const struct path_prediction *p = row;

	value_set_rows(ret, step_fields(), a, p->steps, p->nr_steps, sizeof(*p->steps));
}

const struct field_table *path_fields(void)
{
	static const struct field fields[] = {
		{ "path", 0, 0, "container, iommufd, compat or noiommu", path_name },
		{ "answer", 0, 0, "yes, no or unknown", path_answer },
		{ "op", 0, 0, "step that is refused; null when yes or not certain", path_op },
		{ "errno", 0, 0, "error of that step; null when yes or not certain", path_errno },
		{ "rule", 0, 0, "rule that decides; null when yes", path_rule },
		{ "source", 0, 0, "kernel file and function that refuses", path_source },
		{ "because", 0, 0, "what was seen, or what is missing", path_because },
		{ "remedy", 0, 0, "next step to take; null when yes", path_remedy },
		{ "evidence", 0, 0, "the facts the rule looked at", path_evidence },
		{ "steps", 0, 0, "the steps up to the refused one", path_steps },
	};
	static const struct field_table table = FIELD_TABLE("paths", fields);

	return &table;
}

void value_set_paths(struct value *ret, struct arena *a, const struct path_prediction *paths)
{
	const void **rows = arena_array(a, NR_PATHS, sizeof(*rows));
	size_t nr = 0;

	for (size_t i = 0; i < NR_PATHS; i++)
		if (paths[i].offered)
			rows[nr++] = &paths[i];
	value_set_objects(ret, path_fields(), rows, nr);
}

/* ---- capabilities and addresses ---- */

#define CAPABILITY_LIST(X)                                                                \
	X(cache_coherency, "DMA of the device is coherent with the caches")               \
	X(interrupt_remapping, "the IOMMU remaps the device's interrupts (asked to 6.2)") \
	X(isolated_msi, "its message interrupts are isolated (asked from 6.3)")           \
	X(enforce_cache_coherency, "the IOMMU can refuse non-snooped DMA")

#define X(name, help)                                                                      \
	static void capability_##name(const void *row, struct arena *a, struct value *ret) \
	{                                                                                  \
		(void)a;                                                                   \
		value_set_truth(ret, ((const struct capabilities *)row)->name.answer);     \
	}                                                                                  \
	static void because_##name(const void *row, struct arena *a, struct value *ret)    \
	{                                                                                  \
		(void)a;                                                                   \
		value_set_text(ret, ((const struct capabilities *)row)->name.because);     \
	}
CAPABILITY_LIST(X)
#undef X

const struct field_table *capability_fields(void)
{
	static const struct field fields[] = {
#define X(name, help) { #name, 0, 0, help, capability_##name },
		CAPABILITY_LIST(X)
#undef X
	};
	static const struct field_table table = FIELD_TABLE("capabilities", fields);

	return &table;
}

const struct field_table *capability_because_fields(void)
{
	static const struct field fields[] = {
#define X(name, help) { #name, 0, 0, "what told it", because_##name },
		CAPABILITY_LIST(X)
#undef X
	};
	static const struct field_table table = FIELD_TABLE("capabilities_because", fields);

	return &table;
}

static void range_start(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_hex(ret, ((const struct iova_range *)row)->start, 1);
}

static void range_end(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_hex(ret, ((const struct iova_range *)row)->last, 1);
}

const struct field_table *range_fields(void)
{
	static const struct field fields[] = {
		{ "start", 0, 0, "first address", range_start },
		{ "end", 0, 0, "last address", range_end },
	};
	static const struct field_table table = FIELD_TABLE("iova_ranges", fields);

	return &table;
}

static void region_start(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_hex(ret, ((const struct resv_region *)row)->start, 1);
}

static void region_end(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_hex(ret, ((const struct resv_region *)row)->last, 1);
}

static void region_type(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_text(ret, ((const struct resv_region *)row)->type_text);
}

const struct field_table *region_fields(void)
{
	static const struct field fields[] = {
		{ "start", 0, 0, "first address", region_start },
		{ "end", 0, 0, "last address", region_end },
		{ "type", 0, 0, "direct, direct-relaxable, reserved or msi", region_type },
	};
	static const struct field_table table = FIELD_TABLE("reserved_regions", fields);

	return &table;
}

static void extension_before(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_truth(ret, ((const struct extension_prediction *)row)->before);
}

static void extension_after(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_truth(ret, ((const struct extension_prediction *)row)->after);
}

const struct field_table *extension_fields(void)
{
	static const struct field fields[] = {
		{ "before", 0, 0, "answer before SET_IOMMU", extension_before },
		{ "after", 0, 0, "answer after SET_IOMMU", extension_after },
	};
	static const struct field_table table = FIELD_TABLE("extensions", fields);

	return &table;
}
