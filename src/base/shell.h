/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words of commands that a person may paste into a shell. */
#pragma once

#include "base/arena.h"

/* @s as one word of a shell, which nothing in it can end and nothing in it acts upon, on a terminal neither: @s
 * itself where it is plain, else quoted in @a. What is not printable ASCII stands as $'\xHH', which shells without that
 * form take as it is written. */
const char *shell_word(struct arena *a, const char *s);
