/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Another device of the group that would have to move: it moves only when its VFIO driver takes it. */
#include <errno.h>

#include "model/walk.h"
#include "fake-host.h"
#include "scene.h"

/* The other of the two is on @driver. */
static void make(struct scene *s, const char *driver)
{
	scene_make(s, IOMMU_KIND_INTEL, "dmar0", "e1000e");
	s->other = fake_pci(s->h, "0000:01:00.1", s->g, s->u, driver);
	fake_chips(s->h, "IR-IO-APIC IR-PCI-MSI");
}

static void enable_vfs(struct scene *s)
{
	s->other->sriov_numvfs = fake_present(s->h, s->other->sysfs, "2");
	s->other->numvfs = 2;
}

#define expect(s, release, path, answer, op, err) \
	scene_expect(s, RELEASE_BIT(release), VIEW_IF_BOUND, path, answer, op, err)

/* Refused because of the sibling, with both names in the sentence. */
static void expect_refused(struct scene *s, enum answer answer, const char *because,
			   const char *remedy)
{
	const struct path_prediction p = scene_ask(s, ONLY(6_1), VIEW_IF_BOUND, PATH_CONTAINER);

	assert_int_equal(p.answer, answer);
	assert_non_null(strstr(p.because, s->other->name));
	assert_non_null(strstr(p.because, s->d->name));
	assert_non_null(strstr(p.because, because));
	assert_non_null(strstr(p.remedy, remedy));
}

static void test_member_moves_when_it_is_taken(struct scene *s)
{
	make(s, "ahci");
	for (unsigned int release = 0; release < NR_RELEASES; release++)
		expect(s, release, PATH_CONTAINER, ANSWER_YES, OP_NONE, 0);
	expect(s, RELEASE_6_12, PATH_IOMMUFD, ANSWER_YES, OP_NONE, 0);
}

static void test_member_with_virtual_functions_stays(struct scene *s)
{
	make(s, "nvme");
	enable_vfs(s);
	expect(s, RELEASE_5_10, PATH_CONTAINER, ANSWER_NO, OP_GROUP_GET_DEVICE_FD, EINVAL);
	expect(s, RELEASE_6_1, PATH_CONTAINER, ANSWER_NO, OP_GROUP_SET_CONTAINER, EPERM);
	expect(s, RELEASE_6_12, PATH_IOMMUFD, ANSWER_NO, OP_BIND_IOMMUFD, EPERM);
	expect_refused(s, ANSWER_NO, "must stay on host driver nvme",
		       "vfiotool bind --driver pci-stub 0000:01:00.1");
	expect_refused(s, ANSWER_NO, "virtual functions enabled", "echo 0 > ");
}

/* As things are the sibling has to move, too; but not to where it is refused. */
static void test_member_is_not_sent_where_it_is_refused(struct scene *s)
{
	static const char to_vfio[] = "bind 0000:01:00.1 to vfio-pci",
			  to_stub[] = "vfiotool bind --driver pci-stub 0000:01:00.1";
	const char *remedy;

	make(s, "nvme");
	fake_bind(s->h, s->d, "vfio-pci");
	remedy = scene_ask(s, ONLY(6_1), VIEW_NOW, PATH_CONTAINER).remedy;
	assert_non_null(strstr(remedy, to_vfio));
	enable_vfs(s);
	remedy = scene_ask(s, ONLY(6_1), VIEW_NOW, PATH_CONTAINER).remedy;
	assert_null(strstr(remedy, to_vfio));
	assert_non_null(strstr(remedy, to_stub));
}

/* Which of them the driver leaves when it goes is up to it. */
static void test_member_that_may_be_taken_makes_a_doubt(struct scene *s)
{
	make(s, "igb");
	enable_vfs(s);
	expect(s, RELEASE_5_10, PATH_CONTAINER, ANSWER_UNKNOWN, OP_NONE, 0);
	expect(s, RELEASE_6_12, PATH_IOMMUFD, ANSWER_UNKNOWN, OP_NONE, 0);
	expect_refused(s, ANSWER_UNKNOWN, "can leave host driver igb", "echo 0 > ");
	s->other->sriov_numvfs = fake_denied(s->h, s->other->sysfs);
	expect_refused(s, ANSWER_UNKNOWN, "cannot tell whether", "pci-stub");
}

static void test_member_in_the_denylist_stays(struct scene *s)
{
	make(s, "c6xx");
	s->other->vendor = 0x8086;
	s->other->device_id = 0x37c8;
	expect(s, RELEASE_6_1, PATH_CONTAINER, ANSWER_NO, OP_GROUP_SET_CONTAINER, EPERM);
	expect_refused(s, ANSWER_NO, "QAT C62x", "disable_denylist=1");
	fake_param(s->h, PARAM_VFIO_PCI_DISABLE_DENYLIST, "Y");
	expect(s, RELEASE_6_1, PATH_CONTAINER, ANSWER_YES, OP_NONE, 0);
}

/* A refusal weighs more than a doubt of an earlier rule. */
static void test_member_refused_in_spite_of_a_doubt(struct scene *s)
{
	make(s, "nvme");
	enable_vfs(s);
	s->other->has_ids = false;
	expect(s, RELEASE_6_1, PATH_CONTAINER, ANSWER_NO, OP_GROUP_SET_CONTAINER, EPERM);
}

static void test_member_on_another_bus_has_its_own_driver(struct scene *s)
{
	make(s, NULL);
	s->other = fake_device(s->h, BUS_PLATFORM, "platform", "dma.0", s->g, s->u, "pl330");
	fake_module(s->h, MODULE_VFIO_PLATFORM, MODULE_STATE_ABSENT);
	expect(s, RELEASE_6_1, PATH_CONTAINER, ANSWER_NO, OP_GROUP_SET_CONTAINER, EPERM);
	expect_refused(s, ANSWER_NO, "module vfio_platform", "without a driver");
}

static void test_member_that_its_iommu_does_not_let_go(struct scene *s)
{
	make(s, "ahci");
	assert_int_equal(assumptions_add(&s->as, s->h->arena, "0000:01:00.1:cache_coherency=0",
					 NULL),
			 0);
	expect(s, RELEASE_5_10, PATH_CONTAINER, ANSWER_YES, OP_NONE, 0);
	expect(s, RELEASE_6_1, PATH_CONTAINER, ANSWER_NO, OP_GROUP_SET_CONTAINER, EPERM);
	expect_refused(s, ANSWER_NO, "not cache coherent", "pci-stub");
}

/* Now is now: nothing moves, so nothing is refused for its sake. */
static void test_member_without_a_driver_is_not_asked(struct scene *s)
{
	make(s, NULL);
	enable_vfs(s);
	expect(s, RELEASE_6_1, PATH_CONTAINER, ANSWER_YES, OP_NONE, 0);
	fake_unbind(s->h, s->other, "pci-stub");
	expect(s, RELEASE_6_1, PATH_CONTAINER, ANSWER_YES, OP_NONE, 0);
}

/* A root complex event collector: a function like others, and no bridge, on the driver of ports. */
static void test_member_that_collects_events(struct scene *s)
{
	make(s, "pcieport");
	expect(s, RELEASE_5_15, PATH_CONTAINER, ANSWER_NO, OP_GROUP_GET_DEVICE_FD, EINVAL);
	expect(s, RELEASE_5_19, PATH_CONTAINER, ANSWER_YES, OP_NONE, 0);
	fake_bridge(s->h, s->other);
	expect(s, RELEASE_5_15, PATH_CONTAINER, ANSWER_YES, OP_NONE, 0);
}

/* The device of a vendor serves VFIO as it is: it neither moves nor blocks. */
static void test_member_on_the_driver_of_a_vendor(struct scene *s)
{
	struct prediction p;

	make(s, "nvidia");
	s->other->vfio_dev = fake_present(s->h, "vfio-dev", "vfio3");
	expect(s, RELEASE_6_12, PATH_CONTAINER, ANSWER_YES, OP_NONE, 0);
	p = scene_predict(s, ONLY(6_12));
	assert_null(strstr(p.paths[VIEW_NOW][PATH_CONTAINER].remedy, "0000:01:00.1"));
	s->d = s->other;
	p = scene_predict(s, ONLY(6_12));
	assert_int_equal(p.paths[VIEW_IF_BOUND][PATH_CONTAINER].steps[0].answer, ANSWER_YES);
}

/* What is behind a VMD goes away with it. */
static void test_members_behind_a_vmd(struct scene *s)
{
	struct prediction p;

	make(s, NULL);
	fake_unbind(s->h, s->d, NULL);
	fake_unbind(s->h, s->other, "vmd");
	s->d = fake_pci(s->h, "10000:01:00.0", s->g, s->u, "nvme");
	p = scene_predict(s, ONLY(6_12));
	assert_int_equal(p.paths[VIEW_IF_BOUND][PATH_CONTAINER].err, EPERM);
	assert_non_null(strstr(p.paths[VIEW_IF_BOUND][PATH_CONTAINER].remedy,
			       "pass through 0000:01:00.1 with all devices behind it"));
	s->d = s->other;
	expect(s, RELEASE_6_12, PATH_CONTAINER, ANSWER_YES, OP_NONE, 0);
	expect(s, RELEASE_6_12, PATH_IOMMUFD, ANSWER_YES, OP_NONE, 0);
	p = scene_predict(s, ONLY(6_12));
	assert_non_null(strstr(p.paths[VIEW_NOW][PATH_CONTAINER].remedy,
			       "vfiotool bind 0000:01:00.1"));
}
