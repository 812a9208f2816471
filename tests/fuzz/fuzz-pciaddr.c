/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An address that parses is written, and parses to the same. */
#include "decode/pciaddr.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct span text = { (const char *)data, len };
	struct pciaddr addr, again, slot;

	if (pciaddr_parse(text, &addr) == 0) {
		vt_cleanup(arena_freep) struct arena *a = arena_new();
		char *name = pciaddr_format(a, &addr);
		size_t name_len = 0;

		while (name[name_len])
			name_len++;
		must(addr.device < 32 && addr.function < 8);
		must(pciaddr_parse((struct span){ name, name_len }, &again) == 0);
		must(again.domain == addr.domain && again.bus == addr.bus &&
		     again.device == addr.device && again.function == addr.function);
	}
	if (pciaddr_parse_slot(text, &slot) == 0)
		must(slot.device < 32 && !slot.function);
	return 0;
}
