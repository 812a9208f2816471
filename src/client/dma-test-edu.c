/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QEMU's device for teaching: it has a buffer of 4096 bytes and moves bytes between it and memory, one
 * transfer at a time, each by a timer of 100 ms. QEMU: docs/specs/edu.rst. */
#include <errno.h>

#include "base/macro.h"
#include "uapi/abi.h"
#include "client/dma-test.h"

enum {
	EDU_ID = 0x00, /* 0xRRrr00ed: version RR.rr */
	EDU_LIVENESS = 0x04,
	EDU_RAISE = 0x60,
	EDU_ACKNOWLEDGE = 0x64,
	EDU_DMA_SOURCE = 0x80,
	EDU_DMA_TARGET = 0x88,
	EDU_DMA_COUNT = 0x90,
	EDU_DMA_COMMAND = 0x98,
	COMMAND_RUN = 1 << 0,
	COMMAND_TO_MEMORY = 1 << 1,
	EDU_BUFFER = 0x40000, /* where its own bytes are for a transfer */
	/* Half of them: a transfer that ends where they end is an error to some versions of QEMU, and
	 * ends the whole machine. */
	EDU_TRANSFER = 2048,
	EDU_TIMEOUT_MS = 5000,
	EDU_INTERRUPT = 1,
};

static int edu_probe(struct dma_test *x, struct failure **reterr)
{
	uint32_t id;
	int r = dma_test_get32(x, EDU_ID, &id);

	if (r < 0)
		return failure_set(reterr, r, "%s: %s", x->object, x->said);
	if ((id & 0xff) != 0xed)
		return failure_set(reterr, -ENOTSUP,
				   "%s: its identification register reads %#010x, and QEMU's edu device has ...ed there: it is another device with the same ids",
				   x->object, id);
	return 0;
}

static int edu_init(struct dma_test *x, struct failure **reterr)
{
	static const uint32_t question = 0x5aa5c33c;
	uint32_t answer = 0;
	int r = dma_test_wait32(x, EDU_DMA_COMMAND, COMMAND_RUN, 0, EDU_TIMEOUT_MS,
				"an earlier transfer of the device");

	if (!r)
		r = dma_test_put32(x, EDU_LIVENESS, question);
	if (!r)
		r = dma_test_get32(x, EDU_LIVENESS, &answer);
	if (!r && answer != ~question) {
		x->said =
			arena_printf(x->client->arena,
				     "its liveness register gave %#010x for %#010x: the device does not work",
				     answer, question);
		r = -EREMOTEIO;
	}
	return r < 0 ? failure_set(reterr, r, "%s: %s", x->object, x->said) : 0;
}

static int transfer(struct dma_test *x, uint64_t source, uint64_t target, uint32_t command)
{
	int r = dma_test_put64(x, EDU_DMA_SOURCE, source);

	if (!r)
		r = dma_test_put64(x, EDU_DMA_TARGET, target);
	if (!r)
		r = dma_test_put32(x, EDU_DMA_COUNT, EDU_TRANSFER);
	if (!r)
		r = dma_test_put32(x, EDU_DMA_COMMAND, command | COMMAND_RUN);
	if (!r)
		r = dma_test_wait32(x, EDU_DMA_COMMAND, COMMAND_RUN, 0, EDU_TIMEOUT_MS,
				    "the transfer");
	if (!r)
		x->said = "the device says that it is done";
	return r;
}

static int edu_load(struct dma_test *x, uint64_t iova)
{
	return transfer(x, iova, EDU_BUFFER, 0);
}

static int edu_store(struct dma_test *x, uint64_t iova)
{
	return transfer(x, EDU_BUFFER, iova, COMMAND_TO_MEMORY);
}

static int edu_interrupt(struct dma_test *x, uint64_t scratch vt_unused)
{
	return dma_test_put32(x, EDU_RAISE, EDU_INTERRUPT);
}

static void edu_acknowledge(struct dma_test *x)
{
	(void)dma_test_put32(x, EDU_ACKNOWLEDGE, EDU_INTERRUPT);
}

/* A transfer under way cannot be stopped, so wait for its end. */
static void edu_quiesce(struct dma_test *x)
{
	(void)dma_test_wait32(x, EDU_DMA_COMMAND, COMMAND_RUN, 0, EDU_TIMEOUT_MS, "the transfer");
	edu_acknowledge(x);
}

const struct dma_driver dma_driver_edu = {
	.name = "edu",
	.what = "QEMU's educational device, which copies memory to itself and back",
	.vendor = 0x1234,
	.devices = (const uint16_t[]){ 0x11e8, 0 },
	/* Without the property dma_mask it silently cuts addresses to these bits. */
	.address_bits = 28,
	.transfer = EDU_TRANSFER,
	.irq_index = VT_PCI_MSI,
	.probe = edu_probe,
	.init = edu_init,
	.load = edu_load,
	.store = edu_store,
	.interrupt = edu_interrupt,
	.acknowledge = edu_acknowledge,
	.quiesce = edu_quiesce,
};
