/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An NVMe controller, of the fake kernel in fake-device.c. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "uapi/abi.h"
#include "fake-device.h"

static uint64_t nvme_read(struct fake_device *f, uint64_t offset)
{
	switch (offset) {
	case 0x00:
		return 0x0f0103ff; /* CAP.TO 15, so 7.5 s */
	case 0x04:
		return 0x20;
	case 0x08:
		return 0x010400;
	case 0x14:
		return f->cc;
	case 0x1c:
		return f->csts;
	default:
		return 0;
	}
}

static void nvme_complete(struct fake_device *f, uint16_t id, unsigned int status)
{
	uint32_t entry[4] = { 0, 0, f->sq_head, id | f->cq_phase << 16 | status << 17 };

	if (fake_has(f, FAKE_LOSES_COMPLETIONS))
		return;
	(void)fake_own_dma(f, f->acq + f->cq_tail * sizeof(entry), entry, sizeof(entry), true);
	f->cq_tail = (f->cq_tail + 1) % ((f->aqa >> 16) + 1);
	if (!f->cq_tail)
		f->cq_phase ^= 1;
	fake_raise(f);
}

static void nvme_run(struct fake_device *f, uint32_t tail)
{
	while (f->sq_head != tail) {
		uint32_t entry[16];
		uint8_t data[4096] = { 0x36, 0x1b, 0xf4, 0x1a };
		uint64_t prp;
		int r;

		if (fake_dma(f, f->asq + f->sq_head * sizeof(entry), entry, sizeof(entry), false) <
		    0) {
			f->csts |= 2;
			return;
		}
		f->sq_head = (f->sq_head + 1) % ((f->aqa & 0xfff) + 1);
		prp = entry[6] | (uint64_t)entry[7] << 32;
		data[81] = 4;
		data[82] = 1;
		snprintf((char *)data + 4, 20, "fake");
		r = (entry[0] & 0xff) == 6 && entry[10] == 1
			    ? fake_dma(f, prp, data, sizeof(data), true)
			    : -EINVAL;
		f->identified++;
		nvme_complete(f, (uint16_t)(entry[0] >> 16),
			      r == -EINVAL                                ? 0x02
			      : r < 0 && fake_has(f, FAKE_FAILS_UNMAPPED) ? 0x04
									  : 0);
	}
}

static void nvme_write(struct fake_device *f, uint64_t offset, uint64_t value)
{
	switch (offset) {
	case 0x14:
		f->cc = (uint32_t)value;
		f->csts = value & 1;
		f->sq_head = f->cq_tail = 0;
		f->cq_phase = 1;
		return;
	case 0x24:
		f->aqa = (uint32_t)value;
		return;
	case 0x28:
		f->asq = value;
		return;
	case 0x2c:
		f->asq |= value << 32;
		return;
	case 0x30:
		f->acq = value;
		return;
	case 0x34:
		f->acq |= value << 32;
		return;
	case 0x1000:
		if (f->csts == 1)
			nvme_run(f, (uint32_t)value);
		return;
	default:
		return;
	}
}

static void nvme_start(struct fake_device *f)
{
	f->cc = f->csts = fake_has(f, FAKE_ENABLED) ? 1 : 0;
}

const struct fake_model fake_nvme = {
	.vendor = 0x1b36,
	.device = 0x0010,
	.class_code = 0x010802,
	.transfers = 3,
	.irq_index = VT_PCI_MSIX,
	.start = nvme_start,
	.read = nvme_read,
	.write = nvme_write,
};
