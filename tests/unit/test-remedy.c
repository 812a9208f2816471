/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "fake-host.h"
#include "model/predict.h"

/* No group: the firmware's word and the kernel's tell what to do. */
static void test_remedy_without_group(void **state)
{
	static const struct {
		enum { NOTHING, DMAR, IVRS, VIOT } table;
		const char *cmdline, *config, *remedy;
		enum module_state virtio;
	} rows[] = {
		{ NOTHING, "ro", "", "in the firmware setup", MODULE_STATE_ABSENT },
		{ DMAR, "ro", "CONFIG_INTEL_IOMMU=y", "boot with intel_iommu=on",
		  MODULE_STATE_ABSENT },
		{ DMAR, "intel_iommu=sm_on", "CONFIG_INTEL_IOMMU=y", "boot with intel_iommu=on",
		  MODULE_STATE_ABSENT },
		{ DMAR, "intel_iommu=sm_on,on", "CONFIG_INTEL_IOMMU=y", "look for DMAR",
		  MODULE_STATE_ABSENT },
		{ DMAR, "iommu=off intel_iommu=on", "CONFIG_INTEL_IOMMU=y", "without iommu=off",
		  MODULE_STATE_ABSENT },
		{ DMAR, "ro", "", "CONFIG_INTEL_IOMMU", MODULE_STATE_ABSENT },
		{ IVRS, "ro", "CONFIG_AMD_IOMMU=y", "AMD-Vi", MODULE_STATE_ABSENT },
		{ VIOT, "ro", "CONFIG_VIRTIO_IOMMU=m", "modprobe virtio_iommu",
		  MODULE_STATE_LOADABLE },
		{ VIOT, "ro", "CONFIG_VIRTIO_IOMMU=m", "that has virtio_iommu",
		  MODULE_STATE_ABSENT },
		{ VIOT, "ro", "", "that has virtio_iommu", MODULE_STATE_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct host *h = fake_host();
		struct assumptions as = { 0 };
		struct prediction all;

		struct device *d = fake_pci(h, "0000:01:00.0", NULL, NULL, "e1000e");
		h->kernel.cmdline = fake_present(h, "/proc/cmdline", rows[i].cmdline);
		fake_config(h, rows[i].config);
		fake_module(h, MODULE_VIRTIO_IOMMU, rows[i].virtio);
		h->firmware.has_dmar = rows[i].table == DMAR ? TRI_YES : TRI_NO;
		h->firmware.has_ivrs = rows[i].table == IVRS ? TRI_YES : TRI_NO;
		h->firmware.has_viot = rows[i].table == VIOT ? TRI_YES : TRI_NO;
		predict_device(h, &as, GEN_BIT(GEN_6_0), d, h->arena, &all);
		const struct path_prediction *p = &all.paths[VIEW_IF_BOUND][PATH_CONTAINER];
		assert_string_equal(p->why->rule->id, "no-group");
		if (!strstr(p->remedy, rows[i].remedy))
			fail_msg("row %zu: %s", i, p->remedy);
		fake_free(h);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_remedy_without_group),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
