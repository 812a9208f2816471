/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NVMe controllers: an admin queue of our own, and Identify Controller as the only command that is ever
 * sent. It reads what the controller is; no namespace is touched. Sections are those of the NVM
 * Express Base Specification 2.0. */
#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "uapi/abi.h"
#include "client/dma-test.h"

/* 3.1.3: controller properties. */
enum {
	NVME_CAP = 0x00,
	NVME_VS = 0x08,
	NVME_INTMS = 0x0c,
	NVME_INTMC = 0x10,
	NVME_CC = 0x14,
	NVME_CSTS = 0x1c,
	NVME_AQA = 0x24,
	NVME_ASQ = 0x28,
	NVME_ACQ = 0x30,
	NVME_DOORBELLS = 0x1000,
	CC_ENABLE = 1 << 0,
	CC_MPS_SHIFT = 7,
	CC_ENTRIES = 6 << 16 | 4 << 20, /* 64 bytes a command, 16 a completion */
	CSTS_READY = 1 << 0,
	CSTS_FATAL = 1 << 1,
};

enum {
	DEPTH = 16, /* entries of each queue */
	COMMAND_SIZE = 64,
	COMPLETION_SIZE = 16,
	IDENTIFY = 0x06, /* 5.17 */
	IDENTIFY_CONTROLLER = 1,
	IDENTIFY_SIZE = 4096,
	NVME_TIMEOUT_MS = 5000,
	/* A controller may ask for 127 s (CAP.TO); one that works never needs so long. */
	READY_TIMEOUT_MAX_MS = 30000,
	VERSION_1_2 = 0x010200,
};

struct nvme {
	uint64_t cap; /* register CAP */
	uint32_t version;
	unsigned int tail, head, phase, stride;
	uint16_t id;
};

static unsigned int ready_timeout(const struct dma_test *x)
{
	const struct nvme *nvme = x->state;
	unsigned int ms = (unsigned int)(nvme->cap >> 24 & 0xff) * 500;

	return ms < 1000 ? 1000 : ms > READY_TIMEOUT_MAX_MS ? READY_TIMEOUT_MAX_MS : ms;
}

static int nvme_probe(struct dma_test *x, struct failure **reterr)
{
	struct nvme *nvme = x->state;
	uint32_t low = 0, high = 0, cc = 0;
	unsigned int page_shift;
	int r = dma_test_get32(x, NVME_CAP, &low);

	if (!r)
		r = dma_test_get32(x, NVME_CAP + 4, &high);
	if (!r)
		r = dma_test_get32(x, NVME_VS, &nvme->version);
	if (!r)
		r = dma_test_get32(x, NVME_CC, &cc);
	if (r < 0)
		return failure_set(reterr, r, "%s: %s", x->object, x->said);
	nvme->cap = (uint64_t)high << 32 | low;
	nvme->stride = 4U << (high & 0xf);
	page_shift = 12 + (high >> 16 & 0xf);
	if (x->page_size >> page_shift == 0)
		return failure_set(reterr, -ENOTSUP,
				   "%s: the controller wants pages of %u bytes, and this system has smaller ones",
				   x->object, 1U << page_shift);
	/* Opening the device resets it where that is possible: a controller still enabled is in use. */
	if (cc & CC_ENABLE)
		return failure_set(reterr, -EBUSY,
				   "%s: the controller is enabled, so something may be using its namespaces: end that, or reset the device first",
				   x->object);
	return 0;
}

static int disable(struct dma_test *x)
{
	int r = dma_test_put32(x, NVME_CC, 0);

	return r < 0 ? r
		     : dma_test_wait32(x, NVME_CSTS, CSTS_READY, 0, ready_timeout(x),
				       "the end of the controller's readiness (CSTS.RDY 0)");
}

static int enable(struct dma_test *x)
{
	const struct nvme *nvme = x->state;
	uint32_t mps = (uint32_t)(nvme->cap >> 48 & 0xf);
	int r = dma_test_put32(x, NVME_AQA, (DEPTH - 1) << 16 | (DEPTH - 1));

	if (!r)
		r = dma_test_put32(x, NVME_ASQ, (uint32_t)x->own[0].iova);
	if (!r)
		r = dma_test_put32(x, NVME_ASQ + 4, (uint32_t)(x->own[0].iova >> 32));
	if (!r)
		r = dma_test_put32(x, NVME_ACQ, (uint32_t)x->own[1].iova);
	if (!r)
		r = dma_test_put32(x, NVME_ACQ + 4, (uint32_t)(x->own[1].iova >> 32));
	if (!r)
		r = dma_test_put32(x, NVME_CC, CC_ENTRIES | mps << CC_MPS_SHIFT | CC_ENABLE);
	return r < 0 ? r
		     : dma_test_wait32(x, NVME_CSTS, CSTS_READY | CSTS_FATAL, CSTS_READY,
				       ready_timeout(x), "the controller's readiness (CSTS.RDY 1)");
}

static int nvme_init(struct dma_test *x, struct failure **reterr)
{
	struct nvme *nvme = x->state;
	int r = disable(x);

	memset(x->own[0].memory, 0, DEPTH * COMMAND_SIZE);
	memset(x->own[1].memory, 0, DEPTH * COMPLETION_SIZE);
	nvme->tail = nvme->head = 0;
	nvme->phase = 1;
	if (!r)
		r = enable(x);
	return r < 0 ? failure_set(reterr, r, "%s: %s", x->object, x->said) : 0;
}

/* 3.3.3.1: the common command format. */
static void write_command(struct dma_test *x, uint64_t iova)
{
	struct nvme *nvme = x->state;
	uint8_t *entry = x->own[0].memory + (size_t)nvme->tail * COMMAND_SIZE;

	nvme->id++;
	memset(entry, 0, COMMAND_SIZE);
	dma_test_set_le32(entry, IDENTIFY | (uint32_t)nvme->id << 16);
	dma_test_set_le32(entry + 24, (uint32_t)iova);
	dma_test_set_le32(entry + 28, (uint32_t)(iova >> 32));
	dma_test_set_le32(entry + 40, IDENTIFY_CONTROLLER);
	nvme->tail = (nvme->tail + 1) % DEPTH;
}

/* 3.3.3.2: the last of the four words of a completion: status, phase, command. */
static uint32_t completion_word(const struct dma_test *x)
{
	const struct nvme *nvme = x->state;

	return dma_test_le32(x->own[1].memory + (size_t)nvme->head * COMPLETION_SIZE + 12);
}

static int take_completion(struct dma_test *x, uint32_t word)
{
	struct nvme *nvme = x->state;
	struct arena *a = x->client->arena;
	unsigned int status = word >> 17 & 0x7ff, id = word & 0xffff;
	int r;

	nvme->head = (nvme->head + 1) % DEPTH;
	if (!nvme->head)
		nvme->phase ^= 1;
	r = dma_test_put32(x, NVME_DOORBELLS + nvme->stride, nvme->head);
	if (r < 0)
		return r;
	if (id != nvme->id) {
		x->said = arena_printf(a, "the controller completed command %u, and was given %u",
				       id, nvme->id);
		return -EIO;
	}
	if (!status) {
		x->said = "the controller completed Identify with success";
		return 0;
	}
	x->said = arena_printf(a, "the controller failed Identify: status type %u, code %#04x",
			       status >> 8 & 7, status & 0xff);
	return -EIO;
}

static int nvme_store(struct dma_test *x, uint64_t iova)
{
	const struct nvme *nvme = x->state;
	struct sys *sys = x->client->sys;
	uint64_t end;
	int r;

	write_command(x, iova);
	/* The command is in memory before the controller is notified. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	r = dma_test_put32(x, NVME_DOORBELLS, nvme->tail);
	end = sys->ops->now_ns(sys) + (uint64_t)NVME_TIMEOUT_MS * 1000000U;
	while (!r) {
		bool late = sys->ops->now_ns(sys) >= end;
		uint32_t word = completion_word(x), csts;

		if ((word >> 16 & 1) == nvme->phase)
			return take_completion(x, word);
		r = dma_test_get32(x, NVME_CSTS, &csts);
		if (!r && csts & CSTS_FATAL) {
			x->said = "the controller reports a fatal error (CSTS.CFS)";
			return -EIO;
		}
		if (!r && late) {
			x->said = arena_printf(x->client->arena,
					       "the controller completed nothing within %u ms",
					       NVME_TIMEOUT_MS);
			return -ETIMEDOUT;
		}
		dma_test_pause(x, 1);
	}
	return r;
}

/* 5.17.2.1: the ids of the PCI function, and the version as in the register since 1.2. */
static bool nvme_verify(struct dma_test *x, const uint8_t *data)
{
	const struct nvme *nvme = x->state;
	uint32_t ids = dma_test_le32(data), version = dma_test_le32(data + 80);
	bool good = ids == (x->vendor | (uint32_t)x->subvendor << 16);

	if (nvme->version >= VERSION_1_2)
		good = good && version == nvme->version;
	x->said =
		arena_printf(x->client->arena,
			     "it names vendor %04x and subsystem vendor %04x, its config space %04x and %04x; version %x, its register %x",
			     ids & 0xffff, ids >> 16, x->vendor, x->subvendor, version,
			     nvme->version);
	return good;
}

/* Each completion raises one. */
static int nvme_interrupt(struct dma_test *x, uint64_t scratch)
{
	return nvme_store(x, scratch);
}

static void nvme_quiesce(struct dma_test *x)
{
	(void)disable(x);
}

const struct dma_driver dma_driver_nvme = {
	.name = "nvme",
	.what = "NVMe controllers, which are asked what they are (Identify Controller)",
	.class_code = 0x010802,
	.class_mask = 0xffffff,
	.state_size = sizeof(struct nvme),
	.address_bits = 64,
	.own_pages = 2,
	.transfer = IDENTIFY_SIZE,
	.irq_index = VT_PCI_MSIX,
	.probe = nvme_probe,
	.init = nvme_init,
	.store = nvme_store,
	.verify = nvme_verify,
	.interrupt = nvme_interrupt,
	.quiesce = nvme_quiesce,
};
