/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One tool at a time: a lock on a file, in which its holder says who it is. */
#pragma once

#include "base/arena.h"
#include "base/failure.h"

/* Takes the lock in directory @dir_fd (called @dir), waiting up to @wait_ms for another. @who is what
 * others are told, behind the process id. A descriptor, which a child that inherits it holds the lock
 * by as well; -EBUSY with the holder named, or a negative errno. */
int lock_take(int dir_fd, const char *dir, const char *who, unsigned int wait_ms, struct arena *a,
	      struct failure **reterr);
/* Lets go, children included. */
void lock_give(int fd);
