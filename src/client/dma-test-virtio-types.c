/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The types of virtio devices that can be asked for something harmless. Sections are those of Virtual I/O
 * Device (VIRTIO) Version 1.2. */
#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "uapi/abi.h"
#include "client/dma-test-virtio.h"

static uint64_t request_iova(const struct dma_test *x)
{
	return x->own[0].iova + VIRTIO_REQUESTS;
}

static uint64_t answer_iova(const struct dma_test *x)
{
	return x->own[1].iova + VIRTIO_ANSWERS;
}

/* A request that the device answers with a failure of its own. */
static int fail(struct dma_test *x, const char *what, unsigned int code)
{
	x->said = arena_printf(x->client->arena, "the device failed %s: status %u", what, code);
	return -EIO;
}

/* ---- 5.4: entropy ---- */

enum { RNG_TRANSFER = 64 };

static int rng_init(struct dma_test *x, struct failure **reterr)
{
	static const struct virtio_wants wants = { .queue = 0, .size = 1 };

	return virtio_init(x, &wants, reterr);
}

/* It may give fewer bytes than there is room for, but at least one. */
static int rng_store(struct dma_test *x, uint64_t iova)
{
	const struct virtio *v = x->state;
	uint32_t done = 0;
	int r = 0;

	while (!r && done < RNG_TRANSFER) {
		const struct virtio_piece piece = { iova + done, RNG_TRANSFER - done, true };

		r = virtio_request(x, &piece, 1, 1);
		if (!r && (!v->written || v->written > piece.len))
			r = fail(x, "to give random bytes", v->written);
		done += r < 0 ? 0 : v->written;
	}
	return r;
}

/* ---- 5.2: block ---- */

enum { SECTOR_SIZE = 512, BLOCK_HEADER_SIZE = 16, BLOCK_IN = 0 };

static int block_init(struct dma_test *x, struct failure **reterr)
{
	static const struct virtio_wants wants = { .queue = 0, .size = 3 };
	struct virtio *v = x->state;
	uint32_t low = 0, high = 0;
	int r = virtio_get_config(x, 0, &low);

	if (!r)
		r = virtio_get_config(x, 4, &high);
	if (r < 0)
		return dma_test_failure(x, r, reterr);
	v->sectors = (uint64_t)high << 32 | low;
	if (!v->sectors) {
		x->said = "its disk has no sectors, so there is nothing to read";
		return dma_test_failure(x, -ENOTSUP, reterr);
	}
	return virtio_init(x, &wants, reterr);
}

/* 5.2.6: reads sector 0. */
static int block_store(struct dma_test *x, uint64_t iova)
{
	uint8_t *header = x->own[0].memory + VIRTIO_REQUESTS;
	const uint8_t *status = x->own[1].memory + VIRTIO_ANSWERS;
	const struct virtio_piece pieces[] = {
		{ request_iova(x), BLOCK_HEADER_SIZE, false },
		{ iova, SECTOR_SIZE, true },
		{ answer_iova(x), 1, true },
	};
	int r;

	memset(header, 0, BLOCK_HEADER_SIZE);
	dma_test_set_le32(header, BLOCK_IN);
	r = virtio_request(x, pieces, ARRAY_SIZE(pieces), 1);
	if (!r && *status)
		r = fail(x, "to read sector 0", *status);
	return r;
}

static bool block_verify(struct dma_test *x, const uint8_t *data vt_unused)
{
	const struct virtio *v = x->state;

	x->said = arena_printf(x->client->arena,
			       "it reports %u bytes written, for sector 0 of %llu and its status",
			       v->written, (unsigned long long)v->sectors);
	return v->written >= SECTOR_SIZE;
}

/* ---- 5.1: network ---- */

/* 5.1.6.5: one command is three bytes, and its answer is one byte. */
enum { NET_COMMANDS = 16, NET_COMMAND_SIZE = 3, NET_COMMAND_STEP = 16 };

static int net_init(struct dma_test *x, struct failure **reterr)
{
	/* Without more queue pairs the control queue is the third one. VIRTIO_NET_F_CTRL_VQ, _CTRL_RX. */
	static const struct virtio_wants wants = { 2, 2 * NET_COMMANDS, 1U << 17 | 1U << 18 };

	return virtio_init(x, &wants, reterr);
}

/* VIRTIO_NET_CTRL_RX_PROMISC with 0: the device does not receive all frames. As it is anyway. */
static int net_store(struct dma_test *x, uint64_t iova)
{
	struct virtio_piece pieces[2 * NET_COMMANDS];

	memset(x->own[0].memory + VIRTIO_REQUESTS, 0, NET_COMMANDS * NET_COMMAND_STEP);
	for (unsigned int i = 0; i < NET_COMMANDS; i++) {
		pieces[2 * i] = (struct virtio_piece){ request_iova(x) + i * NET_COMMAND_STEP,
						       NET_COMMAND_SIZE, false };
		pieces[2 * i + 1] = (struct virtio_piece){ iova + i, 1, true };
	}
	return virtio_request(x, pieces, 2, NET_COMMANDS);
}

static bool net_verify(struct dma_test *x, const uint8_t *data)
{
	unsigned int good = 0;

	for (unsigned int i = 0; i < NET_COMMANDS; i++)
		good += data[i] == 0;
	x->said = arena_printf(x->client->arena,
			       "%u of %u commands of its control queue got the answer OK", good,
			       NET_COMMANDS);
	return good == NET_COMMANDS;
}

/* ---- 5.6: SCSI ---- */

enum {
	SCSI_SENSE_SIZE_AT = 20, /* in the configuration */
	SCSI_CDB_SIZE_AT = 24,
	SCSI_MAX_TARGET_AT = 28, /* in the upper half */
	SCSI_SENSE_SIZE = 96,
	SCSI_CDB_SIZE = 32,
	SCSI_TARGETS_MAX = 256,
	SCSI_CDB_AT = 19,
	SCSI_REQUEST_SIZE = SCSI_CDB_AT + SCSI_CDB_SIZE,
	SCSI_ANSWER_SIZE = 12 + SCSI_SENSE_SIZE,
	SCSI_STATUS_AT = 10,
	SCSI_RESPONSE_AT = 11,
	INQUIRY = 0x12, /* SPC-4, 6.6 */
	INQUIRY_SIZE = 36,
	INQUIRY_REST = 31, /* bytes behind the fifth */
};

/* INQUIRY to LUN 0 of v->target. 0 when the device answered, whatever that is. */
static int inquire(struct dma_test *x, uint64_t iova)
{
	const struct virtio *v = x->state;
	uint8_t *request = x->own[0].memory + VIRTIO_REQUESTS;
	const struct virtio_piece pieces[] = {
		{ request_iova(x), SCSI_REQUEST_SIZE, false },
		{ answer_iova(x), SCSI_ANSWER_SIZE, true },
		{ iova, INQUIRY_SIZE, true },
	};

	memset(request, 0, SCSI_REQUEST_SIZE);
	request[0] = 1;
	request[1] = (uint8_t)v->target;
	request[2] = 0x40; /* SAM-5, 4.7.7.3: flat addresses */
	request[SCSI_CDB_AT] = INQUIRY;
	request[SCSI_CDB_AT + 4] = INQUIRY_SIZE;
	return virtio_request(x, pieces, ARRAY_SIZE(pieces), 1);
}

static int scsi_store(struct dma_test *x, uint64_t iova)
{
	const uint8_t *answer = x->own[1].memory + VIRTIO_ANSWERS;
	int r = inquire(x, iova);

	if (!r && answer[SCSI_RESPONSE_AT])
		r = fail(x, "INQUIRY (response)", answer[SCSI_RESPONSE_AT]);
	if (!r && answer[SCSI_STATUS_AT])
		r = fail(x, "INQUIRY", answer[SCSI_STATUS_AT]);
	return r;
}

static bool scsi_verify(struct dma_test *x, const uint8_t *data)
{
	const struct virtio *v = x->state;

	x->said = arena_printf(x->client->arena,
			       "target %u is of type %u, and describes itself with %u bytes",
			       v->target, data[0] & 0x1fU, data[4] + 5U);
	return data[0] >> 5 == 0 && data[4] >= INQUIRY_REST;
}

/* The first target that has a device behind LUN 0. */
static int find_target(struct dma_test *x)
{
	struct virtio *v = x->state;
	const uint8_t *answer = x->own[1].memory + VIRTIO_ANSWERS;
	const uint8_t *data = x->own[1].memory + VIRTIO_SCRATCH;
	uint32_t last = 0;
	int r = virtio_get_config(x, SCSI_MAX_TARGET_AT, &last);

	last >>= 16;
	for (v->target = 0; !r && v->target <= last && v->target < SCSI_TARGETS_MAX; v->target++) {
		r = inquire(x, x->own[1].iova + VIRTIO_SCRATCH);
		if (!r && !answer[SCSI_RESPONSE_AT] && !answer[SCSI_STATUS_AT] &&
		    scsi_verify(x, data)) {
			v->has_target = true;
			return 0;
		}
	}
	if (!r) {
		x->said = "no disk answers INQUIRY, so there is nothing to ask";
		r = -ENOTSUP;
	}
	return r;
}

static int scsi_init(struct dma_test *x, struct failure **reterr)
{
	static const struct virtio_wants wants = { .queue = 2, .size = VIRTIO_PIECES_MAX };
	const struct virtio *v = x->state;
	uint32_t sense = 0, cdb = 0;
	int r = virtio_init(x, &wants, reterr);

	if (!r)
		r = virtio_get_config(x, SCSI_SENSE_SIZE_AT, &sense);
	if (!r)
		r = virtio_get_config(x, SCSI_CDB_SIZE_AT, &cdb);
	if (!r && (sense != SCSI_SENSE_SIZE || cdb != SCSI_CDB_SIZE)) {
		x->said = "its requests do not have the usual size";
		r = -ENOTSUP;
	}
	if (!r && !v->has_target)
		r = find_target(x);
	return r < 0 ? dma_test_failure(x, r, reterr) : 0;
}

/* ---- the table ---- */

#define VIRTIO_DRIVER                                                                        \
	.vendor = 0x1af4, .bar = DMA_TEST_BARS, .state_size = sizeof(struct virtio),         \
	.address_bits = 64, .own_pages = 2, .irq_index = VT_PCI_MSIX, .probe = virtio_probe, \
	.interrupt = virtio_interrupt, .acknowledge = virtio_acknowledge,                    \
	.quiesce = virtio_quiesce

/* 4.1.2: the second id is that of a transitional device. */
const struct dma_driver dma_driver_virtio_net = {
	VIRTIO_DRIVER,
	.name = "virtio-net",
	.what = "virtio network cards, which get commands through their control queue",
	.devices = (const uint16_t[]){ 0x1041, 0x1000, 0 },
	.transfer = NET_COMMANDS,
	.init = net_init,
	.store = net_store,
	.verify = net_verify,
};

const struct dma_driver dma_driver_virtio_blk = {
	VIRTIO_DRIVER,
	.name = "virtio-blk",
	.what = "virtio disks, whose first sector is read",
	.devices = (const uint16_t[]){ 0x1042, 0x1001, 0 },
	.transfer = SECTOR_SIZE,
	.init = block_init,
	.store = block_store,
	.verify = block_verify,
};

const struct dma_driver dma_driver_virtio_rng = {
	VIRTIO_DRIVER,
	.name = "virtio-rng",
	.what = "virtio entropy sources, which give random bytes",
	.devices = (const uint16_t[]){ 0x1044, 0x1005, 0 },
	.transfer = RNG_TRANSFER,
	.fresh = true,
	.init = rng_init,
	.store = rng_store,
};

const struct dma_driver dma_driver_virtio_scsi = {
	VIRTIO_DRIVER,
	.name = "virtio-scsi",
	.what = "virtio SCSI controllers, whose first disk is asked what it is (INQUIRY)",
	.devices = (const uint16_t[]){ 0x1048, 0x1004, 0 },
	.transfer = INQUIRY_SIZE,
	.init = scsi_init,
	.store = scsi_store,
	.verify = scsi_verify,
};
