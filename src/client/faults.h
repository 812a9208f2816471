/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the kernel reports a stopped device: fault lines in its log, which /dev/kmsg gives from now on. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "client/client.h"

struct faults {
	struct client *client; /* borrowed */
	int fd;                /* negative errno of the open when the log cannot be read */
	bool silent;           /* none came when one was waited for last */
};

/* Opens the log at its end. A log that cannot be read is not a failure: fd is the reason. */
void faults_open(struct client *c, struct faults *ret);
void faults_close(struct faults *f);
/* Skips what was logged up to now. */
void faults_skip(struct faults *f);
/* The first fault line about an address in [@iova, @iova + @size), in
 * the client's arena, within @timeout_ms; a tenth of that where none came when one was waited for last. NULL when there was none, or the log cannot be read. */
const char *faults_wait(struct faults *f, uint64_t iova, uint64_t size, int timeout_ms);
