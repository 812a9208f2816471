/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For logmatch.c: the values that lines of logs have, one kind each. Each takes the text from @s to @end, and returns where
 * the value ends, or NULL when there is none at @s. */
#pragma once

#include <stdint.h>

#include "decode/logmatch.h"

const char *logvalue_number(const char *s, const char *end, uint32_t *ret);
/* With or without 0x. */
const char *logvalue_hex(const char *s, const char *end, uint64_t *ret);
const char *logvalue_address(const char *s, const char *end, struct pciaddr *ret);
/* "-22", "EINVAL", "Invalid argument", "Os { code: 22". Never NULL: *@ret is 0 when there is none. */
const char *logvalue_errno(const char *s, const char *end, int *ret);
/* A device, group and node that @ret does not have yet, from anywhere in @line: "host=01:00.0", an address with a domain,
 * "/dev/vfio/12", "/dev/vfio/devices/vfio3". */
void logvalue_fill(struct span line, struct log_values *ret);
