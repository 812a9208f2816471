/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is special in the proofs of network cards and virtio devices; test-proof.c has what they share. */
#include <errno.h>

#include "base/macro.h"
#include "client/proof.h"
#include "proof-trial.h"
#include "scene.h"

static void test_proof_of_a_network_card_behind_an_iommu(struct trial *t)
{
	uint32_t control, address[2], phy;

	try_it(t, &fake_e1000, 0);
	assert_int_equal(t->r, 0);
	assert_answers(t, "yyyyyyyyy");
	assert_says(t, CLAIM_DEVICE_WRITE, "512 bytes of a fresh pattern");
	assert_says(t, CLAIM_INTERRUPT, "intx vector 0 arrives");
	assert_says(t, CLAIM_TEARDOWN, "no frame came back");
	/* Its receiver is off, and it has its address and its link again. */
	memcpy(&control, t->fake.registers + 0x100, 4);
	memcpy(address, t->fake.registers + 0x5400, 8);
	memcpy(&phy, t->fake.registers + 0x8000, 4);
	assert_int_equal(control, 0);
	assert_int_equal(address[0], 0x12005452);
	assert_int_equal(address[1], 0x80005634);
	assert_int_equal(phy, 0x1340);
}

/* A test that was killed leaves its address and the loopback: they are not what the card has to have. */
static void test_proof_of_a_network_card_after_a_test_that_was_killed(struct trial *t)
{
	uint32_t phy;

	try_it(t, &fake_e1000, FAKE_LEFT);
	assert_answers(t, "yyyyyyyyy");
	memcpy(&phy, t->fake.registers + 0x8000, 4);
	assert_int_equal(phy, 0x1340);
}

/* Nothing may reach the network. */
static void test_proof_of_a_network_card_without_loopback(struct trial *t)
{
	static const struct fake_model *const cards[] = { &fake_e1000, &fake_igb };

	for (size_t i = 0; i < ARRAY_SIZE(cards); i++) {
		try_it(t, cards[i], FAKE_OTHER_ID);
		assert_int_equal(t->r, -EREMOTEIO);
		assert_non_null(strstr(t->why->text, "does not go into loopback"));
		assert_int_equal(t->fake.transfers, 0);
	}
}

static void test_proof_of_a_card_whose_phy_is_shared(struct trial *t)
{
	uint32_t value;

	try_it(t, &fake_igb, 0);
	assert_int_equal(t->r, 0);
	assert_answers(t, "yyyyyyyyy");
	assert_says(t, CLAIM_DEVICE_WRITE, "256 bytes of a fresh pattern");
	assert_says(t, CLAIM_INTERRUPT, "msi vector 0 arrives");
	assert_says(t, CLAIM_OUTSIDE, "frame");
	assert_says(t, CLAIM_TEARDOWN, "no frame came back");
	assert_string_equal(dma_driver_igb.not_run, "igb (not yet run on hardware)");
	/* What it took of the firmware is given back. */
	memcpy(&value, t->fake.registers + 0x5b50, 4);
	assert_int_equal(value & 2, 0);
	memcpy(&value, t->fake.registers + 0x5b5c, 4);
	assert_int_equal(value, 1 << 17);
	memcpy(&value, t->fake.registers + 0x8000, 4);
	assert_int_equal(value, 0x1340);
}

static void test_proof_of_a_card_for_fibre(struct trial *t)
{
	try_it(t, &fake_igb, FAKE_EMPTY);
	assert_int_equal(t->r, -ENOTSUP);
	assert_int_equal(t->why->status, STATUS_UNKNOWN);
	assert_non_null(strstr(t->why->text, "not connected by its own PHY"));
	assert_int_equal(t->fake.writes, 0);
}

static void test_proof_of_virtio_devices_behind_an_iommu(struct trial *t)
{
	static const struct {
		const struct fake_model *model;
		const char *written, *read;
	} devices[] = {
		{ &fake_virtio_net, "16 of 16 commands", "16 bytes written" },
		{ &fake_virtio_blk, "sector 0 of 2048", "513 bytes written" },
		{ &fake_virtio_rng, "new ones over two patterns", "direct descriptors" },
		{ &fake_virtio_scsi, "target 3 is of type 0", "144 bytes written" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(devices); i++) {
		try_it(t, devices[i].model, 0);
		assert_int_equal(t->r, 0);
		assert_answers(t, "yyyyyyyyy");
		assert_says(t, CLAIM_DEVICE_WRITE, devices[i].written);
		assert_says(t, CLAIM_DEVICE_READ, devices[i].read);
		assert_says(t, CLAIM_TEARDOWN, "DEVICE_NEEDS_RESET");
		/* Left reset. */
		assert_int_equal(t->fake.registers[0x14], 0);
	}
}

static void test_proof_of_a_disk_that_tells_failed_transfers(struct trial *t)
{
	try_it(t, &fake_virtio_blk, FAKE_FAILS_UNMAPPED);
	assert_answers(t, "yyyyyyyyy");
	assert_says(t, CLAIM_OUTSIDE, "the device failed to read sector 0: status 1");
}

/* Its addresses are physical ones: whatever it was told would hit memory of another program. */
static void test_proof_asks_nothing_of_a_device_that_bypasses_the_iommu(struct trial *t)
{
	static const unsigned int ways[] = { FAKE_BYPASSES, FAKE_OTHER_ID };

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		try_it(t, &fake_virtio_rng, ways[i]);
		assert_int_equal(t->r, -EXDEV);
		assert_int_equal(t->why->status, STATUS_NO);
		assert_non_null(strstr(t->why->text, "iommu_platform=on"));
		assert_int_equal(t->fake.transfers, 0);
	}
	/* Without an IOMMU all addresses are. */
	try_it(t, &fake_virtio_rng, FAKE_BYPASSES | FAKE_NO_IOMMU);
	assert_answers(t, "yyyy-n---");
}

static void test_proof_of_controllers_without_a_disk(struct trial *t)
{
	static const struct fake_model *const empty[] = { &fake_virtio_blk, &fake_virtio_scsi };

	for (size_t i = 0; i < ARRAY_SIZE(empty); i++) {
		try_it(t, empty[i], FAKE_EMPTY);
		assert_int_equal(t->r, -ENOTSUP);
		assert_int_equal(t->why->status, STATUS_UNKNOWN);
		assert_non_null(strstr(t->why->text, "it cannot be proven"));
	}
}

static void test_proof_leaves_a_running_card_alone(struct trial *t)
{
	static const struct fake_model *const used[] = { &fake_e1000, &fake_virtio_net, &fake_igb };

	for (size_t i = 0; i < ARRAY_SIZE(used); i++) {
		try_it(t, used[i], FAKE_ENABLED);
		assert_int_equal(t->r, -EBUSY);
		assert_non_null(strstr(t->why->text, "may be using"));
		assert_int_equal(t->fake.command_seen, 6);
		assert_int_equal(t->fake.transfers, 0);
	}
}
