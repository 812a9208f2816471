/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "decode/uevent.h"
#include "scene.h"

static const char nic[] = "DRIVER=igb\nPCI_CLASS=20000\nPCI_ID=8086:1521\nPCI_SUBSYS_ID=1028:0602\n"
			  "PCI_SLOT_NAME=0000:01:00.0\n"
			  "MODALIAS=pci:v00008086d00001521sv00001028sd00000602bc02sc00i00\n";

static void test_uevent_get_whole_keys_only(void)
{
	struct span value;

	assert_true(uevent_get(span_of(nic), "DRIVER", &value));
	assert_true(span_equals(value, "igb"));
	assert_true(uevent_get(span_of(nic), "PCI_ID", &value));
	assert_true(span_equals(value, "8086:1521"));
	assert_false(uevent_get(span_of(nic), "PCI", &value));
	assert_false(uevent_get(span_of(nic), "ID", &value));
	assert_false(uevent_get(span_of("DRIVER"), "DRIVER", &value));
	assert_true(uevent_get(span_of("DRIVER="), "DRIVER", &value));
	assert_int_equal(value.len, 0);
	assert_false(uevent_get(span_of(""), "DRIVER", &value));
}

static void test_uevent_pci_ids(void)
{
	struct uevent_pci pci;

	assert_int_equal(uevent_get_pci(span_of(nic), &pci), 0);
	assert_int_equal(pci.class_code, 0x020000);
	assert_int_equal(pci.vendor, 0x8086);
	assert_int_equal(pci.device, 0x1521);
	assert_int_equal(pci.subvendor, 0x1028);
	assert_int_equal(pci.subdevice, 0x0602);
}

static void assert_refused_as(const char *text, int err)
{
	struct uevent_pci pci = { .vendor = 0x1234 };

	assert_int_equal(uevent_get_pci(span_of(text), &pci), err);
	assert_int_equal(pci.vendor, 0x1234);
}

static void test_uevent_pci_missing_or_absurd(void)
{
	assert_refused_as("", -ENODATA);
	assert_refused_as("PCI_CLASS=20000\nPCI_ID=8086:1521\n", -ENODATA);
	assert_refused_as("PCI_CLASS=\nPCI_ID=8086:1521\nPCI_SUBSYS_ID=0:0\n", -EBADMSG);
	assert_refused_as("PCI_CLASS=1000000\nPCI_ID=8086:1521\nPCI_SUBSYS_ID=0:0\n", -EBADMSG);
	assert_refused_as("PCI_CLASS=20000\nPCI_ID=18086:1521\nPCI_SUBSYS_ID=0:0\n", -EBADMSG);
	assert_refused_as("PCI_CLASS=20000\nPCI_ID=8086\nPCI_SUBSYS_ID=0:0\n", -EBADMSG);
	assert_refused_as("PCI_CLASS=20000\nPCI_ID=8086:1521\nPCI_SUBSYS_ID=:\n", -EBADMSG);
}

static void test_modalias_pci(void)
{
	static const char *const refused[] = {
		"",
		"pci:v00008086",
		"pci:v00018086d000010FBsv00001028sd00000602bc02sc00i00",
		"pci:v00008086d000010FBsv00001028sd00000602bc02sc00i0",
		"pci:v00008086d000010FBsv00001028sd00000602bc02sc00i000",
		"pci:v00008086d000010FBsv00001028sd00000602bc*sc00i00",
		"usb:v00008086d000010FBsv00001028sd00000602bc02sc00i00",
	};
	struct uevent_pci pci;

	assert_int_equal(modalias_get_pci(span_of("pci:v00008086d000010FBsv00001028sd00000602bc02sc80i01"),
					  &pci),
			 0);
	assert_int_equal(pci.class_code, 0x028001);
	assert_int_equal(pci.vendor, 0x8086);
	assert_int_equal(pci.device, 0x10fb);
	assert_int_equal(pci.subvendor, 0x1028);
	assert_int_equal(pci.subdevice, 0x0602);
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		assert_int_equal(modalias_get_pci(span_of(refused[i]), &pci), -EBADMSG);
}
