/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All guards but that of disks: each is shown to refuse, to let pass, and to admit what it cannot tell. */
#include "sysroot/sysroot.h"
#include "facts/load.h"
#include "bind/guard.h"
#include "scene.h"

/* ---- network, in captures ---- */

#define NIC    "0000:03:00.0"
#define NICDIR "/sys/devices/pci0000:00/" NIC

static const char nic[] =
	"{\"vfiotool-capture\":1}\n"
	"[\"list\",\"/sys/bus/pci/devices\",\"" NIC "\"]\n"
	"[\"link\",\"/sys/bus/pci/devices/" NIC "\",\"../../../devices/pci0000:00/" NIC "\"]\n"
	"[\"read\",\"" NICDIR "/boot_vga\",null,\"ENOENT\"]\n"
	"[\"list\",\"" NICDIR "\",\"uevent\\nvirtio0\"]\n"
	"[\"list\",\"" NICDIR "/net\",null,\"ENOENT\"]\n"
	"[\"list\",\"/sys/class/block\",\"\"]\n"
	"[\"read\",\"/proc/bus/input/devices\",\"\"]\n"
	"[\"read\",\"/proc/consoles\",\"\"]\n"
	"[\"link\",\"/sys/class/net/eth0\",\"../../devices/pci0000:00/" NIC "/virtio0/net/eth0\"]\n"
	"[\"read\",\"" NICDIR "/virtio0/net/eth0/ifindex\",\"2\"]\n";
static const char net_here[] = "[\"list\",\"" NICDIR "/virtio0/net\",\"eth0\"]\n";
static const char no_session[] = "[\"ask\",\"process:ssh\",\"none\"]\n";
static const char no_opens[] = "[\"ask\",\"process:open-devices\",\"hidden 0\"]\n";

static void uevent_says(struct tree *x, const char *uevent, const char *more, const char *text)
{
	struct sysroot *root =
		tree_capture(x, arena_printf(x->arena,
					     "%s[\"read\",\"/sys/bus/pci/devices/" NIC
					     "/uevent\",%s]\n%s",
					     nic, uevent, more));

	assert_string_equal(tree_guards(x, root, NIC), text);
}

static void capture_says_of(struct tree *x, const char *driver, const char *more, const char *text)
{
	uevent_says(x,
		    arena_printf(x->arena,
				 "\"DRIVER=%s\\nPCI_CLASS=20000\\nPCI_ID=1AF4:1041\\n"
				 "PCI_SUBSYS_ID=0:0\"",
				 driver),
		    more, text);
}

static void capture_says(struct tree *x, const char *more, const char *text)
{
	capture_says_of(x, "virtio-pci", more, text);
}

static const char *lines(struct tree *x, const char *links, const char *addresses,
			 const char *routes)
{
	return arena_printf(x->arena,
			    "%s%s%s[\"ask\",\"rtnetlink:links\",\"1 lo 65609 0 0 -\\n%s\"]\n"
			    "[\"ask\",\"rtnetlink:addresses\",\"1 127.0.0.1/8\\n%s\"]\n"
			    "[\"ask\",\"rtnetlink:routes\",\"%s\"]\n",
			    net_here, no_session, no_opens, links, addresses, routes);
}

static void test_network_down(struct tree *x)
{
	capture_says(x, lines(x, "2 eth0 4098 0 0 -", "", ""), "");
}

static void test_network_up_without_address(struct tree *x)
{
	capture_says(x, lines(x, "2 eth0 69699 0 0 -", "", ""), "");
}

static void test_network_up_with_address_and_route(struct tree *x)
{
	capture_says(x,
		     lines(x, "2 eth0 69699 0 0 -", "2 192.0.2.5/24", "2 default\\n9 10.0.0.0/8"),
		     "network yes address 192.0.2.5/24 <- eth0 <- " NIC "\n"
		     "network yes route default <- eth0 <- " NIC "\n");
}

static void test_network_in_a_bridge_on_a_bond(struct tree *x)
{
	capture_says(x,
		     lines(x,
			   "2 eth0 71747 3 0 -\\n3 bond0 71235 4 0 bond\\n4 br0 69699 0 0 bridge",
			   "4 192.0.2.5/24", ""),
		     "network yes bond0 (bond) <- eth0 <- " NIC "\n"
		     "network yes br0 (bridge) <- bond0 <- eth0 <- " NIC "\n"
		     "network yes address 192.0.2.5/24 <- br0 <- bond0 <- eth0 <- " NIC "\n");
}

static void test_network_in_a_bridge_that_is_down(struct tree *x)
{
	capture_says(x, lines(x, "2 eth0 4098 3 0 -\\n3 br0 4098 0 0 bridge", "", ""), "");
}

static void test_network_below_a_vlan(struct tree *x)
{
	capture_says(x, lines(x, "2 eth0 69699 0 0 -\\n5 eth0.7 69699 0 2 vlan", "", ""),
		     "network yes eth0.7 (vlan) <- eth0 <- " NIC "\n");
}

static void test_network_port_of_open_vswitch(struct tree *x)
{
	capture_says(x, lines(x, "2 eth0 69699 3 0 -\\n3 ovs-system 4098 0 0 openvswitch", "", ""),
		     "network yes ovs-system (openvswitch) <- eth0 <- " NIC "\n");
}

static void test_network_in_another_namespace(struct tree *x)
{
	capture_says(x,
		     arena_printf(x->arena,
				  "[\"list\",\"" NICDIR
				  "/virtio0/net\",\"\"]\n%s%s[\"ask\",\"rtnetlink:links\",\"1 lo 65609 0 0 -\"]\n"
				  "[\"ask\",\"rtnetlink:addresses\",\"\"]\n"
				  "[\"ask\",\"rtnetlink:routes\",\"\"]\n",
				  no_session, no_opens),
		     "network yes its interface is in another network namespace <- " NIC "\n");
}

/* rtnetlink of one namespace, sysfs of another: the numbers do not match. */
static void test_network_seen_by_sysfs_only(struct tree *x)
{
	capture_says(x, lines(x, "7 eth0 69699 0 0 -", "7 192.0.2.5/24", ""),
		     "network unknown interface eth0 is in another network namespace: its use cannot be seen\n");
}

static void test_network_unreadable(struct tree *x)
{
	capture_says(x,
		     arena_printf(x->arena,
				  "%s%s%s[\"ask\",\"rtnetlink:links\",null,\"EPERM\"]\n"
				  "[\"ask\",\"rtnetlink:addresses\",\"\"]\n"
				  "[\"ask\",\"rtnetlink:routes\",\"\"]\n",
				  net_here, no_session, no_opens),
		     "network unknown cannot tell which network interfaces there are: Operation not permitted\n");
}

static const char *with_ssh(struct tree *x, const char *ssh, const char *address)
{
	return arena_printf(x->arena,
			    "%s%s[\"ask\",\"process:ssh\",\"%s\"]\n"
			    "[\"ask\",\"rtnetlink:links\",\"2 eth0 69699 0 0 -\"]\n"
			    "[\"ask\",\"rtnetlink:addresses\",\"%s\"]\n"
			    "[\"ask\",\"rtnetlink:routes\",\"\"]\n",
			    net_here, no_opens, ssh, address);
}

static void test_session_over_the_device(struct tree *x)
{
	capture_says(x, with_ssh(x, "ssh 198.51.100.9 50000 192.0.2.5 22", "2 192.0.2.5/24"),
		     "network yes address 192.0.2.5/24 <- eth0 <- " NIC "\n"
		     "session yes your SSH connection, to 192.0.2.5 <- eth0 <- " NIC "\n");
}

static void test_session_over_another(struct tree *x)
{
	capture_says(x, with_ssh(x, "ssh 198.51.100.9 50000 192.0.2.50 22", "9 192.0.2.50/24"), "");
}

static void test_session_to_an_address_of_nobody(struct tree *x)
{
	capture_says(x, with_ssh(x, "ssh 198.51.100.9 50000 203.0.113.1 22", ""),
		     "session unknown this SSH session goes to 203.0.113.1, an address of no interface here\n");
}

static void test_session_hidden(struct tree *x)
{
	capture_says(x, with_ssh(x, "hidden 1234", ""),
		     "session unknown cannot tell whether this is an SSH session: no permission to inspect process 1234\n");
}

/* ---- open nodes and virtual machines, in captures ---- */

static const char quiet[] = "[\"ask\",\"rtnetlink:links\",\"\"]\n"
			    "[\"ask\",\"rtnetlink:addresses\",\"\"]\n"
			    "[\"ask\",\"rtnetlink:routes\",\"\"]\n"
			    "[\"ask\",\"process:ssh\",\"none\"]\n"
			    "[\"list\",\"" NICDIR "/virtio0/net\",null,\"ENOENT\"]\n";

static void test_open_client(struct tree *x)
{
	capture_says(x,
		     arena_printf(x->arena,
				  "%s[\"ask\",\"process:open-devices\",\"hidden 0\\n"
				  "c 226:0 /dev/dri/card0 812 Xorg\\nc 10:5 /dev/x 5 other\"]\n"
				  "[\"link\",\"/sys/dev/char/226:0\",\"../../devices/pci0000:00/" NIC
				  "/drm/card0\"]\n"
				  "[\"link\",\"/sys/dev/char/10:5\",\"../../devices/virtual/x\"]\n",
				  quiet),
		     "open yes process 812 (Xorg) has /dev/dri/card0 open <- " NIC " pid=812\n");
}

static void test_open_of_hidden_processes(struct tree *x)
{
	capture_says(x,
		     arena_printf(x->arena, "%s[\"ask\",\"process:open-devices\",\"hidden 4\"]\n",
				  quiet),
		     "open unknown 4 processes could not be inspected; one may have its device nodes open\n");
}

static const char vfio_group[] = "[\"link\",\"/sys/bus/pci/devices/" NIC
				 "/iommu_group\",\"../../../kernel/iommu_groups/12\"]\n"
				 "[\"list\",\"/dev/vfio\",\"12\\nvfio\"]\n"
				 "[\"stat\",\"/dev/vfio/12\",\"char 0600 0 0 240:7\"]\n"
				 "[\"list\",\"/sys/bus/pci/devices/" NIC "/vfio-dev\",\"vfio0\"]\n"
				 "[\"ask\",\"/proc/*/fd\",\"hidden 0\"]\n";

static void test_vm_by_group(struct tree *x)
{
	capture_says_of(x, "vfio-pci",
			arena_printf(x->arena,
				     "%s%s[\"ask\",\"process:open-devices\",\"hidden 0\\n"
				     "c 10:196 /dev/vfio/vfio 411 qemu-system-x86\\n"
				     "c 240:7 /dev/vfio/12 411 qemu-system-x86\\n"
				     "c 240:8 /dev/vfio/13 500 qemu-system-x86\"]\n"
				     "[\"link\",\"/sys/dev/char/240:7\",\"../../devices/virtual/vfio/12\"]\n"
				     "[\"read\",\"/proc/411/cmdline\",{\"hex\":\"71656d75002d6e616d650067756573743d7765622c64656275673d6f6e00\"}]\n",
				     quiet, vfio_group),
			"vm yes virtual machine web, process 411 (qemu-system-x86) <- " NIC
			" pid=411\n");
}

/* Before 6.1 there is no class device. */
static void test_vm_on_an_older_kernel(struct tree *x)
{
	capture_says_of(x, "vfio-pci",
			arena_printf(x->arena,
				     "%s[\"link\",\"/sys/bus/pci/devices/" NIC
				     "/iommu_group\",\"../../../kernel/iommu_groups/12\"]\n"
				     "[\"list\",\"/dev/vfio\",\"12\\nvfio\"]\n"
				     "[\"stat\",\"/dev/vfio/12\",\"char 0600 0 0 240:7\"]\n"
				     "[\"list\",\"/sys/bus/pci/devices/" NIC
				     "/vfio-dev\",null,\"ENOENT\"]\n"
				     "[\"ask\",\"/proc/*/fd\",\"hidden 0\\n/dev/vfio/12 411 kvm\"]\n"
				     "[\"ask\",\"process:open-devices\",\"hidden 0\\n"
				     "c 240:7 /dev/vfio/12 411 kvm\"]\n"
				     "[\"link\",\"/sys/dev/char/240:7\",\"../../devices/virtual/vfio/12\"]\n",
				     quiet),
			"held yes /dev/vfio/12 is open in process 411 (kvm) pid=411\n"
			"vm yes virtual machine ?, process 411 (kvm) <- " NIC " pid=411\n");
}

static void test_vm_by_descriptor_that_tells_nothing(struct tree *x)
{
	capture_says_of(x, "vfio-pci",
			arena_printf(x->arena,
				     "%s%s[\"ask\",\"process:open-devices\",\"hidden 0\\n"
				     "v 0:0 ? 411 qemu-system-x86\"]\n",
				     quiet, vfio_group),
			"vm unknown process 411 (qemu-system-x86) has a VFIO device open, and this kernel does not report which one pid=411\n");
}

/* ---- locked by an unbind that waits, in captures ---- */

static const char waits[] =
	"[\"ask\",\"process:open-devices\",\"hidden 0\\nc 240:7 /dev/vfio/12 411 kvm\\n"
	"w 0:0 /sys/bus/pci/drivers/vfio-pci/unbind 99 sh\"]\n";

static const char *of_group(struct tree *x, const char *opens)
{
	return arena_printf(x->arena,
			    "%s[\"link\",\"/sys/bus/pci/devices/" NIC
			    "/iommu_group\",\"../../../kernel/iommu_groups/12\"]\n"
			    "[\"link\",\"/sys/bus/pci/devices/" NIC "/driver\",null,\"ENOENT\"]\n"
			    "[\"list\",\"/dev/vfio\",\"12\\nvfio\"]\n"
			    "[\"stat\",\"/dev/vfio/12\",\"char 0600 0 0 240:7\"]\n"
			    "[\"ask\",\"/proc/*/fd\",\"hidden 0\"]\n%s",
			    quiet, opens);
}

/* The uevent does not answer: to 6.1 it is read with the device locked. */
static void test_locked_uevent_does_not_answer(struct tree *x)
{
	uevent_says(x, "null,\"ETIMEDOUT\"", of_group(x, waits),
		    "locked yes an unbind of the device waits for process 411 (kvm), which has /dev/vfio/12 open; process 99 (sh) waits in a write to /sys/bus/pci/drivers/vfio-pci/unbind pid=411\n");
}

static void test_locked_and_nobody_seen(struct tree *x)
{
	uevent_says(x, "null,\"ETIMEDOUT\"", of_group(x, no_opens),
		    "locked yes the kernel has it locked: an unbind or bind of it has not finished\n");
}

/* A newer kernel tells whose a descriptor is, and keeps nobody waiting. */
static void test_locked_by_a_descriptor_of_the_device(struct tree *x)
{
	uevent_says(x, "\"PCI_CLASS=20000\\nPCI_ID=1AF4:1041\\nPCI_SUBSYS_ID=0:0\"",
		    of_group(x, "[\"ask\",\"process:open-devices\",\"hidden 0\\n"
				"v 0:0 " NICDIR " 411 kvm\"]\n"
				"[\"read\",\"/proc/411/cmdline\",\"kvm\"]\n"),
		    "locked yes an unbind of the device waits for process 411 (kvm) pid=411\n");
}

static void test_locked_perhaps(struct tree *x)
{
	uevent_says(x, "\"PCI_CLASS=20000\\nPCI_ID=1AF4:1041\\nPCI_SUBSYS_ID=0:0\"",
		    of_group(x, waits),
		    "locked unknown process 99 (sh) waits in a write to /sys/bus/pci/drivers/vfio-pci/unbind, perhaps for this device: process 411 (kvm) has /dev/vfio/12 open pid=411\n");
}

static void test_locked_not_by_a_write_elsewhere(struct tree *x)
{
	uevent_says(x, "\"PCI_CLASS=20000\\nPCI_ID=1AF4:1041\\nPCI_SUBSYS_ID=0:0\"",
		    of_group(x, "[\"ask\",\"process:open-devices\",\"hidden 0\\n"
				"w 0:0 /sys/bus/pci/drivers/vfio-pci/unbind 99 sh\"]\n"),
		    "");
}

/* ---- display, console, virtual functions, in trees ---- */

#define CARD TREE_CARD

static void test_display_booted_with(struct tree *x)
{
	tree_card(x);
	tree_attribute(x, CARD, "boot_vga", "1\n");
	assert_guards(x, CARD, "display yes the display that the host booted with <- " CARD "\n");
}

static void test_display_second(struct tree *x)
{
	tree_card(x);
	tree_attribute(x, CARD, "boot_vga", "0\n");
	assert_guards(x, CARD, "");
}

static void test_display_unreadable(struct tree *x)
{
	tree_card(x);
	tree_dir(x, "sys/devices/pci0000:00/" CARD "/boot_vga");
	assert_guards(x, CARD,
		      "display unknown cannot tell whether it is the display that the host booted with: Is a directory\n");
}

static void test_console_keyboard(struct tree *x)
{
	tree_card(x);
	tree_put(x, "proc/bus/input/devices",
		 "I: Bus=0019\nN: Name=\"Power Button\"\nS: Sysfs=/devices/pci0000:00/" CARD "/a\n"
		 "H: Handlers=kbd event0 \nB: EV=3\n\n"
		 "I: Bus=0003\nN: Name=\"QEMU USB Keyboard\"\n"
		 "S: Sysfs=/devices/pci0000:00/" CARD "/usb1/1-1/1-1:1.0/input/input5\n"
		 "H: Handlers=sysrq kbd leds event5 \nB: EV=120013\n\n");
	assert_guards(x, CARD, "console yes keyboard QEMU USB Keyboard <- " CARD "\n");
}

static void test_console_terminal(struct tree *x)
{
	tree_card(x);
	tree_put(x, "proc/consoles",
		 "ttyS4                -W- (EC p a)    4:68\n"
		 "tty0                 -WU (E  p  )    4:1\n");
	tree_link(x, "../../devices/pci0000:00/" CARD "/tty/ttyS4", "sys/dev/char/4:68");
	tree_link(x, "../../devices/virtual/tty/tty0", "sys/dev/char/4:1");
	assert_guards(x, CARD, "console yes console ttyS4 <- " CARD "\n");
}

static void test_vfs_in_use(struct tree *x)
{
	tree_card(x);
	tree_add(x, .name = "0000:02:10.0");
	tree_attribute(x, CARD, "sriov_numvfs", "1\n");
	tree_link(x, "../0000:02:10.0", "sys/devices/pci0000:00/" CARD "/virtfn0");
	assert_guards(x, CARD, "");
	tree_link(x, "../../../bus/pci/drivers/igbvf",
		  "sys/devices/pci0000:00/0000:02:10.0/driver");
	assert_guards(x, CARD, "vfs yes virtual functions 0000:02:10.0 (igbvf) <- " CARD "\n");
}

/* nvme leaves them, c6xx takes them along: the number that was set would be lost. */
static void test_vfs_that_go_with_the_driver(struct tree *x)
{
	tree_card(x);
	tree_add(x, .name = "0000:05:00.0", .driver = "c6xx", .class = "b4000");
	tree_add(x, .name = "0000:05:10.0");
	assert_guards(x, "0000:05:00.0", "");
	tree_attribute(x, "0000:05:00.0", "sriov_numvfs", "1\n");
	tree_link(x, "../0000:05:10.0", "sys/devices/pci0000:00/0000:05:00.0/virtfn0");
	assert_guards(x, "0000:05:00.0",
		      "vfs unknown cannot tell whether driver c6xx keeps the virtual functions (1) at its unbind <- 0000:05:00.0\n");
}

static void test_usage_not_looked_at(struct tree *x)
{
	struct guard_finding *f;
	static const struct scope scope = {
		.host_parts = HOST_GROUPS | HOST_GROUP_NODES,
		.device_parts = DEVICE_ALL,
		.member_parts = DEVICE_ALL,
	};
	struct host *h;
	size_t nr;

	tree_card(x);
	h = tree_load(x, x->sysroot, &scope, (const char *[]){ CARD, NULL });
	guards_check(x->sysroot, h, tree_find(h, CARD), x->arena, &f, &nr);
	/* Every guard that needs it says so; none is silent. */
	assert_int_equal(nr, 8);
	for (size_t i = 0; i < nr; i++)
		assert_int_equal(f[i].answer, ANSWER_UNKNOWN);
}
