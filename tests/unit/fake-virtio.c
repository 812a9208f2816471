/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Virtio devices with the modern PCI transport in BAR 4, of the fake kernel in fake-device.c. Like QEMU, a
 * device that cannot reach memory stops and wants to be reset. */
#include <string.h>

#include "uapi/abi.h"
#include "fake-device.h"

enum {
	OFFERED_SELECT = 0x00,
	OFFERED = 0x04,
	STATUS = 0x14,
	QUEUE = 0x16,
	QUEUE_SIZE = 0x18,
	QUEUE_ENABLE = 0x1c,
	QUEUE_NOTIFY = 0x1e,
	DESCRIPTORS = 0x20,
	AVAILABLE = 0x28,
	USED = 0x30,
	COMMON_END = 0x38,
	DEVICE = 0x2000,
	NOTIFY = 0x3000,
	LAST = 0x8000, /* of no device: the next of the available ring */
	NEEDS_RESET = 0x40,
	TARGET = 3,
	PIECES_MAX = 4,
};

struct piece {
	uint64_t address;
	uint32_t len;
	uint16_t flags, next;
};

static void virtio_start(struct fake_device *f)
{
	memset(f->registers, 0, sizeof(f->registers));
	fake_set_part(f, QUEUE_SIZE, 2, 64);
	fake_set_part(f, QUEUE_NOTIFY, 2, 2);
	if (fake_has(f, FAKE_ENABLED | FAKE_LEFT))
		fake_set_part(f, STATUS, 1, 0xf);
	/* 1 MiB; the number of the last target; how large requests are. */
	if (f->model == &fake_virtio_blk && !fake_has(f, FAKE_EMPTY))
		fake_set(f, DEVICE, 2048);
	if (f->model != &fake_virtio_scsi)
		return;
	fake_set(f, DEVICE + 20, 96);
	fake_set(f, DEVICE + 24, 32);
	fake_set_part(f, DEVICE + 30, 2, 7);
}

/* Common, notify and device structure, as capabilities from 0x40 on; of another device a chain without end and
 * without the first one. */
static void virtio_config(const struct fake_device *f, uint8_t *bytes)
{
	static const uint32_t places[][2] = { { 1, 0 }, { 2, NOTIFY }, { 4, DEVICE } };
	static const uint32_t multiplier = 4;

	bytes[0x06] = 1 << 4;
	bytes[0x34] = 0x40;
	for (size_t i = 0; i < 3; i++) {
		uint8_t *at = bytes + 0x40 + i * 0x20;

		at[0] = 0x09;
		at[1] = (uint8_t)(i < 2 ? 0x60 + i * 0x20 : fake_has(f, FAKE_OTHER_ID) ? 0x40 : 0);
		at[2] = 20;
		at[3] = (uint8_t)places[i][0];
		at[4] = 4;
		memcpy(at + 8, &places[i][1], 4);
		memcpy(at + 16, &multiplier, 4);
	}
	if (fake_has(f, FAKE_OTHER_ID))
		bytes[0x40] = 0x10;
}

/* ---- the types ---- */

/* Each writes to @pieces and returns the bytes, or -EIO. */
static int rng(struct fake_device *f, const struct piece *pieces)
{
	uint8_t bytes[64];
	/* Fewer than there is room for, once. */
	size_t len = f->identified == 1 && pieces[0].len > 40 ? 40 : pieces[0].len;

	for (size_t i = 0; i < len && i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)((f->identified + i * 7) * 2654435761U >> 13);
	return fake_dma(f, pieces[0].address, bytes, len, true) < 0 ? -1 : (int)len;
}

static int block(struct fake_device *f, const struct piece *pieces)
{
	uint32_t header[4];
	uint8_t sector[512], status = 0;

	if (fake_own_dma(f, pieces[0].address, header, sizeof(header), false) < 0)
		return -1;
	/* Whatever is not a read of sector 0 is not harmless. */
	if (header[0] || header[2] || header[3] || pieces[1].len != sizeof(sector))
		__builtin_trap();
	memset(sector, 0x5d, sizeof(sector));
	if (fake_dma(f, pieces[1].address, sector, sizeof(sector), true) < 0) {
		if (!fake_has(f, FAKE_FAILS_UNMAPPED))
			return -1;
		status = 1;
	}
	return fake_own_dma(f, pieces[2].address, &status, 1, true) < 0 ? -1
									: (int)sizeof(sector) + 1;
}

static int net(struct fake_device *f, const struct piece *pieces)
{
	uint8_t command[3], answer;

	if (fake_own_dma(f, pieces[0].address, command, sizeof(command), false) < 0)
		return -1;
	answer = command[0] || command[1] || command[2];
	return fake_dma(f, pieces[1].address, &answer, 1, true) < 0 ? -1 : 1;
}

static int scsi(struct fake_device *f, const struct piece *pieces)
{
	uint8_t request[51], answer[108] = { 0 }, data[36] = { 0, 0, 6, 2, 31, 0, 0, 0, 'F' };
	bool present;

	if (fake_own_dma(f, pieces[0].address, request, sizeof(request), false) < 0)
		return -1;
	if (request[0] != 1 || request[19] != 0x12)
		__builtin_trap();
	present = request[1] == TARGET && !fake_has(f, FAKE_EMPTY);
	answer[11] = present ? 0 : 3;
	if (fake_own_dma(f, pieces[1].address, answer, sizeof(answer), true) < 0 ||
	    (present && fake_dma(f, pieces[2].address, data, sizeof(data), true) < 0))
		return -1;
	return (int)(sizeof(answer) + (present ? sizeof(data) : 0));
}

/* ---- the queue ---- */

static int fetch(struct fake_device *f, uint32_t head, struct piece *pieces)
{
	uint64_t table = fake_get64(f, DESCRIPTORS);
	uint32_t i = head;

	for (unsigned int n = 0; n < PIECES_MAX; n++) {
		struct piece *p = &pieces[n];

		if (fake_own_dma(f, table + i * UINT64_C(16), p, sizeof(*p), false) < 0)
			return -1;
		if (p->flags & 4) {
			table = p->address;
			i = 0;
			n--;
			continue;
		}
		if (!(p->flags & 1))
			return 0;
		i = p->next;
	}
	return -1;
}

/* Whether completions are lost from now on: first a SCSI disk must have been found. */
static bool loses(const struct fake_device *f)
{
	return fake_has(f, FAKE_LOSES_COMPLETIONS) &&
	       (f->model != &fake_virtio_scsi || f->identified > TARGET + 1);
}

static int complete(struct fake_device *f, uint32_t last, uint32_t head, int len)
{
	uint64_t ring = fake_get64(f, USED);
	uint32_t element[2] = { head, (uint32_t)len };
	uint16_t index = (uint16_t)(last + 1);

	if (loses(f))
		return 0;
	if (fake_own_dma(f, ring + 4 + (last % fake_get_part(f, QUEUE_SIZE, 2)) * UINT64_C(8),
			 element, sizeof(element), true) < 0)
		return -1;
	return fake_own_dma(f, ring + 2, &index, sizeof(index), true);
}

/* One request; 0 when there was none, -1 when the device stops. */
static int run_one(struct fake_device *f)
{
	uint64_t ring = fake_get64(f, AVAILABLE);
	uint32_t last = fake_get_part(f, LAST, 2);
	struct piece pieces[PIECES_MAX];
	uint16_t words[2], head;
	int len;

	if (fake_own_dma(f, ring, words, sizeof(words), false) < 0)
		return -1;
	if (words[1] == last)
		return 0;
	if (fake_own_dma(f, ring + 4 + (last % fake_get_part(f, QUEUE_SIZE, 2)) * UINT64_C(2),
			 &head, sizeof(head), false) < 0 ||
	    fetch(f, head, pieces) < 0)
		return -1;
	f->identified++;
	len = f->model == &fake_virtio_rng   ? rng(f, pieces)
	      : f->model == &fake_virtio_blk ? block(f, pieces)
	      : f->model == &fake_virtio_net ? net(f, pieces)
					     : scsi(f, pieces);
	if (len < 0 || complete(f, last, head, len) < 0)
		return -1;
	fake_set_part(f, LAST, 2, (last + 1) & 0xffff);
	if (!(words[0] & 1) && !loses(f))
		fake_raise(f);
	return 1;
}

static void run(struct fake_device *f)
{
	int r = 1;

	while (r > 0 && fake_get_part(f, STATUS, 1) == 0xf && fake_get_part(f, QUEUE_ENABLE, 2))
		r = run_one(f);
	if (r < 0)
		fake_set_part(f, STATUS, 1, fake_get_part(f, STATUS, 1) | NEEDS_RESET);
}

/* ---- registers ---- */

static uint64_t virtio_read(struct fake_device *f, uint64_t offset)
{
	uint64_t value;

	if (offset == OFFERED)
		return !fake_get(f, OFFERED_SELECT) ? 1U << 28 | 7U << 16
		       : fake_has(f, FAKE_BYPASSES) ? 1
						    : 3;
	if (offset > sizeof(f->registers) - sizeof(value))
		return 0;
	memcpy(&value, f->registers + offset, sizeof(value));
	return value;
}

static void virtio_write(struct fake_device *f, uint64_t offset, uint64_t value)
{
	size_t width = offset == STATUS ? 1 : offset >= 0x10 && offset < DESCRIPTORS ? 2 : 4;

	/* The queue's notify offset times the multiplier. */
	if (offset == NOTIFY + 8)
		run(f);
	if (offset + width > COMMON_END)
		return;
	fake_set_part(f, offset, width, (uint32_t)value);
	if (offset == STATUS && !value) {
		fake_set_part(f, LAST, 2, 0);
		fake_set_part(f, QUEUE_ENABLE, 2, 0);
		fake_set_part(f, QUEUE_SIZE, 2, 64);
	}
}

#define VIRTIO_MODEL                                                                 \
	.vendor = 0x1af4, .irq_index = VT_PCI_MSIX, .bar = 4, .start = virtio_start, \
	.config = virtio_config, .read = virtio_read, .write = virtio_write

const struct fake_model fake_virtio_net = { VIRTIO_MODEL, .device = 0x1041, .transfers = 160 };
const struct fake_model fake_virtio_blk = { VIRTIO_MODEL, .device = 0x1001, .transfers = 12 };
const struct fake_model fake_virtio_rng = { VIRTIO_MODEL, .device = 0x1044, .transfers = 14 };
const struct fake_model fake_virtio_scsi = { VIRTIO_MODEL, .device = 0x1048, .transfers = 44 };
