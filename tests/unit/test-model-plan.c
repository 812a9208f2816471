/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "facts/boot.h"
#include "fake-host.h"
#include "model/plan.h"
#include "scene.h"

struct ask {
	const struct device *busy, *unsure;
	size_t asked;
};

static const struct plan_use *ask_use(void *ctx, const struct device *dev, struct arena *a,
				      size_t *ret_nr)
{
	struct ask *ask = ctx;
	struct plan_use *ret = arena_new_object(a, struct plan_use);

	ask->asked++;
	*ret_nr = dev == ask->busy || dev == ask->unsure;
	*ret = (struct plan_use){ .check = "disk",
				  .device = dev,
				  .answer = dev == ask->busy ? ANSWER_YES : ANSWER_UNKNOWN,
				  .chain = "/ <- nvme0n1p2" };
	return ret;
}

static struct plans plan_all(struct scene *s, struct ask *ask, const struct device *const *devices,
			     size_t nr)
{
	const struct plan_request q = {
		.host = s->h,
		.assumptions = &s->as,
		.kernels = fake_kernels(s->h, ONLY(6_12)),
		.devices = devices,
		.nr_devices = nr,
		.ask_use = ask_use,
		.ctx = ask,
	};
	struct plans ret;

	plan_make(&q, s->h->arena, &ret);
	for (size_t i = 0; i < ret.nr; i++)
		assert_true(ret.items[i].predictions <= PLAN_PREDICTIONS_MAX);
	return ret;
}

static struct plan plan_of(struct scene *s, struct ask *ask)
{
	const struct device *d = s->d;
	struct plans ret = plan_all(s, ask, &d, 1);

	assert_int_equal(ret.nr, 1);
	return ret.items[0];
}

/* The commands, one a line; "-" where a person acts. */
static void assert_commands(const struct plan *p, const char *want)
{
	char have[2048] = "";

	for (size_t i = 0; i < p->nr_steps; i++) {
		const char *command = p->steps[i].action->command;

		strcat(strcat(have, command ? command : "-"), "\n");
	}
	assert_string_equal(have, want);
}

static void test_plan_has_nothing_to_do(struct scene *s)
{
	struct ask ask = { 0 };

	scene_make(s, IOMMU_KIND_INTEL, "dmar0", NULL);
	fake_bind(s->h, s->d, "vfio-pci");
	fake_chips(s->h, "IR-PCI-MSI");
	struct plan p = plan_of(s, &ask);
	assert_int_equal(p.answer, ANSWER_YES);
	assert_int_equal(p.nr_steps, 0);
	assert_int_equal(p.now.answer, ANSWER_YES);
	assert_null(plan_text(&p, s->h->arena));
	assert_int_equal(p.predictions, 1);
}

static void test_plan_binds(struct scene *s)
{
	struct ask ask = { 0 };

	scene_make(s, IOMMU_KIND_INTEL, "dmar0", "nvme");
	fake_chips(s->h, "IR-PCI-MSI");
	struct plan p = plan_of(s, &ask);
	assert_int_equal(p.answer, ANSWER_YES);
	assert_commands(&p, "vfiotool bind 0000:01:00.0\n");
	assert_int_equal(p.now.op, OP_OPEN_GROUP);
	assert_int_equal(p.now.err, ENOENT);
	assert_int_equal(p.steps[0].expected.answer, ANSWER_YES);
	assert_string_equal(p.steps[0].action->undo, "vfiotool unbind 0000:01:00.0");
	assert_int_equal(ask.asked, 1);
}

/* What is in use stays where it is, and the plan says why, and what else would do. */
static void test_plan_moves_nothing_in_use(struct scene *s)
{
	struct ask ask = { 0 };

	scene_make(s, IOMMU_KIND_INTEL, "dmar0", "nvme");
	fake_chips(s->h, "IR-PCI-MSI");
	ask.busy = s->d;
	struct plan p = plan_of(s, &ask);
	assert_int_equal(p.answer, ANSWER_NO);
	assert_int_equal(p.nr_steps, 0);
	assert_int_equal(p.nr_blocked, 1);
	assert_ptr_equal(p.blocked[0].device, s->d);
	assert_true(p.nr_alternatives > 0);
}

/* Of a neighbour of another slot nobody knows whether the host boots from it. */
static void test_plan_leaves_a_neighbour_of_unknown_use(struct scene *s)
{
	struct ask ask = { 0 };

	scene_make(s, IOMMU_KIND_INTEL, "dmar0", NULL);
	fake_chips(s->h, "IR-PCI-MSI");
	fake_bind(s->h, s->d, "vfio-pci");
	struct device *other = fake_pci(s->h, "0000:02:00.0", s->g, s->u, "nvme");
	ask.unsure = other;
	struct plan p = plan_of(s, &ask);
	assert_int_equal(p.answer, ANSWER_UNKNOWN);
	assert_int_equal(p.nr_steps, 0);
	assert_ptr_equal(p.blocked[0].device, other);
	/* The sound of the same card moves, and bind asks again. */
	other->class_code = 0x040300;
	other->name = "0000:01:00.1";
	p = plan_of(s, &ask);
	assert_int_equal(p.answer, ANSWER_YES);
	assert_commands(&p, "vfiotool bind 0000:01:00.1\n");
	assert_true(p.steps[0].unchecked);
	assert_int_equal(p.nr_unchecked, 1);
}

static void test_plan_is_insecure_last(struct scene *s)
{
	struct ask ask = { 0 };

	/* A guest can be given remapping. */
	scene_make(s, IOMMU_KIND_INTEL, "dmar0", NULL);
	fake_bind(s->h, s->d, "vfio-pci");
	fake_chips(s->h, "IO-APIC PCI-MSI");
	s->h->firmware.hypervisor = fake_present(s->h, "/sys/class/dmi/id/sys_vendor", "qemu");
	struct plan p = plan_of(s, &ask);
	assert_int_equal(p.answer, ANSWER_UNKNOWN);
	assert_int_equal(p.scope, SCOPE_VM);
	assert_false(p.insecure);
	assert_commands(&p, "-\nvfiotool plan 0000:01:00.0\n");
	assert_true(p.alternatives[p.nr_alternatives - 1]->insecure);
}

/* Where nothing else leads to yes: a controller that does not isolate. */
static void test_plan_is_insecure_where_nothing_else_helps(struct scene *s)
{
	struct ask ask = { 0 };

	scene_make(s, IOMMU_KIND_SMMU_V3, "smmu3.0", NULL);
	fake_bind(s->h, s->d, "vfio-pci");
	s->h->kernel.machine = fake_present(s->h, "uname -m", "aarch64");
	fake_irq(s->h, s->d, 40, "PCI-MSI");
	assert_int_equal(assumptions_add(&s->as, s->h->arena, "isolated_msi=0", NULL), 0);
	struct plan p = plan_of(s, &ask);
	assert_int_equal(p.answer, ANSWER_YES);
	assert_true(p.insecure && p.steps[0].action->insecure);
	assert_non_null(p.steps[0].action->weakens);
	assert_commands(&p,
			"echo Y > /sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts\n");
	assert_string_equal(p.steps[0].action->undo,
			    "echo N > /sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts");
	assert_int_equal(p.alternatives[0]->kind, ACTION_HARDWARE);
}

/* Both reasons are met: a driver, and the limit of the caller. */
static void test_plan_shows_all_obstacles(struct scene *s)
{
	struct ask ask = { 0 };

	scene_make(s, IOMMU_KIND_INTEL, "dmar0", "nvme");
	fake_chips(s->h, "IR-PCI-MSI");
	fake_user(s->h, 1000);
	s->h->caller.memlock_fact = fake_present(s->h, "process:limits", "soft=0 hard=0");
	s->h->caller.memlock_soft = s->h->caller.memlock_hard = 0;
	struct plan p = plan_of(s, &ask);
	assert_int_equal(p.answer, ANSWER_YES);
	assert_int_equal(p.scope, SCOPE_SERVICE);
	assert_commands(&p,
			"vfiotool bind 0000:01:00.0\nchown 1000 /dev/vfio/1\n"
			"mkdir -p /etc/security/limits.d && echo ':1000 - memlock 4' > /etc/security/limits.d/vfiotool-1000.conf\n");
	assert_int_equal(p.nr_obstacles, 3);
	assert_int_equal(p.steps[0].expected.err, EACCES);
	assert_int_equal(p.steps[1].expected.err, ENOMEM);
}

/* 64 devices take one command. */
static void test_plan_of_many_is_one_command(struct scene *s)
{
	enum { MANY = 64 };
	const struct device *devices[MANY];
	struct ask ask = { 0 };

	scene_make(s, IOMMU_KIND_INTEL, "dmar0", "nvme");
	fake_chips(s->h, "IR-PCI-MSI");
	devices[0] = s->d;
	for (unsigned int i = 1; i < MANY; i++) {
		struct group *g = fake_group(s->h, i + 1);

		devices[i] = fake_pci(s->h, arena_printf(s->h->arena, "0000:%02x:00.0", i + 1), g,
				      s->u, "nvme");
		fake_node_absent(s->h, &g->node, arena_printf(s->h->arena, "/dev/vfio/%u", i + 1));
	}
	struct plans plans = plan_all(s, &ask, devices, MANY);
	assert_int_equal(plans.nr, 1);
	assert_int_equal(plans.items[0].answer, ANSWER_YES);
	assert_int_equal(plans.items[0].nr_steps, 1);
	assert_int_equal(plans.items[0].steps[0].action->nr_moves, MANY);
	assert_int_equal(ask.asked, MANY);
	/* One that is in use leaves the others their plans. */
	ask.busy = devices[7];
	plans = plan_all(s, &ask, devices, MANY);
	assert_int_equal(plans.nr, MANY);
	assert_int_equal(plans.items[7].answer, ANSWER_NO);
	assert_int_equal(plans.items[8].answer, ANSWER_YES);
}

/* No IOMMU: the boot option, and then a new plan; nothing is bound before the reboot. */
static void test_plan_across_a_reboot(struct scene *s)
{
	struct ask ask = { 0 };
	struct host *h = s->h = fake_host();

	s->d = fake_pci(h, "0000:01:00.0", NULL, NULL, "nvme");
	fake_config(h, FAKE_CONFIG " CONFIG_INTEL_IOMMU=y");
	h->firmware.has_dmar = TRI_YES;
	h->kernel.cmdline = fake_present(h, "/proc/cmdline", "ro");
	struct plan p = plan_of(s, &ask);
	assert_int_equal(p.answer, ANSWER_UNKNOWN);
	assert_int_equal(p.scope, SCOPE_REBOOT);
	assert_int_equal(p.nr_steps, 2);
	assert_string_equal(p.steps[0].action->add, "intel_iommu=on");
	assert_string_equal(p.steps[1].action->command, "vfiotool plan 0000:01:00.0");
	/* The module that is missing as well is another step. */
	fake_module(h, MODULE_VFIO_PCI, MODULE_STATE_ABSENT);
	p = plan_of(s, &ask);
	assert_int_equal(p.answer, ANSWER_UNKNOWN);
	assert_true(p.nr_obstacles >= 2);
	assert_int_equal(p.nr_steps, 3);
	assert_int_equal(p.steps[1].action->kind, ACTION_INSTALL);
}

static struct plan plan_on(struct scene *s, enum path_kind path, const char *options)
{
	const struct device *d = s->d;
	const struct plan_request q = {
		.host = s->h,
		.assumptions = &s->as,
		.kernels = fake_kernels(s->h, ONLY(6_12)),
		.devices = &d,
		.nr_devices = 1,
		.path_asked = true,
		.path = path,
		.options = options,
	};
	struct plans ret;

	plan_make(&q, s->h->arena, &ret);
	return ret.items[0];
}

/* Without an IOMMU is a path of its own: turning one on, as for the others, would be the end of it. */
static void test_plan_of_the_path_without_iommu(struct scene *s)
{
	struct host *h = s->h = fake_host();

	s->d = fake_pci(h, "0000:01:00.0", NULL, NULL, "nvme");
	fake_config(h, FAKE_CONFIG " CONFIG_INTEL_IOMMU=y CONFIG_VFIO_NOIOMMU=y");
	fake_param(h, PARAM_VFIO_NOIOMMU, "N");
	h->firmware.has_dmar = TRI_YES;
	h->kernel.cmdline = fake_present(h, "/proc/cmdline", "intel_iommu=off");
	struct plan p = plan_on(s, PATH_NOIOMMU, NULL);
	assert_int_equal(p.answer, ANSWER_YES);
	assert_true(p.insecure);
	assert_commands(&p, "echo Y > /sys/module/vfio/parameters/enable_unsafe_noiommu_mode\n"
			    "vfiotool bind 0000:01:00.0\n");
	p = plan_on(s, PATH_CONTAINER, " --path container");
	assert_int_equal(p.answer, ANSWER_UNKNOWN);
	assert_string_equal(p.steps[0].action->add, "intel_iommu=on");
	assert_string_equal(p.steps[1].action->command,
			    "vfiotool plan --path container 0000:01:00.0");
	/* A group that VFIO made is none of an IOMMU, which helps as before. */
	s->d->group = fake_group(h, 0);
	s->d->group->name = fake_present(h, "name", "vfio-noiommu");
	s->d->group_link = fake_present(h, "iommu_group", "0");
	fake_param(h, PARAM_VFIO_NOIOMMU, "Y");
	p = plan_on(s, PATH_CONTAINER, NULL);
	assert_string_equal(p.steps[0].action->add, "intel_iommu=on");
	assert_int_equal(p.nr_steps, 2);
}

static void test_plan_without_a_feature_of_the_firmware(struct scene *s)
{
	struct ask ask = { 0 };

	scene_make(s, IOMMU_KIND_INTEL, "dmar0", NULL);
	fake_bind(s->h, s->d, "vfio-pci");
	fake_chips(s->h, "IR-PCI-MSI");
	fake_region(s->h, s->g, 0x1000, 0x1fff, RESV_DIRECT);
	struct plan p = plan_of(s, &ask);
	assert_int_equal(p.answer, ANSWER_UNKNOWN);
	assert_int_equal(p.scope, SCOPE_FIRMWARE);
	assert_commands(&p, "-\nvfiotool plan 0000:01:00.0\n");
	/* On Arm it is part of the chip. */
	s->h->kernel.machine = fake_present(s->h, "uname -m", "aarch64");
	p = plan_of(s, &ask);
	assert_int_equal(p.answer, ANSWER_NO);
}

/* A module that has other devices is not loaded again: they would lose their driver. */
static void test_plan_leaves_the_driver_of_others_loaded(struct scene *s)
{
	struct module *m;
	struct boot boot = { .initramfs_command = "update-initramfs -u" };
	struct ask ask = { 0 };

	scene_make(s, IOMMU_KIND_INTEL, "dmar0", "qat");
	fake_chips(s->h, "IR-PCI-MSI");
	s->d->vendor = 0x8086;
	s->d->device_id = 0x37c9;
	s->d->has_ids = true;
	fake_param(s->h, PARAM_VFIO_PCI_DISABLE_DENYLIST, "N");
	m = &s->h->modules[MODULE_VFIO_PCI];
	m->driver_dir = fake_present(s->h, "/sys/bus/pci/drivers/vfio-pci", "bind\nunbind");
	struct plan p = plan_of(s, &ask);
	assert_int_equal(p.answer, ANSWER_YES);
	assert_int_equal(p.scope, SCOPE_MODULE);
	m->driver_dir = fake_present(s->h, "/sys/bus/pci/drivers/vfio-pci", "0000:05:00.0\nbind");
	struct plans plans = plan_all(s, &ask, (const struct device *[]){ s->d }, 1);
	assert_true(plans_need_boot(&plans));
	s->h->boot = &boot;
	plans_fill_boot(s->h, s->h->arena, &plans);
	assert_int_equal(plans.items[0].answer, ANSWER_UNKNOWN);
	assert_commands(&plans.items[0],
			"echo 'options vfio_pci disable_denylist=1' > /etc/modprobe.d/vfiotool-vfio_pci.conf && update-initramfs -u\n"
			"vfiotool plan 0000:01:00.0\n");
	assert_string_equal(plans.items[0].steps[0].action->undo,
			    "rm /etc/modprobe.d/vfiotool-vfio_pci.conf && update-initramfs -u");
	/* No command where it would fail. */
	boot.etc_because = "the file system of /etc is read-only";
	plans = plan_all(s, &ask, (const struct device *[]){ s->d }, 1);
	plans_fill_boot(s->h, s->h->arena, &plans);
	assert_null(plans.items[0].steps[0].action->command);
	assert_non_null(strstr(plans.items[0].steps[0].action->what, "read-only"));
}
