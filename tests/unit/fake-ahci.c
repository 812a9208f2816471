/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An AHCI controller of three ports, of the fake kernel in fake-device.c. The second has a disk. */
#include <string.h>

#include "uapi/abi.h"
#include "fake-device.h"

enum {
	GHC = 0x04,
	DISK = 1,
	PORT = 0x100 + DISK * 0x80,
	CLB = PORT,
	FB = PORT + 0x08,
	IS = PORT + 0x10,
	IE = PORT + 0x14,
	CMD = PORT + 0x18,
	TFD = PORT + 0x20,
	SIG = PORT + 0x24,
	SSTS = PORT + 0x28,
	SCTL = PORT + 0x2c,
	SERR = PORT + 0x30,
	CI = PORT + 0x38,
};

static void reset(struct fake_device *f)
{
	memset(f->registers, 0, sizeof(f->registers));
	fake_set(f, 0x00, 0x40141f02);
	fake_set(f, 0x0c, 7);
	fake_set(f, 0x24, 1);
	fake_set(f, SIG, UINT32_MAX);
	fake_set(f, TFD, 0x7f);
}

static void ahci_start(struct fake_device *f)
{
	reset(f);
	if (fake_has(f, FAKE_ENABLED | FAKE_LEFT))
		fake_set(f, CMD, 1);
	if (fake_has(f, FAKE_OTHER_ID))
		fake_set(f, 0x28, 1);
}

static void raise(struct fake_device *f, uint32_t status)
{
	fake_set(f, IS, fake_get(f, IS) | status);
	if (fake_get(f, IE) & status && fake_get(f, GHC) & 2)
		fake_raise(f);
}

/* A FIS of the disk: its status is in @task. */
static void receive(struct fake_device *f, uint32_t task, unsigned int where, uint32_t status)
{
	uint8_t fis[20] = { 0x34, 0x40, (uint8_t)task };

	if (!(fake_get(f, CMD) & 0x10))
		return;
	(void)fake_own_dma(f, fake_get(f, FB) + where, fis, sizeof(fis), true);
	fake_set(f, TFD, task);
	raise(f, status);
}

static void identify(uint8_t data[512])
{
	static const char model[] = "AFEKD SI K                              ";
	uint8_t sum = 0xa5;

	memset(data, 0, 512);
	data[0] = 0x40;
	memcpy(data + 54, model, 40);
	for (unsigned int i = 0; i < 512; i++)
		sum = (uint8_t)(sum + data[i]);
	data[510] = 0xa5;
	data[511] = (uint8_t)-sum;
}

static void run(struct fake_device *f)
{
	uint8_t header[32], table[0x90], data[512];
	uint64_t address, target;

	if (!(fake_get(f, CMD) & 1) || fake_has(f, FAKE_LOSES_COMPLETIONS) ||
	    fake_dma(f, fake_get(f, CLB), header, sizeof(header), false) < 0)
		return;
	memcpy(&address, header + 8, sizeof(address));
	if (fake_dma(f, address, table, sizeof(table), false) < 0)
		return;
	/* One descriptor, of 512 bytes, for one command. */
	if (memcmp(header, "\x05\x00\x01\x00", 4) || memcmp(table, "\x27\x80\xec", 3) ||
	    memcmp(table + 0x8c, "\xff\x01\x00\x00", 4)) {
		fake_set(f, TFD, 0x51);
		raise(f, 1 << 30);
		return;
	}
	f->identified++;
	identify(data);
	memcpy(&target, table + 0x80, sizeof(target));
	if (fake_dma(f, target, data, sizeof(data), true) < 0 && fake_has(f, FAKE_FAILS_UNMAPPED)) {
		raise(f, 1 << 29);
		return;
	}
	receive(f, 0x50, 0x20, 2);
	fake_set(f, CI, 0);
}

static void command(struct fake_device *f, uint32_t value)
{
	value &= ~UINT32_C(0xc000);
	fake_set(f, CMD, value | (value & 1 ? 0x8000 : 0) | (value & 0x10 ? 0x4000 : 0));
	if (value & 2 && !fake_has(f, FAKE_EMPTY))
		fake_set(f, SSTS, 0x113);
}

static bool ahci_runs(const struct fake_device *f)
{
	return fake_get(f, CMD) & 1;
}

static uint64_t ahci_read(struct fake_device *f, uint64_t offset)
{
	return fake_get(f, offset);
}

static void ahci_write(struct fake_device *f, uint64_t offset, uint64_t value)
{
	uint32_t word = (uint32_t)value;

	switch (offset) {
	case GHC:
		if (word & 1)
			reset(f);
		fake_set(f, GHC, word & ~1U);
		return;
	case CMD:
		command(f, word);
		return;
	case IS:
	case SERR:
		fake_set(f, offset, fake_get(f, offset) & ~word);
		return;
	case SCTL:
		if (fake_get(f, SCTL) & 1 && !(word & 1)) {
			fake_set(f, SIG, 0x00000101);
			receive(f, 0x50, 0x40, 1);
		}
		break;
	default:
		break;
	}
	fake_set(f, offset, word);
	if (offset == CI)
		run(f);
}

const struct fake_model fake_ahci = {
	.vendor = 0x8086,
	.device = 0x2922,
	.class_code = 0x010601,
	.bar = 5,
	.transfers = 8,
	.irq_index = VT_PCI_MSI,
	.start = ahci_start,
	.runs = ahci_runs,
	.read = ahci_read,
	.write = ahci_write,
};
