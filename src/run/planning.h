/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Plans for the devices of a session: the model's planner, with the safety checks of bind for what it would move. */
#pragma once

#include "model/plan.h"
#include "run/session.h"

/* From here on @user (a name or number; NULL: the caller) opens the devices, with the limit of a login. 0, or what
 * user_find() says. */
int planning_assume_user(struct session *s, const char *user, struct failure **reterr);
/* The user may lock @limit bytes, UINT64_MAX without limit. 0, or what assumptions_add() says. */
int planning_assume_limit(struct session *s, uint64_t limit, struct failure **reterr);
/* What the safety checks of bind say about @dev; @ctx is the session. */
const struct plan_use *planning_ask_use(void *ctx, const struct device *dev, struct arena *a,
					size_t *ret_nr);
/* plan_make(), with commands for boot options: the boot loader is looked at when a plan names one. With @whole it has
 * the notices, and where a device in use stands in the way, the port with ACS off and the first free slot by which the group
 * would be without it; for that the whole host is read. */
void planning_make(struct session *s, const struct plan_request *q, bool whole, struct arena *a,
		   struct plans *ret);
/* The question about @devices of @s, decided already: on the best path, until the caller asks for another. How the
 * host uses its devices is read when a plan first moves one. */
struct plan_request planning_request(struct session *s, struct device *const *devices, size_t nr);
