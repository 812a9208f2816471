/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the DMA test drivers of virtio devices share: the modern PCI transport and one split virtqueue. */
#pragma once

#include "client/dma-test.h"

/* The driver's memory, offsets in bytes. The first page: descriptors, available ring, indirect tables and
 * the heads of requests; the second one: used ring, the device's answers, and what nobody looks at. */
enum {
	VIRTIO_DESCRIPTORS = 0x000,
	VIRTIO_AVAILABLE = 0x200,
	VIRTIO_TABLES = 0x400,
	VIRTIO_REQUESTS = 0x800,
	VIRTIO_USED = 0x000,
	VIRTIO_ANSWERS = 0x200,
	VIRTIO_SCRATCH = 0x400,
	VIRTIO_CHAINS_MAX = 16,
	VIRTIO_PIECES_MAX = 3, /* of one chain */
};

/* A part of one of the device's BARs. */
struct virtio_place {
	bool found;
	unsigned int bar;
	uint32_t offset;
};

struct virtio {
	struct virtio_place common, notify, isr, device;
	uint32_t notify_multiplier, notify_offset; /* bytes */
	unsigned int queue, size;                  /* the queue, and its descriptors */
	uint16_t next;                             /* of the available and of the used ring */
	bool has_indirect, indirect;               /* offered; for the next request */
	uint32_t written; /* bytes, that the last request's chains report */
	/* Of the type. */
	uint64_t sectors;
	unsigned int target;
	bool has_target;
};

struct virtio_wants {
	unsigned int queue, size; /* whose fewest descriptors */
	uint32_t features;        /* of the type, without which nothing can be asked */
};

struct virtio_piece {
	uint64_t iova;
	uint32_t len; /* bytes */
	bool writable;
};

int virtio_probe(struct dma_test *x, struct failure **reterr);
/* Resets the device, negotiates and sets up the queue. -ENOTSUP when it lacks what is wanted; with
 * STATUS_NO when it does not go through the IOMMU. */
int virtio_init(struct dma_test *x, const struct virtio_wants *wants, struct failure **reterr);
/* Hands over @nr_chains chains of @nr pieces each, in one piece of memory, and waits for all of them; as a
 * transfer ends. */
int virtio_request(struct dma_test *x, const struct virtio_piece *pieces, unsigned int nr,
		   unsigned int nr_chains);
/* Four bytes of the type's own configuration. */
int virtio_get_config(struct dma_test *x, uint32_t offset, uint32_t *ret);
/* Calls kind->store with interrupts allowed. */
int virtio_interrupt(struct dma_test *x, uint64_t scratch);
void virtio_acknowledge(struct dma_test *x);
void virtio_quiesce(struct dma_test *x);
