/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text to numbers, strictly: the whole text or nothing, never a default. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"

/* A piece of text that is not NUL-terminated. Borrowed from what it was cut from. */
struct span {
	const char *s;
	size_t len;
};

/* Parses all of @s in @base (10, 16 with or without 0x, or 0: decimal or 0x) into @ret. 0; -EINVAL when
 * there is anything but digits (a sign or a space too); -ERANGE past 64 bits. */
vt_must_check int parse_u64(const char *s, unsigned int base, uint64_t *ret);
vt_must_check int parse_u64_span(struct span s, unsigned int base, uint64_t *ret);
vt_must_check int parse_u32(const char *s, unsigned int base, uint32_t *ret);

/* A number of bytes: decimal or 0x, then nothing or a binary unit: K M G T P, or KiB and so on, in any
 * case. 0, -EINVAL, or -ERANGE past 64 bits. */
vt_must_check int parse_size(const char *s, uint64_t *ret);

/* Cuts the next line off @rest, without its newline. False at the end. */
bool parse_line(struct span *rest, struct span *line);
/* Cuts the next item of a list with commas off @rest; it may be empty. False at the end, and behind a last comma. */
bool parse_item(struct span *rest, struct span *item);
/* Cuts the next word (blanks and tabs separate) off @rest. False when there is none. */
bool parse_word(struct span *rest, struct span *word);
bool span_equals(struct span s, const char *text);
/* @s without the white space around it. */
struct span span_strip(struct span s);
/* Whether @text of @len bytes is printable ASCII plus blanks, tabs and newlines. */
bool text_is_plain(const char *text, size_t len);
