/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In a large group what the members answer is kept for the next device: each device gets the answer that it gets when all
 * members are asked for it alone. */
#include "model/predict.h"
#include "fake-host.h"
#include "scene.h"

enum { MEMBERS = 24 };

/* A large group on the host, and what is special about some of its devices. */
struct situation {
	struct host *h;
	struct group *g;
	struct iommu_unit *u;
	struct device *members[MEMBERS];
	struct assumptions as;
};

static void begin(struct situation *s)
{
	*s = (struct situation){ .h = fake_host() };
	s->u = fake_unit(s->h, IOMMU_KIND_INTEL, "dmar0");
	s->g = fake_group(s->h, 1);
	for (unsigned int i = 0; i < MEMBERS; i++)
		s->members[i] = fake_pci(s->h, arena_printf(s->h->arena, "0000:%02x:00.0", i + 1),
					 s->g, s->u, i % 3 ? "vfio-pci" : NULL);
	fake_bind(s->h, s->members[1], "vfio-pci");
	fake_chips(s->h, "IR-IO-APIC IR-PCI-MSI");
	fake_config(s->h, FAKE_CONFIG);
}

static void end(struct situation *s)
{
	fake_free(s->h);
}

static const char *text(const char *s)
{
	return s ? s : "";
}

static void expect_same_path(const struct path_prediction *alone,
			     const struct path_prediction *kept)
{
	assert_int_equal(alone->offered, kept->offered);
	assert_int_equal(alone->answer, kept->answer);
	assert_int_equal(alone->op, kept->op);
	assert_int_equal(alone->err, kept->err);
	assert_int_equal(alone->nr_steps, kept->nr_steps);
	assert_ptr_equal(alone->why ? alone->why->rule : NULL, kept->why ? kept->why->rule : NULL);
	assert_string_equal(text(alone->because), text(kept->because));
	assert_string_equal(text(alone->remedy), text(kept->remedy));
}

static void expect_same(const struct prediction *alone, const struct prediction *kept)
{
	for (unsigned int v = 0; v < NR_VIEWS; v++) {
		assert_int_equal(alone->best[v], kept->best[v]);
		for (unsigned int k = 0; k < NR_PATHS; k++)
			expect_same_path(&alone->paths[v][k], &kept->paths[v][k]);
	}
	assert_ptr_equal(alone->representative, kept->representative);
	assert_string_equal(text(alone->representative_because),
			    text(kept->representative_because));
	assert_int_equal(alone->iova.answer, kept->iova.answer);
	assert_string_equal(text(alone->iova.because), text(kept->iova.because));
	for (size_t i = 0; i < alone->nr_extensions; i++)
		assert_int_equal(alone->extensions[i].after, kept->extensions[i].after);
	assert_int_equal(alone->assumed, kept->assumed);
}

/* Twice, so that each device is the one for which the others are asked first, and one for which they were. */
static void expect_the_same_for_all(struct situation *s)
{
	static const uint64_t releases[] = { ONLY(5_10), ONLY(5_19), ONLY(6_1),
					     ONLY(6_2),  ONLY(6_12), ONLY(6_1) | ONLY(6_12) };
	vt_cleanup(arena_freep) struct arena *a = arena_new();

	for (size_t turn = 0; turn < 2; turn++) {
		struct model_memo *memo = model_memo_new(s->h->arena);

		for (size_t i = 0; i < MEMBERS * ARRAY_SIZE(releases); i++) {
			const size_t n = i % MEMBERS;
			const struct device *d = s->members[turn ? MEMBERS - 1 - n : n];
			const struct kernels *k = fake_kernels(s->h, releases[i / MEMBERS]);
			const struct verdict_ask ask = { .host = s->h,
							 .assumptions = &s->as,
							 .kernels = k,
							 .memo = memo,
							 .scratch = a };
			struct prediction alone, kept;

			predict_device(s->h, &s->as, k, d, a, &alone);
			predict_with(&ask, d, &kept);
			expect_same(&alone, &kept);
			arena_reset(a);
		}
	}
}

/* After binding, on Linux 6.1. */
static enum op refused_at(struct situation *s, size_t member)
{
	struct prediction p;

	predict_device(s->h, &s->as, fake_kernels(s->h, ONLY(6_1)), s->members[member], s->h->arena,
		       &p);
	assert_int_not_equal(p.paths[VIEW_IF_BOUND][PATH_CONTAINER].answer, ANSWER_UNKNOWN);
	return p.paths[VIEW_IF_BOUND][PATH_CONTAINER].op;
}

static void test_survey_of_members_that_all_pass(struct situation *s)
{
	assert_int_equal(refused_at(s, 0), OP_NONE);
	expect_the_same_for_all(s);
}

/* One stays, one may stay, one would move; each is its own target as well. */
static void test_survey_of_host_drivers(struct situation *s)
{
	fake_unbind(s->h, s->members[3], "igb");
	fake_unbind(s->h, s->members[9], "acme_vfio");
	fake_unbind(s->h, s->members[12], "nvme");
	s->members[12]->sriov_numvfs = fake_present(s->h, s->members[12]->sysfs, "2");
	s->members[12]->numvfs = 2;
	fake_unbind(s->h, s->members[20], "pcieport");
	fake_bridge(s->h, s->members[20]);
	assert_int_equal(refused_at(s, 0), OP_GROUP_SET_CONTAINER);
	expect_the_same_for_all(s);
}

/* The one device that blocks the group is not blocked by the group, but refused itself. */
static void test_survey_leaves_out_the_device_itself(struct situation *s)
{
	fake_unbind(s->h, s->members[5], "nvme");
	s->members[5]->sriov_numvfs = fake_present(s->h, s->members[5]->sysfs, "2");
	s->members[5]->numvfs = 2;
	assert_int_equal(refused_at(s, 0), OP_GROUP_SET_CONTAINER);
	assert_int_equal(refused_at(s, 5), OP_BIND);
	expect_the_same_for_all(s);
}

/* A physical function stays for its virtual functions, and moves for the others. */
static void test_survey_of_a_physical_function(struct situation *s)
{
	fake_unbind(s->h, s->members[2], "igb");
	for (size_t i = 6; i < 9; i++) {
		s->members[i]->physfn = s->members[2];
		s->members[i]->physfn_link = fake_present(s->h, s->members[i]->sysfs, "pf");
	}
	assert_int_equal(refused_at(s, 0), OP_NONE);
	assert_int_equal(refused_at(s, 7), OP_GROUP_SET_CONTAINER);
	expect_the_same_for_all(s);
}

static void test_survey_of_a_vmd(struct situation *s)
{
	fake_unbind(s->h, s->members[4], "vmd");
	for (size_t i = 10; i < MEMBERS; i++)
		s->members[i]->name = arena_printf(s->h->arena, "10000:%02zx:00.0", i);
	assert_int_equal(refused_at(s, 0), OP_NONE);
	assert_int_equal(refused_at(s, 11), OP_GROUP_SET_CONTAINER);
	expect_the_same_for_all(s);
}

/* Another unit, none, another bus, an assumption: what other questions ask. */
static void test_survey_of_units_and_buses(struct situation *s)
{
	s->members[8]->iommu = fake_unit(s->h, IOMMU_KIND_AMD, "ivhd0");
	s->members[15]->iommu = NULL;
	s->members[15]->iommu_link = fake_absent(s->h, s->members[15]->sysfs);
	fake_region(s->h, s->g, 0x1000, 0x1fff, RESV_DIRECT);
	assert_int_equal(assumptions_add(&s->as, s->h->arena, "0000:05:00.0:isolated_msi=0", NULL),
			 0);
	expect_the_same_for_all(s);
	end(s);
	begin(s);
	fake_chips(s->h, "IO-APIC PCI-MSI");
	fake_device(s->h, BUS_PLATFORM, "platform", "dma.0", s->g, s->u, "pl330");
	expect_the_same_for_all(s);
}

/* A process uses one of them. */
static void test_survey_of_open_devices(struct situation *s)
{
	s->h->device_holders = fake_present(s->h, "/proc/*/fd", "77 qemu");
	s->members[7]->enable = fake_present(s->h, s->members[7]->sysfs, "1");
	s->members[13]->enable = s->members[7]->enable;
	fake_node(s->h, &s->members[13]->cdev, "/dev/vfio/devices/vfio13", 0600, 0);
	s->members[13]->cdev.holders = fake_present(s->h, "/proc/*/fd", "77 qemu");
	expect_the_same_for_all(s);
}
