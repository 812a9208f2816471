/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/table.h"

#include <stdint.h>
#include <string.h>

struct table_slot {
	const char *name;
	void *object;
};

/* FNV-1a. Names come from the host itself or a capture, where a slow table harms only its owner. */
static size_t name_hash(const char *name)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
	return (size_t)(hash ^ hash >> 32);
}

static struct table_slot *slot_of(const struct table *t, const char *name)
{
	size_t i = name_hash(name) & (t->size - 1);

	while (t->slots[i].name && strcmp(t->slots[i].name, name))
		i = (i + 1) & (t->size - 1);
	return &t->slots[i];
}

void *table_find(const struct table *t, const char *name)
{
	return t->size ? slot_of(t, name)->object : NULL;
}

static void table_grow(struct table *t)
{
	struct table old = *t;

	t->size = old.size ? 2 * old.size : 64;
	t->slots = arena_array(t->arena, t->size, sizeof(*t->slots));
	for (size_t i = 0; i < old.size; i++)
		if (old.slots[i].name)
			*slot_of(t, old.slots[i].name) = old.slots[i];
}

void table_add(struct table *t, const char *name, void *object)
{
	if (2 * (t->nr + 1) > t->size)
		table_grow(t);
	*slot_of(t, name) = (struct table_slot){ name, object };
	t->nr++;
}
