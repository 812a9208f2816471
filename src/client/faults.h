/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's own word for a stopped device: fault lines in its log, as /dev/kmsg gives them from now
 * on. */
#pragma once

#include <stdint.h>

#include "client/client.h"

struct faults {
	struct client *client; /* borrowed */
	int fd;                /* negative errno of the open when the log cannot be read */
};

/* Opens the log behind what is in it already. A log that cannot be read is no failure: fd tells why. */
void faults_open(struct client *c, struct faults *ret);
void faults_close(struct faults *f);
/* Passes over what was logged up to now. */
void faults_skip(struct faults *f);
/* The first fault line about an address in [@iova, @iova + @size), in
 * the client's arena, within @timeout_ms. NULL when there was none, or the log cannot be read. */
const char *faults_wait(struct faults *f, uint64_t iova, uint64_t size, int timeout_ms);
