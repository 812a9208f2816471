/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "base/macro.h"
#include "report/attach.h"
#include "report/field-kinds.h"

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

static void step_predicted(const void *row, struct value *ret)
{
	const struct comparison *c = row;

	value_set_text(ret, predicted_text(c->answer, c->err));
}

static void step_actual(const void *row, struct value *ret)
{
	static const enum style styles[] = {
		[MATCH_OPEN] = STYLE_UNKNOWN,
		[MATCH_YES] = STYLE_YES,
		[MATCH_NO] = STYLE_NO,
	};
	const struct comparison *c = row;

	value_set_text(ret, c->outcome ? outcome_text(c->outcome->err) : NULL);
	ret->style = styles[c->match];
}

static const struct field step_rows[] = {
	{ "op", "request to the kernel, as the uAPI names it", FIELD_OP(struct comparison, op) },
	{ "object", "container, iommufd, group:N or the device it was made of",
	  FIELD_TEXT(struct comparison, object) },
	{ "predicted", "ok, an errno, refused or unknown; null: no rule speaks of it",
	  FIELD_GET(step_predicted), FIELD_IF(struct comparison, predicted) },
	{ "actual", "ok or the errno; null when the kernel was not asked", FIELD_GET(step_actual) },
	{ "match", "whether they agree; null when nothing certain was predicted",
	  FIELD_MATCH(struct comparison, match) },
	{ "rule", "rule that predicts the refusal", FIELD_RULE(struct finding, rule),
	  FIELD_VIA(struct comparison, why, struct finding) },
	{ "ns", "nanoseconds it took", FIELD_NUMBER(struct outcome, ns),
	  FIELD_VIA(struct comparison, outcome, struct outcome) },
};
const struct field_table comparison_fields = FIELD_TABLE("attach_steps", step_rows);

/* ---- regions and interrupts ---- */

static const struct field area_rows[] = {
	{ "offset", "where it begins in the region", FIELD_HEX(struct region_area, offset, 1) },
	{ "size", "bytes", FIELD_HEX(struct region_area, size, 1) },
};
static const struct field_table area_fields = FIELD_TABLE("areas", area_rows);

/* Whether the bit is set that the field names. */
static void get_bit(const void *at, struct value *ret)
{
	value_set_bool(ret, *(const uint32_t *)at & (uint32_t)ret->field->param);
}

#define REGION_FLAG(bit) FIELD_MEMBER(struct region_info, flags, uint32_t, get_bit), .param = (bit)
#define IRQ_FLAG(bit)    FIELD_MEMBER(struct irq_info, flags, uint32_t, get_bit), .param = (bit)

static void region_type(const void *row, struct value *ret)
{
	const struct region_info *r = row;

	value_set_text(ret, arena_printf(ret->arena, "0x%x/0x%x", r->type, r->subtype));
}

static const struct field region_rows[] = {
	{ "index", "number of the region", FIELD_NUMBER(struct region_info, index) },
	{ "size", "bytes; 0x0 when it is not there", FIELD_HEX(struct region_info, size, 1) },
	{ "offset", "where it lies in the device's descriptor",
	  FIELD_HEX(struct region_info, offset, 1) },
	{ "read", "may be read", REGION_FLAG(REGION_READ) },
	{ "write", "may be written", REGION_FLAG(REGION_WRITE) },
	{ "mmap", "may be mapped", REGION_FLAG(REGION_MMAP) },
	{ "areas", "the only parts that may be mapped; null: no such limit",
	  FIELD_ROWS(struct region_info, areas, area_fields),
	  FIELD_IF(struct region_info, sparse) },
	{ "type", "type and subtype of a region of its driver's own", FIELD_GET(region_type),
	  FIELD_IF(struct region_info, has_type) },
	{ "msix_mappable", "the MSI-X table may be mapped with it",
	  FIELD_BOOL(struct region_info, msix_mappable) },
};
const struct field_table vfio_region_fields = FIELD_TABLE("regions", region_rows);

static const struct field irq_rows[] = {
	{ "index", "number of the interrupt kind", FIELD_NUMBER(struct irq_info, index) },
	{ "count", "vectors; 0 when it is not there", FIELD_NUMBER(struct irq_info, count) },
	{ "eventfd", "can be delivered to an eventfd", IRQ_FLAG(IRQ_EVENTFD) },
	{ "maskable", "can be masked", IRQ_FLAG(IRQ_MASKABLE) },
	{ "automasked", "masked when it is delivered", IRQ_FLAG(IRQ_AUTOMASKED) },
	{ "noresize", "vectors cannot be added later", IRQ_FLAG(IRQ_NORESIZE) },
};
static const struct field_table irq_fields = FIELD_TABLE("irqs", irq_rows);

/* ---- the space ---- */

/* A number, or a negative errno. */
static void get_extension(const void *at, struct value *ret)
{
	const int *answer = at;

	if (*answer < 0)
		value_set_text(ret, errno_name(*answer));
	else
		value_set_number(ret, (uint64_t)*answer);
}

static const struct field extension_rows[] = {
	{ "before", "answer before SET_IOMMU: a number or an errno",
	  FIELD_MEMBER(struct extension_answer, before, int, get_extension) },
	{ "after", "answer after SET_IOMMU",
	  FIELD_MEMBER(struct extension_answer, after, int, get_extension) },
};
static const struct field_table extension_answer_fields =
	FIELD_TABLE("extension_answers", extension_rows);

static const struct field range_rows[] = {
	{ "start", "first address", FIELD_HEX(struct space_range, start, 1) },
	{ "end", "last address", FIELD_HEX(struct space_range, last, 1) },
};
static const struct field_table space_range_fields = FIELD_TABLE("space_ranges", range_rows);

static const struct field space_rows[] = {
	{ "page_sizes", "bitmap of bytes; null where the kernel does not tell",
	  FIELD_HEX(struct space_info, page_sizes, 1),
	  FIELD_IF(struct space_info, page_sizes_exact) },
	{ "alignment", "bytes, of address and size of a mapping",
	  FIELD_HEX(struct space_info, alignment, 1) },
	{ "iova_ranges", "addresses that may be mapped",
	  FIELD_ROWS(struct space_info, ranges, space_range_fields),
	  FIELD_IF(struct space_info, has_ranges) },
	{ "dma_avail", "mappings still possible; null where there is no limit",
	  FIELD_NUMBER(struct space_info, dma_avail), FIELD_IF(struct space_info, has_dma_avail) },
	{ "dirty_page_sizes", "of dirty tracking; null without",
	  FIELD_HEX(struct space_info, dirty_page_sizes, 1),
	  FIELD_IF(struct space_info, has_migration) },
};
static const struct field_table space_fields = FIELD_TABLE("space", space_rows);

/* ---- devices, and all of it ---- */

static void get_result(const void *at, struct value *ret)
{
	value_set_text(ret, *(const bool *)at ? "attached" : "refused");
}

static void device_steps(const void *row, struct value *ret)
{
	const struct attach_device_view *d = row;

	value_set_objects(ret, (const void *const *)d->rows, d->nr_rows);
}

static void device_reset(const void *row, struct value *ret)
{
	value_set_bool(ret, ((const struct attach_device_view *)row)->info.flags & INFO_RESET);
}

#define OF_DEVICE FIELD_VIA(struct attach_device_view, device, struct device)

static void device_group(const void *at, struct value *ret)
{
	const struct group *const *g = at;

	if (*g)
		value_set_number(ret, (*g)->id);
}

static const struct field device_rows[] = {
	{ "address", "name of the device on its bus", FIELD_TEXT(struct device, name), OF_DEVICE },
	{ "bus", "bus it is on", FIELD_TEXT(struct device, bus_name), OF_DEVICE },
	{ "group", "number of its IOMMU group",
	  FIELD_MEMBER(struct device, group, struct group *, device_group), OF_DEVICE },
	{ "path", "container, iommufd, compat or noiommu", FIELD_PATH(struct attach_view, path),
	  FIELD_VIA(struct attach_device_view, view, struct attach_view) },
	{ "steps", "requests that concern it, in order", FIELD_GET(device_steps),
	  .fields = &comparison_fields },
	{ "result", "attached or refused",
	  FIELD_MEMBER(struct attach_device_view, attached, bool, get_result) },
	{ "match", "prediction and kernel agree; null: nothing certain predicted",
	  FIELD_MATCH(struct attach_device_view, match) },
	{ "reset", "the kernel can reset this device alone", FIELD_GET(device_reset),
	  FIELD_IF(struct attach_device_view, attached) },
	{ "regions", "regions of an attached device",
	  FIELD_ROWS(struct attach_device_view, regions, vfio_region_fields) },
	{ "irqs", "interrupts of an attached device",
	  FIELD_ROWS(struct attach_device_view, irqs, irq_fields) },
	{ "probes",
	  "what IOMMU and device answer to questions that change nothing; null: not asked",
	  FIELD_OBJECT(struct attach_device_view, probes, attach_probes_fields) },
};
const struct field_table attach_device_fields = FIELD_TABLE("attach_devices", device_rows);

static void refused_errno(const void *row, struct value *ret)
{
	const struct comparison *c = row;
	int err = c->outcome ? c->outcome->err : c->err;

	value_set_text(ret, err ? errno_name(err) : NULL);
}

static void refused_because(const void *row, struct value *ret)
{
	const struct comparison *c = row;

	value_set_text(ret, c->why ? c->why->because : NULL);
}

static void refused_remedy(const void *row, struct value *ret)
{
	const struct comparison *c = row;

	value_set_text(ret, c->why ? c->why->remedy : NULL);
}

static void view_extensions(const void *row, struct value *ret)
{
	const struct attach_view *v = row;
	const char **names = arena_array(ret->arena, v->nr_extensions, sizeof(*names));

	for (size_t i = 0; i < v->nr_extensions; i++)
		names[i] = v->extensions[i].name;
	value_set_map(ret, names, v->extensions, v->nr_extensions, sizeof(*v->extensions));
}

#define OF_REFUSED FIELD_VIA(struct attach_view, refused, struct comparison)

static const struct field view_rows[] = {
	{ "path", "container, iommufd, compat or noiommu", FIELD_PATH(struct attach_view, path) },
	{ "path_because", "why this path", FIELD_TEXT(struct attach_view, path_because) },
	{ "result", "attached or refused",
	  FIELD_MEMBER(struct attach_view, attached, bool, get_result) },
	{ "match", "prediction and kernel agree; null: nothing certain predicted",
	  FIELD_MATCH(struct attach_view, match) },
	{ "op", "request that was refused", FIELD_OP(struct comparison, op), OF_REFUSED },
	{ "errno", "error it was refused with", FIELD_GET(refused_errno), OF_REFUSED },
	{ "because", "what was seen that explains it", FIELD_GET(refused_because), OF_REFUSED },
	{ "remedy", "next step to take", FIELD_GET(refused_remedy), OF_REFUSED },
	{ "space", "the address space; null when refused",
	  FIELD_PART(struct attach_view, space, space_fields),
	  FIELD_IF(struct attach_view, has_space) },
	{ "space_difference", "where it is not what was predicted",
	  FIELD_TEXT(struct attach_view, space_difference) },
	{ "extensions", "answers of CHECK_EXTENSION by name", FIELD_GET(view_extensions),
	  .fields = &extension_answer_fields },
};
const struct field_table attach_fields = FIELD_TABLE("attach", view_rows);
