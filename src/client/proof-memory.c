/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/proof-memory.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "base/macro.h"
#include "decode/procfs.h"

static const char *const area_names[] = {
	[AREA_FRONT] = "the page before the buffer",
	[AREA_SOURCE] = "the source",
	[AREA_TARGET] = "the target",
	[AREA_BEHIND] = "the page behind the buffer",
	[AREA_CANARY] = "the canary",
	[AREA_SEALED] = "the page mapped for reading",
};

int proof_memory_open(struct client *c, size_t page_size, uint64_t seed, struct proof_memory *ret)
{
	void *memory;
	int r;

	*ret = (struct proof_memory){
		.client = c,
		.page_size = page_size,
		.seed = seed,
		.held = { -EBADF, -EBADF },
	};
	r = c->sys->ops->mmap(c->sys, NR_AREAS * page_size, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0, &memory);
	if (r < 0)
		return r;
	ret->memory = memory;
	ret->expected = arena_alloc(c->arena, AREA_OWN * page_size);
	proof_memory_fill(ret);
	return 0;
}

void proof_memory_close(struct proof_memory *m)
{
	struct sys *sys = m->client->sys;

	for (size_t i = 0; i < ARRAY_SIZE(m->held); i++) {
		if (m->held[i] >= 0)
			sys->ops->close(sys, m->held[i]);
		m->held[i] = -EBADF;
	}
	if (m->memory)
		sys->ops->munmap(sys, m->memory, NR_AREAS * m->page_size);
	m->memory = NULL;
}

int proof_memory_hold(struct proof_memory *m)
{
	struct sys *sys = m->client->sys;

	return sys->ops->hold_pages(sys, m->memory, NR_AREAS * m->page_size, m->held);
}

uint8_t *proof_memory_at(const struct proof_memory *m, enum area area)
{
	return m->memory + (size_t)area * m->page_size;
}

uint8_t *proof_memory_expected(const struct proof_memory *m, enum area area)
{
	return m->expected + (size_t)area * m->page_size;
}

/* The splitmix64 generator: two words of a run are equal only by chance. */
static uint64_t next_word(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

void proof_memory_fill(struct proof_memory *m)
{
	size_t len = AREA_OWN * m->page_size;

	for (size_t i = 0; i < len; i += sizeof(uint64_t)) {
		uint64_t word = next_word(&m->seed);

		memcpy(m->expected + i, &word, sizeof(word));
	}
	memcpy(m->memory, m->expected, len);
	/* The data is in memory before the device is asked to read it. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

void proof_memory_accept(struct proof_memory *m, enum area area, size_t len)
{
	memcpy(proof_memory_expected(m, area), proof_memory_at(m, area), len);
}

static size_t count_changed(const uint8_t *a, const uint8_t *b, size_t len)
{
	size_t ret = 0;

	if (!memcmp(a, b, len))
		return 0;
	for (size_t i = 0; i < len; i++)
		ret += a[i] != b[i];
	return ret;
}

const char *proof_memory_changed(const struct proof_memory *m)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	for (unsigned int i = 0; i < AREA_OWN; i++) {
		enum area area = (enum area)i;
		size_t nr = count_changed(proof_memory_at(m, area), proof_memory_expected(m, area),
					  m->page_size);

		if (nr)
			return arena_printf(m->client->arena, "%zu bytes of %s changed", nr,
					    area_names[i]);
	}
	return NULL;
}

size_t proof_memory_compared(const struct proof_memory *m)
{
	return AREA_OWN * m->page_size;
}

int proof_memory_pinned(struct client *c, uint64_t *ret)
{
	struct sys *sys = c->sys;
	uint64_t locked = 0, pinned = 0;
	struct span text;
	char buf[4096];
	ssize_t n;
	int fd, r;

	fd = sys->ops->open(sys, "/proc/self/status", O_RDONLY);
	if (fd < 0)
		return fd;
	n = sys->ops->read(sys, fd, buf, sizeof(buf));
	sys->ops->close(sys, fd);
	if (n < 0)
		return (int)n;
	text = (struct span){ buf, (size_t)n };
	r = status_get_bytes(text, "VmLck", &locked);
	if (!r)
		r = status_get_bytes(text, "VmPin", &pinned);
	*ret = locked + pinned;
	return r;
}
