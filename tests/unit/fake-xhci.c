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

static uint32_t get(const struct fake_device *f, size_t offset)
{
	uint32_t value;

	memcpy(&value, f->registers + offset, sizeof(value));
	return value;
}

static void set(struct fake_device *f, size_t offset, uint32_t value)
{
	memcpy(f->registers + offset, &value, sizeof(value));
}

static uint64_t get64(const struct fake_device *f, size_t offset)
{
	return get(f, offset) | (uint64_t)get(f, offset + 4) << 32;
}

static void reset(struct fake_device *f)
{
	memset(f->registers, 0, sizeof(f->registers));
	memset(f->words, 0, sizeof(f->words));
	set(f, 0x00, 0x01100000 | OPERATIONAL);
	set(f, 0x04, 0x04000110);
	set(f, 0x08, UINT32_C(2) << 27);
	set(f, 0x10, (uint32_t)LEGACY / 4 << 16 | 1);
	set(f, 0x14, DOORBELL);
	set(f, 0x18, RUNTIME);
	set(f, USBSTS, 1);
	set(f, OPERATIONAL + 0x08, 1);
	set(f, PORTSC, 0x0e000e03);
	set(f, LEGACY, 0x00000801);
	set(f, LEGACY + 0x20, 0x00000002);
	f->words[CHANGES] = 2;
}

static void xhci_start(struct fake_device *f)
{
	reset(f);
	if (fake_has(f, FAKE_ENABLED | FAKE_LEFT))
		set(f, USBSTS, 0);
	if (fake_has(f, FAKE_OTHER_ID))
		set(f, LEGACY, 0x00010801);
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
	if (next == ((get64(f, ERDP) & ~UINT64_C(15)) - f->words[RING]) / 16)
		return;
	if (f->words[ENQUEUE] != 5)
		f->faults &= ~(unsigned int)FAKE_WRONG_BYTES;
	if (fake_dma(f, at, (uint8_t *)trb, sizeof(trb), true) < 0 &&
	    fake_has(f, FAKE_FAILS_UNMAPPED))
		set(f, USBSTS, get(f, USBSTS) | 4);
	f->faults = faults;
	f->words[ENQUEUE] = next;
	if (!next)
		f->words[CYCLE] ^= 1;
	set(f, USBSTS, get(f, USBSTS) | 8);
	if (get(f, IMAN) & 2 && get(f, USBCMD) & 4)
		fake_raise(f);
}

static void run_commands(struct fake_device *f)
{
	uint32_t trb[4];

	while (!(get(f, USBSTS) & 5) && !fake_has(f, FAKE_LOSES_COMPLETIONS) &&
	       fake_dma(f, f->words[COMMAND], (uint8_t *)trb, sizeof(trb), false) >= 0 &&
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
	set(f, USBCMD, value);
	set(f, USBSTS, (get(f, USBSTS) & ~UINT32_C(1)) | !(value & 1));
	if (!(value & 1) || !f->words[CHANGES])
		return;
	f->words[CHANGES]--;
	set(f, PORTSC, get(f, PORTSC) | 1 << 17);
	set(f, USBSTS, get(f, USBSTS) | 0x10);
	post(f, 1 << 24, 34);
}

static void set_ring(struct fake_device *f)
{
	uint64_t entry[2];

	f->words[RING_SIZE] = f->words[ENQUEUE] = 0;
	if (fake_dma(f, get64(f, ERSTBA), (uint8_t *)entry, sizeof(entry), false) < 0)
		return;
	f->words[RING] = entry[0];
	f->words[RING_SIZE] = entry[1];
	f->words[CYCLE] = 1;
}

static bool xhci_runs(const struct fake_device *f)
{
	return !(get(f, USBSTS) & 1);
}

static uint64_t xhci_read(struct fake_device *f, uint64_t offset)
{
	return get(f, offset);
}

static void xhci_write(struct fake_device *f, uint64_t offset, uint64_t value)
{
	uint32_t word = (uint32_t)value;

	switch (offset) {
	case USBCMD:
		command(f, word);
		return;
	case USBSTS:
		set(f, USBSTS, get(f, USBSTS) & ~(word & 0x18));
		return;
	case PORTSC:
		/* Power and wake stay, the port is not disabled. */
		if ((word & ~UINT32_C(0xfe0000)) != 0x0e000200)
			__builtin_trap();
		set(f, PORTSC, get(f, PORTSC) & ~(word & 0xfe0000));
		return;
	case DOORBELL:
		run_commands(f);
		return;
	default:
		set(f, offset, word);
	}
	if (offset == CRCR + 4)
		f->words[COMMAND] = get64(f, CRCR) & ~UINT64_C(0x3f);
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
