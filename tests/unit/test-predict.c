/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "fake-host.h"
#include "model/predict.h"

/* One function alone in its group behind a VT-d that remaps interrupts. */
static struct host *good_host(struct device **ret)
{
	struct host *h = fake_host();
	struct iommu_unit *u = fake_unit(h, IOMMU_KIND_INTEL, "dmar0");
	struct group *g = fake_group(h, 1);

	fake_chips(h, "IR-IO-APIC IR-PCI-MSI DMAR-MSI");
	fake_region(h, g, 0xfee00000, 0xfeefffff, RESV_MSI);
	*ret = fake_pci(h, "0000:01:00.0", g, u, "e1000e");
	fake_config(h, "CONFIG_VFIO_CONTAINER=y CONFIG_VFIO_DEVICE_CDEV=y CONFIG_VFIO_GROUP=y");
	return h;
}

static void test_predict_good_device_on_each_generation(void **state)
{
	struct device *d;
	struct host *h = good_host(&d);

	(void)state;
	for (unsigned int g = 0; g < NR_GENS; g++) {
		struct prediction p;
		predict_device(h, NULL, GEN_BIT(g), d, h->arena, &p);
		const struct path_prediction *c = &p.paths[VIEW_IF_BOUND][PATH_CONTAINER];
		if (c->answer != ANSWER_YES)
			fail_msg("%s: %s: %s", generation_get((enum gen)g)->name, op_name(c->op),
				 c->because);
		assert_null(c->because);
		assert_int_equal(c->op, OP_NONE);
		/* Now there is no node: nothing is bound. */
		c = &p.paths[VIEW_NOW][PATH_CONTAINER];
		assert_int_equal(c->answer, ANSWER_NO);
		assert_int_equal(c->op, OP_OPEN_GROUP);
		assert_int_equal(c->err, ENOENT);
		assert_non_null(strstr(c->remedy, "bind 0000:01:00.0 to vfio-pci"));
	}
	fake_free(h);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_predict_good_device_on_each_generation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
