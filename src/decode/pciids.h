/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds names in the text of pci.ids without loading all of it: libpci puts every name into a table before
 * it returns one, which takes longer than reading a small host. Format: the comments at the head of
 * https://pci-ids.ucw.cz/v2.2/pci.ids. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/parse.h"

/* A vendor or class, and the lines below it. */
struct pciids_block {
	uint32_t id;
	bool class_block;
	struct span name, lines;
};

/* Borrowed from the text. */
struct pciids {
	struct pciids_block *blocks;
	size_t nr_blocks;
};

/* Notes where the vendors and classes of @text begin; the array is in @a. Lines that are neither these, nor
 * below them, nor comments are passed over. */
void pciids_index(struct span text, struct arena *a, struct pciids *ret);
/* The names as the text has them; false when it does not have them. */
bool pciids_vendor(const struct pciids *p, uint16_t vendor, struct span *ret);
bool pciids_device(const struct pciids *p, uint16_t vendor, uint16_t device, struct span *ret);
/* Of class @code >> 8, subclass @code & 0xff. */
bool pciids_class(const struct pciids *p, uint16_t code, struct span *ret);
