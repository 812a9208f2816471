/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/boot-id.h"

#include <string.h>

#include "decode/cmdline.h"

bool boot_id_parse(struct span text, struct boot_id *ret)
{
	enum { FIELDS = 6, ANY = 0 };
	uint64_t field[FIELDS] = { 0, 0, UINT32_MAX, UINT32_MAX, ANY, ANY };
	size_t nr = 0;

	while (nr < FIELDS) {
		const char *colon = memchr(text.s, ':', text.len);
		struct span part = { text.s, colon ? (size_t)(colon - text.s) : text.len };

		if (parse_u64_span(part, 16, &field[nr++]) < 0)
			return false;
		if (!colon)
			break;
		text.len -= part.len + 1;
		text.s += part.len + 1;
	}
	*ret = (struct boot_id){ field[0], field[1], field[2], field[3], field[4], field[5] };
	return nr >= 2;
}

bool boot_id_matches(const struct boot_id *id, const struct device *d)
{
	return d->has_ids && (id->vendor == UINT32_MAX || id->vendor == d->vendor) &&
	       (id->device == UINT32_MAX || id->device == d->device_id) &&
	       (id->subvendor == UINT32_MAX || id->subvendor == d->subvendor) &&
	       (id->subdevice == UINT32_MAX || id->subdevice == d->subdevice) &&
	       !((id->class ^ d->class_code) & id->mask);
}

bool boot_key_is_misspelt(struct span key)
{
	char plain[16];
	size_t len = 0;

	for (size_t i = 0; i < key.len; i++)
		if (!memchr("-_.:", key.s[i], 4)) {
			if (len + 1 == sizeof(plain))
				return false;
			plain[len++] = key.s[i];
		}
	plain[len] = 0;
	return (!strcmp(plain, "vfiopciids") || !strcmp(plain, "vfiopciid") ||
		!strcmp(plain, "vfioids") || !strcmp(plain, "pcivfioids")) &&
	       !cmdline_name_equals(key, "vfio_pci.ids");
}
