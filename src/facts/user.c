/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "facts/user.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>

#include "base/parse.h"

enum { PASSWD_MAX = 1 << 20 };

/* "NAME:PASSWORD:UID:..." */
static bool line_is(struct span line, const char *user, uint32_t *ret)
{
	size_t len = strlen(user);
	struct span uid = { 0 };
	const char *colon;
	uint64_t value;

	if (line.len <= len || memcmp(line.s, user, len) != 0 || line.s[len] != ':')
		return false;
	colon = memchr(line.s + len + 1, ':', line.len - len - 1);
	if (!colon)
		return false;
	uid.s = colon + 1;
	uid.len = (size_t)(line.s + line.len - uid.s);
	colon = memchr(uid.s, ':', uid.len);
	if (colon)
		uid.len = (size_t)(colon - uid.s);
	if (parse_u64_span(uid, 10, &value) < 0 || value >= UINT32_MAX)
		return false;
	*ret = (uint32_t)value;
	return true;
}

int user_find(struct sysroot *root, struct arena *a, const char *user, uint32_t *ret,
	      struct failure **reterr)
{
	struct span rest, line;
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
	rest = (struct span){ file.raw, file.len };
	while (parse_line(&rest, &line))
		if (line_is(line, user, ret))
			return 0;
	return failure_set_status(reterr, STATUS_USAGE, -ENOENT,
				  "there is no user '%s': 'getent passwd' lists them", user);
}
