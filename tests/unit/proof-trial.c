/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proof-trial.h"

#include "scene.h"

static void count_progress(void *data, enum claim_id id)
{
	(void)id;
	((struct trial *)data)->progress++;
}

static void begin(struct trial *t)
{
	t->why = NULL;
	t->proof = (struct proof){ 0 };
	t->progress = 0;
	t->arena = arena_new();
}

int trial_setup(void **state)
{
	static struct trial it;

	it = (struct trial){ 0 };
	begin(&it);
	*state = &it;
	return 0;
}

int trial_teardown(void **state)
{
	trial_end(*state);
	return 0;
}

void trial_end(struct trial *t)
{
	failure_free(t->why);
	arena_free(t->arena);
}

void try_it(struct trial *t, const struct fake_model *model, unsigned int faults)
{
	struct space space = { .client = &t->client, .path = PATH_CONTAINER, .fd = FAKE_SPACE_FD };
	struct proof_request request = {
		.client = &t->client,
		.space = &space,
		.info = &fake_space,
		.object = "0000:00:04.0",
		.fd = FAKE_DEVICE_FD,
		.driver = dma_driver_find(model->vendor, model->device, model->class_code),
		.untranslated = faults & FAKE_NO_IOMMU,
		.page_size = 4096,
		.address_bits = t->address_bits,
		.seed = 42,
		.resettable = true,
		.progress = count_progress,
		.data = t,
	};

	trial_end(t);
	begin(t);
	fake_device_init(&t->fake, model, faults);
	t->fake.asked_back = t->asked_back;
	t->fake.fail_at = t->fail_at;
	t->fake.fail_errno = t->fail_errno;
	client_init(&t->client, &t->fake.sys, t->arena);
	assert_non_null(request.driver);
	t->r = proof_run(&request, &t->proof, &t->why);
	/* Whatever happened: */
	assert_int_equal(t->fake.open_fds, 0);
	assert_int_equal(t->fake.memory_size, 0);
	assert_null(t->fake.portal);
	assert_int_equal(t->r < 0, t->why != NULL);
	/* Unless it was the giving back itself that failed: closing the descriptors does it then. */
	if (t->fail_at)
		return;
	assert_int_equal(fake_device_mapped(&t->fake), 0);
	assert_int_equal(t->fake.command, faults & FAKE_ENABLED ? 6 : 0);
	assert_int_equal(t->fake.control, model->config ? 0 : 0x810);
	assert_int_equal(t->fake.irq_eventfd, -1);
	assert_int_equal(t->fake.req_eventfd, -1);
}

static const char letters[] = "-ynu"; /* untried, yes, no, unknown */

void assert_answers(const struct trial *t, const char *expected)
{
	char got[NR_CLAIMS + 1] = { 0 };

	for (unsigned int i = 0; i < NR_CLAIMS; i++)
		got[i] = letters[t->proof.claims[i].answer];
	if (strcmp(got, expected))
		for (unsigned int i = 0; i < NR_CLAIMS; i++)
			print_error("%s: %c %s\n", claim_name((enum claim_id)i), got[i],
				    t->proof.claims[i].evidence);
	assert_string_equal(got, expected);
}

void assert_says(const struct trial *t, enum claim_id id, const char *words)
{
	if (!strstr(t->proof.claims[id].evidence, words))
		fail_msg("%s says: %s", claim_name(id), t->proof.claims[id].evidence);
}
