/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/macro.h"
#include "base/strbuf.h"
#include "report/attach.h"
#include "report/field-kinds.h"
#include "report/size.h"
#include "report/table.h"

enum { LABEL_WIDTH = 13, INFO_PCI = 1 << 1, INFO_RESET = 1 << 0 };

/* ---- steps ---- */

static void column_actual(const void *row, struct value *ret)
{
	value_read(ret, &comparison_fields, "actual", row);
	if (ret->kind == VALUE_NONE)
		value_set_text(ret, "not asked");
}

static void column_time(const void *row, struct value *ret)
{
	uint64_t us = ((const struct outcome *)row)->ns / 1000;

	value_set_text(ret, us < 10000 ? arena_printf(ret->arena, "%" PRIu64 " us", us)
				       : arena_printf(ret->arena, "%" PRIu64 " ms", us / 1000));
}

static const struct field column_rows[] = {
	{ "op", NULL, FIELD_SAME(comparison_fields) },
	{ "object", NULL, FIELD_SAME(comparison_fields) },
	{ "predicted", NULL, FIELD_SAME(comparison_fields) },
	{ "actual", "", FIELD_GET(column_actual) },
	{ "time", "", FIELD_GET(column_time), FIELD_VIA(struct comparison, outcome, struct outcome),
	  .flags = FIELD_RIGHT | FIELD_YIELDS },
};
static const struct field_table columns = FIELD_TABLE("attach_columns", column_rows);

int attach_text_steps(const struct prose *p, const struct comparison *rows, size_t nr,
		      struct failure **reterr)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();

	return table_print_rows(&columns, value_rows(a, rows, nr, sizeof(*rows)), nr, p->out,
				p->indent, reterr);
}

/* ---- what was had ---- */

static void put_space(const struct prose *p, const struct attach_view *v, struct arena *a)
{
	const struct space_info *s = &v->space;

	if (s->page_sizes_exact)
		prose_label(p, "page sizes", STYLE_NONE, "%s", size_mask_text(a, s->page_sizes));
	else
		prose_label(p, "in steps of", STYLE_NONE, "%s", size_text(a, s->alignment));
	for (size_t i = 0; i < s->nr_ranges; i++)
		prose_label(p, i ? "" : "IOVA ranges", STYLE_NONE, "0x%08" PRIx64 " - 0x%08" PRIx64,
			    s->ranges[i].start, s->ranges[i].last);
	if (!s->has_ranges)
		prose_label(p, "IOVA ranges", STYLE_NONE, "not reported by the kernel");
	if (s->has_dma_avail && s->dma_avail != UINT32_MAX)
		prose_label(p, "mappings", STYLE_NONE, "%u more are possible", s->dma_avail);
	if (s->has_migration)
		prose_label(p, "dirty pages", STYLE_NONE, "tracked in pages of %s",
			    size_mask_text(a, s->dirty_page_sizes));
	if (v->space_difference)
		prose_label(p, "differs", STYLE_NO, "%s", v->space_difference);
}

static const char *extension_text(int answer, struct arena *a)
{
	return answer < 0 ? errno_name(answer) : arena_printf(a, "%d", answer);
}

static void put_extensions(const struct prose *p, const struct attach_view *v, struct arena *a)
{
	struct strbuf text = { .arena = a };

	for (size_t i = 0; i < v->nr_extensions; i++) {
		const struct extension_answer *e = &v->extensions[i];

		strbuf_item(&text, "; ", "%s: %s", e->name, extension_text(e->before, a));
		if (e->before != e->after)
			strbuf_item(&text, ", ", "then %s", extension_text(e->after, a));
	}
	if (text.len)
		prose_label(p, "extensions", STYLE_NONE, "%s", text.s);
}

static const char *regions_text(const struct attach_device_view *d, bool pci, struct arena *a)
{
	/* linux: include/uapi/linux/vfio.h: VFIO_REGION_INFO_FLAG_MMAP. */
	enum { MMAP = 1 << 2 };
	struct strbuf ret = { .arena = a };

	for (size_t i = 0; i < d->nr_regions; i++) {
		const struct region_info *r = &d->regions[i];

		if (!r->size)
			continue;
		strbuf_item(&ret, ", ", "%s %s%s", vfio_region_name(pci, r->index, a),
			    size_text(a, r->size),
			    r->flags & MMAP ? (r->sparse ? " mmap in part" : " mmap") : "");
	}
	return ret.s;
}

static const char *irqs_text(const struct attach_device_view *d, bool pci, struct arena *a)
{
	struct strbuf ret = { .arena = a };

	for (size_t i = 0; i < d->nr_irqs; i++) {
		const struct irq_info *q = &d->irqs[i];

		if (!q->count)
			continue;
		strbuf_item(&ret, ", ", "%s", vfio_irq_name(pci, q->index, a));
		if (q->count > 1)
			strbuf_printf(&ret, " x%u", q->count);
	}
	return ret.s;
}

static void put_device(const struct prose *p, const struct attach_device_view *d, struct arena *a)
{
	struct prose body = prose_indented(p, 2);
	const char *text;
	bool pci = d->info.flags & INFO_PCI;

	prose_device(p, d->device->name, device_names_text(&d->names, a));
	body.label_width = LABEL_WIDTH;
	text = regions_text(d, pci, a);
	prose_label(&body, "regions", STYLE_NONE, "%s", text ? text : "none");
	text = irqs_text(d, pci, a);
	prose_label(&body, "interrupts", STYLE_NONE, "%s", text ? text : "none");
	prose_label(&body, "reset", STYLE_NONE, "%s",
		    d->info.flags & INFO_RESET ? "of this device alone"
					       : "not of this device alone");
	if (d->probes)
		attach_text_probes(&body, d->probes, d->view->verbose);
}

/* ---- how it ended ---- */

void attach_text_differs(const struct prose *p)
{
	prose_text(p, STYLE_REMEDY,
		   "Prediction and kernel differ: this is a fault of the tool. Please record the host with 'vfiotool capture FILE' and report it with these lines.");
}

static void put_difference(const struct prose *p, const struct attach_view *v)
{
	for (size_t i = 0; i < v->nr_rows; i++) {
		const struct comparison *c = &v->rows[i];

		if (c->match != MATCH_NO)
			continue;
		prose_text(p, STYLE_NO, "%s of %s: predicted %s, the kernel said %s.",
			   op_name(c->op), c->object,
			   c->predicted ? predicted_text(c->answer, c->err) : "nothing",
			   outcome_text(c->outcome->err));
		if (c->why && c->why->because)
			prose_text(p, STYLE_DIM, "It was predicted because %s", c->why->because);
	}
	if (v->space_difference)
		prose_text(p, STYLE_NO, "%s", v->space_difference);
	for (size_t i = 0; i < v->nr_devices; i++)
		attach_text_probes_differ(p, &v->devices[i]);
	attach_text_differs(p);
}

static void put_refusal(const struct prose *p, const struct comparison *c)
{
	struct prose body = prose_indented(p, 2);
	const struct finding *f = c->why;
	int err = c->outcome ? c->outcome->err : c->err;

	body.label_width = LABEL_WIDTH - 2;
	prose_text(p, STYLE_NO, "Refused at %s of %s%s%s%s.", op_name(c->op), c->object,
		   err ? " with " : "", err ? errno_name(err) : "",
		   !c->outcome             ? ", as predicted; the kernel was not asked"
		   : c->match == MATCH_YES ? ", as predicted"
					   : "");
	if (f && f->because)
		prose_label(&body, "because", STYLE_NONE, "%s", f->because);
	if (f)
		prose_label(&body, "rule", STYLE_NONE, "%s%s%s", f->rule->id, f->site ? ", " : "",
			    f->site ? f->site->source : "");
	if (f && f->remedy)
		prose_label(&body, "remedy", STYLE_REMEDY, "%s", f->remedy);
}

/* Also by the device's own node, where the kernel has one for such devices. linux:
 * drivers/vfio/vfio_main.c: vfio_device_set_noiommu_and_name(), seen in 7.3. */
static bool is_untranslated(const struct attach_view *v)
{
	for (size_t i = 0; v->path == PATH_IOMMUFD && i < v->nr_devices; i++) {
		const char *cdev = v->devices[i].device->cdev_name;

		if (cdev && !strncmp(cdev, "noiommu-", 8))
			return true;
	}
	return v->path == PATH_NOIOMMU;
}

void attach_text_result(const struct prose *p, const struct attach_view *v)
{
	if (v->refused)
		put_refusal(p, v->refused);
	if (v->match == MATCH_NO) {
		put_difference(p, v);
		return;
	}
	if (v->attached && v->match == MATCH_YES)
		prose_text(p, STYLE_YES, "Attached, as predicted.");
	else if (v->attached)
		prose_text(p, STYLE_YES,
			   "Attached. The prediction had left that open: 'vfiotool inspect' tells what evidence is missing.");
	if (v->attached && is_untranslated(v))
		prose_text(p, STYLE_NO, "There is no IOMMU: the device reaches all of the memory.");
}

int attach_text(const struct output *out, const struct attach_view *v, struct failure **reterr)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	struct prose p = { .out = out, .label_width = LABEL_WIDTH };
	struct prose body = prose_indented(&p, 2);
	int r;

	prose_text(&p, STYLE_NONE, "Path %s: %s.", path_kind_name(v->path), v->path_because);
	prose_blank(&p);
	r = attach_text_steps(&body, v->rows, v->nr_rows, reterr);
	if (r < 0)
		return r;
	prose_blank(&p);
	if (v->has_space) {
		prose_text(&p, STYLE_HEADING, "Address space");
		put_space(&body, v, a);
		put_extensions(&body, v, a);
		prose_blank(&p);
	}
	for (size_t i = 0; v->attached && i < v->nr_devices; i++)
		put_device(&p, &v->devices[i], a);
	if (v->attached)
		prose_blank(&p);
	attach_text_result(&p, v);
	return 0;
}
