/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words of commands that a person may paste into a shell. */
#pragma once

#include "base/arena.h"

/* @s as one word of a shell: nothing in it can end the word, and neither shell nor terminal acts on it. @s
 * itself where it is plain, else quoted in @a. Bytes that are not printable ASCII become $'\xHH'; a shell
 * without that form takes it literally. */
const char *shell_word(struct arena *a, const char *s);
