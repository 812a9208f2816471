/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Devices whose DMA carries another function's address, and bridges that are not what they say: the kernel's fixups,
 * as rows. linux: drivers/pci/quirks.c: quirk_dma_func0_alias() and those behind it. */
#pragma once

#include "model/trait.h"

enum dma_alias {
	DMA_ALIAS_NONE = 0,
	DMA_ALIAS_FUNCTION_0,     /* function 0 of its slot */
	DMA_ALIAS_FUNCTION_1,     /* function 1 of its slot, which need not be there */
	DMA_ALIAS_SLOT_1,         /* 01.0 of its bus, of two subsystems */
	DMA_ALIAS_MIC,            /* 10.0, 11.0 and 12.3 of its bus */
	DMA_ALIAS_VCA,            /* functions 0 to 4 of all slots of its bus */
	DMA_ALIAS_ALL,            /* all of its bus */
	DMA_ALIAS_SWITCHTEC,      /* those that its own registers name */
	DMA_ALIAS_HIDDEN_EXPRESS, /* a bridge from PCI Express without the capability */
	DMA_ALIAS_TRANSLATES,     /* a bridge with the IOMMU in it */
	DMA_ALIAS_NOT,            /* a bridge to PCI that leaves the addresses as they are */
};

struct dma_alias_row {
	uint16_t vendor, device;
	enum dma_alias alias;
	enum release since; /* stable kernels of earlier releases may have it too */
	uint16_t line;      /* in drivers/pci/quirks.c of Linux 6.12.107 */
};

/* The row of @vendor and @device, or NULL. */
const struct dma_alias_row *dma_alias_find(uint16_t vendor, uint16_t device);
/* Whether a device of the row @r, at @devfn (slot << 3 | function), also uses @other of its bus.
 * TRI_UNKNOWN where its own registers decide. */
enum tristate dma_alias_covers(const struct dma_alias_row *r, uint16_t subvendor,
			       uint16_t subdevice, uint8_t devfn, uint8_t other);
