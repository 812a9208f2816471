/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "model/predict.h"
#include "fake-host.h"
#include "scene.h"

/* One function alone in its group behind a VT-d that remaps interrupts. */
static void make_good(struct scene *s)
{
	scene_make(s, IOMMU_KIND_INTEL, "dmar0", "e1000e");
	fake_chips(s->h, "IR-IO-APIC IR-PCI-MSI DMAR-MSI");
	fake_region(s->h, s->g, 0xfee00000, 0xfeefffff, RESV_MSI);
}

static void assume(struct scene *s, const char *text)
{
	assert_int_equal(assumptions_add(&s->as, s->h->arena, text, NULL), 0);
}

/* ---- one device ---- */

static void test_predict_good_device_on_each_generation(struct scene *s)
{
	make_good(s);
	for (unsigned int g = 0; g < NR_RELEASES; g++) {
		expect_yes(s, g, PATH_CONTAINER);
		/* Now there is no node: nothing is bound. */
		scene_expect(s, RELEASE_BIT(g), VIEW_NOW, PATH_CONTAINER, ANSWER_NO, OP_OPEN_GROUP,
			     ENOENT);
	}
	struct path_prediction p = scene_ask(s, ONLY(6_1), VIEW_NOW, PATH_CONTAINER);
	assert_non_null(strstr(p.remedy, "bind 0000:01:00.0 to vfio-pci"));
}

static void test_predict_steps_end_at_the_refusal(struct scene *s)
{
	make_good(s);
	fake_chips(s->h, "IO-APIC PCI-MSI");
	struct path_prediction p = scene_ask(s, ONLY(6_1), VIEW_IF_BOUND, PATH_CONTAINER);
	static const enum op ops[] = { OP_BIND, OP_OPEN_CONTAINER, OP_OPEN_GROUP,
				       OP_GROUP_SET_CONTAINER, OP_SET_IOMMU };
	assert_int_equal(p.nr_steps, ARRAY_SIZE(ops));
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
		assert_int_equal(p.steps[i].op, ops[i]);
		assert_int_equal(p.steps[i].answer,
				 i + 1 == ARRAY_SIZE(ops) ? ANSWER_NO : ANSWER_YES);
	}
	assert_string_equal(p.why->rule->id, "interrupt-remapping");
	assert_int_equal(p.why->site->op, OP_SET_IOMMU);
	assert_non_null(strstr(p.because, "/proc/interrupts shows chip"));
	assert_non_null(strstr(p.remedy, "allow_unsafe_interrupts"));
	assert_true(p.why->nr_evidence > 0);
}

static void test_predict_unbound_device_of_a_bound_group(struct scene *s)
{
	make_good(s);
	s->other = fake_pci(s->h, "0000:01:00.1", s->g, s->u, NULL);
	fake_bind(s->h, s->other, "vfio-pci");
	/* On a host driver: the group is not viable before the device is looked for. */
	scene_expect(s, ONLY(5_10), VIEW_NOW, PATH_CONTAINER, ANSWER_NO, OP_GROUP_GET_DEVICE_FD,
		     EINVAL);
	scene_expect(s, ONLY(6_1), VIEW_NOW, PATH_CONTAINER, ANSWER_NO, OP_GROUP_SET_CONTAINER,
		     EPERM);
	fake_unbind(s->h, s->d, NULL);
	scene_expect(s, ONLY(5_10), VIEW_NOW, PATH_CONTAINER, ANSWER_NO, OP_GROUP_GET_DEVICE_FD,
		     ENODEV);
	scene_expect(s, ONLY(6_1), VIEW_NOW, PATH_CONTAINER, ANSWER_NO, OP_GROUP_GET_DEVICE_FD,
		     ENODEV);
	scene_expect(s, ONLY(6_12), VIEW_NOW, PATH_IOMMUFD, ANSWER_NO, OP_OPEN_CDEV, ENOENT);
}

static void test_predict_for_a_plain_user(struct scene *s)
{
	make_good(s);
	fake_user(s->h, 1000);
	expect_no(s, RELEASE_6_1, PATH_CONTAINER, OP_OPEN_GROUP, EACCES);
	expect_no(s, RELEASE_6_12, PATH_IOMMUFD, OP_OPEN_CDEV, EACCES);
	/* A node that was given away is the user's. */
	fake_bind(s->h, s->d, "vfio-pci");
	fake_node(s->h, &s->g->node, "/dev/vfio/1", 0600, 1000);
	expect_yes(s, RELEASE_6_1, PATH_CONTAINER);
	/* Whether the next group is given away too is up to the rules of udev. */
	struct group *g2 = fake_group(s->h, 2);
	s->d = fake_pci(s->h, "0000:02:00.0", g2, s->u, NULL);
	expect_unknown(s, RELEASE_6_1, PATH_CONTAINER);
}

static void test_predict_modules_now_and_later(struct scene *s)
{
	make_good(s);
	fake_bind(s->h, s->d, "vfio-pci");
	fake_module(s->h, MODULE_VFIO_IOMMU_TYPE1, MODULE_STATE_LOADABLE);
	fake_param(s->h, PARAM_TYPE1_ALLOW_UNSAFE_INTERRUPTS, NULL);
	fake_param(s->h, PARAM_TYPE1_DMA_ENTRY_LIMIT, NULL);
	scene_expect(s, ONLY(6_1), VIEW_NOW, PATH_CONTAINER, ANSWER_NO, OP_SET_IOMMU, ENODEV);
	expect_yes(s, RELEASE_6_1, PATH_CONTAINER);
	struct path_prediction p = scene_ask(s, ONLY(6_1), VIEW_NOW, PATH_CONTAINER);
	assert_string_equal(p.remedy, "load module vfio_iommu_type1: modprobe vfio_iommu_type1");
}

/* ---- order and agreement ---- */

static void test_predict_unknown_before_a_refusal(struct scene *s)
{
	make_good(s);
	/* Unknown at BIND, refused for certain at SET_IOMMU: no, but not known where. */
	s->d->is_bridge = TRI_UNKNOWN;
	fake_chips(s->h, "IO-APIC");
	expect_no(s, RELEASE_6_1, PATH_CONTAINER, OP_NONE, 0);
	struct path_prediction p = scene_ask(s, ONLY(6_1), VIEW_IF_BOUND, PATH_CONTAINER);
	assert_non_null(strstr(p.because, "or BIND may refuse before that"));
	/* Within a step: another errno before it leaves the errno open, the same does not. */
	fake_unbind(s->h, s->d, "nvme");
	s->d->numvfs = 1;
	s->d->sriov_numvfs = fake_present(s->h, s->d->sysfs, "1");
	expect_no(s, RELEASE_6_1, PATH_CONTAINER, OP_BIND, 0);
	expect_no(s, RELEASE_5_10, PATH_CONTAINER, OP_BIND, ENODEV);
}

static void test_predict_candidates_that_disagree(struct scene *s)
{
	uint64_t releases = ONLY(5_19) | ONLY(6_1);

	make_good(s);
	s->other = fake_device(s->h, BUS_PLATFORM, "platform", "edu-dma.0", s->g, s->u, NULL);
	scene_expect(s, releases, VIEW_IF_BOUND, PATH_CONTAINER, ANSWER_UNKNOWN, OP_NONE, 0);
	struct path_prediction p = scene_ask(s, releases, VIEW_IF_BOUND, PATH_CONTAINER);
	assert_string_equal(p.because,
			    "the kernel may be 5.19 (SET_IOMMU fails with EINVAL) or 6.1 (it succeeds)");
	assert_string_equal(p.why->rule->id, "mixed-bus");
	/* What they agree on stays certain. */
	assert_int_equal(p.steps[0].answer, ANSWER_YES);
	assert_int_equal(p.steps[4].op, OP_SET_IOMMU);
	assert_int_equal(p.steps[4].answer, ANSWER_UNKNOWN);
	scene_expect(s, ONLY(6_1) | ONLY(6_2), VIEW_IF_BOUND, PATH_CONTAINER, ANSWER_YES, OP_NONE,
		     0);
}

static void test_predict_difference_names_the_rule(struct scene *s)
{
	make_good(s);
	s->other = fake_device(s->h, BUS_PLATFORM, "platform", "edu-dma.0", s->g, s->u, NULL);
	struct path_prediction before = scene_ask(s, ONLY(5_19), VIEW_IF_BOUND, PATH_CONTAINER);
	struct path_prediction patched = scene_ask(s, ONLY(6_1), VIEW_IF_BOUND, PATH_CONTAINER);
	struct path_prediction after = scene_ask(s, ONLY(6_4), VIEW_IF_BOUND, PATH_CONTAINER);
	assert_string_equal(predict_difference(&before, &patched)->rule->id, "mixed-bus");
	assert_string_equal(predict_difference(&patched, &before)->rule->id, "mixed-bus");
	assert_string_equal(predict_difference(&patched, &after)->rule->id, "isolated-msi");
	assert_null(predict_difference(&patched, &patched));
}

/* ---- an IOMMU that nobody knows: the mock ---- */

static void make_mock(struct scene *s)
{
	make_good(s);
	s->u->kind = IOMMU_KIND_OTHER;
	s->u->name = "mock-iommu";
	fake_chips(s->h, "IO-APIC PCI-MSI");
}

static void make_mock_mixed(struct scene *s)
{
	make_mock(s);
	s->other = fake_device(s->h, BUS_PLATFORM, "platform", "mock0", s->g, s->u, NULL);
}

static void test_mock_mixed_bus_is_certain_on_5_10(struct scene *s)
{
	make_mock_mixed(s);
	expect_no(s, RELEASE_5_10, PATH_CONTAINER, OP_SET_IOMMU, EINVAL);
	expect_unknown(s, RELEASE_6_1, PATH_CONTAINER);
	expect_unknown(s, RELEASE_6_12, PATH_CONTAINER);
	expect_unknown(s, RELEASE_7_3, PATH_IOMMUFD);
}

/* Each reason says what to assume, about the device that was asked about; who does so gets on. */
static void test_mock_unknown_says_what_to_assume(struct scene *s)
{
	static const char *const keys[] = {
		"0000:01:00.0:cache_coherency=1",
		"0000:01:00.0:interrupt_remapping=1",
	};

	make_mock(s);
	s->other = fake_pci(s->h, "0000:00:01.0", s->g, s->u, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		struct path_prediction p = scene_ask(s, ONLY(6_1), VIEW_IF_BOUND, PATH_CONTAINER);
		const char *said = strstr(p.because, "--assume ");

		assert_int_equal(p.answer, ANSWER_UNKNOWN);
		assert_non_null(said);
		assert_string_equal(said + strlen("--assume "), keys[i]);
		assume(s, keys[i]);
	}
	expect_yes(s, RELEASE_6_1, PATH_CONTAINER);
}

static void test_mock_any_member_claims_remapping(struct scene *s)
{
	make_mock_mixed(s);
	assume(s, "cache_coherency=1");
	assume(s, "platform:mock0:interrupt_remapping=1");
	assume(s, "0000:01:00.0:interrupt_remapping=0");
	expect_no(s, RELEASE_5_10, PATH_CONTAINER, OP_SET_IOMMU, EINVAL);
	expect_yes(s, RELEASE_6_1, PATH_CONTAINER);
	fake_free(s->h);

	make_mock_mixed(s);
	assume(s, "cache_coherency=1");
	assume(s, "interrupt_remapping=0");
	expect_no(s, RELEASE_6_1, PATH_CONTAINER, OP_SET_IOMMU, EPERM);
}

/* 5.10 asks the bus, 6.1 the device. */
static void test_mock_a_group_each(struct scene *s)
{
	make_mock(s);
	s->other = fake_device(s->h, BUS_PLATFORM, "platform", "mock0", fake_group(s->h, 2), s->u,
			       NULL);
	assume(s, "cache_coherency=1");
	assume(s, "platform:mock0:interrupt_remapping=1");
	assume(s, "01:00.0:interrupt_remapping=0");
	expect_yes(s, RELEASE_5_10, PATH_CONTAINER);
	expect_no(s, RELEASE_6_1, PATH_CONTAINER, OP_SET_IOMMU, EPERM);
}

static void test_mock_without_coherency(struct scene *s)
{
	struct prediction p;

	make_mock(s);
	assume(s, "interrupt_remapping=1");
	assume(s, "cache_coherency=0");
	expect_yes(s, RELEASE_5_10, PATH_CONTAINER);
	expect_no(s, RELEASE_6_1, PATH_CONTAINER, OP_BIND, EINVAL);
	expect_no(s, RELEASE_6_12, PATH_IOMMUFD, OP_BIND, EINVAL);
	predict_device(s->h, &s->as, fake_kernels(s->h, ONLY(5_10)), s->d, s->h->arena, &p);
	assert_true(p.assumed);
	for (size_t i = 0; i < p.nr_extensions; i++)
		if (strcmp(p.extensions[i].name, "DMA_CC_IOMMU") == 0)
			assert_int_equal(p.extensions[i].after, ANSWER_NO);
}

static void test_mock_isolated_msi_is_asked_of_every_device(struct scene *s)
{
	make_mock_mixed(s);
	assume(s, "cache_coherency=1");
	assume(s, "01:00.0:isolated_msi=1");
	expect_unknown(s, RELEASE_6_12, PATH_CONTAINER);
	assume(s, "platform:mock0:isolated_msi=0");
	expect_no(s, RELEASE_6_12, PATH_CONTAINER, OP_SET_IOMMU, EPERM);
	expect_no(s, RELEASE_6_12, PATH_IOMMUFD, OP_BIND_IOMMUFD, EPERM);
	/* One parameter for each. */
	assume(s, "allow_unsafe_interrupts=1");
	expect_yes(s, RELEASE_6_12, PATH_CONTAINER);
	expect_no(s, RELEASE_6_12, PATH_IOMMUFD, OP_BIND_IOMMUFD, EPERM);
	expect_no(s, RELEASE_6_12, PATH_COMPAT, OP_GROUP_GET_DEVICE_FD, EPERM);
	assume(s, "iommufd.allow_unsafe_interrupts=1");
	expect_yes(s, RELEASE_6_12, PATH_IOMMUFD);
	expect_yes(s, RELEASE_6_12, PATH_COMPAT);
}

static void test_mock_direct_region(struct scene *s)
{
	make_mock(s);
	fake_region(s->h, s->g, 0x100000, 0x1fffff, RESV_DIRECT);
	assume(s, "cache_coherency=1");
	assume(s, "interrupt_remapping=1");
	expect_yes(s, RELEASE_5_10, PATH_CONTAINER);
	expect_yes(s, RELEASE_6_1, PATH_CONTAINER);
	expect_no(s, RELEASE_6_12, PATH_CONTAINER, OP_GROUP_SET_CONTAINER, EINVAL);
	assume(s, "isolated_msi=1");
	expect_no(s, RELEASE_7_3, PATH_IOMMUFD, OP_BIND_IOMMUFD, EINVAL);
}

/* ---- the patch itself ---- */

/* A device with a group and no IOMMU instance, beside one that has both. */
static void test_patch_device_without_instance(struct scene *s)
{
	make_good(s);
	s->d->iommu = NULL;
	s->d->iommu_link = fake_absent(s->h, s->d->sysfs);
	s->other = fake_pci(s->h, "0000:02:00.0", fake_group(s->h, 2), s->u, NULL);
	/* Unpatched: the bus speaks for it, at bind and for interrupts. */
	expect_yes(s, RELEASE_5_19, PATH_CONTAINER);
	expect_no(s, RELEASE_6_1, PATH_CONTAINER, OP_BIND, EINVAL);
	/* Bound before, the patched kernel still finds no device that claims remapping. */
	fake_bind(s->h, s->d, "vfio-pci");
	scene_expect(s, ONLY(5_19), VIEW_NOW, PATH_CONTAINER, ANSWER_YES, OP_NONE, 0);
	scene_expect(s, ONLY(6_1), VIEW_NOW, PATH_CONTAINER, ANSWER_NO, OP_SET_IOMMU, EPERM);
}

static void test_patch_representative(struct scene *s)
{
	struct prediction p;

	make_good(s);
	predict_device(s->h, NULL, fake_kernels(s->h, ONLY(6_1)), s->d, s->h->arena, &p);
	assert_ptr_equal(p.representative, s->d);
	s->other = fake_pci(s->h, "0000:01:00.1", s->g, s->u, NULL);
	predict_device(s->h, NULL, fake_kernels(s->h, ONLY(6_1)), s->other, s->h->arena, &p);
	assert_ptr_equal(p.representative, s->d);
	fake_device(s->h, BUS_PLATFORM, "platform", "edu-dma.0", s->g, s->u, NULL);
	predict_device(s->h, NULL, fake_kernels(s->h, ONLY(6_1)), s->d, s->h->arena, &p);
	assert_null(p.representative);
	assert_non_null(strstr(p.representative_because, "edu-dma.0"));
}

/* ---- no-IOMMU and iommufd's container ---- */

static void make_noiommu(struct scene *s)
{
	*s = (struct scene){ .h = fake_host() };
	s->d = fake_pci(s->h, "0000:00:03.0", NULL, NULL, "e1000e");
	fake_param(s->h, PARAM_VFIO_NOIOMMU, "Y");
	fake_config(s->h, FAKE_CONFIG " CONFIG_VFIO_NOIOMMU=y CONFIG_IOMMUFD_NOIOMMU=y");
}

static void test_noiommu_path(struct scene *s)
{
	struct prediction p;

	make_noiommu(s);
	for (unsigned int g = 0; g < NR_RELEASES; g++)
		expect_yes(s, g, PATH_NOIOMMU);
	predict_device(s->h, NULL, fake_kernels(s->h, ONLY(6_12)), s->d, s->h->arena, &p);
	assert_int_equal(p.best[VIEW_IF_BOUND], PATH_NOIOMMU);
	assert_true(p.paths[VIEW_IF_BOUND][PATH_NOIOMMU].offered);
	s->h->caller.caps &= ~(unsigned int)CALLER_CAP_SYS_RAWIO;
	expect_no(s, RELEASE_6_12, PATH_NOIOMMU, OP_OPEN_GROUP, EPERM);
	expect_no(s, RELEASE_7_3, PATH_IOMMUFD, OP_OPEN_CDEV, EPERM);
	/* Before 5.19 a bus with an IOMMU has no such devices. */
	fake_pci(s->h, "0000:00:04.0", fake_group(s->h, 1),
		 fake_unit(s->h, IOMMU_KIND_INTEL, "dmar0"), NULL);
	expect_no(s, RELEASE_5_10, PATH_NOIOMMU, OP_BIND, ENODEV);
	expect_no(s, RELEASE_6_12, PATH_NOIOMMU, OP_OPEN_GROUP, EPERM);
}

static void test_noiommu_is_not_for_devices_with_a_group(struct scene *s)
{
	make_good(s);
	expect_no(s, RELEASE_6_12, PATH_NOIOMMU, OP_OPEN_GROUP, ENOENT);
	assert_false(scene_ask(s, ONLY(6_12), VIEW_IF_BOUND, PATH_NOIOMMU).offered);
}

static void test_container_served_by_iommufd(struct scene *s)
{
	make_good(s);
	fake_config(s->h,
		    "CONFIG_IOMMUFD_VFIO_CONTAINER=y CONFIG_VFIO_DEVICE_CDEV=y CONFIG_VFIO_GROUP=y");
	fake_module(s->h, MODULE_VFIO_IOMMU_TYPE1, MODULE_STATE_ABSENT);
	expect_yes(s, RELEASE_7_3, PATH_CONTAINER);
	fake_chips(s->h, "IO-APIC");
	expect_no(s, RELEASE_7_3, PATH_CONTAINER, OP_GROUP_GET_DEVICE_FD, EPERM);
	/* type1's parameter means nothing there. */
	assume(s, "allow_unsafe_interrupts=1");
	expect_no(s, RELEASE_7_3, PATH_CONTAINER, OP_GROUP_GET_DEVICE_FD, EPERM);
	struct path_prediction p = scene_ask(s, ONLY(7_3), VIEW_IF_BOUND, PATH_CONTAINER);
	assert_non_null(strstr(p.remedy, "/iommufd/parameters/allow_unsafe_interrupts"));
}

static void test_paths_that_a_kernel_lacks(struct scene *s)
{
	make_good(s);
	fake_module(s->h, MODULE_IOMMUFD, MODULE_STATE_ABSENT);
	fake_node_absent(s->h, &s->h->iommu_node, "/dev/iommu");
	fake_config(s->h, "CONFIG_VFIO_CONTAINER=y CONFIG_VFIO_GROUP=y");
	for (unsigned int g = 0; g < NR_RELEASES; g++) {
		expect_no(s, g, PATH_IOMMUFD, OP_OPEN_CDEV, ENOENT);
		expect_no(s, g, PATH_COMPAT, OP_OPEN_IOMMUFD, ENOENT);
		assert_false(scene_ask(s, RELEASE_BIT(g), VIEW_IF_BOUND, PATH_IOMMUFD).offered);
		assert_false(scene_ask(s, RELEASE_BIT(g), VIEW_IF_BOUND, PATH_COMPAT).offered);
	}
}

/* ---- virtio-iommu, whose groups come with the first probe ---- */

static void test_virtio_group_comes_with_the_probe(struct scene *s)
{
	s->h = fake_host();
	fake_unit(s->h, IOMMU_KIND_VIRTIO, "0000:00:01.0");
	fake_chips(s->h, "IO-APIC PCI-MSI");
	fake_config(s->h, "CONFIG_VFIO_CONTAINER=y CONFIG_VFIO_GROUP=y");
	s->d = fake_pci(s->h, "0000:00:03.0", NULL, NULL, NULL);
	expect_no(s, RELEASE_6_12, PATH_CONTAINER, OP_BIND, EINVAL);
	s->h->firmware.has_viot = TRI_YES;
	s->d->behind_viot = TRI_UNKNOWN;
	/* Refused at bind without a group, and for its interrupts with one. */
	expect_no(s, RELEASE_6_12, PATH_CONTAINER, OP_NONE, 0);
	struct path_prediction p = scene_ask(s, ONLY(6_12), VIEW_IF_BOUND, PATH_CONTAINER);
	assert_int_equal(p.steps[0].answer, ANSWER_UNKNOWN);
	s->d->behind_viot = TRI_YES;
	expect_no(s, RELEASE_6_12, PATH_CONTAINER, OP_SET_IOMMU, EPERM);
	assume(s, "allow_unsafe_interrupts=1");
	expect_yes(s, RELEASE_6_12, PATH_CONTAINER);
}

static void test_virtio_without_its_driver_waits(struct scene *s)
{
	s->h = fake_host();
	fake_module(s->h, MODULE_VIRTIO_IOMMU, MODULE_STATE_LOADABLE);
	s->h->firmware.has_viot = TRI_YES;
	s->d = fake_pci(s->h, "0000:00:04.0", NULL, NULL, NULL);
	s->d->behind_viot = TRI_YES;
	expect_no(s, RELEASE_5_10, PATH_CONTAINER, OP_BIND, ENODEV);
	expect_no(s, RELEASE_6_12, PATH_CONTAINER, OP_BIND, EAGAIN);
	/* Later kernels give up after a while. */
	expect_no(s, RELEASE_7_3, PATH_CONTAINER, OP_BIND, 0);
	s->h->kernel.cmdline = fake_present(s->h, "/proc/cmdline", "deferred_probe_timeout=60");
	s->h->kernel.uptime = fake_present(s->h, "/proc/uptime", "59.98 12.00");
	expect_no(s, RELEASE_7_3, PATH_CONTAINER, OP_BIND, EAGAIN);
	s->h->kernel.uptime = fake_present(s->h, "/proc/uptime", "60.00 12.00");
	expect_no(s, RELEASE_7_3, PATH_CONTAINER, OP_BIND, 0);
	fake_unbind(s->h, s->d, "e1000");
	expect_no(s, RELEASE_7_3, PATH_CONTAINER, OP_BIND, EINVAL);
	/* Nobody waits for a driver that cannot come. */
	fake_module(s->h, MODULE_VIRTIO_IOMMU, MODULE_STATE_ABSENT);
	expect_no(s, RELEASE_6_12, PATH_CONTAINER, OP_BIND, EINVAL);
}
