/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "facts/user.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>

#include "decode/account.h"

enum { PASSWD_MAX = 1 << 20 };

int user_find(struct sysroot *root, struct arena *a, const char *user, uint32_t *ret,
	      struct failure **reterr)
{
	struct account found;
	struct passwd *entry;
	struct fact file;

	if (parse_u32(user, 10, ret) == 0 && *ret != UINT32_MAX)
		return 0;
	entry = sysroot_kind(root) == SYSROOT_LIVE ? getpwnam(user) : NULL;
	if (entry) {
		*ret = entry->pw_uid;
		return 0;
	}
	file = sysroot_read(root, a, "etc/passwd", PASSWD_MAX);
	if (!fact_is(&file))
		return failure_set_status(reterr, STATUS_USAGE, -ENOENT,
					  "cannot look up user '%s' in '%s': give the number of the user",
					  user, sysroot_name(root));
	if (account_find((struct span){ file.raw, file.len }, user, &found)) {
		*ret = found.uid;
		return 0;
	}
	return failure_set_status(reterr, STATUS_USAGE, -ENOENT,
				  "there is no user '%s': 'getent passwd' lists them", user);
}
