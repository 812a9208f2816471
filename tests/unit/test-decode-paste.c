/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each form of pasted text says, and what it does not. */
#include <string.h>

#include "base/macro.h"
#include "decode/paste.h"
#include "scene.h"

static struct paste *read_text(struct arena *a, const char *text)
{
	struct span rest = span_of(text), line;
	struct paste *p = paste_new(a);

	while (parse_line(&rest, &line))
		paste_line(p, line);
	paste_end(p);
	return p;
}

static const struct paste_device *find(const struct paste *p, const char *name)
{
	const struct paste_device *ret = strmap_find(&p->by_name, name);

	assert_non_null(ret);
	return ret;
}

static void assert_ids(const struct paste_device *d, uint32_t class_code, uint16_t vendor,
		       uint16_t device)
{
	assert_true(d->has_ids);
	assert_true(d->has_class);
	assert_int_equal(d->class_code, class_code);
	assert_int_equal(d->vendor, vendor);
	assert_int_equal(d->device, device);
}

static void test_paste_of_lspci_nnk(struct arena *a)
{
	const struct paste *p =
		read_text(a,
			  "00:00.0 Host bridge [0600]: Intel Corporation [8086:591f] (rev 05)\n"
			  "01:00.0 VGA compatible controller [0300]: NVIDIA GP104 [GeForce [1080]] [10de:1b80] (rev a1)\n"
			  "\tSubsystem: Micro-Star [MSI] GP104 [1462:3362]\n"
			  "\tKernel driver in use: vfio-pci\n"
			  "\tKernel modules: nouveau\n"
			  "02:00.0 USB controller [0c03]: Renesas [1912:0015]\n");
	const struct paste_device *d = find(p, "0000:01:00.0");

	assert_ids(d, 0x030000, 0x10de, 0x1b80);
	assert_true(d->has_subsystem);
	assert_int_equal(d->subdevice, 0x3362);
	assert_int_equal(d->driver_told, PASTE_YES);
	assert_string_equal(d->driver, "vfio-pci");
	/* Some device has a driver, so that lspci was asked for them. */
	assert_int_equal(find(p, "0000:02:00.0")->driver_told, PASTE_NO);
	assert_int_equal(find(p, "0000:02:00.0")->bridge, PASTE_UNTOLD);
	assert_true(p->parts & PASTE_WHOLE);
	assert_int_equal(p->nr_lines, p->nr_understood);
}

/* Without -k, and behind grep, nobody knows which devices have no driver. */
static void test_paste_of_lspci_without_drivers(struct arena *a)
{
	const struct paste *p = read_text(a, "01:00.0 0300: 10de:1b80 (rev a1)\n"
					     "01:00.1 0403: 10de:10f0\n");

	assert_ids(find(p, "0000:01:00.0"), 0x030000, 0x10de, 0x1b80);
	assert_int_equal(find(p, "0000:01:00.0")->driver_told, PASTE_UNTOLD);
	assert_false(p->parts & PASTE_WHOLE);
	p = read_text(a, "01:00.0 VGA compatible controller [0300]: NVIDIA [10de:1b80]\n"
			 "\tKernel driver in use: nouveau\n"
			 "--\n"
			 "02:00.0 VGA compatible controller [0300]: NVIDIA [10de:1b80]\n");
	assert_int_equal(find(p, "0000:02:00.0")->driver_told, PASTE_UNTOLD);
}

static void test_paste_of_lspci_vvv(struct arena *a)
{
	const struct paste *p =
		read_text(a,
			  "00:01.0 PCI bridge [0604]: AMD [1022:1453] (prog-if 00 [Normal decode])\n"
			  "\tControl: I/O+ Mem+\n"
			  "\tBus: primary=00, secondary=0a, subordinate=0c, sec-latency=0\n"
			  "\tIOMMU group: 3\n"
			  "\tNUMA node: 1\n"
			  "\tCapabilities: [58] Express (v2) Root Port (Slot+), MSI 00\n"
			  "\t\tSltCap:\tAttnBtn- PwrCtrl-\n"
			  "\t\t\tSlot #7, PowerLimit 0W\n"
			  "\tCapabilities: [2a0 v1] Access Control Services\n"
			  "\t\tACSCap:\tSrcValid+ TransBlk+ ReqRedir+ CmpltRedir+ UpstreamFwd+ EgressCtrl- DirectTrans-\n"
			  "\t\tACSCtl:\tSrcValid+ TransBlk- ReqRedir- CmpltRedir+ UpstreamFwd- EgressCtrl- DirectTrans-\n"
			  "\n"
			  "0a:00.0 Non-Volatile memory controller [0108]: Samsung [144d:a808] (prog-if 02 [NVM Express])\n"
			  "\tFlags: bus master\n");
	const struct paste_device *d = find(p, "0000:00:01.0");

	assert_int_equal(d->bridge, PASTE_YES);
	assert_int_equal(d->config.secondary, 0x0a);
	assert_int_equal(d->config.subordinate, 0x0c);
	assert_int_equal(d->config.type, PCIE_ROOT_PORT);
	assert_true(d->config.has_slot);
	assert_int_equal(d->config.slot, 7);
	assert_int_equal(d->config.acs, PCIGROUP_PRESENT);
	assert_int_equal(d->config.acs_cap, ACS_SV | ACS_TB | ACS_RR | ACS_CR | ACS_UF);
	assert_int_equal(d->config.acs_ctrl, ACS_SV | ACS_CR);
	assert_true(d->has_group);
	assert_int_equal(d->group, 3);
	assert_int_equal(d->numa, 1);
	assert_int_equal(find(p, "0000:0a:00.0")->class_code, 0x010802);
	assert_int_equal(find(p, "0000:0a:00.0")->bridge, PASTE_NO);
	assert_false(find(p, "0000:0a:00.0")->has_group);
}

static void test_paste_of_lspci_records(struct arena *a)
{
	const struct paste *p =
		read_text(a,
			  "Slot:\t01:00.0\nClass:\tVGA compatible controller [0300]\n"
			  "Vendor:\tNVIDIA Corporation [10de]\nDevice:\tGP104 [GeForce] [1b80]\n"
			  "SVendor:\tMSI [1462]\nSDevice:\tGP104 [3362]\nRev:\ta1\nDriver:\tnouveau\n"
			  "Module:\tnouveau\nIOMMUGroup:\t1\n\n"
			  "Slot:\t00:00.0\nClass:\tHost bridge [0600]\nVendor:\tIntel [8086]\n"
			  "Device:\tBridge [591f]\nRev:\t05\n");
	const struct paste_device *d = find(p, "0000:01:00.0");

	assert_ids(d, 0x030000, 0x10de, 0x1b80);
	assert_int_equal(d->subvendor, 0x1462);
	assert_string_equal(d->driver, "nouveau");
	assert_int_equal(d->group, 1);
	assert_int_equal(find(p, "0000:00:00.0")->driver_told, PASTE_NO);
	assert_int_equal(p->nr_lines, p->nr_understood);
}

static void test_paste_of_bytes(struct arena *a)
{
	const struct paste *p =
		read_text(a, "00:02.0 0200: 8086:10d3\n"
			     "00: 86 80 d3 10 07 00 10 00 00 00 00 02 00 00 00 00\n"
			     "10: 00 00 00 fe 00 00 00 00 00 00 00 00 00 00 00 00\n"
			     "30: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00\n");

	/* A part that is missing ends what is known. */
	assert_int_equal(find(p, "0000:00:02.0")->nr_bytes, 32);
	assert_int_equal(find(p, "0000:00:02.0")->bytes[3], 0x10);
}

static void test_paste_of_a_tree(struct arena *a)
{
	const struct paste *p =
		read_text(a, "-[0000:00]-+-00.0\n"
			     "           +-01.0-[01]--+-00.0\n"
			     "           |            \\-00.1\n"
			     "           +-1c.0-[02-04]----00.0-[03-04]--+-01.0-[04]----00.0\n"
			     "           \\-1f.0\n");

	assert_int_equal(p->nr_devices, 9);
	assert_ptr_equal(find(p, "0000:01:00.1")->above, find(p, "0000:00:01.0"));
	assert_ptr_equal(find(p, "0000:02:00.0")->above, find(p, "0000:00:1c.0"));
	assert_ptr_equal(find(p, "0000:03:01.0")->above, find(p, "0000:02:00.0"));
	assert_ptr_equal(find(p, "0000:04:00.0")->above, find(p, "0000:03:01.0"));
	assert_null(find(p, "0000:00:1f.0")->above);
	assert_true(find(p, "0000:00:1f.0")->has_above);
}

#define LINK(name) "lrwxrwxrwx 1 root root 0 Jan 1 00:00 " name " -> ../" name "\n"
#define LISTED_LINKS \
	"/sys/kernel/iommu_groups/12/devices:\ntotal 0\n" LINK("0000:01:00.0") LINK("0000:01:00.1")

/* The forms of well-known scripts. */
static void test_paste_of_groups(struct arena *a)
{
	static const char *const forms[] = {
		"IOMMU Group 12:\n\t01:00.0 VGA [0300]: N [10de:1b80]\n\t01:00.1 Audio [0403]: N [10de:10f0]\n",
		"IOMMU Group 12 01:00.0 VGA [0300]: N [10de:1b80]\nIOMMU Group 12 01:00.1 Audio [0403]: N [10de:10f0]\n",
		"IOMMU group 12:\t[10de:1b80] 01:00.0 VGA compatible controller: N\n\t[10de:10f0] 01:00.1 Audio device: N\n",
		"Group 12:\t[10de:1b80] [R] 01:00.0  VGA compatible controller\n\t[10de:10f0]     01:00.1  Audio device\n",
		"Group:  12  0000:01:00.0 VGA [0300]: N [10de:1b80]\nGroup:  12  0000:01:00.1 Audio\n",
		"### IOMMU Group 12:\n[RESET]\t01:00.0 VGA [0300]: N [10de:1b80]\n\t01:00.1 Audio [0403]: N\n",
		"/sys/kernel/iommu_groups/12/devices/0000:01:00.0\n/sys/kernel/iommu_groups/12/devices/0000:01:00.1\n",
		LISTED_LINKS,
	};

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		const struct paste *p = read_text(a, forms[i]);

		for (unsigned int function = 0; function < 2; function++) {
			const struct paste_device *d =
				find(p, arena_printf(a, "0000:01:00.%u", function));

			assert_true(d->has_group);
			assert_int_equal(d->group, 12);
			/* Such a list says nothing of drivers. */
			assert_int_equal(d->driver_told, PASTE_UNTOLD);
		}
		assert_int_equal(p->nr_devices, 2);
		assert_true(p->parts & PASTE_MEMBERS);
		assert_int_equal(p->nr_lines, p->nr_understood);
	}
}

static void test_paste_of_the_kernel(struct arena *a)
{
	const struct paste *p =
		read_text(a,
			  "Linux version 6.1.0-18-amd64 (debian-kernel@lists.debian.org) (gcc-12)\n"
			  "[    0.000000] Command line: BOOT_IMAGE=/vmlinuz root=/dev/sda1 intel_iommu=on\n"
			  "[    0.3] DMAR-IR: Enabled IRQ remapping in x2apic mode\n"
			  "Feb  1 10:00:00 host kernel: [    0.4] pci 0000:01:00.0: Adding to iommu group 7\n"
			  "[    0.5] usb 1-1: new device\n");

	assert_string_equal(p->release, "6.1.0-18-amd64");
	assert_string_equal(p->cmdline, "BOOT_IMAGE=/vmlinuz root=/dev/sda1 intel_iommu=on");
	assert_string_equal(strbuf_get(&p->log), "DMAR-IR: Enabled IRQ remapping in x2apic mode");
	assert_int_equal(find(p, "0000:01:00.0")->group, 7);
	assert_false(p->parts & PASTE_MEMBERS);
	assert_int_equal(p->nr_lines - p->nr_understood, 1);
	p = read_text(a,
		      "me@host:~$ uname -r\n6.8.12-4-pve\nme@host:~$ cat /proc/cmdline\nquiet ro\n");
	assert_string_equal(p->release, "6.8.12-4-pve");
	assert_string_equal(p->cmdline, "quiet ro");
	p = read_text(a, "Linux box 6.12.1-arch1-1 #1 SMP PREEMPT_DYNAMIC x86_64 GNU/Linux\n");
	assert_string_equal(p->release, "6.12.1-arch1-1");
	assert_string_equal(p->machine, "x86_64");
}

static void test_paste_of_modules_and_nodes(struct arena *a)
{
	const struct paste *p =
		read_text(a,
			  "$ lsmod | grep vfio\nvfio_pci  16384  0\nvfio 69632  2 vfio_pci\n"
			  "# ls -l /dev/vfio\ntotal 0\ncrw------- 1 root root 241, 0 Jan 1 00:00 12\n"
			  "crw-rw---- 1 root kvm 241, 1 Jan 1 00:00 13\ndrwxr-xr-x 2 root root 60 Jan 1 00:00 devices\n"
			  "crw-rw-rw- 1 root root 10, 196 Jan 1 00:00 vfio\n");

	assert_non_null(strmap_find(&p->modules, "vfio_pci"));
	assert_null(strmap_find(&p->modules, "iommufd"));
	assert_int_equal(p->nr_nodes, 4);
	assert_true(p->nodes_listed);
	assert_int_equal(p->nodes[0].mode, 0600);
	assert_true(p->nodes[0].known);
	/* The number of a group that has a name is not known. */
	assert_false(p->nodes[1].known);
	assert_int_equal(p->nodes[3].minor, 196);
}

static void test_paste_leaves_what_it_does_not_know(struct arena *a)
{
	const struct paste *p =
		read_text(a,
			  "Hello\nI have a problem in group 5 of my IOMMU\nqemu: vfio 0000:01:00.0: failed\n"
			  "12:34.5 is a time\n\001\377\n[    ]\n-[\n-[]\nSlot:\nGroup x\nModule\n");

	assert_int_equal(p->nr_devices, 0);
	assert_null(p->release);
	assert_null(p->cmdline);
}
