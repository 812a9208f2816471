/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --persist of bind and unbind: a driver kept over reboots, and no longer. */
#pragma once

#include "run/transaction.h"

/* Whether something is in the way of keep_drivers() that no driver has to be moved to see: somebody else's file, a
 * device that nothing tells from another. */
int keep_check(struct transaction *b, struct failure **reterr);
/* Keeps each device that was moved, or was there already, where it is; for a dry run only says how. 0, or a
 * negative errno with *@reterr: what was kept before the failure stays kept. */
int keep_drivers(struct transaction *b, struct failure **reterr);
/* Moves those of @targets to @ret that are no longer there, and of which keep_drivers() wrote something. */
int keep_find_gone(struct transaction *b, struct operands *targets, struct operands *ret,
		   struct failure **reterr);
/* Takes away what keep_drivers() wrote for the devices of @b and for those that @gone names. */
int keep_no_longer(struct transaction *b, const struct operands *gone, struct failure **reterr);
