/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks of a session's host: who will use the devices, and the planner with the safety checks of bind. */
#pragma once

#include "model/check.h"
#include "run/session.h"

struct checking {
	const char *user, *unit; /* who will use the devices; NULL: the caller */
	struct check check;
};

/* What has to be loaded, for all devices of the host. */
struct scope checking_scope(const char *unit);
/* The same for the devices of virtual machines, which are the targets. */
struct scope checking_machine_scope(const char *unit);
/* Takes the user or the unit over into the assumptions of @s, and readies @c. 0, or a negative errno. */
int checking_begin(struct checking *c, struct session *s, struct failure **reterr);
