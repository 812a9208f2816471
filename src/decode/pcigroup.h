/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What grouping asks of a function's configuration space: header, PCI Express port type, ACS. Few registers are read,
 * because some devices do not bear to be read where nothing is. Pure: a reader gives the registers. The text
 * form is what a capture holds: nothing else of the space leaves the host. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/parse.h"

enum {
	PCIGROUP_HEADER = 64, /* bytes that anybody may read */
};

/* Whether a capability is there. */
enum pcigroup_cap {
	PCIGROUP_UNREAD = 0, /* the caller may not read it, or the list is broken before it */
	PCIGROUP_NONE,
	PCIGROUP_PRESENT,
};

/* PCI Express Base Specification, 7.5.3.2: Device/Port Type. */
enum pcie_type {
	PCIE_ENDPOINT = 0,
	PCIE_LEGACY_ENDPOINT = 1,
	PCIE_ROOT_PORT = 4,
	PCIE_UPSTREAM = 5,
	PCIE_DOWNSTREAM = 6,
	PCIE_TO_PCI = 7,
	PCI_TO_PCIE = 8,
	PCIE_INTEGRATED_ENDPOINT = 9,
	PCIE_EVENT_COLLECTOR = 10,
};

/* Bits of the capability and of the control register of ACS. */
enum acs_bit {
	ACS_SV = 0x01, /* source validation */
	ACS_TB = 0x02, /* translation blocking */
	ACS_RR = 0x04, /* peer-to-peer request redirect */
	ACS_CR = 0x08, /* peer-to-peer completion redirect */
	ACS_UF = 0x10, /* upstream forwarding */
	ACS_EC = 0x20, /* peer-to-peer egress control */
	ACS_DT = 0x40, /* direct translated peer-to-peer */
};

struct pcigroup {
	uint32_t size; /* bytes that could be read: 64, 256 or 4096 */
	bool gone;     /* all ones: the device does not answer */
	uint8_t header_type;
	bool multifunction;
	uint8_t secondary, subordinate; /* of a bridge */
	enum pcigroup_cap pcie;
	uint8_t type; /* enum pcie_type */
	bool has_slot;
	uint16_t slot; /* physical slot number */
	enum pcigroup_cap acs;
	uint16_t acs_cap, acs_ctrl;
	/* The 32 bits behind: where some Intel ports keep their control register. */
	uint32_t acs_next;
};

/* The @width bytes (1, 2, 4) at @offset; false when they cannot be read. */
typedef bool pcigroup_reader(void *ctx, size_t offset, unsigned int width, uint32_t *ret);

/* Where the extended capability @id is, in a space of 4096 bytes: *@ret is 0 when there is none. False when the list breaks
 * off before. */
bool pcigroup_find_extended(pcigroup_reader *read, void *ctx, uint16_t id, uint32_t *ret);
/* Reads a space of @size bytes. 0, or -ENODATA when not even the header can be read. linux:
 * drivers/pci/pci.c: pci_find_capability(), pci_find_ext_capability(). */
vt_must_check int pcigroup_read(pcigroup_reader *read, void *ctx, size_t size,
				struct pcigroup *ret);
/* The text form; in @a. */
const char *pcigroup_format(const struct pcigroup *p, struct arena *a);
/* 0, or -EBADMSG for a text that pcigroup_format() does not make. */
vt_must_check int pcigroup_parse(struct span text, struct pcigroup *ret);
