/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Intel's 82540EM (e1000), 82574L (e1000e) and 82576 (igb): frames through the loopback of their PHY. A frame has
 * a header that the receiver's filter knows, in the driver's own memory, and behind it what is to be moved. The
 * receiver's buffers are of just the header's size, so that what follows arrives in a buffer of its own.
 * Sections are those of dma-test-e1000.h. */
#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "uapi/abi.h"
#include "client/dma-test-e1000.h"

/* 13.4 and 13.5. */
enum {
	E1000_CTRL_EXT = 0x0018,
	E1000_ICR = 0x00c0,
	E1000_IMS = 0x00d0,
	E1000_IMC = 0x00d8,
	E1000_IVAR = 0x00e4, /* 82574 only: which MSI-X vector has which cause */
	E1000_RCTL = 0x0100,
	E1000_TCTL = 0x0400,
	E1000_TIPG = 0x0410,
	E1000_EEMNGCTL = 0x1010, /* 82576 only: whether its EEPROM was read */
	E1000_IVAR_82576 = 0x1700,
	E1000_RX_RING = 0x2800,
	E1000_TX_RING = 0x3800,
	RING_BASE_HIGH = 0x04,
	RING_LENGTH = 0x08,
	RING_SPLIT = 0x0c, /* 82576 only: SRRCTL of the receiver */
	RING_HEAD = 0x10,
	RING_TAIL = 0x18,
	RING_CONTROL = 0x28, /* 82576 only: RXDCTL and TXDCTL */
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
	/* 82576, 8.10.2, 8.10.9, 8.12.15, 8.8.13 and 8.2.3. */
	SPLIT_1024 = 1 << 0 | 1 << 25, /* buffers of 1 KiB, advanced descriptors with one */
	QUEUE_ENABLE = 1 << 25,
	IVAR_82576_RECEIVED_0 = 1 << 7, /* vector 0, valid */
	EEMNGCTL_DONE = 1 << 18,        /* the first port's bit; the others follow */
	STATUS_PORT_SHIFT = 2,
	LINK_MODE = 3 << 22, /* 0: its own PHY */
};

#define RAH_VALID UINT32_C(0x80000000)

/* To and from locally administered addresses, which differ in the last byte; IEEE 802, 9.2.3: for local
 * experiments. */
#define ADDRESS_LOW  UINT32_C(0x69667602)
#define ADDRESS_HIGH UINT32_C(0x016f)

/* The driver's memory. The first page: the rings and the header to send; the second one: the header that
 * came back, and what the device keeps. */
enum {
	DESCRIPTORS = 8, /* the fewest that a ring may have: 128 bytes */
	DESCRIPTOR_SIZE = 16,
	TX_RING = 0,
	RX_RING = 0x80,
	HEADER = 0x200,
	RETURNED = 0,
	KEPT = 0x800,
	HALF = 512,          /* bytes: of the header and of what is moved */
	HEADER_82576 = 1024, /* its buffers have whole KiB */
	MOVED_82576 = 256,
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

/* 82576, 7.2.2.3 and 7.1.5: advanced descriptors. */
enum {
	TX_ADVANCED_DATA = 3 << 20 | 1 << 29,
	TX_FRAME_SHIFT = 14, /* the size of the whole frame, in the last word */
};

#define RX_ADVANCED_ERROR UINT32_C(0x80000000)

enum {
	SETTLE_MS = 10,
	EEPROM_TIMEOUT_MS = 100,
	FRAME_TIMEOUT_MS = 200,
	RETRY_MS = 50,
	/* A PHY needs half a second to settle; QEMU's receiver is deaf for one after its setup. */
	FIRST_FRAME_TIMEOUT_MS = 5000,
};

static const uint8_t frame_header[14] = { 0x02, 0x76, 0x66, 0x69, 0x6f, 0x01, 0x02,
					  0x76, 0x66, 0x69, 0x6f, 0x02, 0x88, 0xb5 };

static int e1000_probe(struct dma_test *x, struct failure **reterr)
{
	struct e1000 *e = x->state;
	uint32_t status, rctl = 0, tctl = 0, mode = 0;
	int r = dma_test_get32(x, E1000_STATUS, &status);

	if (!r)
		r = dma_test_get32(x, E1000_RCTL, &rctl);
	if (!r)
		r = dma_test_get32(x, E1000_TCTL, &tctl);
	if (!r)
		r = dma_test_get32(x, E1000_RAL, &e->ral);
	if (!r)
		r = dma_test_get32(x, E1000_RAH, &e->rah);
	if (!r && e1000_is_82576(x)) {
		r = dma_test_get32(x, E1000_CTRL_EXT, &mode);
		if (!r && mode & LINK_MODE) {
			x->said = "it is not connected by its own PHY, whose loopback is needed";
			r = -ENOTSUP;
		}
	}
	if (r < 0)
		return dma_test_failure(x, r, reterr);
	if (dma_test_is_master(x) && (rctl | tctl) & ENABLE)
		return failure_set(reterr, -EBUSY,
				   "%s: its receiver or transmitter is enabled, so something may be using the network: end that, or reset the device first",
				   x->object);
	return 0;
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

/* What the EEPROM says of the PHY may come late. Without an EEPROM this is never done. */
static int await_eeprom(struct dma_test *x)
{
	uint32_t status = 0;
	int r = dma_test_get32(x, E1000_STATUS, &status), done;

	done = EEMNGCTL_DONE << (status >> STATUS_PORT_SHIFT & 3);
	if (!r)
		r = dma_test_wait32(x, E1000_EEMNGCTL, (uint32_t)done, (uint32_t)done,
				    EEPROM_TIMEOUT_MS, "the EEPROM");
	return r == -ETIMEDOUT ? 0 : r;
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
	if (!r && e1000_is_82576(x))
		r = await_eeprom(x);
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

/* Its queues do nothing before they say that they are enabled. */
static int enable_queues(struct dma_test *x)
{
	static const uint64_t queues[] = { E1000_RX_RING + RING_CONTROL,
					   E1000_TX_RING + RING_CONTROL };
	int r = dma_test_put32(x, E1000_RX_RING + RING_SPLIT, SPLIT_1024);

	for (size_t i = 0; !r && i < ARRAY_SIZE(queues); i++) {
		r = dma_test_put32(x, queues[i], QUEUE_ENABLE);
		if (!r)
			r = dma_test_wait32(x, queues[i], QUEUE_ENABLE, QUEUE_ENABLE,
					    REGISTER_TIMEOUT_MS, "to enable a queue");
	}
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
	if (!r && x->kind == &dma_driver_e1000)
		r = dma_test_put32(x, E1000_TIPG, TIPG_USUAL);
	if (!r && e1000_is_82576(x))
		r = enable_queues(x);
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

static void describe(uint8_t *d, uint64_t iova, uint32_t command, uint32_t last)
{
	dma_test_set_le64(d, iova);
	dma_test_set_le32(d + 8, command);
	dma_test_set_le32(d + 12, last);
}

/* Bytes of the header, and of a receiver's buffer. */
static size_t header_size(const struct dma_test *x)
{
	return e1000_is_82576(x) ? HEADER_82576 : HALF;
}

/* Gives the receiver two buffers: for the header, and @target. */
static int post(struct dma_test *x, uint64_t target)
{
	struct e1000 *e = x->state;

	describe(descriptor(x, RX_RING, e->rx), x->own[1].iova + RETURNED, 0, 0);
	describe(descriptor(x, RX_RING, e->rx + 1), target, 0, 0);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return dma_test_put32(x, E1000_RX_RING + RING_TAIL, (e->rx + 2) % DESCRIPTORS);
}

/* Sends a header with a new number and the bytes at @source. */
static int send(struct dma_test *x, uint64_t source)
{
	struct e1000 *e = x->state;
	uint8_t *header = x->own[0].memory + HEADER;
	size_t size = header_size(x);
	uint32_t command = TX_INSERT_CRC | TX_REPORT, last = 0;

	if (e1000_is_82576(x)) {
		command |= TX_ADVANCED_DATA;
		last = (uint32_t)(size + x->kind->transfer) << TX_FRAME_SHIFT;
	}
	memset(header, 0, size);
	memcpy(header, frame_header, sizeof(frame_header));
	dma_test_set_le32(header + SEQUENCE, ++e->sequence);
	describe(descriptor(x, TX_RING, e->tx), x->own[0].iova + HEADER, (uint32_t)size | command,
		 last);
	describe(descriptor(x, TX_RING, e->tx + 1), source,
		 (uint32_t)x->kind->transfer | TX_END_OF_PACKET | command, last);
	e->tx = (e->tx + 2) % DESCRIPTORS;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return dma_test_put32(x, E1000_TX_RING + RING_TAIL, e->tx);
}

/* Which word of a descriptor has its end, in bytes. */
static size_t status_at(const struct dma_test *x, unsigned int ring)
{
	return e1000_is_82576(x) && ring == RX_RING ? 8 : 12;
}

static bool is_done(const struct dma_test *x, unsigned int ring, unsigned int i)
{
	return dma_test_le32(descriptor(x, ring, i) + status_at(x, ring)) & DONE;
}

static bool is_intact(struct dma_test *x)
{
	struct e1000 *e = x->state;
	const uint8_t *one = descriptor(x, RX_RING, e->rx);
	const uint8_t *two = descriptor(x, RX_RING, e->rx + 1);
	size_t at = status_at(x, RX_RING), length_at = 20 - at;
	uint32_t first = dma_test_le32(one + length_at) & 0xffff;
	uint32_t second = dma_test_le32(two + length_at) & 0xffff;
	uint32_t status = dma_test_le32(two + at);
	uint32_t errors = status & (e1000_is_82576(x) ? RX_ADVANCED_ERROR : RX_ERRORS);
	uint32_t sequence = dma_test_le32(x->own[1].memory + RETURNED + SEQUENCE);

	x->said = arena_printf(x->client->arena,
			       "frame %u came back as %u, with %u and %u bytes, errors %#x",
			       e->sequence, sequence, first, second, errors);
	return sequence == e->sequence && first == header_size(x) && second == x->kind->transfer &&
	       !errors && status & RX_END_OF_PACKET;
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
		r = e1000_phy_loop(x);
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
	memset(x->own[1].memory + KEPT, 0, x->kind->transfer);
	return move(x, iova, x->own[1].iova + KEPT);
}

static int e1000_store(struct dma_test *x, uint64_t iova)
{
	return move(x, x->own[1].iova + KEPT, iova);
}

/* A frame received raises one. */
static int e1000_interrupt(struct dma_test *x, uint64_t scratch)
{
	int r = e1000_is_82574(x)   ? dma_test_put32(x, E1000_IVAR, IVAR_RECEIVED_0)
		: e1000_is_82576(x) ? dma_test_put32(x, E1000_IVAR_82576, IVAR_82576_RECEIVED_0)
				    : 0;

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
	e1000_phy_restore(x);
	(void)reset(x, &ctrl);
	e1000_acknowledge(x);
	/* A test that was killed may have left its own address: then what the reset loads is right. */
	if (e->ral == ADDRESS_LOW)
		return;
	(void)dma_test_put32(x, E1000_RAL, e->ral);
	(void)dma_test_put32(x, E1000_RAH, e->rah);
}

#define E1000_DRIVER                                                                        \
	.vendor = 0x8086, .state_size = sizeof(struct e1000), .own_pages = 2,               \
	.probe = e1000_probe, .init = e1000_init, .load = e1000_load, .store = e1000_store, \
	.interrupt = e1000_interrupt, .acknowledge = e1000_acknowledge, .quiesce = e1000_quiesce

const struct dma_driver dma_driver_e1000 = {
	E1000_DRIVER,
	.name = "e1000",
	.what = "Intel 82540EM network cards, which send a frame to themselves (PHY loopback)",
	.devices = (const uint16_t[]){ 0x100e, 0 },
	/* It sits on a bus of 32 bits. */
	.address_bits = 32,
	.transfer = HALF,
	.irq_index = VT_PCI_INTX,
};

const struct dma_driver dma_driver_e1000e = {
	E1000_DRIVER,
	.name = "e1000e",
	.what = "Intel 82574L network cards, which send a frame to themselves (PHY loopback)",
	.devices = (const uint16_t[]){ 0x10d3, 0 },
	.address_bits = 64,
	.transfer = HALF,
	.irq_index = VT_PCI_MSI,
};

const struct dma_driver dma_driver_igb = {
	E1000_DRIVER,
	.name = "igb",
	.what = "Intel 82576 network cards, which send a frame to themselves (PHY loopback)",
	.not_run = "igb" DMA_TEST_NOT_RUN,
	/* Those with a PHY for copper. */
	.devices = (const uint16_t[]){ 0x10c9, 0x10e8, 0x150a, 0x1526, 0 },
	.address_bits = 64,
	.transfer = MOVED_82576,
	.irq_index = VT_PCI_MSI,
};
