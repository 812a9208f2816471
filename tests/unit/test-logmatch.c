/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of logs against patterns: values, forged and broken text, bytes as they come. */
#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "decode/logmatch.h"
#include "scene.h"

static const char *const patterns[] = {
	"group {group} is not viable",
	"failed to set iommu for container: {errno}",
	"dma_map({word}, {iova}, {size}, {word}) = {errno}",
	"Request device [{bdf}] {any}fault addr {iova}",
	"BAR {region}: can't reserve",
	"open /dev/vfio/devices/vfio{cdev}: {errno}",
	"viable and {n} more",
	"container: ",
};

static bool match(struct arena *a, const char *line, struct log_match *ret)
{
	struct logmatch *m = logmatch_new(a, patterns, ARRAY_SIZE(patterns));

	assert_non_null(m);
	return logmatch_line(m, span_of(line), ret);
}

static void test_logmatch_values_in_a_pattern(struct arena *a)
{
	struct log_match m;

	assert_true(match(a, "qemu: vfio 0000:01:00.0: group 12 is not viable", &m));
	assert_int_equal(m.pattern, 0);
	assert_int_equal(m.values.group, 12);
	assert_int_equal(m.values.device.bus, 1);
	assert_true(match(a,
			  "vfio_dma_map(0x55, 0x382000000000, 0x10000000, 0x7f) = -22 (Invalid argument)",
			  &m));
	assert_int_equal(m.values.iova, UINT64_C(0x382000000000));
	assert_int_equal(m.values.size, 0x10000000);
	assert_int_equal(m.values.err, EINVAL);
	assert_true(match(a,
			  "DMAR: [DMA Read] Request device [5e:1f.7] PASID ffffffff fault addr 103000 [fault",
			  &m));
	assert_int_equal(m.values.device.bus, 0x5e);
	assert_int_equal(m.values.device.function, 7);
	assert_int_equal(m.values.iova, 0x103000);
	assert_true(match(a, "viable and 99999999999999999999 more", &m));
	assert_true(match(a, "vfio-pci 10000:c3:00.0: BAR 5: can't reserve [mem 0x0]", &m));
	assert_int_equal(m.values.region, 5);
	assert_int_equal(m.values.device.domain, 0x10000);
	assert_true(match(a, "lstat: OPEN /dev/vfio/devices/vfio7: no such file or directory", &m));
	assert_int_equal(m.values.cdev, 7);
	assert_int_equal(m.values.err, ENOENT);
}

static void test_logmatch_errno_in_every_spelling(struct arena *a)
{
	static const struct {
		const char *text;
		int err;
	} cases[] = {
		{ "Operation not permitted", EPERM },
		{ "operation not permitted (os error 1)", EPERM },
		{ "No such device or address", ENXIO },
		{ "No such device", ENODEV },
		{ "-12", ENOMEM },
		{ "22 (Invalid argument)", EINVAL },
		{ "EBUSY", EBUSY },
		{ "Os { code: 16, kind: ResourceBusy }", EBUSY },
		{ "something else", 0 },
		{ "", 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct log_match m;

		assert_true(match(a,
				  arena_printf(a, "Failed to set iommu for container: %s",
					       cases[i].text),
				  &m));
		assert_int_equal(m.pattern, 1);
		assert_int_equal(m.values.err, cases[i].err);
	}
}

static void test_logmatch_device_from_anywhere(struct arena *a)
{
	struct log_match m;

	assert_true(match(a,
			  "-device vfio-pci,host=01:00.1,id=x: failed to set iommu for container: ",
			  &m));
	assert_true(m.values.has_device);
	assert_int_equal(m.values.device.function, 1);
	assert_true(match(a, "12:34:56.789 failed to set iommu for container: -1", &m));
	assert_false(m.values.has_device);
	assert_true(match(a, "/dev/vfio/31: failed to set iommu for container: -1", &m));
	assert_int_equal(m.values.group, 31);
	assert_true(match(a, "/dev/vfio/noiommu-3 failed to set iommu for container: -1", &m));
	assert_false(m.values.has_group);
}

static void test_logmatch_first_pattern_of_the_table_wins(struct arena *a)
{
	struct log_match m;

	assert_true(match(a, "container: viable and 3 more; group 4 is not viable", &m));
	assert_int_equal(m.pattern, 0);
	assert_int_equal(m.values.group, 4);
}

static void test_logmatch_other_lines(struct arena *a)
{
	static const char *const lines[] = {
		"",
		"group is not viable",
		"group 4294967296 is not viable",
		"group 99999999999999999999 is not viable",
		"group 1 is viable",
		"failed to set iommu for container",
		"Request device [00:1] fault addr 1",
		"Request device [00:04.0] fault addr 11112222333344445",
		"dma_map(1, 2",
		"BAR : can't reserve",
	};
	struct log_match m;

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		assert_false(match(a, lines[i], &m));
}

static void test_logmatch_patterns_of_another_form(struct arena *a)
{
	static const char *const bad[] = { "", "{bdf}: no", "{n}" };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_null(logmatch_new(a, &bad[i], 1));
	assert_null(logmatch_new(a, patterns, 0));
	assert_null(logmatch_new(a, patterns, LOG_PATTERNS_MAX + 1));
}

/* ---- lines ---- */

struct seen {
	struct arena *a;
	uint64_t last;
	size_t longest;
	const char *text;
};

static void see(void *ctx, uint64_t number, struct span line)
{
	struct seen *s = ctx;

	s->last = number;
	s->longest = line.len > s->longest ? line.len : s->longest;
	s->text =
		arena_printf(s->a, "%s%.*s|", s->text, line.len < 100 ? (int)line.len : 0, line.s);
}

static void test_loglines_however_they_are_cut(struct arena *a)
{
	static const char text[] = "one\n\ntwo\033[31mred\033[0m\r\nlast\033";

	for (size_t step = 1; step <= sizeof(text); step++) {
		struct seen s = { .a = a, .text = "" };
		struct loglines l;

		loglines_init(&l, a);
		for (size_t at = 0; at < sizeof(text) - 1; at += step) {
			size_t left = sizeof(text) - 1 - at;

			loglines_feed(&l, (struct span){ text + at, left < step ? left : step },
				      see, &s);
		}
		loglines_end(&l, see, &s);
		assert_string_equal(s.text, "one||twored\r|last|");
		assert_int_equal(s.last, 4);
	}
}

static void test_loglines_longer_than_the_limit(struct arena *a)
{
	struct seen s = { .a = a, .text = "" };
	char *part = arena_text(a, NULL, 4096);
	struct loglines l;

	memset(part, 'x', 4096);
	loglines_init(&l, a);
	for (size_t i = 0; i < 256; i++)
		loglines_feed(&l, (struct span){ part, 4096 }, see, &s);
	loglines_feed(&l, span_of("\nnext\n"), see, &s);
	loglines_end(&l, see, &s);
	assert_int_equal(s.last, 2);
	assert_int_equal(s.longest, LOG_LINE_MAX);
	assert_string_equal(s.text, "|next|");
}

/* Text that comes near every pattern again and again takes bounded time. */
static void test_logmatch_hostile_line(struct arena *a)
{
	static const char near_miss[] =
		"Request device [00:04.0] dma_map(1,group 1 is not viabl fault addr ";
	struct logmatch *m = logmatch_new(a, patterns, ARRAY_SIZE(patterns));
	char *line = arena_text(a, NULL, LOG_LINE_MAX);
	struct log_match found;

	for (size_t i = 0; i < LOG_LINE_MAX; i++)
		line[i] = near_miss[i % (sizeof(near_miss) - 1)];
	for (size_t i = 0; i < 100; i++)
		assert_false(logmatch_line(m, (struct span){ line, LOG_LINE_MAX }, &found));
}
