/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Configuration spaces of any content and length, and texts that say what is in one. */
#include <string.h>

#include "decode/pcigroup.h"
#include "fuzz.h"

struct bytes {
	const uint8_t *data;
	size_t len;
};

static bool read_bytes(void *ctx, size_t offset, unsigned int width, uint32_t *ret)
{
	const struct bytes *b = ctx;

	must(offset < 4096);
	if (offset > b->len || b->len - offset < width)
		return false;
	*ret = 0;
	for (unsigned int i = 0; i < width; i++)
		*ret |= (uint32_t)b->data[offset + i] << (8 * i);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct bytes b = { data, len };
	struct arena *a = arena_new();
	struct pcigroup p, again;
	const char *text;

	if (!pcigroup_read(read_bytes, &b, len < 4096 ? len : 4096, &p) && len >= PCIGROUP_HEADER) {
		text = pcigroup_format(&p, a);
		must(!pcigroup_parse((struct span){ text, strlen(text) }, &again));
		must(!strcmp(text, pcigroup_format(&again, a)));
	}
	if (!pcigroup_parse((struct span){ (const char *)data, len }, &p))
		must(p.size >= PCIGROUP_HEADER && p.size <= 4096 && p.type <= 15);
	arena_free(a);
	return 0;
}
