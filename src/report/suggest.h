/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the name that the user probably meant. */
#pragma once

#include <stddef.h>

/* Edits (insert, delete, replace, swap of neighbours; a change of case is not one) from @a to @b; names
 * longer than 64 characters count as different. */
size_t suggest_distance(const char *a, const char *b);
/* The one of @names nearest to @text, or NULL when none is near enough to be meant. */
const char *suggest_nearest(const char *text, const char *const *names, size_t nr);
