/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a user may write to name devices. Pure text: host_load() finds out whether the device exists. */
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "base/failure.h"

enum target_kind {
	TARGET_NONE = 0,
	TARGET_PCI,          /* 0000:01:00.0, 01:00.0 (domain 0000), pci:..., pci_0000_01_00_0 */
	TARGET_SLOT,         /* 01:00, 0000:01:00, 01:00.*: all functions */
	TARGET_NAMED,        /* platform:NAME, any bus:NAME */
	TARGET_GROUP,        /* group:12, iommu:12, /dev/vfio/12 */
	TARGET_IDS,          /* 8086:1521, 8086: (any device of the vendor) */
	TARGET_CDEV,         /* vfio3, /dev/vfio/devices/vfio3 */
	TARGET_PATH,         /* a path in sysfs; resolved below the root */
	TARGET_CLASS_DEVICE, /* eth0, nvme0, sda: resolved through /sys/class/X/NAME/device */
};

struct target {
	enum target_kind kind;
	const char *text;       /* as the user wrote it */
	const char *bus, *name; /* PCI: the canonical address in name */
	unsigned int group;
	uint16_t vendor, device;
	int any_device; /* TARGET_IDS without a device id */
};

/* Parses @text. 0, or -EINVAL with an explanation that names @text and the accepted forms
 * (STATUS_USAGE). Strings go to @a. Domains have 4 to 8 hex digits; the canonical form is lower
 * case. */
int target_parse(struct arena *a, const char *text, struct target *ret, struct failure **reterr);
