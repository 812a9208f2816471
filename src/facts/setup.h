/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a host is set up, beyond what it is: what only 'check' looks at. Huge pages, security modules, what modprobe.d
 * and the settings of boot loaders want, and the unit or the user that will use the devices. It is read with HOST_SETUP,
 * or by host_load_setup(). All of it belongs to the snapshot's arena. */
#pragma once

#include "decode/unit.h"
#include "facts/host.h"

/* Huge pages of one size, on one NUMA node or on all. */
struct hugepage_pool {
	int node;      /* -1: all */
	uint64_t size; /* bytes of a page */
	struct fact nr, free;
};

/* A unit of systemd: its files, and its first process where it runs. */
struct setup_unit {
	const char *name;
	struct fact file;  /* ABSENT: none in the folders of systemd */
	struct fact drops; /* list of its drop-ins in /etc */
	struct unit_settings settings;
	struct fact procs; /* of its cgroup: "PID" lines; ABSENT when it does not run */
	struct fact limits, status, label; /* of its first process */
};

struct setup {
	struct fact cpuinfo;    /* the line "address sizes" of /proc/cpuinfo */
	unsigned int phys_bits; /* of it; 0: not known */
	struct fact pools_list;
	struct hugepage_pool *pools;
	size_t nr_pools;
	/* Of modprobe.d, and of the command line as modprobe reads it: lines "blacklist NAME", "softdep NAME TEXT". */
	struct fact modprobe;
	/* Options in the settings of boot loaders, whichever boots: reduced lines of /etc/default/grub, and
	 * /etc/kernel/cmdline. */
	struct fact grub, cmdline;
	struct fact selinux;     /* /sys/fs/selinux/enforce */
	struct fact apparmor;    /* parameters/enabled of module apparmor */
	struct fact limits_conf; /* memlock lines of limits.conf and limits.d */
	/* The link libvirt.so.0 to "libvirt.so.0.9000.0", which is libvirt 9.0.0, and 9000 of it; 0: not known. */
	struct fact libvirt_link;
	unsigned int libvirt;
	const struct setup_unit *unit; /* NULL unless asked for */
};

struct sysroot;

/* The memlock lines of /etc/security/limits.conf and limits.d, in the order in which pam_limits reads them. */
struct fact setup_limits_conf(struct sysroot *root, struct arena *a);
