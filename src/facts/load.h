/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loads a snapshot of a host. All readers of a host are behind this header. Reading never writes, never
 * loads a module and never wakes a device: no VPD, and configuration space only for DEVICE_PLACE, of devices that are
 * awake. */
#pragma once

#include <stdbool.h>

#include "base/failure.h"
#include "sysroot/sysroot.h"
#include "facts/host.h"
#include "facts/target.h"

/* What of a host is read besides its devices. */
enum host_part {
	HOST_KERNEL = 1 << 0,  /* release, cmdline, config, lockdown */
	HOST_MODULES = 1 << 1, /* modules and parameters, through libkmod */
	HOST_SYMBOLS = 1 << 2, /* imports and exports of the module files; BTF if needed */
	HOST_INTERRUPTS = 1 << 3,
	HOST_FIRMWARE = 1 << 4,
	HOST_CALLER = 1 << 5,
	HOST_NODES = 1 << 6, /* /dev/vfio/vfio, /dev/iommu */
	HOST_IOMMUS = 1 << 7,
	HOST_GROUPS = 1 << 8, /* name and members of the groups touched */
	HOST_GROUP_NODES = 1 << 9,
	HOST_GROUP_REGIONS = 1 << 16, /* reserved regions */
	HOST_GROUP_TYPES = 1 << 17,   /* default domains: for people, no verdict depends on them */
	HOST_ALL = ((1 << 10) - 1) | HOST_GROUP_REGIONS | HOST_GROUP_TYPES,
	/* /proc/kallsyms, where the module files are not enough: slow, and BTF has the same names. */
	HOST_KALLSYMS = 1 << 11,
	/* /proc/iomem, NUMA nodes with memory: for notices. */
	HOST_NOTICES = 1 << 14,
	/* Mounts, swap, network, consoles, open nodes: for commands that take a device away. No report asks
	 * for it, because it looks into every process. */
	HOST_USAGE = 1 << 10,
	/* The boot loader and its settings, distribution, initramfs tool: for what changes how a host boots. */
	HOST_BOOT = 1 << 12,
	HOST_SLOTS = 1 << 13, /* names of the slots */
	/* What modprobe.d and the loaders' settings want, huge pages, security modules, the unit: for check. */
	HOST_SETUP = 1 << 15,
};

struct scope {
	unsigned int host_parts;   /* enum host_part */
	unsigned int device_parts; /* enum device_part, for the devices asked for */
	/* Parts for the other members of their groups, and for bridges: at least DEVICE_BASE. */
	unsigned int member_parts;
	/* For a list of the whole host: a value that the lists of the IOMMUs, a device's class or its
	 * virtual functions show as well is not read from each device. The values are the same; the fact
	 * names the source used. */
	bool frugal;
	const char *unit; /* of systemd, for HOST_SETUP; or NULL */
};

/* Loads the devices that @targets name (all that could matter to VFIO when there are none), their groups
 * with all members, and the parts of @scope. The cost does not depend on the number of other devices. *@ret
 * is freed by host_free(). 0, or -ENOENT with the unknown target in @reterr (STATUS_NO_TARGET), -EINVAL for
 * a malformed one (STATUS_USAGE), or a negative errno when nothing at all could be read. A part that cannot
 * be read is a fact, not an error. */
int host_load(struct sysroot *root, const struct scope *scope, const struct target *targets,
	      size_t nr_targets, struct host **ret, struct failure **reterr);
/* Whether HOST_KALLSYMS would have read something that @h, loaded with HOST_SYMBOLS, lacks. */
bool host_wants_kallsyms(const struct host *h);
/* Reads it. */
void host_load_kallsyms(struct sysroot *root, struct host *h);
/* Reads what HOST_BOOT stands for, for a plan that turns out to need it. Nothing when it was read. */
void host_load_boot(struct sysroot *root, struct host *h);
/* Reads HOST_USAGE, where host_load() was not asked for it. */
void host_load_usage(struct sysroot *root, struct host *h);
void host_free(struct host *h);
/* The devices that @targets name, in the order given and each once (all of @h when there are none);
 * array in @a. */
struct device **host_select(const struct host *h, struct arena *a, const struct target *targets,
			    size_t nr_targets, size_t *ret_nr);
