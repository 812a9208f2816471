/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Intel's QuickData Technology (I/OAT, CBDMA) of version 3.2 and later, which copies memory to memory: a chain of
 * one descriptor on channel 0. Intel Xeon Processor E5 datasheet, volume 2, 'Intel QuickData Technology
 * Registers'; the numbers are also in linux: drivers/dma/ioat/registers.h and hw.h. */
#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "uapi/abi.h"
#include "client/dma-test.h"

/* Of the device. */
enum {
	IOAT_CHANCNT = 0x00,
	IOAT_XFERCAP = 0x01, /* a power of two; 0: all of 32 bits */
	IOAT_INTRCTRL = 0x03,
	IOAT_VERSION = 0x08,
	INTRCTRL_MASTER = 1 << 0,
	INTRCTRL_MSIX = 1 << 3, /* each channel its vector */
	VERSION_3_2 = 0x32,
	VERSION_3_3 = 0x33,
	VERSION_MAX = 0x3f,
};

/* Of channel 0, whose registers follow. */
enum {
	IOAT_CHANCTRL = 0x80,
	IOAT_CHANCMD = 0x84,
	IOAT_DMACOUNT = 0x86,
	IOAT_CHANSTS = 0x88,
	IOAT_CHAINADDR = 0x90,
	IOAT_CHANERR = 0xa8,
	CHANCTRL_REARM = 1 << 0,
	CHANCTRL_ABORT_ON_ERROR = 1 << 3,
	CHANCMD_SUSPEND = 1 << 2,
	CHANCMD_RESET = 1 << 5,
	CHANSTS_STATE = 7,
	STATE_ACTIVE = 0,
	STATE_DONE = 1,
	STATE_SUSPENDED = 2,
	STATE_HALTED = 3,
};

/* In its config space, before version 3.3. */
enum { CONFIG_CHANERR = 0x180 };

enum {
	DESCRIPTOR_SIZE = 64,
	CONTROL_INTERRUPT = 1 << 0,
	IOAT_TRANSFER = 2048,
	RESET_TIMEOUT_MS = 1000,
	TRANSFER_TIMEOUT_MS = 500,
};

struct ioat {
	uint32_t version;
	bool ready;
	bool interrupts; /* each transfer raises one */
};

static int ioat_probe(struct dma_test *x, struct failure **reterr)
{
	struct ioat *d = x->state;
	uint32_t channels = 0, shift = 0, status = 0;
	int r = dma_test_get(x, IOAT_VERSION, 1, &d->version);

	if (!r)
		r = dma_test_get(x, IOAT_CHANCNT, 1, &channels);
	if (!r)
		r = dma_test_get(x, IOAT_XFERCAP, 1, &shift);
	if (!r)
		r = dma_test_get32(x, IOAT_CHANSTS, &status);
	if (!r && (d->version < VERSION_3_2 || d->version > VERSION_MAX)) {
		x->said = arena_printf(x->client->arena,
				       "its version is %u.%u, and 3.2 and later are known",
				       d->version >> 4, d->version & 0xf);
		r = -ENOTSUP;
	} else if (!r && (!(channels & 0x1f) || (shift && 1U << (shift & 0x1f) < IOAT_TRANSFER))) {
		x->said = "it has no channel, or its transfers are too short";
		r = -ENOTSUP;
	}
	if (r < 0)
		return dma_test_failure(x, r, reterr);
	/* One at rest waits for more, or has halted. */
	if (dma_test_is_master(x) && (status & CHANSTS_STATE) == STATE_ACTIVE)
		return failure_set(reterr, -EBUSY,
				   "%s: its channel 0 is copying, so something uses it: end that, or reset the device first",
				   x->object);
	return 0;
}

/* ---- setup ---- */

/* Errors stay until they are written back; with one of them the channel does not start. */
static int clear_errors(struct dma_test *x)
{
	const struct ioat *d = x->state;
	uint32_t errors = 0;
	uint64_t more = 0;
	int r = dma_test_get32(x, IOAT_CHANERR, &errors);

	if (!r && errors)
		r = dma_test_put32(x, IOAT_CHANERR, errors);
	if (!r && d->version < VERSION_3_3 && !region_get(&x->config, CONFIG_CHANERR, 4, &more) &&
	    more)
		(void)region_put(&x->config, CONFIG_CHANERR, 4, more);
	return r;
}

static int reset(struct dma_test *x)
{
	int r = clear_errors(x);

	if (!r)
		r = dma_test_put(x, IOAT_CHANCMD, 1, CHANCMD_RESET);
	return r < 0 ? r
		     : dma_test_wait(x, IOAT_CHANCMD, 1, CHANCMD_RESET, 0, RESET_TIMEOUT_MS,
				     "the reset of channel 0");
}

static int setup(struct dma_test *x)
{
	struct ioat *d = x->state;
	int r = reset(x);

	if (!r)
		r = dma_test_put(x, IOAT_INTRCTRL, 1,
				 d->interrupts ? INTRCTRL_MASTER | INTRCTRL_MSIX : 0);
	d->ready = !r;
	return r;
}

static int ioat_init(struct dma_test *x, struct failure **reterr)
{
	const struct ioat *d = x->state;
	int r = d->ready ? 0 : setup(x);

	return r < 0 ? dma_test_failure(x, r, reterr) : 0;
}

/* ---- transfers ---- */

static int start(struct dma_test *x)
{
	uint64_t chain = x->own[0].iova;
	int r = dma_test_put32(x, IOAT_CHAINADDR, (uint32_t)chain);

	if (!r)
		r = dma_test_put32(x, IOAT_CHAINADDR + 4, (uint32_t)(chain >> 32));
	if (!r)
		r = dma_test_put(x, IOAT_CHANCTRL, 2, CHANCTRL_REARM | CHANCTRL_ABORT_ON_ERROR);
	return r < 0 ? r : dma_test_put(x, IOAT_DMACOUNT, 2, 1);
}

/* 0 when the channel is done, 1 when it is not yet; -EIO when it halted with an error. */
static int ask(struct dma_test *x)
{
	uint32_t status = 0, errors = 0;
	int r = dma_test_get32(x, IOAT_CHANSTS, &status);

	if (!r)
		r = dma_test_get32(x, IOAT_CHANERR, &errors);
	if (r < 0)
		return r;
	status &= CHANSTS_STATE;
	if (status == STATE_HALTED && errors) {
		x->said = arena_printf(x->client->arena,
				       "the channel halted with error %#x (CHANERR)", errors);
		return -EIO;
	}
	return status == STATE_DONE ? 0 : 1;
}

static int wait(struct dma_test *x)
{
	struct sys *sys = x->client->sys;
	uint64_t end = sys->ops->now_ns(sys) + (uint64_t)TRANSFER_TIMEOUT_MS * 1000000U;

	for (;;) {
		bool late = sys->ops->now_ns(sys) >= end;
		int r = ask(x);

		if (r <= 0)
			return r;
		if (late)
			break;
		dma_test_pause(x, 1);
	}
	x->said = arena_printf(x->client->arena, "the channel was not done within %u ms",
			       TRANSFER_TIMEOUT_MS);
	return -ETIMEDOUT;
}

/* It may not wait for more descriptors when its chain begins again. */
static int suspend(struct dma_test *x)
{
	int r = dma_test_put(x, IOAT_CHANCMD, 1, CHANCMD_SUSPEND);

	if (!r)
		r = dma_test_wait32(x, IOAT_CHANSTS, CHANSTS_STATE, STATE_SUSPENDED,
				    RESET_TIMEOUT_MS, "to suspend channel 0");
	return r;
}

static int move(struct dma_test *x, uint64_t source, uint64_t target)
{
	struct ioat *d = x->state;
	uint8_t *descriptor = x->own[0].memory;
	int r = d->ready ? 0 : setup(x);

	memset(descriptor, 0, DESCRIPTOR_SIZE);
	dma_test_set_le32(descriptor, IOAT_TRANSFER);
	dma_test_set_le32(descriptor + 4, d->interrupts ? CONTROL_INTERRUPT : 0);
	dma_test_set_le64(descriptor + 8, source);
	dma_test_set_le64(descriptor + 16, target);
	dma_test_set_le64(descriptor + 24, x->own[0].iova);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!r)
		r = start(x);
	if (!r)
		r = wait(x);
	if (!r)
		r = suspend(x);
	if (!r)
		x->said = "the channel says that it is done";
	d->ready = !r;
	return r;
}

/* What it keeps is in the second page. */
static int ioat_load(struct dma_test *x, uint64_t iova)
{
	memset(x->own[1].memory, 0, IOAT_TRANSFER);
	return move(x, iova, x->own[1].iova);
}

static int ioat_store(struct dma_test *x, uint64_t iova)
{
	return move(x, x->own[1].iova, iova);
}

static int ioat_interrupt(struct dma_test *x, uint64_t scratch)
{
	struct ioat *d = x->state;
	int r;

	d->interrupts = true;
	r = dma_test_put(x, IOAT_INTRCTRL, 1, INTRCTRL_MASTER | INTRCTRL_MSIX);
	return r < 0 ? r : ioat_store(x, scratch);
}

static void ioat_acknowledge(struct dma_test *x)
{
	struct ioat *d = x->state;

	d->interrupts = false;
	(void)dma_test_put(x, IOAT_INTRCTRL, 1, 0);
}

static void ioat_quiesce(struct dma_test *x)
{
	struct ioat *d = x->state;

	d->ready = false;
	ioat_acknowledge(x);
	(void)reset(x);
}

const struct dma_driver dma_driver_ioat = {
	.name = "ioat",
	.what = "Intel's I/OAT, which copies memory to memory (QuickData Technology)",
	.not_run = "ioat" DMA_TEST_NOT_RUN,
	.vendor = 0x8086,
	/* linux: drivers/dma/ioat/init.c: ioat_pci_tbl, from version 3.2 on. Not those of Atoms (0c50 to 0c53) and
	 * the Xeon D (6f50 to 6f53): a reset of a channel makes them forget their vectors. */
	.devices = (const uint16_t[]){ 0x0e20, 0x0e21, 0x0e22, 0x0e23, 0x0e24, 0x0e25, 0x0e26,
				       0x0e27, 0x0e2e, 0x0e2f, 0x2f20, 0x2f21, 0x2f22, 0x2f23,
				       0x2f24, 0x2f25, 0x2f26, 0x2f27, 0x2f2e, 0x2f2f, 0x6f20,
				       0x6f21, 0x6f22, 0x6f23, 0x6f24, 0x6f25, 0x6f26, 0x6f27,
				       0x6f2e, 0x6f2f, 0x2021, 0x0b00, 0 },
	.state_size = sizeof(struct ioat),
	.address_bits = 64,
	.own_pages = 2,
	.transfer = IOAT_TRANSFER,
	.irq_index = VT_PCI_MSIX,
	.probe = ioat_probe,
	.init = ioat_init,
	.load = ioat_load,
	.store = ioat_store,
	.interrupt = ioat_interrupt,
	.acknowledge = ioat_acknowledge,
	.quiesce = ioat_quiesce,
};
