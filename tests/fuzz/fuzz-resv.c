/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reserved regions come out sorted and none ends before it starts. */
#include <errno.h>

#include "decode/resv.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	struct resv_region *regions = NULL;
	size_t nr = 0;
	int r = resv_parse((struct span){ (const char *)data, len }, a, &regions, &nr);

	must(r == 0 || r == -EBADMSG || r == -E2BIG);
	if (r < 0)
		return 0;
	must(nr <= RESV_REGIONS_MAX);
	for (size_t i = 0; i < nr; i++) {
		must(regions[i].start <= regions[i].last);
		must(regions[i].type_text);
		must(!i || regions[i - 1].start <= regions[i].start);
	}
	return 0;
}
