/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A device's uevent attribute: KEY=VALUE lines. */
#pragma once

#include <stdint.h>

#include "base/parse.h"

/* The value of @key in @text, borrowed from it. False when no line has it. */
bool uevent_get(struct span text, const char *key, struct span *ret);

/* What a PCI device's uevent says. linux: drivers/pci/pci-driver.c: pci_uevent(). */
struct uevent_pci {
	uint32_t class_code; /* 24 bits */
	uint16_t vendor, device, subvendor, subdevice;
};

/* 0, -ENODATA when a line is missing, -EBADMSG when one is not understood. */
vt_must_check int uevent_get_pci(struct span text, struct uevent_pci *ret);
/* The same out of a modalias attribute, which the kernel reads without the device's lock; 0 or -EBADMSG.
 * linux: drivers/pci/pci-sysfs.c: modalias_show(). */
vt_must_check int modalias_get_pci(struct span text, struct uevent_pci *ret);
