/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines to causes: each message that is known is put to the cause that it shows, and each cause is asked of the host. */
#pragma once

#include "decode/logmatch.h"
#include "report/diagnose.h"
#include "run/session.h"

/* What is known of the lines so far. */
struct diagnosing {
	struct arena *arena;
	struct logmatch *match;
	const struct symptom **symptoms; /* of the patterns */
	const char *file;                /* that the lines come from, or NULL */
	bool numbered;                   /* the lines have numbers that mean something */
	struct diagnosis result;
};

/* Everything in @a. */
void diagnosing_init(struct diagnosing *d, struct arena *a);
/* A line, as loglines_feed() gives it: @ctx is the struct diagnosing. */
void diagnosing_line(void *ctx, uint64_t number, struct span line);
/* Opens a session for the devices that the causes name, and asks it about each cause. The answers live as long as @s,
 * which is to be closed in any case. @unit: of systemd, that wrote the lines, or NULL. 0, or a negative errno with *@reterr. */
int diagnosing_judge(struct diagnosing *d, const char *unit, struct app *app, struct session *s,
		     struct failure **reterr);
