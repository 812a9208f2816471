/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An I/OAT engine of version 3.2, of the fake kernel in fake-device.c: channel 0 copies at once. */
#include "uapi/abi.h"
#include "fake-device.h"

enum {
	INTRCTRL = 0x03,
	VERSION = 0x08,
	CHANCTRL = 0x80,
	CHANCMD = 0x84,
	DMACOUNT = 0x86,
	CHANSTS = 0x88,
	CHAINADDR = 0x90,
	CHANERR = 0xa8,
	ACTIVE = 0,
	DONE = 1,
	SUSPENDED = 2,
	HALTED = 3,
	SUSPEND = 0x04,
	RESET = 0x20,
};

static void ioat_start(struct fake_device *f)
{
	memset(f->registers, 0, sizeof(f->registers));
	fake_set_part(f, 0x00, 1, 8);
	fake_set_part(f, 0x01, 1, 20);
	fake_set_part(f, VERSION, 1, fake_has(f, FAKE_OTHER_ID) ? 0x20 : 0x32);
	fake_set(f, CHANSTS, fake_has(f, FAKE_ENABLED | FAKE_LEFT) ? ACTIVE : HALTED);
	/* What an earlier user left. */
	fake_set(f, CHANERR, 0x10);
}

static bool ioat_runs(const struct fake_device *f)
{
	return fake_get(f, CHANSTS) == ACTIVE;
}

static void halt(struct fake_device *f, uint32_t error)
{
	fake_set(f, CHANSTS, HALTED);
	fake_set(f, CHANERR, error);
}

static void run(struct fake_device *f)
{
	uint64_t at = fake_get64(f, CHAINADDR), words[8];
	uint8_t data[2048];
	uint32_t state = fake_get(f, CHANSTS);
	int r;

	/* A chain begins on a channel at rest, without errors, whose interrupt is armed. */
	if ((state != SUSPENDED && state != HALTED) || fake_get(f, CHANERR) ||
	    fake_get_part(f, CHANCTRL, 2) != 9)
		__builtin_trap();
	fake_set(f, CHANSTS, ACTIVE);
	if (fake_has(f, FAKE_LOSES_COMPLETIONS))
		return;
	if (fake_has(f, FAKE_REFUSES) || fake_own_dma(f, at, words, sizeof(words), false) < 0) {
		halt(f, 0x04);
		return;
	}
	/* A copy of 2048 bytes, followed by itself. */
	if ((words[0] & ~(UINT64_C(1) << 32)) != sizeof(data) || words[3] != at)
		__builtin_trap();
	r = fake_dma(f, words[1], data, sizeof(data), false);
	if (!r)
		r = fake_dma(f, words[2], data, sizeof(data), true);
	if (r < 0 && fake_has(f, FAKE_FAILS_UNMAPPED)) {
		halt(f, 0x02);
		return;
	}
	fake_set(f, CHANSTS, DONE);
	if (words[0] >> 32 & 1 && fake_get_part(f, INTRCTRL, 1) == 9)
		fake_raise(f);
}

static uint64_t ioat_read(struct fake_device *f, uint64_t offset)
{
	return offset < 0x1000 ? fake_get(f, offset) : 0;
}

static void ioat_write(struct fake_device *f, uint64_t offset, uint64_t value)
{
	uint32_t word = (uint32_t)value;

	switch (offset) {
	case CHANCMD:
		if (word & RESET)
			fake_set(f, CHANSTS, HALTED);
		else if (word & SUSPEND)
			fake_set(f, CHANSTS, SUSPENDED);
		return;
	case CHANERR:
		fake_set(f, CHANERR, fake_get(f, CHANERR) & ~word);
		return;
	case INTRCTRL:
		fake_set_part(f, offset, 1, word);
		return;
	case CHANCTRL:
		fake_set_part(f, offset, 2, word);
		return;
	case CHAINADDR:
	case CHAINADDR + 4:
		fake_set(f, offset, word);
		return;
	case DMACOUNT:
		run(f);
		return;
	default:
		/* Nothing else is to be written. */
		__builtin_trap();
	}
}

const struct fake_model fake_ioat = {
	.vendor = 0x8086,
	.device = 0x2021,
	.class_code = 0x088000,
	.transfers = 3,
	.irq_index = VT_PCI_MSIX,
	.start = ioat_start,
	.runs = ioat_runs,
	.read = ioat_read,
	.write = ioat_write,
};
