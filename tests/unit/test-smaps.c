/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "decode/smaps.h"
#include "scene.h"

static const char text[] =
	"55d0c0000000-55d0c0021000 rw-p 00000000 00:00 0          [heap]\n"
	"Size:                132 kB\n"
	"KernelPageSize:        4 kB\n"
	"Rss:                  12 kB\n"
	"AnonHugePages:         0 kB\n"
	"VmFlags: rd wr mr mw me ac sd\n"
	"7f0000000000-7f0000400000 rw-p 00000000 00:00 0\n"
	"Size:               4096 kB\n"
	"KernelPageSize:        4 kB\n"
	"Rss:                4096 kB\n"
	"AnonHugePages:      2048 kB\n"
	"VmFlags: rd wr mr mw me ac sd hg\n"
	"7f0000400000-7f0000800000 rw-p 00000000 00:0e 4 /anon_hugepage (deleted)\n"
	"Size:               4096 kB\n"
	"KernelPageSize:     2048 kB\n"
	"Rss:                   0 kB\n"
	"AnonHugePages:         0 kB\n"
	"Private_Hugetlb:    4096 kB\n";

static int sum(const char *s, uint64_t address, uint64_t len, struct smaps_sum *ret)
{
	return smaps_sum(span_of(s), address, len, ret);
}

static void test_smaps_of_transparent_huge_pages(void)
{
	struct smaps_sum s;

	assert_int_equal(sum(text, 0x7f0000000000, 0x400000, &s), 0);
	assert_int_equal(s.page, 4096);
	assert_int_equal(s.anon_huge, 2 << 20);
	assert_int_equal(s.present, 4 << 20);
}

static void test_smaps_of_hugetlb_at_the_end(void)
{
	struct smaps_sum s;

	assert_int_equal(sum(text, 0x7f0000400000, 0x400000, &s), 0);
	assert_int_equal(s.page, 2 << 20);
	assert_int_equal(s.anon_huge, 0);
	assert_int_equal(s.present, 4 << 20);
}

static void test_smaps_of_several_areas(void)
{
	struct smaps_sum s;

	assert_int_equal(sum(text, 0x7f0000000000, 0x800000, &s), 0);
	assert_int_equal(s.page, 4096);
	assert_int_equal(s.present, 8 << 20);
	/* The last byte of one, the first of the next. */
	assert_int_equal(sum(text, 0x7f00003fffff, 2, &s), 0);
	assert_int_equal(s.present, 8 << 20);
}

static void test_smaps_of_nothing(void)
{
	struct smaps_sum s;

	assert_int_equal(sum(text, 0x7f0000800000, 0x1000, &s), -ENODATA);
	assert_int_equal(sum("", 0, UINT64_MAX, &s), -ENODATA);
}

static void test_smaps_that_are_torn(void)
{
	struct smaps_sum s;

	assert_int_equal(sum("1000-2000 rw-p\nRss: 4 kB\n", 0x1000, 0x1000, &s), -EBADMSG);
	assert_int_equal(sum("1000-2000 rw-p\nKernelPageSize: four\n", 0x1000, 0x1000, &s),
			 -EBADMSG);
	assert_int_equal(sum("1000-2000 rw-p\nKernelPageSize: 4 kB\nRss: 99999999999999999 kB\n",
			     0x1000, 0x1000, &s),
			 -EBADMSG);
}
