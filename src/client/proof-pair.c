/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/proof-pair.h"

#include <errno.h>
#include <stdarg.h>

#include "uapi/abi.h"
#include "client/proof-run.h"

/* Device @a is asked, and @b has the memory. */
struct ask {
	struct proof_run *a, *b;
	struct claim *ret;
};

typedef void ask_function(struct ask *q);

static void answer(const struct ask *q, enum claim_answer answer, const char *fmt, ...)
	vt_printf(3, 4);

static void answer(const struct ask *q, enum claim_answer answer, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	q->ret->evidence = arena_vprintf(q->a->request->client->arena, fmt, ap);
	va_end(ap);
	q->ret->answer = answer;
}

static size_t transfer_size(const struct ask *q)
{
	return q->a->test.kind->transfer;
}

/* New patterns everywhere, then @a stores to @iova. */
static int store(const struct ask *q, uint64_t iova)
{
	q->ret->has_iova = true;
	q->ret->iova = iova;
	proof_memory_fill(&q->a->memory);
	proof_memory_fill(&q->b->memory);
	faults_skip(&q->a->faults);
	return run_store(q->a, iova);
}

/* What changed in the memory of either, or NULL. */
static const char *changed(const struct ask *q)
{
	const char *ret = proof_memory_changed(&q->b->memory);
	const char *whose = q->b->request->object;

	if (!ret) {
		ret = proof_memory_changed(&q->a->memory);
		whose = q->a->request->object;
	}
	return ret ? arena_printf(q->a->request->client->arena, "%s, in memory of %s", ret, whose)
		   : NULL;
}

static void ask_shared(struct ask *q)
{
	uint64_t iova = q->b->iova[AREA_TARGET];
	const char *wrong;
	int r = store(q, iova);

	if (!run_arrived(q->a, &q->b->memory, AREA_TARGET)) {
		answer(q, run_was_told(r) ? CLAIM_NO : CLAIM_UNKNOWN,
		       "told to write to %#llx, where memory of %s is mapped: it does not arrive (%s)",
		       (unsigned long long)iova, q->b->request->object, q->a->test.said);
		return;
	}
	proof_memory_accept(&q->b->memory, AREA_TARGET, transfer_size(q));
	wrong = changed(q);
	if (wrong)
		answer(q, CLAIM_NO, "told to write to %#llx: %s", (unsigned long long)iova, wrong);
	else
		answer(q, CLAIM_YES, "%zu bytes arrived at %#llx, in memory that was mapped for %s",
		       transfer_size(q), (unsigned long long)iova, q->b->request->object);
}

/* The address is mapped for @b alone, and @b reaches it. */
static void ask_apart(struct ask *q)
{
	uint64_t iova = q->b->iova[AREA_TARGET];
	struct ask back = { q->b, q->b, q->ret };
	const char *said, *wrong;
	int r = store(q, iova);

	wrong = changed(q);
	said = q->a->test.said;
	if (wrong) {
		answer(q, CLAIM_NO, "told to write to %#llx, which is mapped for %s only: %s",
		       (unsigned long long)iova, q->b->request->object, wrong);
		return;
	}
	if (!run_was_told(r)) {
		answer(q, CLAIM_UNKNOWN, "the request to write to %#llx failed: %s",
		       (unsigned long long)iova, said);
		return;
	}
	q->ret->fault = faults_wait(&q->a->faults, iova, transfer_size(q), FAULT_TIMEOUT_MS);
	(void)store(&back, iova);
	if (!run_arrived(q->b, &q->b->memory, AREA_TARGET))
		answer(q, CLAIM_UNKNOWN,
		       "told to write to %#llx: nothing changed; but this tells nothing: %s does not reach it either (%s)",
		       (unsigned long long)iova, q->b->request->object, q->b->test.said);
	else
		answer(q, CLAIM_YES,
		       "told to write to %#llx: none of %zu bytes changed (%s); %s reaches the same address",
		       (unsigned long long)iova, 2 * proof_memory_compared(&q->a->memory), said,
		       q->b->request->object);
}

static void ask_one(struct proof_run runs[2], unsigned int i, ask_function *f, struct claim *ret)
{
	struct sys *sys = runs[i].request->client->sys;
	struct ask q = { &runs[i], &runs[!i], ret };
	uint64_t start = sys->ops->now_ns(sys);

	f(&q);
	ret->ns = sys->ops->now_ns(sys) - start;
}

/* Each shows that it moves data, which also says what it stores. */
static bool both_work(struct proof_run runs[2], struct claim ret[2])
{
	for (unsigned int i = 0; i < 2; i++) {
		if (claim_transfers(&runs[i]))
			continue;
		for (unsigned int k = 0; k < 2; k++)
			ret[k] = (struct claim){
				.answer = CLAIM_UNKNOWN,
				.evidence = arena_printf(runs[i].request->client->arena,
							 "%s does not move data as told: %s",
							 runs[i].request->object,
							 runs[i].proof->claims[CLAIM_DEVICE_WRITE]
								 .evidence),
			};
		return false;
	}
	return true;
}

static int run_pair(const struct proof_request requests[2], ask_function *f, struct claim ret[2],
		    struct failure **reterr)
{
	struct proof_request second = requests[1];
	struct proof_run runs[2];
	struct proof proofs[2];
	int r = run_begin(&runs[0], &requests[0], &proofs[0], reterr), began = 1;

	for (unsigned int i = 0; i < 2; i++)
		ret[i] = (struct claim){ .evidence = "what comes before it failed" };
	/* Apart from the first one's addresses. */
	second.low = runs[0].iova[AREA_FRONT] + NR_AREAS * (uint64_t)runs[0].page;
	if (!r) {
		r = run_begin(&runs[1], &second, &proofs[1], reterr);
		began = 2;
	}
	if (!r && both_work(runs, ret))
		for (unsigned int i = 0; i < 2; i++)
			ask_one(runs, i, f, &ret[i]);
	for (int i = 0; i < began; i++) {
		if (!r)
			r = run_check(&runs[i], reterr);
		run_end(&runs[i]);
	}
	return r;
}

int proof_pair_shared(const struct proof_request requests[2], struct claim ret[2],
		      struct failure **reterr)
{
	return run_pair(requests, ask_shared, ret, reterr);
}

int proof_pair_apart(const struct proof_request requests[2], struct claim ret[2],
		     struct failure **reterr)
{
	return run_pair(requests, ask_apart, ret, reterr);
}
