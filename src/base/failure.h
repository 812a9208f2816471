/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why the tool could not do what was asked: one line that names the thing and the next step, and
 * the exit status that goes with it. Made where the cause is known, printed once, by cmd/main.c. */
#pragma once

#include "base/macro.h"

/* The exit statuses, as documented in vfiotool(8). */
enum status {
	STATUS_OK = 0,           /* done, or the answer is yes */
	STATUS_FAILED = 1,       /* the tool or the system failed */
	STATUS_NO = 2,           /* the answer is 'no' */
	STATUS_UNKNOWN = 3,      /* the answer is unknown */
	STATUS_DIFFER = 4,       /* prediction and kernel differ */
	STATUS_GUARDED = 5,      /* refused by a guard */
	STATUS_USAGE = 64,       /* EX_USAGE */
	STATUS_NO_TARGET = 66,   /* EX_NOINPUT */
	STATUS_DENIED = 77,      /* EX_NOPERM */
	STATUS_NOT_RUN = 126,    /* the user's command could not be run, as in a shell */
	STATUS_NO_PROGRAM = 127, /* there is no such command */
};

struct failure {
	enum status status;
	int err; /* negative errno */
	char *text;
};

/* Sets *@reterr to a new failure and returns @err, a negative errno. A failure that is there already stays,
 * so that the cause wins over its consequences. @reterr may be NULL. The owner frees it with
 * failure_free(). The status is STATUS_DENIED for -EACCES and -EPERM, else STATUS_FAILED;
 * failure_set_status() sets it explicitly. */
int failure_set(struct failure **reterr, int err, const char *fmt, ...) vt_printf(3, 4);
int failure_set_status(struct failure **reterr, enum status status, int err, const char *fmt, ...)
	vt_printf(4, 5);
/* The next step after a write failed with @err, a positive errno: "make room, ...". Static. */
const char *failure_write_advice(int err);
/* The next step when there was no descriptor, process or memory because of @err, a positive errno. Static. */
const char *failure_room_advice(int err);
void failure_free(struct failure *f);
void failure_freep(struct failure **f);
