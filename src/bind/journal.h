/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The write-ahead journal: the old state of a device, on disk before the first write to sysfs, so that it
 * can be undone even if the tool is killed. One JSON object per line; a last line that a crash cut short
 * was never acted on. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/failure.h"
#include "bind/plan.h"

/* A reboot removes it, like every binding. */
#define JOURNAL_DIR "/run/vfiotool"

/* The state of a device before a move that has not been undone. */
struct journal_record {
	unsigned int id;
	const char *bus, *name, *identity;
	const char *from, *from_override; /* NULL: none */
	const char *to;                   /* NULL: none, or what the bus chooses */
	unsigned int vfs;                 /* virtual functions that it had */
	bool done;                        /* the move is complete */
};

struct journal {
	struct arena *arena; /* borrowed */
	const char *dir;
	const char *boot; /* this boot's id */
	int dir_fd, fd, lock_fd;
	struct journal_record *records; /* those not undone, oldest first */
	size_t nr_records;
	unsigned int next_id;
	bool loaded;
	unsigned int nr_earlier; /* records of earlier boots, whose bindings ended */
	/* lines that are complete but invalid; the file is kept because of them */
	unsigned int nr_unreadable;
	bool torn; /* the last line has no end */
	int err;   /* the positive errno of the last write to it that failed; 0: none did */
};

/* Reads the journal of @dir without a lock, for a dry run: a missing file is an empty journal. 0, or a
 * negative errno with *@reterr. To be closed in either case. */
int journal_read(struct journal *j, const char *dir, const char *boot, struct arena *a,
		 struct failure **reterr);
/* Makes @dir, takes the lock, waiting up to @wait_ms for another tool, and reads. -EBUSY names its holder.
 * @who is written into the lock file for others to report: "bind 0000:01:00.0". */
int journal_open(struct journal *j, const char *dir, const char *boot, const char *who,
		 unsigned int wait_ms, struct arena *a, struct failure **reterr);
void journal_close(struct journal *j);

/* The first state of the device: its oldest record. NULL when there is none. */
const struct journal_record *journal_find(const struct journal *j, const char *bus,
					  const char *name);
/* Each on disk when it returns. 0, or a negative errno: then nothing may be written to sysfs. */
int journal_intent(struct journal *j, const struct bind_move *m, unsigned int *ret_id);
int journal_step(struct journal *j, unsigned int id, const struct bind_step *s);
int journal_done(struct journal *j, unsigned int id);
/* The move was rolled back. */
int journal_undone(struct journal *j, unsigned int id);
/* Everything about the device is settled. An empty journal has no file. */
int journal_settle(struct journal *j, const char *bus, const char *name);
