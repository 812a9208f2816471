/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "base/macro.h"
#include "report/attach.h"

/* linux: include/uapi/linux/vfio.h: VFIO_REGION_INFO_FLAG_*, VFIO_IRQ_INFO_*. */
enum {
	REGION_READ = 1 << 0,
	REGION_WRITE = 1 << 1,
	REGION_MMAP = 1 << 2,
	IRQ_EVENTFD = 1 << 0,
	IRQ_MASKABLE = 1 << 1,
	IRQ_AUTOMASKED = 1 << 2,
	IRQ_NORESIZE = 1 << 3,
	INFO_RESET = 1 << 0,
};

/* ---- names ---- */

const char *vfio_region_name(bool pci, uint32_t index, struct arena *a)
{
	/* linux: include/uapi/linux/vfio.h: VFIO_PCI_BAR0_REGION_INDEX and what follows. */
	static const char *const names[] = { "BAR0", "BAR1", "BAR2",   "BAR3", "BAR4",
					     "BAR5", "ROM",  "config", "VGA" };

	if (pci && index < ARRAY_SIZE(names))
		return names[index];
	return arena_printf(a, "region %u", index);
}

const char *vfio_irq_name(bool pci, uint32_t index, struct arena *a)
{
	static const char *const names[] = { "INTx", "MSI", "MSI-X", "ERR", "REQ" };

	if (pci && index < ARRAY_SIZE(names))
		return names[index];
	return arena_printf(a, "irq %u", index);
}

/* ---- steps ---- */

static void row_op(const void *row, struct arena *a vt_unused, struct value *ret)
{
	value_set_text(ret, op_name(((const struct comparison *)row)->op));
}

static void row_object(const void *row, struct arena *a vt_unused, struct value *ret)
{
	value_set_text(ret, ((const struct comparison *)row)->object);
}

static void row_predicted(const void *row, struct arena *a vt_unused, struct value *ret)
{
	const struct comparison *c = row;

	if (!c->predicted)
		return;
	if (c->answer == ANSWER_UNKNOWN)
		value_set_text(ret, "unknown");
	else if (c->answer == ANSWER_YES)
		value_set_text(ret, "ok");
	else
		value_set_text(ret, c->err ? errno_name(c->err) : "refused");
}

static void row_actual(const void *row, struct arena *a vt_unused, struct value *ret)
{
	static const enum style styles[] = {
		[MATCH_OPEN] = STYLE_UNKNOWN,
		[MATCH_YES] = STYLE_YES,
		[MATCH_NO] = STYLE_NO,
	};
	const struct comparison *c = row;

	value_set_text(ret, !c->outcome       ? NULL
			    : c->outcome->err ? errno_name(c->outcome->err)
					      : "ok");
	ret->style = styles[c->match];
}

static void set_match(struct value *ret, enum match match)
{
	if (match != MATCH_OPEN)
		value_set_bool(ret, match == MATCH_YES);
}

static void row_match(const void *row, struct arena *a vt_unused, struct value *ret)
{
	set_match(ret, ((const struct comparison *)row)->match);
}

static void row_rule(const void *row, struct arena *a vt_unused, struct value *ret)
{
	const struct comparison *c = row;

	value_set_text(ret, c->why ? c->why->rule->id : NULL);
}

static void row_ns(const void *row, struct arena *a vt_unused, struct value *ret)
{
	const struct comparison *c = row;

	if (c->outcome)
		value_set_number(ret, c->outcome->ns);
	else
		ret->kind = VALUE_NONE;
}

const struct field_table *comparison_fields(void)
{
	static const struct field fields[] = {
		{ "op", 0, 0, "request to the kernel, as the uAPI names it", row_op },
		{ "object", 0, 0, "container, iommufd, group:N or the device it was made of",
		  row_object },
		{ "predicted", 0, 0, "ok, an errno, refused or unknown; null: no rule speaks of it",
		  row_predicted },
		{ "actual", 0, 0, "ok or the errno; null when the kernel was not asked",
		  row_actual },
		{ "match", 0, 0, "whether they agree; null when nothing certain was predicted",
		  row_match },
		{ "rule", 0, 0, "rule that predicts the refusal", row_rule },
		{ "ns", 0, 0, "nanoseconds it took", row_ns },
	};
	static const struct field_table table = FIELD_TABLE("attach_steps", fields);

	return &table;
}

/* ---- regions and interrupts ---- */

static void region_index(const void *row, struct arena *a vt_unused, struct value *ret)
{
	value_set_number(ret, ((const struct region_info *)row)->index);
}

static void region_size(const void *row, struct arena *a vt_unused, struct value *ret)
{
	value_set_hex(ret, ((const struct region_info *)row)->size, 1);
}

static void region_offset(const void *row, struct arena *a vt_unused, struct value *ret)
{
	value_set_hex(ret, ((const struct region_info *)row)->offset, 1);
}

#define FLAG_GETTER(name, type, bit)                                                          \
	static void name(const void *row, struct arena *a vt_unused, struct value *ret)       \
	{                                                                                     \
		value_set_bool(ret, ((const struct type *)row)->flags &(bit) ? true : false); \
	}
FLAG_GETTER(region_read, region_info, REGION_READ)
FLAG_GETTER(region_write, region_info, REGION_WRITE)
FLAG_GETTER(region_mmap, region_info, REGION_MMAP)
FLAG_GETTER(irq_eventfd, irq_info, IRQ_EVENTFD)
FLAG_GETTER(irq_maskable, irq_info, IRQ_MASKABLE)
FLAG_GETTER(irq_automasked, irq_info, IRQ_AUTOMASKED)
FLAG_GETTER(irq_noresize, irq_info, IRQ_NORESIZE)
#undef FLAG_GETTER

static void area_offset(const void *row, struct arena *a vt_unused, struct value *ret)
{
	value_set_hex(ret, ((const struct region_area *)row)->offset, 1);
}

static void area_size(const void *row, struct arena *a vt_unused, struct value *ret)
{
	value_set_hex(ret, ((const struct region_area *)row)->size, 1);
}

static void region_areas(const void *row, struct arena *a, struct value *ret)
{
	static const struct field fields[] = {
		{ "offset", 0, 0, "where it begins in the region", area_offset },
		{ "size", 0, 0, "bytes", area_size },
	};
	static const struct field_table table = FIELD_TABLE("areas", fields);
	const struct region_info *r = row;

	if (!r->sparse)
		ret->kind = VALUE_NONE;
	else
		value_set_rows(ret, &table, a, r->areas, r->nr_areas, sizeof(*r->areas));
}

static void region_type(const void *row, struct arena *a, struct value *ret)
{
	const struct region_info *r = row;

	value_set_text(ret, r->has_type ? arena_printf(a, "0x%x/0x%x", r->type, r->subtype) : NULL);
}

static void region_msix_mappable(const void *row, struct arena *a vt_unused, struct value *ret)
{
	value_set_bool(ret, ((const struct region_info *)row)->msix_mappable);
}

const struct field_table *vfio_region_fields(void)
{
	static const struct field fields[] = {
#define X(key, help) { #key, 0, 0, help, region_##key },
		VFIO_REGION_NUMBER(X) VFIO_REGION_FIELDS(X)
#undef X
	};
	static const struct field_table table = FIELD_TABLE("regions", fields);

	return &table;
}

static void irq_index(const void *row, struct arena *a vt_unused, struct value *ret)
{
	value_set_number(ret, ((const struct irq_info *)row)->index);
}

static void irq_count(const void *row, struct arena *a vt_unused, struct value *ret)
{
	value_set_number(ret, ((const struct irq_info *)row)->count);
}

const struct field_table *vfio_irq_fields(void)
{
	static const struct field fields[] = {
		{ "index", 0, 0, "number of the interrupt kind", irq_index },
		{ "count", 0, 0, "vectors; 0 when it is not there", irq_count },
		{ "eventfd", 0, 0, "can be delivered to an eventfd", irq_eventfd },
		{ "maskable", 0, 0, "can be masked", irq_maskable },
		{ "automasked", 0, 0, "masked when it is delivered", irq_automasked },
		{ "noresize", 0, 0, "vectors cannot be added later", irq_noresize },
	};
	static const struct field_table table = FIELD_TABLE("irqs", fields);

	return &table;
}

/* ---- the space ---- */

static void extension_before(const void *row, struct arena *a vt_unused, struct value *ret)
{
	const struct extension_answer *e = row;

	if (e->before < 0)
		value_set_text(ret, errno_name(e->before));
	else
		value_set_number(ret, (uint64_t)e->before);
}

static void extension_after(const void *row, struct arena *a vt_unused, struct value *ret)
{
	const struct extension_answer *e = row;

	if (e->after < 0)
		value_set_text(ret, errno_name(e->after));
	else
		value_set_number(ret, (uint64_t)e->after);
}

const struct field_table *extension_answer_fields(void)
{
	static const struct field fields[] = {
		{ "before", 0, 0, "answer before SET_IOMMU: a number or an errno",
		  extension_before },
		{ "after", 0, 0, "answer after SET_IOMMU", extension_after },
	};
	static const struct field_table table = FIELD_TABLE("extension_answers", fields);

	return &table;
}

static void space_page_sizes(const void *row, struct arena *a vt_unused, struct value *ret)
{
	const struct space_info *s = row;

	if (s->page_sizes_exact)
		value_set_hex(ret, s->page_sizes, 1);
	else
		ret->kind = VALUE_NONE;
}

static void space_alignment(const void *row, struct arena *a vt_unused, struct value *ret)
{
	value_set_hex(ret, ((const struct space_info *)row)->alignment, 1);
}

static void range_start(const void *row, struct arena *a vt_unused, struct value *ret)
{
	value_set_hex(ret, ((const struct space_range *)row)->start, 1);
}

static void range_end(const void *row, struct arena *a vt_unused, struct value *ret)
{
	value_set_hex(ret, ((const struct space_range *)row)->last, 1);
}

static void space_ranges(const void *row, struct arena *a, struct value *ret)
{
	static const struct field fields[] = {
		{ "start", 0, 0, "first address", range_start },
		{ "end", 0, 0, "last address", range_end },
	};
	static const struct field_table table = FIELD_TABLE("space_ranges", fields);
	const struct space_info *s = row;

	if (!s->has_ranges)
		ret->kind = VALUE_NONE;
	else
		value_set_rows(ret, &table, a, s->ranges, s->nr_ranges, sizeof(*s->ranges));
}

static void space_dma_avail(const void *row, struct arena *a vt_unused, struct value *ret)
{
	const struct space_info *s = row;

	if (s->has_dma_avail)
		value_set_number(ret, s->dma_avail);
	else
		ret->kind = VALUE_NONE;
}

static void space_dirty(const void *row, struct arena *a vt_unused, struct value *ret)
{
	const struct space_info *s = row;

	if (s->has_migration)
		value_set_hex(ret, s->dirty_page_sizes, 1);
	else
		ret->kind = VALUE_NONE;
}

const struct field_table *space_fields(void)
{
	static const struct field fields[] = {
		{ "page_sizes", 0, 0, "bitmap of bytes; null where the kernel does not tell",
		  space_page_sizes },
		{ "alignment", 0, 0, "bytes, of address and size of a mapping", space_alignment },
		{ "iova_ranges", 0, 0, "addresses that may be mapped", space_ranges },
		{ "dma_avail", 0, 0, "mappings still possible; null where there is no limit",
		  space_dma_avail },
		{ "dirty_page_sizes", 0, 0, "of dirty tracking; null without", space_dirty },
	};
	static const struct field_table table = FIELD_TABLE("space", fields);

	return &table;
}

/* ---- devices, and all of it ---- */

static void device_address(const void *row, struct arena *a vt_unused, struct value *ret)
{
	value_set_text(ret, ((const struct attach_device_view *)row)->device->name);
}

static void device_bus(const void *row, struct arena *a vt_unused, struct value *ret)
{
	value_set_text(ret, ((const struct attach_device_view *)row)->device->bus_name);
}

static void device_group(const void *row, struct arena *a vt_unused, struct value *ret)
{
	const struct device *d = ((const struct attach_device_view *)row)->device;

	if (d->group)
		value_set_number(ret, d->group->id);
	else
		ret->kind = VALUE_NONE;
}

static void device_path(const void *row, struct arena *a vt_unused, struct value *ret)
{
	value_set_text(ret, path_kind_name(((const struct attach_device_view *)row)->view->path));
}

static void device_steps(const void *row, struct arena *a vt_unused, struct value *ret)
{
	const struct attach_device_view *d = row;

	value_set_objects(ret, comparison_fields(), (const void *const *)d->rows, d->nr_rows);
}

static void device_result(const void *row, struct arena *a vt_unused, struct value *ret)
{
	value_set_text(ret,
		       ((const struct attach_device_view *)row)->attached ? "attached" : "refused");
}

static void device_match(const void *row, struct arena *a vt_unused, struct value *ret)
{
	set_match(ret, ((const struct attach_device_view *)row)->match);
}

static void device_reset(const void *row, struct arena *a vt_unused, struct value *ret)
{
	const struct attach_device_view *d = row;

	if (d->attached)
		value_set_bool(ret, d->info.flags & INFO_RESET);
	else
		ret->kind = VALUE_NONE;
}

static void device_regions(const void *row, struct arena *a, struct value *ret)
{
	const struct attach_device_view *d = row;

	value_set_rows(ret, vfio_region_fields(), a, d->regions, d->nr_regions,
		       sizeof(*d->regions));
}

static void device_irqs(const void *row, struct arena *a, struct value *ret)
{
	const struct attach_device_view *d = row;

	value_set_rows(ret, vfio_irq_fields(), a, d->irqs, d->nr_irqs, sizeof(*d->irqs));
}

const struct field_table *attach_device_fields(void)
{
	static const struct field fields[] = {
		{ "address", 0, 0, "name of the device on its bus", device_address },
		{ "bus", 0, 0, "bus it is on", device_bus },
		{ "group", 0, 0, "number of its IOMMU group", device_group },
		{ "path", 0, 0, "container, iommufd, compat or noiommu", device_path },
		{ "steps", 0, 0, "requests that concern it, in order", device_steps },
		{ "result", 0, 0, "attached or refused", device_result },
		{ "match", 0, 0, "prediction and kernel agree; null: nothing certain predicted",
		  device_match },
		{ "reset", 0, 0, "the device can be reset by itself", device_reset },
		{ "regions", 0, 0, "regions of an attached device", device_regions },
		{ "irqs", 0, 0, "interrupts of an attached device", device_irqs },
	};
	static const struct field_table table = FIELD_TABLE("attach_devices", fields);

	return &table;
}

static void view_path(const void *row, struct arena *a vt_unused, struct value *ret)
{
	value_set_text(ret, path_kind_name(((const struct attach_view *)row)->path));
}

static void view_path_because(const void *row, struct arena *a vt_unused, struct value *ret)
{
	value_set_text(ret, ((const struct attach_view *)row)->path_because);
}

static void view_result(const void *row, struct arena *a vt_unused, struct value *ret)
{
	value_set_text(ret, ((const struct attach_view *)row)->attached ? "attached" : "refused");
}

static void view_match(const void *row, struct arena *a vt_unused, struct value *ret)
{
	set_match(ret, ((const struct attach_view *)row)->match);
}

static void view_op(const void *row, struct arena *a vt_unused, struct value *ret)
{
	const struct attach_view *v = row;

	value_set_text(ret, v->refused ? op_name(v->refused->op) : NULL);
}

static void view_errno(const void *row, struct arena *a vt_unused, struct value *ret)
{
	const struct attach_view *v = row;
	int err = !v->refused           ? 0
		  : v->refused->outcome ? v->refused->outcome->err
					: v->refused->err;

	value_set_text(ret, err ? errno_name(err) : NULL);
}

static void view_because(const void *row, struct arena *a vt_unused, struct value *ret)
{
	const struct attach_view *v = row;

	value_set_text(ret, v->refused && v->refused->why ? v->refused->why->because : NULL);
}

static void view_remedy(const void *row, struct arena *a vt_unused, struct value *ret)
{
	const struct attach_view *v = row;

	value_set_text(ret, v->refused && v->refused->why ? v->refused->why->remedy : NULL);
}

static void view_space(const void *row, struct arena *a vt_unused, struct value *ret)
{
	const struct attach_view *v = row;

	value_set_object(ret, space_fields(), v->has_space ? &v->space : NULL);
}

static void view_space_difference(const void *row, struct arena *a vt_unused, struct value *ret)
{
	value_set_text(ret, ((const struct attach_view *)row)->space_difference);
}

static void view_extensions(const void *row, struct arena *a, struct value *ret)
{
	const struct attach_view *v = row;
	const char **names = arena_array(a, v->nr_extensions, sizeof(*names));

	for (size_t i = 0; i < v->nr_extensions; i++)
		names[i] = v->extensions[i].name;
	value_set_map(ret, extension_answer_fields(), a, names, v->extensions, v->nr_extensions,
		      sizeof(*v->extensions));
}

const struct field_table *attach_fields(void)
{
	static const struct field fields[] = {
		{ "path", 0, 0, "container, iommufd, compat or noiommu", view_path },
		{ "path_because", 0, 0, "why this path", view_path_because },
		{ "result", 0, 0, "attached or refused", view_result },
		{ "match", 0, 0, "prediction and kernel agree; null: nothing certain predicted",
		  view_match },
		{ "op", 0, 0, "request that was refused", view_op },
		{ "errno", 0, 0, "error it was refused with", view_errno },
		{ "because", 0, 0, "what was seen that explains it", view_because },
		{ "remedy", 0, 0, "next step to take", view_remedy },
		{ "space", 0, 0, "the address space; null when refused", view_space },
		{ "space_difference", 0, 0, "where it is not what was predicted",
		  view_space_difference },
		{ "extensions", 0, 0, "answers of CHECK_EXTENSION by name", view_extensions },
	};
	static const struct field_table table = FIELD_TABLE("attach", fields);

	return &table;
}
