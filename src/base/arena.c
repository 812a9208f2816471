/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/macro.h"

/* Under a sanitizer each allocation is a block of its own, so that a step past its end is seen. */
enum { ARENA_EXACT = VT_SANITIZED };

/* Each chunk is as large as all before it: many arenas hold a few words, and some a large host. From
 * where they are worth it, chunks are made of huge pages. */
enum {
	ARENA_CHUNK_MIN = 2 << 10,
	ARENA_CHUNK_SMALL = 256 << 10,
	HUGE_PAGE = 2 << 20,
	ARENA_CHUNK_MAX = 16 << 20,
};

struct chunk {
	struct chunk *next;
	size_t used, size;
	size_t mapped; /* bytes of an own mapping, header included; 0: of the heap */
	_Alignas(max_align_t) unsigned char data[];
};

struct arena {
	struct chunk *chunks;
	size_t next_size;
};

struct arena *arena_new(void)
{
	struct arena *a = calloc(1, sizeof(*a));

	if (!a)
		abort();
	return a;
}

static void chunk_free(struct chunk *c)
{
	if (c->mapped)
		munmap(c, c->mapped);
	else
		free(c);
}

void arena_free(struct arena *a)
{
	struct chunk *c, *next;

	if (!a)
		return;
	for (c = a->chunks; c; c = next) {
		next = c->next;
		chunk_free(c);
	}
	free(a);
}

void arena_freep(struct arena **a)
{
	arena_free(*a);
	*a = NULL;
}

/* A page fault for each 4 KiB is a good part of what a large snapshot costs: memory that begins with a huge
 * page, or NULL. Zeroed. */
static struct chunk *chunk_map(size_t len)
{
	size_t room = len + HUGE_PAGE, before;
	unsigned char *p;

	p = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return NULL;
	before = (size_t)(-(uintptr_t)p & (HUGE_PAGE - 1));
	if (before)
		munmap(p, before);
	munmap(p + before + len, room - before - len);
	madvise(p + before, len, MADV_HUGEPAGE);
	((struct chunk *)(void *)(p + before))->mapped = len;
	return (void *)(p + before);
}

static struct chunk *chunk_new(size_t size)
{
	size_t len = sizeof(struct chunk) + size;
	struct chunk *c = NULL;

	if (len > SIZE_MAX / 2 || len < size)
		abort();
	if (!ARENA_EXACT && len >= HUGE_PAGE) {
		len = (len + 4095) & ~(size_t)4095;
		c = chunk_map(len);
	}
	if (!c)
		c = calloc(1, len);
	if (!c)
		abort();
	c->size = len - sizeof(*c);
	return c;
}

static struct chunk *chunk_add(struct arena *a, size_t len)
{
	size_t next = a->next_size ? a->next_size : ARENA_CHUNK_MIN;
	bool own = ARENA_EXACT || len > next / 4;
	struct chunk *c = chunk_new(own ? len : next - sizeof(*c));

	if (next < ARENA_CHUNK_MAX)
		a->next_size = next == ARENA_CHUNK_SMALL ? HUGE_PAGE : 2 * next;
	/* A large block of its own goes behind the current chunk, whose rest stays in use. */
	if (a->chunks && own) {
		c->next = a->chunks->next;
		a->chunks->next = c;
	} else {
		c->next = a->chunks;
		a->chunks = c;
	}
	return c;
}

/* @len zeroed bytes at a multiple of @align, a power of two. */
static inline void *chunk_take(struct arena *a, size_t len, size_t align)
{
	struct chunk *c = a->chunks;
	size_t at;

	if (len > SIZE_MAX / 2)
		abort();
	if (ARENA_EXACT)
		return chunk_add(a, len)->data;
	at = c ? (c->used + align - 1) & ~(align - 1) : 0;
	if (!c || at > c->size || c->size - at < len) {
		c = chunk_add(a, len);
		at = c->used;
	}
	c->used = at + len;
	return c->data + at;
}

void *arena_alloc(struct arena *a, size_t len)
{
	return chunk_take(a, len ? len : 1, _Alignof(max_align_t));
}

void *arena_array(struct arena *a, size_t nr, size_t size)
{
	size_t len;

	if (__builtin_mul_overflow(nr, size, &len))
		abort();
	return arena_alloc(a, len);
}

/* Whether the block at @p, the last one given, could become @len bytes long where it is. */
static bool chunk_extend(struct arena *a, const void *p, size_t old_len, size_t len)
{
	struct chunk *c = a->chunks;

	if (ARENA_EXACT || !c || (const unsigned char *)p + old_len != c->data + c->used ||
	    len - old_len > c->size - c->used)
		return false;
	c->used += len - old_len;
	return true;
}

void *arena_resize(struct arena *a, void *old, size_t old_len, size_t len)
{
	void *p;

	if (old_len && chunk_extend(a, old, old_len, len))
		return old;
	p = arena_alloc(a, len);
	if (old_len)
		memcpy(p, old, old_len);
	return p;
}

void *arena_grow(struct arena *a, void *old, size_t nr, size_t size)
{
	size_t len;

	/* Capacity is the smallest power of two that holds @nr. */
	if (nr & (nr - 1))
		return old;
	if (__builtin_mul_overflow(nr ? 2 * nr : 1, size, &len))
		abort();
	return arena_resize(a, old, nr * size, len);
}

void arena_reset(struct arena *a)
{
	struct chunk *keep = ARENA_EXACT ? NULL : a->chunks, *c, *next;

	for (c = a->chunks; c; c = next) {
		next = c->next;
		if (c != keep)
			chunk_free(c);
	}
	a->chunks = keep;
	if (!keep)
		return;
	keep->next = NULL;
	memset(keep->data, 0, keep->used);
	keep->used = 0;
}

void *arena_memdup(struct arena *a, const void *p, size_t len)
{
	char *ret = arena_alloc(a, len + 1);

	if (len)
		memcpy(ret, p, len);
	return ret;
}

char *arena_text(struct arena *a, const char *s, size_t len)
{
	char *ret = chunk_take(a, len + 1, 1);

	if (s && len)
		memcpy(ret, s, len);
	return ret;
}

char *arena_strndup(struct arena *a, const char *s, size_t len)
{
	return arena_text(a, s, strnlen(s, len));
}

char *arena_strdup(struct arena *a, const char *s)
{
	return arena_text(a, s, strlen(s));
}

char *arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
	char small[256];
	va_list again;
	char *ret;
	int len;

	va_copy(again, ap);
	len = vsnprintf(small, sizeof(small), fmt, again);
	va_end(again);
	if (len < 0)
		abort();
	if ((size_t)len < sizeof(small))
		return arena_text(a, small, (size_t)len);
	ret = chunk_take(a, (size_t)len + 1, 1);
	vsnprintf(ret, (size_t)len + 1, fmt, ap);
	return ret;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *ret;

	va_start(ap, fmt);
	ret = arena_vprintf(a, fmt, ap);
	va_end(ap);
	return ret;
}

char *arena_join(struct arena *a, const char *first, ...)
{
	size_t len = 0, at = 0;
	const char *s;
	va_list ap;
	char *ret;

	va_start(ap, first);
	for (s = first; s; s = va_arg(ap, const char *))
		len += strlen(s);
	va_end(ap);
	ret = chunk_take(a, len + 1, 1);
	va_start(ap, first);
	for (s = first; s; s = va_arg(ap, const char *)) {
		size_t n = strlen(s);

		memcpy(ret + at, s, n);
		at += n;
	}
	va_end(ap);
	return ret;
}

char *arena_decimal(struct arena *a, unsigned int number)
{
	char digits[16], *at = digits + sizeof(digits);

	do {
		*--at = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	return arena_strndup(a, at, (size_t)(digits + sizeof(digits) - at));
}
