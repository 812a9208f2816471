/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Jobs in processes of their own, which may only read: each is answered with bytes, and one that dies takes nothing else with
 * it. */
#pragma once

#include <stddef.h>

#include "base/failure.h"
#include "base/strbuf.h"

enum {
	POOL_CPU_SECONDS = 60,    /* of a processor that a job gets */
	POOL_MEMORY = 1 << 30,    /* bytes of memory that it gets */
	POOL_ANSWER_MAX = 1 << 26 /* bytes of an answer */
};

struct pool {
	size_t nr_jobs, nr_workers;
	void *ctx;
	/* In a worker: does job @index and adds the answer to @ret. */
	void (*work)(void *ctx, size_t index, struct strbuf *ret);
	/* In this process, in any order: the answer, or why there is none. */
	void (*answered)(void *ctx, size_t index, struct span answer);
	void (*died)(void *ctx, size_t index, const char *why);
};

/* One worker for each processor that this process may use. */
size_t pool_workers(void);
/* Does all jobs. 0, or the negative errno of what a first worker lacks. */
int pool_run(const struct pool *p, struct failure **reterr);
