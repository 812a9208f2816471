/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DMA test drivers: one for each kind of device that can move data on request, behind one
 * interface. They know the device's registers and nothing of the proof.
 *
 * A transfer ends in one of these:
 *   0           the device reports that it is done
 *   -EIO        the device says that it failed
 *   -ETIMEDOUT  the device said nothing within its time, which the text names
 *   -ENODEV     it answers all ones: it is gone
 * or in the errno of an access to its registers; dma_test.said has the words. The caller checks
 * where the bytes went. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/failure.h"
#include "client/region.h"

enum { DMA_TEST_OWN_PAGES = 64, DMA_TEST_BARS = 6 };

/* A page of the tool's memory as both sides see it. */
struct dma_test_page {
	uint8_t *memory;
	uint64_t iova; /* what the device has to put on the bus for it */
};

struct dma_driver;

/* One device at work. */
struct dma_test {
	struct client *client;
	const struct dma_driver *kind;
	const char *object;                           /* the device, borrowed */
	int fd;                                       /* of the device, borrowed */
	size_t page_size;                             /* bytes, of the pages below */
	struct dma_test_page own[DMA_TEST_OWN_PAGES]; /* the first own_pages, set after probe */
	unsigned int own_pages;                       /* kind->own_pages; probe may add to it */
	struct region config, bars[DMA_TEST_BARS];
	struct region *registers; /* of bars, that dma_test_get() and the like access */
	bool has_config, has_bar[DMA_TEST_BARS];
	uint16_t vendor, subvendor; /* of its config space */
	uint16_t command;           /* of its config space, as it was */
	bool untranslated;          /* no IOMMU: iova of the pages is physical */
	bool intx;                  /* INTx is let through; set before dma_test_start() */
	bool touched;               /* command was changed */
	uint16_t control;           /* its Device Control register, as it was */
	uint64_t control_at;        /* 0: not changed */
	bool started;               /* kind->init was called */
	const char *said;           /* about the last transfer; arena */
	void *state;                /* kind->state_size bytes, zeroed before kind->probe; arena */
};

/* Behind the name of a driver that was tested with a scripted device only. */
#define DMA_TEST_NOT_RUN " (not yet run on hardware)"

struct dma_driver {
	const char *name, *what;
	const char *not_run;     /* name DMA_TEST_NOT_RUN; NULL: it has been run */
	uint16_t vendor;         /* 0: any */
	const uint16_t *devices; /* of the vendor, 0 at the end; NULL: any */
	uint32_t class_code;     /* 24 bits, of which only class_mask counts */
	uint32_t class_mask;     /* 0: any class */
	unsigned int bar;  /* where its registers are, DMA_TEST_BARS: kind->probe finds them */
	size_t state_size; /* bytes of dma_test.state */
	unsigned int address_bits; /* that it surely drives */
	/* That it needs while it works. After init the driver itself writes only the first of them, and the
	 * device only the others: a change there shows that the device still reaches them. */
	unsigned int own_pages;
	size_t transfer;        /* bytes that one transfer moves */
	bool fresh;             /* each store writes other bytes than the one before */
	unsigned int irq_index; /* whose vector 0 it raises: VT_PCI_MSI and the like */
	/* Whether the device may be used: -EBUSY with the reason when something may be using it, -ENOTSUP
	 * when it is not the device it seemed. Changes nothing. */
	int (*probe)(struct dma_test *x, struct failure **reterr);
	/* Makes the device ready; it can reach own[]. Also recovers it after a lost transfer. */
	int (*init)(struct dma_test *x, struct failure **reterr);
	/* The device reads kind->transfer bytes at @iova and keeps them; NULL when it keeps nothing. */
	int (*load)(struct dma_test *x, uint64_t iova);
	/* The device writes kind->transfer bytes to @iova: what it keeps, else data about itself. */
	int (*store)(struct dma_test *x, uint64_t iova);
	/* Whether @data can be what a store without a load gives; NULL where it keeps or is fresh. The
	 * reason in x->said: what was looked at. */
	bool (*verify)(struct dma_test *x, const uint8_t *data);
	/* The device itself raises an interrupt; the caller has set up irq_index. @scratch is an address
	 * that it may write kind->transfer bytes to. */
	int (*interrupt)(struct dma_test *x, uint64_t scratch);
	/* Clears an interrupt that stays asserted until it is acknowledged; may be NULL. */
	void (*acknowledge)(struct dma_test *x);
	/* No transfer from now on. */
	void (*quiesce)(struct dma_test *x);
};

extern const struct dma_driver dma_driver_ahci, dma_driver_dsa, dma_driver_edu, dma_driver_hda,
	dma_driver_ioat, dma_driver_nvme, dma_driver_xhci;
extern const struct dma_driver dma_driver_e1000, dma_driver_e1000e, dma_driver_igb,
	dma_driver_virtio_net, dma_driver_virtio_blk, dma_driver_virtio_rng, dma_driver_virtio_scsi;

/* The one for a device of these ids and @class_code (24 bits), or NULL. A row with device ids comes
 * before the rows without. */
const struct dma_driver *dma_driver_find(uint16_t vendor, uint16_t device, uint32_t class_code);

/* Opens registers and config space of the device behind @fd, lets it decode its memory and asks
 * kind->probe. dma_test_end() gives everything back, in any case. */
int dma_test_begin(struct dma_test *x, struct failure **reterr);
/* Quiesces what the firmware may have left running, lets the device be master of the bus and calls
 * kind->init. */
int dma_test_start(struct dma_test *x, struct failure **reterr);
/* Whether INTx is let through from now on. One that nobody waits for would disturb the devices that share its
 * line. 0, or the errno of the access to the command register. */
int dma_test_let_intx(struct dma_test *x, bool let);
/* Quiesces, restores the command register, closes the regions. */
void dma_test_end(struct dma_test *x);

/* For the drivers: whether a device that runs may be in use. Until it is master of the bus it moves no
 * data, and the kernel takes that from it when it opens it, so that it stays what the firmware left. linux:
 * drivers/vfio/pci/vfio_pci_core.c: vfio_pci_core_enable(). */
bool dma_test_is_master(const struct dma_test *x);
/* x->registers is BAR @bar (0 to 5) from now on. -EINVAL for another, or the errno of
 * opening it, with x->said. */
int dma_test_use(struct dma_test *x, unsigned int bar);
/* Registers of @width 1, 2 or 4 bytes. -ENODEV for all ones, which none of the registers they ask for
 * has. */
int dma_test_get(struct dma_test *x, uint64_t offset, unsigned int width, uint32_t *ret);
int dma_test_put(struct dma_test *x, uint64_t offset, unsigned int width, uint32_t value);

static inline int dma_test_get32(struct dma_test *x, uint64_t offset, uint32_t *ret)
{
	return dma_test_get(x, offset, 4, ret);
}

static inline int dma_test_put32(struct dma_test *x, uint64_t offset, uint32_t value)
{
	return dma_test_put(x, offset, 4, value);
}

/* Eight bytes in one access; -ERANGE when @value needs them and the register is not mapped. */
int dma_test_put64(struct dma_test *x, uint64_t offset, uint64_t value);
/* Asks register @offset until (@value & @mask) == @want; -ETIMEDOUT after @timeout_ms with
 * x->said telling what was waited for. */
int dma_test_wait(struct dma_test *x, uint64_t offset, unsigned int width, uint32_t mask,
		  uint32_t want, unsigned int timeout_ms, const char *what);

static inline int dma_test_wait32(struct dma_test *x, uint64_t offset, uint32_t mask, uint32_t want,
				  unsigned int timeout_ms, const char *what)
{
	return dma_test_wait(x, offset, 4, mask, want, timeout_ms, what);
}

/* The SUBMIT_SIZE bytes of @from to the beginning of BAR @bar, in one write. -EOPNOTSUPP when the processor has
 * no such write, -ENXIO when the BAR cannot be mapped. x->registers stays what it is. */
int dma_test_submit(struct dma_test *x, unsigned int bar, const void *from);
/* *@reterr for a probe or init that ended with @r: what x->said, and that nothing can be proven when it is
 * -ENOTSUP. Returns @r. */
int dma_test_failure(const struct dma_test *x, int r, struct failure **reterr);
/* Waits some time without asking anything. */
void dma_test_pause(struct dma_test *x, unsigned int ms);
/* A little-endian word in memory that the device shares; @p is aligned to its size. */
uint32_t dma_test_le32(const uint8_t *p);
void dma_test_set_le32(uint8_t *p, uint32_t value);
void dma_test_set_le64(uint8_t *p, uint64_t value);
