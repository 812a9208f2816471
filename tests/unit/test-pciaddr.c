/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "decode/pciaddr.h"
#include "scene.h"

static void assert_address(const char *text, const char *canonical)
{
	struct arena *a = arena_new();
	struct pciaddr addr;

	assert_int_equal(pciaddr_parse(span_of(text), &addr), 0);
	assert_string_equal(pciaddr_format(a, &addr), canonical);
	arena_free(a);
}

static void test_pciaddr_canonical_form(void)
{
	assert_address("0000:01:00.0", "0000:01:00.0");
	assert_address("01:00.0", "0000:01:00.0");
	assert_address("ABCD:eF:1f.7", "abcd:ef:1f.7");
	assert_address("10000:e1:00.0", "10000:e1:00.0");
	assert_address("00010000:e1:00.0", "10000:e1:00.0");
	assert_address("ffffffff:ff:1f.7", "ffffffff:ff:1f.7");
}

static void test_pciaddr_refused(void)
{
	static const char *const bad[] = {
		"",
		"0",
		"01:00",
		"0000:01:00",
		"0:01:00.0",
		"000:01:00.0",
		"100000000:01:00.0",
		"0000:1:00.0",
		"0000:001:00.0",
		"0000:01:20.0",
		"0000:01:00.8",
		"0000:01:00.00",
		"0000:01:00.",
		"0000:01:0.0",
		"0x00:01:00.0",
		"0000:0x:00.0",
		"0000:01:00.0 ",
		" 0000:01:00.0",
		"0000:01:00.0\n",
		"0000-01-00.0",
		"0000:01:00:0",
		":01:00.0",
		"0000::00.0",
		"g000:01:00.0",
		"00:00:01:00.0",
		"+000:01:00.0",
		"8086:1521",
	};
	struct pciaddr addr;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (pciaddr_parse(span_of(bad[i]), &addr) != -EINVAL)
			fail_msg("'%s' was taken for an address", bad[i]);
}

static void test_pciaddr_embedded_nul_is_refused(void)
{
	struct pciaddr addr;

	assert_int_equal(pciaddr_parse((struct span){ "01:00.0\0", 8 }, &addr), -EINVAL);
	assert_int_equal(pciaddr_parse((struct span){ "01:\000\060.0", 7 }, &addr), -EINVAL);
}

static void test_pciaddr_slot(void)
{
	struct pciaddr addr;

	assert_int_equal(pciaddr_parse_slot(span_of("12345:02:1f"), &addr), 0);
	assert_int_equal(addr.domain, 0x12345);
	assert_int_equal(addr.bus, 2);
	assert_int_equal(addr.device, 0x1f);
	assert_int_equal(addr.function, 0);
	assert_int_equal(pciaddr_parse_slot(span_of("02:1f.0"), &addr), -EINVAL);
	assert_int_equal(pciaddr_parse_slot(span_of("02"), &addr), -EINVAL);
}
