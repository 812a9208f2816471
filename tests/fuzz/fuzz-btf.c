/* SPDX-License-Identifier: GPL-2.0-or-later */
/* BTF: the first half of the input is the kernel's, the second a module's, which continues it. */
#include <errno.h>
#include <string.h>

#include "decode/btf.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char *const names[] = { "iommu_capable", "vfio_open" };
	bool found[ARRAY_SIZE(names)] = { false };
	size_t half = len / 2;
	struct btf base, own;
	int r = btf_open((struct span){ (const char *)data, len - half }, &base);

	must(r == 0 || r == -EBADMSG);
	if (r < 0)
		return 0;
	r = btf_find_functions(&base, NULL, names, ARRAY_SIZE(names), found);
	must(r == 0 || r == -EBADMSG);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		must(!found[i] || memmem(data, len, names[i], strlen(names[i]) + 1));
	if (btf_open((struct span){ (const char *)data + len - half, half }, &own) < 0)
		return 0;
	r = btf_find_functions(&own, &base, names, ARRAY_SIZE(names), found);
	must(r == 0 || r == -EBADMSG);
	return 0;
}
