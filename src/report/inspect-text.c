/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/inspect-text.h"

#include <string.h>

#include <inttypes.h>

#include "base/macro.h"
#include "base/shell.h"
#include "base/strbuf.h"
#include "report/escape.h"
#include "report/field-kinds.h"
#include "report/hardware.h"
#include "report/iommu.h"
#include "report/notice.h"
#include "report/prediction-fields.h"
#include "report/prediction-text.h"
#include "report/prose.h"
#include "report/size.h"

enum { LABEL_WIDTH = 16 };

static const char *tool_basis(enum gen_basis basis)
{
	switch (basis) {
	case GEN_BASIS_SYMBOLS:
		return "the symbols its VFIO modules use";
	case GEN_BASIS_BTF:
		return "the functions in the kernel's BTF";
	case GEN_BASIS_KALLSYMS:
		return "the names in /proc/kallsyms";
	case GEN_BASIS_SHAPE:
		return "the files of /sys and /dev";
	case GEN_BASIS_VERSION:
		return "its release number alone, the weakest evidence";
	case GEN_BASIS_NONE:
		break;
	}
	return "nothing: no evidence could be read";
}

/* Evidence against the answer is always shown. */
static void put_kernel_evidence(const struct inspect_text *t, const struct prose *p)
{
	const struct gen_verdict *k = &t->report->kernel;

	for (size_t i = 0; i < k->nr_evidence; i++) {
		const struct gen_evidence *e = &k->evidence[i];

		if (t->verbose || !e->used)
			prose_text(p, STYLE_DIM, "%s: %s%s", e->fact ? e->fact->path : "-",
				   e->value, e->used ? "" : " (contradicted by stronger evidence)");
	}
}

void inspect_text_limits(const struct inspect_text *t)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	const struct report *r = t->report;
	const struct gen_verdict *k = &r->kernel;
	struct prose p = { .out = t->out };

	if (k->newer && !r->asked)
		prose_text(&p, STYLE_UNKNOWN,
			   "This kernel is newer than Linux %s, the last one with known rules. These are the answers of that one.",
			   generation_newest());
	if (k->older && !r->asked)
		prose_text(&p, STYLE_UNKNOWN,
			   "This kernel is older than Linux %s, the first one with known rules. These are the answers of that one.",
			   release_name(0));
	if (r->asked)
		prose_text(&p, STYLE_HEADING, "Asked by --kernel: what Linux %s decides here.",
			   releases_text(r->kernels.releases, a));
	for (size_t i = 0; r->assumptions && i < r->assumptions->nr; i++) {
		const struct assumption *as = &r->assumptions->items[i];

		prose_text(&p, STYLE_UNKNOWN, "Assumed%s%s: %s=%s", as->target ? " of " : "",
			   as->target ? as->target : "", as->key, as->value);
	}
	if ((k->newer || k->older || r->asked) || (r->assumptions && r->assumptions->nr))
		prose_blank(&p);
}

void inspect_text_kernel(const struct inspect_text *t)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	const struct report *r = t->report;
	const struct gen_verdict *k = &r->kernel;
	struct prose p = { .out = t->out };
	const struct fact *release = &r->host->kernel.release;
	const char *name = fact_is(release) ? fact_describe(release, 64, a) : "of unknown release";

	prose_text(&p, STYLE_NONE, "Kernel %s decides as Linux %s: told by %s%s.", name,
		   releases_text(k->kernels.releases, a), tool_basis(k->basis),
		   t->verbose || k->basis == GEN_BASIS_NONE || k->basis == GEN_BASIS_VERSION
			   ? ""
			   : " (-v lists them)");
	p.indent = 2;
	put_kernel_evidence(t, &p);
	p.indent = 0;
	prose_blank(&p);
	inspect_text_limits(t);
}

/* ---- what is ---- */

const char *inspect_driver_text(const struct device *d, struct arena *a)
{
	if (d->driver_fact.state == FACT_ABSENT)
		return d->locked ? "being unbound, which waits for the user of the device"
				 : "no driver";
	return fact_describe(&d->driver_fact, 64, a);
}

static const char *members_text(const struct group *g, const struct device *self, struct arena *a)
{
	struct strbuf ret = { .arena = a };

	for (size_t i = 0; i < g->nr_members && i < MEMBERS_REPEATED_MAX; i++)
		if (g->members[i] != self)
			strbuf_item(&ret, ", ", "%s (%s)", g->members[i]->name,
				    inspect_driver_text(g->members[i], a));
	if (g->nr_members > MEMBERS_REPEATED_MAX)
		strbuf_item(&ret, ", ", "and more: %zu devices in all", g->nr_members);
	return ret.s;
}

static void put_group(const struct prose *p, const struct device *d, struct arena *a)
{
	const struct group *g = d->group;
	const char *members;

	if (!g) {
		if (d->group_link.state == FACT_ABSENT)
			prose_label(p, "group", STYLE_NO, "none");
		else
			prose_label(p, "group", STYLE_UNKNOWN, "unknown: %s %s",
				    d->group_link.path ? d->group_link.path : "iommu_group",
				    fact_describe(&d->group_link, 64, a));
		return;
	}
	prose_label(p, "group", STYLE_NONE, "%u, default domain %s", g->id,
		    fact_describe(&g->type, 64, a));
	members = members_text(g, d, a);
	if (!fact_is(&g->members_list))
		prose_label(p, "shared with", STYLE_UNKNOWN, "unknown: %s %s",
			    g->members_list.path ? g->members_list.path : "devices/",
			    fact_describe(&g->members_list, 64, a));
	else
		prose_label(p, "shared with", STYLE_NONE, "%s",
			    members ? members : "no other device");
}

static void put_identity(const struct prose *p, const struct device *d, struct arena *a)
{
	if (d->has_ids)
		prose_label(p, "device", STYLE_NONE, "%s %04x:%04x, class %06x%s%s", d->bus_name,
			    d->vendor, d->device_id, d->class_code,
			    d->is_bridge == TRI_YES ? ", a bridge" : "",
			    d->physfn ? arena_printf(a, ", VF of %s", d->physfn->name) : "");
	else
		prose_label(p, "device", STYLE_NONE, "on bus %s", d->bus_name);
	prose_label(p, "driver", STYLE_NONE, "%s%s",
		    d->driver_fact.state == FACT_ABSENT && !d->locked ? "none"
								      : inspect_driver_text(d, a),
		    fact_is(&d->cdev_devno) ? arena_printf(a, ", %s", d->cdev_name) : "");
}

/* Only where it keeps away every driver but one that does not have the device: what a bind that failed leaves behind. */
static void put_override(const struct prose *p, const struct device *d, struct arena *a)
{
	const char *only = device_override(d);

	if (only && d->driver_fact.state != FACT_UNREAD &&
	    (!d->driver || strcmp(only, d->driver) != 0))
		prose_label(p, "override", STYLE_UNKNOWN,
			    "no driver but %s may take it; clear it: vfiotool unbind %s", only,
			    shell_word(a, d->name));
}

/* Only where something is written down, or could be. */
static void put_persist(const struct prose *p, const struct device *d, struct arena *a)
{
	if (fact_is(&d->persist))
		prose_label(p, "at each boot", STYLE_NONE, "%s, by %s",
			    fact_describe(&d->persist, 64, a), d->persist.path);
	else if (fact_is(&d->persist_stranger))
		prose_label(p, "at each boot", STYLE_UNKNOWN,
			    "left alone: %s gives %s to another device, which had this address",
			    d->persist_stranger.path, fact_describe(&d->persist_stranger, 64, a));
	else if (!fact_known(&d->persist) && d->persist.state != FACT_UNREAD)
		prose_label(p, "at each boot", STYLE_UNKNOWN, "unknown: %s %s", d->persist.path,
			    fact_describe(&d->persist, 64, a));
}

void inspect_text_settings(const struct prose *p, const struct device *d, struct arena *a)
{
	put_override(p, d, a);
	put_persist(p, d, a);
}

static void put_iommu(const struct prose *p, const struct device *d, struct arena *a)
{
	if (d->iommu)
		prose_label(p, "IOMMU", STYLE_NONE, "%s, %s", d->iommu->name,
			    iommu_kind_text(d->iommu->kind));
	else if (d->iommu_link.state == FACT_ABSENT)
		prose_label(p, "IOMMU", STYLE_NONE, "none for this device");
	else
		prose_label(p, "IOMMU", STYLE_UNKNOWN, "unknown: %s %s",
			    d->iommu_link.path ? d->iommu_link.path : "iommu",
			    fact_describe(&d->iommu_link, 64, a));
}

static void put_known(const struct prose *p, const char *label, const struct capability_answer *k)
{
	prose_label(p, label, answer_style(k->answer), "%s%s%s", answer_name(k->answer),
		    k->because ? ": " : "", k->because ? k->because : "");
}

static void put_capabilities(const struct prose *p, const struct capabilities *c)
{
	put_known(p, "coherent DMA", &c->cache_coherency);
	put_known(p, "intr remapping", &c->interrupt_remapping);
	put_known(p, "isolated MSI", &c->isolated_msi);
	put_known(p, "enforced snoop", &c->enforce_cache_coherency);
}

static void put_regions(const struct prose *p, const struct group *g)
{
	if (!g)
		return;
	if (g->regions_err) {
		prose_label(p, "reserved", STYLE_UNKNOWN, "unknown: %s could not be %s",
			    g->reserved_regions.path ? g->reserved_regions.path : "the list",
			    fact_is(&g->reserved_regions) ? "understood" : "read");
		return;
	}
	for (size_t i = 0; i < g->nr_regions; i++)
		prose_label(p, i ? "" : "reserved", STYLE_NONE,
			    "0x%08" PRIx64 " - 0x%08" PRIx64 " %s", g->regions[i].start,
			    g->regions[i].last, g->regions[i].type_text);
	if (!g->nr_regions)
		prose_label(p, "reserved", STYLE_NONE, "nothing");
}

static void put_ranges(const struct prose *p, const struct iova_prediction *iova)
{
	if (iova->answer != ANSWER_YES) {
		prose_label(p, "IOVA ranges", STYLE_UNKNOWN, "unknown: %s",
			    iova->because ? iova->because : "not told");
		return;
	}
	for (size_t i = 0; i < iova->nr_ranges; i++)
		prose_label(p, i ? "" : "IOVA ranges", STYLE_NONE, "0x%08" PRIx64 " - 0x%08" PRIx64,
			    iova->ranges[i].start, iova->ranges[i].last);
	if (!iova->nr_ranges)
		prose_label(p, "IOVA ranges", STYLE_NO, "none is left");
}

static void put_page_sizes(const struct prose *p, const struct page_sizes_prediction *s,
			   struct arena *a)
{
	if (s->answer != ANSWER_YES || !s->bitmap)
		prose_label(p, "page sizes", STYLE_UNKNOWN, "unknown: %s",
			    s->because ? s->because : "not told");
	else
		prose_label(p, "page sizes", STYLE_NONE, "%s", size_mask_text(a, s->bitmap));
}

static void put_extensions(const struct prose *p, const struct prediction *d, struct arena *a)
{
	static const char *const words[] = {
		[ANSWER_UNKNOWN] = "?",
		[ANSWER_NO] = "0",
		[ANSWER_YES] = "1",
	};
	struct strbuf text = { .arena = a };

	for (size_t i = 0; i < d->nr_extensions; i++) {
		const struct extension_prediction *e = &d->extensions[i];

		strbuf_item(&text, "; ", "%s: %s", e->name, words[e->before]);
		if (e->before != e->after)
			strbuf_item(&text, ", ", "then %s", words[e->after]);
	}
	if (text.len)
		prose_label(p, "extensions", STYLE_NONE, "%s", text.s);
}

static void put_representative(const struct prose *p, const struct inspection *i)
{
	const struct prediction *d = &i->patched;

	if (!i->row.group || i->row.group->nr_members < 2)
		return;
	if (d->representative)
		prose_label(p, "represented by", STYLE_NONE, "%s, bus %s%s%s",
			    d->representative->name, d->representative->bus_name,
			    d->representative_because ? ": " : "",
			    d->representative_because ? d->representative_because : "");
	else
		prose_label(p, "represented by", STYLE_UNKNOWN, "unknown: %s",
			    d->representative_because ? d->representative_because : "not told");
}

int inspect_text_device(const struct inspect_text *t, const struct inspection *i,
			struct failure **reterr)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	const struct device *d = i->row.device;
	struct prose p = { .out = t->out }, body;
	int r = 0;

	prose_device(&p, d->name, device_names_text(&i->row.names, a));
	body = prose_indented(&p, 2);
	body.label_width = LABEL_WIDTH;
	put_identity(&body, d, a);
	inspect_text_settings(&body, d, a);
	put_group(&body, d, a);
	put_iommu(&body, d, a);
	put_representative(&body, i);
	put_capabilities(&body, &i->running.capabilities);
	put_regions(&body, d->group);
	put_ranges(&body, &i->running.iova);
	put_page_sizes(&body, &i->running.page_sizes, a);
	if (t->verbose) {
		put_extensions(&body, &i->running, a);
		hardware_text(&body, d);
	}
	inspect_text_decisions(t, i, &body);
	notice_text(&body, &i->notices, t->verbose);
	if (i->generations)
		r = inspect_text_generations(t, i, body.indent, reterr);
	return r;
}

void inspect_text_iommus(const struct inspect_text *t, struct device *const *devices, size_t nr)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	struct prose p = { .out = t->out, .label_width = LABEL_WIDTH };
	size_t nr_rows;
	struct iommu_row *rows = inspection_iommus(t->report->host, devices, nr, a, &nr_rows);

	for (size_t i = 0; i < nr_rows; i++) {
		prose_blank(&p);
		iommu_text_unit(&p, &rows[i]);
	}
}
