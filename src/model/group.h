/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which PCI functions share an IOMMU group, and why: what the kernel does for each function in the order in which it
 * finds them, on a snapshot. A function joins the group of the first it meets that has one, so that each has at most
 * one link, and the links are the reasons. linux: drivers/iommu/iommu.c: pci_device_group(). */
#pragma once

#include "facts/host.h"
#include "model/acs-quirk.h"
#include "model/dma-alias.h"

/* What the kernel asks of ACS. linux: drivers/iommu/iommu.c: REQ_ACS_FLAGS. */
enum { ACS_REQUIRED = ACS_SV | ACS_RR | ACS_CR | ACS_UF };

/* Why a function isolates, does not, or nobody can tell. linux: drivers/pci/pci.c: pci_acs_enabled(). */
enum acs_reason {
	ACS_BECAUSE_NONE = 0,
	ACS_BECAUSE_QUIRK,         /* the kernel's table says so: row */
	ACS_BECAUSE_CONVENTIONAL,  /* no: not PCI Express */
	ACS_BECAUSE_KIND,          /* no: a bridge to or from PCI, or an event collector */
	ACS_BECAUSE_NO_CAPABILITY, /* no */
	ACS_BECAUSE_BITS,          /* no: missing says which */
	ACS_BECAUSE_ENABLED,       /* yes: all that it can do is on */
	ACS_BECAUSE_SINGLE,        /* yes: it has one function */
	ACS_BECAUSE_UNNEEDED,      /* yes: nothing is asked of its kind */
	ACS_BECAUSE_OVERRIDE,      /* yes: pcie_acs_override= makes the kernel believe it */
	ACS_BECAUSE_UNREAD,        /* unknown: its configuration space is not known */
	ACS_BECAUSE_KERNEL,   /* unknown: only some of the kernels have row, or it grew later */
	ACS_BECAUSE_FIRMWARE, /* unknown: row asks for a firmware table that cannot be seen */
};

struct acs_answer {
	enum tristate isolates;
	enum acs_reason reason;
	uint16_t missing; /* enum acs_bit: implemented and asked for, but off */
	const struct acs_row *row;
};

/* How a function came to its group. */
enum group_link {
	GROUP_LINK_NONE = 0, /* a group of its own */
	GROUP_LINK_DMA,      /* its DMA is that of another device */
	GROUP_LINK_BRIDGE, /* cause, a bridge of conventional PCI, puts its own address on requests */
	GROUP_LINK_PATH,   /* cause, a bridge above, does not isolate */
	GROUP_LINK_FUNCTION, /* a function of the same device, and neither isolates */
	GROUP_LINK_ALIAS,    /* cause uses the address of another for DMA */
};

/* Why the group of a function cannot be computed. */
enum group_doubt {
	GROUP_DOUBT_NONE = 0,
	GROUP_DOUBT_CONFIG,   /* the configuration space of doubtful is not known */
	GROUP_DOUBT_KERNEL,   /* the kernels asked treat doubtful differently */
	GROUP_DOUBT_PLACE,    /* where it is cannot be read, or contradicts itself */
	GROUP_DOUBT_ALIAS,    /* the registers of doubtful say whose address it uses */
	GROUP_DOUBT_FIRMWARE, /* whether the firmware has an IVRS table decides about doubtful */
};

struct group_node {
	const struct device *device; /* borrowed */
	const char *name;            /* its address, a new one when a what-if moved it */
	uint32_t domain;
	uint8_t bus, devfn;
	struct group_node *bridge;       /* of its bus; NULL on a root bus */
	struct group_node *dma;          /* whose DMA it is, or NULL */
	struct group_node *child, *next; /* on the bus behind it, and beside it, by address */
	struct pcigroup config;
	bool config_known, is_vf;
	bool placed;     /* its place is known */
	bool takes_part; /* the kernel gives it a group */
	bool removed;    /* by a what-if */
	bool reached;    /* from a root bus */
	const struct dma_alias_row *alias;
	/* Computed: */
	uint8_t type; /* enum pcie_type, as the kernel corrects it */
	struct acs_answer acs;
	enum tristate path;            /* this one and all above isolate */
	struct group_node *path_cause; /* the nearest of them that does not, or is not known */
	bool done;                     /* it has a group */
	struct group_node *joined;     /* whose group; NULL: its own */
	enum group_link link;
	struct group_node *cause;
	enum group_doubt doubt;
	struct group_node *doubtful;
	struct group_node *first; /* of its group: stands for it */
	/* Of the first: one of the group that has a doubt, or NULL. */
	struct group_node *group_doubt;
};

enum acs_override {
	ACS_OVERRIDE_DOWNSTREAM = 1 << 0,    /* root ports and downstream ports */
	ACS_OVERRIDE_MULTIFUNCTION = 1 << 1, /* functions of one card */
};

struct group_map {
	struct arena *arena;
	const struct host *host;
	uint64_t releases;      /* that the kernel may be */
	unsigned int overrides; /* enum acs_override */
	bool any_alias;
	struct group_node *nodes; /* by address */
	size_t nr_nodes;
	struct group_node **order; /* as the kernel finds them */
	size_t nr_order;
	struct group_node *roots; /* first of each, on root buses */
};

/* The PCI functions of @h, of which DEVICE_PLACE was loaded, as they are; in @a. */
struct group_map *group_map_make(const struct host *h, uint64_t releases, struct arena *a);
/* A copy, to be changed. */
struct group_map *group_map_copy(const struct group_map *map, struct arena *a);
/* Computes the groups. Time: linear, but for buses with devices of the table of aliases. */
void group_map_compute(struct group_map *map);
struct group_node *group_map_find(const struct group_map *map, const char *name);

/* ---- what if ---- */

/* @node's control register of ACS is @ctrl; the capability, if it has none, too. */
void group_map_set_acs(struct group_node *node, uint16_t ctrl);
/* @node and what is behind it is gone. */
void group_map_remove(struct group_map *map, struct group_node *node);
/* All functions of @node's slot, with what is behind them, are behind @port. -EBUSY when something else is there,
 * -EINVAL when @port is not a port, -ELOOP when it is behind @node. */
int group_map_move(struct group_map *map, struct group_node *node, struct group_node *port);

/* ---- answers ---- */

/* Whether both are in one computed group. */
bool group_together(const struct group_node *a, const struct group_node *b);
/* Why they are: the functions whose links lead from @a to @b, in order; NULL with 0 when they are not together.
 * In @arena. */
const struct group_node **group_reason(const struct group_node *a, const struct group_node *b,
				       struct arena *arena, size_t *ret_nr);
/* Whether @node is seen as one of several functions. linux: drivers/pci/probe.c: pci_scan_slot(), iov.c:
 * pci_iov_add_virtfn(). */
enum tristate group_is_multifunction(const struct group_node *node);
/* Whether it is the bridge of a bus, by header type. */
bool group_is_bridge(const struct group_node *node);
/* "SV,RR" or "none"; false for anything else. */
bool acs_bits_parse(const char *text, uint16_t *ret);
/* "SV RR CR", in @a. */
const char *acs_bits_text(uint16_t bits, struct arena *a);
