/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why devices share a group: the kernel's groups beside the computed ones, with the reasons, as rows for text and
 * JSON. */
#pragma once

#include "model/group.h"
#include "report/field.h"
#include "report/output.h"

/* One step of a reason. */
struct explain_hop {
	const char *device; /* that makes it */
	const char *kind;   /* "dma" "bridge" "path" "function" "alias" */
	const char *bits;   /* of ACS that are off, or NULL */
	const char *text;
};

/* Why two share a group. */
struct explain_reason {
	const char *a, *b;
	const struct explain_hop *hops;
	size_t nr_hops;
};

struct explain_group {
	bool has_number;
	uint32_t number;
	struct texts devices;
	/* The partition of them, and what else is computed to be with them. */
	const struct texts *computed;
	size_t nr_computed;
	enum tristate agrees;
	const char *unknown;                  /* why it does not agree, or is not known */
	const struct explain_reason *reasons; /* of the first device with each other */
	size_t nr_reasons;
	const char *alone; /* why a single device is */
};

/* A slot whose devices are alone, as far as their own functions are. */
struct explain_slot {
	const char *port, *name; /* name: of firmware or hotplug driver, or NULL */
	uint32_t number;         /* physical slot number */
	struct texts devices;    /* in it */
};

/* The way of requests between two devices. */
struct explain_p2p {
	const char *a, *b;
	const char *route;  /* "direct" "redirected" "root-complex" "unknown" */
	const char *common; /* the port that both are behind, or NULL */
	const char *bits;   /* of ACS, that redirect; NULL when none do */
	const char *redirector, *egress, *unknown; /* the bridge that makes it so, or NULL */
	const char *numa_a, *numa_b;               /* nodes */
	const char *domain_a, *domain_b;           /* types of the groups' default domains */
	const char *text;
	const char *
		use; /* what it means for copies from one to the other; NULL when the route is not known */
};

struct explanation {
	struct arena *arena;
	const struct group_map *map; /* now */
	bool brief;                  /* text: only the groups that need words */
	const struct explain_group *groups;
	size_t nr_groups;
	/* With a what-if: what is, and what would be, of the groups that change. */
	const struct group_map *changed; /* NULL without */
	const struct texts *before, *after;
	size_t nr_before, nr_after;
	bool unknown; /* what would be, or the way, is not known for certain */
	bool has_slots;
	const struct explain_slot *slots;
	size_t nr_slots;
	const struct explain_p2p *p2p; /* NULL unless asked for */
	const char *const *warnings;
	size_t nr_warnings;
};

/* Row: struct explanation. */
extern const struct field_table explain_fields;

/* Explains the groups of the @nr @devices; all in @a. */
void explain_make(const struct group_map *map, struct device *const *devices, size_t nr,
		  struct arena *a, struct explanation *ret);
/* Adds what becomes of the groups in @changed, a copy of the map, computed. */
void explain_add_change(struct explanation *e, const struct group_map *changed);
void explain_add_slots(struct explanation *e);
void explain_add_p2p(struct explanation *e, const struct device *first,
		     const struct device *second);
/* Adds a sentence, without its full stop. */
void explain_warn(struct explanation *e, const char *text);
/* What to know of the bits that a what-if gives the port @n, and the boot option for them. */
void explain_warn_acs(struct explanation *e, const struct group_node *n, uint16_t bits);
void explain_print(const struct explanation *e, const struct output *out);

/* The name that firmware or a hotplug driver gives the slot behind @port, or NULL. */
const char *explain_slot_name(const struct host *h, const struct group_node *port, struct arena *a);

enum explain_picture { EXPLAIN_NO_PICTURE = 0, EXPLAIN_DOT, EXPLAIN_SVG };
void explain_draw(const struct explanation *e, enum explain_picture kind, const struct output *out);

/* ---- words ---- */

/* "root port", "bridge to PCI", "function": what @n is. Static. */
const char *explain_kind(const struct group_node *n);
/* The same for a column: "PCIe-to-PCI". */
const char *explain_kind_short(const struct group_node *n);
/* Why @n isolates or does not: "it has no ACS capability". In @a. */
const char *explain_acs(const struct group_node *n, struct arena *a);
/* Why the group of @n is not computed: a sentence. In @a. */
const char *explain_doubt(const struct group_node *n, struct arena *a);
/* The step by which @n joined its group. In @a. */
struct explain_hop explain_hop(const struct group_node *n, struct arena *a);
