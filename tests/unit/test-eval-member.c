/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Another device of the group that would have to move: it moves only when its VFIO driver takes it. */
#include <errno.h>

#include "model/walk.h"
#include "fake-host.h"
#include "scene.h"

struct situation {
	struct host *h;
	struct group *g;
	struct iommu_unit *u;
	struct device *target, *sibling;
	struct assumptions as;
};

static void make(struct situation *s, const char *driver)
{
	*s = (struct situation){ .h = fake_host() };
	s->u = fake_unit(s->h, IOMMU_KIND_INTEL, "dmar0");
	s->g = fake_group(s->h, 1);
	s->target = fake_pci(s->h, "0000:01:00.0", s->g, s->u, "e1000e");
	s->sibling = fake_pci(s->h, "0000:01:00.1", s->g, s->u, driver);
	fake_chips(s->h, "IR-IO-APIC IR-PCI-MSI");
	fake_config(s->h, FAKE_CONFIG);
}

static void enable_vfs(struct situation *s)
{
	s->sibling->sriov_numvfs = fake_present(s->h, s->sibling->sysfs, "2");
	s->sibling->numvfs = 2;
}

static struct path_prediction predict(struct situation *s, enum release release,
				      enum path_kind path)
{
	struct prediction p;

	predict_device(s->h, &s->as, fake_kernels(s->h, RELEASE_BIT(release)), s->target,
		       s->h->arena, &p);
	return p.paths[VIEW_IF_BOUND][path];
}

static void expect(struct situation *s, enum release release, enum path_kind path,
		   enum answer answer, enum op op, int err)
{
	const struct path_prediction p = predict(s, release, path);

	if (p.answer != answer || p.op != op || p.err != err)
		fail_msg("%s: %s at %s with %s: %s", release_name(release), answer_name(p.answer),
			 op_name(p.op), errno_name(p.err), p.because ? p.because : "");
}

/* Refused because of the sibling, with both names in the sentence. */
static void expect_refused(struct situation *s, enum answer answer, const char *because,
			   const char *remedy)
{
	const struct path_prediction p = predict(s, RELEASE_6_1, PATH_CONTAINER);

	assert_int_equal(p.answer, answer);
	assert_non_null(strstr(p.because, s->sibling->name));
	assert_non_null(strstr(p.because, s->target->name));
	assert_non_null(strstr(p.because, because));
	assert_non_null(strstr(p.remedy, remedy));
}

static void test_member_moves_when_it_is_taken(void **state)
{
	struct situation s;

	make(&s, "ahci");
	for (unsigned int release = 0; release < NR_RELEASES; release++)
		expect(&s, (enum release)release, PATH_CONTAINER, ANSWER_YES, OP_NONE, 0);
	expect(&s, RELEASE_6_12, PATH_IOMMUFD, ANSWER_YES, OP_NONE, 0);
	fake_free(s.h);
}

static void test_member_with_virtual_functions_stays(void **state)
{
	struct situation s;

	make(&s, "nvme");
	enable_vfs(&s);
	expect(&s, RELEASE_5_10, PATH_CONTAINER, ANSWER_NO, OP_GROUP_GET_DEVICE_FD, EINVAL);
	expect(&s, RELEASE_6_1, PATH_CONTAINER, ANSWER_NO, OP_GROUP_SET_CONTAINER, EPERM);
	expect(&s, RELEASE_6_12, PATH_IOMMUFD, ANSWER_NO, OP_BIND_IOMMUFD, EPERM);
	expect_refused(&s, ANSWER_NO, "must stay on host driver nvme",
		       "vfiotool bind --driver pci-stub 0000:01:00.1");
	expect_refused(&s, ANSWER_NO, "virtual functions enabled", "echo 0 > ");
	fake_free(s.h);
}

/* As things are the sibling has to move, too; but not to where it is refused. */
static void test_member_is_not_sent_where_it_is_refused(void **state)
{
	static const char to_vfio[] = "bind 0000:01:00.1 to vfio-pci",
			  to_stub[] = "vfiotool bind --driver pci-stub 0000:01:00.1";
	struct prediction p;
	const char *remedy;
	struct situation s;

	make(&s, "nvme");
	fake_bind(s.h, s.target, "vfio-pci");
	predict_device(s.h, &s.as, fake_kernels(s.h, ONLY(6_1)), s.target, s.h->arena, &p);
	remedy = p.paths[VIEW_NOW][PATH_CONTAINER].remedy;
	assert_non_null(strstr(remedy, to_vfio));
	enable_vfs(&s);
	predict_device(s.h, &s.as, fake_kernels(s.h, ONLY(6_1)), s.target, s.h->arena, &p);
	remedy = p.paths[VIEW_NOW][PATH_CONTAINER].remedy;
	assert_null(strstr(remedy, to_vfio));
	assert_non_null(strstr(remedy, to_stub));
	fake_free(s.h);
}

/* Which of them the driver leaves when it goes is up to it. */
static void test_member_that_may_be_taken_makes_a_doubt(void **state)
{
	struct situation s;

	make(&s, "igb");
	enable_vfs(&s);
	expect(&s, RELEASE_5_10, PATH_CONTAINER, ANSWER_UNKNOWN, OP_NONE, 0);
	expect(&s, RELEASE_6_12, PATH_IOMMUFD, ANSWER_UNKNOWN, OP_NONE, 0);
	expect_refused(&s, ANSWER_UNKNOWN, "can leave host driver igb", "echo 0 > ");
	s.sibling->sriov_numvfs = fake_denied(s.h, s.sibling->sysfs);
	expect_refused(&s, ANSWER_UNKNOWN, "cannot tell whether", "pci-stub");
	fake_free(s.h);
}

static void test_member_in_the_denylist_stays(void **state)
{
	struct situation s;

	make(&s, "c6xx");
	s.sibling->vendor = 0x8086;
	s.sibling->device_id = 0x37c8;
	expect(&s, RELEASE_6_1, PATH_CONTAINER, ANSWER_NO, OP_GROUP_SET_CONTAINER, EPERM);
	expect_refused(&s, ANSWER_NO, "QAT C62x", "disable_denylist=1");
	fake_param(s.h, PARAM_VFIO_PCI_DISABLE_DENYLIST, "Y");
	expect(&s, RELEASE_6_1, PATH_CONTAINER, ANSWER_YES, OP_NONE, 0);
	fake_free(s.h);
}

/* A refusal weighs more than a doubt of an earlier rule. */
static void test_member_refused_in_spite_of_a_doubt(void **state)
{
	struct situation s;

	make(&s, "nvme");
	enable_vfs(&s);
	s.sibling->has_ids = false;
	expect(&s, RELEASE_6_1, PATH_CONTAINER, ANSWER_NO, OP_GROUP_SET_CONTAINER, EPERM);
	fake_free(s.h);
}

static void test_member_on_another_bus_has_its_own_driver(void **state)
{
	struct situation s;

	make(&s, NULL);
	s.sibling = fake_device(s.h, BUS_PLATFORM, "platform", "dma.0", s.g, s.u, "pl330");
	fake_module(s.h, MODULE_VFIO_PLATFORM, MODULE_STATE_ABSENT);
	expect(&s, RELEASE_6_1, PATH_CONTAINER, ANSWER_NO, OP_GROUP_SET_CONTAINER, EPERM);
	expect_refused(&s, ANSWER_NO, "module vfio_platform", "without a driver");
	fake_free(s.h);
}

static void test_member_that_its_iommu_does_not_let_go(void **state)
{
	struct situation s;

	make(&s, "ahci");
	assert_int_equal(assumptions_add(&s.as, s.h->arena, "0000:01:00.1:cache_coherency=0", NULL),
			 0);
	expect(&s, RELEASE_5_10, PATH_CONTAINER, ANSWER_YES, OP_NONE, 0);
	expect(&s, RELEASE_6_1, PATH_CONTAINER, ANSWER_NO, OP_GROUP_SET_CONTAINER, EPERM);
	expect_refused(&s, ANSWER_NO, "not cache coherent", "pci-stub");
	fake_free(s.h);
}

/* Now is now: nothing moves, so nothing is refused for its sake. */
static void test_member_without_a_driver_is_not_asked(void **state)
{
	struct situation s;

	make(&s, NULL);
	enable_vfs(&s);
	expect(&s, RELEASE_6_1, PATH_CONTAINER, ANSWER_YES, OP_NONE, 0);
	fake_unbind(s.h, s.sibling, "pci-stub");
	expect(&s, RELEASE_6_1, PATH_CONTAINER, ANSWER_YES, OP_NONE, 0);
	fake_free(s.h);
}

/* A root complex event collector: a function like others, and no bridge, on the driver of ports. */
static void test_member_that_collects_events(void **state)
{
	struct situation s;

	make(&s, "pcieport");
	expect(&s, RELEASE_5_15, PATH_CONTAINER, ANSWER_NO, OP_GROUP_GET_DEVICE_FD, EINVAL);
	expect(&s, RELEASE_5_19, PATH_CONTAINER, ANSWER_YES, OP_NONE, 0);
	fake_bridge(s.h, s.sibling);
	expect(&s, RELEASE_5_15, PATH_CONTAINER, ANSWER_YES, OP_NONE, 0);
	fake_free(s.h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_member_moves_when_it_is_taken),
		cmocka_unit_test(test_member_with_virtual_functions_stays),
		cmocka_unit_test(test_member_is_not_sent_where_it_is_refused),
		cmocka_unit_test(test_member_that_may_be_taken_makes_a_doubt),
		cmocka_unit_test(test_member_in_the_denylist_stays),
		cmocka_unit_test(test_member_refused_in_spite_of_a_doubt),
		cmocka_unit_test(test_member_on_another_bus_has_its_own_driver),
		cmocka_unit_test(test_member_that_its_iommu_does_not_let_go),
		cmocka_unit_test(test_member_without_a_driver_is_not_asked),
		cmocka_unit_test(test_member_that_collects_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
