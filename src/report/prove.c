/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/prove.h"

#include <inttypes.h>

#include "base/macro.h"

/* ---- fields ---- */

static const char *answer_word(const struct proof_claim_view *c)
{
	static const char *const words[] = {
		[ANSWER_UNKNOWN] = "unknown",
		[ANSWER_NO] = "no",
		[ANSWER_YES] = "yes",
	};

	return c->tried ? words[c->answer] : "untried";
}

static void claim_name(const void *row, struct arena *a vt_unused, struct value *ret)
{
	value_set_text(ret, ((const struct proof_claim_view *)row)->name);
}

static void claim_title(const void *row, struct arena *a vt_unused, struct value *ret)
{
	value_set_text(ret, ((const struct proof_claim_view *)row)->title);
}

static void claim_answer(const void *row, struct arena *a vt_unused, struct value *ret)
{
	value_set_text(ret, answer_word(row));
}

static void claim_evidence(const void *row, struct arena *a vt_unused, struct value *ret)
{
	value_set_text(ret, ((const struct proof_claim_view *)row)->evidence);
}

static void claim_iova(const void *row, struct arena *a vt_unused, struct value *ret)
{
	const struct proof_claim_view *c = row;

	if (c->has_iova)
		value_set_hex(ret, c->iova, 1);
	else
		ret->kind = VALUE_NONE;
}

static void claim_fault(const void *row, struct arena *a vt_unused, struct value *ret)
{
	value_set_text(ret, ((const struct proof_claim_view *)row)->fault);
}

static void claim_ns(const void *row, struct arena *a vt_unused, struct value *ret)
{
	value_set_number(ret, ((const struct proof_claim_view *)row)->ns);
}

const struct field_table *proof_claim_fields(void)
{
	static const struct field fields[] = {
		{ "claim", 0, 0, "name of the claim", claim_name },
		{ "title", 0, 0, "the sentence that holds or does not", claim_title },
		{ "answer", 0, 0, "yes, no, unknown or untried", claim_answer },
		{ "evidence", 0, 0, "what was done and seen", claim_evidence },
		{ "iova", 0, 0, "address that the device was told", claim_iova },
		{ "fault", 0, 0, "what the kernel logged about it", claim_fault },
		{ "ns", 0, 0, "nanoseconds it took", claim_ns },
	};
	static const struct field_table table = FIELD_TABLE("proof_claims", fields);

	return &table;
}

static void proof_exerciser(const void *row, struct arena *a vt_unused, struct value *ret)
{
	value_set_text(ret, ((const struct proof_view *)row)->exerciser);
}

static void proof_result(const void *row, struct arena *a vt_unused, struct value *ret)
{
	const struct proof_claim_view all = {
		.tried = true,
		.answer = ((const struct proof_view *)row)->answer,
	};

	value_set_text(ret, answer_word(&all));
}

static void proof_because(const void *row, struct arena *a vt_unused, struct value *ret)
{
	value_set_text(ret, ((const struct proof_view *)row)->because);
}

static void proof_untranslated(const void *row, struct arena *a vt_unused, struct value *ret)
{
	value_set_bool(ret, ((const struct proof_view *)row)->untranslated);
}

static void proof_loopback(const void *row, struct arena *a vt_unused, struct value *ret)
{
	value_set_text(ret, ((const struct proof_view *)row)->loopback);
}

static void proof_claims(const void *row, struct arena *a, struct value *ret)
{
	const struct proof_view *v = row;

	value_set_rows(ret, proof_claim_fields(), a, v->claims, v->nr_claims, sizeof(*v->claims));
}

static void proof_hidden(const void *row, struct arena *a vt_unused, struct value *ret)
{
	value_set_text(ret, ((const struct proof_view *)row)->faults_hidden);
}

static void set_pinned(const struct proof_view *v, uint64_t bytes, struct value *ret)
{
	if (v->has_pinned)
		value_set_number(ret, bytes);
}

static void proof_before(const void *row, struct arena *a vt_unused, struct value *ret)
{
	set_pinned(row, ((const struct proof_view *)row)->pinned_before, ret);
}

static void proof_while(const void *row, struct arena *a vt_unused, struct value *ret)
{
	set_pinned(row, ((const struct proof_view *)row)->pinned_while, ret);
}

static void proof_after(const void *row, struct arena *a vt_unused, struct value *ret)
{
	set_pinned(row, ((const struct proof_view *)row)->pinned_after, ret);
}

static void proof_reset(const void *row, struct arena *a vt_unused, struct value *ret)
{
	value_set_text(ret, ((const struct proof_view *)row)->reset);
}

const struct field_table *proof_fields(void)
{
	static const struct field fields[] = {
		{ "exerciser", 0, 0, "what made the device move; null: there is none for it",
		  proof_exerciser },
		{ "proven", 0, 0, "yes, no or unknown", proof_result },
		{ "because", 0, 0, "what that rests on", proof_because },
		{ "untranslated", 0, 0, "there is no IOMMU between the device and memory",
		  proof_untranslated },
		{ "loopback", 0, 0, "without an exerciser: the kernel's own interrupt",
		  proof_loopback },
		{ "claims", 0, 0, "the claims in the order of their answers", proof_claims },
		{ "faults_hidden", 0, 0, "why the kernel's log could not be read", proof_hidden },
		{ "pinned_before", 0, 0, "bytes locked or pinned before", proof_before },
		{ "pinned_while", 0, 0, "the same while memory was mapped", proof_while },
		{ "pinned_after", 0, 0, "the same in the end", proof_after },
		{ "reset", 0, 0, "ok or the errno of the reset at the end; null: not asked for",
		  proof_reset },
	};
	static const struct field_table table = FIELD_TABLE("proof", fields);

	return &table;
}

/* ---- text ---- */

static enum style answer_style(const struct proof_claim_view *c)
{
	if (!c->tried)
		return STYLE_DIM;
	return c->answer == ANSWER_YES  ? STYLE_YES
	       : c->answer == ANSWER_NO ? STYLE_NO
					: STYLE_UNKNOWN;
}

static void put_claim(const struct prose *p, const struct proof_view *v,
		      const struct proof_claim_view *c, bool about_reach)
{
	prose_label(p, answer_word(c), answer_style(c), "%s", c->title);
	prose_label(p, "", STYLE_DIM, "%s", c->evidence);
	if (c->fault)
		prose_label(p, "", STYLE_DIM, "kernel: %s", c->fault);
	else if (about_reach && c->tried && c->answer == ANSWER_YES && !v->faults_hidden)
		prose_label(p, "", STYLE_DIM, "the kernel logged no fault about it");
}

static void put_attached(const struct prose *p, const struct proof_view *v)
{
	const struct attach_view *at = v->attach;
	const struct attach_device_view *d = &at->devices[0];
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	const char *name = device_names_text(&d->names, a);

	prose_text(p, STYLE_NAME, "%s%s%s", d->device->name, name ? " " : "", name ? name : "");
	prose_text(p, STYLE_NONE, "Attached by path %s (%s), %s.", path_kind_name(at->path),
		   at->path_because,
		   at->match == MATCH_YES ? "as predicted" : "though that was not certain");
	if (v->untranslated)
		prose_text(p, STYLE_NO,
			   "There is no IOMMU: the device is told physical addresses and reaches all memory.");
}

static void put_without(const struct prose *p, const struct proof_view *v)
{
	const struct device *d = v->attach->devices[0].device;

	prose_text(p, STYLE_UNKNOWN,
		   "Nothing here can make this device (%04x:%04x, class %06x) move data: there are exercisers for QEMU's edu and for NVMe controllers.",
		   d->vendor, d->device_id, d->class_code);
	prose_text(p, STYLE_NONE, "What can be said without one:");
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
	static const enum style styles[] = {
		[ANSWER_UNKNOWN] = STYLE_UNKNOWN,
		[ANSWER_NO] = STYLE_NO,
		[ANSWER_YES] = STYLE_YES,
	};
	struct prose p = { .out = out };
	struct prose body = { .out = out, .indent = 2, .label_width = 9 };

	put_attached(&p, v);
	prose_blank(&p);
	if (!v->exerciser) {
		put_without(&body, v);
		return;
	}
	prose_text(&p, STYLE_HEADING, "Exerciser %s: %s", v->exerciser, v->what);
	for (size_t i = 0; i < v->nr_claims; i++)
		put_claim(&body, v, &v->claims[i], v->claims[i].has_iova && i > 3);
	if (v->faults_hidden)
		prose_text(&body, STYLE_DIM, "Faults that the kernel reports are not visible: %s.",
			   v->faults_hidden);
	if (v->reset)
		prose_text(&body, STYLE_DIM, "Reset at the end: %s.", v->reset);
	prose_blank(&p);
	prose_text(&p, styles[v->answer], "%s", v->because);
}
