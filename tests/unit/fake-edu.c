/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QEMU's edu, of the fake kernel in fake-device.c. */
#include "uapi/abi.h"
#include "fake-device.h"

static uint64_t edu_read(struct fake_device *f, uint64_t offset)
{
	switch (offset) {
	case 0x00:
		return fake_has(f, FAKE_OTHER_ID) ? 0x12345678 : 0x010000ed;
	case 0x04:
		return ~f->liveness;
	case 0x98:
		return f->dma_command;
	default:
		return 0;
	}
}

static void edu_run(struct fake_device *f)
{
	bool to_memory = f->dma_command & 2;
	uint64_t device = to_memory ? f->source : f->target;
	uint64_t address = to_memory ? f->target : f->source;

	if (fake_has(f, FAKE_LOSES_COMPLETIONS))
		return;
	/* What the emulator ends the machine for. */
	if (device < 0x40000 || device + f->count >= 0x40000 + sizeof(f->buffer))
		__builtin_trap();
	(void)fake_dma(f, address, f->buffer + (device - 0x40000), f->count, to_memory);
	f->dma_command &= ~1U;
}

static void edu_write(struct fake_device *f, uint64_t offset, uint64_t value)
{
	switch (offset) {
	case 0x04:
		f->liveness = (uint32_t)value;
		return;
	case 0x60:
		fake_raise(f);
		return;
	case 0x80:
		f->source = value;
		return;
	case 0x88:
		f->target = value;
		return;
	case 0x90:
		f->count = (uint32_t)value;
		return;
	case 0x98:
		f->dma_command = (uint32_t)value;
		if (value & 1)
			edu_run(f);
		return;
	default:
		return;
	}
}

const struct fake_model fake_edu = {
	.vendor = 0x1234,
	.device = 0x11e8,
	.class_code = 0x00ff00,
	.transfers = 3,
	.irq_index = VT_PCI_MSI,
	.read = edu_read,
	.write = edu_write,
};
