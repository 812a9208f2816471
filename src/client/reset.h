/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Resets an attached device: its function alone, or everything behind its slot or bus when all of that is
 * ours. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/attach.h"

/* DEVICE_RESET. -EINVAL: the kernel has no reset for the function (device_info lacks VT_DEVICE_RESET_FLAG);
 * -EAGAIN: the device is in use for a moment. linux: drivers/vfio/pci/vfio_pci_core.c:
 * vfio_pci_ioctl_reset(). */
int reset_function(struct client *c, const char *object, int fd);

enum reset_owner {
	RESET_UNKNOWN = 0, /* the kernel did not report which group or device that is */
	RESET_OURS,        /* its group, or the device itself, belongs to this attachment */
	RESET_FOREIGN,
};

/* A device that a hot reset would hit. */
struct reset_device {
	uint16_t segment;
	uint8_t bus, devfn;
	const char *name; /* "0000:01:00.1" */
	bool has_group;   /* id is a group's number */
	uint32_t id;      /* group, or the id in the iommufd context; see owner */
	enum reset_owner owner;
};

struct reset_scope {
	struct reset_device *devices; /* in the client's arena */
	size_t nr_devices;
	bool by_devid; /* the device is open by its cdev: ids are those of iommufd */
	bool owned;    /* what the kernel says with by_devid: all of it is in our iommufd */
};

/* GET_PCI_HOT_RESET_INFO of @d, again with a larger buffer where the kernel wants one, and who owns what.
 * 0; -ENODEV: neither slot nor bus can be reset; -EBADMSG: the answer contradicts itself. linux:
 * drivers/vfio/pci/vfio_pci_core.c: vfio_pci_ioctl_get_pci_hot_reset_info(). */
int reset_find_scope(struct attachment *at, const struct attached_device *d,
		     struct reset_scope *ret);
/* Whether every device of @s is ours. */
bool reset_scope_is_ours(const struct reset_scope *s);
/* PCI_HOT_RESET of @d with the groups of @at, or by its iommufd. -EPERM without asking when something of
 * @s is not ours; else what the kernel says. linux: drivers/vfio/pci/vfio_pci_core.c:
 * vfio_pci_ioctl_pci_hot_reset(). */
int reset_hot(struct attachment *at, const struct attached_device *d, const struct reset_scope *s);
