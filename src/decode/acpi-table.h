/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the decoders of firmware tables share. Nothing outside decode/ includes it. */
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "base/parse.h"

static inline uint64_t acpi_get(const struct span *t, size_t at, unsigned int bytes)
{
	uint64_t value = 0;

	for (unsigned int i = 0; i < bytes; i++)
		value |= (uint64_t)(unsigned char)t->s[at + i] << (8 * i);
	return value;
}

static inline uint8_t acpi_get8(const struct span *t, size_t at)
{
	return (uint8_t)acpi_get(t, at, 1);
}

static inline uint16_t acpi_get16(const struct span *t, size_t at)
{
	return (uint16_t)acpi_get(t, at, 2);
}

static inline uint32_t acpi_get32(const struct span *t, size_t at)
{
	return (uint32_t)acpi_get(t, at, 4);
}

/* Checks signature and length (@min bytes at least) and gives the table exactly as long as its header says; with @a
 * one whose last byte was a newline and is missing gets it back. 0, or -EBADMSG. */
vt_must_check int acpi_table_open(struct span table, const char *signature, size_t min,
				  struct arena *a, struct span *ret);
