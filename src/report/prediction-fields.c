/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/prediction-fields.h"

#include <string.h>

#include "base/macro.h"
#include "report/field-kinds.h"

/* Longer texts of facts (tables of firmware, whole command lines of a capture) are shown by their size only. */
enum { EVIDENCE_VALUE_MAX = 4096 };

/* ---- evidence ---- */

static void evidence_value(const void *row, struct value *ret)
{
	const struct fact *f = row;

	if (!fact_is(f))
		ret->kind = VALUE_NONE;
	else if (f->len > EVIDENCE_VALUE_MAX || memchr(f->raw, '\0', f->len))
		value_set_text(ret, arena_printf(ret->arena, "(%u bytes)", f->len));
	else
		value_set_fact(ret, f);
}

static void evidence_state(const void *row, struct value *ret)
{
	value_set_text(ret, fact_state_name(((const struct fact *)row)->state));
}

static void evidence_errno(const void *row, struct value *ret)
{
	const struct fact *f = row;

	value_set_text(ret, f->err ? errno_name(f->err) : NULL);
}

static const struct field evidence_rows[] = {
	{ "path", "file or question that was asked", FIELD_TEXT(struct fact, path) },
	{ "value", "what it said; null when it said nothing", FIELD_GET(evidence_value) },
	{ "state", "present, absent, denied, failed or unread", FIELD_GET(evidence_state) },
	{ "errno", "why it could not be read", FIELD_GET(evidence_errno) },
};
const struct field_table evidence_fields = FIELD_TABLE("evidence", evidence_rows);

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

/* ---- steps ---- */

static void step_errno(const void *row, struct value *ret)
{
	const struct step *s = row;

	value_set_errno(ret, s->answer, s->err);
}

#define OF_FINDING FIELD_VIA(struct step, why, struct finding)

static const struct field step_rows[] = {
	{ "op", "request to the kernel, as the uAPI names it", FIELD_OP(struct step, op) },
	{ "answer", "yes: it succeeds; no: it is refused; unknown",
	  FIELD_ANSWER(struct step, answer) },
	{ "errno", "error it is refused with; null when yes or not certain",
	  FIELD_GET(step_errno) },
	{ "rule", "rule that decides; null when yes", FIELD_RULE(struct finding, rule),
	  OF_FINDING },
	{ "because", "what was seen; null when yes", FIELD_TEXT(struct finding, because),
	  OF_FINDING },
};
const struct field_table step_fields = FIELD_TABLE("steps", step_rows);

/* ---- paths ---- */

static void path_errno(const void *row, struct value *ret)
{
	const struct path_prediction *p = row;

	value_set_errno(ret, p->answer, p->err);
}

static void path_source(const void *row, struct value *ret)
{
	const struct path_prediction *p = row;

	value_set_text(ret, p->why && p->why->site ? p->why->site->source : NULL);
}

static void path_evidence(const void *row, struct value *ret)
{
	const struct finding *why = ((const struct path_prediction *)row)->why;

	value_set_objects(ret, why ? (const void *const *)why->evidence : NULL,
			  why ? why->nr_evidence : 0);
}

static const struct field path_rows[] = {
	{ "path", "container, iommufd, compat or noiommu",
	  FIELD_PATH(struct path_prediction, kind) },
	{ "answer", "yes, no or unknown", FIELD_ANSWER(struct path_prediction, answer) },
	{ "op", "step that is refused; null when yes or not certain",
	  FIELD_OP(struct path_prediction, op) },
	{ "errno", "error of that step; null when yes or not certain", FIELD_GET(path_errno) },
	{ "rule", "rule that decides; null when yes", FIELD_RULE(struct finding, rule),
	  FIELD_VIA(struct path_prediction, why, struct finding) },
	{ "source", "kernel file and function that refuses", FIELD_GET(path_source) },
	{ "because", "what was seen, or what is missing",
	  FIELD_TEXT(struct path_prediction, because) },
	{ "remedy", "next step to take; null when yes",
	  FIELD_TEXT(struct path_prediction, remedy) },
	{ "evidence", "the facts the rule looked at", FIELD_GET(path_evidence),
	  .fields = &evidence_fields },
	{ "steps", "the steps up to the refused one",
	  FIELD_ROWS(struct path_prediction, steps, step_fields) },
};
const struct field_table path_fields = FIELD_TABLE("paths", path_rows);

void value_set_paths(struct value *ret, const struct path_prediction *paths)
{
	const void **rows = arena_array(ret->arena, NR_PATHS, sizeof(*rows));
	size_t nr = 0;

	for (size_t i = 0; i < NR_PATHS; i++)
		if (paths[i].offered)
			rows[nr++] = &paths[i];
	value_set_objects(ret, rows, nr);
}

static const struct field missing_rows[] = {
	{ "path", "container, iommufd, compat or noiommu",
	  FIELD_PATH(struct path_prediction, kind) },
	{ "because", "why the kernel does not offer it",
	  FIELD_TEXT(struct path_prediction, missing) },
};
const struct field_table missing_path_fields = FIELD_TABLE("not_offered", missing_rows);

void value_set_missing_paths(struct value *ret, const struct path_prediction *paths)
{
	const void **rows = arena_array(ret->arena, NR_PATHS, sizeof(*rows));
	size_t nr = 0;

	for (size_t i = 0; i < NR_PATHS; i++)
		if (paths[i].missing)
			rows[nr++] = &paths[i];
	value_set_objects(ret, rows, nr);
}

/* ---- capabilities and addresses ---- */

#define CAPABILITY_LIST(X)                                                                \
	X(cache_coherency, "DMA of the device is coherent with the caches")               \
	X(interrupt_remapping, "the IOMMU remaps the device's interrupts (asked to 6.2)") \
	X(isolated_msi, "its message interrupts are isolated (asked from 6.3)")           \
	X(enforce_cache_coherency, "the IOMMU can refuse non-snooped DMA")

static const struct field capability_rows[] = {
#define X(name, help) { #name, help, FIELD_TRUTH(struct capabilities, name.answer) },
	CAPABILITY_LIST(X)
#undef X
};
const struct field_table capability_fields = FIELD_TABLE("capabilities", capability_rows);

static const struct field because_rows[] = {
#define X(name, help) { #name, "what told it", FIELD_TEXT(struct capabilities, name.because) },
	CAPABILITY_LIST(X)
#undef X
};
const struct field_table capability_because_fields =
	FIELD_TABLE("capabilities_because", because_rows);

static const struct field range_rows[] = {
	{ "start", "first address", FIELD_HEX(struct iova_range, start, 1) },
	{ "end", "last address", FIELD_HEX(struct iova_range, last, 1) },
};
const struct field_table range_fields = FIELD_TABLE("iova_ranges", range_rows);

static const struct field region_rows[] = {
	{ "start", "first address", FIELD_HEX(struct resv_region, start, 1) },
	{ "end", "last address", FIELD_HEX(struct resv_region, last, 1) },
	{ "type", "direct, direct-relaxable, reserved or msi",
	  FIELD_TEXT(struct resv_region, type_text) },
};
const struct field_table region_fields = FIELD_TABLE("reserved_regions", region_rows);

static const struct field extension_rows[] = {
	{ "before", "answer before SET_IOMMU", FIELD_TRUTH(struct extension_prediction, before) },
	{ "after", "answer after SET_IOMMU", FIELD_TRUTH(struct extension_prediction, after) },
};
const struct field_table extension_fields = FIELD_TABLE("extensions", extension_rows);
