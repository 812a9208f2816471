/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The PHY of Intel's gigabit cards: its loopback, which isolates it from the network (IEEE 802.3, 22.2.4.1.2). */
#include "client/dma-test-e1000.h"

#include <errno.h>

enum {
	E1000_EXTCNF = 0x0f00, /* 82574 only: who may access the PHY */
	EXTCNF_OWNED = 1 << 5,
	MDIC_PHY = 1 << 21,
	MDIC_WRITE = 1 << 26,
	MDIC_READ = 2 << 26,
	MDIC_READY = 1 << 28,
	MDIC_ERROR = 1 << 30,
};

/* 82576 only, 8.8.11, 8.8.12 and 4.6.11: who may access what the ports and the firmware share. */
enum {
	E1000_SWSM = 0x5b50,
	E1000_SW_FW_SYNC = 0x5b5c,
	SWSM_TAKEN = 1 << 0, /* set by each read */
	SWSM_OURS = 1 << 1,
	FIRMWARE_SHIFT = 16,
	STATUS_PORT_SHIFT = 2, /* 2 bits */
	TRIES = 200,
	TRY_MS = 5,
};

/* IEEE 802.3, 22.2.4.1: register 0 of a PHY. */
enum {
	PHY_CONTROL = 0,
	PHY_SPEED_1000 = 1 << 6,
	PHY_FULL_DUPLEX = 1 << 8,
	PHY_RESTART = 1 << 9,
	PHY_NEGOTIATES = 1 << 12,
	PHY_LOOPBACK = 1 << 14,
};

/* One access to register 0 of the PHY; *@ret is its value afterwards. */
static int phy_access(struct dma_test *x, uint32_t command, uint32_t *ret)
{
	int r = dma_test_put32(x, E1000_MDIC, MDIC_PHY | PHY_CONTROL << 16 | command);

	if (!r)
		r = dma_test_wait32(x, E1000_MDIC, MDIC_READY | MDIC_ERROR, MDIC_READY,
				    REGISTER_TIMEOUT_MS, "an access to the PHY");
	if (!r)
		r = dma_test_get32(x, E1000_MDIC, ret);
	*ret &= 0xffff;
	return r;
}

/* The firmware of an 82574 may use the PHY too. */
static int own_82574(struct dma_test *x, bool own)
{
	uint32_t value = 0;
	int r = dma_test_get32(x, E1000_EXTCNF, &value);

	value = own ? value | EXTCNF_OWNED : value & ~(uint32_t)EXTCNF_OWNED;
	if (!r)
		r = dma_test_put32(x, E1000_EXTCNF, value);
	return r < 0 || !own
		       ? r
		       : dma_test_wait32(x, E1000_EXTCNF, EXTCNF_OWNED, EXTCNF_OWNED,
					 REGISTER_TIMEOUT_MS, "the firmware's use of the PHY");
}

/* What SW_FW_SYNC may only be changed with. */
static int take_semaphore(struct dma_test *x)
{
	uint32_t value = 0;
	int r = dma_test_wait32(x, E1000_SWSM, SWSM_TAKEN, 0, REGISTER_TIMEOUT_MS,
				"the other port's semaphore");

	if (!r)
		r = dma_test_get32(x, E1000_SWSM, &value);
	if (!r)
		r = dma_test_put32(x, E1000_SWSM, value | SWSM_OURS);
	return r < 0 ? r
		     : dma_test_wait32(x, E1000_SWSM, SWSM_OURS, SWSM_OURS, REGISTER_TIMEOUT_MS,
				       "the firmware's semaphore");
}

static int give_semaphore(struct dma_test *x)
{
	uint32_t value = 0;
	int r = dma_test_get32(x, E1000_SWSM, &value);

	return r < 0 ? r
		     : dma_test_put32(x, E1000_SWSM, value & ~(uint32_t)(SWSM_TAKEN | SWSM_OURS));
}

/* One try: 1 when the firmware has the PHY. */
static int try_82576(struct dma_test *x, bool own, uint32_t bit)
{
	uint32_t value = 0;
	int r = take_semaphore(x), given;

	if (r < 0)
		return r;
	r = dma_test_get32(x, E1000_SW_FW_SYNC, &value);
	if (!r && own && value & (bit | bit << FIRMWARE_SHIFT))
		r = 1;
	else if (!r)
		r = dma_test_put32(x, E1000_SW_FW_SYNC, own ? value | bit : value & ~bit);
	given = give_semaphore(x);
	return r < 0 ? r : given < 0 ? given : r;
}

static int own_82576(struct dma_test *x, bool own)
{
	static const uint32_t bits[] = { 1 << 1, 1 << 2, 1 << 5, 1 << 6 }; /* of the ports */
	uint32_t status = 0;
	int r = dma_test_get32(x, E1000_STATUS, &status);

	for (unsigned int i = 0; !r && i < TRIES; i++) {
		r = try_82576(x, own, bits[status >> STATUS_PORT_SHIFT & 3]);
		if (r <= 0)
			return r;
		dma_test_pause(x, TRY_MS);
		r = 0;
	}
	if (r < 0)
		return r;
	x->said = "the firmware keeps its PHY";
	return -ETIMEDOUT;
}

static int phy_own(struct dma_test *x, bool own)
{
	return e1000_is_82574(x) ? own_82574(x, own) : e1000_is_82576(x) ? own_82576(x, own) : 0;
}

int e1000_phy_loop(struct dma_test *x)
{
	struct e1000 *e = x->state;
	uint32_t value = 0;
	int r = phy_own(x, true);

	if (!r && !e->has_phy) {
		r = phy_access(x, MDIC_READ, &e->phy_control);
		e->has_phy = !r;
	}
	if (!r)
		r = phy_access(x, MDIC_WRITE | PHY_LOOPBACK | PHY_SPEED_1000 | PHY_FULL_DUPLEX,
			       &value);
	if (!r)
		r = phy_access(x, MDIC_READ, &value);
	if (!r && !(value & PHY_LOOPBACK)) {
		x->said = "its PHY does not go into loopback, and no frame may reach the network";
		r = -EREMOTEIO;
	}
	if (phy_own(x, false) < 0 && !r)
		r = -EREMOTEIO;
	return r;
}

void e1000_phy_restore(struct dma_test *x)
{
	struct e1000 *e = x->state;
	uint32_t value = e->phy_control;

	if (!e->has_phy || phy_own(x, true) < 0)
		return;
	/* A test that was killed may have left the loopback: then as after a reset. */
	if (value & PHY_LOOPBACK)
		value = PHY_NEGOTIATES | PHY_SPEED_1000 | PHY_FULL_DUPLEX;
	if (value & PHY_NEGOTIATES)
		value |= PHY_RESTART;
	(void)phy_access(x, MDIC_WRITE | value, &value);
	(void)phy_own(x, false);
}
