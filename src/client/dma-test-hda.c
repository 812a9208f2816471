/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HD Audio controllers, as nearly every GPU has one: a codec is asked for its identity, 256 times, in an
 * order of two questions. The controller reads the questions from the CORB and writes the answers into
 * the RIRB, which is the target. No stream runs and no sound is made. Sections are those of the High
 * Definition Audio Specification 1.0a. */
#include <errno.h>

#include "base/macro.h"
#include "uapi/abi.h"
#include "client/dma-test.h"

/* 3.3: the registers. */
enum {
	HDA_GCAP = 0x00,     /* 16 bits; streams: 15:12 out, 11:8 in, 7:3 both */
	HDA_VMAJ = 0x03,     /* 8 */
	HDA_GCTL = 0x08,     /* 32 */
	HDA_STATESTS = 0x0e, /* 16: codecs that announced themselves */
	HDA_INTCTL = 0x20,   /* 32 */
	HDA_CORBBASE = 0x40, /* 2 x 32 */
	HDA_CORBWP = 0x48,   /* 16 */
	HDA_CORBRP = 0x4a,   /* 16 */
	HDA_CORBCTL = 0x4c,  /* 8, as what follows unless it says so */
	HDA_CORBSTS = 0x4d,
	HDA_CORBSIZE = 0x4e,
	HDA_RIRBBASE = 0x50, /* 2 x 32 */
	HDA_RIRBWP = 0x58,   /* 16 */
	HDA_RINTCNT = 0x5a,  /* 16 */
	HDA_RIRBCTL = 0x5c,
	HDA_RIRBSTS = 0x5d,
	HDA_RIRBSIZE = 0x5e,
	HDA_STREAMS = 0x80, /* their control registers, 32 bytes apart; RUN in the first byte */
	STREAM_SIZE = 0x20,
};

enum {
	GCTL_CRST = 1 << 0,
	INTCTL_CONTROLLER = 1 << 30,
	RESET_POINTER = 1 << 15, /* of CORBRP and RIRBWP */
	RUN = 1 << 1,            /* of CORBCTL, RIRBCTL and streams */
	CORBSTS_MEMORY_ERROR = 1 << 0,
	RIRBCTL_INTERRUPT = 1 << 0,
	RIRBSTS_RESPONSE = 1 << 0,
	RIRBSTS_OVERRUN = 1 << 2,
	SIZE_CAN_256 = 1 << 6, /* of CORBSIZE and RIRBSIZE */
	SIZE_256 = 2,
};

enum {
	ENTRIES = 256,
	ANSWER_SIZE = 8,
	/* 7.3.3.1: Get Parameter, of the root node; 7.3.4.1 and 7.3.4.3. */
	GET_PARAMETER = 0xf00 << 8,
	PARAMETER_IDS = 0x00,
	PARAMETER_NODES = 0x04,
	/* 4.3: reset. A codec has 521 us to announce itself. */
	RESET_TIMEOUT_MS = 1000,
	CODEC_TIMEOUT_MS = 200,
	/* A link's frame takes one question, so 256 of them 5.4 ms. */
	HDA_TIMEOUT_MS = 1000,
};

struct hda {
	unsigned int codec; /* the one that is asked */
};

/* Which of the two questions is at @i: an order that is not had by chance. */
static bool asks_for_nodes(unsigned int i)
{
	return (UINT64_C(0x9e3779b97f4a7c15) >> i % 64 ^ i >> 6) & 1;
}

static int fails(struct dma_test *x, int r, struct failure **reterr)
{
	return r < 0 ? failure_set(reterr, r, "%s: %s", x->object, x->said) : 0;
}

static int check_streams(struct dma_test *x, uint32_t gcap, bool *busy)
{
	unsigned int nr = (gcap >> 12 & 0xf) + (gcap >> 8 & 0xf) + (gcap >> 3 & 0x1f);
	int r = 0;

	for (unsigned int i = 0; !r && i < nr; i++) {
		uint32_t control = 0;

		r = dma_test_get(x, HDA_STREAMS + i * STREAM_SIZE, 1, &control);
		*busy |= control & RUN;
	}
	return r;
}

/* While the controller is in reset, the other registers answer nothing of worth (3.3.7). */
static int hda_probe(struct dma_test *x, struct failure **reterr)
{
	uint32_t gcap = 0, major = 0, gctl = 0, corb = 0, rirb = 0;
	bool busy = false;
	int r = dma_test_get(x, HDA_GCAP, 2, &gcap);

	if (!r)
		r = dma_test_get(x, HDA_VMAJ, 1, &major);
	if (!r)
		r = dma_test_get32(x, HDA_GCTL, &gctl);
	if (!r && major != 1)
		return failure_set(reterr, -ENOTSUP,
				   "%s: its registers are of version %u, and those of HD Audio of version 1",
				   x->object, major);
	if (!r && gctl & GCTL_CRST) {
		r = dma_test_get(x, HDA_CORBCTL, 1, &corb);
		if (!r)
			r = dma_test_get(x, HDA_RIRBCTL, 1, &rirb);
		if (!r)
			r = check_streams(x, gcap, &busy);
	}
	if (!r && dma_test_is_master(x) && (busy || (corb | rirb) & RUN))
		return failure_set(reterr, -EBUSY,
				   "%s: the controller is running %s, so something may be using it: bind its own driver once, which stops it, and then vfio-pci again",
				   x->object, busy ? "a stream" : "its command ring");
	return fails(x, r, reterr);
}

/* 4.2.2. */
static int reset(struct dma_test *x, bool leave)
{
	int r = dma_test_put32(x, HDA_GCTL, 0);

	if (!r)
		r = dma_test_wait32(x, HDA_GCTL, GCTL_CRST, 0, RESET_TIMEOUT_MS,
				    "the begin of the controller's reset (GCTL.CRST 0)");
	if (r < 0 || !leave)
		return r;
	dma_test_pause(x, 1);
	r = dma_test_put32(x, HDA_GCTL, GCTL_CRST);
	if (!r)
		r = dma_test_wait32(x, HDA_GCTL, GCTL_CRST, GCTL_CRST, RESET_TIMEOUT_MS,
				    "the end of the controller's reset (GCTL.CRST 1)");
	dma_test_pause(x, 2);
	return r;
}

static int find_codec(struct dma_test *x, struct failure **reterr)
{
	struct hda *hda = x->state;
	struct sys *sys = x->client->sys;
	uint64_t end = sys->ops->now_ns(sys) + (uint64_t)CODEC_TIMEOUT_MS * 1000000U;

	for (;;) {
		bool late = sys->ops->now_ns(sys) >= end;
		uint32_t codecs = 0;
		int r = dma_test_get(x, HDA_STATESTS, 2, &codecs);

		codecs &= 0x7fff;
		if (r < 0)
			return fails(x, r, reterr);
		if (codecs) {
			hda->codec = (unsigned int)__builtin_ctz(codecs);
			return 0;
		}
		if (late)
			break;
		dma_test_pause(x, 1);
	}
	x->said = "no codec answers";
	return failure_set_status(reterr, STATUS_UNKNOWN, -ENOTSUP,
				  "%s: no codec is connected, and without one the controller moves no data: it cannot be proven",
				  x->object);
}

/* 3.3.18, 3.3.25: what the specification allows beside 256 entries, no controller is known to need. */
static int set_sizes(struct dma_test *x)
{
	static const uint64_t at[] = { HDA_CORBSIZE, HDA_RIRBSIZE };
	int r = 0;

	for (size_t i = 0; !r && i < ARRAY_SIZE(at); i++) {
		uint32_t size = 0;

		r = dma_test_get(x, at[i], 1, &size);
		if (!r && !(size & SIZE_CAN_256)) {
			x->said = "its rings cannot have 256 entries";
			r = -ENOTSUP;
		}
		if (!r)
			r = dma_test_put(x, at[i], 1, SIZE_256);
	}
	return r;
}

static int hda_init(struct dma_test *x, struct failure **reterr)
{
	const struct hda *hda = x->state;
	int r = reset(x, true);

	if (r < 0)
		return fails(x, r, reterr);
	r = find_codec(x, reterr);
	if (r < 0)
		return r;
	for (unsigned int i = 0; i < ENTRIES; i++)
		dma_test_set_le32(x->own[0].memory + i * sizeof(uint32_t),
				  hda->codec << 28 | GET_PARAMETER |
					  (asks_for_nodes(i) ? PARAMETER_NODES : PARAMETER_IDS));
	r = set_sizes(x);
	if (!r)
		r = dma_test_put32(x, HDA_CORBBASE, (uint32_t)x->own[0].iova);
	if (!r)
		r = dma_test_put32(x, HDA_CORBBASE + 4, (uint32_t)(x->own[0].iova >> 32));
	/* With 0, which is 256, QEMU's waits for ever. */
	if (!r)
		r = dma_test_put(x, HDA_RINTCNT, 2, ENTRIES - 1);
	return fails(x, r, reterr);
}

static int stop(struct dma_test *x)
{
	int r = dma_test_put(x, HDA_CORBCTL, 1, 0);

	if (!r)
		r = dma_test_wait(x, HDA_CORBCTL, 1, RUN, 0, HDA_TIMEOUT_MS,
				  "the stop of the CORB");
	if (!r)
		r = dma_test_put(x, HDA_RIRBCTL, 1, 0);
	return r;
}

/* 3.3.21: the reset of the read pointer is to be seen, and then taken back; some controllers clear it on
 * their own. */
static int rewind_rings(struct dma_test *x)
{
	int r = dma_test_put(x, HDA_CORBRP, 2, RESET_POINTER);

	if (!r) {
		r = dma_test_wait(x, HDA_CORBRP, 2, RESET_POINTER, RESET_POINTER, 2, "");
		r = r == -ETIMEDOUT ? 0 : r;
	}
	if (!r)
		r = dma_test_put(x, HDA_CORBRP, 2, 0);
	if (!r)
		r = dma_test_wait(x, HDA_CORBRP, 2, UINT16_MAX, 0, HDA_TIMEOUT_MS,
				  "the reset of the CORB's read pointer");
	if (!r)
		r = dma_test_put(x, HDA_CORBWP, 2, 0);
	if (!r)
		r = dma_test_put(x, HDA_RIRBWP, 2, RESET_POINTER);
	return r;
}

static int start(struct dma_test *x, uint64_t iova)
{
	int r = dma_test_put32(x, HDA_RIRBBASE, (uint32_t)iova);

	if (!r)
		r = dma_test_put32(x, HDA_RIRBBASE + 4, (uint32_t)(iova >> 32));
	if (!r)
		r = dma_test_put(x, HDA_RIRBSTS, 1, RIRBSTS_RESPONSE | RIRBSTS_OVERRUN);
	if (!r)
		r = dma_test_put(x, HDA_CORBSTS, 1, CORBSTS_MEMORY_ERROR);
	if (!r)
		r = dma_test_put(x, HDA_RIRBCTL, 1, RUN | RIRBCTL_INTERRUPT);
	if (!r)
		r = dma_test_put(x, HDA_CORBCTL, 1, RUN);
	return r;
}

static int check_status(struct dma_test *x)
{
	uint32_t corb = 0, rirb = 0;
	int r = dma_test_get(x, HDA_CORBSTS, 1, &corb);

	if (!r)
		r = dma_test_get(x, HDA_RIRBSTS, 1, &rirb);
	if (r < 0 || !(corb & CORBSTS_MEMORY_ERROR || rirb & RIRBSTS_OVERRUN))
		return r;
	x->said = corb & CORBSTS_MEMORY_ERROR
			  ? "the controller reports that it cannot read its commands (CORBSTS.CMEI)"
			  : "the controller reports that answers were lost (RIRBSTS.RIRBOIS)";
	return -EIO;
}

/* The questions up to @last, which is also where the last answer is. */
static int ask_up_to(struct dma_test *x, unsigned int last)
{
	int r = dma_test_put(x, HDA_CORBWP, 2, last), waited;

	if (r < 0)
		return r;
	waited = dma_test_wait(x, HDA_RIRBWP, 2, 0xff, last, HDA_TIMEOUT_MS,
			       "256 answers of a codec");
	if (waited < 0 && waited != -ETIMEDOUT)
		return waited;
	r = check_status(x);
	if (r < 0 || waited < 0)
		return r < 0 ? r : waited;
	return dma_test_put(x, HDA_RIRBSTS, 1, RIRBSTS_RESPONSE);
}

/* The rings begin with entry 1 and end with entry 0. */
static int hda_store(struct dma_test *x, uint64_t iova)
{
	int r = stop(x);

	if (!r)
		r = rewind_rings(x);
	if (!r)
		r = start(x, iova);
	if (!r)
		r = ask_up_to(x, ENTRIES - 1);
	if (!r)
		r = ask_up_to(x, 0);
	if (!r)
		r = stop(x);
	if (!r)
		x->said = "the controller says that the codec answered 256 times";
	return r;
}

/* 3.7: the answer, and the codec it is from. */
static bool hda_verify(struct dma_test *x, const uint8_t *data)
{
	const struct hda *hda = x->state;
	uint32_t expected[2] = { 0 };

	for (unsigned int i = ENTRIES; i--;)
		expected[asks_for_nodes(i)] = dma_test_le32(data + (size_t)i * ANSWER_SIZE);
	for (unsigned int i = 0; i < ENTRIES; i++) {
		const uint8_t *answer = data + (size_t)i * ANSWER_SIZE;
		uint32_t word = dma_test_le32(answer), from = dma_test_le32(answer + 4);

		if (word == expected[asks_for_nodes(i)] && from == hda->codec)
			continue;
		x->said =
			arena_printf(x->client->arena,
				     "answer %u is %#010x of codec %u, and not that to its question",
				     i, word, from);
		return false;
	}
	x->said =
		arena_printf(x->client->arena,
			     "codec %u is %04x:%04x, its answers follow the order of the questions",
			     hda->codec, expected[0] >> 16, expected[0] & 0xffff);
	return expected[0] && expected[0] != UINT32_MAX && expected[0] != expected[1];
}

static int hda_interrupt(struct dma_test *x, uint64_t scratch)
{
	int r = dma_test_put32(x, HDA_INTCTL, UINT32_C(1) << 31 | INTCTL_CONTROLLER);

	return r ? r : hda_store(x, scratch);
}

static void hda_acknowledge(struct dma_test *x)
{
	(void)dma_test_put(x, HDA_RIRBSTS, 1, RIRBSTS_RESPONSE | RIRBSTS_OVERRUN);
	(void)dma_test_put32(x, HDA_INTCTL, 0);
}

static void hda_quiesce(struct dma_test *x)
{
	(void)stop(x);
	(void)reset(x, false);
}

const struct dma_driver dma_driver_hda = {
	.name = "hda",
	.what = "HD Audio controllers, whose codec is asked for its identity",
	.class_code = 0x040300,
	.class_mask = 0xffff00,
	.state_size = sizeof(struct hda),
	.address_bits = 32, /* GCAP.64OK may allow more */
	.own_pages = 1,
	.transfer = (size_t)ENTRIES * ANSWER_SIZE,
	.irq_index = VT_PCI_MSI,
	.probe = hda_probe,
	.init = hda_init,
	.store = hda_store,
	.verify = hda_verify,
	.interrupt = hda_interrupt,
	.acknowledge = hda_acknowledge,
	.quiesce = hda_quiesce,
};
