/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Nodes and who holds them, interrupts, firmware, the caller: through captures written out here, and
 * trees. */
#include <errno.h>
#include <unistd.h>

#include "sysroot/sysroot.h"
#include "facts/load.h"
#include "scene.h"

static const char header[] =
	"{\"vfiotool-capture\":1}\n"
	"[\"list\",\"/sys/bus/pci/devices\",\"0000:01:00.0\"]\n"
	"[\"read\",\"/sys/bus/pci/devices/0000:01:00.0/uevent\",\"DRIVER=vfio-pci\\nPCI_CLASS=20000\\nPCI_ID=8086:1521\\n"
	"PCI_SUBSYS_ID=0:0\"]\n"
	"[\"link\",\"/sys/bus/pci/devices/0000:01:00.0/iommu_group\",\"../../../kernel/iommu_groups/12\"]\n";

/* A capture of one device and the lines in @more; the caller closes it. */
static struct sysroot *capture(struct tree *x, const char *more)
{
	struct sysroot *root = NULL;
	struct failure *why = NULL;
	char path[128];
	FILE *out;

	snprintf(path, sizeof(path), "%s/capture", x->dir);
	out = fopen(path, "we");
	assert_non_null(out);
	fputs(header, out);
	fputs(more, out);
	assert_int_equal(fclose(out), 0);
	if (sysroot_open(path, &root, &why) < 0)
		fail_msg("%s", why->text);
	return root;
}

/* ---- nodes ---- */

static void test_node_of_a_group_and_its_holders(void **state)
{
	struct tree *x = *state;
	struct sysroot *root =
		capture(x,
			"[\"list\",\"/dev/vfio\",\"12\\nvfio\"]\n"
			"[\"stat\",\"/dev/vfio/12\",\"char 0600 0 0 240:7\"]\n"
			"[\"access\",\"/dev/vfio/12\",\"-\"]\n"
			"[\"stat\",\"/dev/vfio/vfio\",\"char 0666 0 0 10:196\"]\n"
			"[\"access\",\"/dev/vfio/vfio\",\"rw\"]\n"
			"[\"stat\",\"/dev/iommu\",null,\"ENOENT\"]\n"
			"[\"ask\",\"/proc/*/fd\",\"hidden 3\\n/dev/vfio/12 411 qemu-system-x86\\n"
			"/dev/vfio/vfio 411 qemu-system-x86\\nvfio-device 412 a b\\n"
			"/dev/vfio/120 5 other\"]\n");
	struct host *h = tree_load(x, root, tree_scope(), NULL);
	const struct group *g = host_find_group(h, 12);

	assert_string_equal(g->node.path, "/dev/vfio/12");
	assert_int_equal(g->node.mode, 0600);
	assert_int_equal(g->node.major, 240);
	assert_int_equal(g->node.minor, 7);
	assert_string_equal(g->node.access.raw, "-");
	assert_string_equal(g->node.holders.raw, "411 qemu-system-x86");
	assert_int_equal(g->node.hidden_processes, 3);
	assert_string_equal(h->device_holders.raw, "412 a b");
	assert_int_equal(g->noiommu_node.stat.state, FACT_ABSENT);
	assert_int_equal(g->noiommu_node.holders.state, FACT_UNREAD);
	assert_string_equal(h->vfio_node.holders.raw, "411 qemu-system-x86");
	assert_int_equal(h->iommu_node.stat.state, FACT_ABSENT);
	host_free(h);
	sysroot_close(root);
}

static void test_node_nobody_holds(void **state)
{
	struct tree *x = *state;
	struct sysroot *root = capture(x, "[\"stat\",\"/dev/vfio/12\",\"char 0600 0 0 240:7\"]\n"
					  "[\"ask\",\"/proc/*/fd\",\"hidden 0\"]\n");
	struct host *h = tree_load(x, root, tree_scope(), NULL);

	/* The list of /dev/vfio is not in this capture: the node itself is asked. */
	assert_int_equal(host_find_group(h, 12)->node.stat.state, FACT_PRESENT);
	assert_int_equal(host_find_group(h, 12)->node.holders.state, FACT_PRESENT);
	assert_string_equal(host_find_group(h, 12)->node.holders.raw, "");
	host_free(h);
	sysroot_close(root);
}

static void test_node_with_absurd_stat(void **state)
{
	struct tree *x = *state;
	struct sysroot *root = capture(x, "[\"stat\",\"/dev/vfio/12\",\"char what\"]\n");
	struct host *h = tree_load(x, root, tree_scope(), NULL);

	assert_int_equal(host_find_group(h, 12)->node.stat.state, FACT_FAILED);
	assert_int_equal(host_find_group(h, 12)->node.stat.err, EBADMSG);
	host_free(h);
	sysroot_close(root);
}

static void test_node_of_a_device(void **state)
{
	struct tree *x = *state;
	struct sysroot *root =
		capture(x,
			"[\"list\",\"/sys/bus/pci/devices/0000:01:00.0/vfio-dev\",\"vfio3\"]\n"
			"[\"read\",\"/sys/bus/pci/devices/0000:01:00.0/vfio-dev/vfio3/dev\",\"511:3\"]\n"
			"[\"list\",\"/dev/vfio/devices\",\"vfio3\"]\n"
			"[\"stat\",\"/dev/vfio/devices/vfio3\",\"char 0660 0 36 511:3\"]\n");
	struct host *h = tree_load(x, root, tree_scope(), NULL);
	const struct device *d = h->devices[0];

	assert_string_equal(d->cdev_name, "vfio3");
	assert_string_equal(d->cdev_devno.raw, "511:3");
	assert_string_equal(d->cdev.path, "/dev/vfio/devices/vfio3");
	assert_int_equal(d->cdev.gid, 36);
	host_free(h);
	sysroot_close(root);
}

/* 6.1 has the class device and no character device. */
static void test_node_of_a_device_without_cdev(void **state)
{
	struct tree *x = *state;
	struct sysroot *root =
		capture(x,
			"[\"list\",\"/sys/bus/pci/devices/0000:01:00.0/vfio-dev\",\"vfio3\"]\n"
			"[\"read\",\"/sys/bus/pci/devices/0000:01:00.0/vfio-dev/vfio3/dev\",null,"
			"\"ENOENT\"]\n");
	struct host *h = tree_load(x, root, tree_scope(), NULL);

	assert_string_equal(h->devices[0]->cdev_name, "vfio3");
	assert_int_equal(h->devices[0]->cdev_devno.state, FACT_ABSENT);
	assert_null(h->devices[0]->cdev.path);
	host_free(h);
	sysroot_close(root);
}

/* ---- interrupts ---- */

static void test_interrupts_of_a_tree(void **state)
{
	struct tree *x = *state;
	const struct device *d;
	struct host *h;

	tree_device(x, &(struct tree_device){ .name = "0000:01:00.0", .driver = "igb" });
	tree_put(x, "proc/interrupts",
		 "   CPU0 CPU1\n 1: 5 6 IR-IO-APIC 1-edge x\n 24: 1 2 IR-PCI-MSI 0-edge y\n");
	for (unsigned int i = 0; i < 9; i++) {
		char path[128];

		tree_put(x, tree_path(path, "sys/kernel/irq/%u/chip_name", 40 + i),
			 "IR-PCI-MSIX-0000:01:00.0\n");
		tree_attribute(x, "0000:01:00.0", tree_path(path, "msi_irqs/%u", 40 + i), "msix\n");
	}
	tree_attribute(x, "0000:01:00.0", "msi_irqs/none", "");
	h = tree_load(x, x->sysroot, tree_scope(), NULL);
	assert_int_equal(h->interrupts.nr_chips, 2);
	assert_string_equal(h->interrupts.chips[1], "IR-PCI-MSI");
	assert_int_equal(h->interrupts.dmesg.state, FACT_UNREAD);
	d = h->devices[0];
	/* A few prove the chip; a network card has a hundred. */
	assert_int_equal(d->nr_irqs, 4);
	assert_int_equal(d->irqs[0].irq, 40);
	assert_string_equal(d->irqs[3].chip.raw, "IR-PCI-MSIX-0000:01:00.0");
	host_free(h);
}

static void test_interrupts_unreadable(void **state)
{
	struct tree *x = *state;
	struct host *h;

	tree_device(x, &(struct tree_device){ .name = "0000:01:00.0" });
	tree_put(x, "proc/interrupts", "what is this\n");
	h = tree_load(x, x->sysroot, tree_scope(), NULL);
	assert_int_equal(h->interrupts.proc.state, FACT_FAILED);
	assert_int_equal(h->interrupts.proc.err, EBADMSG);
	assert_int_equal(h->interrupts.nr_chips, 0);
	assert_int_equal(h->devices[0]->msi_irqs.state, FACT_ABSENT);
	host_free(h);
}

/* ---- firmware ---- */

static void test_firmware_of_a_tree(void **state)
{
	static const unsigned char dmar[48] = { 'D', 'M', 'A', 'R', 48, [36] = 38, [37] = 1 };
	struct tree *x = *state;
	struct host *h;

	tree_device(x, &(struct tree_device){ .name = "0000:01:00.0" });
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
	host_free(h);
}

static void test_firmware_denied_or_damaged(void **state)
{
	struct tree *x = *state;
	struct sysroot *root =
		capture(x, "[\"list\",\"/sys/firmware/acpi/tables\",\"DMAR\\nIVRS\"]\n"
			   "[\"read\",\"/sys/firmware/acpi/tables/DMAR\",null,\"EACCES\"]\n"
			   "[\"read\",\"/sys/firmware/acpi/tables/IVRS\",\"IVRS\"]\n");
	struct host *h = tree_load(x, root, tree_scope(), NULL);

	assert_int_equal(h->firmware.has_dmar, TRI_YES);
	assert_int_equal(h->firmware.dmar.state, FACT_DENIED);
	assert_int_equal(h->firmware.dmar_intr_remap, TRI_UNKNOWN);
	host_free(h);
	sysroot_close(root);
}

static void test_firmware_without_acpi(void **state)
{
	struct tree *x = *state;
	struct host *h;

	tree_device(x, &(struct tree_device){ .name = "0000:01:00.0" });
	h = tree_load(x, x->sysroot, tree_scope(), NULL);
	assert_int_equal(h->firmware.has_dmar, TRI_NO);
	assert_int_equal(h->firmware.has_viot, TRI_NO);
	assert_int_equal(h->firmware.hypervisor.state, FACT_ABSENT);
	host_free(h);
}

/* ---- the caller ---- */

static void test_caller_from_a_capture(void **state)
{
	struct tree *x = *state;
	struct sysroot *root =
		capture(x,
			"[\"ask\",\"process:identity\",\"euid=1000 egid=1000\"]\n"
			"[\"ask\",\"process:capabilities\",\"caps=ipc_lock,sys_rawio,unheard_of\"]\n"
			"[\"ask\",\"process:limits\",\"soft=8388608 hard=unlimited locked=4096\"]\n");
	struct host *h = tree_load(x, root, tree_scope(), NULL);

	assert_int_equal(h->caller.euid, 1000);
	assert_int_equal(h->caller.caps, CALLER_CAP_IPC_LOCK | CALLER_CAP_SYS_RAWIO);
	assert_int_equal(h->caller.memlock_soft, 8388608);
	assert_int_equal(h->caller.memlock_locked, 4096);
	host_free(h);
	sysroot_close(root);
	root = capture(x, "[\"ask\",\"process:capabilities\",\"caps=\"]\n"
			  "[\"ask\",\"process:limits\",\"soft=unlimited hard=unlimited\"]\n");
	h = tree_load(x, root, tree_scope(), NULL);
	assert_int_equal(h->caller.caps, 0);
	assert_true(h->caller.memlock_soft == UINT64_MAX);
	host_free(h);
	sysroot_close(root);
}

static void test_caller_absurd(void **state)
{
	struct tree *x = *state;
	struct sysroot *root = capture(x, "[\"ask\",\"process:identity\",\"root\"]\n"
					  "[\"ask\",\"process:capabilities\",\"all of them\"]\n"
					  "[\"ask\",\"process:limits\",\"soft=lots\"]\n");
	struct host *h = tree_load(x, root, tree_scope(), NULL);

	assert_int_equal(h->caller.identity.state, FACT_FAILED);
	assert_int_equal(h->caller.caps_fact.state, FACT_FAILED);
	assert_int_equal(h->caller.memlock_fact.err, EBADMSG);
	assert_int_equal(h->caller.memlock_soft, 0);
	host_free(h);
	sysroot_close(root);
}

static void test_caller_of_this_process(void **state)
{
	struct tree *x = *state;
	struct sysroot *root = NULL;
	char link[64] = "";
	struct host *h;

	assert_int_equal(sysroot_open(NULL, &root, NULL), 0);
	h = tree_load(x, root, &(struct scope){ HOST_CALLER, 0, 0 }, NULL);
	assert_int_equal(h->caller.caps_fact.state, FACT_PRESENT);
	/* In another user namespace than the first the caller is somebody else outside. */
	if (readlink("/proc/self/ns/user", link, sizeof(link) - 1) < 0 ||
	    strcmp(link, "user:[4026531837]") == 0)
		assert_int_equal(h->caller.euid, geteuid());
	else
		assert_int_equal(h->caller.caps, 0);
	assert_int_equal(h->caller.memlock_fact.state, FACT_PRESENT);
	assert_non_null(strstr(h->caller.memlock_fact.raw, "locked="));
	host_free(h);
	sysroot_close(root);
}

/* ---- attributes that no kernel would write ---- */

static void test_absurd_attributes(void **state)
{
	static char huge[1 << 20];
	struct tree *x = *state;
	const struct device *d;
	struct host *h;

	memset(huge, 'A', sizeof(huge) - 1);
	for (unsigned int i = 0; i < 5; i++) {
		char name[16];

		snprintf(name, sizeof(name), "0000:01:00.%u", i);
		tree_device(x, &(struct tree_device){ .name = name, .group = "4" });
	}
	tree_attribute(x, "0000:01:00.0", "uevent", "");
	tree_attribute(x, "0000:01:00.1", "uevent", huge);
	tree_attribute(x, "0000:01:00.2", "uevent", "\x01\xff\n=\n\n===\nPCI_ID\n");
	tree_remove(x, "sys/devices/pci0000:00/0000:01:00.3/uevent");
	tree_dir(x, "sys/devices/pci0000:00/0000:01:00.3/uevent");
	tree_remove(x, "sys/devices/pci0000:00/0000:01:00.4/uevent");
	tree_link(x, "uevent", "sys/devices/pci0000:00/0000:01:00.4/uevent");
	tree_link(x, "../nothing", "sys/devices/pci0000:00/0000:01:00.4/driver");
	tree_attribute(x, "0000:01:00.0", "sriov_numvfs", "many\n");
	tree_group_attribute(x, "4", "reserved_regions", huge);
	tree_put(x, "sys/kernel/iommu_groups/x/y", "");
	h = tree_load(x, x->sysroot, tree_scope(), NULL);
	assert_int_equal(h->nr_devices, 5);
	d = tree_find(h, "0000:01:00.0");
	assert_int_equal(d->driver_fact.state, FACT_ABSENT);
	assert_false(d->has_ids);
	assert_int_equal(d->sriov_numvfs.err, EBADMSG);
	d = tree_find(h, "0000:01:00.1");
	assert_int_equal(d->uevent.err, EFBIG);
	/* There is no driver link: that much the system said. */
	assert_int_equal(d->driver_fact.state, FACT_ABSENT);
	assert_int_equal(d->is_bridge, TRI_UNKNOWN);
	assert_false(tree_find(h, "0000:01:00.2")->has_ids);
	assert_int_equal(tree_find(h, "0000:01:00.3")->uevent.err, EISDIR);
	d = tree_find(h, "0000:01:00.4");
	assert_int_equal(d->uevent.err, ELOOP);
	assert_string_equal(d->driver, "nothing");
	assert_int_equal(h->nr_groups, 1);
	assert_int_equal(h->groups[0]->nr_members, 5);
	assert_int_equal(h->groups[0]->regions_err, -EBADMSG);
	host_free(h);
}

/* A device that goes while it is read: its directory is named, and everything in it is gone. */
static void test_vanished_device(void **state)
{
	struct tree *x = *state;
	const struct device *d;
	struct host *h;

	tree_device(x, &(struct tree_device){ .name = "0000:01:00.0", .group = "4" });
	tree_link(x, "../../../devices/pci0000:00/0000:02:00.0",
		  "sys/bus/pci/devices/0000:02:00.0");
	tree_link(x, "../../../../devices/platform/gone", "sys/kernel/iommu_groups/4/devices/gone");
	h = tree_load(x, x->sysroot, tree_scope(), NULL);
	d = tree_find(h, "0000:02:00.0");
	assert_int_equal(d->uevent.state, FACT_ABSENT);
	/* Not 'no driver': there is no device to have one. */
	assert_int_equal(d->driver_fact.state, FACT_FAILED);
	assert_int_equal(d->is_bridge, TRI_UNKNOWN);
	d = tree_find(h, "gone");
	assert_string_equal(d->bus_name, "unknown");
	assert_int_equal(d->bus, BUS_OTHER);
	assert_int_equal(d->driver_fact.state, FACT_FAILED);
	host_free(h);
}

/* A group whose directory went between the link and the list. */
static void test_vanished_group(void **state)
{
	struct tree *x = *state;
	struct host *h;

	tree_device(x, &(struct tree_device){ .name = "0000:01:00.0" });
	tree_link(x, "../../../kernel/iommu_groups/9",
		  "sys/devices/pci0000:00/0000:01:00.0/iommu_group");
	h = tree_load(x, x->sysroot, tree_scope(), (const char *[]){ "01:00.0", NULL });
	assert_int_equal(h->nr_groups, 1);
	assert_int_equal(h->groups[0]->members_list.state, FACT_ABSENT);
	assert_int_equal(h->groups[0]->type.state, FACT_ABSENT);
	assert_int_equal(h->groups[0]->nr_members, 1);
	assert_int_equal(h->groups[0]->regions_err, -ENODATA);
	host_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_node_of_a_group_and_its_holders, tree_setup,
						tree_teardown),
		cmocka_unit_test_setup_teardown(test_node_nobody_holds, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_node_with_absurd_stat, tree_setup,
						tree_teardown),
		cmocka_unit_test_setup_teardown(test_node_of_a_device, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_node_of_a_device_without_cdev, tree_setup,
						tree_teardown),
		cmocka_unit_test_setup_teardown(test_interrupts_of_a_tree, tree_setup,
						tree_teardown),
		cmocka_unit_test_setup_teardown(test_interrupts_unreadable, tree_setup,
						tree_teardown),
		cmocka_unit_test_setup_teardown(test_firmware_of_a_tree, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_firmware_denied_or_damaged, tree_setup,
						tree_teardown),
		cmocka_unit_test_setup_teardown(test_firmware_without_acpi, tree_setup,
						tree_teardown),
		cmocka_unit_test_setup_teardown(test_caller_from_a_capture, tree_setup,
						tree_teardown),
		cmocka_unit_test_setup_teardown(test_caller_absurd, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_caller_of_this_process, tree_setup,
						tree_teardown),
		cmocka_unit_test_setup_teardown(test_absurd_attributes, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_vanished_device, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_vanished_group, tree_setup, tree_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
