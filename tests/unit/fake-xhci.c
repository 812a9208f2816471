/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An xHCI controller, of the fake kernel in fake-device.c. A device is connected to its first port, so
 * that there is an event that nobody asked for, each of the first times it runs after a reset. */
#include <string.h>

#include "uapi/abi.h"
#include "fake-device.h"

enum {
	OPERATIONAL = 0x40,
	USBCMD = OPERATIONAL,
	USBSTS = OPERATIONAL + 0x04,
	CRCR = OPERATIONAL + 0x18,
	PORTSC = OPERATIONAL + 0x400,
	RUNTIME = 0x1000,
	IMAN = RUNTIME + 0x20,
	ERSTBA = RUNTIME + 0x30,
	ERDP = RUNTIME + 0x38,
	DOORBELL = 0x2000,
	LEGACY = 0x4000,
	/* words[] */
	COMMAND = 0,
	RING,
	RING_SIZE,
	ENQUEUE,
	CYCLE,
	CHANGES,
};

static void reset(struct fake_device *f)
{
	memset(f->registers, 0, sizeof(f->registers));
	memset(f->words, 0, sizeof(f->words));
	fake_set(f, 0x00, 0x01100000 | OPERATIONAL);
	fake_set(f, 0x04, 0x04000110);
	fake_set(f, 0x08, UINT32_C(2) << 27);
	fake_set(f, 0x10, (uint32_t)LEGACY / 4 << 16 | 1);
	fake_set(f, 0x14, DOORBELL);
	fake_set(f, 0x18, RUNTIME);
	fake_set(f, USBSTS, 1);
	fake_set(f, OPERATIONAL + 0x08, 1);
	fake_set(f, PORTSC, 0x0e000e03);
	fake_set(f, LEGACY, 0x00000801);
	fake_set(f, LEGACY + 0x20, 0x00000002);
	f->words[CHANGES] = 2;
}

static void xhci_start(struct fake_device *f)
{
	reset(f);
	if (fake_has(f, FAKE_ENABLED | FAKE_LEFT))
		fake_set(f, USBSTS, 0);
	if (fake_has(f, FAKE_OTHER_ID))
		fake_set(f, LEGACY, 0x00010801);
}

static void post(struct fake_device *f, uint64_t of, uint32_t type)
{
	uint64_t at = f->words[RING] + f->words[ENQUEUE] * 16, next;
	uint32_t trb[4] = { (uint32_t)of, (uint32_t)(of >> 32), 1 << 24,
			    type << 10 | (uint32_t)f->words[CYCLE] };
	unsigned int faults = f->faults;

	if (!f->words[RING_SIZE])
		return;
	next = (f->words[ENQUEUE] + 1) % f->words[RING_SIZE];
	/* Full: what comes is lost. */
	if (next == ((fake_get64(f, ERDP) & ~UINT64_C(15)) - f->words[RING]) / 16)
		return;
	if (f->words[ENQUEUE] != 5)
		f->faults &= ~(unsigned int)FAKE_WRONG_BYTES;
	if (fake_dma(f, at, trb, sizeof(trb), true) < 0 && fake_has(f, FAKE_FAILS_UNMAPPED))
		fake_set(f, USBSTS, fake_get(f, USBSTS) | 4);
	f->faults = faults;
	f->words[ENQUEUE] = next;
	if (!next)
		f->words[CYCLE] ^= 1;
	fake_set(f, USBSTS, fake_get(f, USBSTS) | 8);
	if (fake_get(f, IMAN) & 2 && fake_get(f, USBCMD) & 4)
		fake_raise(f);
}

static void run_commands(struct fake_device *f)
{
	uint32_t trb[4];

	while (!(fake_get(f, USBSTS) & 5) && !fake_has(f, FAKE_LOSES_COMPLETIONS) &&
	       fake_dma(f, f->words[COMMAND], trb, sizeof(trb), false) >= 0 &&
	       trb[3] == (23 << 10 | 1)) {
		f->identified++;
		post(f, f->words[COMMAND], 33);
		f->words[COMMAND] += sizeof(trb);
	}
}

static void command(struct fake_device *f, uint32_t value)
{
	if (value & 2) {
		reset(f);
		return;
	}
	fake_set(f, USBCMD, value);
	fake_set(f, USBSTS, (fake_get(f, USBSTS) & ~UINT32_C(1)) | !(value & 1));
	if (!(value & 1) || !f->words[CHANGES])
		return;
	f->words[CHANGES]--;
	fake_set(f, PORTSC, fake_get(f, PORTSC) | 1 << 17);
	fake_set(f, USBSTS, fake_get(f, USBSTS) | 0x10);
	post(f, 1 << 24, 34);
}

static void set_ring(struct fake_device *f)
{
	uint64_t entry[2];

	f->words[RING_SIZE] = f->words[ENQUEUE] = 0;
	if (fake_dma(f, fake_get64(f, ERSTBA), entry, sizeof(entry), false) < 0)
		return;
	f->words[RING] = entry[0];
	f->words[RING_SIZE] = entry[1];
	f->words[CYCLE] = 1;
}

static bool xhci_runs(const struct fake_device *f)
{
	return !(fake_get(f, USBSTS) & 1);
}

static uint64_t xhci_read(struct fake_device *f, uint64_t offset)
{
	return fake_get(f, offset);
}

static void xhci_write(struct fake_device *f, uint64_t offset, uint64_t value)
{
	uint32_t word = (uint32_t)value;

	switch (offset) {
	case USBCMD:
		command(f, word);
		return;
	case USBSTS:
		fake_set(f, USBSTS, fake_get(f, USBSTS) & ~(word & 0x18));
		return;
	case PORTSC:
		/* Power and wake stay, the port is not disabled. */
		if ((word & ~UINT32_C(0xfe0000)) != 0x0e000200)
			__builtin_trap();
		fake_set(f, PORTSC, fake_get(f, PORTSC) & ~(word & 0xfe0000));
		return;
	case DOORBELL:
		run_commands(f);
		return;
	default:
		fake_set(f, offset, word);
	}
	if (offset == CRCR + 4)
		f->words[COMMAND] = fake_get64(f, CRCR) & ~UINT64_C(0x3f);
	if (offset == ERSTBA + 4)
		set_ring(f);
}

const struct fake_model fake_xhci = {
	.vendor = 0x1912,
	.device = 0x0014,
	.class_code = 0x0c0330,
	.transfers = 120,
	.irq_index = VT_PCI_MSIX,
	.start = xhci_start,
	.runs = xhci_runs,
	.read = xhci_read,
	.write = xhci_write,
};
