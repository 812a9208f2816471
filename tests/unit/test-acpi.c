/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "decode/acpi.h"
#include "scene.h"

/* A table in the making. */
struct table_bytes {
	unsigned char b[512];
	size_t len;
};

static void put_number(struct table_bytes *t, size_t at, uint64_t value, unsigned int bytes)
{
	for (unsigned int i = 0; i < bytes; i++)
		t->b[at + i] = (unsigned char)(value >> (8 * i));
}

static void table_begin(struct table_bytes *t, const char *signature)
{
	memset(t, 0, sizeof(*t));
	memcpy(t->b, signature, 4);
	t->len = 48;
}

static void strmap_add(struct table_bytes *t, const void *bytes, size_t len)
{
	memcpy(t->b + t->len, bytes, len);
	t->len += len;
}

static struct span table_end(struct table_bytes *t)
{
	put_number(t, 4, t->len, 4);
	return (struct span){ (const char *)t->b, t->len };
}

/* ---- DMAR ---- */

static const unsigned char drhd[] = { 0, 0, 24, 0, 1, 0, 0, 0, 0, 0, 0xd9, 0xfe, 0, 0, 0, 0,
				      /* scope: IO-APIC 0 at ff:00.0 */
				      3, 8, 0, 0, 0, 0xff, 0, 0 };
static const unsigned char rmrr[] = {
	1, 0, 34, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x7b, 0, 0, 0, 0, 0xff, 0xff, 0x7f, 0x7f, 0, 0, 0, 0,
	/* endpoint behind a bridge: 00:1c.0, then device 3 function 1 */
	1, 10, 0, 0, 0, 0, 0x1c, 0, 3, 1
};

static void dmar_begin(struct table_bytes *t)
{
	table_begin(t, "DMAR");
	t->b[36] = 38;
	t->b[37] = ACPI_DMAR_INTR_REMAP | ACPI_DMAR_PLATFORM_OPT_IN;
}

static void test_acpi_dmar(void)
{
	struct table_bytes t;
	struct acpi_dmar d;

	dmar_begin(&t);
	strmap_add(&t, drhd, sizeof(drhd));
	strmap_add(&t, rmrr, sizeof(rmrr));
	assert_int_equal(acpi_dmar_parse(table_end(&t), scene_arena, &d), 0);
	assert_int_equal(d.width, 39);
	assert_int_equal(d.flags, ACPI_DMAR_INTR_REMAP | ACPI_DMAR_PLATFORM_OPT_IN);
	assert_int_equal(d.nr_drhds, 1);
	assert_true(d.drhds[0].include_all);
	assert_int_equal(d.drhds[0].base, 0xfed90000);
	assert_int_equal(d.drhds[0].nr_scopes, 1);
	assert_int_equal(d.drhds[0].scopes[0].type, 3);
	assert_int_equal(d.drhds[0].scopes[0].bus, 0xff);
	assert_int_equal(d.nr_rmrrs, 1);
	assert_int_equal(d.rmrrs[0].start, 0x7b800000);
	assert_int_equal(d.rmrrs[0].last, 0x7f7fffff);
	assert_int_equal(d.rmrrs[0].nr_scopes, 1);
	assert_int_equal(d.rmrrs[0].scopes[0].nr_path, 2);
	assert_int_equal(d.rmrrs[0].scopes[0].path[0].device, 0x1c);
	assert_int_equal(d.rmrrs[0].scopes[0].path[1].device, 3);
	assert_int_equal(d.rmrrs[0].scopes[0].path[1].function, 1);
}

static void test_acpi_dmar_truncated_anywhere(void)
{
	struct table_bytes t;
	struct acpi_dmar d;
	struct span whole;

	dmar_begin(&t);
	strmap_add(&t, drhd, sizeof(drhd));
	strmap_add(&t, rmrr, sizeof(rmrr));
	whole = table_end(&t);
	for (size_t len = 0; len + 1 < whole.len; len++)
		assert_int_equal(acpi_dmar_parse((struct span){ whole.s, len }, scene_arena, &d),
				 -EBADMSG);
}

/* A reader of text drops a last newline; the header's length tells. */
static void test_acpi_dmar_last_byte_was_a_newline(void)
{
	struct table_bytes t;
	struct acpi_dmar d;
	struct span whole;

	dmar_begin(&t);
	strmap_add(&t, rmrr, sizeof(rmrr));
	t.b[t.len - 1] = '\n';
	whole = table_end(&t);
	assert_int_equal(acpi_dmar_parse((struct span){ whole.s, whole.len - 1 }, scene_arena, &d),
			 0);
	assert_int_equal(d.rmrrs[0].scopes[0].path[1].function, '\n');
}

static void test_acpi_dmar_broken_lengths(void)
{
	struct table_bytes t;
	struct acpi_dmar d;

	dmar_begin(&t);
	strmap_add(&t, drhd, sizeof(drhd));
	t.b[50] = 0;
	assert_int_equal(acpi_dmar_parse(table_end(&t), scene_arena, &d), -EBADMSG);
	t.b[50] = 25;
	assert_int_equal(acpi_dmar_parse(table_end(&t), scene_arena, &d), -EBADMSG);
	t.b[50] = 24;
	t.b[48 + 17] = 0;
	assert_int_equal(acpi_dmar_parse(table_end(&t), scene_arena, &d), -EBADMSG);
	t.b[48 + 17] = 9;
	assert_int_equal(acpi_dmar_parse(table_end(&t), scene_arena, &d), -EBADMSG);
	t.b[48 + 17] = 8;
	assert_int_equal(acpi_dmar_parse(table_end(&t), scene_arena, &d), 0);
	t.b[0] = 'X';
	assert_int_equal(acpi_dmar_parse(table_end(&t), scene_arena, &d), -EBADMSG);
}

/* ---- IVRS ---- */

static void test_acpi_ivrs(void)
{
	/* Type 0x11 at 00:00.2: one select entry, one IO-APIC and one HPET, and an ACPI name. */
	static const unsigned char ivhd[] = {
		0x11, 0, 84, 0, 2, 0, 0x40, 0, 0, 0, 0xd8, 0xfe, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0,
		0xd3, 0x29, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0,
		/* range */
		1, 0, 0, 0,
		/* special devices */
		0x48, 0, 0, 0, 7, 0xa0, 0, 1, 0x48, 0, 0, 0, 0, 0xa0, 0, 2,
		/* a name, its unique id two bytes long */
		0xf0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 'I', 'D'
	};
	static const unsigned char ivmd[] = { 0x21, 1, 32, 0, 0x10, 0, 0x18, 0, 0, 0, 0,
					      0,    0, 0,  0, 0,    0, 0,    0, 8, 0, 0,
					      0,    0, 0,  0, 1,    0, 0,    0, 0, 0 };
	struct table_bytes t;
	struct acpi_ivrs v;
	struct span whole;

	table_begin(&t, "IVRS");
	t.b[36] = 2;
	strmap_add(&t, ivhd, sizeof(ivhd));
	strmap_add(&t, ivmd, sizeof(ivmd));
	assert_int_equal(sizeof(ivhd), 84);
	whole = table_end(&t);
	assert_int_equal(acpi_ivrs_parse(whole, scene_arena, &v), 0);
	assert_int_equal(v.info, 2);
	assert_int_equal(v.nr_ivhds, 1);
	assert_int_equal(v.ivhds[0].devid, 2);
	assert_int_equal(v.ivhds[0].base, 0xfed80000);
	assert_int_equal(v.ivhds[0].segment, 1);
	assert_int_equal(v.ivhds[0].nr_ioapics, 1);
	assert_int_equal(v.ivhds[0].ioapics[0], 7);
	assert_int_equal(v.nr_ivmds, 1);
	assert_int_equal(v.ivmds[0].devid, 0x10);
	assert_int_equal(v.ivmds[0].flags, 1);
	assert_int_equal(v.ivmds[0].start, 0x8000000);
	assert_int_equal(v.ivmds[0].len, 0x10000);
	/* Bit 0 of its IVinfo says whether the kernel takes the features from the table. */
	assert_int_equal(v.ivhds[0].efr, UINT64_C(0x1000000000029d3));
	assert_int_equal(acpi_ivrs_efr(&v), 0);
	v.info |= 1;
	assert_int_equal(acpi_ivrs_efr(&v), UINT64_C(0x1000000000029d3));
	v.nr_ivhds = 0;
	assert_int_equal(acpi_ivrs_efr(&v), 0);
	for (size_t len = 0; len + 1 < whole.len; len++)
		assert_int_equal(acpi_ivrs_parse((struct span){ whole.s, len }, scene_arena, &v),
				 -EBADMSG);
}

static void test_acpi_ivrs_unknown_entry(void)
{
	static const unsigned char ivhd[] = { 0x10, 0, 28, 0, 0, 0, 0, 0, 0, 0, 0,    0, 0, 0,
					      0,    0, 0,  0, 0, 0, 0, 0, 0, 0, 0x90, 0, 0, 0 };
	struct table_bytes t;
	struct acpi_ivrs v;

	table_begin(&t, "IVRS");
	strmap_add(&t, ivhd, sizeof(ivhd));
	assert_int_equal(acpi_ivrs_parse(table_end(&t), scene_arena, &v), -EBADMSG);
	/* A header that does not fit into its own block. */
	t.b[48] = 0x40;
	assert_int_equal(acpi_ivrs_parse(table_end(&t), scene_arena, &v), -EBADMSG);
}

/* ---- VIOT ---- */

static void test_acpi_viot_damaged(void)
{
	static const unsigned char nodes[] = { 1,    0,    24,   0, 0, 0, 0, 0, 0, 0, 0, 0, 0,  0,
					       0xff, 0xff, 0x48, 0, 0, 0, 0, 0, 0, 0, 3, 0, 16, 0,
					       0,    0,    8,    0, 0, 0, 0, 0, 0, 0, 0, 0 };
	struct table_bytes t;
	bool covers;

	table_begin(&t, "VIOT");
	put_number(&t, 36, 2, 2);
	put_number(&t, 38, 48, 2);
	strmap_add(&t, nodes, sizeof(nodes));
	assert_int_equal(acpi_viot_covers(table_end(&t), 0, 0, &covers), 0);
	put_number(&t, 36, 3, 2);
	assert_int_equal(acpi_viot_covers(table_end(&t), 0, 0, &covers), -EBADMSG);
	put_number(&t, 36, 2, 2);
	put_number(&t, 38, 600, 2);
	assert_int_equal(acpi_viot_covers(table_end(&t), 0, 0, &covers), -EBADMSG);
	put_number(&t, 38, 48, 2);
	t.b[50] = 2;
	assert_int_equal(acpi_viot_covers(table_end(&t), 0, 0, &covers), -EBADMSG);
}

static void test_acpi_viot_covers(void)
{
	/* Segment 1, functions 01:00.0 to 02:1f.7. */
	static const unsigned char nodes[] = { 1, 0, 24,   0, 0,    0, 0, 0, 1, 0, 1, 0,
					       0, 1, 0xff, 2, 0x48, 0, 0, 0, 0, 0, 0, 0 };
	struct table_bytes t;
	bool covers;

	table_begin(&t, "VIOT");
	put_number(&t, 36, 1, 2);
	put_number(&t, 38, 48, 2);
	strmap_add(&t, nodes, sizeof(nodes));
	assert_int_equal(acpi_viot_covers(table_end(&t), 1, 0x0100, &covers), 0);
	assert_true(covers);
	assert_int_equal(acpi_viot_covers(table_end(&t), 1, 0x02ff, &covers), 0);
	assert_true(covers);
	assert_int_equal(acpi_viot_covers(table_end(&t), 1, 0x00ff, &covers), 0);
	assert_false(covers);
	assert_int_equal(acpi_viot_covers(table_end(&t), 1, 0x0300, &covers), 0);
	assert_false(covers);
	assert_int_equal(acpi_viot_covers(table_end(&t), 0, 0x0100, &covers), 0);
	assert_false(covers);
	t.b[50] = 17;
	assert_int_equal(acpi_viot_covers(table_end(&t), 1, 0x0100, &covers), -EBADMSG);
}
