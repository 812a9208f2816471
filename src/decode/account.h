/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Users as /etc/passwd has them. */
#pragma once

#include <stdint.h>

#include "base/parse.h"

struct account {
	struct span name; /* in the text */
	uint32_t uid;
};

/* The user @user, a name or a decimal number, in the text of /etc/passwd. passwd(5). */
bool account_find(struct span passwd, const char *user, struct account *ret);
