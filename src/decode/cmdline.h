/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel command line, and values of module parameters. */
#pragma once

#include <stdbool.h>

#include "base/macro.h"
#include "base/parse.h"

/* Cuts the next word off a kernel command line: "key=value", "key", with double quotes around spaces,
 * as linux: lib/cmdline.c: next_arg() does. The quotes at the ends are not part of the pieces.
 * *@has_value is false for a bare word. False at the end. */
bool cmdline_next(struct span *rest, struct span *key, struct span *value, bool *has_value);
/* Whether two names of parameters or modules are the same: '-' and '_' are one.
 * linux: kernel/params.c: parameqn(). */
bool cmdline_name_equals(struct span name, const char *other);

/* The last value of @key on @cmdline, up to a "--" word; false when it is not there. A bare word gives
 * *@has_value false. */
bool cmdline_find(struct span cmdline, const char *key, struct span *value, bool *has_value);
