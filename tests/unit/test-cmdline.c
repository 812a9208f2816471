/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decode/cmdline.h"
#include "scene.h"

static void assert_value(const char *cmdline, const char *key, const char *expected)
{
	struct span value;
	bool has_value;

	if (!cmdline_find(span_of(cmdline), key, &value, &has_value)) {
		assert_null(expected);
		return;
	}
	assert_non_null(expected);
	assert_true(span_equals(value, expected));
}

static void test_cmdline_find(void)
{
	const char *line =
		"BOOT_IMAGE=/vmlinuz root=/dev/sda1 ro intel_iommu=on iommu=pt vfio_iommu_type1.allow_unsafe_interrupts=1 intel_iommu=off";

	assert_value(line, "intel_iommu", "off");
	assert_value(line, "ro", "");
	assert_value(line, "iommu", "pt");
	assert_value(line, "intel_iomm", NULL);
	assert_value(line, "vfio-iommu-type1.allow-unsafe-interrupts", "1");
	assert_value("", "ro", NULL);
	assert_value("   ", "ro", NULL);
}

static void test_cmdline_bare_word_differs_from_empty_value(void)
{
	struct span value;
	bool has_value = true;

	assert_true(cmdline_find(span_of("nointremap"), "nointremap", &value, &has_value));
	assert_false(has_value);
	assert_true(cmdline_find(span_of("x="), "x", &value, &has_value));
	assert_true(has_value);
	assert_int_equal(value.len, 0);
}

static void test_cmdline_quotes(void)
{
	assert_value("dyndbg=\"file drivers/vfio/* +p\" iommu=pt", "dyndbg",
		     "file drivers/vfio/* +p");
	assert_value("dyndbg=\"file drivers/vfio/* +p\" iommu=pt", "iommu", "pt");
	assert_value("\"a=b c\" iommu=pt", "a", "b c");
	assert_value("a=\"open iommu=pt", "iommu", NULL);
	assert_value("\"", "x", NULL);
}

static void test_cmdline_words_of_init_are_not_ours(void)
{
	assert_value("iommu=pt -- iommu=off", "iommu", "pt");
}
