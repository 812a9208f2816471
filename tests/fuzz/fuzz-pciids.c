/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of pci.ids lie within it, on one line. */
#include <string.h>

#include "decode/pciids.h"
#include "fuzz.h"

static void check(bool found, struct span name, struct span text)
{
	if (!found)
		return;
	must(name.len > 0 && name.s >= text.s && name.s + name.len <= text.s + text.len);
	must(!memchr(name.s, '\n', name.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct span text = { (const char *)data, len };
	struct arena *a = arena_new();
	struct pciids p;

	pciids_index(text, a, &p);
	for (size_t i = 0; i < p.nr_blocks && i < 64; i++) {
		const struct pciids_block *b = &p.blocks[i];
		struct span name = { 0 };

		check(true, b->name, text);
		must(b->lines.s >= text.s && b->lines.s + b->lines.len <= text.s + text.len);
		if (!b->class_block)
			must(pciids_vendor(&p, (uint16_t)b->id, &name));
		for (unsigned int id = 0; id < 16; id++) {
			check(pciids_device(&p, (uint16_t)b->id, (uint16_t)id, &name), name, text);
			check(pciids_class(&p, (uint16_t)(b->id << 8 | id), &name), name, text);
		}
	}
	arena_free(a);
	return 0;
}
