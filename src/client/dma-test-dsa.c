/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Intel's Data Streaming Accelerator, and the In-Memory Analytics Accelerator with the same registers: one work
 * queue of its own, and Memory Move, which copies memory to memory. Intel Data Streaming Accelerator Architecture
 * Specification (341204): chapter 8 has descriptors and completion records, chapter 9 the registers; the numbers
 * are also in linux: drivers/dma/idxd/registers.h and include/uapi/linux/idxd.h. */
#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "uapi/abi.h"
#include "client/dma-test.h"

/* 9.2. */
enum {
	DSA_VERSION = 0x00,
	DSA_GENCAP = 0x10,
	DSA_WQCAP = 0x20,
	DSA_GRPCAP = 0x30,
	DSA_ENGCAP = 0x38,
	DSA_OPCAP = 0x40,
	DSA_TABLES = 0x60, /* where GRPCFG and WQCFG are, in units of 256 bytes */
	DSA_GENSTS = 0x90,
	DSA_INTCAUSE = 0x98,
	DSA_CMD = 0xa0,
	DSA_CMDSTS = 0xa8,
	DSA_SWERR = 0xc0,
	TABLE_UNIT = 0x100,
	GRPCFG_ENGINES = 32, /* behind the four words of its queues */
	PORTAL_BAR = 2,      /* 9.3: that of queue 0 comes first */
};

/* GENCAP; WQCAP, whose second half is counted from its own bit 0. */
enum {
	GENCAP_XFER_SHIFT = 16,  /* 5 bits */
	GENCAP_BATCH_SHIFT = 21, /* 4 bits */
	WQCAP_CFG_SIZE = 24,     /* 4 bits */
	WQCAP_DEDICATED = 1 << 17,
	WQCAP_ATS = 1 << 18,
	WQCAP_OP_CONFIG = 1 << 22,
	WQCAP_PRS = 1 << 23,
	WQCFG_SIZE_MIN = 32, /* bytes */
};

#define GENCAP_CONFIGURABLE UINT32_C(0x80000000)

/* WQCFG, by words of 32 bits. */
enum {
	WQCFG_WORDS = 16,
	WQ_SIZE = 0,
	WQ_MODE = 2,
	WQ_LIMITS = 3,
	WQ_OPERATIONS = 8,
	MODE_DEDICATED = 1 << 0,
	MODE_NO_ATS = 1 << 2,
	MODE_NO_PRS = 1 << 3,
	MODE_PRIORITY_1 = 1 << 4,
};

enum {
	STATE_MASK = 3,
	STATE_ENABLED = 1,
	STATE_DRAINS = 2,
	STATE_HALTED = 3,
	COMMAND_SHIFT = 20,
	COMMAND_ENABLE = 1 << COMMAND_SHIFT,
	COMMAND_DRAIN_ALL = 3 << COMMAND_SHIFT,
	COMMAND_RESET = 5 << COMMAND_SHIFT,
	COMMAND_ENABLE_QUEUE = 6 << COMMAND_SHIFT, /* of the number in the lowest bits */
	CMDSTS_ERROR = 0xff,
	SWERR_VALID = 1 << 0,
	SWERR_OVERFLOW = 1 << 1,
	INTCAUSE_ALL = 0x3f,
};

#define COMMAND_INTERRUPT UINT32_C(0x80000000)
#define CMDSTS_ACTIVE     UINT32_C(0x80000000)

/* 8.1 and 8.2. */
enum {
	DESCRIPTOR_SIZE = 64,
	RECORD_ALIGN = 64, /* as the larger ones of an analytics accelerator want it */
	OPCODE_MEMORY_MOVE = 3,
	FLAG_RECORD_VALID = 1 << 2,
	FLAG_RECORD_WANTED = 1 << 3,
	STATUS_MASK = 0x7f,
	STATUS_SUCCESS = 1,
};

#define PRIVILEGED UINT32_C(0x80000000) /* as without a PASID all are */

enum {
	DSA_TRANSFER = 2048,
	/* The second page: a completion record for each transfer since the last setup. */
	RECORDS_MAX = 32,
	COMMAND_TIMEOUT_MS = 1000,
	TRANSFER_TIMEOUT_MS = 500,
};

struct dsa {
	uint32_t gencap, wqcap, wqcap_high;
	uint64_t groups, queues; /* where GRPCFG and WQCFG are in BAR 0 */
	unsigned int record;     /* the next one */
	bool ready;
};

static int unfit(struct dma_test *x, const char *why)
{
	x->said = why;
	return -ENOTSUP;
}

/* What it has to offer for one copy. */
static int check(struct dma_test *x, uint32_t version, uint32_t opcap, uint32_t groups,
		 uint32_t engines)
{
	const struct dsa *d = x->state;

	if (version >> 8 < 1 || version >> 8 > 3)
		return unfit(x,
			     arena_printf(x->client->arena,
					  "its version is %#x, and 1.0 to 3.0 are known", version));
	if (!(opcap & 1U << OPCODE_MEMORY_MOVE))
		return unfit(x, "it does not offer the operation Memory Move");
	if (!(d->gencap & GENCAP_CONFIGURABLE) || !(d->wqcap_high & WQCAP_DEDICATED))
		return unfit(x, "its work queues cannot be configured");
	if (!(d->wqcap & 0xffff) || !(d->wqcap >> 16 & 0xff) || !(groups & 0xff) ||
	    !(engines & 0xff))
		return unfit(x, "it has no work queue, group or engine");
	if (1U << (d->gencap >> GENCAP_XFER_SHIFT & 0x1f) < DSA_TRANSFER)
		return unfit(x, "its transfers are too short");
	return 0;
}

static int dsa_probe(struct dma_test *x, struct failure **reterr)
{
	struct dsa *d = x->state;
	uint32_t version = 0, opcap = 0, groups = 0, engines = 0, tables = 0, state = 0;
	const struct {
		uint32_t offset, *to;
	} reads[] = {
		{ DSA_VERSION, &version }, { DSA_GENCAP, &d->gencap },
		{ DSA_WQCAP, &d->wqcap },  { DSA_WQCAP + 4, &d->wqcap_high },
		{ DSA_GRPCAP, &groups },   { DSA_ENGCAP, &engines },
		{ DSA_OPCAP, &opcap },     { DSA_TABLES, &tables },
		{ DSA_GENSTS, &state },
	};
	int r = 0;

	for (size_t i = 0; !r && i < ARRAY_SIZE(reads); i++)
		r = dma_test_get32(x, reads[i].offset, reads[i].to);
	if (!r)
		r = check(x, version, opcap, groups, engines);
	if (r < 0)
		return dma_test_failure(x, r, reterr);
	d->groups = (uint64_t)(tables & 0xffff) * TABLE_UNIT;
	d->queues = (uint64_t)(tables >> 16) * TABLE_UNIT;
	state &= STATE_MASK;
	if (dma_test_is_master(x) && (state == STATE_ENABLED || state == STATE_DRAINS))
		return failure_set(reterr, -EBUSY,
				   "%s: it is enabled, so something may be using it: end that, or reset the device first",
				   x->object);
	return 0;
}

/* ---- setup ---- */

static int command(struct dma_test *x, uint32_t value, const char *what)
{
	uint32_t status = 0;
	int r = dma_test_wait32(x, DSA_CMDSTS, CMDSTS_ACTIVE, 0, COMMAND_TIMEOUT_MS,
				"the command before");

	if (!r)
		r = dma_test_put32(x, DSA_CMD, value);
	if (!r)
		r = dma_test_wait32(x, DSA_CMDSTS, CMDSTS_ACTIVE, 0, COMMAND_TIMEOUT_MS, what);
	if (!r)
		r = dma_test_get32(x, DSA_CMDSTS, &status);
	if (r < 0 || !(status & CMDSTS_ERROR))
		return r;
	x->said = arena_printf(x->client->arena, "%s failed with error %#04x", what,
			       status & CMDSTS_ERROR);
	return -EREMOTEIO;
}

/* Queue 0: all entries, for us alone, without address translation of its own. */
static int set_queue(struct dma_test *x)
{
	const struct dsa *d = x->state;
	size_t words = ((size_t)WQCFG_SIZE_MIN << (d->wqcap >> WQCAP_CFG_SIZE & 0xf)) / 4;
	uint32_t cfg[WQCFG_WORDS] = { 0 };
	int r = 0;

	cfg[WQ_SIZE] = d->wqcap & 0xffff;
	cfg[WQ_MODE] = MODE_DEDICATED | MODE_PRIORITY_1 |
		       (d->wqcap_high & WQCAP_ATS ? MODE_NO_ATS : 0) |
		       (d->wqcap_high & WQCAP_PRS ? MODE_NO_PRS : 0);
	cfg[WQ_LIMITS] = (d->gencap >> GENCAP_XFER_SHIFT & 0x1f) |
			 (d->gencap >> GENCAP_BATCH_SHIFT & 0xf) << 5;
	if (d->wqcap_high & WQCAP_OP_CONFIG)
		cfg[WQ_OPERATIONS] = 1U << OPCODE_MEMORY_MOVE;
	for (size_t i = 0; !r && i < words && i < WQCFG_WORDS; i++)
		r = dma_test_put32(x, d->queues + 4 * i, cfg[i]);
	return r;
}

static int setup(struct dma_test *x)
{
	struct dsa *d = x->state;
	int r = command(x, COMMAND_RESET, "the device's reset");

	memset(x->own[1].memory, 0, (size_t)RECORDS_MAX * RECORD_ALIGN);
	d->record = 0;
	if (!r)
		r = dma_test_put32(x, DSA_SWERR, SWERR_VALID | SWERR_OVERFLOW);
	if (!r)
		r = set_queue(x);
	/* Group 0 has queue 0 and engine 0. */
	if (!r)
		r = dma_test_put64(x, d->groups, 1);
	if (!r)
		r = dma_test_put64(x, d->groups + GRPCFG_ENGINES, 1);
	if (!r)
		r = command(x, COMMAND_ENABLE, "to enable the device");
	if (!r)
		r = command(x, COMMAND_ENABLE_QUEUE, "to enable its work queue");
	d->ready = !r;
	return r;
}

static int dsa_init(struct dma_test *x, struct failure **reterr)
{
	const struct dsa *d = x->state;
	int r = d->ready ? 0 : setup(x);

	return r < 0 ? dma_test_failure(x, r, reterr) : 0;
}

/* ---- transfers ---- */

/* Whether the device can still answer. */
static int check_state(struct dma_test *x)
{
	uint32_t state = 0, error = 0;
	int r = dma_test_get32(x, DSA_GENSTS, &state);

	if (!r)
		r = dma_test_get32(x, DSA_SWERR, &error);
	if (!r && (state & STATE_MASK) == STATE_HALTED) {
		x->said = "the device has halted (GENSTS)";
		r = -EIO;
	} else if (!r && error & SWERR_VALID) {
		x->said = arena_printf(x->client->arena,
				       "the device reports software error %#04x (SWERR)",
				       error >> 8 & 0xff);
		r = -EIO;
	}
	return r;
}

static int take(struct dma_test *x, uint8_t status)
{
	x->said = arena_printf(x->client->arena,
			       "the device completed Memory Move with status %#04x%s", status,
			       (status & STATUS_MASK) == STATUS_SUCCESS ? ", success" : "");
	return (status & STATUS_MASK) == STATUS_SUCCESS ? 0 : -EIO;
}

static int wait(struct dma_test *x, const volatile uint8_t *record)
{
	struct sys *sys = x->client->sys;
	uint64_t end = sys->ops->now_ns(sys) + (uint64_t)TRANSFER_TIMEOUT_MS * 1000000U;
	int r = 0;

	while (!r) {
		bool late = sys->ops->now_ns(sys) >= end;
		uint8_t status = *record;

		if (status)
			return take(x, status);
		if (late) {
			x->said = arena_printf(x->client->arena,
					       "the device completed nothing within %u ms",
					       TRANSFER_TIMEOUT_MS);
			return -ETIMEDOUT;
		}
		dma_test_pause(x, 1);
		r = check_state(x);
	}
	return r;
}

static int move(struct dma_test *x, uint64_t source, uint64_t target)
{
	struct dsa *d = x->state;
	uint8_t descriptor[DESCRIPTOR_SIZE] __attribute__((aligned(DESCRIPTOR_SIZE))) = { 0 };
	size_t at;
	int r = d->ready && d->record < RECORDS_MAX ? 0 : setup(x);

	if (r < 0)
		return r;
	at = (size_t)d->record++ * RECORD_ALIGN;
	dma_test_set_le32(descriptor, PRIVILEGED);
	dma_test_set_le32(descriptor + 4, (uint32_t)OPCODE_MEMORY_MOVE << 24 | FLAG_RECORD_VALID |
						  FLAG_RECORD_WANTED);
	dma_test_set_le64(descriptor + 8, x->own[1].iova + at);
	dma_test_set_le64(descriptor + 16, source);
	dma_test_set_le64(descriptor + 24, target);
	dma_test_set_le32(descriptor + 32, DSA_TRANSFER);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	r = dma_test_submit(x, PORTAL_BAR, descriptor);
	if (!r)
		r = wait(x, x->own[1].memory + at);
	d->ready = !r;
	return r;
}

/* What it keeps is in the first page. */
static int dsa_load(struct dma_test *x, uint64_t iova)
{
	memset(x->own[0].memory, 0, DSA_TRANSFER);
	return move(x, iova, x->own[0].iova);
}

static int dsa_store(struct dma_test *x, uint64_t iova)
{
	return move(x, x->own[0].iova, iova);
}

/* The end of a command raises vector 0. */
static int dsa_interrupt(struct dma_test *x, uint64_t scratch vt_unused)
{
	return command(x, COMMAND_DRAIN_ALL | COMMAND_INTERRUPT, "to drain its work queues");
}

static void dsa_acknowledge(struct dma_test *x)
{
	(void)dma_test_put32(x, DSA_INTCAUSE, INTCAUSE_ALL);
}

static void dsa_quiesce(struct dma_test *x)
{
	struct dsa *d = x->state;

	d->ready = false;
	(void)command(x, COMMAND_RESET, "the device's reset");
	dsa_acknowledge(x);
}

const struct dma_driver dma_driver_dsa = {
	.name = "dsa",
	.what = "Intel's accelerators DSA and IAA, which copy memory to memory (Memory Move)",
	.not_run = "dsa" DMA_TEST_NOT_RUN,
	.vendor = 0x8086,
	/* linux: drivers/dma/idxd/init.c: idxd_pci_tbl. */
	.devices = (const uint16_t[]){ 0x0b25, 0x0cfe, 0x11fb, 0x1212, 0x1216, 0xb02d, 0 },
	.state_size = sizeof(struct dsa),
	.address_bits = 64,
	.own_pages = 2,
	.transfer = DSA_TRANSFER,
	.irq_index = VT_PCI_MSIX,
	.probe = dsa_probe,
	.init = dsa_init,
	.load = dsa_load,
	.store = dsa_store,
	.interrupt = dsa_interrupt,
	.acknowledge = dsa_acknowledge,
	.quiesce = dsa_quiesce,
};
