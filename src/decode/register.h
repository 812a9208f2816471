/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Capability registers of IOMMUs: which bits mean what, and the text sysfs gives them in. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/parse.h"

/* A field of a register: one bit or several, with what it means. */
struct register_field {
	const char *name; /* "IR" */
	unsigned int bit, width;
	const char *meaning;
};

/* VT-d capability and extended capability, AMD EFR and EFR2. Static. */
const struct register_field *intel_cap_fields(size_t *nr);
const struct register_field *intel_ecap_fields(size_t *nr);
const struct register_field *amd_efr_fields(size_t *nr);
const struct register_field *amd_efr2_fields(size_t *nr);

uint64_t register_field_get(const struct register_field *field, uint64_t value);

/* A register as sysfs prints it: hexadecimal without a prefix. 0, -EBADMSG. */
vt_must_check int register_parse(struct span text, uint64_t *ret);

/* Highest DMA address width of a VT-d unit: the widest supported page table, at most the guest
 * address width; 0 when the register names none.
 * VT-d specification, 'Capability Register', SAGAW and MGAW. */
unsigned int intel_cap_width(uint64_t cap);
/* The page sizes of a VT-d second stage as a bitmap: 4K, and 2M and 1G as the unit has them. */
uint64_t intel_cap_page_sizes(uint64_t cap);

/* The features attribute of an AMD unit: one register, or two whose order changed over time (efr2:efr
 * at first, then efr:efr2). Both readings are given. linux: drivers/iommu/amd/init.c:
 * amd_iommu_show_features(). */
struct amd_features {
	unsigned int nr; /* 1 or 2 */
	uint64_t first, second;
	/* Whether the values alone show which of two registers is the EFR. */
	bool certain;
	uint64_t efr, efr2; /* when certain; efr2 only when nr is 2 */
};

/* 0, -EBADMSG. */
vt_must_check int amd_features_parse(struct span text, struct amd_features *ret);
