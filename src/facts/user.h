/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Users by name. */
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "base/failure.h"
#include "sysroot/sysroot.h"

/* The uid of @user, a name or a decimal number; a name is looked up where the host keeps its users: through
 * the C library on the live host, in /etc/passwd of a tree. 0, or -ENOENT (STATUS_USAGE) when there is no such user, or
 * when a capture does not have the file. */
int user_find(struct sysroot *root, struct arena *a, const char *user, uint32_t *ret,
	      struct failure **reterr);
