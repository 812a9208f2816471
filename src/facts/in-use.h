/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a host uses its devices: disks and what is on them, network interfaces and their traffic, consoles,
 * open nodes. The guards of bind decide by it. It is loaded with HOST_USAGE only, because it looks into
 * every process. All of it belongs to the snapshot's arena. */
#pragma once

#include "facts/host.h"

/* A block device. Name and path are read of all; the rest only of those below a loaded device, and of what
 * is on these. */
struct in_use_block {
	const char *name; /* "nvme0n1p2" */
	const char *path; /* "sys/devices/pci0000:00/0000:02:00.0/nvme/nvme0/nvme0n1/nvme0n1p2" */
	/* Paths of the controllers of an NVMe subsystem: its disks belong to no single controller. */
	const char **controllers;
	size_t nr_controllers;
	bool loaded;
	struct fact dev; /* "259:2" */
	uint32_t major, minor;
	struct fact holders_list; /* of its holders directory: dm, md, multipath, LUKS, LVM */
	struct in_use_block **holders;
	size_t nr_holders;
	struct fact label;      /* dm/name: "vg-root"; ABSENT when it is not of device mapper */
	struct fact bcache;     /* stat of its bcache directory: registered there when PRESENT */
	struct fact bcache_dev; /* link to the bcache device that it backs */
	/* "ext4", when /sys/fs/ext4/NAME says that it is mounted somewhere */
	const char *filesystem;
	const char *pool_of_btrfs; /* the UUID of the mounted btrfs that it is a part of, or NULL */
	struct fact udev;          /* what udev knows, when there is a reason to ask */
};

/* A mounted filesystem, in the mount namespace of a process. */
struct in_use_mount {
	unsigned int pid; /* 0: the caller's own */
	uint32_t major, minor;
	const char *fstype, *source, *target; /* blanks as \040 */
};

struct in_use_swap {
	const char *path;
	struct fact stat;
	uint32_t major, minor; /* of the node, when stat is PRESENT and a block device's */
};

/* A device node, or a VFIO device, that a process has open; or a file of sysfs that moves drivers. */
struct in_use_open {
	char kind; /* b: block, c: character, v: a VFIO device's descriptor, w: sysfs, for writing */
	uint32_t major, minor;
	unsigned int pid;
	const char *node; /* "/dev/dri/card0"; of v the device's path in sysfs, or "?" */
	const char *comm;
	struct fact sysfs; /* of c: the link of sys/dev/char, which shows its device */
	const char *path;  /* that it leads to, below the root; or NULL */
	bool vfio;         /* a VFIO group, a VFIO cdev, or a VFIO device's descriptor */
	/* Of a process that has something of VFIO's open and is a virtual machine monitor: the name of the
	 * machine, "?" when the command line does not tell; NULL for any other. */
	const char *machine;
};

/* A network interface as rtnetlink reports it. */
struct in_use_link {
	unsigned int index, flags, master,
		lower;           /* lower: the interface a VLAN stands on; 0: none */
	const char *name, *kind; /* kind "bond" "vlan" ... or NULL */
	const char *path;        /* in sysfs below the root, or NULL */
};

struct in_use_address {
	unsigned int index;
	const char *address; /* "192.0.2.1/24" */
};

struct in_use_route {
	unsigned int index;
	const char *destination; /* "default", "192.0.2.0/24" */
};

/* An input device for the console, or a terminal that is a console. */
struct in_use_console {
	const char *name; /* "QEMU USB Keyboard", "ttyUSB0" */
	const char *path; /* in sysfs below the root */
	bool keyboard;
};

/* What is read of one loaded device in addition. */
struct in_use_device {
	const struct device *device;
	struct fact link;     /* of its bus to it */
	const char *path;     /* below the root: "sys/devices/pci0000:00/0000:02:00.0", or NULL */
	struct fact boot_vga; /* "1": the firmware's display */
	/* Of a device with virtual functions: their names, those of their drivers, NULL for none. */
	struct fact virtfns;
	const char **vfs, **vf_drivers;
	struct fact *vf_facts;
	size_t nr_vfs;
	/* A net directory below it that is there, and empty: its interface is in another network
	 * namespace. linux: drivers/base/core.c: get_device_parent() makes the directory, and
	 * fs/kernfs/dir.c: kernfs_dir_pos() shows only what is of one's own namespace. */
	struct fact net_dir;
	bool net_elsewhere;
	/* Of a folder of another machine that a virtio device shares: the filesystem, "9p" or "virtiofs", or
	 * NULL; and the tag that mounts of it name, which virtiofs does not tell. */
	const char *share;
	struct fact share_tag;
};

struct in_use {
	struct in_use_device *devices; /* as host.devices */
	size_t nr_devices;

	struct fact blocks_list;
	struct in_use_block **blocks;
	size_t nr_blocks;
	struct fact mounts_fact;
	struct in_use_mount *mounts;
	size_t nr_mounts;
	unsigned int hidden_mounts; /* processes whose mount namespace could not be looked into */
	struct fact swaps_fact;
	struct in_use_swap *swaps;
	size_t nr_swaps;
	struct fact zfs_pools;         /* the imported pools; ABSENT without ZFS */
	const char *hidden_holders[4]; /* loaded modules that hold disks without a trace in sysfs */

	struct fact opens_fact;
	struct in_use_open *opens;
	size_t nr_opens;
	unsigned int hidden_opens;

	struct fact links_fact, addresses_fact, routes_fact;
	struct in_use_link *links;
	size_t nr_links;
	struct in_use_address *addresses;
	size_t nr_addresses;
	struct in_use_route *routes;
	size_t nr_routes;
	/* The caller's SSH_CONNECTION, its own or that of a process it descends from: "ssh - - SERVER
	 * PORT", the client's left out; "none"; "hidden PID" when that one could not be looked into. */
	struct fact ssh;
	const char *ssh_server; /* the address of this host that the connection goes to, or NULL */

	struct fact inputs_fact, consoles_fact;
	struct in_use_console *consoles;
	size_t nr_consoles;
};

/* Whether @path (below the root) is that of @d, or of something behind it. */
bool in_use_is_below(const struct in_use_device *d, const char *path);
const struct in_use_device *in_use_find(const struct in_use *u, const struct device *d);
