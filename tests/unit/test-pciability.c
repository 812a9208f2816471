/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ATS, PRI, PASID and resizable BARs of configuration spaces made by hand; their text form; lines of 'resource'. */
#include <errno.h>
#include <string.h>

#include "decode/pciability.h"
#include "scene.h"

struct space {
	uint8_t bytes[4096];
	size_t len;
};

static bool read_space(void *ctx, size_t offset, unsigned int width, uint32_t *ret)
{
	const struct space *s = ctx;

	if (offset + width > s->len)
		return false;
	*ret = 0;
	memcpy(ret, s->bytes + offset, width);
	return true;
}

static void put(struct space *s, size_t at, uint32_t value)
{
	memcpy(s->bytes + at, &value, sizeof(value));
}

/* ATS at 0x100, PASID, PRI, two resizable BARs. */
static void make(struct space *s)
{
	*s = (struct space){ .len = 4096 };
	put(s, 0, 0x15218086);
	put(s, 0x100, 0x0001000f | 0x110 << 20);
	put(s, 0x104, 0x80000020);
	put(s, 0x110, 0x0001001b | 0x120 << 20);
	put(s, 0x114, 0x00001406);
	put(s, 0x120, 0x00010013 | 0x140 << 20);
	put(s, 0x124, 0x01000001);
	put(s, 0x128, 512);
	put(s, 0x12c, 32);
	put(s, 0x140, 0x00010015);
	put(s, 0x144, 0x0001f000);
	put(s, 0x148, 0x00000840);
	put(s, 0x14c, 0x80000000);
	put(s, 0x150, 0x00010b02);
}

static void assert_all(const struct pciability *p)
{
	assert_int_equal(p->ats, PCIGROUP_PRESENT);
	assert_int_equal(pciability_ats_queue(p), 32);
	assert_true(pciability_ats_on(p));
	assert_int_equal(p->pasid, PCIGROUP_PRESENT);
	assert_int_equal(pciability_pasid_bits(p), 20);
	assert_false(pciability_pasid_on(p));
	assert_int_equal(p->pri, PCIGROUP_PRESENT);
	assert_int_equal(p->pri_capacity, 512);
	assert_int_equal(p->pri_allowed, 32);
	assert_true(pciability_pri_on(p));
	assert_int_equal(p->rebar, PCIGROUP_PRESENT);
	assert_int_equal(p->nr_rebars, 2);
	assert_int_equal(pcirebar_bar(&p->rebars[0]), 0);
	assert_int_equal(pcirebar_size(&p->rebars[0]), UINT64_C(256) << 20);
	assert_int_equal(pcirebar_sizes(&p->rebars[0]), UINT64_C(0x1f00) << 20);
	assert_int_equal(pcirebar_bar(&p->rebars[1]), 2);
	assert_int_equal(pcirebar_size(&p->rebars[1]), UINT64_C(2) << 30);
	/* 128 TiB, and 256 TiB in the control register */
	assert_true(pcirebar_sizes(&p->rebars[1]) == (UINT64_C(1) << 47 | UINT64_C(1) << 48));
}

static void test_pciability_all(struct arena *a)
{
	struct space s;
	struct pciability p, again;

	make(&s);
	assert_int_equal(pciability_read(read_space, &s, 4096, &p), 0);
	assert_all(&p);
	assert_int_equal(pciability_parse(span_of(pciability_format(&p, a)), &again), 0);
	assert_all(&again);
	assert_memory_equal(&again, &p, sizeof(p));
}

static void test_pciability_what_cannot_be_read(struct arena *a)
{
	struct space s;
	struct pciability p;

	make(&s);
	assert_int_equal(pciability_read(read_space, &s, 64, &p), 0);
	assert_int_equal(p.ats, PCIGROUP_UNREAD);
	assert_string_equal(pciability_format(&p, a), "size=40");
	assert_int_equal(pciability_read(read_space, &s, 256, &p), 0);
	assert_int_equal(p.rebar, PCIGROUP_NONE);
	assert_string_equal(pciability_format(&p, a),
			    "size=100 ats=none pri=none pasid=none rebar=none");
	/* The list loops behind PASID: what is in front of that is known. */
	put(&s, 0x110, 0x0001001b | 0x100 << 20);
	assert_int_equal(pciability_read(read_space, &s, 4096, &p), 0);
	assert_int_equal(p.ats, PCIGROUP_PRESENT);
	assert_int_equal(p.pasid, PCIGROUP_PRESENT);
	assert_int_equal(p.pri, PCIGROUP_UNREAD);
	assert_int_equal(p.rebar, PCIGROUP_UNREAD);
	s.len = 2;
	assert_int_equal(pciability_read(read_space, &s, 4096, &p), -ENODATA);
}

/* A register that cannot be read, and more BARs than there are. */
static void test_pciability_odd_rebars(void)
{
	struct space s;
	struct pciability p;

	make(&s);
	put(&s, 0x148, 0x000008e0);
	assert_int_equal(pciability_read(read_space, &s, 4096, &p), 0);
	assert_int_equal(p.nr_rebars, 6);
	put(&s, 0x148, 0x00000800);
	assert_int_equal(pciability_read(read_space, &s, 4096, &p), 0);
	assert_int_equal(p.nr_rebars, 0);
	assert_int_equal(p.rebar, PCIGROUP_PRESENT);
	put(&s, 0x148, 0x00003f40);
	assert_int_equal(pciability_read(read_space, &s, 4096, &p), 0);
	assert_int_equal(pcirebar_size(&p.rebars[0]), 0);
	s.len = 0x14a;
	assert_int_equal(pciability_read(read_space, &s, 4096, &p), 0);
	assert_int_equal(p.rebar, PCIGROUP_UNREAD);
	assert_int_equal(p.nr_rebars, 0);
}

static void test_pciability_bad_text(void)
{
	static const char *const bad[] = {
		"",
		"size=",
		"size=3f",
		"ats=1,2",
		"size=100 ats=1",
		"size=100 ats=1,2,3",
		"size=100 xyz=1",
		"size=100 rebar=1",
		"size=100 =1",
		"size=100 ats",
		"size=100 ats=1,100000000",
		"size=100 rebar=1,1,1,1,1,1,1,1,1,1,1,1,1,1",
	};
	struct pciability p;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(pciability_parse(span_of(bad[i]), &p), -EBADMSG);
}

static void test_pciability_resource(void)
{
	struct span rest = span_of("0x00000000fd000000 0x00000000fdffffff 0x0000000000040200\n"
				   "0x0000004000000000 0x00000040ffffffff 0x000000000014220c\n"
				   "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
				   "0x000000000000c000 0x000000000000c01f 0x0000000000040101\n"
				   "nonsense\n"
				   "0x10 0x0 0x200\n"
				   "0x0000000000000000 0x000000000003ffff 0x0000000020040200\n");
	struct pciresource r;

	assert_true(pciresource_next(&rest, &r));
	assert_true(r.used && r.memory && !r.wide && !r.prefetchable && !r.io);
	assert_int_equal(r.last - r.start + 1, 16 << 20);
	assert_true(pciresource_next(&rest, &r));
	assert_true(r.used && r.wide && r.prefetchable && !r.disabled);
	assert_true(pciresource_next(&rest, &r));
	assert_false(r.used);
	assert_true(pciresource_next(&rest, &r));
	assert_true(r.used && r.io && !r.memory);
	for (unsigned int i = 0; i < 2; i++) {
		assert_true(pciresource_next(&rest, &r));
		assert_false(r.used);
	}
	assert_true(pciresource_next(&rest, &r));
	assert_true(r.used && r.disabled);
	assert_false(pciresource_next(&rest, &r));
}
