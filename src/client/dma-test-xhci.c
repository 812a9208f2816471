/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xHCI (USB 3) controllers: No Op commands, which do nothing. The controller reads them from the command
 * ring and writes a completion event for each into the event ring, which is the target. No slot is
 * enabled and no USB device is addressed; those that are connected lose their state with the reset, as
 * with any other. Sections are those of the xHCI Specification 1.2. */
#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "uapi/abi.h"
#include "client/dma-test.h"

/* 5.3: capability registers. */
enum {
	XHCI_CAPLENGTH = 0x00, /* 8 bits */
	XHCI_HCSPARAMS1 = 0x04,
	XHCI_HCSPARAMS2 = 0x08,
	XHCI_HCCPARAMS1 = 0x10,
	XHCI_DBOFF = 0x14,
	XHCI_RTSOFF = 0x18,
};

/* 5.4: operational registers. */
enum {
	XHCI_USBCMD = 0x00,
	XHCI_USBSTS = 0x04,
	XHCI_PAGESIZE = 0x08,
	XHCI_CRCR = 0x18,
	XHCI_DCBAAP = 0x30,
	XHCI_CONFIG = 0x38,
	XHCI_PORTSC = 0x400,
	PORT_SIZE = 0x10,
	USBCMD_RUN = 1 << 0,
	USBCMD_RESET = 1 << 1,
	USBCMD_INTERRUPTS = 1 << 2,
	USBSTS_HALTED = 1 << 0,
	USBSTS_SYSTEM_ERROR = 1 << 2,
	USBSTS_EVENT = 1 << 3,
	USBSTS_PORT_CHANGE = 1 << 4,
	USBSTS_NOT_READY = 1 << 11,
	USBSTS_CONTROLLER_ERROR = 1 << 12,
	CRCR_CYCLE = 1 << 0,
	/* 5.4.8: power, indicator and wake enables have to be written back as they are. */
	PORTSC_KEPT = 1 << 9 | 3 << 14 | 7 << 25,
	PORTSC_CHANGES = 0x7f << 17,
};

/* 5.5.2: the registers of interrupter 0, from RTSOFF on. */
enum {
	XHCI_IMAN = 0x20,
	XHCI_IMOD = 0x24,
	XHCI_ERSTSZ = 0x28,
	XHCI_ERSTBA = 0x30,
	XHCI_ERDP = 0x38,
	IMAN_PENDING = 1 << 0,
	IMAN_ENABLE = 1 << 1,
	ERDP_BUSY = 1 << 3,
};

enum {
	TRB_SIZE = 16,
	EVENTS = 16, /* the smallest event ring: 6.5 */
	TRB_CYCLE = 1 << 0,
	TRB_NO_OP_COMMAND = 23 << 10,
	TRB_COMMAND_COMPLETION = 33 << 10,
	COMPLETION_SUCCESS = 1 << 24,
	/* Where things are in the first of its own pages; behind it are the scratchpad buffers. */
	AT_COMMANDS = 0x000,
	AT_SEGMENTS = 0x400,
	AT_SCRATCHPADS = 0x800,
	AT_CONTEXTS = 0xc00,
	/* 7.1: the firmware may own the controller. */
	CAPABILITY_LEGACY = 1,
	CAPABILITIES_MAX = 64,
	LEGACY_FIRMWARE_OWNS = 1 << 16,
};

enum {
	/* 5.4.1.1: 16 ms. */
	HALT_TIMEOUT_MS = 200,
	RESET_TIMEOUT_MS = 5000,
	EVENT_TIMEOUT_MS = 500,
	SETTLE_MS = 2,
	PORT_MS = 100,
	ATTEMPTS = 20, /* until the ports have settled */
};

struct xhci {
	uint32_t operational, runtime, doorbells, ports, scratchpads;
};

static int fails(struct dma_test *x, int r, struct failure **reterr)
{
	return r < 0 ? failure_set(reterr, r, "%s: %s", x->object, x->said) : 0;
}

static int get(struct dma_test *x, uint32_t offset, uint32_t *ret)
{
	return dma_test_get32(x, ((struct xhci *)x->state)->operational + offset, ret);
}

static int put(struct dma_test *x, uint32_t offset, uint32_t value)
{
	return dma_test_put32(x, ((struct xhci *)x->state)->operational + offset, value);
}

static int wait_status(struct dma_test *x, uint32_t mask, uint32_t want, unsigned int timeout_ms,
		       const char *what)
{
	return dma_test_wait32(x, ((struct xhci *)x->state)->operational + XHCI_USBSTS, mask, want,
			       timeout_ms, what);
}

/* 5.1: registers of 64 bits may be written by halves, the low one first. */
static int put_address(struct dma_test *x, uint32_t offset, uint64_t value)
{
	int r = dma_test_put32(x, offset, (uint32_t)value);

	return r ? r : dma_test_put32(x, offset + 4, (uint32_t)(value >> 32));
}

/* ---- what it is ---- */

/* 7: the list of extended capabilities. */
static int find_owner(struct dma_test *x, uint32_t at, bool *firmware)
{
	for (unsigned int i = 0; at && i < CAPABILITIES_MAX; i++) {
		uint32_t word = 0;
		int r = dma_test_get32(x, at, &word);

		if (r < 0)
			return r;
		if ((word & 0xff) == CAPABILITY_LEGACY)
			*firmware = word & LEGACY_FIRMWARE_OWNS;
		at = word & 0xff00 ? at + (word >> 8 & 0xff) * 4 : 0;
	}
	return 0;
}

/* 5.3: where the registers are. */
static int find_registers(struct dma_test *x, uint32_t *capabilities)
{
	struct xhci *xhci = x->state;
	uint32_t hcs1 = 0, hcs2 = 0, hcc = 0;
	int r = dma_test_get(x, XHCI_CAPLENGTH, 1, &xhci->operational);

	if (!r)
		r = dma_test_get32(x, XHCI_HCSPARAMS1, &hcs1);
	if (!r)
		r = dma_test_get32(x, XHCI_HCSPARAMS2, &hcs2);
	if (!r)
		r = dma_test_get32(x, XHCI_HCCPARAMS1, &hcc);
	if (!r)
		r = dma_test_get32(x, XHCI_DBOFF, &xhci->doorbells);
	if (!r)
		r = dma_test_get32(x, XHCI_RTSOFF, &xhci->runtime);
	xhci->doorbells &= ~UINT32_C(3);
	xhci->runtime &= ~UINT32_C(31);
	xhci->ports = hcs1 >> 24;
	xhci->scratchpads = (hcs2 >> 16 & 0x3e0) | hcs2 >> 27;
	*capabilities = (hcc >> 16) * 4;
	return r;
}

static int xhci_probe(struct dma_test *x, struct failure **reterr)
{
	struct xhci *xhci = x->state;
	uint32_t capabilities = 0, status = 0, page = 0;
	bool firmware = false;
	int r = find_registers(x, &capabilities);

	if (!r)
		r = get(x, XHCI_USBSTS, &status);
	if (!r)
		r = get(x, XHCI_PAGESIZE, &page);
	if (!r)
		r = find_owner(x, capabilities, &firmware);
	if (r < 0)
		return fails(x, r, reterr);
	if (!(page & 1))
		return failure_set(reterr, -ENOTSUP,
				   "%s: the controller does not want pages of 4096 bytes",
				   x->object);
	if (firmware || (dma_test_is_master(x) && !(status & USBSTS_HALTED)))
		return failure_set(reterr, -EBUSY,
				   "%s: the controller %s: bind its own driver once, which stops it, and then vfio-pci again",
				   x->object,
				   firmware ? "belongs to the firmware (USBLEGSUP)"
					    : "is running, so something may be using its ports");
	if (xhci->scratchpads >= DMA_TEST_OWN_PAGES)
		return failure_set_status(reterr, STATUS_UNKNOWN, -ENOTSUP,
					  "%s: the controller wants %u scratchpad buffers, and the DMA test driver has %u",
					  x->object, xhci->scratchpads, DMA_TEST_OWN_PAGES - 1);
	x->own_pages += xhci->scratchpads;
	return 0;
}

/* ---- from reset to running ---- */

static int halt(struct dma_test *x)
{
	int r = put(x, XHCI_USBCMD, 0);

	return r ? r
		 : wait_status(x, USBSTS_HALTED, USBSTS_HALTED, HALT_TIMEOUT_MS,
			       "the halt of the controller (USBSTS.HCH)");
}

/* 4.2; some controllers do not answer for a millisecond afterwards. */
static int reset(struct dma_test *x)
{
	const struct xhci *xhci = x->state;
	int r = halt(x);

	/* A controller that failed may not halt, and the reset is for it. */
	if (!r || r == -ETIMEDOUT)
		r = put(x, XHCI_USBCMD, USBCMD_RESET);
	dma_test_pause(x, SETTLE_MS);
	if (!r)
		r = dma_test_wait32(x, xhci->operational + XHCI_USBCMD, USBCMD_RESET, 0,
				    RESET_TIMEOUT_MS, "the reset of the controller (USBCMD.HCRST)");
	return r ? r
		 : wait_status(x, USBSTS_NOT_READY, 0, RESET_TIMEOUT_MS,
			       "the controller's readiness (USBSTS.CNR 0)");
}

/* 6.4.3.1, and the scratchpads of 6.6. */
static void write_structures(struct dma_test *x)
{
	const struct xhci *xhci = x->state;
	uint8_t *page = x->own[0].memory;

	memset(page, 0, x->page_size);
	for (uint32_t i = 0; i < xhci->scratchpads; i++)
		dma_test_set_le64(page + AT_SCRATCHPADS + i * 8, x->own[1 + i].iova);
	if (xhci->scratchpads)
		dma_test_set_le64(page + AT_CONTEXTS, x->own[0].iova + AT_SCRATCHPADS);
}

static int xhci_init(struct dma_test *x, struct failure **reterr)
{
	const struct xhci *xhci = x->state;
	int r = reset(x);

	write_structures(x);
	if (!r)
		r = put(x, XHCI_CONFIG, 0);
	if (!r)
		r = put_address(x, xhci->operational + XHCI_DCBAAP, x->own[0].iova + AT_CONTEXTS);
	if (!r)
		r = dma_test_put32(x, xhci->runtime + XHCI_IMOD, 0);
	return fails(x, r, reterr);
}

/* ---- a transfer ---- */

/* The event ring is where the target is; both rings begin again. 4.9.4, 6.5. */
static int set_rings(struct dma_test *x, uint64_t iova)
{
	const struct xhci *xhci = x->state;
	uint8_t *page = x->own[0].memory;
	int r;

	memset(page + AT_COMMANDS, 0, (EVENTS + 1) * (size_t)TRB_SIZE);
	dma_test_set_le64(page + AT_SEGMENTS, iova);
	dma_test_set_le32(page + AT_SEGMENTS + 8, EVENTS);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	r = put_address(x, xhci->operational + XHCI_CRCR,
			(x->own[0].iova + AT_COMMANDS) | CRCR_CYCLE);
	if (!r)
		r = dma_test_put32(x, xhci->runtime + XHCI_ERSTSZ, 1);
	if (!r)
		r = put_address(x, xhci->runtime + XHCI_ERDP, iova | ERDP_BUSY);
	return r ? r : put_address(x, xhci->runtime + XHCI_ERSTBA, x->own[0].iova + AT_SEGMENTS);
}

/* A change of a port would be an event that nobody asked for: 4.19.2. */
static int clear_port_changes(struct dma_test *x)
{
	const struct xhci *xhci = x->state;
	int r = 0;

	for (uint32_t i = 0; !r && i < xhci->ports; i++) {
		uint32_t at = XHCI_PORTSC + i * PORT_SIZE, value = 0;

		r = get(x, at, &value);
		if (!r && value & PORTSC_CHANGES)
			r = put(x, at, (value & PORTSC_KEPT) | (value & PORTSC_CHANGES));
	}
	return r ? r : put(x, XHCI_USBSTS, USBSTS_PORT_CHANGE | USBSTS_EVENT);
}

static int check_status(struct dma_test *x, int r)
{
	uint32_t status = 0;
	int err;

	if (r && r != -ETIMEDOUT)
		return r;
	err = get(x, XHCI_USBSTS, &status);
	if (err < 0)
		return err;
	if (status & (USBSTS_SYSTEM_ERROR | USBSTS_CONTROLLER_ERROR)) {
		x->said =
			status & USBSTS_SYSTEM_ERROR
				? "the controller reports an error of the host system (USBSTS.HSE)"
				: "the controller reports an error of its own (USBSTS.HCE)";
		return -EIO;
	}
	return r;
}

/* Half of the ring, which is never full so. Once halted, the controller has completed all of it:
 * 5.4.1.1. */
static int run_half(struct dma_test *x, uint64_t iova, unsigned int first)
{
	const struct xhci *xhci = x->state;
	uint8_t *commands = x->own[0].memory + AT_COMMANDS;
	uint32_t command = 0;
	int r = get(x, XHCI_USBCMD, &command);

	for (unsigned int i = first; i < first + EVENTS / 2; i++)
		dma_test_set_le32(commands + (size_t)i * TRB_SIZE + 12,
				  TRB_NO_OP_COMMAND | TRB_CYCLE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!r)
		r = put(x, XHCI_USBCMD, command | USBCMD_RUN);
	if (!r)
		r = wait_status(x, USBSTS_HALTED, 0, HALT_TIMEOUT_MS,
				"the start of the controller");
	if (!r)
		r = dma_test_put32(x, xhci->doorbells, 0);
	if (!r)
		r = wait_status(x, USBSTS_EVENT, USBSTS_EVENT, EVENT_TIMEOUT_MS,
				"the event of a No Op command");
	dma_test_pause(x, SETTLE_MS);
	r = check_status(x, r);
	if (!r)
		r = put(x, XHCI_USBCMD, command & ~(uint32_t)USBCMD_RUN);
	if (!r)
		r = wait_status(x, USBSTS_HALTED, USBSTS_HALTED, HALT_TIMEOUT_MS,
				"the halt of the controller (USBSTS.HCH)");
	if (!r)
		r = put(x, XHCI_USBSTS, USBSTS_EVENT);
	iova += (first + EVENTS / 2) % EVENTS * (uint64_t)TRB_SIZE;
	return r ? r : put_address(x, xhci->runtime + XHCI_ERDP, iova | ERDP_BUSY);
}

/* Whether a port changed meanwhile, so that its event is among those that were asked for. */
static int ports_changed(struct dma_test *x, bool *ret)
{
	uint32_t status = 0;
	int r = get(x, XHCI_USBSTS, &status);

	*ret = status & USBSTS_PORT_CHANGE;
	return r;
}

static int xhci_store(struct dma_test *x, uint64_t iova)
{
	for (unsigned int i = 0; i < ATTEMPTS; i++) {
		bool changed = false;
		int r = set_rings(x, iova);

		if (!r)
			r = clear_port_changes(x);
		if (!r)
			r = run_half(x, iova, 0);
		if (!r)
			r = run_half(x, iova, EVENTS / 2);
		if (!r)
			r = ports_changed(x, &changed);
		if (r < 0)
			return r;
		x->said = "the controller completed 16 No Op commands";
		if (!changed)
			return 0;
		dma_test_pause(x, PORT_MS);
	}
	x->said = "a USB port changes all the time: disconnect what is plugged in there";
	return -EIO;
}

/* 6.4.2.2. */
static bool xhci_verify(struct dma_test *x, const uint8_t *data)
{
	uint64_t command = x->own[0].iova + AT_COMMANDS;

	for (unsigned int i = 0; i < EVENTS; i++, command += TRB_SIZE, data += TRB_SIZE) {
		uint64_t of = dma_test_le32(data) | (uint64_t)dma_test_le32(data + 4) << 32;
		uint32_t status = dma_test_le32(data + 8), control = dma_test_le32(data + 12);

		if (of == command && status == COMPLETION_SUCCESS &&
		    control == (TRB_COMMAND_COMPLETION | TRB_CYCLE))
			continue;
		x->said =
			arena_printf(x->client->arena,
				     "event %u is of type %u with code %u for %#llx, and not of success for the command at %#llx",
				     i, control >> 10 & 0x3f, status >> 24, (unsigned long long)of,
				     (unsigned long long)command);
		return false;
	}
	x->said = "16 events name the addresses of the 16 commands";
	return true;
}

/* ---- interrupts, and the end ---- */

static int xhci_interrupt(struct dma_test *x, uint64_t scratch)
{
	const struct xhci *xhci = x->state;
	int r = dma_test_put32(x, xhci->runtime + XHCI_IMAN, IMAN_PENDING | IMAN_ENABLE);

	if (!r)
		r = put(x, XHCI_USBCMD, USBCMD_INTERRUPTS);
	return r ? r : xhci_store(x, scratch);
}

static void xhci_acknowledge(struct dma_test *x)
{
	const struct xhci *xhci = x->state;

	(void)put(x, XHCI_USBCMD, 0);
	(void)dma_test_put32(x, xhci->runtime + XHCI_IMAN, IMAN_PENDING);
	(void)put(x, XHCI_USBSTS, USBSTS_EVENT);
}

static void xhci_quiesce(struct dma_test *x)
{
	(void)reset(x);
}

const struct dma_driver dma_driver_xhci = {
	.name = "xhci",
	.what = "xHCI (USB 3) controllers, which are given commands that do nothing (No Op)",
	.class_code = 0x0c0330,
	.class_mask = 0xffffff,
	.state_size = sizeof(struct xhci),
	.address_bits = 32, /* HCCPARAMS1.AC64 may allow more */
	.own_pages = 1,
	.transfer = (size_t)EVENTS * TRB_SIZE,
	.irq_index = VT_PCI_MSIX,
	.probe = xhci_probe,
	.init = xhci_init,
	.store = xhci_store,
	.verify = xhci_verify,
	.interrupt = xhci_interrupt,
	.acknowledge = xhci_acknowledge,
	.quiesce = xhci_quiesce,
};
