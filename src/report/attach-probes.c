/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an attached device answers to questions that change nothing. */
#include <string.h>

#include "base/macro.h"
#include "base/strbuf.h"
#include "report/attach.h"
#include "report/field-kinds.h"

/* ---- fields ---- */

static void probe_name(const void *row, struct value *ret)
{
	const struct probe_row *r = row;

	value_set_text(ret, r->what ? arena_join(ret->arena, r->request, " ", r->what, NULL)
				    : r->request);
}

static void probe_predicted(const void *row, struct value *ret)
{
	const struct probe_row *r = row;

	if (r->answer != ANSWER_UNKNOWN)
		value_set_text(ret, predicted_text(r->answer, r->predicted_err));
}

static void probe_actual(const void *row, struct value *ret)
{
	value_set_text(ret, outcome_text(((const struct probe_row *)row)->err));
}

static const struct field probe_rows[] = {
	{ "probe", "request, and what of it", FIELD_GET(probe_name) },
	{ "predicted", "ok or an errno; null: not known before", FIELD_GET(probe_predicted) },
	{ "actual", "ok or the errno", FIELD_GET(probe_actual) },
	{ "match", "whether they agree; null when nothing certain was predicted",
	  FIELD_MATCH(struct probe_row, match) },
};
static const struct field_table probe_fields = FIELD_TABLE("probe_answers", probe_rows);

static void hw_bits(const void *at, struct value *ret)
{
	const unsigned int *bits = at;

	if (*bits)
		value_set_number(ret, *bits);
}

static void hw_registers(const void *row, struct value *ret)
{
	const struct iommu_row *i = &((const struct hw_info_row *)row)->iommu;

	value_set_rows(ret, i->registers, i->nr_registers, sizeof(*i->registers));
}

#define HW_BITS(member) \
	FIELD_MEMBER(struct hw_info_row, iommu.summary.member, unsigned int, hw_bits)

static const struct field hw_rows[] = {
	{ "type", "intel, smmuv3, tegra-cmdqv, amd, none, or a number",
	  FIELD_TEXT(struct hw_info_row, type) },
	{ "dirty_tracking", "tables can track what a device writes",
	  FIELD_BOOL(struct hw_info_row, dirty_tracking) },
	{ "pasid_exec", "a PASID may execute", FIELD_BOOL(struct hw_info_row, pasid_exec) },
	{ "pasid_priv", "a PASID may be privileged", FIELD_BOOL(struct hw_info_row, pasid_priv) },
	{ "ats_not_supported", "ATS cannot be used with a virtual IOMMU",
	  FIELD_BOOL(struct hw_info_row, ats_not_supported) },
	{ "pasid_bits", "of a PASID of device and IOMMU together; 0: none",
	  FIELD_NUMBER(struct hw_info_row, pasid_bits) },
	{ "address_bits", "width of an IOVA, as far as its registers say it",
	  HW_BITS(address_bits) },
	{ "page_levels", "most levels of a page table", HW_BITS(levels) },
	{ "registers", "as the kernel gives them", FIELD_GET(hw_registers),
	  .fields = &iommu_register_fields },
	{ "as_sysfs", "whether sysfs shows the same; null: it shows none",
	  FIELD_MATCH(struct hw_info_row, as_sysfs) },
};
static const struct field_table hw_fields = FIELD_TABLE("hw_infos", hw_rows);

static const struct field migration_rows[] = {
	{ "stop_copy", "the state can be saved while it is stopped",
	  FIELD_BOOL(struct attach_probes, stop_copy) },
	{ "peer_to_peer", "it can stop its own accesses to others first",
	  FIELD_BOOL(struct attach_probes, p2p) },
	{ "pre_copy", "part of the state can be saved while it runs",
	  FIELD_BOOL(struct attach_probes, pre_copy) },
};
static const struct field_table migration_fields = FIELD_TABLE("migrations", migration_rows);

static void get_migration(const void *row, struct value *ret)
{
	const struct attach_probes *p = row;

	value_set_object(ret, p->migrates ? p : NULL);
}

static const struct field probes_rows[] = {
	{ "hw_info", "what IOMMU_GET_HW_INFO says; null: nothing",
	  FIELD_OBJECT(struct attach_probes, hw, hw_fields) },
	{ "answers", "to each question", FIELD_ROWS(struct attach_probes, rows, probe_fields) },
	{ "migration", "how its driver migrates it; null: not at all", FIELD_GET(get_migration),
	  .fields = &migration_fields },
	{ "ns", "nanoseconds that all of it took", FIELD_NUMBER(struct attach_probes, ns) },
};
const struct field_table attach_probes_fields = FIELD_TABLE("probes", probes_rows);

/* ---- for a person ---- */

static void put_hw(const struct prose *p, const struct hw_info_row *hw, bool verbose)
{
	prose_label(p, "IOMMU", hw->as_sysfs == MATCH_NO ? STYLE_NO : STYLE_NONE,
		    "%s, dirty tracking %s, PASID %s%s%s", hw->type,
		    hw->dirty_tracking ? "yes" : "no", hw->pasid_bits ? "yes" : "no",
		    hw->ats_not_supported ? ", ATS not supported" : "",
		    hw->as_sysfs == MATCH_YES  ? ", registers as in sysfs"
		    : hw->as_sysfs == MATCH_NO ? ", registers other than in sysfs"
					       : "");
	if (!verbose)
		return;
	iommu_text_summary(p, &hw->iommu.summary);
	iommu_text_registers(p, hw->iommu.registers, hw->iommu.nr_registers);
}

/* Of one request: what succeeds, then what is refused. */
static void put_answers(const struct prose *p, const struct attach_probes *probes,
			const char *request, const char *label, bool refused)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	struct strbuf good = { .arena = a }, bad = { .arena = a };
	size_t nr = 0;

	for (size_t i = 0; i < probes->nr_rows; i++) {
		const struct probe_row *r = &probes->rows[i];

		if (strcmp(r->request, request) != 0)
			continue;
		nr++;
		if (r->err)
			strbuf_item(&bad, ", ", "%s %s", r->what ? r->what : "any",
				    errno_name(r->err));
		else
			strbuf_item(&good, ", ", "%s", r->what ? r->what : "paging");
	}
	if (!nr)
		return;
	prose_label(p, label, STYLE_NONE, "%s%s%s", good.s ? good.s : "none",
		    refused && bad.s ? "; refused: " : "", refused && bad.s ? bad.s : "");
}

void attach_text_probes(const struct prose *p, const struct attach_probes *probes, bool verbose)
{
	if (probes->hw)
		put_hw(p, probes->hw, verbose);
	put_answers(p, probes, "HWPT_ALLOC", "tables", true);
	put_answers(p, probes, "DEVICE_FEATURE", "features", verbose);
	if (probes->migrates)
		prose_label(p, "migration", STYLE_NONE, "%s%s%s",
			    probes->stop_copy ? "STOP_COPY" : "none", probes->p2p ? ", P2P" : "",
			    probes->pre_copy ? ", PRE_COPY" : "");
}

void attach_text_probes_differ(const struct prose *p, const struct attach_device_view *d)
{
	const struct attach_probes *probes = d->probes;

	for (size_t i = 0; probes && i < probes->nr_rows; i++) {
		const struct probe_row *r = &probes->rows[i];

		if (r->match == MATCH_NO)
			prose_text(p, STYLE_NO, "%s%s%s of %s: predicted %s, the kernel said %s.",
				   r->request, r->what ? " " : "", r->what ? r->what : "",
				   d->device->name, predicted_text(r->answer, r->predicted_err),
				   outcome_text(r->err));
	}
	if (probes && probes->hw && probes->hw->as_sysfs == MATCH_NO)
		prose_text(p, STYLE_NO, "GET_HW_INFO of %s gives other registers than sysfs shows.",
			   d->device->name);
}
