/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/fact.h"

#include <errno.h>

#include "base/macro.h"

const char *fact_state_name(enum fact_state state)
{
	static const char *const names[] = {
		[FACT_UNREAD] = "unread", [FACT_PRESENT] = "present", [FACT_ABSENT] = "absent",
		[FACT_DENIED] = "denied", [FACT_FAILED] = "failed",
	};

	return (size_t)state < ARRAY_SIZE(names) ? names[state] : "invalid";
}

enum fact_state fact_state_from_errno(int err)
{
	switch (err) {
	case ENOENT:
	case ENOTDIR:
		return FACT_ABSENT;
	case EACCES:
	case EPERM:
		return FACT_DENIED;
	default:
		return FACT_FAILED;
	}
}
