/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/pool.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/macro.h"
#include "scene.h"

enum { JOBS = 20, KILLED = 3, ENDED = 5, LONG = 7, LENGTH = 1 << 20 };

struct seen {
	unsigned int answered[JOBS], died[JOBS];
	char why[128];
};

static void work(void *ctx vt_unused, size_t index, struct strbuf *ret)
{
	if (index == KILLED)
		raise(SIGKILL);
	if (index == ENDED)
		_exit(7);
	strbuf_printf(ret, "%zu", index);
	for (size_t i = 0; index == LONG && i < LENGTH; i++)
		strbuf_add(ret, "x", 1);
}

static void answered(void *ctx, size_t index, struct span answer)
{
	struct seen *s = ctx;
	char want[24];

	snprintf(want, sizeof(want), "%zu", index);
	assert_int_equal(answer.len, strlen(want) + (index == LONG ? LENGTH : 0));
	assert_memory_equal(answer.s, want, strlen(want));
	s->answered[index]++;
}

static void died(void *ctx, size_t index, const char *why)
{
	struct seen *s = ctx;

	s->died[index]++;
	snprintf(s->why, sizeof(s->why), "%s", why);
}

static void run(size_t nr_workers)
{
	struct seen s = { 0 };
	const struct pool p = { .nr_jobs = JOBS,
				.nr_workers = nr_workers,
				.ctx = &s,
				.work = work,
				.answered = answered,
				.died = died };

	assert_int_equal(pool_run(&p, NULL), 0);
	for (size_t i = 0; i < JOBS; i++) {
		const bool dies = i == KILLED || i == ENDED;

		assert_int_equal(s.answered[i], !dies);
		assert_int_equal(s.died[i], dies);
	}
}

static void test_pool_one_worker_does_all_but_what_kills_it(void)
{
	run(1);
}

static void test_pool_many_workers(void)
{
	run(4);
}

static void test_pool_more_workers_than_jobs(void)
{
	run(JOBS + 3);
}

static void end_with_seven(void *ctx vt_unused, size_t index vt_unused,
			   struct strbuf *ret vt_unused)
{
	_exit(7);
}

static void test_pool_says_how_a_process_ended(void)
{
	struct seen s = { 0 };
	const struct pool p = { .nr_jobs = 1,
				.nr_workers = 1,
				.ctx = &s,
				.work = end_with_seven,
				.answered = answered,
				.died = died };

	assert_int_equal(pool_run(&p, NULL), 0);
	assert_string_equal(s.why, "the process that read it ended (status 7)");
}

static void test_pool_has_a_worker_for_each_processor(void)
{
	assert_true(pool_workers() >= 1);
}

static void test_pool_without_a_job(void)
{
	const struct pool p = { .work = work, .answered = answered, .died = died };

	assert_int_equal(pool_run(&p, NULL), 0);
}
