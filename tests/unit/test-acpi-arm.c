/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "decode/acpi-arm.h"
#include "scene.h"

/* As QEMU's virt machine has them: GICv3 with one ITS, and an IORT of an ITS group at 0x30, an SMMUv3 at 0x48 and a root
 * complex at 0xa0, which sends all but its own bus 0xfe through the SMMU. */
static const unsigned char madt[88] = {
	'A', 'P', 'I', 'C', 88, [44] = 12, 24, [64] = 3, [68] = 15, 20, [72] = 7,
};

static void put32(unsigned char *table, size_t at, uint32_t value)
{
	for (unsigned int i = 0; i < 4; i++)
		table[at + i] = (unsigned char)(value >> (8 * i));
}

static void put_mapping(unsigned char *table, size_t at, uint32_t base, uint32_t count, uint32_t to)
{
	put32(table, at, base);
	put32(table, at + 4, count);
	put32(table, at + 8, base);
	put32(table, at + 12, to);
}

static void put_node(unsigned char *table, size_t at, uint8_t type, uint8_t len, uint8_t revision,
		     uint8_t nr_maps, uint8_t maps)
{
	table[at] = type;
	table[at + 1] = len;
	table[at + 3] = revision;
	table[at + 8] = nr_maps;
	table[at + 12] = maps;
}

enum { IORT_LEN = 0xec, ITS_AT = 0x30, SMMU_AT = 0x48, ROOT_AT = 0xa0 };

static struct span iort_make(unsigned char *t)
{
	memset(t, 0, IORT_LEN);
	memcpy(t, "IORT", 4);
	t[4] = IORT_LEN;
	t[36] = 3;
	t[40] = ITS_AT;
	put_node(t, ITS_AT, 0, 24, 1, 0, 0);
	t[ITS_AT + 16] = 1;
	t[ITS_AT + 20] = 7;
	put_node(t, SMMU_AT, 4, 88, 4, 1, 68);
	put32(t, SMMU_AT + 16, 0x9050000);
	t[SMMU_AT + 24] = 1;
	for (size_t i = 44; i < 60; i += 4)
		t[SMMU_AT + i] = 0x6a;
	put_mapping(t, SMMU_AT + 68, 0, 0xffff, ITS_AT);
	put_node(t, ROOT_AT, 2, 76, 3, 2, 36);
	t[ROOT_AT + 23] = 7;
	put_mapping(t, ROOT_AT + 36, 0, 0x1ff, SMMU_AT);
	put_mapping(t, ROOT_AT + 56, 0x200, 0xfdff, ITS_AT);
	return (struct span){ (const char *)t, IORT_LEN };
}

static void test_madt(void)
{
	struct acpi_madt m;

	assert_int_equal(acpi_madt_parse((struct span){ (const char *)madt, 88 }, scene_arena, &m),
			 0);
	assert_int_equal(m.gic_version, 3);
	assert_int_equal(m.nr_its, 1);
	assert_int_equal(m.its[0], 7);
	assert_int_equal(m.nr_msi_frames, 0);
}

static void test_madt_with_a_frame(void)
{
	unsigned char table[88];
	struct acpi_madt m;

	memcpy(table, madt, sizeof(table));
	table[68] = 13;
	assert_int_equal(acpi_madt_parse((struct span){ (const char *)table, 88 }, scene_arena, &m),
			 0);
	assert_int_equal(m.nr_its, 0);
	assert_int_equal(m.nr_msi_frames, 1);
	/* A structure without a length, and one past the end. */
	table[69] = 0;
	assert_int_equal(acpi_madt_parse((struct span){ (const char *)table, 88 }, scene_arena, &m),
			 -EBADMSG);
	table[69] = 21;
	assert_int_equal(acpi_madt_parse((struct span){ (const char *)table, 88 }, scene_arena, &m),
			 -EBADMSG);
}

static void test_iort_leads_to_the_its(void)
{
	const struct acpi_iort_smmu *smmu;
	const struct acpi_iort_root *root;
	unsigned char table[IORT_LEN];
	struct acpi_iort iort;
	uint32_t its = 0;

	assert_int_equal(acpi_iort_parse(iort_make(table), scene_arena, &iort), 0);
	assert_int_equal(iort.nr_smmus, 1);
	assert_true(iort.smmus[0].coherent);
	root = acpi_iort_root(&iort, 0);
	assert_non_null(root);
	assert_true(root->canwbs);
	assert_null(acpi_iort_root(&iort, 1));
	smmu = acpi_iort_smmu_of(&iort, root, 0x20);
	assert_non_null(smmu);
	assert_int_equal(smmu->base, 0x9050000);
	assert_null(acpi_iort_smmu_of(&iort, root, 0x200));
	assert_true(acpi_iort_its(&iort, root, 0x20, &its));
	assert_int_equal(its, 7);
	assert_true(acpi_iort_its(&iort, root, 0xffff, &its));
}

static void test_iort_leads_nowhere(void)
{
	unsigned char table[IORT_LEN];
	struct acpi_iort iort;
	uint32_t its;

	/* The one mapping of an SMMU that has message interrupts of its own is for these. */
	iort_make(table);
	memset(table + SMMU_AT + 44, 0, 16);
	assert_int_equal(acpi_iort_parse((struct span){ (const char *)table, IORT_LEN },
					 scene_arena, &iort),
			 0);
	assert_false(acpi_iort_its(&iort, &iort.roots[0], 0x20, &its));
	assert_true(acpi_iort_its(&iort, &iort.roots[0], 0x200, &its));
	/* A group of no ITS; a circle; a reference into nothing. */
	iort_make(table);
	table[ITS_AT + 16] = 0;
	assert_false(acpi_iort_its(&iort, &iort.roots[0], 0x200, &its));
	iort_make(table);
	put_mapping(table, SMMU_AT + 68, 0, 0xffff, ROOT_AT);
	assert_false(acpi_iort_its(&iort, &iort.roots[0], 0x20, &its));
	put_mapping(table, SMMU_AT + 68, 0, 0xffff, 0xffffff);
	assert_false(acpi_iort_its(&iort, &iort.roots[0], 0x20, &its));
}

/* The last identifier of one mapping and the first of the next may be the same. */
static void test_iort_mappings_that_overlap_by_one(void)
{
	unsigned char table[IORT_LEN];
	struct acpi_iort iort;

	iort_make(table);
	put_mapping(table, ROOT_AT + 36, 0, 0x200, SMMU_AT);
	assert_int_equal(acpi_iort_parse((struct span){ (const char *)table, IORT_LEN },
					 scene_arena, &iort),
			 0);
	assert_non_null(acpi_iort_smmu_of(&iort, &iort.roots[0], 0x1ff));
	assert_null(acpi_iort_smmu_of(&iort, &iort.roots[0], 0x200));
	put_mapping(table, ROOT_AT + 56, 0x300, 0xfcff, ITS_AT);
	assert_non_null(acpi_iort_smmu_of(&iort, &iort.roots[0], 0x200));
}

static void test_iort_damaged(void)
{
	unsigned char table[IORT_LEN];
	struct acpi_iort iort;

	for (size_t len = 0; len < IORT_LEN; len++) {
		iort_make(table);
		put32(table, 4, (uint32_t)len);
		assert_int_equal(acpi_iort_parse((struct span){ (const char *)table, len },
						 scene_arena, &iort),
				 -EBADMSG);
	}
	iort_make(table);
	table[36] = 4;
	assert_int_equal(acpi_iort_parse((struct span){ (const char *)table, IORT_LEN },
					 scene_arena, &iort),
			 -EBADMSG);
}
