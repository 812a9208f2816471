/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/iommu.h"

#include <inttypes.h>
#include <string.h>

#include "base/macro.h"
#include "base/strbuf.h"
#include "report/field-kinds.h"

const char *iommu_kind_text(enum iommu_kind kind)
{
	static const char *const texts[] = {
		[IOMMU_KIND_OTHER] = "unknown kind", [IOMMU_KIND_INTEL] = "Intel VT-d",
		[IOMMU_KIND_AMD] = "AMD-Vi",         [IOMMU_KIND_SMMU] = "Arm SMMU",
		[IOMMU_KIND_SMMU_V3] = "Arm SMMUv3", [IOMMU_KIND_VIRTIO] = "virtio-iommu",
		[IOMMU_KIND_S390] = "s390",          [IOMMU_KIND_DART] = "Apple DART",
		[IOMMU_KIND_RISCV] = "RISC-V",       [IOMMU_KIND_PAMU] = "Freescale PAMU",
	};

	return texts[kind];
}

/* ---- rows ---- */

void iommu_row_add(struct iommu_row *row, struct arena *a, enum iommureg_kind kind, uint64_t value)
{
	row->registers = arena_grow(a, row->registers, row->nr_registers, sizeof(*row->registers));
	row->registers[row->nr_registers++] =
		(struct iommu_register_row){ iommureg_get(kind), value };
}

static const char *raw_of(const struct fact *f)
{
	return fact_is(f) ? f->raw : NULL;
}

static void add_intel(const struct iommu_unit *u, struct arena *a, struct iommu_row *ret)
{
	ret->version = raw_of(&u->version);
	ret->address = raw_of(&u->address);
	if (u->has_cap)
		iommu_row_add(ret, a, IOMMUREG_INTEL_CAP, u->cap);
	if (u->has_ecap)
		iommu_row_add(ret, a, IOMMUREG_INTEL_ECAP, u->ecap);
	if (u->has_cap && u->has_ecap)
		iommureg_sum_intel(u->cap, u->ecap, &ret->summary);
}

static void add_amd(const struct iommu_unit *u, struct arena *a, struct iommu_row *ret)
{
	if (u->has_cap)
		iommu_row_add(ret, a, IOMMUREG_AMD_CAP, u->cap);
	if (u->has_efr) {
		iommu_row_add(ret, a, IOMMUREG_AMD_EFR, u->efr);
		iommureg_sum_amd(u->has_cap ? (uint32_t)u->cap : 0, u->efr, &ret->summary);
	}
	if (u->has_efr2)
		iommu_row_add(ret, a, IOMMUREG_AMD_EFR2, u->efr2);
}

void iommu_row_make(const struct iommu_unit *u, struct arena *a, struct iommu_row *ret)
{
	*ret = (struct iommu_row){ .name = u->name, .kind = iommu_kind_text(u->kind) };
	if (u->kind == IOMMU_KIND_INTEL)
		add_intel(u, a, ret);
	else if (u->kind == IOMMU_KIND_AMD)
		add_amd(u, a, ret);
	else if (u->has_virtio)
		iommu_row_add(ret, a, IOMMUREG_VIRTIO_FEATURES, u->virtio);
}

/* ---- fields ---- */

struct part {
	const struct iommureg_field *field;
	uint64_t value; /* of the register */
};

static void part_name(const void *row, struct value *ret)
{
	value_set_text(ret, ((const struct part *)row)->field->name);
}

/* As the specifications write them: "12:8", "7". */
static void part_bits(const void *row, struct value *ret)
{
	const struct iommureg_field *f = ((const struct part *)row)->field;

	value_set_text(ret, f->bits == 1 ? arena_printf(ret->arena, "%u", f->shift)
					 : arena_printf(ret->arena, "%u:%u",
							f->shift + f->bits - 1U, f->shift));
}

static void part_value(const void *row, struct value *ret)
{
	const struct part *p = row;
	uint64_t value = iommureg_field(p->field, p->value);

	if (p->field->format == IOMMUREG_FLAG)
		value_set_bool(ret, value);
	else if (p->field->format == IOMMUREG_HEX)
		value_set_hex(ret, value, 1);
	else
		value_set_number(ret, value);
}

static const struct field part_rows[] = {
	{ "name", "as the specification spells it", FIELD_GET(part_name) },
	{ "bits", "of the register, last and first", FIELD_GET(part_bits) },
	{ "value", "a truth, a number or hexadecimal, as fits it", FIELD_GET(part_value) },
};
static const struct field_table part_fields = FIELD_TABLE("iommu_register_fields", part_rows);

static void register_name(const void *row, struct value *ret)
{
	value_set_text(ret, ((const struct iommu_register_row *)row)->layout->name);
}

static void register_section(const void *row, struct value *ret)
{
	value_set_text(ret, ((const struct iommu_register_row *)row)->layout->section);
}

static void register_value(const void *row, struct value *ret)
{
	const struct iommu_register_row *r = row;

	value_set_hex(ret, r->value, r->layout->digits);
}

static void register_parts(const void *row, struct value *ret)
{
	const struct iommu_register_row *r = row;
	struct part *parts = arena_array(ret->arena, r->layout->nr, sizeof(*parts));

	for (size_t i = 0; i < r->layout->nr; i++)
		parts[i] = (struct part){ &r->layout->fields[i], r->value };
	value_set_rows(ret, parts, r->layout->nr, sizeof(*parts));
}

static void register_unnamed(const void *row, struct value *ret)
{
	const struct iommu_register_row *r = row;

	value_set_hex(ret, iommureg_unnamed(r->layout, r->value), 1);
}

static const struct field register_rows[] = {
	{ "register", "as the specification calls it", FIELD_GET(register_name) },
	{ "section", "of the specification", FIELD_GET(register_section) },
	{ "value", "of the whole register", FIELD_GET(register_value) },
	{ "fields", "by bits", FIELD_GET(register_parts), .fields = &part_fields },
	{ "unnamed", "bits that are set and that this version has no name for",
	  FIELD_GET(register_unnamed) },
};
const struct field_table iommu_register_fields = FIELD_TABLE("iommu_registers", register_rows);

static void get_width(const void *at, struct value *ret)
{
	const unsigned int *width = at;

	if (*width)
		value_set_number(ret, *width);
}

#define SUMMARY(member, getter) FIELD_MEMBER(struct iommu_row, summary.member, unsigned int, getter)

static void get_pasid(const void *row, struct value *ret)
{
	const struct iommureg_summary *s = &((const struct iommu_row *)row)->summary;

	if (s->pasid_known)
		value_set_number(ret, s->pasid_bits);
}

static const struct field unit_rows[] = {
	{ "iommu", "name in /sys/class/iommu", FIELD_TEXT(struct iommu_row, name) },
	{ "kind", "what it is", FIELD_TEXT(struct iommu_row, kind) },
	{ "version", "of an Intel unit, major:minor", FIELD_TEXT(struct iommu_row, version) },
	{ "address", "of the registers of an Intel unit, hexadecimal",
	  FIELD_TEXT(struct iommu_row, address) },
	{ "address_bits", "width of an IOVA, as far as its registers say it",
	  SUMMARY(address_bits, get_width) },
	{ "page_levels", "most levels of a page table", SUMMARY(levels, get_width) },
	{ "pasid_bits", "width of a PASID; 0: it has none", FIELD_GET(get_pasid) },
	{ "caching_mode", "it may cache entries that are not present: emulated",
	  FIELD_BOOL(struct iommu_row, summary.caching),
	  FIELD_IF(struct iommu_row, summary.caching_known) },
	{ "registers", "those that sysfs shows",
	  FIELD_ROWS(struct iommu_row, registers, iommu_register_fields) },
};
const struct field_table iommu_fields = FIELD_TABLE("iommus", unit_rows);

/* ---- for a person ---- */

void iommu_text_summary(const struct prose *p, const struct iommureg_summary *s)
{
	if (s->address_bits)
		prose_label(p, "address width", STYLE_NONE, "%u bits", s->address_bits);
	if (s->levels)
		prose_label(p, "page tables", STYLE_NONE, "up to %u levels", s->levels);
	if (s->pasid_known && s->pasid_bits)
		prose_label(p, "PASID", STYLE_NONE, "%u %s", s->pasid_bits,
			    s->pasid_bits == 1 ? "bit" : "bits");
	else if (s->pasid_known)
		prose_label(p, "PASID", STYLE_NONE, "no");
	if (s->caching_known)
		prose_label(p, "caching mode", STYLE_NONE, "%s",
			    s->caching ? "yes: the IOMMU is emulated" : "no");
}

static const char *parts_text(const struct iommu_register_row *r, struct arena *a)
{
	uint64_t unnamed = iommureg_unnamed(r->layout, r->value);
	struct strbuf ret = { .arena = a };

	for (size_t i = 0; i < r->layout->nr; i++) {
		const struct iommureg_field *f = &r->layout->fields[i];
		uint64_t value = iommureg_field(f, r->value);

		if (!value)
			continue;
		strbuf_item(&ret, ", ", "%s", f->name);
		if (f->format == IOMMUREG_HEX)
			strbuf_printf(&ret, " 0x%" PRIx64, value);
		else if (f->format != IOMMUREG_FLAG)
			strbuf_printf(&ret, " %" PRIu64, value);
	}
	if (unnamed)
		strbuf_item(&ret, ", ", "and bits without a name here: 0x%" PRIx64, unnamed);
	return ret.s ? ret.s : "nothing";
}

void iommu_text_registers(const struct prose *p, const struct iommu_register_row *rows, size_t nr)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();

	for (size_t i = 0; i < nr; i++)
		prose_label(p, rows[i].layout->name, STYLE_NONE, "0x%0*" PRIx64 " (%s): %s",
			    rows[i].layout->digits, rows[i].value, rows[i].layout->section,
			    parts_text(&rows[i], a));
}

void iommu_text_unit(const struct prose *p, const struct iommu_row *row)
{
	struct prose body = prose_indented(p, 2);

	prose_text(p, STYLE_HEADING, "IOMMU %s, %s%s%s%s%s", row->name, row->kind,
		   row->version ? ", version " : "", row->version ? row->version : "",
		   row->address ? ", registers at 0x" : "", row->address ? row->address : "");
	iommu_text_summary(&body, &row->summary);
	iommu_text_registers(&body, row->registers, row->nr_registers);
	if (!row->nr_registers)
		prose_text(&body, STYLE_UNKNOWN, "Its registers are not shown by the kernel.");
}
