/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Moves devices: records, writes, checks the result, and undoes everything when a step failed. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "bind/journal.h"
#include "bind/plan.h"
#include "bind/system.h"

struct bind_apply {
	struct bind_system *system;
	struct journal *journal; /* open */
	struct arena *arena;
	struct bind_step *steps; /* every write, in order */
	size_t nr_steps;
};

/* Does all of @moves in order; when one fails, it and those before it are undone, newest first. Each move
 * has its result. 0 when all are where they should be, else the negative errno of the
 * first failure. */
int bind_apply_all(struct bind_apply *ap, struct bind_move *moves, size_t nr);
/* Does one move back to an earlier state: nothing is undone when it fails, and the record stays. 0 or a
 * negative errno. */
int bind_apply_back(struct bind_apply *ap, struct bind_move *m);
/* Completes @m from the kernel: identity, driver, override. 0, -ENODEV. */
int bind_apply_look(struct bind_apply *ap, struct bind_move *m);
/* The first attribute that @m would write and the caller may not, or NULL. *@ret_err: positive. */
const char *bind_apply_denied(struct bind_system *s, const struct bind_move *m, struct arena *a,
			      int *ret_err);
