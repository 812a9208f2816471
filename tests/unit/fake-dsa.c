/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A Data Streaming Accelerator, of the fake kernel in fake-device.c. It wants to be configured as its specification
 * says, and copies at once. */
#include "uapi/abi.h"
#include "fake-device.h"

enum {
	VERSION = 0x00,
	GENCAP = 0x10,
	WQCAP = 0x20,
	GRPCAP = 0x30,
	ENGCAP = 0x38,
	OPCAP = 0x40,
	TABLES = 0x60,
	GENSTS = 0x90,
	INTCAUSE = 0x98,
	CMD = 0xa0,
	CMDSTS = 0xa8,
	SWERR = 0xc0,
	GRPCFG = 0x400,
	WQCFG = 0x500,
	ENABLED = 1,
	HALTED = 3,
	QUEUE = 0, /* of words[]: whether it is enabled */
};

static void reset(struct fake_device *f)
{
	memset(f->registers, 0, sizeof(f->registers));
	memset(f->words, 0, sizeof(f->words));
	fake_set(f, VERSION, 0x100);
	fake_set(f, GENCAP, UINT32_C(0x80000000) | 11 << 16 | 4 << 21);
	fake_set(f, WQCAP, 128 | 8 << 16 | 1 << 24);
	fake_set(f, WQCAP + 4, 1 << 16 | 1 << 17 | 1 << 18 | 1 << 22 | 1 << 23);
	fake_set(f, GRPCAP, 4);
	fake_set(f, ENGCAP, 4);
	fake_set(f, OPCAP, fake_has(f, FAKE_OTHER_ID) ? 5 : 0xd);
	fake_set(f, TABLES, GRPCFG >> 8 | (WQCFG >> 8) << 16);
}

static void dsa_start(struct fake_device *f)
{
	reset(f);
	if (fake_has(f, FAKE_ENABLED | FAKE_LEFT))
		fake_set(f, GENSTS, ENABLED);
}

static bool dsa_runs(const struct fake_device *f)
{
	return fake_get(f, GENSTS) == ENABLED;
}

/* Dedicated, of priority 1, neither translating nor faulting, 2048 bytes, Memory Move only, in group 0. */
static bool is_configured(const struct fake_device *f)
{
	return fake_get(f, WQCFG) == 128 && fake_get(f, WQCFG + 8) == 0x1d &&
	       fake_get(f, WQCFG + 12) == (11 | 4 << 5) && fake_get(f, WQCFG + 32) == 8 &&
	       fake_get(f, GRPCFG) == 1 && fake_get(f, GRPCFG + 32) == 1;
}

static void command(struct fake_device *f, uint32_t value)
{
	uint32_t error = 0;

	switch (value >> 20 & 0x1f) {
	case 1:
		error = is_configured(f) && f->command & 4 ? 0 : 0x11;
		if (!error)
			fake_set(f, GENSTS, ENABLED);
		break;
	case 3:
		error = fake_get(f, GENSTS) == ENABLED ? 0 : 0x32;
		break;
	case 5:
		reset(f);
		break;
	case 6:
		error = fake_get(f, GENSTS) == ENABLED && !(value & 0xfffff) ? 0 : 0x20;
		f->words[QUEUE] = !error;
		break;
	default:
		error = 1;
	}
	fake_set(f, CMDSTS, fake_has(f, FAKE_REFUSES) ? 0x14 : error);
	if (value >> 31) {
		fake_set(f, INTCAUSE, fake_get(f, INTCAUSE) | 2);
		fake_raise(f);
	}
}

static uint64_t dsa_read(struct fake_device *f, uint64_t offset)
{
	return offset < 0x1000 ? fake_get(f, offset) : 0;
}

static void dsa_write(struct fake_device *f, uint64_t offset, uint64_t value)
{
	uint32_t word = (uint32_t)value;

	switch (offset) {
	case CMD:
		command(f, word);
		return;
	case INTCAUSE:
	case SWERR:
		fake_set(f, offset, fake_get(f, offset) & ~word);
		return;
	default:
		/* Nothing else is to be written. */
		if (offset < GRPCFG || offset >= WQCFG + 64)
			__builtin_trap();
		fake_set(f, offset, word);
	}
}

/* The completion record: a bad address, or the end. */
static void complete(struct fake_device *f, uint64_t record, int r)
{
	uint8_t bytes[32] = { r < 0 && fake_has(f, FAKE_FAILS_UNMAPPED) ? 0x03 : 0x01 };

	if (fake_has(f, FAKE_LOSES_COMPLETIONS))
		return;
	if (fake_own_dma(f, record, bytes, sizeof(bytes), true) < 0)
		fake_set(f, SWERR, 1 | 0x1a << 8);
}

static void dsa_submit(struct fake_device *f, const uint8_t *bytes)
{
	uint64_t words[8];
	uint8_t data[2048];
	int r;

	memcpy(words, bytes, sizeof(words));
	/* Memory Move with a record, of 2048 bytes, whose record is aligned. */
	if (words[0] != (UINT64_C(0x300000c) << 32 | 0x80000000) || words[4] != sizeof(data) ||
	    words[1] % 32)
		__builtin_trap();
	if (!f->words[QUEUE])
		return;
	r = fake_dma(f, words[2], data, sizeof(data), false);
	if (!r)
		r = fake_dma(f, words[3], data, sizeof(data), true);
	complete(f, words[1], r);
}

const struct fake_model fake_dsa = {
	.vendor = 0x8086,
	.device = 0x0b25,
	.class_code = 0x088000,
	.transfers = 3,
	.irq_index = VT_PCI_MSIX,
	.start = dsa_start,
	.runs = dsa_runs,
	.read = dsa_read,
	.write = dsa_write,
	.submit = dsa_submit,
};
