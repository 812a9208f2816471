/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory that is freed all at once. A snapshot, a prediction and a report each live in one arena,
 * so ownership is a question of which arena, never of which pointer. Allocation does not fail: a
 * process that cannot get a few kilobytes has nothing left to say, and ends with abort(). */
#pragma once

#include <stdarg.h>
#include <stddef.h>

#include "base/macro.h"

struct arena;

/* A new, empty arena; the caller frees it. */
struct arena *arena_new(void);
/* Frees @a and all it ever gave; NULL is fine. */
void arena_free(struct arena *a);
void arena_freep(struct arena **a);

/* @len zeroed bytes, aligned for any type, owned by @a. A length of 0 gives a valid pointer. */
void *arena_alloc(struct arena *a, size_t len);
/* An array of @nr elements of @size bytes, zeroed; abort() when the product overflows. */
void *arena_array(struct arena *a, size_t nr, size_t size);
/* Room for one more element behind the @nr of @old, where they are or in a larger copy: capacities are
 * powers of two, so appending costs amortised constant time. */
void *arena_grow(struct arena *a, void *old, size_t nr, size_t size);
/* @old of @old_len bytes, now @len: larger where it is when nothing was allocated since, else a copy. What
 * is new is zeroed. */
void *arena_resize(struct arena *a, void *old, size_t old_len, size_t len);
/* Takes back all that @a gave, and keeps a chunk for what comes: for work that repeats. */
void arena_reset(struct arena *a);
/* A copy of @len bytes of text and a NUL, not aligned for anything else; of NULL only the room. */
char *arena_text(struct arena *a, const char *s, size_t len);
/* A NUL-terminated copy of at most @len bytes. */
char *arena_strndup(struct arena *a, const char *s, size_t len);
char *arena_strdup(struct arena *a, const char *s);
char *arena_printf(struct arena *a, const char *fmt, ...) vt_printf(2, 3);
char *arena_vprintf(struct arena *a, const char *fmt, va_list ap) vt_printf(2, 0);
/* The texts up to NULL, one behind the other: for paths, a tenth of what arena_printf() takes. */
char *arena_join(struct arena *a, const char *first, ...) __attribute__((sentinel));
/* @number in decimal. */
char *arena_decimal(struct arena *a, unsigned int number);
/* A copy of @len bytes, aligned for any type and followed by a NUL that is not counted. */
void *arena_memdup(struct arena *a, const void *p, size_t len);

#define arena_new_object(a, type) ((type *)arena_alloc((a), sizeof(type)))
