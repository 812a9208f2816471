/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decode/register.h"

#include <errno.h>
#include <string.h>

/* VT-d specification, 'Capability Register'; linux: drivers/iommu/intel/iommu.h: cap_*(). */
static const struct register_field cap_fields[] = {
	{ "ND", 0, 3, "domains, as 4 + 2n bits of domain id" },
	{ "RWBF", 4, 1, "write buffers need flushing" },
	{ "PLMR", 5, 1, "protected low memory region" },
	{ "PHMR", 6, 1, "protected high memory region" },
	{ "CM", 7, 1, "caching mode: the unit is emulated" },
	{ "SAGAW", 8, 5, "page table widths: bit 1 39, bit 2 48, bit 3 57 address bits" },
	{ "MGAW", 16, 6, "guest address width, less one" },
	{ "SLLPS", 34, 4, "second-stage large pages: bit 0 2M, bit 1 1G" },
	{ "PSI", 39, 1, "page-selective invalidation" },
	{ "NFR", 40, 8, "fault recording registers, less one" },
	{ "DWD", 54, 1, "write draining" },
	{ "DRD", 55, 1, "read draining" },
	{ "FS1GP", 56, 1, "first-stage 1G pages" },
	{ "PI", 59, 1, "posted interrupts" },
	{ "FS5LP", 60, 1, "first-stage 5-level paging" },
	{ "ECMDS", 61, 1, "enhanced commands" },
};

/* VT-d specification, 'Extended Capability Register'; linux: ecap_*(). */
static const struct register_field ecap_fields[] = {
	{ "C", 0, 1, "coherent page walk" },
	{ "QI", 1, 1, "queued invalidation" },
	{ "DT", 2, 1, "device TLB (ATS)" },
	{ "IR", 3, 1, "interrupt remapping" },
	{ "EIM", 4, 1, "extended interrupt mode (x2APIC)" },
	{ "PT", 6, 1, "pass-through" },
	{ "SC", 7, 1, "snoop control: coherency can be enforced" },
	{ "NEST", 26, 1, "nested translation" },
	{ "PRS", 29, 1, "page requests" },
	{ "SRS", 31, 1, "supervisor requests" },
	{ "PSS", 35, 5, "PASID size, less one" },
	{ "PASID", 40, 1, "PASID" },
	{ "SMTS", 43, 1, "scalable mode" },
	{ "SLADS", 45, 1, "second-stage access and dirty bits" },
	{ "SLTS", 46, 1, "second-stage translation" },
	{ "FLTS", 47, 1, "first-stage translation" },
};

/* AMD IOMMU specification, 'Extended Feature Register'; linux: drivers/iommu/amd/amd_iommu_types.h. */
static const struct register_field efr_fields[] = {
	{ "PREFSUP", 0, 1, "prefetch" },
	{ "PPRSUP", 1, 1, "peripheral page requests" },
	{ "XTSUP", 2, 1, "x2APIC" },
	{ "NXSUP", 3, 1, "no-execute" },
	{ "GTSUP", 4, 1, "guest translation" },
	{ "IASUP", 6, 1, "invalidate all" },
	{ "GASUP", 7, 1, "guest APIC" },
	{ "HATS", 10, 2, "host page table levels, less four; 3 is reserved" },
	{ "GATS", 12, 2, "guest page table levels, less four" },
	{ "GAMSUP", 21, 3, "guest APIC modes: 1 with virtual interrupts" },
	{ "PASMAX", 32, 5, "PASID size, less one" },
	{ "HASUP", 49, 1, "host access bits" },
	{ "HDSUP", 52, 1, "host dirty bits" },
	{ "SNPSUP", 63, 1, "secure nested paging" },
};

static const struct register_field efr2_fields[] = {
	{ "HTRANGEIGNORE", 11, 1, "the HyperTransport window is ordinary memory" },
};

const struct register_field *intel_cap_fields(size_t *nr)
{
	*nr = ARRAY_SIZE(cap_fields);
	return cap_fields;
}

const struct register_field *intel_ecap_fields(size_t *nr)
{
	*nr = ARRAY_SIZE(ecap_fields);
	return ecap_fields;
}

const struct register_field *amd_efr_fields(size_t *nr)
{
	*nr = ARRAY_SIZE(efr_fields);
	return efr_fields;
}

const struct register_field *amd_efr2_fields(size_t *nr)
{
	*nr = ARRAY_SIZE(efr2_fields);
	return efr2_fields;
}

uint64_t register_field_get(const struct register_field *field, uint64_t value)
{
	return value >> field->bit & ((UINT64_C(1) << field->width) - 1);
}

int register_parse(struct span text, uint64_t *ret)
{
	uint64_t value;

	if (!text.len || text.len > 18 || parse_u64_span(text, 16, &value) < 0)
		return -EBADMSG;
	*ret = value;
	return 0;
}

unsigned int intel_cap_width(uint64_t cap)
{
	unsigned int sagaw = (unsigned int)(cap >> 8) & 0x1f, width = 0;
	unsigned int mgaw = ((unsigned int)(cap >> 16) & 0x3f) + 1;

	/* Bit n stands for 30 + 9n address bits; the last one stops at 64. */
	for (unsigned int n = 0; n < 5; n++)
		if (sagaw & 1U << n)
			width = 30 + 9 * n > 64 ? 64 : 30 + 9 * n;
	return width < mgaw ? width : mgaw;
}

uint64_t intel_cap_page_sizes(uint64_t cap)
{
	uint64_t sizes = UINT64_C(1) << 12;

	if (cap >> 34 & 1)
		sizes |= UINT64_C(1) << 21;
	if (cap >> 35 & 1)
		sizes |= UINT64_C(1) << 30;
	return sizes;
}

/* An EFR of a unit that translates names many features; EFR2 few or none. */
static bool looks_like_efr(uint64_t efr, uint64_t other)
{
	unsigned int bits = (unsigned int)__builtin_popcountll(efr);
	unsigned int others = (unsigned int)__builtin_popcountll(other);

	return bits && (!others || (bits >= 4 && bits >= 2 * others));
}

int amd_features_parse(struct span text, struct amd_features *ret)
{
	const char *colon = text.len ? memchr(text.s, ':', text.len) : NULL;
	struct amd_features f = { .nr = 1 };
	struct span left = text, right;

	if (colon) {
		left.len = (size_t)(colon - text.s);
		right = (struct span){ colon + 1, text.len - left.len - 1 };
		if (register_parse(right, &f.second) < 0)
			return -EBADMSG;
		f.nr = 2;
	}
	if (register_parse(left, &f.first) < 0)
		return -EBADMSG;
	if (f.nr == 1 || looks_like_efr(f.first, f.second)) {
		f.certain = true;
		f.efr = f.first;
		f.efr2 = f.second;
	} else if (looks_like_efr(f.second, f.first)) {
		f.certain = true;
		f.efr = f.second;
		f.efr2 = f.first;
	}
	*ret = f;
	return 0;
}
