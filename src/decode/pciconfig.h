/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PCI configuration space: the fields of its header, and its two lists of capabilities, walked with bounds.
 * Registers have the names of libpci (and setpci). Pure: bytes in, values out. PCI Local Bus Specification
 * 3.0, chapter 6; PCI Express Base Specification, chapter 7. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

enum {
	PCICONFIG_LEGACY = 256, /* bytes without the extended part */
	PCICONFIG_MAX = 4096,
	/* Lists that visit every place there is. */
	PCICONFIG_CAPS_MAX = (PCICONFIG_LEGACY - 0x40) / 4,
	PCICONFIG_ECAPS_MAX = (PCICONFIG_MAX - PCICONFIG_LEGACY) / 4,
};

struct pciconfig {
	const uint8_t *bytes; /* borrowed */
	size_t len;           /* at most PCICONFIG_MAX */
};

enum pciconfig_format {
	PCICONFIG_HEX = 0,
	PCICONFIG_DECIMAL,
	PCICONFIG_FLAG,     /* of one bit */
	PCICONFIG_POWER,    /* 2 to the power of it */
	PCICONFIG_LESS_ONE, /* one more than it says */
};

/* What a write to a field can change besides the field. */
enum pciconfig_danger {
	PCICONFIG_HARMLESS = 0,
	PCICONFIG_ADDRESS, /* where the device answers */
	PCICONFIG_DECODE,  /* whether it answers, whether it does DMA */
	PCICONFIG_SIGNAL,  /* where its interrupts go; the kernel keeps its own copy of that */
	PCICONFIG_SLEEP,   /* its power state */
	PCICONFIG_RESETS,  /* the device starts again */
	PCICONFIG_VENDOR,  /* only the vendor knows */
};

/* One field: @bits bits from @shift on, of the @width bytes at @offset (from the start of the header or
 * of the capability). */
struct pciconfig_field {
	const char *name;
	uint16_t offset;
	uint8_t width, shift, bits;
	enum pciconfig_format format;
	enum pciconfig_danger danger;
};

struct pciconfig_cap {
	uint16_t id, offset;
	uint8_t version; /* extended ones only */
	bool extended;
	const char *name;  /* "MSIX", as in libpci's PCI_CAP_ID_MSIX; NULL when it has none */
	const char *title; /* in words, or NULL */
};

struct pciconfig_caps {
	struct pciconfig_cap *items; /* in the order of the lists; arena */
	size_t nr;
	const char *broken; /* why a list ends early, or NULL; static */
};

/* A register of @width bytes (1, 2, 4). False when it is not inside. */
bool pciconfig_read(const struct pciconfig *c, size_t offset, unsigned int width, uint32_t *ret);
/* The value of @f of what begins at @base. False when it is not inside. */
bool pciconfig_get(const struct pciconfig *c, size_t base, const struct pciconfig_field *f,
		   uint32_t *ret);
/* 0 device, 1 bridge, 2 CardBus bridge; 0xff when the space is too short to tell. */
unsigned int pciconfig_header_type(const struct pciconfig *c);
/* The fields of a header of that type. Static. */
const struct pciconfig_field *pciconfig_header_fields(unsigned int type, size_t *nr);
/* Walks both lists. A malformed entry ends its list, and 'broken' says why. In @a. */
void pciconfig_find_caps(const struct pciconfig *c, struct arena *a, struct pciconfig_caps *ret);
/* The fields known of a capability; NULL with 0 when none are. Static. */
const struct pciconfig_field *pciconfig_cap_fields(bool extended, uint16_t id, size_t *nr);
/* The name and title of an id, NULL when unknown. Static. */
const char *pciconfig_cap_name(bool extended, uint16_t id, const char **ret_title);
/* The first field with a danger that the @width bytes at @offset touch, or NULL; @ret_cap is the capability
 * it is in, NULL for the header. */
const struct pciconfig_field *pciconfig_danger(const struct pciconfig *c,
					       const struct pciconfig_caps *caps, size_t offset,
					       unsigned int width,
					       const struct pciconfig_cap **ret_cap);
