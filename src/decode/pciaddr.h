/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PCI addresses as text: domain:bus:device.function, in hexadecimal. */
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "base/parse.h"

struct pciaddr {
	uint32_t domain;
	uint8_t bus, device, function;
};

/* Parses all of @s: "0000:01:00.0" with a domain of 4 to 8 digits, or "01:00.0" (domain 0), in any
 * case. 0, or -EINVAL. */
vt_must_check int pciaddr_parse(struct span s, struct pciaddr *ret);
/* The same without the function: "0000:01:00" or "01:00"; the function is 0. */
vt_must_check int pciaddr_parse_slot(struct span s, struct pciaddr *ret);
/* The address as the kernel names the device: lower case, at least 4 digits of domain. */
char *pciaddr_format(struct arena *a, const struct pciaddr *addr);
