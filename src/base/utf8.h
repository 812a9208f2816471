/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Characters of text from outside. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decodes the UTF-8 character at @s, of which @len bytes may be read. Returns its length in bytes, or 0
 * when the bytes are not a character (also for overlong forms, surrogates and a short end). */
size_t utf8_decode(const char *s, size_t len, uint32_t *ret);
/* Whether a terminal acts on @c, or reorders the line because of it. */
bool utf8_acts(uint32_t c);
