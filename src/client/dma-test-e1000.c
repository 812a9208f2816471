/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Intel's 82540EM (e1000) and 82574L (e1000e): frames through the loopback of their PHY, which isolates it
 * from the network (IEEE 802.3, 22.2.4.1.2). A frame has a header that the receiver's filter knows, in the
 * driver's own memory, and as much again of what is to be moved. The receiver's buffers are of just that
 * size, so that the second half arrives in a buffer of its own.
 * Sections are those of the PCI/PCI-X Family of Gigabit Ethernet Controllers Software Developer's Manual
 * (8254x); the 82574 Family Datasheet, chapter 10.2, has the same registers. */
#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "uapi/abi.h"
#include "client/dma-test.h"

/* 13.4 and 13.5. */
enum {
	E1000_CTRL = 0x0000,
	E1000_STATUS = 0x0008,
	E1000_MDIC = 0x0020,
	E1000_ICR = 0x00c0,
	E1000_IMS = 0x00d0,
	E1000_IMC = 0x00d8,
	E1000_IVAR = 0x00e4, /* 82574 only: which MSI-X vector has which cause */
	E1000_RCTL = 0x0100,
	E1000_TCTL = 0x0400,
	E1000_TIPG = 0x0410,
	E1000_EXTCNF = 0x0f00, /* 82574 only: who may access the PHY */
	E1000_RX_RING = 0x2800,
	E1000_TX_RING = 0x3800,
	RING_BASE_HIGH = 0x04,
	RING_LENGTH = 0x08,
	RING_HEAD = 0x10,
	RING_TAIL = 0x18,
	E1000_RAL = 0x5400,
	E1000_RAH = 0x5404,
};

enum {
	CTRL_FULL_DUPLEX = 1 << 0,
	CTRL_SET_LINK_UP = 1 << 6,
	CTRL_SPEED_1000 = 2 << 8,
	CTRL_FORCE = 3 << 11, /* speed and duplex */
	CTRL_RESET = 1 << 26,
	ENABLE = 1 << 1, /* of RCTL and TCTL */
	RCTL_BUFFER_512 = 2 << 16,
	RCTL_STRIP_CRC = 1 << 26,
	/* Short frames padded, 15 retries, the collision distance of full duplex. */
	TCTL_USUAL = 1 << 3 | 0x0f << 4 | 0x40 << 12,
	TIPG_USUAL = 10 | 8 << 10 | 6 << 20,
	INTERRUPT_RECEIVED = 1 << 7 | 1 << 20, /* RXT0; RXQ0 in MSI-X mode */
	IVAR_RECEIVED_0 = 1 << 3,              /* vector 0, valid */
	EXTCNF_OWNED = 1 << 5,
	MDIC_PHY = 1 << 21,
	MDIC_WRITE = 1 << 26,
	MDIC_READ = 2 << 26,
	MDIC_READY = 1 << 28,
	MDIC_ERROR = 1 << 30,
};

#define RAH_VALID UINT32_C(0x80000000)

/* To and from locally administered addresses, which differ in the last byte; IEEE 802, 9.2.3: for local
 * experiments. */
#define ADDRESS_LOW  UINT32_C(0x69667602)
#define ADDRESS_HIGH UINT32_C(0x016f)

/* IEEE 802.3, 22.2.4.1: register 0 of a PHY. */
enum {
	PHY_CONTROL = 0,
	PHY_SPEED_1000 = 1 << 6,
	PHY_FULL_DUPLEX = 1 << 8,
	PHY_RESTART = 1 << 9,
	PHY_NEGOTIATES = 1 << 12,
	PHY_LOOPBACK = 1 << 14,
};

/* The driver's memory. The first page: the rings and the header to send; the second one: the header that
 * came back, and what the device keeps. */
enum {
	DESCRIPTORS = 8, /* the fewest that a ring may have: 128 bytes */
	DESCRIPTOR_SIZE = 16,
	TX_RING = 0,
	RX_RING = 0x80,
	HEADER = 0x200,
	RETURNED = 0,
	KEPT = 0x200,
	HALF = 512, /* bytes: of the header and of what is moved */
	SEQUENCE = 16,
};

/* 3.2.3 and 3.3.3: legacy descriptors. */
enum {
	TX_END_OF_PACKET = 1 << 24,
	TX_INSERT_CRC = 1 << 25,
	TX_REPORT = 1 << 27,
	DONE = 1 << 0,
	RX_END_OF_PACKET = 1 << 1,
	RX_ERRORS = 0xff00,
};

enum {
	SETTLE_MS = 10,
	REGISTER_TIMEOUT_MS = 1000,
	FRAME_TIMEOUT_MS = 200,
	RETRY_MS = 50,
	/* A PHY needs half a second to settle; QEMU's receiver is deaf for one after its setup. */
	FIRST_FRAME_TIMEOUT_MS = 5000,
};

struct e1000 {
	bool ready;
	bool has_phy;         /* phy_control was read */
	unsigned int tx, rx;  /* the next descriptor of each ring */
	uint32_t sequence;    /* of the last frame */
	uint32_t ral, rah;    /* the device's own address, as it was */
	uint32_t phy_control; /* as it was */
};

static const uint8_t frame_header[14] = { 0x02, 0x76, 0x66, 0x69, 0x6f, 0x01, 0x02,
					  0x76, 0x66, 0x69, 0x6f, 0x02, 0x88, 0xb5 };

static bool is_82574(const struct dma_test *x)
{
	return x->kind == &dma_driver_e1000e;
}

static int e1000_probe(struct dma_test *x, struct failure **reterr)
{
	struct e1000 *e = x->state;
	uint32_t status, rctl = 0, tctl = 0;
	int r = dma_test_get32(x, E1000_STATUS, &status);

	if (!r)
		r = dma_test_get32(x, E1000_RCTL, &rctl);
	if (!r)
		r = dma_test_get32(x, E1000_TCTL, &tctl);
	if (!r)
		r = dma_test_get32(x, E1000_RAL, &e->ral);
	if (!r)
		r = dma_test_get32(x, E1000_RAH, &e->rah);
	if (r < 0)
		return dma_test_failure(x, r, reterr);
	if (dma_test_is_master(x) && (rctl | tctl) & ENABLE)
		return failure_set(reterr, -EBUSY,
				   "%s: its receiver or transmitter is enabled, so something may be using the network: end that, or reset the device first",
				   x->object);
	return 0;
}

/* ---- the PHY ---- */

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
static int phy_own(struct dma_test *x, bool own)
{
	uint32_t value = 0;
	int r;

	if (!is_82574(x))
		return 0;
	r = dma_test_get32(x, E1000_EXTCNF, &value);
	value = own ? value | EXTCNF_OWNED : value & ~(uint32_t)EXTCNF_OWNED;
	if (!r)
		r = dma_test_put32(x, E1000_EXTCNF, value);
	return r < 0 || !own
		       ? r
		       : dma_test_wait32(x, E1000_EXTCNF, EXTCNF_OWNED, EXTCNF_OWNED,
					 REGISTER_TIMEOUT_MS, "the firmware's use of the PHY");
}

static int phy_loop(struct dma_test *x)
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

static void phy_restore(struct dma_test *x)
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

/* ---- setup ---- */

static int stop(struct dma_test *x)
{
	int r = dma_test_put32(x, E1000_IMC, UINT32_MAX);

	if (!r)
		r = dma_test_put32(x, E1000_RCTL, 0);
	if (!r)
		r = dma_test_put32(x, E1000_TCTL, 0);
	return r;
}

/* 13.4.1: what is under way ends first, and afterwards the EEPROM is read. */
static int reset(struct dma_test *x, uint32_t *ctrl)
{
	int r = stop(x);

	dma_test_pause(x, SETTLE_MS);
	if (!r)
		r = dma_test_get32(x, E1000_CTRL, ctrl);
	if (!r)
		r = dma_test_put32(x, E1000_CTRL, *ctrl | CTRL_RESET);
	dma_test_pause(x, SETTLE_MS);
	if (!r)
		r = dma_test_wait32(x, E1000_CTRL, CTRL_RESET, 0, REGISTER_TIMEOUT_MS,
				    "the device's reset");
	if (!r)
		r = dma_test_put32(x, E1000_IMC, UINT32_MAX);
	if (!r)
		r = dma_test_get32(x, E1000_CTRL, ctrl);
	return r;
}

static int set_ring(struct dma_test *x, uint64_t ring, uint64_t iova)
{
	const struct {
		uint32_t offset, value;
	} steps[] = {
		{ 0, (uint32_t)iova },
		{ RING_BASE_HIGH, (uint32_t)(iova >> 32) },
		{ RING_LENGTH, DESCRIPTORS * DESCRIPTOR_SIZE },
		{ RING_HEAD, 0 },
		{ RING_TAIL, 0 },
	};
	int r = 0;

	for (size_t i = 0; !r && i < ARRAY_SIZE(steps); i++)
		r = dma_test_put32(x, ring + steps[i].offset, steps[i].value);
	return r;
}

/* Only frames to the address of frame_header are received. */
static int start(struct dma_test *x, uint32_t ctrl)
{
	int r = dma_test_put32(x, E1000_CTRL,
			       ctrl | CTRL_SET_LINK_UP | CTRL_FORCE | CTRL_SPEED_1000 |
				       CTRL_FULL_DUPLEX);

	if (!r)
		r = set_ring(x, E1000_RX_RING, x->own[0].iova + RX_RING);
	if (!r)
		r = set_ring(x, E1000_TX_RING, x->own[0].iova + TX_RING);
	if (!r)
		r = dma_test_put32(x, E1000_RAL, ADDRESS_LOW);
	if (!r)
		r = dma_test_put32(x, E1000_RAH, RAH_VALID | ADDRESS_HIGH);
	if (!r && !is_82574(x))
		r = dma_test_put32(x, E1000_TIPG, TIPG_USUAL);
	if (!r)
		r = dma_test_put32(x, E1000_RCTL, ENABLE | RCTL_BUFFER_512 | RCTL_STRIP_CRC);
	if (!r)
		r = dma_test_put32(x, E1000_TCTL, ENABLE | TCTL_USUAL);
	return r;
}

/* ---- frames ---- */

static uint8_t *descriptor(const struct dma_test *x, unsigned int ring, unsigned int i)
{
	return x->own[0].memory + ring + (size_t)(i % DESCRIPTORS) * DESCRIPTOR_SIZE;
}

static void describe(uint8_t *d, uint64_t iova, uint32_t command)
{
	dma_test_set_le64(d, iova);
	dma_test_set_le32(d + 8, command);
	dma_test_set_le32(d + 12, 0);
}

/* Gives the receiver two buffers: for the header, and @target. */
static int post(struct dma_test *x, uint64_t target)
{
	struct e1000 *e = x->state;

	describe(descriptor(x, RX_RING, e->rx), x->own[1].iova + RETURNED, 0);
	describe(descriptor(x, RX_RING, e->rx + 1), target, 0);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return dma_test_put32(x, E1000_RX_RING + RING_TAIL, (e->rx + 2) % DESCRIPTORS);
}

/* Sends a header with a new number and the bytes at @source. */
static int send(struct dma_test *x, uint64_t source)
{
	struct e1000 *e = x->state;
	uint8_t *header = x->own[0].memory + HEADER;

	memset(header, 0, HALF);
	memcpy(header, frame_header, sizeof(frame_header));
	dma_test_set_le32(header + SEQUENCE, ++e->sequence);
	describe(descriptor(x, TX_RING, e->tx), x->own[0].iova + HEADER,
		 HALF | TX_INSERT_CRC | TX_REPORT);
	describe(descriptor(x, TX_RING, e->tx + 1), source,
		 HALF | TX_END_OF_PACKET | TX_INSERT_CRC | TX_REPORT);
	e->tx = (e->tx + 2) % DESCRIPTORS;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return dma_test_put32(x, E1000_TX_RING + RING_TAIL, e->tx);
}

static bool is_done(const struct dma_test *x, unsigned int ring, unsigned int i)
{
	return dma_test_le32(descriptor(x, ring, i) + 12) & DONE;
}

static bool is_intact(struct dma_test *x)
{
	struct e1000 *e = x->state;
	uint32_t first = dma_test_le32(descriptor(x, RX_RING, e->rx) + 8) & 0xffff;
	uint32_t second = dma_test_le32(descriptor(x, RX_RING, e->rx + 1) + 8) & 0xffff;
	uint32_t status = dma_test_le32(descriptor(x, RX_RING, e->rx + 1) + 12);
	uint32_t sequence = dma_test_le32(x->own[1].memory + RETURNED + SEQUENCE);

	x->said = arena_printf(x->client->arena,
			       "frame %u came back as %u, with %u and %u bytes, errors %#x",
			       e->sequence, sequence, first, second, (status & RX_ERRORS) >> 8);
	return sequence == e->sequence && first == HALF && second == HALF &&
	       (status & (RX_ERRORS | RX_END_OF_PACKET)) == RX_END_OF_PACKET;
}

/* Waits for the frame that post() and send() are about. */
static int receive(struct dma_test *x, unsigned int timeout_ms)
{
	struct sys *sys = x->client->sys;
	struct e1000 *e = x->state;
	uint64_t end = sys->ops->now_ns(sys) + (uint64_t)timeout_ms * 1000000U;
	uint32_t status;
	int r = 0;

	while (!r) {
		bool late = sys->ops->now_ns(sys) >= end;

		if (is_done(x, RX_RING, e->rx + 1)) {
			r = is_intact(x) ? 0 : -EIO;
			e->rx = (e->rx + 2) % DESCRIPTORS;
			return r;
		}
		if (late) {
			x->said =
				arena_printf(x->client->arena,
					     "no frame came back through the loopback within %u ms",
					     timeout_ms);
			return -ETIMEDOUT;
		}
		dma_test_pause(x, 1);
		r = dma_test_get32(x, E1000_STATUS, &status);
	}
	return r;
}

/* The loopback works as soon as one frame has come back. Those that were lost before are sent again. */
static int first_frame(struct dma_test *x)
{
	struct e1000 *e = x->state;
	int r = post(x, x->own[1].iova + KEPT);

	for (unsigned int ms = 0; !r && ms < FIRST_FRAME_TIMEOUT_MS; ms += RETRY_MS) {
		if (!ms || is_done(x, TX_RING, e->tx + DESCRIPTORS - 1))
			r = send(x, x->own[1].iova + KEPT);
		if (!r)
			r = receive(x, RETRY_MS);
		if (r != -ETIMEDOUT)
			return r;
		r = 0;
	}
	return r < 0 ? r : -ETIMEDOUT;
}

static int e1000_init(struct dma_test *x, struct failure **reterr)
{
	struct e1000 *e = x->state;
	uint32_t ctrl = 0;
	int r;

	if (e->ready)
		return 0;
	r = reset(x, &ctrl);
	if (!r)
		r = phy_loop(x);
	memset(x->own[0].memory, 0, HEADER);
	e->tx = e->rx = 0;
	if (!r)
		r = start(x, ctrl);
	if (!r)
		r = first_frame(x);
	e->ready = !r;
	return r < 0 ? dma_test_failure(x, r, reterr) : 0;
}

static int move(struct dma_test *x, uint64_t source, uint64_t target)
{
	struct e1000 *e = x->state;
	int r = post(x, target);

	if (!r)
		r = send(x, source);
	if (!r)
		r = receive(x, FRAME_TIMEOUT_MS);
	e->ready = !r;
	return r;
}

static int e1000_load(struct dma_test *x, uint64_t iova)
{
	memset(x->own[1].memory + KEPT, 0, HALF);
	return move(x, iova, x->own[1].iova + KEPT);
}

static int e1000_store(struct dma_test *x, uint64_t iova)
{
	return move(x, x->own[1].iova + KEPT, iova);
}

/* A frame received raises one. */
static int e1000_interrupt(struct dma_test *x, uint64_t scratch)
{
	int r = is_82574(x) ? dma_test_put32(x, E1000_IVAR, IVAR_RECEIVED_0) : 0;

	if (!r)
		r = dma_test_put32(x, E1000_IMS, INTERRUPT_RECEIVED);

	return r < 0 ? r : e1000_store(x, scratch);
}

static void e1000_acknowledge(struct dma_test *x)
{
	(void)dma_test_put32(x, E1000_IMC, UINT32_MAX);
	(void)dma_test_put32(x, E1000_ICR, UINT32_MAX);
}

static void e1000_quiesce(struct dma_test *x)
{
	struct e1000 *e = x->state;
	uint32_t ctrl = 0;

	e->ready = false;
	(void)stop(x);
	phy_restore(x);
	(void)reset(x, &ctrl);
	e1000_acknowledge(x);
	/* A test that was killed may have left its own address: then what the reset loads is right. */
	if (e->ral == ADDRESS_LOW)
		return;
	(void)dma_test_put32(x, E1000_RAL, e->ral);
	(void)dma_test_put32(x, E1000_RAH, e->rah);
}

#define E1000_DRIVER                                                                            \
	.vendor = 0x8086, .state_size = sizeof(struct e1000), .own_pages = 2, .transfer = HALF, \
	.probe = e1000_probe, .init = e1000_init, .load = e1000_load, .store = e1000_store,     \
	.interrupt = e1000_interrupt, .acknowledge = e1000_acknowledge, .quiesce = e1000_quiesce

const struct dma_driver dma_driver_e1000 = {
	E1000_DRIVER,
	.name = "e1000",
	.what = "Intel 82540EM network cards, which send a frame to themselves (PHY loopback)",
	.devices = (const uint16_t[]){ 0x100e, 0 },
	/* It sits on a bus of 32 bits. */
	.address_bits = 32,
	.irq_index = VT_PCI_INTX,
};

const struct dma_driver dma_driver_e1000e = {
	E1000_DRIVER,
	.name = "e1000e",
	.what = "Intel 82574L network cards, which send a frame to themselves (PHY loopback)",
	.devices = (const uint16_t[]){ 0x10d3, 0 },
	.address_bits = 64,
	.irq_index = VT_PCI_MSI,
};
