/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/strmap.h"

#include <stdint.h>
#include <string.h>

struct strmap_slot {
	const char *name;
	void *object;
};

/* FNV-1a. It starts with the address of the slots, which differs from run to run: a capture cannot choose
 * names that collide. */
static size_t name_hash(const struct strmap *t, struct span name)
{
	uint64_t hash =
		UINT64_C(0xcbf29ce484222325) ^ (uintptr_t)t->slots * UINT64_C(0x9e3779b97f4a7c15);

	for (size_t i = 0; i < name.len; i++)
		hash = (hash ^ (unsigned char)name.s[i]) * UINT64_C(0x100000001b3);
	return (size_t)(hash ^ hash >> 32);
}

static struct strmap_slot *slot_of(const struct strmap *t, struct span name)
{
	size_t i = name_hash(t, name) & (t->size - 1);

	while (t->slots[i].name && !span_equals(name, t->slots[i].name))
		i = (i + 1) & (t->size - 1);
	return &t->slots[i];
}

void *strmap_find_span(const struct strmap *t, struct span name)
{
	return t->size ? slot_of(t, name)->object : NULL;
}

void *strmap_find(const struct strmap *t, const char *name)
{
	return strmap_find_span(t, (struct span){ name, strlen(name) });
}

static void table_resize(struct strmap *t, size_t size)
{
	struct strmap old = *t;

	t->size = size;
	t->slots = arena_array(t->arena, t->size, sizeof(*t->slots));
	for (size_t i = 0; i < old.size; i++) {
		const char *name = old.slots[i].name;

		if (name)
			*slot_of(t, (struct span){ name, strlen(name) }) = old.slots[i];
	}
}

void strmap_reserve(struct strmap *t, size_t nr)
{
	size_t size = t->size ? t->size : 64;

	/* At most three quarters are ever full. */
	while (size / 4 * 3 < nr)
		size *= 2;
	if (size > t->size)
		table_resize(t, size);
}

void strmap_add(struct strmap *t, const char *name, void *object)
{
	strmap_reserve(t, t->nr + 1);
	*slot_of(t, (struct span){ name, strlen(name) }) = (struct strmap_slot){ name, object };
	t->nr++;
}
