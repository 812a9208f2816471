/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One request to the kernel at a time, through one door: named by its op, timed, recorded. What the
 * kernel did is an outcome; a prediction is compared with it elsewhere. */
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
	/* Set around calls whose outcomes are too many to keep (mapping ten thousand pages): only the
	 * refused ones are recorded then, without a time. */
	bool silent;
};

/* Borrows @sys and @a, both for its life. */
void client_init(struct client *c, struct sys *sys, struct arena *a);
/* Opens @path for reading and writing as @op. The descriptor (the caller closes it), or a negative
 * errno. @object outlives the client. */
int client_open(struct client *c, enum op op, const char *object, const char *path);
/* Issues @request as @op; EINTR is issued again. What the kernel returned, or a negative errno. A
 * positive return of a request that has none (GET_API_VERSION, CHECK_EXTENSION, GROUP_GET_DEVICE_FD
 * and SET_IRQS have) is for the caller to judge. */
int client_op(struct client *c, enum op op, const char *object, int fd, unsigned long request,
	      void *arg);
/* Issues a request whose answer is as long as the kernel likes, again with a larger room where it wants
 * one. @ask is what is given, @len bytes that begin with argsz; the first room is @room bytes. *@ret is the
 * answer (arena) and *@ret_room the bytes of it that the kernel could fill. 0 or a negative errno; -EBADMSG
 * for an answer that never fits. */
int client_ask(struct client *c, enum op op, const char *object, int fd, unsigned long request,
	       const void *ask, size_t len, size_t room, void **ret, size_t *ret_room);
/* Records what a call that is no ioctl (REGION_MMAP) did: @ret as it returned, @ns it took. */
void client_record(struct client *c, enum op op, const char *object, int ret, uint64_t ns);
/* Closes *@fd if open and makes it negative. */
void client_close(struct client *c, int *fd);
/* Sets *@reterr for a call that failed with @err, a negative errno, and returns that: what @fmt says was
 * being done, what the error is called, and the next step. */
int client_failure(struct failure **reterr, int err, const char *fmt, ...) vt_printf(3, 4);
/* The last outcome, or NULL. */
const struct outcome *client_last(const struct client *c);
