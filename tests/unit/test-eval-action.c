/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/predict.h"
#include "fake-host.h"
#include "scene.h"

/* No group: the firmware's word and the kernel's tell what to do. */
static void test_remedy_without_group(void)
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
		{ VIOT, "ro", "CONFIG_VIRTIO_IOMMU=m", "with CONFIG_VIRTIO_IOMMU",
		  MODULE_STATE_ABSENT },
		{ VIOT, "ro", "", "with CONFIG_VIRTIO_IOMMU", MODULE_STATE_UNKNOWN },
	};

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
		predict_device(h, &as, fake_kernels(h, ONLY(6_1)), d, h->arena, &all);
		const struct path_prediction *p = &all.paths[VIEW_IF_BOUND][PATH_CONTAINER];
		assert_string_equal(p->why->rule->id, "no-group");
		if (!strstr(p->remedy, rows[i].remedy))
			fail_msg("row %zu: %s", i, p->remedy);
		fake_free(h);
	}
}

static const char *remedy_of(struct host *h, const struct device *d)
{
	static const struct assumptions none;
	struct prediction all;

	predict_device(h, &none, fake_kernels(h, ONLY(6_1)), d, h->arena, &all);
	return all.paths[VIEW_IF_BOUND][PATH_CONTAINER].remedy;
}

/* There is no firmware setup in a guest, and what is loaded takes no parameter of modprobe's. */
static void test_remedy_in_a_guest(struct host *h)
{
	const struct device *d = fake_pci(h, "0000:01:00.0", NULL, NULL, "e1000e");

	fake_config(h, "CONFIG_VFIO_NOIOMMU=y");
	fake_param(h, PARAM_VFIO_NOIOMMU, "N");
	h->firmware.hypervisor = fake_present(h, "/sys/class/dmi/id/sys_vendor", "qemu");
	assert_non_null(strstr(remedy_of(h, d), "virtual machine (qemu)"));
	assert_non_null(strstr(remedy_of(h, d),
			       "echo Y > /sys/module/vfio/parameters/enable_unsafe_noiommu_mode"));
	fake_module(h, MODULE_VFIO, MODULE_STATE_LOADABLE);
	h->params[PARAM_VFIO_NOIOMMU].value = fake_absent(h, "/sys/module/vfio/parameters");
	assert_non_null(strstr(remedy_of(h, d), "modprobe vfio enable_unsafe_noiommu_mode=1"));
	h->firmware.hypervisor = fake_present(h, "/sys/hypervisor/type", "xen");
	assert_non_null(strstr(remedy_of(h, d), "xl pci-assignable-add"));
	h->firmware.hypervisor = fake_present(h, "/sys/class/dmi/id/sys_vendor", "amazon");
	assert_non_null(strstr(remedy_of(h, d), "bare-metal instance type"));
	assert_null(strstr(remedy_of(h, d), "in the firmware setup"));
}

static void test_remedy_for_graphics_left_out(struct host *h)
{
	struct device *d = fake_pci(h, "0000:00:02.0", NULL, NULL, "i915");

	fake_unit(h, IOMMU_KIND_INTEL, "dmar0");
	h->kernel.cmdline = fake_present(h, "/proc/cmdline", "intel_iommu=on,igfx_off");
	assert_non_null(strstr(remedy_of(h, d), "no IOMMU of this machine serves"));
	d->class_code = 0x030000;
	assert_non_null(strstr(remedy_of(h, d), "without igfx_off"));
}

static const char *remedy_now(struct host *h, const struct device *d)
{
	static const struct assumptions none;
	struct prediction all;

	predict_device(h, &none, fake_kernels(h, ONLY(6_1)), d, h->arena, &all);
	return all.paths[VIEW_NOW][PATH_CONTAINER].remedy;
}

/* One command does it, however many devices of the group are in the way. */
static void test_remedy_takes_the_group_along(struct host *h)
{
	struct iommu_unit *u = fake_unit(h, IOMMU_KIND_INTEL, "dmar0");
	struct group *g = fake_group(h, 1);
	struct device *d = fake_pci(h, "0000:01:00.0", g, u, "e1000");
	struct device *port = fake_pci(h, "0000:00:01.0", g, u, "pcieport"), *sibling, *idle;
	static const char alone
		[] = "bind 0000:01:00.0 to vfio-pci: vfiotool bind 0000:01:00.0",
	   group[] =
		   "bind 0000:01:00.0 to vfio-pci, with the other members of its group that must move: vfiotool bind --group 0000:01:00.0";

	fake_bridge(h, port);
	idle = fake_pci(h, "0000:01:00.2", g, u, NULL);
	assert_string_equal(remedy_now(h, d), alone);
	sibling = fake_pci(h, "0000:01:00.1", g, u, "snd_hda_intel");
	assert_string_equal(remedy_now(h, d), group);
	/* One of them is there already: whose turn it is is named. */
	fake_bind(h, d, "vfio-pci");
	assert_string_equal(remedy_now(h, d),
			    "bind 0000:01:00.1 to vfio-pci: vfiotool bind 0000:01:00.1");
	/* It is in the way of one that has no driver as well, which has to be bound, too. */
	fake_unbind(h, d, NULL);
	fake_bind(h, sibling, "vfio-pci");
	assert_string_equal(remedy_now(h, idle),
			    "bind 0000:01:00.2 to vfio-pci: vfiotool bind 0000:01:00.2");
}

/* A udev rule that matches no event gives nobody anything. */
static void test_remedy_names_what_udev_matches(struct host *h)
{
	static const char *const matches[NR_PATHS] = {
		[PATH_CONTAINER] = "a udev rule for SUBSYSTEM==\"vfio\"",
		[PATH_IOMMUFD] = "a udev rule for SUBSYSTEM==\"vfio-dev\"",
		[PATH_COMPAT] = "a udev rule for SUBSYSTEM==\"misc\", KERNEL==\"iommu\"",
	};
	static const struct assumptions none;
	struct device *d = fake_pci(h, "0000:01:00.0", fake_group(h, 1),
				    fake_unit(h, IOMMU_KIND_INTEL, "dmar0"), NULL);
	struct prediction all;

	fake_config(h, FAKE_CONFIG);
	fake_bind(h, d, "vfio-pci");
	fake_user(h, 1000);
	fake_node(h, &d->cdev, "/dev/vfio/devices/vfio0", 0600, 0);
	fake_node(h, &d->group->node, "/dev/vfio/1", 0600, 0);
	fake_node(h, &h->iommu_node, "/dev/iommu", 0660, 0);
	predict_device(h, &none, fake_kernels(h, ONLY(7_3)), d, h->arena, &all);
	for (size_t i = 0; i < NR_PATHS; i++) {
		const char *remedy = all.paths[VIEW_NOW][i].remedy;

		if (matches[i] && (!remedy || !strstr(remedy, matches[i])))
			fail_msg("%s: %s", path_kind_name((enum path_kind)i), remedy);
	}
	fake_node(h, &h->vfio_node, "/dev/vfio/vfio", 0660, 0);
	assert_non_null(strstr(remedy_now(h, d), "SUBSYSTEM==\"misc\", KERNEL==\"vfio\""));
}
