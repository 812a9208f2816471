/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An HD Audio controller with one codec, of the fake kernel in fake-device.c. It answers each command
 * at once. */
#include <string.h>

#include "uapi/abi.h"
#include "fake-device.h"

enum { CODEC = 2 };

static void reset(struct fake_device *f)
{
	memset(f->registers, 0, sizeof(f->registers));
	fake_set_part(f, 0x00, 2, 0x4401);
	fake_set_part(f, 0x03, 1, 1);
	if (!fake_has(f, FAKE_EMPTY))
		fake_set_part(f, 0x0e, 2, 1 << CODEC);
	fake_set_part(f, 0x4e, 1, 0x42);
	fake_set_part(f, 0x5e, 1, 0x42);
}

static void hda_start(struct fake_device *f)
{
	reset(f);
	if (fake_has(f, FAKE_OTHER_ID))
		fake_set_part(f, 0x03, 1, 7);
	if (fake_has(f, FAKE_ENABLED | FAKE_LEFT)) {
		fake_set(f, 0x08, 1);
		fake_set_part(f, 0x80 + 3 * 0x20, 1, 2);
	}
}

static void answer(struct fake_device *f, uint32_t verb)
{
	uint64_t at = fake_get64(f, 0x50);
	uint32_t wp = (fake_get_part(f, 0x58, 2) + 1) & 0xff, words[2] = { 0, CODEC };
	unsigned int faults = f->faults;

	f->identified++;
	if (verb == (CODEC << 28 | 0xf0000))
		words[0] = 0x1af40022;
	else if (verb == (CODEC << 28 | 0xf0004))
		words[0] = 0x00010001;
	/* The fault is in one of the answers only. */
	if (wp != 77)
		f->faults &= ~(unsigned int)FAKE_WRONG_BYTES;
	(void)fake_dma(f, at + wp * sizeof(words), words, sizeof(words), true);
	f->faults = faults;
	fake_set_part(f, 0x58, 2, wp);
}

static void run(struct fake_device *f)
{
	uint64_t at = fake_get64(f, 0x40);

	if (!(fake_get_part(f, 0x4c, 1) & fake_get_part(f, 0x5c, 1) & 2) ||
	    fake_has(f, FAKE_LOSES_COMPLETIONS))
		return;
	while (fake_get_part(f, 0x4a, 2) != fake_get_part(f, 0x48, 2)) {
		uint32_t rp = (fake_get_part(f, 0x4a, 2) + 1) & 0xff, verb = 0;

		if (fake_dma(f, at + rp * sizeof(verb), &verb, sizeof(verb), false) < 0) {
			fake_set_part(f, 0x4d, 1, 1);
			return;
		}
		fake_set_part(f, 0x4a, 2, rp);
		answer(f, verb);
	}
	fake_set_part(f, 0x5d, 1, fake_get_part(f, 0x5d, 1) | 1);
	if (fake_get(f, 0x20) == 0xc0000000 && fake_get_part(f, 0x5c, 1) & 1)
		fake_raise(f);
}

static bool hda_runs(const struct fake_device *f)
{
	return fake_get_part(f, 0x80 + 3 * 0x20, 1) & 2 || fake_get_part(f, 0x4c, 1) & 2;
}

static uint64_t hda_read(struct fake_device *f, uint64_t offset)
{
	return fake_get(f, offset);
}

static void hda_write(struct fake_device *f, uint64_t offset, uint64_t value)
{
	uint32_t word = (uint32_t)value;

	switch (offset) {
	case 0x08:
		if (!(word & 1))
			reset(f);
		fake_set(f, offset, word & 1);
		return;
	case 0x4a:
		fake_set_part(f, offset, 2, word & 0x8000);
		return;
	case 0x58:
		fake_set_part(f, offset, 2, 0);
		return;
	case 0x4d:
	case 0x5d:
		fake_set_part(f, offset, 1, fake_get_part(f, offset, 1) & ~word);
		return;
	case 0x48:
	case 0x5a:
		fake_set_part(f, offset, 2, word);
		break;
	case 0x4c:
	case 0x4e:
	case 0x5c:
	case 0x5e:
		fake_set_part(f, offset, 1, word);
		break;
	default:
		fake_set(f, offset, word);
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
