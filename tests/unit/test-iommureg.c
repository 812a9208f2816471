/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registers of IOMMUs, field by field: values of machines and of QEMU. */
#include <errno.h>
#include <string.h>

#include "decode/iommureg.h"
#include "decode/register.h"
#include "scene.h"

static uint64_t field(enum iommureg_kind kind, const char *name, uint64_t value)
{
	const struct iommureg *r = iommureg_get(kind);

	for (size_t i = 0; i < r->nr; i++)
		if (!strcmp(r->fields[i].name, name))
			return iommureg_field(&r->fields[i], value);
	fail_msg("%s has no field %s", r->name, name);
	return 0;
}

/* No two fields share a bit, and none leaves its register. */
static void test_iommureg_layouts(void)
{
	for (enum iommureg_kind k = 0; k < NR_IOMMUREGS; k++) {
		const struct iommureg *r = iommureg_get(k);
		uint64_t seen = 0;

		assert_true(r->name && r->section && r->nr);
		for (size_t i = 0; i < r->nr; i++) {
			const struct iommureg_field *f = &r->fields[i];
			uint64_t mask = ((UINT64_C(1) << f->bits) - 1) << f->shift;

			assert_true(f->bits && f->shift + f->bits <= 4 * r->digits);
			assert_true(f->format != IOMMUREG_FLAG || f->bits == 1);
			assert_false(seen & mask);
			seen |= mask;
		}
		assert_true(iommureg_unnamed(r, seen) == 0);
	}
}

/* A laptop's: linux prints "cap d2008c40660462 ecap f050da". */
static void test_iommureg_intel(void)
{
	const uint64_t cap = UINT64_C(0xd2008c40660462), ecap = UINT64_C(0xf050da);
	struct iommureg_summary s;

	assert_int_equal(field(IOMMUREG_INTEL_CAP, "ND", cap), 2);
	assert_int_equal(field(IOMMUREG_INTEL_CAP, "SAGAW", cap), 4);
	assert_int_equal(field(IOMMUREG_INTEL_CAP, "MGAW", cap), 39);
	assert_int_equal(field(IOMMUREG_INTEL_CAP, "CM", cap), 0);
	assert_int_equal(field(IOMMUREG_INTEL_CAP, "SSLPS", cap), 3);
	assert_int_equal(field(IOMMUREG_INTEL_CAP, "MAMV", cap), 18);
	assert_int_equal(field(IOMMUREG_INTEL_ECAP, "IR", ecap), 1);
	assert_int_equal(field(IOMMUREG_INTEL_ECAP, "SC", ecap), 1);
	assert_int_equal(field(IOMMUREG_INTEL_ECAP, "C", ecap), 0);
	assert_int_equal(field(IOMMUREG_INTEL_ECAP, "IRO", ecap), 0x50);
	assert_int_equal(iommureg_unnamed(iommureg_get(IOMMUREG_INTEL_CAP), cap), 0);
	iommureg_sum_intel(cap, ecap, &s);
	assert_int_equal(s.address_bits, 39);
	assert_int_equal(s.levels, 4);
	assert_true(s.pasid_known && !s.pasid_bits);
	assert_true(s.caching_known && !s.caching);
}

/* Tables that are narrower than MGAW, and a server with PASID. */
static void test_iommureg_intel_bounds(void)
{
	struct iommureg_summary s;

	iommureg_sum_intel(UINT64_C(47) << 16 | 2 << 8 | 1 << 7, 0, &s);
	assert_int_equal(s.address_bits, 39);
	assert_int_equal(s.levels, 3);
	assert_true(s.caching);
	iommureg_sum_intel(UINT64_C(56) << 16 | 0xe << 8, UINT64_C(1) << 40 | UINT64_C(19) << 35,
			   &s);
	assert_int_equal(s.address_bits, 57);
	assert_int_equal(s.levels, 5);
	assert_int_equal(s.pasid_bits, 20);
	iommureg_sum_intel(UINT64_C(47) << 16, 0, &s);
	assert_int_equal(s.levels, 0);
	assert_int_equal(s.address_bits, 48);
}

static void test_iommureg_amd(void)
{
	const uint64_t efr = UINT64_C(0x58f77ef22294ade);
	struct iommureg_summary s;

	assert_int_equal(field(IOMMUREG_AMD_EFR, "PreFSup", efr), 0);
	assert_int_equal(field(IOMMUREG_AMD_EFR, "XTSup", efr), 1);
	assert_int_equal(field(IOMMUREG_AMD_EFR, "HATS", efr), 2);
	assert_int_equal(field(IOMMUREG_AMD_EFR, "PASmax", efr), 16);
	assert_int_equal(field(IOMMUREG_AMD_EFR, "HASup", efr), 1);
	iommureg_sum_amd(0, efr, &s);
	assert_int_equal(s.levels, 6);
	assert_int_equal(s.address_bits, 64);
	assert_int_equal(s.pasid_bits, 16);
	assert_false(s.caching_known);
	iommureg_sum_amd(0x1f03000f, 3 << 10, &s);
	assert_int_equal(s.levels, 0);
	assert_int_equal(s.address_bits, 0);
	assert_int_equal(s.pasid_bits, 0);
	assert_true(s.caching_known && s.caching);
	iommureg_sum_amd(0x0b03000f, 0, &s);
	assert_int_equal(s.address_bits, 48);
	assert_true(s.caching_known && !s.caching);
}

static void test_iommureg_smmu(void)
{
	uint32_t idr[6] = { 0x0d40100e, 0x00730000 | 20U << 6, 0, 0, 0, 0x74 };
	struct iommureg_summary s;

	assert_int_equal(field(IOMMUREG_SMMU_IDR0, "TTF", idr[0]), 3);
	assert_int_equal(field(IOMMUREG_SMMU_IDR0, "S1P", idr[0]), 1);
	assert_int_equal(field(IOMMUREG_SMMU_IDR0, "S2P", idr[0]), 0);
	assert_int_equal(field(IOMMUREG_SMMU_IDR5, "OAS", idr[5]), 4);
	iommureg_sum_smmu(idr, &s);
	assert_int_equal(s.address_bits, 48);
	assert_int_equal(s.pasid_bits, 20);
	idr[5] |= 1 << 10;
	iommureg_sum_smmu(idr, &s);
	assert_int_equal(s.address_bits, 52);
	idr[0] &= ~(1U << 3);
	iommureg_sum_smmu(idr, &s);
	assert_int_equal(s.address_bits, 0);
}

/* Linux prints 64 digits, newer ones 128. */
static void test_iommureg_virtio_features(void)
{
	char text[129];
	uint64_t value = 0;

	memset(text, '0', sizeof(text));
	text[128] = '\0';
	text[0] = text[2] = text[32] = text[100] = '1';
	assert_int_equal(register_parse_bits(span_of(text), &value), 0);
	assert_true(value == (UINT64_C(1) << 32 | 5));
	assert_int_equal(field(IOMMUREG_VIRTIO_FEATURES, "VIRTIO_IOMMU_F_MAP_UNMAP", value), 1);
	assert_int_equal(field(IOMMUREG_VIRTIO_FEATURES, "VIRTIO_F_VERSION_1", value), 1);
	assert_int_equal(register_parse_bits(span_of("0102"), &value), -EBADMSG);
	assert_int_equal(register_parse_bits(span_of(""), &value), -EBADMSG);
}
