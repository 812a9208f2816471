/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names to objects. */
#pragma once

#include <stddef.h>

#include "base/arena.h"
#include "base/parse.h"

struct strmap {
	struct arena *arena;
	struct strmap_slot *slots;
	size_t nr, size; /* size is a power of two */
};

/* The object under @name, or NULL. */
void *strmap_find(const struct strmap *t, const char *name);
void *strmap_find_span(const struct strmap *t, struct span name);
/* Keeps @object under @name, which is borrowed and not there yet. */
void strmap_add(struct strmap *t, const char *name, void *object);
/* Makes room for @nr names in all, when the caller knows their number. */
void strmap_reserve(struct strmap *t, size_t nr);
