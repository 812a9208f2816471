/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "decode/procfs.h"
#include "scene.h"

/* ---- /proc/interrupts ---- */

static void test_interrupts_distinct_chips_in_order(void)
{
	const char *text =
		"            CPU0       CPU1       \n"
		"   0:         20          0  IR-IO-APIC    2-edge      timer\n"
		"   8:          0          1  IR-IO-APIC    8-edge      rtc0\n"
		"  24:          0          0  DMAR-MSI    0-edge      dmar0\n"
		"  25:          0       4120  IR-PCI-MSIX-0000:00:02.0    0-edge      virtio0-config\n"
		/* Thousands of these tell no more. */
		"  26:          0          7  IR-PCI-MSIX-0000:00:03.0    0-edge      virtio1-config\n"
		" NMI:          0          0   Non-maskable interrupts\n"
		" ERR:          0\n"
		" 100:          0          0\n";

	assert_string_equal(interrupts_reduce(span_of(text), scene_arena),
			    "IR-IO-APIC\nDMAR-MSI\nIR-PCI-MSIX-0000:00:02.0\n");
}

static void test_interrupts_of_an_old_kernel_and_of_arm(void)
{
	assert_string_equal(interrupts_reduce(span_of("           CPU0\n"
						      " 26:  9 IR-PCI-MSI 327680-edge xhci_hcd\n"),
					      scene_arena),
			    "IR-PCI-MSI\n");
	assert_string_equal(interrupts_reduce(span_of("           CPU0\n"
						      " 11:  9 GICv3  27 Level arch_timer\n"
						      " 46:  0 ITS-PCI-MSI-0000:00:01.0 0 Edge virtio0\n"
						      "IPI0:  5 Rescheduling interrupts\n"),
					      scene_arena),
			    "GICv3\nITS-PCI-MSI-0000:00:01.0\n");
}

static void test_interrupts_absurd(void)
{
	assert_null(interrupts_reduce(span_of(""), scene_arena));
	assert_null(interrupts_reduce(span_of("hello world\n"), scene_arena));
	assert_null(interrupts_reduce((struct span){ "\0\0\0\0", 4 }, scene_arena));
	assert_string_equal(interrupts_reduce(span_of("  CPU0\n"), scene_arena), "");
	assert_string_equal(interrupts_reduce(span_of("  CPU0\n 1:  x  CHIP\n 2:  1 \x01\n"),
					      scene_arena),
			    "");
}

/* ---- status files ---- */

static void test_status(void)
{
	const char *text = "Name:\tvfiotool\nVmLck:\t     128 kB\nVmPin:\t 0 kB\nVmBad:\t 12 MB\n"
			   "vendor_id\t: GenuineIntel\n";
	struct span value;
	uint64_t bytes = 0;

	assert_true(status_get(span_of(text), "vendor_id", &value));
	assert_true(span_equals(value, "GenuineIntel"));
	assert_int_equal(status_get_bytes(span_of(text), "VmLck", &bytes), 0);
	assert_int_equal(bytes, 131072);
	assert_int_equal(status_get_bytes(span_of(text), "VmSize", &bytes), -ENODATA);
	assert_int_equal(status_get_bytes(span_of(text), "VmBad", &bytes), -EBADMSG);
	assert_int_equal(status_get_bytes(span_of("VmLck: 18446744073709551615 kB"), "VmLck",
					  &bytes),
			 -EBADMSG);
}

static void test_stat_text(void)
{
	static const char *const bad[] = { "",
					   "char",
					   "char 0600",
					   "char 9 0 0 1:1",
					   "char 10000 0 0 1:1",
					   "char 0600 -1 0 1:1",
					   "char 0600 0 4294967296 1:1",
					   "char 0600 0 0 1",
					   "char 0600 0 0 1:x" };
	struct stat_text st;

	assert_int_equal(stat_text_parse(span_of("char 0660 0 108 10:196"), &st), 0);
	assert_true(span_equals(st.type, "char"));
	assert_int_equal(st.mode, 0660);
	assert_int_equal(st.uid, 0);
	assert_int_equal(st.gid, 108);
	assert_int_equal(st.major, 10);
	assert_int_equal(st.minor, 196);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (stat_text_parse(span_of(bad[i]), &st) != -EBADMSG)
			fail_msg("'%s' was understood", bad[i]);
}
