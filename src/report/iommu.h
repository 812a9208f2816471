/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An IOMMU by its registers, each with its fields: of a unit in sysfs, and as IOMMU_GET_HW_INFO reports it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decode/iommureg.h"
#include "facts/host.h"
#include "report/field.h"
#include "report/prose.h"

struct iommu_register_row {
	const struct iommureg *layout; /* static */
	uint64_t value;
};

struct iommu_row {
	const char *name;              /* "dmar1" */
	const char *kind;              /* iommu_kind_text() */
	const char *version, *address; /* of an Intel unit: "1:0" and "fed90000"; or NULL */
	struct iommureg_summary summary;
	struct iommu_register_row *registers;
	size_t nr_registers;
};

/* "Intel VT-d", "AMD-Vi". Static. */
const char *iommu_kind_text(enum iommu_kind kind);
/* What sysfs shows of @u. In @a, and borrowed of @u. */
void iommu_row_make(const struct iommu_unit *u, struct arena *a, struct iommu_row *ret);
/* Adds a register with its value. In @a. */
void iommu_row_add(struct iommu_row *row, struct arena *a, enum iommureg_kind kind, uint64_t value);

/* Rows: struct iommu_row, struct iommu_register_row. */
extern const struct field_table iommu_fields, iommu_register_fields;

/* Address width, page tables, PASID, caching mode: as labels of @p, those that the registers tell. */
void iommu_text_summary(const struct prose *p, const struct iommureg_summary *s);
/* One label for each register: its value, then the fields that are not 0. */
void iommu_text_registers(const struct prose *p, const struct iommu_register_row *rows, size_t nr);
/* The whole section of a unit. */
void iommu_text_unit(const struct prose *p, const struct iommu_row *row);
