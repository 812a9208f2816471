/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of the kernel's log about stopped devices, as each driver writes them. */
#include <errno.h>

#include "base/macro.h"
#include "decode/fault.h"
#include "scene.h"

static struct span span(const char *s)
{
	return span_of(s);
}

static void test_fault_of_each_driver(void)
{
	static const struct {
		const char *line, *driver;
		uint64_t address;
	} cases[] = {
		{ "DMAR: [DMA Write NO_PASID] Request device [00:04.0] fault addr 0x103000 [fault reason 0x05] PTE Write access is not set",
		  "VT-d", 0x103000 },
		{ "DMAR: [DMA Write] Request device [00:04.0] PASID ffffffff fault addr 103000 [fault reason 05] PTE Write access is not set",
		  "VT-d", 0x103000 },
		{ "vfio-pci 0000:00:04.0: AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x0003 address=0x103000 flags=0x0020]",
		  "AMD-Vi", 0x103000 },
		{ "virtio_iommu virtio0: page fault from EP 32 at 0x103800 [W]", "virtio-iommu",
		  0x103800 },
		{ "arm-smmu 2b400000.iommu: Unhandled context fault: fsr=0x402, iova=0xffffffff0000, fsynr=0x1",
		  "SMMU", UINT64_C(0xffffffff0000) },
		{ "arm-smmu-v3 9050000.iommu: event: F_TRANSLATION client: 0000:00:04.0 sid: 0x20 ssid: 0x0 iova: 0x103000 ipa: 0x0",
		  "SMMU", 0x103000 },
		{ "arm-smmu-v3 9050000.smmuv3: \\x090x0000000000103000", "SMMU", 0x103000 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct dma_fault fault;

		assert_int_equal(fault_parse(span(cases[i].line), &fault), 0);
		assert_string_equal(fault.driver, cases[i].driver);
		assert_int_equal(fault.address, cases[i].address);
	}
}

static void test_fault_of_other_lines(void)
{
	static const char *const lines[] = {
		"",
		"DMAR: DRHD: handling fault status reg 2",
		"DMAR: fault addr ",
		"DMAR: fault addr 0x",
		"DMAR: fault addr zz",
		"DMAR: fault addr 12345678901234567",
		"AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x0003",
		"a program: fault addr 0x1000",
		"virtio_iommu virtio0: page fault from EP 32 [W]",
	};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct dma_fault fault;

		assert_int_equal(fault_parse(span(lines[i]), &fault), -ENOENT);
	}
}

static void test_fault_record_of_the_log(void)
{
	struct span text = kmsg_text(span("3,812,5150,-;DMAR: x;y\n SUBSYSTEM=pci\n"));

	assert_true(span_equals(text, "DMAR: x;y"));
	assert_true(span_equals(kmsg_text(span("6,1,2,-;end")), "end"));
	assert_int_equal(kmsg_text(span("no semicolon")).len, 0);
	assert_int_equal(kmsg_text(span(";")).len, 0);
}
