/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The reduced device tree of a capture. */
#include <errno.h>

#include "decode/devicetree.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	const struct devicetree_node *plain, *doubtful;
	struct devicetree dt;
	int r = devicetree_parse((struct span){ (const char *)data, len }, a, &dt);

	must(r == 0 || r == -EBADMSG);
	if (r < 0)
		return 0;
	must(dt.nr_nodes <= DEVICETREE_NODES_MAX && dt.nr_buses <= DEVICETREE_NODES_MAX);
	devicetree_plain_msi(&dt, &plain, &doubtful);
	for (size_t i = 0; i < dt.nr_nodes && i < 16; i++) {
		const struct devicetree_node *n = &dt.nodes[i], *found;

		found = devicetree_msi_of_pci(&dt, n, 0x100);
		must(!found || found->phandle || found == n);
		found = devicetree_iommu_of(&dt, n);
		must(!found || (found->iommu && !found->disabled));
		devicetree_host(&dt, 0, (uint8_t)i);
	}
	return 0;
}
