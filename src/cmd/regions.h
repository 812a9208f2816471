/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The regions command from its arguments on. */
#pragma once

#include "run/attached.h"
#include "run/region.h"

struct regions_args {
	struct attached_options acting;
	bool config, has_dump, decode, force;
	uint32_t dump;
	unsigned int width;      /* 0: not given */
	uint64_t offset, length; /* length 0: to the end */
	const char *save;
	struct region_store *stores;
	size_t nr_stores;
};

/* Attaches, lists, reads and writes, prints the result. @data is a struct regions_args. The exit status, or a
 * negative errno with *@reterr. */
int regions_run(struct attached *ac, const void *data, struct failure **reterr);
