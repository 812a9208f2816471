/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a function can do beside plain DMA: ATS, PRI, PASID and resizable BARs, from its extended capabilities; and the
 * lines of its 'resource' attribute. Few registers are read, as by decode/pcigroup.h, whose reader gives them. The text
 * form is what a capture holds. PCI Express Base Specification 6.0, 7.8.6, 7.8.9, 10.5. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decode/pcigroup.h"

enum { PCIABILITY_BARS = 6 };

/* A resizable BAR by its registers. */
struct pcirebar {
	uint32_t cap, ctrl;
};

struct pciability {
	uint32_t size; /* bytes that could be read: 64, 256 or 4096 */
	enum pcigroup_cap ats, pri, pasid, rebar;
	uint32_t ats_cap, ats_ctrl; /* 10.5.1: control in bits 31:16 of the same word */
	uint32_t pri_ctrl, pri_status, pri_capacity, pri_allowed; /* 10.5.2; requests */
	uint32_t pasid_cap, pasid_ctrl;                           /* 7.8.9 */
	struct pcirebar rebars[PCIABILITY_BARS];
	size_t nr_rebars;
};

/* Reads a space of @size bytes. 0, or -ENODATA when not even the header can be read. */
vt_must_check int pciability_read(pcigroup_reader *read, void *ctx, size_t size,
				  struct pciability *ret);
/* The text form; in @a. */
const char *pciability_format(const struct pciability *p, struct arena *a);
/* 0, or -EBADMSG for a text that pciability_format() does not make. */
vt_must_check int pciability_parse(struct span text, struct pciability *ret);

/* Invalidations that its queue takes. */
unsigned int pciability_ats_queue(const struct pciability *p);
bool pciability_ats_on(const struct pciability *p);
bool pciability_pri_on(const struct pciability *p);
/* Bits of a PASID; 1 to 20. */
unsigned int pciability_pasid_bits(const struct pciability *p);
bool pciability_pasid_on(const struct pciability *p);
/* Number of the BAR, its size now and all that it can have: a mask of bytes, bit N is 2^N. 7.8.6. */
unsigned int pcirebar_bar(const struct pcirebar *r);
uint64_t pcirebar_size(const struct pcirebar *r);
uint64_t pcirebar_sizes(const struct pcirebar *r);

/* A line of 'resource': "START END FLAGS". linux: drivers/pci/pci-sysfs.c: resource_show(); bits of
 * include/linux/ioport.h. */
struct pciresource {
	uint64_t start, last;                /* both 0 when it has no address */
	bool used;                           /* it has a size */
	bool io, memory, prefetchable, wide; /* wide: 64 bits */
	bool disabled; /* a ROM that does not answer, a BAR that has no address */
};

/* Takes the next line. False at the end; a line that cannot be understood is one that is not used. */
bool pciresource_next(struct span *rest, struct pciresource *ret);
