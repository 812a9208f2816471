/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A device that is told to write into the BAR of another one, where that is mapped, where it is not, and past the
 * IOMMU. The other one is nothing but memory, and has its bytes again afterwards. */
#include <errno.h>

#include "base/macro.h"
#include "client/proof-peer.h"
#include "fake-device.h"
#include "scene.h"

struct peer {
	struct fake_device fake;
	struct client client;
	struct claim claims[NR_PEER_CLAIMS];
	struct arena *arena;
	struct failure *why;
	unsigned int fail_at;
	int fail_errno, r;
};

static void begin(struct peer *t)
{
	t->arena = arena_new();
}

static void end(struct peer *t)
{
	failure_free(t->why);
	arena_free(t->arena);
}

static uint8_t held(size_t i)
{
	return (uint8_t)(i * 37 >> 3);
}

static void try_peer(struct peer *t, const struct fake_model *model, unsigned int faults)
{
	static const struct proof_peer other = { "0000:00:05.0", FAKE_PEER_FD, 2 };
	struct space space = { .client = &t->client, .path = PATH_CONTAINER, .fd = FAKE_SPACE_FD };
	struct proof_request request = {
		.client = &t->client,
		.space = &space,
		.info = &fake_space,
		.object = "0000:00:04.0",
		.fd = FAKE_DEVICE_FD,
		.driver = dma_driver_find(model->vendor, model->device, model->class_code),
		.page_size = 4096,
		.address_bits = 64,
		.seed = 42,
		.resettable = true,
	};

	end(t);
	t->why = NULL;
	begin(t);
	fake_device_init(&t->fake, model, faults);
	for (size_t i = 0; i < sizeof(t->fake.peer_memory); i++)
		t->fake.peer_memory[i] = held(i);
	t->fake.fail_at = t->fail_at;
	t->fake.fail_errno = t->fail_errno;
	client_init(&t->client, &t->fake.sys, t->arena);
	t->r = proof_peer(&request, &other, t->claims, &t->why);
	/* Whatever happened: */
	assert_int_equal(t->fake.open_fds, 0);
	assert_null(t->fake.window);
	assert_int_equal(t->r < 0, t->why != NULL);
	for (size_t i = 0; i < sizeof(t->fake.peer_memory); i++)
		assert_int_equal(t->fake.peer_memory[i], held(i));
	if (t->fail_at)
		return;
	assert_int_equal(fake_device_mapped(&t->fake), 0);
	assert_int_equal(t->fake.peer_command, 0);
	assert_int_equal(t->fake.command, faults & FAKE_ENABLED ? 6 : 0);
}

static void assert_answers(const struct peer *t, const char *expected)
{
	static const char letters[] = "-ynu";
	char got[NR_PEER_CLAIMS + 1] = { 0 };

	for (unsigned int i = 0; i < NR_PEER_CLAIMS; i++)
		got[i] = letters[t->claims[i].answer];
	if (strcmp(got, expected) != 0)
		for (unsigned int i = 0; i < NR_PEER_CLAIMS; i++)
			print_error("%s: %c %s\n", peer_claim_name((enum peer_claim)i), got[i],
				    t->claims[i].evidence);
	assert_string_equal(got, expected);
}

static void assert_says(const struct peer *t, enum peer_claim id, const char *words)
{
	if (!strstr(t->claims[id].evidence, words))
		fail_msg("%s says: %s", peer_claim_name(id), t->claims[id].evidence);
}

/* Those that keep what they read, that write about themselves, and whose bytes are new each time. */
static const struct fake_model *const models[] = { &fake_edu, &fake_nvme, &fake_virtio_rng,
						   &fake_e1000 };

static void test_peer_behind_an_iommu(struct peer *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(models); i++) {
		try_peer(t, models[i], 0);
		assert_int_equal(t->r, 0);
		assert_answers(t, "yyy");
		assert_says(t, PEER_MAPPED, "arrived in BAR 2, which was mapped at 0x103000");
		assert_int_equal(t->claims[PEER_UNMAPPED].iova, 0x103000);
		assert_int_equal(t->claims[PEER_BUS].iova, FAKE_PEER_BUS);
		assert_non_null(strstr(t->claims[PEER_BUS].fault, "fault addr 0xe0000000"));
		assert_int_equal(t->fake.resets, 1);
	}
}

static void test_peer_that_is_reached_past_the_iommu(struct peer *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(models); i++) {
		try_peer(t, models[i], FAKE_PAST_IOMMU);
		assert_answers(t, "yyn");
		assert_says(t, PEER_BUS, "told to write to 0xe0000000, its address on the bus");
	}
}

static void test_peer_that_stays_in_reach(struct peer *t)
{
	try_peer(t, &fake_edu, FAKE_UNMAPS_LATE);
	assert_answers(t, "yny");
	assert_says(t, PEER_UNMAPPED, "where it was mapped before: 20");
}

/* What no unmapping can be shown with. */
static void test_peer_that_cannot_be_mapped(struct peer *t)
{
	try_peer(t, &fake_edu, FAKE_MAPS_NO_BAR);
	assert_int_equal(t->r, 0);
	assert_answers(t, "--y");
	assert_says(t, PEER_MAPPED, "does not map a BAR on path container (EFAULT)");
	try_peer(t, &fake_edu, FAKE_UNMAPPABLE);
	assert_int_equal(t->r, -ENXIO);
	assert_non_null(strstr(t->why->text, "0000:00:05.0: cannot map a page of BAR 2"));
}

static void test_peer_with_bytes_beside_the_target(struct peer *t)
{
	try_peer(t, &fake_edu, FAKE_WRONG_BYTES);
	assert_answers(t, "uuu");
	assert_says(t, PEER_MAPPED, "does not move data as told");
	try_peer(t, &fake_edu, FAKE_LOSES_COMPLETIONS);
	assert_answers(t, "uuu");
}

static void test_peer_of_a_device_that_is_in_use_or_goes_away(struct peer *t)
{
	try_peer(t, &fake_nvme, FAKE_ENABLED);
	assert_int_equal(t->r, -EBUSY);
	assert_int_equal(t->fake.transfers, 0);
	try_peer(t, &fake_nvme, FAKE_GONE);
	assert_int_equal(t->r, -ENODEV);
}

static void test_peer_memory_is_known_by_its_ids(void)
{
	assert_int_equal(proof_peer_bar(0x1af4, 0x1110), 2);
	assert_int_equal(proof_peer_bar(0x10de, 0x2204), DMA_TEST_BARS);
}

/* No failure looks like a leak, and a leak never like none. */
static void test_peer_with_every_call_failing_in_turn(void)
{
	for (unsigned int leaks = 0; leaks < 2; leaks++)
		for (unsigned int at = 1; at < 160; at++) {
			struct peer t = { .fail_at = at, .fail_errno = at % 2 ? EIO : ENOMEM };

			begin(&t);
			try_peer(&t, &fake_edu, leaks ? FAKE_PAST_IOMMU : 0);
			for (unsigned int i = 0; i < NR_PEER_CLAIMS && !leaks; i++)
				if (t.claims[i].answer == CLAIM_NO)
					fail_msg("call %u: %s", at, t.claims[i].evidence);
			if (leaks && t.claims[PEER_BUS].answer == CLAIM_YES)
				fail_msg("call %u: %s", at, t.claims[PEER_BUS].evidence);
			end(&t);
		}
}
