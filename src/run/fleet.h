/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Many captures: found, read by as many processes as there are processors, and compared by model/fleet.h. */
#pragma once

#include <sys/types.h>

#include "model/fleet.h"
#include "cli/command.h"

enum {
	FLEET_SOURCES_MAX = 100000,
	FLEET_DEPTH_MAX = 8, /* of folders below the one that was named */
};

/* One file. */
struct fleet_source {
	const char *path;
	dev_t dev;
	ino_t ino;
	/* Why it has no answer: it is not a capture, could not be read, or is the same file as another; NULL: it has. */
	const char *unread;
	bool answered;
	uint64_t size, checksum; /* of what it holds */
	/* The first source with the same content; NULL: it is that itself. */
	const struct fleet_source *same;
};

struct fleet_run {
	struct app *app;
	struct fleet_source *sources; /* by their paths */
	size_t nr_sources;
	size_t nr_workers;
	/* Called after each answer; or NULL. */
	void (*progress)(size_t done, size_t all);
	size_t nr_done;
	struct fleet *fleet;
	struct fleet_group *groups; /* hosts are sources */
	size_t nr_groups;
};

/* Finds the files that @operands name, and those in folders, into @run. 0; -ENOENT (STATUS_NO_TARGET) for an operand that is not there;
 * or why a folder cannot be read. */
int fleet_find(struct fleet_run *run, const struct operands *operands, struct failure **reterr);
/* Reads and compares them. 0, or a negative errno when no process could be started. */
int fleet_compare(struct fleet_run *run, struct failure **reterr);
