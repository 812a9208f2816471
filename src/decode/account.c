/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decode/account.h"

#include <string.h>

/* The field up to the next colon of @rest. */
static struct span next_field(struct span *rest)
{
	const char *colon = rest->len ? memchr(rest->s, ':', rest->len) : NULL;
	struct span ret = { rest->s, colon ? (size_t)(colon - rest->s) : rest->len };
	size_t used = ret.len + (colon != NULL);

	*rest = (struct span){ rest->s + used, rest->len - used };
	return ret;
}

static bool parse_uid(struct span s, uint32_t *ret)
{
	uint64_t value;

	if (parse_u64_span(s, 10, &value) < 0 || value >= UINT32_MAX)
		return false;
	*ret = (uint32_t)value;
	return true;
}

bool account_find(struct span passwd, const char *user, struct account *ret)
{
	struct span line;
	uint32_t number;
	bool by_number = parse_uid((struct span){ user, strlen(user) }, &number);

	while (parse_line(&passwd, &line)) {
		struct account one = { .name = next_field(&line) };

		next_field(&line);
		if (!one.name.len || !parse_uid(next_field(&line), &one.uid) ||
		    (by_number ? one.uid != number : !span_equals(one.name, user)))
			continue;
		*ret = one;
		return true;
	}
	return false;
}
