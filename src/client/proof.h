/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The proof: a DMA test driver makes the device move data, then memory is checked. Each claim is a sentence that
 * holds or does not, with what was seen. Every claim that an address is out of reach has a counterpart: the
 * same device reaches the same address when it is mapped. A device that does nothing proves nothing. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/failure.h"
#include "client/attach.h"
#include "client/dma-test.h"

#define CLAIM_LIST(X)                                                                       \
	X(DEVICE_READ, "device-read", "the device reads memory that is mapped for it")      \
	X(DEVICE_WRITE, "device-write", "the device writes memory that is mapped for it")   \
	X(BOUNDS, "bounds", "it changes no other bytes")                                    \
	X(INTERRUPT, "interrupt", "the interrupt that it raises arrives")                   \
	X(OUTSIDE, "outside", "an address that was never mapped is out of its reach")       \
	X(PHYSICAL, "physical", "the physical address of memory is out of its reach")       \
	X(READ_ONLY, "read-only", "it cannot write what is mapped for reading")             \
	X(AFTER_UNMAP, "after-unmap", "once unmapped, the old address is out of its reach") \
	X(TEARDOWN, "teardown", "once all is unmapped, nothing is in reach or stays pinned")

enum claim_id {
#define X(id, name, title) CLAIM_##id,
	CLAIM_LIST(X)
#undef X
		NR_CLAIMS,
};

/* "device-write" and the sentence. Static. */
const char *claim_name(enum claim_id id);
const char *claim_title(enum claim_id id);

enum claim_answer {
	CLAIM_UNTRIED = 0, /* evidence has the reason */
	CLAIM_YES,
	CLAIM_NO,
	CLAIM_UNKNOWN, /* tried, without a clear answer */
};

struct claim {
	enum claim_answer answer;
	const char *evidence; /* what was done and seen; arena */
	bool has_iova;
	uint64_t iova;     /* that the device was given */
	const char *fault; /* the kernel's line about it, or NULL */
	uint64_t ns;
};

struct proof_request {
	struct client *client;
	struct space *space;
	const struct space_info *info;
	const char *object; /* the device */
	int fd;             /* of it */
	const struct dma_driver *driver;
	bool untranslated;         /* no-IOMMU: the device's addresses are physical ones */
	size_t page_size;          /* bytes, of the processor */
	unsigned int address_bits; /* that the device drives; 0: as many as its kind surely has */
	uint64_t low;              /* the lowest address to use; 0: 1 MiB */
	uint64_t seed;             /* of the patterns */
	bool resettable;           /* DEVICE_RESET works */
	void (*progress)(void *data, enum claim_id id); /* before each claim; may be NULL */
	void *data;
};

struct proof {
	struct claim claims[NR_CLAIMS];
	const char *faults_hidden; /* why the kernel's log could not be read, or NULL */
	uint64_t pinned_before, pinned_while, pinned_after; /* bytes */
	bool has_pinned;
	int reset; /* of DEVICE_RESET at the end: 0, a negative errno, -EOPNOTSUPP: not asked */
};

/* Runs the proof. When it returns, the device is quiet and all is unmapped. 0 with all claims answered as
 * far as possible; a negative errno with *@reterr when the driver or a mapping failed before the first
 * claim, or the device went away: claims answered until then stand. */
int proof_run(const struct proof_request *request, struct proof *ret, struct failure **reterr);
/* CLAIM_NO when any claim does not hold. CLAIM_YES when the device writes, pages never mapped or no longer
 * mapped are out of reach, and no claim that was tried is left open. Else CLAIM_UNKNOWN. */
enum claim_answer proof_answer(const struct proof *p);
