/* SPDX-License-Identifier: GPL-2.0-or-later */
/* UUIDs as the kernel takes them for the VF token. */
#include <ctype.h>
#include <errno.h>

#include "client/attach.h"

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* linux: lib/uuid.c: uuid_parse(): 8-4-4-4-12 digits, the bytes in the order of the text. */
int attach_parse_token(const char *text, uint8_t ret[16])
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	size_t nr = 0;

	for (size_t i = 0; i < sizeof(form) - 1; i++) {
		int digit = hex(text[i]);

		if (form[i] == '-' ? text[i] != '-' : digit < 0)
			return -EINVAL;
		if (form[i] == '-')
			continue;
		if (nr % 2)
			ret[nr / 2] = (uint8_t)(ret[nr / 2] << 4 | digit);
		else
			ret[nr / 2] = (uint8_t)digit;
		nr++;
	}
	return text[sizeof(form) - 1] ? -EINVAL : 0;
}
