/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether what a message said still holds on a host. */
#include <errno.h>
#include <string.h>

#include "facts/setup.h"
#include "fake-host.h"
#include "model/symptom.h"
#include "scene.h"

static struct symptom_answer judge(struct scene *s, const char *id, struct symptom_request request)
{
	const struct symptom_ask ask = {
		.host = s->h,
		.assumptions = &s->as,
		.kernels = fake_kernels(s->h, ONLY(6_12)),
		.device = s->d,
		.symptom = symptom_find(id),
		.request = &request,
	};
	struct symptom_answer ret;

	assert_non_null(ask.symptom);
	symptom_judge(&ask, s->h->arena, &ret);
	assert_non_null(ret.seen);
	return ret;
}

#define REQUEST(...) ((struct symptom_request){ __VA_ARGS__ })

static void test_symptom_now_another_device_blocks_the_group(struct scene *s)
{
	struct symptom_answer a;

	scene_make(s, IOMMU_KIND_INTEL, "dmar0", "vfio-pci");
	s->other = fake_pci(s->h, "0000:01:00.1", s->g, s->u, "e1000");
	a = judge(s, "group-not-viable", REQUEST(0));
	assert_int_equal(a.now, SYMPTOM_NOW_STILL);
	assert_int_equal(a.nr_rules, 1);
	assert_string_equal(a.rules[0]->id, "dma-ownership");
	assert_int_equal(a.op, OP_GROUP_SET_CONTAINER);
	assert_int_equal(a.err, EPERM);
	assert_non_null(strstr(a.seen, "0000:01:00.1"));
}

static void test_symptom_now_the_group_is_free(struct scene *s)
{
	struct symptom_answer a;

	scene_make(s, IOMMU_KIND_INTEL, "dmar0", "vfio-pci");
	a = judge(s, "group-not-viable", REQUEST(0));
	assert_int_equal(a.now, SYMPTOM_NOW_GONE);
	/* Those that may have been: of both kinds of kernels. */
	assert_int_equal(a.nr_rules, 2);
	assert_null(a.notice);
}

/* An errno that no known rule gives is no proof of anything. */
static void test_symptom_now_of_an_unknown_errno(struct scene *s)
{
	scene_make(s, IOMMU_KIND_INTEL, "dmar0", "vfio-pci");
	assert_int_equal(judge(s, "set-container", REQUEST(EXDEV)).now, SYMPTOM_NOW_UNKNOWN);
}

static void test_symptom_now_without_a_group(struct scene *s)
{
	struct symptom_answer a;

	s->h = fake_host();
	s->d = fake_pci(s->h, "0000:01:00.0", NULL, NULL, "nvme");
	a = judge(s, "no-group", REQUEST(ENOENT));
	assert_int_equal(a.now, SYMPTOM_NOW_STILL);
	assert_string_equal(a.rules[0]->id, "no-group");
	assert_int_equal(a.op, OP_BIND);
}

/* What vfiotool may do says nothing about the program's user. */
static void test_symptom_now_of_the_programs_user(struct scene *s)
{
	scene_make(s, IOMMU_KIND_INTEL, "dmar0", "vfio-pci");
	assert_int_equal(judge(s, "memlock", REQUEST(ENOMEM)).now, SYMPTOM_NOW_UNKNOWN);
	assert_int_equal(judge(s, "open-group", REQUEST(EACCES)).now, SYMPTOM_NOW_UNKNOWN);
}

static void test_symptom_now_of_a_mapping(struct scene *s)
{
	struct symptom_answer a;

	scene_make(s, IOMMU_KIND_INTEL, "dmar0", "vfio-pci");
	s->u->has_cap = s->u->has_ecap = true;
	s->u->cap = UINT64_C(0xd2008c40660462); /* 39 bits */
	s->u->cap_fact = fake_present(s->h, "cap", "d2008c40660462");
	s->u->ecap_fact = fake_present(s->h, "ecap", "f050da");
	s->u->ecap = 0xf050da;
	a = judge(s, "map-range",
		  REQUEST(EINVAL, true, true, UINT64_C(0x382000000000), 0x10000000));
	assert_int_equal(a.now, SYMPTOM_NOW_STILL);
	assert_string_equal(a.rules[0]->id, "map-range");
	a = judge(s, "map-range", REQUEST(EINVAL, true, true, 0x100000, 0x1000));
	assert_int_equal(a.now, SYMPTOM_NOW_GONE);
	a = judge(s, "map-range", REQUEST(EINVAL));
	assert_int_equal(a.now, SYMPTOM_NOW_UNKNOWN);
}

static void test_symptom_now_of_a_fault(struct scene *s)
{
	static const struct {
		uint64_t address;
		const char *text;
	} cases[] = {
		{ 0xfee00000, "where devices send interrupts" },
		{ 0xbd801000, "the firmware reserves for the device" },
		{ 0x103000, "can be mapped" },
		{ UINT64_C(0xffff00000000), "outside" },
	};

	scene_make(s, IOMMU_KIND_INTEL, "dmar0", "vfio-pci");
	s->u->has_cap = s->u->has_ecap = true;
	s->u->cap = UINT64_C(0xd2008c40660462);
	s->u->cap_fact = fake_present(s->h, "cap", "d2008c40660462");
	s->u->ecap_fact = fake_present(s->h, "ecap", "f050da");
	s->u->ecap = 0xf050da;
	fake_region(s->h, s->g, 0xbd800000, 0xbdffffff, RESV_DIRECT);
	fake_region(s->h, s->g, 0xfee00000, 0xfeefffff, RESV_MSI);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct symptom_answer a =
			judge(s, "dma-fault", REQUEST(0, true, false, cases[i].address));

		assert_int_equal(a.now, SYMPTOM_NOW_UNKNOWN);
		if (!strstr(a.seen, cases[i].text))
			fail_msg("%s: not '%s'", a.seen, cases[i].text);
	}
	assert_int_equal(judge(s, "dma-fault", REQUEST(0)).now, SYMPTOM_NOW_UNKNOWN);
}

/* What can be opened outside of a unit says nothing about a unit that has a /dev of its own. */
static void test_symptom_now_of_a_unit(struct scene *s)
{
	struct setup_unit unit = { .name = "vm.service" };
	struct setup setup = { .unit = &unit };
	struct symptom_answer a;

	scene_make(s, IOMMU_KIND_INTEL, "dmar0", "vfio-pci");
	s->h->setup = &setup;
	unit.file = fake_present(s->h, "/etc/systemd/system/vm.service", "[Service]");
	a = judge(s, "open-container", REQUEST(ENOENT));
	assert_int_equal(a.now, SYMPTOM_NOW_GONE);
	unit.settings.private_devices = "yes";
	a = judge(s, "open-container", REQUEST(ENOENT));
	assert_int_equal(a.now, SYMPTOM_NOW_STILL);
	assert_non_null(strstr(a.seen, "vm.service"));
	assert_int_equal(judge(s, "group-not-viable", REQUEST(0)).now, SYMPTOM_NOW_GONE);
	unit.file.state = FACT_ABSENT;
	assert_int_equal(judge(s, "open-container", REQUEST(ENOENT)).now, SYMPTOM_NOW_GONE);
}

static void test_symptom_now_of_address_spaces(struct scene *s)
{
	scene_make(s, IOMMU_KIND_INTEL, "dmar0", "vfio-pci");
	assert_int_equal(judge(s, "group-spaces", REQUEST(0)).now, SYMPTOM_NOW_GONE);
	s->other = fake_pci(s->h, "0000:01:00.1", s->g, s->u, NULL);
	assert_int_equal(judge(s, "group-spaces", REQUEST(0)).now, SYMPTOM_NOW_STILL);
}

/* A notice that holds is seen; one that is not there proves nothing. */
static void test_symptom_now_of_a_notice(struct scene *s)
{
	struct symptom_answer a;

	scene_make(s, IOMMU_KIND_INTEL, "dmar0", "vfio-pci");
	assert_int_equal(judge(s, "no-reset", REQUEST(0)).now, SYMPTOM_NOW_UNKNOWN);
	s->d->reset = fake_absent(s->h, "reset");
	a = judge(s, "no-reset", REQUEST(0));
	assert_int_equal(a.now, SYMPTOM_NOW_STILL);
	assert_string_equal(a.notice->row->id, "no-reset");
	assert_int_equal(judge(s, "already-attached", REQUEST(0)).now, SYMPTOM_NOW_UNKNOWN);
}
