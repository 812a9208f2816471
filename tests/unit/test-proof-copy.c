/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is special in the proofs of engines that copy memory; test-proof.c has what they share with others. */
#include <errno.h>

#include "base/macro.h"
#include "client/proof.h"
#include "proof-trial.h"
#include "scene.h"

static const struct fake_model *const engines[] = { &fake_dsa, &fake_ioat };

static void test_proof_of_an_engine_behind_an_iommu(struct trial *t)
{
	static const char *const words[] = { "software error 0x1a (SWERR)",
					     "halted with error 0x4" };

	for (size_t i = 0; i < ARRAY_SIZE(engines); i++) {
		try_it(t, engines[i], 0);
		assert_int_equal(t->r, 0);
		assert_answers(t, "yyyyyyyyy");
		assert_says(t, CLAIM_DEVICE_WRITE, "2048 bytes of a fresh pattern");
		assert_says(t, CLAIM_INTERRUPT, "msix vector 0 arrives");
		assert_says(t, CLAIM_TEARDOWN, words[i]);
	}
}

/* Left without a queue, an interrupt or a cause of one. */
static void test_proof_leaves_an_engine_reset(struct trial *t)
{
	uint32_t state;

	try_it(t, &fake_dsa, 0);
	memcpy(&state, t->fake.registers + 0x90, 4);
	assert_int_equal(state, 0);
	memcpy(&state, t->fake.registers + 0x98, 4);
	assert_int_equal(state, 0);
	try_it(t, &fake_ioat, 0);
	assert_int_equal(t->fake.registers[0x88], 3);
	assert_int_equal(t->fake.registers[0x03], 0);
}

static void test_proof_of_an_engine_that_tells_failed_transfers(struct trial *t)
{
	static const char *const words[] = { "with status 0x03", "halted with error 0x2" };

	for (size_t i = 0; i < ARRAY_SIZE(engines); i++) {
		try_it(t, engines[i], FAKE_FAILS_UNMAPPED);
		assert_answers(t, "yyyyyyyyy");
		assert_says(t, CLAIM_OUTSIDE, words[i]);
	}
}

static void test_proof_of_an_engine_that_refuses(struct trial *t)
{
	try_it(t, &fake_dsa, FAKE_REFUSES);
	assert_int_equal(t->r, -EREMOTEIO);
	assert_non_null(strstr(t->why->text, "the device's reset failed with error 0x14"));
	assert_int_equal(t->fake.transfers, 0);
	try_it(t, &fake_ioat, FAKE_REFUSES);
	assert_int_equal(t->proof.claims[CLAIM_DEVICE_WRITE].answer, CLAIM_UNKNOWN);
	assert_says(t, CLAIM_DEVICE_WRITE, "halted with error 0x4");
}

/* A command that the kernel cuts in pieces is none. */
static void test_proof_of_an_accelerator_whose_queue_cannot_be_mapped(struct trial *t)
{
	try_it(t, &fake_dsa, FAKE_UNMAPPABLE);
	assert_int_equal(t->proof.claims[CLAIM_DEVICE_WRITE].answer, CLAIM_UNKNOWN);
	assert_says(t, CLAIM_DEVICE_WRITE, "BAR 2 cannot be mapped");
	assert_int_equal(t->fake.transfers, 0);
}

static void test_proof_leaves_a_strange_engine_alone(struct trial *t)
{
	static const char *const words[] = { "does not offer the operation Memory Move",
					     "its version is 2.0" };

	for (size_t i = 0; i < ARRAY_SIZE(engines); i++) {
		try_it(t, engines[i], FAKE_OTHER_ID);
		assert_int_equal(t->r, -ENOTSUP);
		assert_int_equal(t->why->status, STATUS_UNKNOWN);
		assert_non_null(strstr(t->why->text, words[i]));
		assert_int_equal(t->fake.writes, 0);
	}
}

static void test_proof_leaves_an_engine_in_use_alone(struct trial *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(engines); i++) {
		try_it(t, engines[i], FAKE_ENABLED);
		assert_int_equal(t->r, -EBUSY);
		assert_int_equal(t->fake.writes, 0);
		try_it(t, engines[i], FAKE_LEFT);
		assert_answers(t, "yyyyyyyyy");
	}
}

/* Nobody has seen them work: that is part of what is printed. */
static void test_driver_that_was_not_run_says_so(void)
{
	assert_string_equal(dma_driver_dsa.not_run, "dsa (not yet run on hardware)");
	assert_string_equal(dma_driver_ioat.not_run, "ioat (not yet run on hardware)");
	assert_null(dma_driver_nvme.not_run);
}
