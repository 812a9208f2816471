/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Capability registers of IOMMUs, field by field, with the names and sections of their specifications: Intel VT-d
 * (rev. 4.1), AMD I/O Virtualization Technology (rev. 3.10), Arm SMMUv3 (IHI 0070), virtio (1.3). Pure: values in, tables
 * out. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum iommureg_kind {
	IOMMUREG_INTEL_CAP = 0,
	IOMMUREG_INTEL_ECAP,
	IOMMUREG_AMD_CAP, /* the header of the PCI capability */
	IOMMUREG_AMD_EFR,
	IOMMUREG_AMD_EFR2,
	IOMMUREG_SMMU_IDR0,
	IOMMUREG_SMMU_IDR1,
	IOMMUREG_SMMU_IDR2,
	IOMMUREG_SMMU_IDR3,
	IOMMUREG_SMMU_IDR4,
	IOMMUREG_SMMU_IDR5,
	IOMMUREG_SMMU_IIDR,
	IOMMUREG_SMMU_AIDR,
	IOMMUREG_VIRTIO_FEATURES, /* of the device; bit N is feature N */
	NR_IOMMUREGS,
};

enum iommureg_format {
	IOMMUREG_FLAG = 0, /* of one bit */
	IOMMUREG_NUMBER,
	IOMMUREG_LESS_ONE, /* one more than it says */
	IOMMUREG_HEX,      /* bits or an offset */
};

struct iommureg_field {
	const char *name;
	uint8_t shift, bits;
	enum iommureg_format format;
};

struct iommureg {
	const char *name;    /* "CAP" */
	const char *section; /* "VT-d 11.4.2" */
	uint8_t digits;      /* hexadecimal, of the whole register */
	const struct iommureg_field *fields;
	size_t nr;
};

/* The layout of a register. Static. */
const struct iommureg *iommureg_get(enum iommureg_kind kind);
/* What @f of a register with @value says, by its format. */
uint64_t iommureg_field(const struct iommureg_field *f, uint64_t value);
/* The bits of @value that no field of @r names. */
uint64_t iommureg_unnamed(const struct iommureg *r, uint64_t value);

/* What a user asks first. Where the registers do not say it, 0, and caching_known is false. */
struct iommureg_summary {
	unsigned int address_bits; /* of an IOVA, as far as the registers bound it */
	unsigned int levels;       /* most levels of a page table */
	unsigned int pasid_bits;
	bool pasid_known;            /* pasid_bits 0: no PASID */
	bool caching_known, caching; /* not-present entries may be cached: an emulated IOMMU */
};

void iommureg_sum_intel(uint64_t cap, uint64_t ecap, struct iommureg_summary *ret);
/* @cap is 0 where it is not known. */
void iommureg_sum_amd(uint32_t cap, uint64_t efr, struct iommureg_summary *ret);
void iommureg_sum_smmu(const uint32_t idr[6], struct iommureg_summary *ret);
