/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Issues every request to the kernel, one at a time: named by its op, timed, recorded. What the kernel did
 * is an outcome; model/compare.h compares predictions with it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/failure.h"
#include "base/macro.h"
#include "uapi/op.h"
#include "client/sys.h"

struct client {
	struct sys *sys;
	struct arena *arena; /* of the outcomes and of what is found out */
	struct outcome *outcomes;
	size_t nr_outcomes, size_outcomes;
	/* Set around calls with too many outcomes to keep (mapping ten thousand pages): then only refused
	 * ones are recorded, without a time. */
	bool silent;
};

/* Borrows @sys and @a, both for its life. */
void client_init(struct client *c, struct sys *sys, struct arena *a);
/* Opens @path for reading and writing as @op. The descriptor (the caller closes it), or a negative
 * errno. @object outlives the client. */
int client_open(struct client *c, enum op op, const char *object, const char *path);
/* Issues @request as @op, and again after EINTR. Returns what the kernel returned, or a negative errno. A
 * positive return of a request that has none (GET_API_VERSION, CHECK_EXTENSION, GROUP_GET_DEVICE_FD and
 * SET_IRQS have) is for the caller to judge. */
int client_op(struct client *c, enum op op, const char *object, int fd, unsigned long request,
	      void *arg);
/* Issues a request with an answer of any length, again with a larger buffer where the kernel wants one.
 * @ask is the input, @len bytes that begin with argsz; the first buffer has @room bytes. *@ret is the
 * answer (arena) and *@ret_room the bytes of it that the kernel could fill. 0 or a negative errno; -EBADMSG
 * for an answer that never fits. */
int client_ask(struct client *c, enum op op, const char *object, int fd, unsigned long request,
	       const void *ask, size_t len, size_t room, void **ret, size_t *ret_room);
/* Records what a call that is not an ioctl (REGION_MMAP) did: @ret as it returned, @ns it took. */
void client_record(struct client *c, enum op op, const char *object, int ret, uint64_t ns);
/* Closes *@fd if open and makes it negative. */
void client_close(struct client *c, int *fd);
/* Sets *@reterr for a call that failed with @err, a negative errno, and returns that. The text: what @fmt
 * says was being done, the name of the error, and the next step. */
int client_failure(struct failure **reterr, int err, const char *fmt, ...) vt_printf(3, 4);
/* The last outcome, or NULL. */
const struct outcome *client_last(const struct client *c);
