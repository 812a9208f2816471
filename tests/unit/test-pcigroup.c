/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What grouping asks of configuration spaces made by hand, whole ones and broken ones, and its text form. */
#include <errno.h>

#include "base/macro.h"
#include "decode/pcigroup.h"
#include "scene.h"

struct space {
	uint8_t bytes[4096];
	size_t len;
};

static bool read_bytes(void *ctx, size_t offset, unsigned int width, uint32_t *ret)
{
	const struct space *s = ctx;

	if (offset > s->len || s->len - offset < width)
		return false;
	*ret = 0;
	for (unsigned int i = 0; i < width; i++)
		*ret |= (uint32_t)s->bytes[offset + i] << (8 * i);
	return true;
}

static void put(struct space *s, size_t at, unsigned int width, uint32_t value)
{
	for (unsigned int i = 0; i < width; i++)
		s->bytes[at + i] = (uint8_t)(value >> (8 * i));
}

/* A downstream port of several functions: power management at 0x40, PCI Express at 0x50, AER at 0x100, ACS at 0x148. */
static void begin(struct space *s)
{
	*s = (struct space){ .len = sizeof(s->bytes) };
	put(s, 0x00, 4, 0x12345678);
	put(s, 0x06, 2, 0x0010);
	put(s, 0x0e, 1, 0x81);
	put(s, 0x19, 2, 0x0603);
	put(s, 0x34, 1, 0x41);
	put(s, 0x40, 2, 0x5001);
	put(s, 0x50, 2, 0x0010);
	put(s, 0x52, 2, 0x0162);
	put(s, 0x64, 4, 12U << 19);
	put(s, 0x100, 4, 0x14810001);
	put(s, 0x148, 4, 0x0001000d);
	put(s, 0x14c, 2, 0x005f);
	put(s, 0x14e, 2, 0x001d);
}

static struct pcigroup decode(struct space *s)
{
	struct pcigroup p, again;
	const char *text;

	assert_int_equal(pcigroup_read(read_bytes, s, s->len, &p), 0);
	text = pcigroup_format(&p, scene_arena);
	assert_int_equal(pcigroup_parse((struct span){ text, strlen(text) }, &again), 0);
	assert_string_equal(pcigroup_format(&again, scene_arena), text);
	return again;
}

static void test_whole(struct space *s)
{
	struct pcigroup p;

	p = decode(s);
	assert_int_equal(p.header_type, 1);
	assert_true(p.multifunction);
	assert_int_equal(p.secondary, 3);
	assert_int_equal(p.subordinate, 6);
	assert_int_equal(p.pcie, PCIGROUP_PRESENT);
	assert_int_equal(p.type, PCIE_DOWNSTREAM);
	assert_true(p.has_slot);
	assert_int_equal(p.slot, 12);
	assert_int_equal(p.acs, PCIGROUP_PRESENT);
	assert_int_equal(p.acs_cap, 0x5f);
	assert_int_equal(p.acs_ctrl, 0x1d);
}

static void test_short(struct space *s)
{
	struct pcigroup p;

	s->len = 64;
	p = decode(s);
	assert_int_equal(p.size, 64);
	assert_int_equal(p.secondary, 3);
	assert_int_equal(p.pcie, PCIGROUP_UNREAD);
	assert_int_equal(p.acs, PCIGROUP_UNREAD);
	/* Without a list there is nothing that only root may read. */
	put(s, 0x06, 2, 0);
	assert_int_equal(decode(s).pcie, PCIGROUP_NONE);
	begin(s);
	s->len = 256;
	p = decode(s);
	assert_int_equal(p.pcie, PCIGROUP_PRESENT);
	assert_int_equal(p.acs, PCIGROUP_NONE);
	s->len = 10;
	assert_int_equal(pcigroup_read(read_bytes, s, s->len, &p), -ENODATA);
}

static void test_broken(struct space *s)
{
	memset(s->bytes, 0xff, sizeof(s->bytes));
	assert_true(decode(s).gone);
	/* Lists that loop, and lists that lead to where nothing answers. */
	begin(s);
	put(s, 0x41, 1, 0x40);
	assert_int_equal(decode(s).pcie, PCIGROUP_UNREAD);
	begin(s);
	put(s, 0x41, 1, 0x20);
	assert_int_equal(decode(s).pcie, PCIGROUP_UNREAD);
	begin(s);
	put(s, 0x100, 4, 0x10010001);
	assert_int_equal(decode(s).acs, PCIGROUP_UNREAD);
	begin(s);
	put(s, 0x148, 4, UINT32_MAX);
	assert_int_equal(decode(s).acs, PCIGROUP_UNREAD);
	begin(s);
	put(s, 0x100, 4, 0);
	assert_int_equal(decode(s).acs, PCIGROUP_NONE);
	begin(s);
	put(s, 0x148, 4, 0x0001000b);
	assert_int_equal(decode(s).acs, PCIGROUP_NONE);
}

static void test_virtual_function(struct space *s)
{
	put(s, 0x00, 4, UINT32_MAX);
	put(s, 0x0e, 1, 0);
	assert_false(decode(s).gone);
	assert_int_equal(decode(s).pcie, PCIGROUP_PRESENT);
}

static void test_text(void)
{
	static const char *const bad[] = {
		"",
		"size=63",
		"size=4097",
		"size=256 header=300",
		"size=256 x=1",
		"size=256 =1",
		"size=256 pcie=3",
		"size=256 pcie",
		"size=-1",
		"size=256 acs=0x1",
		"size=256 type=16",
	};
	struct pcigroup p;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(pcigroup_parse((struct span){ bad[i], strlen(bad[i]) }, &p),
				 -EBADMSG);
	assert_int_equal(pcigroup_parse((struct span){ "size=64 slot=0", 14 }, &p), 0);
	assert_true(p.has_slot);
}
