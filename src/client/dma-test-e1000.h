/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the driver for Intel's gigabit cards share: registers of the card, and its PHY. Included by
 * dma-test-e1000*.c only. Sections are those of the PCI/PCI-X Family of Gigabit Ethernet Controllers Software
 * Developer's Manual (8254x), 13.4 and 13.5; the 82574 Family Datasheet, chapter 10.2, and the 82576 Gigabit
 * Ethernet Controller Datasheet, chapter 8, have the same registers. */
#pragma once

#include "client/dma-test.h"

enum {
	E1000_CTRL = 0x0000,
	E1000_STATUS = 0x0008,
	E1000_MDIC = 0x0020,
	REGISTER_TIMEOUT_MS = 1000,
};

struct e1000 {
	bool ready;
	bool has_phy;         /* phy_control was read */
	unsigned int tx, rx;  /* the next descriptor of each ring */
	uint32_t sequence;    /* of the last frame */
	uint32_t ral, rah;    /* the device's own address, as it was */
	uint32_t phy_control; /* as it was */
};

static inline bool e1000_is_82574(const struct dma_test *x)
{
	return x->kind == &dma_driver_e1000e;
}

static inline bool e1000_is_82576(const struct dma_test *x)
{
	return x->kind == &dma_driver_igb;
}

/* Puts the PHY into loopback, where it is isolated from the network, and back. -EREMOTEIO with x->said when it
 * refuses. */
int e1000_phy_loop(struct dma_test *x);
void e1000_phy_restore(struct dma_test *x);
