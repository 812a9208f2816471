/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysroot/sysroot.h"
#include "facts/load.h"
#include "scene.h"

static void test_firmware_of_a_tree(struct tree *x)
{
	static const unsigned char dmar[48] = { 'D', 'M', 'A', 'R', 48, [36] = 38, [37] = 1 };
	struct host *h;

	tree_add(x, .name = "0000:01:00.0");
	tree_put(x, "sys/firmware/acpi/tables/APIC", "");
	tree_put_bytes(x, "sys/firmware/acpi/tables/DMAR", (const char *)dmar, sizeof(dmar));
	tree_put(x, "sys/class/dmi/id/sys_vendor", "Microsoft Corporation\n");
	tree_put(x, "sys/class/dmi/id/product_name", "Virtual Machine\n");
	tree_put(x, "proc/cpuinfo", "processor\t: 0\nvendor_id\t: AuthenticAMD\n");
	h = tree_load(x, x->sysroot, tree_scope(), NULL);
	assert_int_equal(h->firmware.has_dmar, TRI_YES);
	assert_int_equal(h->firmware.has_ivrs, TRI_NO);
	assert_int_equal(h->firmware.dmar_intr_remap, TRI_YES);
	assert_int_equal(h->firmware.ivrs.state, FACT_ABSENT);
	assert_string_equal(h->firmware.cpu_vendor.raw, "AuthenticAMD");
	assert_string_equal(h->firmware.hypervisor.raw, "hyperv");
}

static void test_firmware_denied_or_damaged(struct tree *x)
{
	struct host *h =
		tree_replay(x, "[\"list\",\"/sys/firmware/acpi/tables\",\"DMAR\\nIVRS\"]\n"
			       "[\"read\",\"/sys/firmware/acpi/tables/DMAR\",null,\"EACCES\"]\n"
			       "[\"read\",\"/sys/firmware/acpi/tables/IVRS\",\"IVRS\"]\n");

	assert_int_equal(h->firmware.has_dmar, TRI_YES);
	assert_int_equal(h->firmware.dmar.state, FACT_DENIED);
	assert_int_equal(h->firmware.dmar_intr_remap, TRI_UNKNOWN);
}

static void test_firmware_without_acpi(struct tree *x)
{
	struct host *h;

	tree_add(x, .name = "0000:01:00.0");
	h = tree_load(x, x->sysroot, tree_scope(), NULL);
	assert_int_equal(h->firmware.has_dmar, TRI_NO);
	assert_int_equal(h->firmware.has_viot, TRI_NO);
	assert_int_equal(h->firmware.hypervisor.state, FACT_ABSENT);
}

/* A microvm has no DMI; bare metal does not have the flag. */
static void test_firmware_hypervisor_without_dmi(struct tree *x)
{
	struct host *h;

	tree_add(x, .name = "0000:01:00.0");
	tree_put(x, "proc/cpuinfo",
		 "processor\t: 0\nvendor_id\t: GenuineIntel\nflags\t\t: fpu hypervisor lahf_lm\n");
	h = tree_load(x, x->sysroot, tree_scope(), NULL);
	assert_string_equal(h->firmware.hypervisor.raw, HYPERVISOR_UNNAMED);
	tree_put(x, "sys/class/dmi/id/sys_vendor", "QEMU\n");
	h = tree_load(x, x->sysroot, tree_scope(), NULL);
	assert_string_equal(h->firmware.hypervisor.raw, "qemu");
	tree_put(x, "sys/class/dmi/id/sys_vendor", "Dell Inc.\n");
	tree_put(x, "proc/cpuinfo",
		 "processor\t: 0\nvendor_id\t: GenuineIntel\nflags\t\t: fpu nohypervisor lahf_lm\n");
	h = tree_load(x, x->sysroot, tree_scope(), NULL);
	assert_int_equal(h->firmware.hypervisor.state, FACT_ABSENT);
}
