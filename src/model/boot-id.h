/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The devices that vfio-pci is to take as it is loaded: its parameter ids, and what people write in its place. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/parse.h"
#include "facts/host.h"

/* "8086:10d3[:SUBVENDOR:SUBDEVICE[:CLASS:MASK]]"; UINT32_MAX fits any. */
struct boot_id {
	uint64_t vendor, device, subvendor, subdevice, class, mask;
};

/* False when @text is none. linux: drivers/vfio/pci/vfio_pci.c: vfio_pci_fill_ids(). */
bool boot_id_parse(struct span text, struct boot_id *ret);
/* linux: drivers/pci/pci.h: pci_match_one_device(). */
bool boot_id_matches(const struct boot_id *id, const struct device *d);
/* Whether @key of a command line is meant to be vfio-pci.ids and is not: the kernel ignores it. linux: kernel/params.c:
 * parse_one(). */
bool boot_key_is_misspelt(struct span key);
