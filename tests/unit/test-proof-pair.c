/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two devices in one address space and in two, with IOMMUs that keep them apart and such as do not. Each
 * has a fake kernel of its own; where the spaces are one, each reaches the mappings of the other. */
#include <errno.h>

#include "base/macro.h"
#include "client/proof-pair.h"
#include "fake-device.h"
#include "scene.h"

struct pair {
	struct fake_device fakes[2];
	struct client clients[2];
	struct space spaces[2];
	struct proof_request requests[2];
	struct claim claims[2];
	struct arena *arena;
	struct failure *why;
	int r;
};

static void begin(struct pair *t)
{
	t->arena = arena_new();
}

static void end(struct pair *t)
{
	failure_free(t->why);
	arena_free(t->arena);
}

static void prepare(struct pair *t, const struct fake_model *a, const struct fake_model *b)
{
	const struct fake_model *const models[] = { a, b };

	end(t);
	*t = (struct pair){ 0 };
	begin(t);
	for (unsigned int i = 0; i < 2; i++) {
		fake_device_init(&t->fakes[i], models[i], 0);
		client_init(&t->clients[i], &t->fakes[i].sys, t->arena);
		t->spaces[i] = (struct space){ .client = &t->clients[i],
					       .path = PATH_CONTAINER,
					       .fd = FAKE_SPACE_FD };
		t->requests[i] = (struct proof_request){
			.client = &t->clients[i],
			.space = &t->spaces[i],
			.info = &fake_space,
			.object = i ? "0000:00:05.0" : "0000:00:04.0",
			.fd = FAKE_DEVICE_FD,
			.driver = dma_driver_find(models[i]->vendor, models[i]->device,
						  models[i]->class_code),
			.page_size = 4096,
			.seed = 42 + i,
			.resettable = true,
		};
		assert_non_null(t->requests[i].driver);
	}
}

static void assert_given_back(const struct pair *t)
{
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(t->fakes[i].open_fds, 0);
		assert_int_equal(t->fakes[i].memory_size, 0);
		assert_int_equal(fake_device_mapped(&t->fakes[i]), 0);
		assert_int_equal(t->fakes[i].command, 0);
	}
	assert_int_equal(t->r < 0, t->why != NULL);
}

static void share(struct pair *t)
{
	t->fakes[0].peer = &t->fakes[1];
	t->fakes[1].peer = &t->fakes[0];
}

static void try_shared(struct pair *t)
{
	t->r = proof_pair_shared(t->requests, t->claims, &t->why);
	assert_given_back(t);
}

static void try_apart(struct pair *t)
{
	t->r = proof_pair_apart(t->requests, t->claims, &t->why);
	assert_given_back(t);
}

static void assert_both(const struct pair *t, enum claim_answer answer, const char *words)
{
	for (unsigned int i = 0; i < 2; i++) {
		if (t->claims[i].answer != answer || !strstr(t->claims[i].evidence, words))
			fail_msg("device %u: %d %s", i, t->claims[i].answer, t->claims[i].evidence);
	}
}

static const struct {
	const struct fake_model *a, *b;
} pairs[] = {
	{ &fake_edu, &fake_nvme },
	{ &fake_e1000, &fake_virtio_blk },
	{ &fake_virtio_rng, &fake_virtio_scsi },
	{ &fake_virtio_net, &fake_e1000 },
};

static void test_pair_in_one_address_space(struct pair *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		prepare(t, pairs[i].a, pairs[i].b);
		share(t);
		try_shared(t);
		assert_int_equal(t->r, 0);
		assert_both(t, CLAIM_YES, "in memory that was mapped for 0000:00:0");
		/* Their addresses differ. */
		assert_int_not_equal(t->claims[0].iova, t->claims[1].iova);
		assert_int_equal(t->fakes[0].resets, 1);
		assert_int_equal(t->fakes[1].resets, 1);
	}
}

static void test_pair_whose_address_space_is_not_shared(struct pair *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		prepare(t, pairs[i].a, pairs[i].b);
		try_shared(t);
		assert_both(t, CLAIM_NO, "it does not arrive");
	}
}

static void test_pair_in_two_address_spaces(struct pair *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		prepare(t, pairs[i].a, pairs[i].b);
		try_apart(t);
		assert_int_equal(t->r, 0);
		assert_both(t, CLAIM_YES, "reaches the same address");
		assert_non_null(strstr(t->claims[0].fault, "fault addr"));
	}
}

static void test_pair_that_is_not_kept_apart(struct pair *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		prepare(t, pairs[i].a, pairs[i].b);
		share(t);
		try_apart(t);
		assert_int_equal(t->r, 0);
		assert_both(t, CLAIM_NO, "bytes of the target changed, in memory of 0000:00:0");
	}
}

/* Only one of them leaks. */
static void test_pair_of_which_one_reaches_the_other(struct pair *t)
{
	prepare(t, &fake_edu, &fake_virtio_blk);
	t->fakes[1].peer = &t->fakes[0];
	try_apart(t);
	assert_int_equal(t->claims[0].answer, CLAIM_YES);
	assert_int_equal(t->claims[1].answer, CLAIM_NO);
}

static void test_pair_with_bytes_beside_the_target(struct pair *t)
{
	prepare(t, &fake_edu, &fake_nvme);
	share(t);
	t->fakes[0].faults = FAKE_WRITES_BEHIND;
	try_shared(t);
	assert_int_equal(t->claims[0].answer, CLAIM_NO);
	assert_non_null(strstr(t->claims[0].evidence, "the page behind the buffer changed"));
	assert_int_equal(t->claims[1].answer, CLAIM_YES);
}

static void test_pair_of_which_one_does_not_work(struct pair *t)
{
	prepare(t, &fake_edu, &fake_nvme);
	t->fakes[1].faults = FAKE_LOSES_COMPLETIONS;
	try_apart(t);
	assert_int_equal(t->r, 0);
	assert_both(t, CLAIM_UNKNOWN, "0000:00:05.0 does not move data as told");
}

static void test_pair_of_which_one_goes_away_or_is_wanted_back(struct pair *t)
{
	prepare(t, &fake_edu, &fake_nvme);
	t->fakes[1].faults = FAKE_GONE;
	try_apart(t);
	assert_int_equal(t->r, -ENODEV);
	assert_non_null(strstr(t->why->text, "0000:00:05.0"));
	prepare(t, &fake_edu, &fake_nvme);
	t->fakes[0].asked_back = 1;
	try_shared(t);
	assert_int_equal(t->r, -ECANCELED);
}

static void test_pair_of_which_one_is_in_use(struct pair *t)
{
	prepare(t, &fake_edu, &fake_nvme);
	t->fakes[1].faults = FAKE_ENABLED;
	t->fakes[1].cc = t->fakes[1].csts = 1;
	try_shared(t);
	assert_int_equal(t->r, -EBUSY);
	assert_int_equal(t->fakes[1].transfers, 0);
}

/* Every call of either fails in turn: no failure looks like a leak, and a leak never like none. */
static void test_pair_with_every_call_failing_in_turn(void)
{
	for (unsigned int leaks = 0; leaks < 2; leaks++)
		for (unsigned int which = 0; which < 2; which++)
			for (unsigned int at = 1; at < 200; at++) {
				struct pair t = { 0 };

				begin(&t);
				prepare(&t, &fake_edu, &fake_virtio_blk);
				if (leaks)
					share(&t);
				t.fakes[which].fail_at = at;
				t.fakes[which].fail_errno = at % 2 ? EIO : ENOMEM;
				t.r = proof_pair_apart(t.requests, t.claims, &t.why);
				for (unsigned int i = 0; i < 2; i++)
					if (t.claims[i].answer == (leaks ? CLAIM_YES : CLAIM_NO))
						fail_msg("call %u of %u: %s", at, which,
							 t.claims[i].evidence);
				end(&t);
			}
}
