/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The proof with devices and IOMMUs that do their work, and with such as do not: each fault must be
 * found, by the claim that it belongs to, and everything is given back all the same. */
#include <errno.h>

#include "base/macro.h"
#include "client/proof.h"
#include "proof-trial.h"
#include "scene.h"

static const struct fake_model *const models[] = {
	&fake_igb,         &fake_edu,   &fake_nvme,       &fake_hda,        &fake_xhci,
	&fake_ahci,        &fake_e1000, &fake_virtio_net, &fake_virtio_blk, &fake_virtio_rng,
	&fake_virtio_scsi, &fake_dsa,   &fake_ioat,
};

/* ---- all is well ---- */

static void test_proof_of_an_edu_behind_an_iommu(struct trial *t)
{
	try_it(t, &fake_edu, 0);
	assert_int_equal(t->r, 0);
	assert_answers(t, "yyyyyyyyy");
	assert_int_equal(proof_answer(&t->proof), CLAIM_YES);
	assert_says(t, CLAIM_DEVICE_WRITE, "2048 bytes of a fresh pattern");
	assert_says(t, CLAIM_TEARDOWN, "pinned: 0 KiB before, 8 while mapped, 0 now");
	assert_non_null(strstr(t->proof.claims[CLAIM_OUTSIDE].fault, "fault addr 0x103000"));
	assert_int_equal(t->proof.claims[CLAIM_OUTSIDE].iova, 0x103000);
	assert_null(t->proof.claims[CLAIM_DEVICE_WRITE].fault);
	/* Memory and bus master were on, INTx was not; one reset at the end. */
	assert_int_equal(t->fake.command_seen, 0x406);
	assert_int_equal(t->fake.resets, 1);
	assert_int_equal(t->proof.reset, 0);
	assert_int_equal(t->progress, 7);
}

static void test_proof_of_an_nvme_controller_behind_an_iommu(struct trial *t)
{
	try_it(t, &fake_nvme, 0);
	assert_int_equal(t->r, 0);
	assert_answers(t, "yyyyyyyyy");
	assert_says(t, CLAIM_DEVICE_WRITE, "vendor 1b36 and subsystem vendor 1af4");
	assert_says(t, CLAIM_TEARDOWN, "fatal");
	/* Left disabled, and never asked anything but Identify. */
	assert_int_equal(t->fake.cc, 0);
	assert_in_range(t->fake.identified, 8, 12);
}

static void test_proof_of_an_hda_behind_an_iommu(struct trial *t)
{
	try_it(t, &fake_hda, 0);
	assert_int_equal(t->r, 0);
	assert_answers(t, "yyyyyyyyy");
	assert_says(t, CLAIM_DEVICE_WRITE, "2048 bytes arrived");
	assert_says(t, CLAIM_DEVICE_READ, "answered");
	assert_says(t, CLAIM_DEVICE_WRITE, "codec 2 is 1af4:0022");
	assert_says(t, CLAIM_TEARDOWN, "CORBSTS.CMEI");
	/* Left in reset. */
	assert_int_equal(t->fake.registers[0x08], 0);
	assert_int_equal(t->fake.identified % 256, 0);
}

static void test_proof_of_an_xhci_behind_an_iommu(struct trial *t)
{
	try_it(t, &fake_xhci, 0);
	assert_int_equal(t->r, 0);
	assert_answers(t, "yyyyyyyyy");
	assert_says(t, CLAIM_DEVICE_WRITE, "256 bytes arrived");
	assert_says(t, CLAIM_DEVICE_WRITE, "16 events name the addresses");
	/* Its own page and two scratchpad buffers. */
	assert_says(t, CLAIM_TEARDOWN, "pinned: 0 KiB before, 20 while mapped, 0 now");
	try_it(t, &fake_xhci, FAKE_FAILS_UNMAPPED);
	assert_answers(t, "yyyyyyyyy");
	assert_says(t, CLAIM_OUTSIDE, "USBSTS.HSE");
}

static void test_proof_of_an_ahci_behind_an_iommu(struct trial *t)
{
	try_it(t, &fake_ahci, 0);
	assert_int_equal(t->r, 0);
	assert_answers(t, "yyyyyyyyy");
	assert_says(t, CLAIM_DEVICE_WRITE, "512 bytes arrived");
	assert_says(t, CLAIM_DEVICE_WRITE, "the disk at port 1 is FAKE DISK");
	assert_int_equal(t->fake.registers[0x04], 0);
	try_it(t, &fake_ahci, FAKE_FAILS_UNMAPPED);
	assert_answers(t, "yyyyyyyyy");
	assert_says(t, CLAIM_OUTSIDE, "PxIS 0x20000000");
}

static void test_proof_of_an_ahci_that_answers_wrong(struct trial *t)
{
	try_it(t, &fake_ahci, FAKE_WRONG_BYTES);
	assert_int_equal(t->proof.claims[CLAIM_DEVICE_WRITE].answer, CLAIM_NO);
	assert_says(t, CLAIM_DEVICE_WRITE, "the sum of the bytes is wrong");
}

static void test_proof_of_an_xhci_that_answers_wrong(struct trial *t)
{
	try_it(t, &fake_xhci, FAKE_WRONG_BYTES);
	assert_int_equal(t->proof.claims[CLAIM_DEVICE_WRITE].answer, CLAIM_NO);
	assert_says(t, CLAIM_DEVICE_WRITE, "event 5 is of type");
}

static void test_proof_of_an_hda_that_answers_wrong(struct trial *t)
{
	try_it(t, &fake_hda, FAKE_WRONG_BYTES);
	assert_int_equal(t->proof.claims[CLAIM_DEVICE_WRITE].answer, CLAIM_NO);
	assert_says(t, CLAIM_DEVICE_WRITE, "answer 77 is");
}

static void test_proof_of_a_controller_that_tells_failed_transfers(struct trial *t)
{
	try_it(t, &fake_nvme, FAKE_FAILS_UNMAPPED);
	assert_answers(t, "yyyyyyyyy");
	assert_says(t, CLAIM_OUTSIDE, "status type 0, code 0x04");
}

/* ---- an IOMMU that does not do its work ---- */

static void test_proof_finds_that_unmapped_memory_is_reached(struct trial *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(models); i++) {
		try_it(t, models[i], FAKE_UNMAPS_LATE);
		assert_int_equal(t->proof.claims[CLAIM_AFTER_UNMAP].answer, CLAIM_NO);
		assert_says(t, CLAIM_AFTER_UNMAP, "bytes of the target changed");
		assert_int_equal(t->proof.claims[CLAIM_TEARDOWN].answer, CLAIM_NO);
		assert_int_equal(t->proof.claims[CLAIM_OUTSIDE].answer, CLAIM_YES);
		assert_int_equal(proof_answer(&t->proof), CLAIM_NO);
	}
}

static void test_proof_finds_that_unmapped_memory_is_read(struct trial *t)
{
	static const struct fake_model *const keep[] = { &fake_igb, &fake_edu, &fake_e1000,
							 &fake_dsa, &fake_ioat };

	for (size_t i = 0; i < ARRAY_SIZE(keep); i++) {
		try_it(t, keep[i], FAKE_STILL_READS);
		assert_int_equal(t->proof.claims[CLAIM_AFTER_UNMAP].answer, CLAIM_NO);
		assert_says(t, CLAIM_AFTER_UNMAP, "still reads");
	}
}

static void test_proof_finds_that_physical_memory_is_reached(struct trial *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(models); i++) {
		try_it(t, models[i], FAKE_HALF_IOMMU);
		assert_answers(t, "yyyyynyyy");
		assert_says(t, CLAIM_PHYSICAL, "bytes of the canary changed");
		assert_int_equal(proof_answer(&t->proof), CLAIM_NO);
	}
}

static void test_proof_finds_that_a_read_only_page_is_written(struct trial *t)
{
	try_it(t, &fake_edu, FAKE_IGNORES_READ_ONLY);
	assert_answers(t, "yyyyyynyy");
	assert_says(t, CLAIM_READ_ONLY, "the page mapped for reading changed");
}

static void test_proof_finds_that_memory_stays_pinned(struct trial *t)
{
	try_it(t, &fake_edu, FAKE_KEEPS_PINNED);
	assert_int_equal(t->proof.claims[CLAIM_TEARDOWN].answer, CLAIM_NO);
}

/* ---- no IOMMU ---- */

static void test_proof_without_an_iommu_shows_that_nothing_protects(struct trial *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(models); i++) {
		try_it(t, models[i], FAKE_NO_IOMMU);
		assert_int_equal(t->r, 0);
		assert_answers(t, "yyyy-n---");
		assert_says(t, CLAIM_PHYSICAL, "bytes of the canary changed");
		assert_says(t, CLAIM_OUTSIDE, "all physical memory is in reach");
		assert_int_equal(proof_answer(&t->proof), CLAIM_NO);
		assert_int_equal(t->fake.held, 1);
	}
}

/* The one thing that must never happen: somebody else's memory. */
static void test_proof_without_an_iommu_never_guesses_an_address(struct trial *t)
{
	try_it(t, &fake_edu, FAKE_NO_IOMMU | FAKE_HIGH_MEMORY | FAKE_NARROW);
	assert_int_equal(t->r, -ERANGE);
	assert_int_equal(t->why->status, STATUS_UNKNOWN);
	assert_non_null(strstr(t->why->text, "--address-bits"));
	assert_int_equal(t->fake.transfers, 0);
	try_it(t, &fake_edu, FAKE_NO_IOMMU | FAKE_HIDDEN_PFN);
	assert_int_equal(t->r, -EPERM);
	assert_non_null(strstr(t->why->text, "CAP_SYS_ADMIN"));
	assert_int_equal(t->fake.transfers, 0);
}

/* Registers that cannot be mapped are cut in two by the kernel, and the device has but one half. */
static void test_proof_does_not_cut_an_address_short(struct trial *t)
{
	t->address_bits = 64;
	try_it(t, &fake_edu, FAKE_NO_IOMMU | FAKE_HIGH_MEMORY);
	assert_int_equal(t->fake.transfers, 0);
	assert_answers(t, "-uu------");
	assert_says(t, CLAIM_DEVICE_WRITE, "does not fit a register");
	assert_int_equal(proof_answer(&t->proof), CLAIM_UNKNOWN);
}

static void test_proof_of_physical_addresses_that_the_device_cannot_drive(struct trial *t)
{
	try_it(t, &fake_nvme, FAKE_HIGH_MEMORY | FAKE_NARROW);
	assert_answers(t, "yyyyy-yyy");
	assert_says(t, CLAIM_PHYSICAL, "not reached either");
	assert_int_equal(proof_answer(&t->proof), CLAIM_YES);
}

/* ---- a device that does not do its work ---- */

static void test_proof_finds_wrong_bytes(struct trial *t)
{
	try_it(t, &fake_edu, FAKE_WRONG_BYTES);
	assert_int_equal(t->r, 0);
	assert_answers(t, "-nu------");
	assert_says(t, CLAIM_DEVICE_WRITE, "of 2048 bytes from 0x101000 only 2047 arrived");
	assert_int_equal(proof_answer(&t->proof), CLAIM_NO);
}

static void test_proof_finds_bytes_beside_the_target(struct trial *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(models); i++) {
		try_it(t, models[i], FAKE_WRITES_BEHIND);
		assert_int_equal(t->proof.claims[CLAIM_BOUNDS].answer, CLAIM_NO);
		assert_says(t, CLAIM_BOUNDS, "the page behind the buffer changed");
		assert_int_equal(proof_answer(&t->proof), CLAIM_NO);
	}
}

static void test_proof_of_a_device_that_does_nothing_proves_nothing(struct trial *t)
{
	try_it(t, &fake_edu, FAKE_DEAF);
	assert_int_equal(t->proof.claims[CLAIM_DEVICE_WRITE].answer, CLAIM_NO);
	assert_int_equal(t->proof.claims[CLAIM_OUTSIDE].answer, CLAIM_UNTRIED);
}

static void test_proof_of_a_device_that_loses_completions(struct trial *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(models); i++) {
		try_it(t, models[i], FAKE_LOSES_COMPLETIONS);
		assert_int_equal(t->proof.claims[CLAIM_DEVICE_WRITE].answer, CLAIM_UNKNOWN);
		assert_says(t, CLAIM_DEVICE_WRITE, "00 ms");
		assert_int_equal(proof_answer(&t->proof), CLAIM_UNKNOWN);
		assert_true(t->fake.now_ns > UINT64_C(200000000));
		assert_true(t->fake.now_ns < UINT64_C(30000000000));
	}
}

static void test_proof_of_a_device_that_goes_away(struct trial *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(models); i++) {
		try_it(t, models[i], FAKE_GONE);
		assert_int_equal(t->r, -ENODEV);
		assert_non_null(strstr(t->why->text, "all ones"));
		assert_int_equal(t->why->status, STATUS_FAILED);
		assert_int_equal(proof_answer(&t->proof), CLAIM_UNKNOWN);
		/* Nobody resets what is not there. */
		assert_int_equal(t->fake.resets, 0);
	}
}

static void test_proof_of_a_device_whose_interrupt_is_lost(struct trial *t)
{
	try_it(t, &fake_edu, FAKE_NO_INTERRUPT);
	assert_answers(t, "yyynyyyyy");
	assert_says(t, CLAIM_INTERRUPT, "did not arrive within 5000 ms; so does the kernel's own");
}

static void test_proof_of_a_device_that_raises_a_storm(struct trial *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(models); i++) {
		try_it(t, models[i], FAKE_STORM);
		assert_answers(t, "yyyyyyyyy");
	}
}

static void test_proof_of_registers_that_are_all_ones(struct trial *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(models); i++) {
		try_it(t, models[i], FAKE_ALL_ONES);
		assert_int_equal(t->r, -ENODEV);
		assert_non_null(strstr(t->why->text, "all ones"));
		assert_int_equal(t->fake.transfers, 0);
	}
}

static void test_proof_of_registers_that_end_early(struct trial *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(models); i++) {
		try_it(t, models[i], FAKE_SMALL_BAR);
		assert_int_equal(t->fake.transfers, 0);
		if (t->r == -ERANGE)
			assert_non_null(strstr(t->why->text, "lies beyond the 32 bytes"));
		else
			assert_says(t, CLAIM_DEVICE_WRITE, "lies beyond the 32 bytes");
		assert_int_equal(proof_answer(&t->proof), CLAIM_UNKNOWN);
	}
}

/* ---- refusals ---- */

static void test_proof_leaves_a_controller_in_use_alone(struct trial *t)
{
	try_it(t, &fake_nvme, FAKE_ENABLED);
	assert_int_equal(t->r, -EBUSY);
	assert_non_null(strstr(t->why->text, "namespaces"));
	assert_int_equal(t->fake.cc, 1);
	assert_int_equal(t->fake.writes, 0);
}

static void test_proof_leaves_a_running_hda_alone(struct trial *t)
{
	try_it(t, &fake_hda, FAKE_ENABLED);
	assert_int_equal(t->r, -EBUSY);
	assert_non_null(strstr(t->why->text, "running a stream"));
	assert_int_equal(t->fake.writes, 0);
	try_it(t, &fake_hda, FAKE_OTHER_ID);
	assert_int_equal(t->r, -ENOTSUP);
	assert_int_equal(t->fake.command_seen & 4, 0);
}

static void test_proof_leaves_a_running_xhci_alone(struct trial *t)
{
	try_it(t, &fake_xhci, FAKE_ENABLED);
	assert_int_equal(t->r, -EBUSY);
	assert_non_null(strstr(t->why->text, "is running"));
	assert_int_equal(t->fake.writes, 0);
	try_it(t, &fake_xhci, FAKE_OTHER_ID);
	assert_int_equal(t->r, -EBUSY);
	assert_non_null(strstr(t->why->text, "belongs to the firmware"));
	assert_int_equal(t->fake.command_seen & 4, 0);
}

static void test_proof_leaves_a_started_ahci_alone(struct trial *t)
{
	try_it(t, &fake_ahci, FAKE_ENABLED);
	assert_int_equal(t->r, -EBUSY);
	assert_non_null(strstr(t->why->text, "a port that is started"));
	assert_int_equal(t->fake.writes, 0);
	try_it(t, &fake_ahci, FAKE_OTHER_ID);
	assert_int_equal(t->r, -EBUSY);
	assert_non_null(strstr(t->why->text, "belongs to the firmware"));
	assert_int_equal(t->fake.command_seen & 4, 0);
}

static void test_proof_stops_what_the_firmware_left_running(struct trial *t)
{
	static const struct fake_model *const left[] = {
		&fake_igb, &fake_hda, &fake_xhci, &fake_ahci, &fake_e1000, &fake_virtio_net
	};

	for (size_t i = 0; i < ARRAY_SIZE(left); i++) {
		try_it(t, left[i], FAKE_LEFT);
		assert_answers(t, "yyyyyyyyy");
	}
}

static void test_proof_of_a_controller_with_nothing_connected(struct trial *t)
{
	static const struct fake_model *const empty[] = { &fake_hda, &fake_ahci };

	for (size_t i = 0; i < ARRAY_SIZE(empty); i++) {
		try_it(t, empty[i], FAKE_EMPTY);
		assert_int_equal(t->r, -ENOTSUP);
		assert_int_equal(t->why->status, STATUS_UNKNOWN);
		assert_non_null(strstr(t->why->text, "cannot be proven"));
		assert_int_equal(t->fake.transfers, 0);
	}
}

static void test_proof_leaves_a_stranger_with_the_same_ids_alone(struct trial *t)
{
	try_it(t, &fake_edu, FAKE_OTHER_ID);
	assert_int_equal(t->r, -ENOTSUP);
	assert_non_null(strstr(t->why->text, "0x12345678"));
	assert_int_equal(t->fake.liveness, 0);
}

static void test_proof_with_a_refused_mapping(struct trial *t)
{
	try_it(t, &fake_edu, FAKE_REFUSES_MAP);
	assert_int_equal(t->r, -ENOMEM);
	assert_int_equal(t->why->status, STATUS_NO);
	assert_non_null(strstr(t->why->text, "ENOMEM"));
	try_it(t, &fake_edu, FAKE_REFUSES_READ_ONLY);
	assert_answers(t, "yyyyy--yy");
}

static void test_proof_without_the_kernels_log(struct trial *t)
{
	try_it(t, &fake_edu, FAKE_LOG_DENIED | FAKE_HIDDEN_PFN);
	assert_answers(t, "yyyyy-yyy");
	assert_string_equal(t->proof.faults_hidden, "/dev/kmsg cannot be read (EPERM)");
	assert_null(t->proof.claims[CLAIM_OUTSIDE].fault);
	assert_says(t, CLAIM_PHYSICAL, "CAP_SYS_ADMIN");
}

static void test_proof_lets_a_device_go_that_is_asked_back(struct trial *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(models); i++)
		for (unsigned int at = 1; at < 12; at++) {
			t->asked_back = at;
			try_it(t, models[i], 0);
			assert_int_equal(t->r, -ECANCELED);
			assert_non_null(strstr(t->why->text, "asked for the device back"));
			/* A few transfers that are under way, no more, and no reset. */
			assert_in_range(t->fake.transfers, at, at + models[i]->transfers);
			assert_int_equal(t->fake.resets, 0);
			assert_int_not_equal(proof_answer(&t->proof), CLAIM_NO);
		}
}

/* Every call fails in turn. Behind a good IOMMU no failure may look like a leak, and where something
 * leaks none may turn its claim into a yes. */
static void every_call_fails(const struct fake_model *model, unsigned int faults,
			     enum claim_id leak)
{
	static const int errnos[] = { EIO, ENOMEM, EINVAL, EPERM, EINTR, ENODEV };
	/* At least so many, as the end asserts. */
	unsigned int calls = 50;

	for (unsigned int at = 1; at <= calls; at++)
		for (size_t e = 0; e < ARRAY_SIZE(errnos); e++) {
			struct trial t = { .fail_at = at, .fail_errno = errnos[e] };

			/* Two of them each time; all of them soon. Under a sanitizer, of a leak that is
			 * there anyway, every third call. */
			if (!scene_tries(at, e, ARRAY_SIZE(errnos)) ||
			    (VT_SANITIZED ? faults && at % 3 != 1 : (at + e) % 3))
				continue;
			try_it(&t, model, faults);
			for (unsigned int i = 0; i < NR_CLAIMS && !faults; i++)
				if (t.proof.claims[i].answer == CLAIM_NO && i != CLAIM_INTERRUPT)
					fail_msg("call %u, errno %d: %s", at, errnos[e],
						 t.proof.claims[i].evidence);
			if (faults && (proof_answer(&t.proof) == CLAIM_YES ||
				       t.proof.claims[leak].answer == CLAIM_YES))
				if (t.proof.claims[leak].answer != CLAIM_UNTRIED)
					fail_msg("faults %#x, call %u, errno %d: %s", faults, at,
						 errnos[e], t.proof.claims[leak].evidence);
			calls = t.fake.calls > calls ? t.fake.calls : calls;
			trial_end(&t);
		}
	assert_true(calls > 50);
}

static void test_proof_with_every_call_failing_in_turn(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(models); i++) {
		every_call_fails(models[i], 0, NR_CLAIMS);
		every_call_fails(models[i], FAKE_UNMAPS_LATE, CLAIM_AFTER_UNMAP);
		every_call_fails(models[i], FAKE_HALF_IOMMU, CLAIM_PHYSICAL);
		every_call_fails(models[i], FAKE_WRITES_BEHIND, CLAIM_BOUNDS);
		every_call_fails(models[i], FAKE_NO_IOMMU, CLAIM_PHYSICAL);
	}
}

static void test_dma_driver_by_identity(void)
{
	assert_ptr_equal(dma_driver_find(0x1234, 0x11e8, 0x00ff00), &dma_driver_edu);
	assert_ptr_equal(dma_driver_find(0x144d, 0xa808, 0x010802), &dma_driver_nvme);
	assert_ptr_equal(dma_driver_find(0x10de, 0x10f0, 0x040300), &dma_driver_hda);
	assert_ptr_equal(dma_driver_find(0x8086, 0xa170, 0x040380), &dma_driver_hda);
	assert_ptr_equal(dma_driver_find(0x8086, 0x100e, 0x020000), &dma_driver_e1000);
	assert_ptr_equal(dma_driver_find(0x8086, 0x10d3, 0x020000), &dma_driver_e1000e);
	assert_ptr_equal(dma_driver_find(0x1af4, 0x1000, 0x020000), &dma_driver_virtio_net);
	assert_ptr_equal(dma_driver_find(0x1af4, 0x1042, 0x010000), &dma_driver_virtio_blk);
	assert_null(dma_driver_find(0x1af4, 0x1045, 0x00ff00));
	assert_ptr_equal(dma_driver_find(0x8086, 0x2922, 0x010601), &dma_driver_ahci);
	assert_ptr_equal(dma_driver_find(0x8086, 0x0cfe, 0x088000), &dma_driver_dsa);
	assert_ptr_equal(dma_driver_find(0x8086, 0x2f21, 0x088000), &dma_driver_ioat);
	assert_ptr_equal(dma_driver_find(0x1912, 0x0014, 0x0c0330), &dma_driver_xhci);
	assert_null(dma_driver_find(0x1234, 0x11e9, 0x00ff00));
	assert_null(dma_driver_find(0x144d, 0xa808, 0x010800));
	assert_ptr_equal(dma_driver_find(0x8086, 0x10c9, 0x020000), &dma_driver_igb);
	assert_null(dma_driver_find(0x8086, 0x1521, 0x020000));
}
