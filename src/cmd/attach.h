/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The attach command from its arguments on. */
#pragma once

#include "run/attached.h"

struct attach_args {
	struct attached_options acting;
	bool hold;
	unsigned int hold_seconds;
	char **program; /* after --, or NULL */
};

/* Attaches, prints the result, holds the devices or runs the program. @data is a struct attach_args. The exit status, or
 * a negative errno with *@reterr. */
int attach_run(struct attached *ac, const void *data, struct failure **reterr);
