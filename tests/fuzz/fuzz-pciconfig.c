/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Configuration spaces of any content and length. */
#include "base/arena.h"
#include "decode/pciconfig.h"
#include "fuzz.h"

static void read_fields(const struct pciconfig *c, size_t base, const struct pciconfig_field *f,
			size_t nr)
{
	uint32_t value;

	for (size_t i = 0; i < nr; i++)
		if (pciconfig_get(c, base, &f[i], &value)) {
			must(base + f[i].offset + f[i].width <= c->len);
			must(f[i].bits == 32 || value < UINT32_C(1) << f[i].bits);
		}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct pciconfig c = { data, len < PCICONFIG_MAX ? len : PCICONFIG_MAX };
	const struct pciconfig_field *fields;
	const struct pciconfig_cap *cap;
	struct arena *a = arena_new();
	struct pciconfig_caps caps;
	size_t nr;

	pciconfig_find_caps(&c, a, &caps);
	must(caps.nr <= PCICONFIG_CAPS_MAX + PCICONFIG_ECAPS_MAX);
	fields = pciconfig_header_fields(pciconfig_header_type(&c), &nr);
	read_fields(&c, 0, fields, nr);
	for (size_t i = 0; i < caps.nr; i++) {
		must(caps.items[i].offset >= (caps.items[i].extended ? PCICONFIG_LEGACY : 0x40));
		must(caps.items[i].offset < c.len);
		fields = pciconfig_cap_fields(caps.items[i].extended, caps.items[i].id, &nr);
		read_fields(&c, caps.items[i].offset, fields, nr);
	}
	for (size_t at = 0; at < c.len && at < 512; at++)
		(void)pciconfig_danger(&c, &caps, at, 4, &cap);
	arena_free(a);
	return 0;
}
