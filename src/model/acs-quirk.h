/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Devices that isolate without the registers for it, or whose registers say something else: the kernel's own table, as
 * rows. linux: drivers/pci/quirks.c: pci_dev_acs_enabled[], pci_dev_specific_acs_enabled(). */
#pragma once

#include "model/trait.h"

enum acs_quirk {
	ACS_QUIRK_NONE = 0,
	ACS_QUIRK_AMD_SOUTHBRIDGE, /* several functions on a root bus, and the firmware has an IVRS table */
	ACS_QUIRK_VENDOR,          /* the vendor says that its functions do not reach each other */
	ACS_QUIRK_INTEGRATED, /* integrated endpoints of Intel */
	ACS_QUIRK_PORT,       /* ports of its root complex that do not reach each other */
	ACS_QUIRK_AMAZON,     /* the same, of root ports only */
	ACS_QUIRK_PCH,        /* root ports of older Intel chipsets, by registers of the chipset */
	ACS_QUIRK_SPT,        /* root ports of Intel whose control register is elsewhere */
	ACS_QUIRK_CAVIUM,
	ACS_QUIRK_ZHAOXIN,
	ACS_QUIRK_WANGXUN,
};

struct acs_row {
	uint16_t vendor, device; /* of the device: 0xffff is any */
	enum acs_quirk quirk;
	enum release since; /* stable kernels of earlier releases may have it too */
	bool in_5_10;       /* Linux 5.10.223 has it */
	uint16_t line;      /* in drivers/pci/quirks.c of Linux 6.12.107 */
};

/* NULL past the last. */
const struct acs_row *acs_row_get(size_t index);

/* What the rows ask of a function. */
struct acs_subject {
	uint16_t vendor, device;
	bool is_pcie;
	uint8_t type;       /* enum pcie_type */
	bool multifunction; /* as the kernel sees it */
	bool on_root_bus;
	enum tristate has_ivrs;
	bool has_acs; /* the capability, with acs_cap and, behind it, acs_next */
	uint16_t acs_cap;
	uint32_t acs_next;
};

struct acs_verdict {
	/* TRI_UNKNOWN: no row answers, or it is not known whether one does. */
	enum tristate isolates;
	const struct acs_row *row; /* that answers; NULL when none does */
	bool perhaps;              /* only some kernels of those asked have the row */
};

/* The answer of the first row that has one, on the kernels @releases. */
void acs_quirk_ask(const struct acs_subject *s, uint64_t releases, struct acs_verdict *ret);
