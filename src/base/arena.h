/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory that is freed all at once. A snapshot, a prediction and a report each live in one arena: the arena
 * is the owner, never a single pointer. Allocation does not fail: a process that cannot get a few kilobytes
 * ends with abort(). */
#pragma once

#include <stdarg.h>
#include <stddef.h>

#include "base/macro.h"

struct arena;

/* A new, empty arena; the caller frees it. */
struct arena *arena_new(void);
/* Frees @a and all memory that it gave; NULL is fine. */
void arena_free(struct arena *a);
void arena_freep(struct arena **a);

/* @len zeroed bytes, aligned for any type, owned by @a. A length of 0 gives a valid pointer. */
void *arena_alloc(struct arena *a, size_t len);
/* An array of @nr elements of @size bytes, zeroed; abort() when the product overflows. */
void *arena_array(struct arena *a, size_t nr, size_t size);
/* Makes room for one more element behind the @nr of @old, in place or in a larger copy. Capacities are
 * powers of two, so appending costs amortised constant time. */
void *arena_grow(struct arena *a, void *old, size_t nr, size_t size);
/* Resizes @old from @old_len to @len bytes: in place when nothing was allocated since, else as a copy. New
 * bytes are zero. */
void *arena_resize(struct arena *a, void *old, size_t old_len, size_t len);
/* Takes back all memory that @a gave, and keeps one chunk for reuse: for work that repeats. */
void arena_reset(struct arena *a);
/* A copy of @len bytes of text and a NUL, without alignment. When @s is NULL: only the room. */
char *arena_text(struct arena *a, const char *s, size_t len);
/* A NUL-terminated copy of at most @len bytes. */
char *arena_strndup(struct arena *a, const char *s, size_t len);
char *arena_strdup(struct arena *a, const char *s);
char *arena_printf(struct arena *a, const char *fmt, ...) vt_printf(2, 3);
char *arena_vprintf(struct arena *a, const char *fmt, va_list ap) vt_printf(2, 0);
/* Joins the texts up to NULL. For paths: it takes a tenth of the time of arena_printf(). */
char *arena_join(struct arena *a, const char *first, ...) __attribute__((sentinel));
/* @number in decimal. */
char *arena_decimal(struct arena *a, unsigned int number);
/* A copy of @len bytes, aligned for any type and followed by a NUL that is not counted. */
void *arena_memdup(struct arena *a, const void *p, size_t len);

#define arena_new_object(a, type) ((type *)arena_alloc((a), sizeof(type)))
