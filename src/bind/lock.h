/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One tool at a time: a lock on a file with the name of its holder. */
#pragma once

#include "base/arena.h"
#include "base/failure.h"

/* Takes the lock in directory @dir_fd (path @dir), waiting up to @wait_ms for another. Others report @who
 * after the process id. Returns a descriptor; a child that inherits it shares the lock. -EBUSY with the
 * holder named, or a negative errno. */
int lock_take(int dir_fd, const char *dir, const char *who, unsigned int wait_ms, struct arena *a,
	      struct failure **reterr);
/* Releases the lock, also for children. */
void lock_give(int fd);
