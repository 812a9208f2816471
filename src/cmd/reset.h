/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The reset command from its arguments on. */
#pragma once

#include "run/attached.h"

enum reset_method { METHOD_AUTO = 0, METHOD_DEVICE, METHOD_HOT };

struct reset_args {
	struct attached_options acting;
	enum reset_method method;
	bool dry_run;
};

/* Attaches, resets, prints the result. @data is a struct reset_args. The exit status, or a negative errno
 * with *@reterr. */
int reset_run(struct attached *ac, const void *data, struct failure **reterr);
