/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AHCI (SATA) controllers: the first disk is asked what it is (IDENTIFY DEVICE, or IDENTIFY PACKET DEVICE
 * for a drive of discs). The controller reads the command and writes the 512 bytes of the answer to the
 * target. No sector is read or written; the disk's link is reset. Sections are those of the Serial ATA
 * AHCI Specification 1.3.1, commands those of ATA/ATAPI Command Set 3. */
#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "uapi/abi.h"
#include "client/dma-test.h"

/* 3.1: of the controller. */
enum {
	AHCI_CAP = 0x00,
	AHCI_GHC = 0x04,
	AHCI_IS = 0x08,
	AHCI_PI = 0x0c,
	AHCI_CAP2 = 0x24,
	AHCI_BOHC = 0x28,
	GHC_RESET = 1 << 0,
	GHC_INTERRUPTS = 1 << 1,
	CAP_PORTS = 0x1f, /* their number less one */
	CAP2_HANDOFF = 1 << 0,
	BOHC_FIRMWARE_OWNS = 1 << 0,
	BOHC_SYSTEM_OWNS = 1 << 1,
};
#define GHC_AHCI (UINT32_C(1) << 31)

/* 3.3: of a port. */
enum {
	PORTS = 0x100,
	PORT_SIZE = 0x80,
	PORT_CLB = 0x00,
	PORT_FB = 0x08,
	PORT_IS = 0x10,
	PORT_IE = 0x14,
	PORT_CMD = 0x18,
	PORT_TFD = 0x20,
	PORT_SIG = 0x24,
	PORT_SSTS = 0x28,
	PORT_SCTL = 0x2c,
	PORT_SERR = 0x30,
	PORT_CI = 0x38,
	CMD_START = 1 << 0,
	CMD_SPIN_UP = 1 << 1,
	CMD_POWER_ON = 1 << 2,
	CMD_FIS_RECEIVE = 1 << 4,
	CMD_FIS_RUNNING = 1 << 14,
	CMD_LIST_RUNNING = 1 << 15,
	CMD_IN_USE = CMD_START | CMD_FIS_RECEIVE | CMD_FIS_RUNNING | CMD_LIST_RUNNING,
	IS_REGISTER_FIS = 1 << 0,
	IS_PIO_SETUP_FIS = 1 << 1,
	IS_ERRORS = 0x78 << 24, /* TFES, HBFS, HBDS, IFS */
	TFD_BUSY = 0x88,        /* BSY and DRQ */
	TFD_ERROR = 1 << 0,
	SSTS_DETECTION = 0xf,
	SSTS_PRESENT = 3,
	SCTL_RESET = 1,
	SIG_DISK = 0x00000101,
	SIG_DISC_DRIVE = (int)0xeb140101,
};

enum {
	/* Where things are in the first of its own pages; the second receives FISes. 4.2. */
	AT_LIST = 0x000,
	AT_TABLE = 0x400,
	AT_PRDT = AT_TABLE + 0x80,
	HEADER_FIS_WORDS = 5,
	HEADER_ONE_PRD = 1 << 16,
	FIS_HOST_TO_DEVICE = 0x27,
	FIS_COMMAND = 0x80,
	ATA_IDENTIFY = 0xec,
	ATA_IDENTIFY_PACKET = 0xa1,
	IDENTIFY_SIZE = 512,
};

enum {
	STOP_TIMEOUT_MS = 500,   /* 10.1.2 */
	RESET_TIMEOUT_MS = 1000, /* 10.4.3 */
	/* Of all links, after the reset of the controller. */
	DETECT_TIMEOUT_MS = 1000,
	POLL_MS = 10,
	LINK_TIMEOUT_MS = 1000,
	READY_TIMEOUT_MS = 10000, /* a disk that has to spin up takes as long */
	AHCI_TIMEOUT_MS = 500,
};

struct ahci {
	uint32_t ghc, ports; /* as they were; a bit each */
	bool found;
	unsigned int port;
	uint32_t signature;
};

static int fails(struct dma_test *x, int r, struct failure **reterr)
{
	return r < 0 ? failure_set(reterr, r, "%s: %s", x->object, x->said) : 0;
}

static uint64_t at(const struct dma_test *x, uint64_t offset)
{
	const struct ahci *ahci = x->state;

	return PORTS + (uint64_t)ahci->port * PORT_SIZE + offset;
}

/* ---- what it is ---- */

static int check_ports(struct dma_test *x, bool *busy)
{
	struct ahci *ahci = x->state;
	int r = 0;

	for (ahci->port = 0; !r && ahci->port < 32; ahci->port++) {
		uint32_t command = 0;

		if (!(ahci->ports >> ahci->port & 1))
			continue;
		r = dma_test_get32(x, at(x, PORT_CMD), &command);
		*busy |= command & CMD_IN_USE;
	}
	ahci->port = 0;
	return r;
}

static int ahci_probe(struct dma_test *x, struct failure **reterr)
{
	struct ahci *ahci = x->state;
	uint32_t cap = 0, cap2 = 0, owner = 0;
	bool busy = false, firmware;
	int r = dma_test_get32(x, AHCI_CAP, &cap);

	if (!r)
		r = dma_test_get32(x, AHCI_GHC, &ahci->ghc);
	if (!r)
		r = dma_test_get32(x, AHCI_PI, &ahci->ports);
	if (!r)
		r = dma_test_get32(x, AHCI_CAP2, &cap2);
	if (!r && cap2 & CAP2_HANDOFF)
		r = dma_test_get32(x, AHCI_BOHC, &owner);
	/* Firmware fills it in, and a reset may empty it. */
	if (!ahci->ports)
		ahci->ports = UINT32_MAX >> (31 - (cap & CAP_PORTS));
	if (!r)
		r = check_ports(x, &busy);
	if (r < 0)
		return fails(x, r, reterr);
	firmware = (owner & (BOHC_FIRMWARE_OWNS | BOHC_SYSTEM_OWNS)) == BOHC_FIRMWARE_OWNS;
	if (firmware || (dma_test_is_master(x) && busy))
		return failure_set(reterr, -EBUSY,
				   "%s: the controller %s: bind its own driver once, which stops it, and then vfio-pci again",
				   x->object,
				   firmware
					   ? "belongs to the firmware (BOHC)"
					   : "has a port that is started, so something may be using its disk");
	return 0;
}

/* ---- a port, stopped and started ---- */

static int update(struct dma_test *x, uint32_t clear, uint32_t set)
{
	uint32_t value = 0;
	int r = dma_test_get32(x, at(x, PORT_CMD), &value);

	return r ? r : dma_test_put32(x, at(x, PORT_CMD), (value & ~clear) | set);
}

static int reset(struct dma_test *x)
{
	int r = dma_test_put32(x, AHCI_GHC, GHC_AHCI | GHC_RESET);

	return r ? r
		 : dma_test_wait32(x, AHCI_GHC, GHC_RESET, 0, RESET_TIMEOUT_MS,
				   "the reset of the controller (GHC.HR)");
}

/* 10.3.2. A port that does not stop needs the reset of all. */
static int stop(struct dma_test *x)
{
	int r = update(x, CMD_START, 0);

	if (!r)
		r = dma_test_wait32(x, at(x, PORT_CMD), CMD_LIST_RUNNING, 0, STOP_TIMEOUT_MS,
				    "the stop of the port (PxCMD.CR 0)");
	if (!r)
		r = update(x, CMD_FIS_RECEIVE, 0);
	if (!r)
		r = dma_test_wait32(x, at(x, PORT_CMD), CMD_FIS_RUNNING, 0, STOP_TIMEOUT_MS,
				    "the stop of the port (PxCMD.FR 0)");
	if (r == -ETIMEDOUT)
		r = reset(x);
	return r ? r : dma_test_put32(x, AHCI_GHC, GHC_AHCI);
}

/* 10.4.2: a reset of the link, after which the disk tells what it is. */
static int reset_link(struct dma_test *x)
{
	int r = dma_test_put32(x, at(x, PORT_SCTL), SCTL_RESET);

	dma_test_pause(x, 2);
	if (!r)
		r = dma_test_put32(x, at(x, PORT_SCTL), 0);
	if (!r)
		r = dma_test_wait32(x, at(x, PORT_SSTS), SSTS_DETECTION, SSTS_PRESENT,
				    LINK_TIMEOUT_MS, "the link to the disk (PxSSTS.DET 3)");
	if (!r)
		r = dma_test_put32(x, at(x, PORT_SERR), UINT32_MAX);
	return r ? r
		 : dma_test_wait32(x, at(x, PORT_TFD), TFD_BUSY, 0, READY_TIMEOUT_MS,
				   "the disk's readiness (PxTFD)");
}

static int put_address(struct dma_test *x, uint64_t offset, uint64_t value)
{
	int r = dma_test_put32(x, at(x, offset), (uint32_t)value);

	return r ? r : dma_test_put32(x, at(x, offset + 4), (uint32_t)(value >> 32));
}

/* The port with its two places in memory, and the disk's signature. */
static int start(struct dma_test *x)
{
	struct ahci *ahci = x->state;
	int r = stop(x);

	memset(x->own[0].memory, 0, x->page_size);
	memset(x->own[1].memory, 0, x->page_size);
	if (!r)
		r = put_address(x, PORT_CLB, x->own[0].iova + AT_LIST);
	if (!r)
		r = put_address(x, PORT_FB, x->own[1].iova);
	if (!r)
		r = update(x, 0, CMD_FIS_RECEIVE);
	if (!r)
		r = reset_link(x);
	if (!r)
		r = dma_test_get32(x, at(x, PORT_SIG), &ahci->signature);
	return r ? r : update(x, 0, CMD_START);
}

/* ---- a disk ---- */

static bool is_known(const struct ahci *ahci)
{
	return ahci->signature == SIG_DISK || ahci->signature == (uint32_t)SIG_DISC_DRIVE;
}

/* 10.1.1: a port may let its disk spin up only on request. */
static int spin_up(struct dma_test *x)
{
	struct ahci *ahci = x->state;
	int r = 0;

	for (ahci->port = 0; !r && ahci->port < 32; ahci->port++)
		if (ahci->ports >> ahci->port & 1)
			r = update(x, 0, CMD_SPIN_UP | CMD_POWER_ON);
	ahci->port = 0;
	return r;
}

/* The first of the ports in *@left whose link is up and whose disk is one that can be asked; the others with a
 * link are taken out of *@left. */
static int try_ports(struct dma_test *x, uint32_t *left)
{
	struct ahci *ahci = x->state;

	for (ahci->port = 0; ahci->port < 32; ahci->port++) {
		uint32_t status = 0;
		int r = 0;

		if (!(*left >> ahci->port & 1))
			continue;
		r = dma_test_get32(x, at(x, PORT_SSTS), &status);
		if (!r && (status & SSTS_DETECTION) != SSTS_PRESENT)
			continue;
		if (!r)
			r = start(x);
		if (r < 0)
			return r;
		ahci->found = is_known(ahci);
		if (ahci->found)
			return 0;
		*left &= ~(UINT32_C(1) << ahci->port);
		r = stop(x);
		if (r < 0)
			return r;
	}
	ahci->port = 0;
	return 0;
}

static int find_disk(struct dma_test *x, struct failure **reterr)
{
	const struct ahci *ahci = x->state;
	struct sys *sys = x->client->sys;
	uint64_t end = sys->ops->now_ns(sys) + (uint64_t)DETECT_TIMEOUT_MS * 1000000U;
	uint32_t left = ahci->ports;
	int r = spin_up(x);

	while (!r) {
		bool late = sys->ops->now_ns(sys) >= end;

		r = try_ports(x, &left);
		if (r < 0 || ahci->found)
			return fails(x, r, reterr);
		if (late || !left)
			break;
		dma_test_pause(x, POLL_MS);
	}
	if (r < 0)
		return fails(x, r, reterr);
	x->said = "no disk answers";
	return failure_set_status(reterr, STATUS_UNKNOWN, -ENOTSUP,
				  "%s: no disk is connected, and without one the controller moves no data: it cannot be proven",
				  x->object);
}

static int ahci_init(struct dma_test *x, struct failure **reterr)
{
	const struct ahci *ahci = x->state;
	int r = dma_test_put32(x, AHCI_GHC, GHC_AHCI);

	if (r < 0)
		return fails(x, r, reterr);
	return ahci->found ? fails(x, start(x), reterr) : find_disk(x, reterr);
}

/* ---- a transfer ---- */

/* 4.2.2, 4.2.3. */
static void write_command(struct dma_test *x, uint64_t iova)
{
	const struct ahci *ahci = x->state;
	uint8_t *page = x->own[0].memory, *fis = page + AT_TABLE, *prd = page + AT_PRDT;

	dma_test_set_le32(page + AT_LIST, HEADER_FIS_WORDS | HEADER_ONE_PRD);
	dma_test_set_le32(page + AT_LIST + 4, 0);
	dma_test_set_le64(page + AT_LIST + 8, x->own[0].iova + AT_TABLE);
	fis[0] = FIS_HOST_TO_DEVICE;
	fis[1] = FIS_COMMAND;
	fis[2] = ahci->signature == SIG_DISK ? ATA_IDENTIFY : ATA_IDENTIFY_PACKET;
	dma_test_set_le64(prd, iova);
	dma_test_set_le32(prd + 12, IDENTIFY_SIZE - 1);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* 6.2: errors. */
static int check_status(struct dma_test *x)
{
	uint32_t status = 0, task = 0;
	int r = dma_test_get32(x, at(x, PORT_IS), &status);

	if (!r)
		r = dma_test_get32(x, at(x, PORT_TFD), &task);
	if (r < 0 || !(status & (uint32_t)IS_ERRORS || task & TFD_ERROR))
		return r;
	x->said =
		arena_printf(x->client->arena,
			     "the controller reports that the command failed (PxIS %#x, PxTFD %#x)",
			     status, task);
	return -EIO;
}

static int ahci_store(struct dma_test *x, uint64_t iova)
{
	struct sys *sys = x->client->sys;
	uint64_t end;
	int r;

	write_command(x, iova);
	r = dma_test_put32(x, at(x, PORT_IS), UINT32_MAX);
	if (!r)
		r = dma_test_put32(x, at(x, PORT_CI), 1);
	end = sys->ops->now_ns(sys) + (uint64_t)AHCI_TIMEOUT_MS * 1000000U;
	while (!r) {
		bool late = sys->ops->now_ns(sys) >= end;
		uint32_t issued = 0;

		r = check_status(x);
		if (!r)
			r = dma_test_get32(x, at(x, PORT_CI), &issued);
		if (r < 0)
			return r;
		if (!(issued & 1)) {
			x->said = "the controller completed IDENTIFY DEVICE with success";
			return check_status(x);
		}
		if (late) {
			x->said = arena_printf(x->client->arena,
					       "the controller completed nothing within %u ms",
					       AHCI_TIMEOUT_MS);
			return -ETIMEDOUT;
		}
		dma_test_pause(x, 1);
	}
	return r;
}

/* ACS-3 7.12.7 and 7.13.6: words 27 to 46 are the model, and 255 may have the sum of all. */
static bool ahci_verify(struct dma_test *x, const uint8_t *data)
{
	const struct ahci *ahci = x->state;
	uint8_t sum = 0;
	char model[41] = { 0 };
	size_t len = 40;
	bool disk = !(data[1] & 0x80), printable = true;

	for (size_t i = 0; i < IDENTIFY_SIZE; i++)
		sum = (uint8_t)(sum + data[i]);
	for (size_t i = 0; i < len; i++) {
		model[i] = (char)data[54 + (i ^ 1)];
		printable = printable && model[i] >= ' ' && model[i] <= '~';
	}
	while (len && model[len - 1] == ' ')
		model[--len] = '\0';
	if (!printable || !len) {
		x->said = "it names no model";
		return false;
	}
	x->said =
		arena_printf(x->client->arena, "the %s at port %u is %s%s", disk ? "disk" : "drive",
			     ahci->port, model,
			     data[510] == 0xa5 && sum ? ", but the sum of the bytes is wrong" : "");
	return disk == (ahci->signature == SIG_DISK) && (data[510] != 0xa5 || !sum);
}

/* ---- interrupts, and the end ---- */

static int ahci_interrupt(struct dma_test *x, uint64_t scratch)
{
	int r = dma_test_put32(x, at(x, PORT_IE), IS_REGISTER_FIS | IS_PIO_SETUP_FIS);

	if (!r)
		r = dma_test_put32(x, AHCI_GHC, GHC_AHCI | GHC_INTERRUPTS);
	return r ? r : ahci_store(x, scratch);
}

static void ahci_acknowledge(struct dma_test *x)
{
	const struct ahci *ahci = x->state;

	(void)dma_test_put32(x, at(x, PORT_IE), 0);
	(void)dma_test_put32(x, at(x, PORT_IS), UINT32_MAX);
	(void)dma_test_put32(x, AHCI_IS, UINT32_C(1) << ahci->port);
	(void)dma_test_put32(x, AHCI_GHC, GHC_AHCI);
}

static void ahci_quiesce(struct dma_test *x)
{
	const struct ahci *ahci = x->state;

	(void)stop(x);
	(void)put_address(x, PORT_CLB, 0);
	(void)put_address(x, PORT_FB, 0);
	(void)reset(x);
	(void)dma_test_put32(x, AHCI_GHC, ahci->ghc & GHC_AHCI);
}

const struct dma_driver dma_driver_ahci = {
	.name = "ahci",
	.what = "AHCI (SATA) controllers, whose disk is asked what it is (IDENTIFY DEVICE)",
	.class_code = 0x010601,
	.class_mask = 0xffffff,
	.bar = 5,
	.state_size = sizeof(struct ahci),
	.address_bits = 32, /* CAP.S64A may allow more */
	.own_pages = 2,
	.transfer = IDENTIFY_SIZE,
	.irq_index = VT_PCI_MSI,
	.probe = ahci_probe,
	.init = ahci_init,
	.store = ahci_store,
	.verify = ahci_verify,
	.interrupt = ahci_interrupt,
	.acknowledge = ahci_acknowledge,
	.quiesce = ahci_quiesce,
};
