/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes text from outside safe for a terminal or a document: control characters, bytes that are not UTF-8
 * and characters that reorder a line are escaped. Knows columns, not meanings. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

/* Whether all @len bytes are printable ASCII: nothing to escape, and a column each. */
bool escape_is_ascii(const char *s, size_t len);
/* @len bytes, with everything that a terminal could act on written as \xHH; with @utf8 false also
 * everything that is not ASCII. NUL-terminated, in @a; @s itself when nothing had to change and it ends
 * with a NUL at @len. */
const char *escape_text(struct arena *a, const char *s, size_t len, bool utf8);
/* @len bytes made valid UTF-8 for a JSON string: bytes that are none become \xHH. Control characters
 * stay: JSON escapes them itself. */
const char *escape_to_utf8(struct arena *a, const char *s, size_t len, size_t *ret_len);
/* Columns that @len bytes of escaped text take. */
size_t escape_width(const char *s, size_t len);
/* Bytes of @s to print on a line of @columns: breaks between words where it can, inside one only
 * when that word alone is wider than a line (@whole: than what is left). *@ret_next is where the next
 * line begins. */
size_t escape_break(const char *s, size_t columns, size_t *ret_next);
/* The longest start of @s of at most @columns columns, with an ellipsis when cut. In @a or @s itself. */
const char *escape_shorten(struct arena *a, const char *s, size_t columns, bool utf8);
