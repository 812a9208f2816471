/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of logs against many patterns at once: all lines are searched for one part of each pattern in one pass, and only a
 * hit is compared in full. What a line means is not known here. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/parse.h"
#include "decode/pciaddr.h"

enum {
	LOG_PATTERNS_MAX = 512,
	LOG_LINE_MAX = 1 << 16, /* bytes; what follows in a longer line is not looked at */
};

/* What a line says, as far as it does. */
struct log_values {
	bool has_device, has_group, has_iova, has_size, has_region, has_cdev;
	struct pciaddr device;
	uint32_t group;
	uint32_t region;     /* number of a BAR */
	uint32_t cdev;       /* 3 of vfio3 */
	int err;             /* positive errno; 0: none */
	uint64_t iova, size; /* bytes */
};

struct log_match {
	size_t pattern; /* its index */
	struct log_values values;
};

struct logmatch;

/* Compiles the @nr (LOG_PATTERNS_MAX at most) @patterns; everything in @a, the texts are borrowed. A pattern may stand
 * anywhere in a line. The case of ASCII letters does not matter. It begins with literal text and has these places:
 *
 *   {bdf}     a PCI address, with or without a domain
 *   {group} {region} {cdev} {n}   a decimal number; n: of no interest
 *   {errno}   a number, a name, or the text of strerror(3) in C; none of these: no errno, and the pattern matches
 *   {iova} {size} {x}   a hexadecimal number, with or without 0x; x: of no interest
 *   {word}    anything but blanks
 *   {any}     anything, up to 256 bytes
 *
 * NULL when there are too many patterns, or one is not of this form. */
struct logmatch *logmatch_new(struct arena *a, const char *const *patterns, size_t nr);

/* Whether a pattern is in @line: the first of them in the order of the table. It takes what is not in the text of that
 * pattern from the other ones in the line, and a device, group or node from anywhere in it. */
bool logmatch_line(const struct logmatch *m, struct span line, struct log_match *ret);

/* Lines out of bytes as they come, in constant memory. */
struct loglines {
	char *buf; /* LOG_LINE_MAX bytes */
	size_t len;
	uint64_t number; /* of the line before, from 1; 0: none */
};

typedef void loglines_found(void *ctx, uint64_t number, struct span line);

void loglines_init(struct loglines *l, struct arena *a);
/* Calls @found for each line that ends in @data, without its newline and without escape sequences of a terminal. */
void loglines_feed(struct loglines *l, struct span data, loglines_found *found, void *ctx);
/* The same for a last line without a newline. */
void loglines_end(struct loglines *l, loglines_found *found, void *ctx);
