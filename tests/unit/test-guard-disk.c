/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands on a disk, on hosts made of files: it refuses, lets pass, and admits what it cannot tell. */
#include <limits.h>

#include "scene.h"

#define DISK TREE_CARD

static void tree_block(struct tree *x, const char *below, const char *name, const char *devno)
{
	char path[PATH_MAX], target[PATH_MAX];

	tree_put(x, tree_path(path, "sys/devices/%s/%s/dev", below, name), devno);
	tree_dir(x, tree_path(path, "sys/devices/%s/%s/holders", below, name));
	tree_link(x, tree_path(target, "../../devices/%s/%s", below, name),
		  tree_path(path, "sys/class/block/%s", name));
}

static void tree_holder(struct tree *x, const char *below, const char *name, const char *holder)
{
	char path[PATH_MAX];

	tree_link(x, "../../x",
		  tree_path(path, "sys/devices/%s/%s/holders/%s", below, name, holder));
}

#define NVME  "pci0000:00/" DISK "/nvme/nvme0"
#define NVME1 NVME "/nvme0n1"

static void tree_mounts(struct tree *x, const char *lines)
{
	char text[2048];

	tree_put(x, "proc/self/mountinfo",
		 tree_path(text, "21 1 0:5 / /proc rw - proc proc rw\n%s", lines));
}

/* A host with a disk of two partitions, and nothing on them. */
static void tree_host(struct tree *x)
{
	tree_card(x);
	tree_block(x, NVME, "nvme0n1", "259:0\n");
	tree_block(x, NVME1, "nvme0n1p1", "259:1\n");
	tree_block(x, NVME1, "nvme0n1p2", "259:2\n");
}

static void test_disk_free(struct tree *x)
{
	tree_host(x);
	assert_guards(x, DISK, "");
}

static void test_disk_mounted(struct tree *x)
{
	tree_host(x);
	tree_mounts(x, "22 1 259:1 / /srv/my\\040data rw - ext4 /dev/nvme0n1p1 rw\n");
	assert_guards(x, DISK, "disk yes /srv/my\\040data <- nvme0n1p1 <- " DISK "\n");
}

static void test_disk_mounted_through_dm(struct tree *x)
{
	tree_host(x);
	tree_block(x, "virtual/block", "dm-0", "254:0\n");
	tree_put(x, "sys/devices/virtual/block/dm-0/dm/name", "vg-root\n");
	tree_holder(x, NVME1, "nvme0n1p2", "dm-0");
	tree_mounts(x, "22 1 254:0 / / rw - ext4 /dev/mapper/vg-root rw\n");
	assert_guards(x, DISK, "disk yes / <- dm-0 (vg-root) <- nvme0n1p2 <- " DISK "\n");
}

/* A volume that nothing is mounted from is held all the same. */
static void test_disk_held_by_dm(struct tree *x)
{
	tree_host(x);
	tree_block(x, "virtual/block", "dm-0", "254:0\n");
	tree_holder(x, NVME1, "nvme0n1p2", "dm-0");
	assert_guards(x, DISK, "disk yes dm-0 <- nvme0n1p2 <- " DISK "\n");
}

static void test_disk_in_partition_of_md(struct tree *x)
{
	tree_host(x);
	tree_block(x, "virtual/block", "md0", "9:0\n");
	tree_block(x, "virtual/block/md0", "md0p1", "259:9\n");
	tree_holder(x, NVME1, "nvme0n1p2", "md0");
	tree_mounts(x, "22 1 259:9 / /home rw - xfs /dev/md0p1 rw\n");
	assert_guards(x, DISK, "disk yes /home <- md0p1 <- nvme0n1p2 <- " DISK "\n");
}

/* A loop of holders, as no kernel has it: ends. */
static void test_disk_holders_in_circle(struct tree *x)
{
	tree_host(x);
	tree_block(x, "virtual/block", "dm-0", "254:0\n");
	tree_holder(x, NVME1, "nvme0n1p2", "dm-0");
	tree_holder(x, "virtual/block", "dm-0", "dm-0");
	assert_non_null(strstr(tree_guards(x, x->sysroot, DISK), "disk yes "));
}

static void test_disk_in_swap(struct tree *x)
{
	tree_host(x);
	tree_put(x, "proc/swaps",
		 "Filename\tType\tSize\n/dev/nvme0n1p1 partition 100\n/swapfile file 5\n");
	assert_guards(x, DISK, "disk yes swap <- nvme0n1p1 <- " DISK "\n");
}

static void test_disk_mounted_in_another_namespace(struct tree *x)
{
	tree_host(x);
	tree_link(x, "mnt:[1]", "proc/self/ns/mnt");
	tree_link(x, "mnt:[2]", "proc/77/ns/mnt");
	tree_link(x, "mnt:[1]", "proc/78/ns/mnt");
	tree_put(x, "proc/77/mountinfo", "22 1 259:1 / /data rw - ext4 /dev/nvme0n1p1 rw\n");
	assert_guards(x, DISK,
		      "disk yes /data <- nvme0n1p1 <- " DISK
		      " (in the mount namespace of process 77) pid=77\n");
}

/* Any user calls the source of a tmpfs of his what he likes, in a namespace of his own. */
static void test_disk_not_mounted_by_name_alone(struct tree *x)
{
	tree_host(x);
	tree_mounts(x, "22 1 0:50 / /mnt rw - tmpfs /dev/nvme0n1p1 rw\n"
		       "23 1 0:51 / /x rw - fuse.btrfs /dev/nvme0n1p2 rw\n");
	assert_guards(x, DISK, "");
}

static void test_disk_mounted_out_of_sight(struct tree *x)
{
	tree_host(x);
	tree_dir(x, "sys/fs/ext4/nvme0n1p1");
	assert_guards(x, DISK,
		      "disk yes ext4, mounted in a namespace that vfiotool cannot see <- nvme0n1p1 <- " DISK
		      "\n");
}

static void test_disk_second_of_btrfs(struct tree *x)
{
	tree_host(x);
	tree_block(x, "virtual/block", "sdz", "8:0\n");
	tree_link(x, "../x", "sys/fs/btrfs/aaaa-bbbb/devices/sdz");
	tree_link(x, "../x", "sys/fs/btrfs/aaaa-bbbb/devices/nvme0n1p2");
	tree_mounts(x, "22 1 0:44 /root / rw - btrfs /dev/sdz rw\n");
	assert_guards(x, DISK, "disk yes / <- nvme0n1p2 <- " DISK "\n");
}

static void test_disk_of_bcache(struct tree *x)
{
	tree_host(x);
	tree_block(x, "virtual/block", "bcache0", "250:0\n");
	tree_link(x, "../../x/bcache0", "sys/devices/" NVME1 "/nvme0n1p1/bcache/dev");
	tree_dir(x, "sys/devices/" NVME1 "/nvme0n1p2/bcache");
	tree_mounts(x, "22 1 250:0 / /srv rw - ext4 /dev/bcache0 rw\n");
	assert_guards(x, DISK,
		      "disk yes /srv <- bcache0 <- nvme0n1p1 <- " DISK "\n"
		      "disk yes bcache <- nvme0n1p2 <- " DISK "\n");
}

static void test_disk_of_zfs(struct tree *x)
{
	tree_host(x);
	tree_put(x, "run/udev/data/b259:0", "S:disk/by-id/x\n");
	tree_put(x, "run/udev/data/b259:1", "E:ID_FS_TYPE=zfs_member\nE:ID_FS_LABEL=tank\n");
	tree_put(x, "run/udev/data/b259:2", "E:ID_FS_TYPE=zfs_member\nE:ID_FS_LABEL=exported\n");
	tree_dir(x, "proc/spl/kstat/zfs/tank");
	assert_guards(x, DISK, "disk yes pool tank (zfs) <- nvme0n1p1 <- " DISK "\n");
}

static void test_disk_that_zfs_may_have(struct tree *x)
{
	tree_host(x);
	tree_put(x, "run/udev/data/b259:0", "S:disk/by-id/x\n");
	tree_put(x, "run/udev/data/b259:1", "S:disk/by-id/y\n");
	tree_dir(x, "proc/spl/kstat/zfs/tank");
	assert_guards(x, DISK,
		      "disk unknown cannot tell whether ZFS uses nvme0n1p2: udev has no record of it\n");
}

static void test_disk_of_a_subsystem(struct tree *x)
{
	tree_add(x, .name = DISK, .driver = "nvme", .class = "10802");
	tree_block(x, "virtual/nvme-subsystem/nvme-subsys0", "nvme0n1", "259:0\n");
	tree_link(x, "../../../" NVME, "sys/devices/virtual/nvme-subsystem/nvme-subsys0/nvme0");
	tree_put(x, "proc/swaps", "Filename\n");
	tree_mounts(x, "22 1 259:0 / /data rw - xfs /dev/nvme0n1 rw\n");
	assert_guards(x, DISK, "disk yes /data <- nvme0n1 <- " DISK "\n");
}

/* AHCI, a port, a target, a disk, a partition. */
static void test_disk_deep_behind_a_controller(struct tree *x)
{
	tree_add(x, .name = "0000:00:1f.2", .driver = "ahci", .class = "10601");
	tree_block(x, "pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0/block", "sda",
		   "8:0\n");
	tree_block(x, "pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0/block/sda", "sda1",
		   "8:1\n");
	tree_put(x, "proc/swaps", "Filename\n");
	tree_mounts(x, "22 1 8:1 / / rw - ext4 /dev/root rw\n");
	assert_guards(x, "0000:00:1f.2", "disk yes / <- sda1 <- 0000:00:1f.2\n");
}

/* A name that begins like the device's is another device. */
static void test_disk_of_a_namesake(struct tree *x)
{
	tree_host(x);
	tree_block(x, "pci0000:00/" DISK "0/x", "sda", "8:0\n");
	tree_mounts(x, "22 1 8:0 / / rw - ext4 /dev/sda rw\n");
	assert_guards(x, DISK, "");
}

static void test_disk_with_unreadable_mounts(struct tree *x)
{
	const char *text;

	tree_host(x);
	tree_remove(x, "proc/self/mountinfo");
	text = tree_guards(x, x->sysroot, DISK);
	assert_non_null(strstr(text, "disk unknown cannot tell what is mounted"));
}

static void test_disk_with_a_closed_namespace(struct tree *x)
{
	tree_host(x);
	/* No link, and not absent either. */
	tree_put(x, "proc/99/ns/mnt", "");
	assert_guards(x, DISK, "disk unknown the mounts of 1 processes could not be read\n");
}

static void test_disk_with_a_silent_holder(struct tree *x)
{
	tree_host(x);
	tree_dir(x, "sys/module/drbd");
	assert_guards(x, DISK,
		      "disk unknown module drbd is loaded, and the disks that it uses cannot be seen\n");
}

/* A folder that the virtio device of the card shares. */
static void tree_share(struct tree *x, const char *driver, const char *tag)
{
	char path[PATH_MAX], target[PATH_MAX];

	tree_card(x);
	tree_link(x, tree_path(target, "../../../../bus/virtio/drivers/%s", driver),
		  tree_path(path, "sys/devices/pci0000:00/" DISK "/virtio3/driver"));
	if (tag)
		tree_put(x, "sys/devices/pci0000:00/" DISK "/virtio3/mount_tag", tag);
}

static void test_share_mounted(struct tree *x)
{
	tree_share(x, "9pnet_virtio", "data\n");
	tree_mounts(x, "22 1 0:40 / /mnt rw - 9p data rw,trans=virtio\n"
		       "23 1 0:41 / /other rw - 9p elsewhere rw,trans=virtio\n"
		       "24 1 0:42 / /tmp rw - tmpfs data rw\n");
	assert_guards(x, DISK, "disk yes /mnt <- 9p share data <- " DISK "\n");
}

static void test_share_free(struct tree *x)
{
	tree_share(x, "9pnet_virtio", "data\n");
	assert_guards(x, DISK, "");
}

static void test_share_without_a_tag(struct tree *x)
{
	tree_share(x, "virtiofs", NULL);
	tree_mounts(x, "22 1 0:40 / /mnt rw - virtiofs data rw\n");
	assert_guards(x, DISK,
		      "disk unknown /mnt may be mounted from this device: it does not tell its tag\n");
}
