/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A proof under way: what its claims share. Included by proof*.c only. */
#pragma once

#include "client/faults.h"
#include "client/irq.h"
#include "client/proof-memory.h"
#include "client/proof.h"

struct proof_run {
	const struct proof_request *request;
	struct proof *proof;
	struct proof_memory memory;
	struct dma_test test;
	struct faults faults;
	size_t page;               /* bytes, of an area */
	unsigned int address_bits; /* that the device drives */
	uint64_t iova[NR_AREAS];   /* where the device finds each area, once mapped */
	bool mapped[NR_AREAS];     /* there */
	const uint8_t *payload;    /* what a store writes */
	bool stale;                /* the last transfer failed: the device has to be set up again */
	bool gone;                 /* the device answers nothing any more */
	bool released;             /* the kernel asked for the device back */
	bool has_release;
	struct irq release; /* the REQ interrupt, which reports that */
};

/* Takes memory, maps it and makes the device ready, as proof_run(). run_end() in any case. */
int run_begin(struct proof_run *p, const struct proof_request *request, struct proof *ret,
	      struct failure **reterr);
/* The device is quiet, and all is unmapped. */
void run_end(struct proof_run *p);
/* 0; -ECANCELED or -ENODEV with *@reterr when the device was wanted back, or went away. */
int run_check(struct proof_run *p, struct failure **reterr);
/* Maps @area at its place, unmaps it again. 0 or a negative errno. */
int run_map(struct proof_run *p, enum area area, unsigned int prot);
int run_unmap(struct proof_run *p, enum area area);
/* One transfer, after a new setup of the device when that is needed. 0, -EIO, -ETIMEDOUT: the device got
 * the command. Anything else: it did not, and dma_test.said has the reason. */
int run_store(struct proof_run *p, uint64_t iova);
int run_load(struct proof_run *p, uint64_t iova);
/* Whether the device got the command, by what run_store() returned. */
bool run_was_told(int r);
/* Whether @area of @m, in which nothing else was expected, has what the device of @p stores. */
bool run_arrived(const struct proof_run *p, const struct proof_memory *m, enum area area);
/* Answers claim @id. */
void run_answer(struct proof_run *p, enum claim_id id, enum claim_answer answer, const char *fmt,
		...) vt_printf(4, 5);

/* How long a fault line may take into the kernel's log: it is written by an interrupt's thread. */
enum { FAULT_TIMEOUT_MS = 500 };

/* The claims, each of them answered. False when nothing more can be asked. */
bool claim_transfers(struct proof_run *p);
void claim_interrupt(struct proof_run *p);
void claim_outside(struct proof_run *p);
void claim_physical(struct proof_run *p);
void claim_physical_untranslated(struct proof_run *p);
void claim_read_only(struct proof_run *p);
void claim_after_unmap(struct proof_run *p);
void claim_teardown(struct proof_run *p);
