/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "base/macro.h"
#include "facts/target.h"
#include "scene.h"

static struct target parse(const char *text)
{
	struct failure *why = NULL;
	struct target t = { 0 };

	if (target_parse(scene_arena, text, &t, &why) < 0)
		fail_msg("'%s': %s", text, why->text);
	assert_string_equal(t.text, text);
	return t;
}

static void assert_named(const char *text, enum target_kind kind, const char *bus, const char *name)
{
	struct target t = parse(text);

	if (t.kind != kind)
		fail_msg("'%s' is of kind %d", text, t.kind);
	if (bus)
		assert_string_equal(t.bus, bus);
	assert_string_equal(t.name, name);
}

static void test_target_pci(void)
{
	assert_named("0000:01:00.0", TARGET_PCI, "pci", "0000:01:00.0");
	assert_named("01:00.0", TARGET_PCI, "pci", "0000:01:00.0");
	assert_named("AB:1F.7", TARGET_PCI, "pci", "0000:ab:1f.7");
	assert_named("pci:0000:01:00.0", TARGET_PCI, "pci", "0000:01:00.0");
	assert_named("pci_0000_01_00_0", TARGET_PCI, "pci", "0000:01:00.0");
	assert_named("10000:e1:00.0", TARGET_PCI, "pci", "10000:e1:00.0");
}

static void test_target_slot(void)
{
	assert_named("01:00", TARGET_SLOT, "pci", "0000:01:00");
	assert_named("0001:01:00", TARGET_SLOT, "pci", "0001:01:00");
	assert_named("01:00.*", TARGET_SLOT, "pci", "0000:01:00");
}

static void test_target_ids(void)
{
	struct target t = parse("8086:1521");

	assert_int_equal(t.kind, TARGET_IDS);
	assert_int_equal(t.vendor, 0x8086);
	assert_int_equal(t.device, 0x1521);
	assert_false(t.any_device);
	t = parse("8086:");
	assert_int_equal(t.kind, TARGET_IDS);
	assert_int_equal(t.vendor, 0x8086);
	assert_true(t.any_device);
}

static void test_target_class(void)
{
	static const struct {
		const char *text;
		struct class_prefix prefix;
	} cases[] = {
		{ "class:03", { 0x03, 2 } },
		{ "class:0302", { 0x0302, 4 } },
		{ "class:010802", { 0x010802, 6 } },
		{ "class:vga", { 0x03, 2 } },
		{ "vga", { 0x03, 2 } },
		{ "network", { 0x02, 2 } },
		{ "nvme", { 0x0108, 4 } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct target t = parse(cases[i].text);

		assert_int_equal(t.kind, TARGET_CLASS);
		assert_int_equal(t.class_prefix.code, cases[i].prefix.code);
		assert_int_equal(t.class_prefix.digits, cases[i].prefix.digits);
	}
}

static void test_class_covers(void)
{
	const struct target t = parse("class:0108");

	assert_true(target_covers_ids(&t, 0x144d, 0xa808, 0x010802));
	assert_false(target_covers_ids(&t, 0x144d, 0xa808, 0x010601));
	assert_true(class_prefix_covers((struct class_prefix){ 0x010802, 6 }, 0x010802));
	assert_false(class_prefix_covers((struct class_prefix){ 0x010802, 6 }, 0x010803));
	assert_true(class_prefix_covers((struct class_prefix){ 0x00, 2 }, 0x00ff00));
}

static void test_target_group(void)
{
	static const char *const texts[] = { "group:12", "iommu:12", "/dev/vfio/12",
					     "/dev/vfio/noiommu-12" };

	for (size_t i = 0; i < 4; i++) {
		struct target t = parse(texts[i]);

		assert_int_equal(t.kind, TARGET_GROUP);
		assert_int_equal(t.group, 12);
	}
}

static void test_target_other_names(void)
{
	assert_named("platform:edu-dma.0", TARGET_NAMED, "platform", "edu-dma.0");
	assert_named("fsl-mc:dprc.2", TARGET_NAMED, "fsl-mc", "dprc.2");
	assert_named("83b8f4f2-509f-382f-3c1e-e6bfe0fa1001", TARGET_NAMED, "mdev",
		     "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001");
	assert_named("vfio3", TARGET_CDEV, NULL, "vfio3");
	assert_named("noiommu-vfio0", TARGET_CDEV, NULL, "noiommu-vfio0");
	assert_named("/dev/vfio/devices/vfio3", TARGET_CDEV, NULL, "vfio3");
	assert_named("/sys/class/net/eth0/device", TARGET_PATH, NULL, "sys/class/net/eth0/device");
	assert_named("eth0", TARGET_CLASS_DEVICE, NULL, "eth0");
	assert_named("nvme0n1", TARGET_CLASS_DEVICE, NULL, "nvme0n1");
	assert_named("/dev/nvme0n1", TARGET_CLASS_DEVICE, NULL, "nvme0n1");
	assert_named("vfio", TARGET_CLASS_DEVICE, NULL, "vfio");
}

static void test_target_malformed(void)
{
	static const char *const bad[] = {
		"",
		"0000:01:20.0",
		"0000:01:00.8",
		"00:1f.0.1",
		"0:0:0.0",
		"1:00.0",
		"80861521",
		"8086:15211",
		"12",
		"class:3",
		"class:0108023",
		"class:nothing",
		"group:",
		"group:x",
		"group:-1",
		"group:4294967296",
		"group:12 ",
		"pci:nothing",
		"/dev/vfio/vfio",
		"/dev/mapper/root",
		"/sys/",
		"../../etc",
		"a/b",
		"platform:",
		"platform:a/b",
		"platform:..",
		":x",
		"et h0",
		"eth0\n",
		"\x1b[31m",
		"/dev/vfio/devices/../12",
		"pci_0000:01:00.0",
		"ffff:ffff:ff.f",
		"platform:a\tb",
	};
	struct failure *why = NULL;
	struct target t = { .kind = TARGET_NONE };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (target_parse(scene_arena, bad[i], &t, &why) != -EINVAL)
			fail_msg("'%s' was taken for a target of kind %d", bad[i], t.kind);
		assert_int_equal(why->status, STATUS_USAGE);
		assert_non_null(strstr(why->text, "is not a device name: "));
		assert_int_equal(t.kind, TARGET_NONE);
		failure_free(why);
		why = NULL;
	}
}

/* The next step is about what was written. */
static void test_target_malformed_says_how_to_write_it(void)
{
	static const struct {
		const char *text, *hint;
	} bad[] = {
		{ "3", "write a group as group:12" },
		{ "group:x", "write a group as group:12" },
		{ "/dev/vfio/vfio", "/dev/vfio/12" },
		{ "/dev/mapper/root", "/dev/nvme0n1" },
		{ "0000:00:0*", "01:00.*" },
		{ "01:20.0", "devices up to 1f" },
		{ "0000:01:00.8", "functions up to 7" },
		{ "0000:01", "0000:01:00.0" },
		{ "", "the name of an interface" },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct failure *why = NULL;
		struct target t;

		assert_int_equal(target_parse(scene_arena, bad[i].text, &t, &why), -EINVAL);
		if (!strstr(why->text, bad[i].hint))
			fail_msg("'%s': %s", bad[i].text, why->text);
		failure_free(why);
	}
}

static void test_target_too_long(void)
{
	char text[5000];
	struct target t;

	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(target_parse(scene_arena, text, &t, NULL), -EINVAL);
}
