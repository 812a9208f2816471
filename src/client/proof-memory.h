/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The memory of a proof: adjacent pages, all filled with known patterns, some of them mapped for the device. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/dma-test.h"

enum area {
	AREA_FRONT,  /* never mapped */
	AREA_SOURCE, /* mapped */
	AREA_TARGET, /* mapped */
	AREA_BEHIND, /* mapped for the counterparts only */
	AREA_CANARY, /* mapped elsewhere, so that it stays where it is */
	AREA_SEALED, /* mapped for reading */
	AREA_OWN,    /* of the driver */
	NR_AREAS = AREA_OWN + DMA_TEST_OWN_PAGES,
};

struct proof_memory {
	struct client *client;
	size_t page_size;  /* bytes, of one area */
	uint8_t *memory;   /* NR_AREAS of them */
	uint8_t *expected; /* what the first AREA_OWN of them should hold */
	uint64_t seed;
	int held[2]; /* of hold_pages */
};

/* Takes the memory and fills all but the driver's own pages. 0 or a negative errno. */
int proof_memory_open(struct client *c, size_t page_size, uint64_t seed, struct proof_memory *ret);
void proof_memory_close(struct proof_memory *m);
/* Keeps it where it is in physical memory. */
int proof_memory_hold(struct proof_memory *m);
uint8_t *proof_memory_at(const struct proof_memory *m, enum area area);
/* What @area should hold. */
uint8_t *proof_memory_expected(const struct proof_memory *m, enum area area);
/* New patterns everywhere but in the driver's own pages. */
void proof_memory_fill(struct proof_memory *m);
/* Accepts the first @len bytes of @area as expected from now on. */
void proof_memory_accept(struct proof_memory *m, enum area area, size_t len);
/* NULL when all is as expected, else the place that is not: "4096 bytes of the page behind the buffer
 * changed"; in the client's arena. */
const char *proof_memory_changed(const struct proof_memory *m);
/* Bytes that proof_memory_changed() compares. */
size_t proof_memory_compared(const struct proof_memory *m);
/* Bytes of the process that are locked or pinned, VmLck and VmPin of /proc/self/status.
 * linux: fs/proc/task_mmu.c: task_mem(). 0, or a negative errno. */
int proof_memory_pinned(struct client *c, uint64_t *ret);
