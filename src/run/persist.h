/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --persist of bind and unbind: keeps a driver after a reboot, and ends that. */
#pragma once

#include "run/transaction.h"

/* Whether keep_drivers() has an obstacle that shows before a driver moves: a file of another program, a
 * device without an identity. */
int keep_check(struct transaction *b, struct failure **reterr);
/* Keeps each device that was moved, or was there already, where it is; for a dry run only says how. 0, or a
 * negative errno with *@reterr: what was kept before the failure stays kept. */
int keep_drivers(struct transaction *b, struct failure **reterr);
/* Moves those of @targets to @ret that are gone and that keep_drivers() wrote files for. */
int keep_find_gone(struct transaction *b, struct operands *targets, struct operands *ret,
		   struct failure **reterr);
/* Removes the files of keep_drivers() for the devices of @b and those that @gone names. */
int keep_no_longer(struct transaction *b, const struct operands *gone, struct failure **reterr);
