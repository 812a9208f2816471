/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An arena for the life of a group of tests. */
#pragma once

#include "base/arena.h"

static struct arena *arena;

static inline int arena_setup(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static inline int arena_teardown(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}
