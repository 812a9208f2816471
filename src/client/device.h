/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an attached device reports about itself: flags, regions with their capabilities, interrupts. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decode/vfioinfo.h"
#include "client/client.h"

/* DEVICE_GET_INFO on @fd; @object names the device in outcomes. 0 or a negative errno. */
int device_info_get(struct client *c, const char *object, int fd, struct device_info *ret);
/* DEVICE_GET_REGION_INFO, again with a larger buffer where the kernel wants one; areas in the client's
 * arena. -EBADMSG for a chain of capabilities that loops or leaves its buffer; -EINVAL for a region
 * that the device does not have. */
int device_region_get(struct client *c, const char *object, int fd, uint32_t index,
		      struct region_info *ret);
/* DEVICE_GET_IRQ_INFO. count 0: the device has no such interrupt; -EINVAL: the kernel has no such index for
 * the device. */
int device_irq_get(struct client *c, const char *object, int fd, uint32_t index,
		   struct irq_info *ret);
