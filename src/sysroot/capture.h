/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The capture file: one JSON value a line. The first is an object that names the format; each other is an
 * array [verb, path, answer] or [verb, path, null, errno], answer and path a string, or {"hex": "..."} for
 * bytes that are not UTF-8 text, errno a name, or a number where there is no name. Where the errno does not
 * tell the state of the fact, the state's name follows as a fifth. No pair of verb and path occurs twice.
 * Verbs: read link list stat access ask. A capture is hostile input: everything has a limit, and no path in
 * it is ever opened. */
#pragma once

#include <stdio.h>

#include "base/arena.h"
#include "base/fact.h"
#include "base/failure.h"

struct capture;

enum {
	CAPTURE_VERSION = 1,
	CAPTURE_LINE_MAX = 16 << 20,
	CAPTURE_TOTAL_MAX = 256 << 20,
	CAPTURE_ENTRIES_MAX = 4 << 20,
};

struct capture *capture_new(void);
void capture_free(struct capture *c);
/* Reads a whole capture from @in. 0, -EBADMSG with the line number in @reterr when the text is not a
 * capture, -E2BIG past a limit, or the errno of the read. */
int capture_load(FILE *in, struct capture **ret, struct failure **reterr);
/* The recorded answer, its strings borrowed from @c, or one with state FACT_UNREAD. */
struct fact capture_find(const struct capture *c, const char *verb, const char *path);
/* Keeps @f under (@verb, @path) when it is not there yet. Copies. */
void capture_add(struct capture *c, const char *verb, const char *path, const struct fact *f);
/* All entries in the order they came. 0, or a negative errno. */
int capture_write(const struct capture *c, FILE *out);
