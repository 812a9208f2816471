/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Times mappings by path, kind of pages and size. */
#pragma once

#include "report/map-bench.h"
#include "run/map.h"

enum { MAP_BENCH_ROUNDS = 100 };

/* Attaches the target of @args on each path that is predicted to succeed, or on the one asked for, and maps and unmaps in
 * rounds. The exit status: 2 when no path gives the device, 1 when memory stays pinned; or a negative errno with *@reterr.
 * Everything in the app's arena. */
int map_bench(struct app *app, const struct map_args *args, struct map_bench_report *ret,
	      struct failure **reterr);
