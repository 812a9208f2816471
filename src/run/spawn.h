/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A program that inherits open descriptors, by the convention of sd_listen_fds(3). */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/failure.h"

struct spawn {
	char **argv; /* ended by NULL */
	int *fds;    /* become 3 and so on; kept */
	size_t nr;
	const char *names;    /* LISTEN_FDNAMES */
	const char *path;     /* VFIOTOOL_PATH */
	uint32_t ioas_id;     /* VFIOTOOL_IOAS; 0: there is none */
	const sigset_t *mask; /* signals that the program finds blocked */
};

/* The program runs once this returns 0. Else a negative errno with *@reterr, whose status is 127 when there
 * is no such program and 126 when it cannot be run. */
int spawn_start(const struct spawn *i, pid_t *ret, struct failure **reterr);
/* Whether @pid has ended; @ret is its exit status then, or 128 and the number of a signal. */
bool spawn_ended(pid_t pid, int *ret);
