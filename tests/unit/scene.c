/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scene.h"

#include "base/macro.h"

struct arena *scene_arena;

int scene_arena_setup(void **state)
{
	*state = scene_arena = arena_new();
	return 0;
}

int scene_arena_teardown(void **state vt_unused)
{
	arena_free(scene_arena);
	return 0;
}
