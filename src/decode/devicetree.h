/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a device tree says about message interrupts and IOMMUs. The text holds only the nodes that matter: a
 * line is the path of a node and words about it, or "bus DDDD:BB PATH" for a PCI bus and its host bridge.
 * Numbers are hexadecimal; the cells of a property are joined by dots. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/parse.h"

enum { DEVICETREE_NODES_MAX = 4096, DEVICETREE_CELLS_MAX = 4096 };

struct devicetree_cells {
	uint32_t *at;
	size_t nr;
	bool there;
};

struct devicetree_node {
	const char *path;
	struct span compatible; /* its names, joined by ';' */
	uint32_t phandle;
	bool msi_controller, pci, iommu;
	bool pre_its;  /* an ITS behind a translator of the board, which isolates nothing */
	bool disabled; /* itself or one above it */
	bool coherent; /* dma-coherent, itself or one above it */
	struct devicetree_cells msi_parent, msi_map, msi_map_mask, iommus, iommu_map,
		iommu_map_mask;
};

struct devicetree_bus {
	uint32_t segment;
	uint8_t bus;
	const char *path;
};

struct devicetree {
	struct devicetree_node *nodes;
	size_t nr_nodes;
	struct devicetree_bus *buses;
	size_t nr_buses;
};

/* 0, or -EBADMSG. Strings are in @a. */
vt_must_check int devicetree_parse(struct span text, struct arena *a, struct devicetree *ret);
const struct devicetree_node *devicetree_find(const struct devicetree *dt, struct span path);
/* The host bridge of a PCI bus, or NULL. */
const struct devicetree_node *devicetree_host(const struct devicetree *dt, uint32_t segment,
					      uint8_t bus);
/* Whether it is an ITS that the kernel uses, and that isolates. */
bool devicetree_isolates(const struct devicetree_node *node);
/* Where the message interrupts of requester @rid below the host bridge @host go, or those of a device that is @node:
 * NULL when nowhere. */
const struct devicetree_node *devicetree_msi_of_pci(const struct devicetree *dt,
						    const struct devicetree_node *host,
						    uint32_t rid);
const struct devicetree_node *devicetree_msi_of(const struct devicetree *dt,
						const struct devicetree_node *node);
/* The same for IOMMUs. */
const struct devicetree_node *devicetree_iommu_of_pci(const struct devicetree *dt,
						      const struct devicetree_node *host,
						      uint32_t rid);
const struct devicetree_node *devicetree_iommu_of(const struct devicetree *dt,
						  const struct devicetree_node *node);
/* The first node that remaps nothing and has message interrupts for certain (@ret_plain), and the first that may have
 * some (@ret_doubtful); NULL without one. */
void devicetree_plain_msi(const struct devicetree *dt, const struct devicetree_node **ret_plain,
			  const struct devicetree_node **ret_doubtful);
