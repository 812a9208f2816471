/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names to objects. */
#pragma once

#include <stddef.h>

#include "base/arena.h"
#include "base/parse.h"

struct table {
	struct arena *arena;
	struct table_slot *slots;
	size_t nr, size; /* size is a power of two */
};

/* The object under @name, or NULL. */
void *table_find(const struct table *t, const char *name);
void *table_find_span(const struct table *t, struct span name);
/* Keeps @object under @name, which is borrowed and not there yet. */
void table_add(struct table *t, const char *name, void *object);
/* Makes room for @nr names in all, when it is known how many will come. */
void table_reserve(struct table *t, size_t nr);
