/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An HD Audio controller with one codec, of the fake kernel in fake-device.c. It answers each command
 * at once. */
#include <string.h>

#include "uapi/abi.h"
#include "fake-device.h"

enum { CODEC = 2 };

static uint32_t get(const struct fake_device *f, size_t offset, size_t width)
{
	uint32_t value = 0;

	memcpy(&value, f->registers + offset, width);
	return value;
}

static void set(struct fake_device *f, size_t offset, size_t width, uint32_t value)
{
	memcpy(f->registers + offset, &value, width);
}

static void reset(struct fake_device *f)
{
	memset(f->registers, 0, sizeof(f->registers));
	set(f, 0x00, 2, 0x4401);
	set(f, 0x03, 1, 1);
	if (!fake_has(f, FAKE_EMPTY))
		set(f, 0x0e, 2, 1 << CODEC);
	set(f, 0x4e, 1, 0x42);
	set(f, 0x5e, 1, 0x42);
}

static void hda_start(struct fake_device *f)
{
	reset(f);
	if (fake_has(f, FAKE_OTHER_ID))
		set(f, 0x03, 1, 7);
	if (fake_has(f, FAKE_ENABLED | FAKE_LEFT)) {
		set(f, 0x08, 4, 1);
		set(f, 0x80 + 3 * 0x20, 1, 2);
	}
}

static void answer(struct fake_device *f, uint32_t verb)
{
	uint64_t at = get(f, 0x50, 4) | (uint64_t)get(f, 0x54, 4) << 32;
	uint32_t wp = (get(f, 0x58, 2) + 1) & 0xff, words[2] = { 0, CODEC };
	unsigned int faults = f->faults;

	f->identified++;
	if (verb == (CODEC << 28 | 0xf0000))
		words[0] = 0x1af40022;
	else if (verb == (CODEC << 28 | 0xf0004))
		words[0] = 0x00010001;
	/* The fault is in one of the answers only. */
	if (wp != 77)
		f->faults &= ~(unsigned int)FAKE_WRONG_BYTES;
	(void)fake_dma(f, at + wp * sizeof(words), (uint8_t *)words, sizeof(words), true);
	f->faults = faults;
	set(f, 0x58, 2, wp);
}

static void run(struct fake_device *f)
{
	uint64_t at = get(f, 0x40, 4) | (uint64_t)get(f, 0x44, 4) << 32;

	if (!(get(f, 0x4c, 1) & get(f, 0x5c, 1) & 2) || fake_has(f, FAKE_LOSES_COMPLETIONS))
		return;
	while (get(f, 0x4a, 2) != get(f, 0x48, 2)) {
		uint32_t rp = (get(f, 0x4a, 2) + 1) & 0xff, verb = 0;

		if (fake_dma(f, at + rp * sizeof(verb), (uint8_t *)&verb, sizeof(verb), false) <
		    0) {
			set(f, 0x4d, 1, 1);
			return;
		}
		set(f, 0x4a, 2, rp);
		answer(f, verb);
	}
	set(f, 0x5d, 1, get(f, 0x5d, 1) | 1);
	if (get(f, 0x20, 4) == 0xc0000000 && get(f, 0x5c, 1) & 1)
		fake_raise(f);
}

static bool hda_runs(const struct fake_device *f)
{
	return get(f, 0x80 + 3 * 0x20, 1) & 2 || get(f, 0x4c, 1) & 2;
}

static uint64_t hda_read(struct fake_device *f, uint64_t offset)
{
	return get(f, offset, 4);
}

static void hda_write(struct fake_device *f, uint64_t offset, uint64_t value)
{
	uint32_t word = (uint32_t)value;

	switch (offset) {
	case 0x08:
		if (!(word & 1))
			reset(f);
		set(f, offset, 4, word & 1);
		return;
	case 0x4a:
		set(f, offset, 2, word & 0x8000);
		return;
	case 0x58:
		set(f, offset, 2, 0);
		return;
	case 0x4d:
	case 0x5d:
		set(f, offset, 1, get(f, offset, 1) & ~word);
		return;
	case 0x48:
	case 0x5a:
		set(f, offset, 2, word);
		break;
	case 0x4c:
	case 0x4e:
	case 0x5c:
	case 0x5e:
		set(f, offset, 1, word);
		break;
	default:
		set(f, offset, 4, word);
	}
	run(f);
}

const struct fake_model fake_hda = {
	.vendor = 0x10de,
	.device = 0x10f0,
	.class_code = 0x040300,
	.transfers = 512,
	.irq_index = VT_PCI_MSI,
	.start = hda_start,
	.runs = hda_runs,
	.read = hda_read,
	.write = hda_write,
};
