/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/prove.h"

#include <inttypes.h>

#include "base/macro.h"
#include "report/field-kinds.h"

/* ---- fields ---- */

static const char *answer_word(const struct proof_claim_view *c)
{
	return c->tried ? answer_name(c->answer) : "untried";
}

static void claim_answer(const void *row, struct value *ret)
{
	value_set_text(ret, answer_word(row));
}

static const struct field claim_rows[] = {
	{ "claim", "name of the claim", FIELD_TEXT(struct proof_claim_view, name) },
	{ "title", "the sentence that holds or does not",
	  FIELD_TEXT(struct proof_claim_view, title) },
	{ "answer", "yes, no, unknown or untried", FIELD_GET(claim_answer) },
	{ "evidence", "what was done and seen", FIELD_TEXT(struct proof_claim_view, evidence) },
	{ "iova", "address that the device received", FIELD_HEX(struct proof_claim_view, iova, 1),
	  FIELD_IF(struct proof_claim_view, has_iova) },
	{ "fault", "what the kernel logged about it", FIELD_TEXT(struct proof_claim_view, fault) },
	{ "ns", "nanoseconds it took", FIELD_NUMBER(struct proof_claim_view, ns) },
};
static const struct field_table proof_claim_fields = FIELD_TABLE("proof_claims", claim_rows);

#define IF_PINNED FIELD_IF(struct proof_view, has_pinned)

static const struct field proof_rows[] = {
	{ "exerciser", "what made the device move; null: there is none for it",
	  FIELD_TEXT(struct proof_view, driver) },
	{ "not_run", "nobody has run that DMA test driver on hardware yet",
	  FIELD_BOOL(struct proof_view, not_run) },
	{ "proven", "yes, no or unknown", FIELD_ANSWER(struct proof_view, answer) },
	{ "because", "what that rests on", FIELD_TEXT(struct proof_view, because) },
	{ "untranslated", "there is no IOMMU between the device and memory",
	  FIELD_BOOL(struct proof_view, untranslated) },
	{ "loopback", "without a DMA test driver: the kernel's own interrupt",
	  FIELD_TEXT(struct proof_view, loopback) },
	{ "through", "without one: a device of the same group that has one",
	  FIELD_TEXT(struct proof_view, through) },
	{ "claims", "the claims in the order of their answers",
	  FIELD_ROWS(struct proof_view, claims, proof_claim_fields) },
	{ "faults_hidden", "why the kernel's log could not be read",
	  FIELD_TEXT(struct proof_view, faults_hidden) },
	{ "pinned_before", "bytes locked or pinned before",
	  FIELD_NUMBER(struct proof_view, pinned_before), IF_PINNED },
	{ "pinned_while", "the same while memory was mapped",
	  FIELD_NUMBER(struct proof_view, pinned_while), IF_PINNED },
	{ "pinned_after", "the same in the end", FIELD_NUMBER(struct proof_view, pinned_after),
	  IF_PINNED },
	{ "reset", "ok or the errno of the reset at the end; null: not asked for",
	  FIELD_TEXT(struct proof_view, reset) },
};
const struct field_table proof_fields = FIELD_TABLE("proof", proof_rows);

/* ---- text ---- */

static void put_claim(const struct prose *p, const struct proof_view *v,
		      const struct proof_claim_view *c)
{
	prose_label(p, answer_word(c), c->tried ? answer_style(c->answer) : STYLE_DIM, "%s",
		    c->title);
	prose_label(p, "", STYLE_DIM, "%s", c->evidence);
	if (c->fault)
		prose_label(p, "", STYLE_DIM, "kernel: %s", c->fault);
	else if (c->about_reach && c->tried && c->answer == ANSWER_YES && !v->faults_hidden)
		prose_label(p, "", STYLE_DIM, "the kernel logged no fault about it");
}

static void put_attached(const struct prose *p, const struct proof_view *v)
{
	const struct attach_view *at = v->attach;
	vt_cleanup(arena_freep) struct arena *a = arena_new();

	for (size_t i = 0; i < at->nr_devices; i++)
		prose_device(p, at->devices[i].device->name,
			     device_names_text(&at->devices[i].names, a));
	prose_text(p, STYLE_NONE, "Attached by path %s (%s), %s.", path_kind_name(at->path),
		   at->path_because,
		   at->match == MATCH_YES ? "as predicted" : "though that was not certain");
	if (v->untranslated)
		prose_text(p, STYLE_NO,
			   "There is no IOMMU: the device uses physical addresses and reaches all memory.");
}

static void put_without(const struct prose *p, const struct proof_view *v)
{
	const struct device *d = v->attach->devices[0].device;

	prose_text(p, STYLE_UNKNOWN,
		   "There is no DMA test driver for this device (%04x:%04x, class %06x). 'vfiotool prove --list' shows the devices that have one.",
		   d->vendor, d->device_id, d->class_code);
	if (v->through)
		prose_text(p, STYLE_REMEDY,
			   "Prove %s instead, which is in the same group, behind the same IOMMU: vfiotool prove %s",
			   v->through, v->through);
	prose_text(p, STYLE_NONE, "What vfiotool can prove without one:");
	prose_label(p, "yes", STYLE_YES, "it is attached%s",
		    v->untranslated ? "" : ", and a page was mapped for it and unmapped");
	if (v->loopback)
		prose_label(p, "", STYLE_NONE, "interrupts: %s", v->loopback);
	prose_label(p, "?", STYLE_UNKNOWN,
		    v->untranslated
			    ? "nothing stops it from reaching memory that is not meant for it"
			    : "whether it reaches what is mapped, and nothing else");
}

void proof_text(const struct output *out, const struct proof_view *v)
{
	struct prose p = { .out = out };
	struct prose body = { .out = out, .indent = 2, .label_width = 9 };

	put_attached(&p, v);
	prose_blank(&p);
	if (!v->driver) {
		put_without(&body, v);
		return;
	}
	if (v->what)
		prose_text(&p, STYLE_HEADING, "DMA test driver %s: %s", v->driver, v->what);
	else
		prose_text(&p, STYLE_HEADING, "DMA test drivers: %s", v->driver);
	if (v->not_run)
		prose_text(&p, STYLE_UNKNOWN,
			   "Not yet run on hardware: the tests of vfiotool know a scripted device only. Please report what you see.");
	for (size_t i = 0; i < v->nr_claims; i++)
		put_claim(&body, v, &v->claims[i]);
	if (v->faults_hidden)
		prose_text(&body, STYLE_DIM, "Faults that the kernel reports are not visible: %s.",
			   v->faults_hidden);
	if (v->reset)
		prose_text(&body, STYLE_DIM, "Reset at the end: %s.", v->reset);
	prose_blank(&p);
	prose_text(&p, answer_style(v->answer), "%s", v->because);
}
