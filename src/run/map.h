/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of map share: the arguments, and one run of it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/mapping.h"
#include "client/irq.h"
#include "client/memory.h"
#include "report/map.h"
#include "cli/command.h"
#include "run/attached.h"

enum map_layout { MAP_CONTIGUOUS = 0, MAP_SPREAD, MAP_SCATTER };

enum { MAP_COUNT_MAX = 1 << 20 }; /* mappings of one run */

struct map_range {
	uint64_t iova, size; /* bytes */
};

struct map_args {
	struct attached_options acting;
	bool any_pages, anyway, verify, dirty, dry_run, unmap_all;
	bool bench, csv; /* costs instead, and as CSV */
	enum memory_kind pages;
	uint64_t size; /* bytes of each mapping; 0: not given */
	uint64_t count;
	enum mapping_memory memory;
	unsigned int prot; /* MAPPING_READ, MAPPING_WRITE; 0: both */
	enum map_layout layout;
	uint64_t *iovas;
	size_t nr_iovas;
	struct map_range *unmaps;
	size_t nr_unmaps;
};

/* One run. Everything it makes is in the arena of the app, or released by map_end(). */
struct map_run {
	struct app *app;
	const struct map_args *args;
	struct attached acting;
	const struct device *device;
	struct mapping_space space;
	struct memory memory;
	enum memory_kind kind;
	/* bytes: of a mapping, from one to the next in memory, of the processor */
	uint64_t size, stride, page;
	size_t nr_maps;     /* steps that map come first */
	struct irq release; /* REQ: the kernel wants the device back */
	bool wanted;        /* it does: send no more requests */
	bool ended;
	struct mapping_report report;
};

/* map.c */

/* Attaches, maps, unmaps, releases everything, with the report in @run: all except loading the host and
 * printing. The exit status, or a negative errno with *@reterr. */
int map_run(struct map_run *run, struct failure **reterr);

/* map-plan.c: pure but for the pools of pages, which it reads. */

/* Which pages the memory is made of, and how large a mapping is. -ENOMEM when hugetlb pages are missing,
 * with what to write where. */
int map_choose_pages(struct map_run *run, struct failure **reterr);
/* The requests in order, as steps of the report. -ENOSPC (STATUS_NO) when the IOVAs have no room. */
int map_plan(struct map_run *run, struct failure **reterr);
/* Predicts all steps, as if each step that is not refused succeeded. Counts refused and unknown steps. */
void map_predict(struct map_run *run, size_t *ret_refused, size_t *ret_unknown);

/* map-run.c: the requests. */

/* Replaces predicted properties of the address space by those that the kernel reports. */
void map_take_info(struct map_run *run);
/* Allocates memory, runs all steps and checks, and releases everything. */
int map_do(struct map_run *run, bool certain, struct failure **reterr);
/* Closes everything and checks that nothing stays pinned. */
void map_end(struct map_run *run);
