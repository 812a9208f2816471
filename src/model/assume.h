/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What-if: an overlay of assumptions on a snapshot. A rule never reads the overlay; it calls the accessors
 * of eval.h, which look here first and cite the assumption as evidence. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/fact.h"
#include "base/failure.h"
#include "facts/host.h"

struct assumption {
	const char *target; /* device name, "group:12", or NULL for all */
	const char *key;
	const char *value;
	struct fact fact; /* path "assumption", raw "KEY=VALUE": what evidence points to */
};

/* What SET_IOMMU is given. */
enum container_type {
	CONTAINER_DEFAULT = 0, /* what fits the path: TYPE1v2, NOIOMMU */
	CONTAINER_TYPE1,
	CONTAINER_TYPE1V2,
	CONTAINER_NESTING,
};

struct assumptions {
	struct assumption *items; /* later ones win */
	size_t nr;
	/* These are not assumptions, and reports do not mention them: they are part of the request. */
	enum container_type type;
	bool token;         /* a VF token is given; only the kernel knows whether it is right */
	uint64_t memory;    /* bytes that will be mapped; 0: one page */
	bool limit_unknown; /* another user asks, whose limit of locked memory was not read */
};

/* Adds "[TARGET:]KEY=VALUE". -EINVAL (STATUS_USAGE) names the known keys or the accepted values. */
int assumptions_add(struct assumptions *as, struct arena *a, const char *text,
		    struct failure **reterr);
/* The keys with one line of help each, for --help, the man page and the completions. */
struct assumption_key {
	const char *key, *values, *help;
	int per_device;
};
const struct assumption_key *assumption_keys(size_t *nr);
/* "module.vfio_pci". Static. */
const char *module_key(enum module_id id);
/* The assumption @key that names @dev (NULL: the host) most closely: one for the device, then for its
 * group, then without a target; the later of two equal ones. NULL when there is none. */
const struct assumption *assumptions_find(const struct assumptions *as, const struct device *dev,
					  const char *key);
/* The device of @h that @as names, or NULL. */
const struct device *assumption_device(const struct host *h, const struct assumption *as);
/* Whether @as is about the whole host, or names a device or group of @h. */
bool assumption_applies(const struct host *h, const struct assumption *as);
