/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interrupts of an attached device, each delivered to an eventfd: set up, triggered through the kernel's
 * loopback, waited for with a deadline, counted, released. INTx, MSI and MSI-X exclude each other; ERR and
 * REQ stand beside them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/client.h"

/* linux: include/uapi/linux/pci_regs.h: PCI_MSIX_FLAGS_QSIZE: what the largest MSI-X table has. */
enum { IRQ_VECTORS_MAX = 2048 };

struct irq_vector {
	int eventfd;         /* closed by irq_close() */
	uint64_t count;      /* signals so far */
	uint64_t arrived_ns; /* when the last of them was seen; 0: none yet */
};

struct irq {
	struct client *client; /* borrowed */
	const char *object;    /* the device, in outcomes */
	int fd;                /* of the device; borrowed */
	uint32_t index;        /* VT_PCI_INTX and the like */
	struct irq_vector *vectors;
	size_t nr_vectors;
	struct pollfd *polled; /* one a vector, and one for the release */
	bool active;           /* the kernel delivers to the eventfds */
};

/* "intx" "msi" "msix" "err" "req"; NULL for another index. Static. */
const char *irq_index_name(uint32_t index);

/* Lets vectors 0 to @nr - 1 of @index deliver to eventfds, all in one SET_IRQS. 0; a positive number when
 * the kernel can give only that many vectors (then nothing is set up); -E2BIG past IRQ_VECTORS_MAX; -EMFILE
 * when there are no descriptors left; or the errno of the request: -EINVAL for more vectors than the device
 * has or while another of INTx, MSI and MSI-X is active, -ENODEV for an INTx that leads nowhere.
 * irq_close() is safe in every case. linux: drivers/vfio/pci/vfio_pci_intrs.c: vfio_pci_set_irqs_ioctl(). */
int irq_open(struct client *c, const char *object, int fd, uint32_t index, size_t nr,
	     struct irq *ret);
/* Ends the delivery and closes the eventfds. A second call does nothing. */
void irq_close(struct irq *irq);

/* Only INTx can be masked: -ENOTTY for the others. An INTx that the device raised is masked until it is
 * unmasked; one still asserted then comes again at once. */
int irq_unmask(struct irq *irq);

/* The loopback: vectors @first to @first + @nr - 1 as if the device had raised them. linux:
 * drivers/vfio/pci/vfio_pci_intrs.c: vfio_pci_set_msi_trigger(), data NONE. */
int irq_trigger(struct irq *irq, size_t first, size_t nr);

/* Reads what has come without waiting. 0, or the negative errno of a read. */
int irq_collect(struct irq *irq);
/* Waits until each of the @nr vectors from @first on has counted @want signals; other vectors do not
 * matter. 0; -ETIMEDOUT after @timeout_ms; -ECANCELED when @release (the eventfd of REQ, or negative) can
 * be read: the kernel wants the device back. */
int irq_wait(struct irq *irq, size_t first, size_t nr, uint64_t want, unsigned int timeout_ms,
	     int release);
/* All signals of all vectors so far. */
uint64_t irq_total(const struct irq *irq);
