/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a user may write to name devices. Pure text: host_load() finds out whether the device exists. */
#pragma once

#include <stdbool.h>
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
	TARGET_CLASS,        /* class:03, class:0302, class:010802, vga, network, nvme */
	TARGET_CDEV,         /* vfio3, /dev/vfio/devices/vfio3 */
	TARGET_PATH,         /* a path in sysfs; resolved below the root */
	TARGET_CLASS_DEVICE, /* eth0, nvme0, sda: resolved through /sys/class/X/NAME/device */
};

/* A class of PCI devices: the first digits of a class code of six. */
struct class_prefix {
	uint32_t code;
	unsigned int digits; /* 2, 4 or 6 */
};

struct target {
	enum target_kind kind;
	const char *text;       /* as the user wrote it */
	const char *bus, *name; /* PCI: the canonical address in name */
	unsigned int group;
	uint16_t vendor, device;
	int any_device; /* TARGET_IDS without a device id */
	struct class_prefix class_prefix;
};

/* Parses "03", "0302", "010802", or a name: vga, network, nvme, storage, audio, usb. False for any other text. */
bool class_prefix_parse(const char *text, struct class_prefix *ret);
bool class_prefix_covers(struct class_prefix prefix, uint32_t class_code);
/* Whether @t, of TARGET_IDS or TARGET_CLASS, means a PCI device with these ids; false for any other target. */
bool target_covers_ids(const struct target *t, uint16_t vendor, uint16_t device,
		       uint32_t class_code);

/* Parses @text. 0, or -EINVAL with an explanation that names @text and the accepted forms
 * (STATUS_USAGE). Strings go to @a. Domains have 4 to 8 hex digits; the canonical form is lower
 * case. */
int target_parse(struct arena *a, const char *text, struct target *ret, struct failure **reterr);
