/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A proof with the device of fake-device.h, as often as a test wants one. */
#pragma once

#include "client/proof.h"
#include "fake-device.h"

struct trial {
	struct fake_device fake;
	struct client client;
	struct arena *arena;
	struct proof proof;
	struct failure *why;
	int r;
	unsigned int address_bits, progress;
	unsigned int asked_back, fail_at; /* of the fake */
	int fail_errno;
};

/* For tests/unit/main.py. */
int trial_setup(void **state);
int trial_teardown(void **state);
/* Forgets an earlier proof. */
void trial_end(struct trial *t);
/* Once more, where there was a trial before; @faults are enum fake_fault. Checks that everything is given back. */
void try_it(struct trial *t, const struct fake_model *model, unsigned int faults);
/* The answers in the order of the claims, "yyyyyyyyy" when all is well; - untried, n no, u unknown. */
void assert_answers(const struct trial *t, const char *expected);
/* That the claim's evidence has @words. */
void assert_says(const struct trial *t, enum claim_id id, const char *words);
