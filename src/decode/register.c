/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decode/register.h"

#include <errno.h>
#include <string.h>

int register_parse(struct span text, uint64_t *ret)
{
	uint64_t value;

	if (!text.len || text.len > 18 || parse_u64_span(text, 16, &value) < 0)
		return -EBADMSG;
	*ret = value;
	return 0;
}

int register_parse_bits(struct span text, uint64_t *ret)
{
	enum { BITS_MAX = 1024 };
	uint64_t value = 0;

	if (!text.len || text.len > BITS_MAX)
		return -EBADMSG;
	for (size_t i = 0; i < text.len; i++) {
		if (text.s[i] != '0' && text.s[i] != '1')
			return -EBADMSG;
		if (i < 64 && text.s[i] == '1')
			value |= UINT64_C(1) << i;
	}
	*ret = value;
	return 0;
}

/* An EFR of a unit that translates names many features; EFR2 few or none. */
static bool looks_like_efr(uint64_t efr, uint64_t other)
{
	unsigned int bits = (unsigned int)__builtin_popcountll(efr);
	unsigned int others = (unsigned int)__builtin_popcountll(other);

	return bits && (!others || (bits >= 4 && bits >= 2 * others));
}

int amd_features_parse(struct span text, struct amd_features *ret)
{
	const char *colon = text.len ? memchr(text.s, ':', text.len) : NULL;
	struct amd_features f = { .nr = 1 };
	struct span left = text, right;

	if (colon) {
		left.len = (size_t)(colon - text.s);
		right = (struct span){ colon + 1, text.len - left.len - 1 };
		if (register_parse(right, &f.second) < 0)
			return -EBADMSG;
		f.nr = 2;
	}
	if (register_parse(left, &f.first) < 0)
		return -EBADMSG;
	if (f.nr == 1 || looks_like_efr(f.first, f.second)) {
		f.certain = true;
		f.efr = f.first;
		f.efr2 = f.second;
	} else if (looks_like_efr(f.second, f.first)) {
		f.certain = true;
		f.efr = f.second;
		f.efr2 = f.first;
	}
	*ret = f;
	return 0;
}
