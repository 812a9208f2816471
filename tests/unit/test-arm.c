/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "facts/load.h"
#include "sysroot/sysroot.h"
#include "scene.h"

#define BASE "sys/firmware/devicetree/base"

static void put_cells(struct tree *x, const char *path, const unsigned char *cells, size_t nr)
{
	char bytes[64] = "";

	for (size_t i = 0; i < nr; i++)
		bytes[4 * i + 3] = (char)cells[i];
	tree_put_bytes(x, path, bytes, 4 * nr);
}

/* A GICv3 with its ITS (2) below a bus, an SMMU (10, which a reader of text takes for a newline), and a host bridge. */
static void put_machine(struct tree *x)
{
	static const unsigned char its = 2, smmu = 10, gic = 1;
	static const unsigned char msi_map[] = { 0, 2, 0, 200 }, iommu_map[] = { 0, 10, 0, 200 };

	tree_put(x, BASE "/compatible", "linux,dummy-virt");
	tree_dir(x, BASE "/cpus");
	tree_put(x, BASE "/soc/dma-coherent", "");
	tree_put(x, BASE "/soc/intc@8000000/compatible", "arm,gic-v3");
	put_cells(x, BASE "/soc/intc@8000000/phandle", &gic, 1);
	tree_put(x, BASE "/soc/intc@8000000/its@8080000/compatible", "arm,gic-v3-its");
	tree_put(x, BASE "/soc/intc@8000000/its@8080000/msi-controller", "");
	put_cells(x, BASE "/soc/intc@8000000/its@8080000/phandle", &its, 1);
	tree_put(x, BASE "/smmu@9050000/compatible", "arm,smmu-v3");
	tree_put(x, BASE "/smmu@9050000/#iommu-cells", "");
	put_cells(x, BASE "/smmu@9050000/phandle", &smmu, 1);
	tree_put(x, BASE "/soc/pcie@1/compatible", "pci-host-ecam-generic");
	tree_put(x, BASE "/soc/pcie@1/device_type", "pci");
	put_cells(x, BASE "/soc/pcie@1/msi-map", msi_map, 4);
	put_cells(x, BASE "/soc/pcie@1/iommu-map", iommu_map, 4);
	tree_link(x, "../../../../firmware/devicetree/base/soc/pcie@1",
		  "sys/class/pci_bus/0000:00/of_node");
	tree_dir(x, "sys/class/pci_bus/0000:01");
	tree_link(x, "../../../firmware/devicetree/base/smmu@9050000",
		  "sys/class/iommu/smmu3.0x0000000009050000/device/of_node");
	tree_add(x, .name = "0000:00:04.0");
	tree_add(x, .name = "0000:00:1e.0");
	tree_add(x, .bus = "platform", .name = "a.uart");
	tree_put(x, "sys/bus/platform/devices/a.uart/uevent", "OF_FULLNAME=/soc/uart@a\n");
}

static struct host *load(struct tree *x)
{
	return tree_load(x, x->sysroot, tree_scope(), NULL);
}

static void test_arm_by_device_tree(struct tree *x)
{
	const struct device *d;
	struct host *h;

	put_machine(x);
	h = load(x);
	assert_true(h->firmware.msi.known);
	assert_int_equal(h->firmware.msi.nr_its, 1);
	assert_null(h->firmware.msi.plain);
	assert_null(h->firmware.msi.doubtful);
	d = tree_find(h, "0000:00:04.0");
	assert_int_equal(d->msi, MSI_ITS);
	assert_int_equal(d->behind_smmu, TRI_YES);
	assert_non_null(d->coming);
	assert_int_equal(d->coming->coherent, TRI_NO);
	assert_int_equal(d->coherent, TRI_YES);
	/* Past the end of both maps. */
	d = tree_find(h, "0000:00:1e.0");
	assert_int_equal(d->msi, MSI_NONE);
	assert_int_equal(d->behind_smmu, TRI_NO);
	assert_null(d->coming);
}

static void test_arm_controllers_that_do_not_isolate(struct tree *x)
{
	struct host *h;

	put_machine(x);
	tree_put(x, BASE "/soc/intc@8000000/its@8080000/socionext,synquacer-pre-its", "");
	h = load(x);
	assert_int_equal(h->firmware.msi.nr_its, 0);
	assert_string_equal(h->firmware.msi.plain, "/soc/intc@8000000/its@8080000");
	assert_int_equal(tree_find(h, "0000:00:04.0")->msi, MSI_PLAIN);
	/* The whole bus is switched off. */
	tree_put(x, BASE "/soc/status", "disabled");
	h = load(x);
	assert_null(h->firmware.msi.plain);
}

static void test_arm_tree_of_a_machine_without(struct tree *x)
{
	struct host *h;

	tree_add(x, .name = "0000:00:04.0");
	h = load(x);
	assert_false(h->firmware.msi.known);
	assert_int_equal(tree_find(h, "0000:00:04.0")->msi, MSI_UNKNOWN);
}

#define ARM    "[\"ask\",\"uname:machine\",\"aarch64\"]\n"
#define TABLES "[\"list\",\"/sys/firmware/acpi/tables\",\"APIC\\nIORT\"]\n"
#define TABLE  "[\"read\",\"/sys/firmware/acpi/tables/"

static void test_arm_tables_denied_or_damaged(struct tree *x)
{
	struct host *h = tree_replay(x, ARM TABLES TABLE "APIC\",null,\"EACCES\"]\n" TABLE
							 "IORT\",null,\"EACCES\"]\n");

	assert_int_equal(h->firmware.madt.state, FACT_DENIED);
	assert_false(h->firmware.msi.known);
	assert_int_equal(h->devices[0]->behind_smmu, TRI_UNKNOWN);
	h = tree_replay(x, ARM TABLES TABLE "APIC\",\"APIC\"]\n" TABLE "IORT\",\"IORT\"]\n");
	assert_int_equal(h->firmware.madt.state, FACT_FAILED);
	assert_int_equal(h->firmware.iort.state, FACT_FAILED);
	assert_false(h->firmware.msi.known);
}
