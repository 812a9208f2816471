/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An Intel 82540EM or 82576, of the fake kernel in fake-device.c: frames leave it by the loopback of its PHY only,
 * and at once. Without loopback a frame would reach the network, which ends the test. */
#include <string.h>

#include "uapi/abi.h"
#include "fake-device.h"

enum {
	CTRL = 0x00,
	STATUS = 0x08,
	CTRL_EXT = 0x18,
	MDIC = 0x20,
	IMS = 0xd0,
	IMC = 0xd8,
	RCTL = 0x100,
	TCTL = 0x400,
	EEMNGCTL = 0x1010,
	IVAR = 0x1700,
	RX_RING = 0x2800,
	TX_RING = 0x3800,
	HEAD = 0x10,
	TAIL = 0x18,
	SPLIT = 0x0c,
	QUEUE = 0x28,
	QUEUE_ENABLED = 1 << 25,
	RAL = 0x5400,
	RAH = 0x5404,
	SWSM = 0x5b50,
	SW_FW_SYNC = 0x5b5c,
	PHY = 0x8000, /* of no device: the PHY's control register */
	LOOPBACK = 1 << 14,
	PORT = 1, /* of the 82576 */
	PHY_LOCK = 1 << 2,
};

static bool is_82576(const struct fake_device *f)
{
	return f->model == &fake_igb;
}

static size_t buffer_size(const struct fake_device *f)
{
	return is_82576(f) ? 1024 : 512;
}

static void e1000_start(struct fake_device *f)
{
	memset(f->registers, 0, sizeof(f->registers));
	fake_set(f, STATUS, 0x80080783);
	fake_set(f, CTRL, 0x140240);
	fake_set(f, RAL, 0x12005452);
	fake_set(f, RAH, 0x80005634);
	fake_set(f, PHY, 0x1140);
	if (is_82576(f)) {
		fake_set(f, STATUS, fake_get(f, STATUS) | PORT << 2);
		fake_set(f, EEMNGCTL, 1 << 18 << PORT);
		/* The firmware looks after its own PHY; another card has no PHY of its own. */
		fake_set(f, SW_FW_SYNC, 1 << 17);
		fake_set(f, CTRL_EXT, fake_has(f, FAKE_EMPTY) ? 3 << 22 : 0);
	}
	if (fake_has(f, FAKE_ENABLED | FAKE_LEFT))
		fake_set(f, RCTL, 2);
	/* What a test that was killed leaves. */
	if (fake_has(f, FAKE_LEFT)) {
		fake_set(f, RAL, 0x69667602);
		fake_set(f, PHY, 0x4140);
	}
}

static uint64_t e1000_read(struct fake_device *f, uint64_t offset)
{
	uint32_t value = offset < PHY ? fake_get(f, offset) : 0;

	/* Who reads it has it, unless somebody had it. */
	if (is_82576(f) && offset == SWSM)
		fake_set(f, SWSM, value | 1);
	return value;
}

/* One descriptor at the head of @ring, and how it comes back. */
static int descriptor(struct fake_device *f, size_t ring, uint32_t words[4], bool write)
{
	uint64_t base = fake_get64(f, ring);
	int r = fake_own_dma(f, base + fake_get(f, ring + HEAD) * UINT64_C(16), words, 16, write);

	if (write)
		fake_set(f, ring + HEAD,
			 (fake_get(f, ring + HEAD) + 1) % (fake_get(f, ring + 8) / 16));
	return r;
}

static bool is_for_us(const struct fake_device *f, const uint8_t *frame)
{
	return !memcmp(frame, f->registers + RAL, 6) && fake_get(f, RAH) >> 31;
}

static bool is_enabled(const struct fake_device *f, size_t ring)
{
	return !is_82576(f) || fake_get(f, ring + QUEUE) & QUEUE_ENABLED;
}

static void receive(struct fake_device *f, uint8_t *frame, size_t size)
{
	if (!(fake_get(f, RCTL) & 2) || !is_enabled(f, RX_RING) || !is_for_us(f, frame))
		return;
	/* The first frame only shows that the loopback works. */
	if (fake_has(f, FAKE_LOSES_COMPLETIONS) && f->identified++)
		return;
	for (size_t at = 0; at < size; at += buffer_size(f)) {
		uint32_t words[4] = { 0 };
		size_t part = size - at < buffer_size(f) ? size - at : buffer_size(f);

		if (fake_get(f, RX_RING + HEAD) == fake_get(f, RX_RING + TAIL) ||
		    descriptor(f, RX_RING, words, false) < 0)
			return;
		/* The header's buffer is the driver's own. */
		(void)(at ? fake_dma : fake_own_dma)(f, words[0] | (uint64_t)words[1] << 32,
						     frame + at, part, true);
		words[is_82576(f) ? 3 : 2] = (uint32_t)part;
		words[is_82576(f) ? 2 : 3] = 1 | (at + part == size) << 1;
		(void)descriptor(f, RX_RING, words, true);
	}
	if (fake_get(f, IMS) & 0x80 && (!is_82576(f) || fake_get(f, IVAR) == 0x80))
		fake_raise(f);
}

static void transmit(struct fake_device *f)
{
	uint8_t frame[2048];
	size_t size = 0;

	while (fake_get(f, TCTL) & 2 && is_enabled(f, TX_RING) &&
	       fake_get(f, TX_RING + HEAD) != fake_get(f, TX_RING + TAIL)) {
		uint32_t words[4] = { 0 };
		size_t len;

		if (descriptor(f, TX_RING, words, false) < 0)
			return;
		len = words[2] & 0xffff;
		/* Advanced descriptors of data that tell the size of the whole frame. */
		if (is_82576(f) &&
		    ((words[2] & 0x20f00000) != 0x20300000 || words[3] != 1280U << 14))
			__builtin_trap();
		if (size + len > sizeof(frame) ||
		    fake_dma(f, words[0] | (uint64_t)words[1] << 32, frame + size, len, false) < 0)
			size = sizeof(frame);
		else
			size += len;
		words[3] |= 1;
		if (descriptor(f, TX_RING, words, true) < 0)
			return;
		if (!(words[2] & 1 << 24))
			continue;
		if (!(fake_get(f, PHY) & LOOPBACK))
			__builtin_trap();
		if (size < sizeof(frame))
			receive(f, frame, size);
		size = 0;
	}
}

static void phy(struct fake_device *f, uint32_t value)
{
	/* Only who asked for it may use it. */
	if (is_82576(f) && !(fake_get(f, SW_FW_SYNC) & PHY_LOCK))
		__builtin_trap();
	if (value >> 26 & 1 && !fake_has(f, FAKE_OTHER_ID))
		fake_set(f, PHY, value & 0xffff);
	fake_set(f, MDIC, (value & ~0xffffU) | (fake_get(f, PHY) & 0xffff) | 1U << 28);
}

static void e1000_write(struct fake_device *f, uint64_t offset, uint64_t value)
{
	uint32_t word = (uint32_t)value;

	if (offset >= PHY)
		return;
	switch (offset) {
	case CTRL:
		if (word & 1U << 26) {
			fake_set(f, RCTL, 0);
			fake_set(f, TCTL, 0);
			fake_set(f, IMS, 0);
		}
		fake_set(f, CTRL, word & ~(1U << 26));
		return;
	case MDIC:
		phy(f, word);
		return;
	case RX_RING + SPLIT:
		if (word != (1 | 1 << 25))
			__builtin_trap();
		fake_set(f, offset, word);
		return;
	case SW_FW_SYNC:
		if ((fake_get(f, SWSM) & 3) != 3)
			__builtin_trap();
		fake_set(f, offset, word);
		return;
	case IMC:
		fake_set(f, IMS, fake_get(f, IMS) & ~word);
		return;
	default:
		fake_set(f, offset, word);
		if (offset == TX_RING + TAIL)
			transmit(f);
		return;
	}
}

const struct fake_model fake_e1000 = {
	.vendor = 0x8086,
	.device = 0x100e,
	.class_code = 0x020000,
	.irq_index = VT_PCI_INTX,
	.transfers = 12,
	.start = e1000_start,
	.read = e1000_read,
	.write = e1000_write,
};

const struct fake_model fake_igb = {
	.vendor = 0x8086,
	.device = 0x10c9,
	.class_code = 0x020000,
	.irq_index = VT_PCI_MSI,
	.transfers = 12,
	.start = e1000_start,
	.read = e1000_read,
	.write = e1000_write,
};
