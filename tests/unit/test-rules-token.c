/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What becomes of a VF token that is given, or not: by device, driver of the physical function, kernel
 * and path. */
#include <errno.h>

#include "model/predict.h"
#include "fake-host.h"
#include "scene.h"

/* A plain function on vfio-pci, alone in its group, with a node of its own. */
static void plain(struct scene *s)
{
	s->h = fake_host();
	fake_chips(s->h, "IR-IO-APIC IR-PCI-MSI");
	s->d = fake_pci(s->h, "0000:01:00.1", fake_group(s->h, 1),
			fake_unit(s->h, IOMMU_KIND_INTEL, "dmar0"), NULL);
	fake_bind(s->h, s->d, "vfio-pci");
	s->d->cdev_devno = fake_present(s->h, s->d->sysfs, "511:0");
	fake_node(s->h, &s->d->cdev, "/dev/vfio/devices/vfio0", 0600, 0);
	fake_node(s->h, &s->h->iommu_node, "/dev/iommu", 0600, 0);
	fake_config(s->h, FAKE_CONFIG);
}

static void virtual_function(struct scene *s, const char *driver)
{
	plain(s);
	s->other = fake_pci(s->h, "0000:01:00.0", fake_group(s->h, 2), s->d->iommu, NULL);
	if (driver_is_vfio(driver))
		fake_bind(s->h, s->other, driver);
	else
		fake_unbind(s->h, s->other, driver);
	s->d->physfn = s->other;
	s->d->physfn_link = fake_present(s->h, "physfn", s->other->name);
}

static void physical_function(struct scene *s, unsigned int numvfs)
{
	plain(s);
	s->d->sriov_numvfs = fake_present(s->h, "sriov_numvfs", numvfs ? "2" : "0");
	s->d->numvfs = numvfs;
}

/* How @path ends: "ok", "?", or op and errno. */
static const char *end_of(struct scene *s, enum release release, enum path_kind path, bool token)
{
	const struct assumptions as = { .token = token };
	const struct path_prediction *p;
	struct prediction all;

	predict_device(s->h, &as, fake_kernels(s->h, RELEASE_BIT(release)), s->d, s->h->arena,
		       &all);
	p = &all.paths[VIEW_NOW][path];
	if (p->answer == ANSWER_YES)
		return "ok";
	assert_non_null(p->remedy);
	if (p->answer == ANSWER_UNKNOWN)
		return "?";
	return arena_printf(s->h->arena, "%s %s", op_name(p->op), errno_name(p->err));
}

static void test_token_nobody_asked_for(struct scene *s)
{
	plain(s);
	assert_string_equal(end_of(s, RELEASE_5_10, PATH_CONTAINER, false), "ok");
	for (unsigned int release = 0; release < NR_RELEASES; release++)
		assert_string_equal(end_of(s, (enum release)release, PATH_CONTAINER, true),
				    "GROUP_GET_DEVICE_FD EINVAL");
	assert_string_equal(end_of(s, RELEASE_6_8, PATH_COMPAT, true),
			    "GROUP_GET_DEVICE_FD EINVAL");
	assert_string_equal(end_of(s, RELEASE_7_3, PATH_IOMMUFD, true), "BIND_IOMMUFD EINVAL");
}

static void test_token_of_a_virtual_function(struct scene *s)
{
	virtual_function(s, "vfio-pci");
	for (unsigned int release = 0; release < NR_RELEASES; release++) {
		assert_string_equal(end_of(s, (enum release)release, PATH_CONTAINER, false),
				    "GROUP_GET_DEVICE_FD EACCES");
		/* It may be the wrong one. */
		assert_string_equal(end_of(s, (enum release)release, PATH_CONTAINER, true), "?");
	}
	/* By its own node such a function wants none until later. */
	assert_string_equal(end_of(s, RELEASE_6_8, PATH_IOMMUFD, false), "ok");
	assert_string_equal(end_of(s, RELEASE_7_3, PATH_IOMMUFD, false), "BIND_IOMMUFD EACCES");
	assert_string_equal(end_of(s, RELEASE_6_8, PATH_IOMMUFD, true), "BIND_IOMMUFD EINVAL");
	assert_string_equal(end_of(s, RELEASE_6_14, PATH_IOMMUFD, true), "BIND_IOMMUFD EINVAL");
	/* Its structure is too large for those that ask first, so that none can be given. */
	assert_string_equal(end_of(s, RELEASE_6_17, PATH_IOMMUFD, true), "BIND_IOMMUFD E2BIG");
	assert_string_equal(end_of(s, RELEASE_6_18, PATH_IOMMUFD, true), "?");
	assert_string_equal(end_of(s, RELEASE_6_19, PATH_IOMMUFD, true), "?");
	assert_string_equal(end_of(s, RELEASE_7_3, PATH_IOMMUFD, true), "?");
	/* Nor is one missed before 6.17. */
	assert_string_equal(end_of(s, RELEASE_6_14, PATH_IOMMUFD, false), "ok");
	assert_string_equal(end_of(s, RELEASE_6_16, PATH_IOMMUFD, false), "ok");
	assert_string_equal(end_of(s, RELEASE_6_17, PATH_IOMMUFD, false), "BIND_IOMMUFD EACCES");
}

static void test_token_where_the_host_has_the_physical_function(struct scene *s)
{
	virtual_function(s, "nvme");
	assert_string_equal(end_of(s, RELEASE_6_1, PATH_CONTAINER, false), "ok");
	assert_string_equal(end_of(s, RELEASE_6_1, PATH_CONTAINER, true),
			    "GROUP_GET_DEVICE_FD EINVAL");
	s->d->physfn = NULL;
	assert_string_equal(end_of(s, RELEASE_6_1, PATH_CONTAINER, true), "?");
}

static void test_token_of_a_physical_function(struct scene *s)
{
	physical_function(s, 0);
	assert_string_equal(end_of(s, RELEASE_6_1, PATH_CONTAINER, true), "ok");
	fake_free(s->h);
	physical_function(s, 2);
	assert_string_equal(end_of(s, RELEASE_6_1, PATH_CONTAINER, true), "?");
	s->d->sriov_numvfs = fake_denied(s->h, "sriov_numvfs");
	assert_string_equal(end_of(s, RELEASE_6_1, PATH_CONTAINER, true), "?");
}

/* A virtual function of the device in question, with a driver and so often enabled. */
static struct device *add_function(struct scene *s, unsigned int i, const char *driver,
				   const char *enable)
{
	const char *name = arena_printf(s->h->arena, "0000:01:10.%u", i);
	struct device *vf = fake_pci(s->h, name, fake_group(s->h, 10 + i), s->d->iommu, NULL);

	if (driver)
		fake_bind(s->h, vf, driver);
	vf->physfn = s->d;
	vf->physfn_link = fake_present(s->h, "physfn", s->d->name);
	if (enable)
		vf->enable = fake_present(s->h, vf->sysfs, enable);
	s->d->vfs = arena_grow(s->h->arena, s->d->vfs, s->d->nr_vfs, sizeof(struct device *));
	s->d->vfs[s->d->nr_vfs++] = vf;
	return vf;
}

static const char *without_token(struct scene *s)
{
	return end_of(s, RELEASE_6_1, PATH_CONTAINER, false);
}

static void test_token_of_functions_that_nobody_has(struct scene *s)
{
	physical_function(s, 2);
	assert_string_equal(without_token(s), "?");
	add_function(s, 0, NULL, NULL);
	/* The other one was not seen. */
	assert_string_equal(without_token(s), "?");
	add_function(s, 1, "vfio-pci", "0");
	assert_string_equal(without_token(s), "ok");
	fake_free(s->h);
	physical_function(s, 2);
	add_function(s, 0, "nvme", "1");
	add_function(s, 1, "vfio-pci", NULL)->group->node.holders =
		fake_present(s->h, "holders", "");
	assert_string_equal(without_token(s), "ok");
}

static void test_token_of_a_function_that_somebody_has(struct scene *s)
{
	struct device *vf;

	physical_function(s, 1);
	vf = add_function(s, 0, "vfio-pci", "1");
	vf->group->node.holders = fake_present(s->h, "holders", "4711 qemu");
	assert_string_equal(without_token(s), "GROUP_GET_DEVICE_FD EACCES");
	assert_string_equal(end_of(s, RELEASE_7_3, PATH_IOMMUFD, false), "BIND_IOMMUFD EACCES");
	/* A node alone, or an enabled device of which nobody is seen. */
	vf->enable = (struct fact){ .state = FACT_UNREAD };
	assert_string_equal(without_token(s), "?");
	vf->enable = fake_present(s->h, vf->sysfs, "1");
	vf->group->node.holders = fake_denied(s->h, "holders");
	assert_string_equal(without_token(s), "?");
}

/* linux: only vfio-pci splits the name from what follows. */
static void test_token_on_another_bus(struct scene *s)
{
	plain(s);
	s->d->bus = BUS_PLATFORM;
	s->d->bus_name = "platform";
	fake_bind(s->h, s->d, "vfio-platform");
	assert_string_equal(end_of(s, RELEASE_6_1, PATH_CONTAINER, true),
			    "GROUP_GET_DEVICE_FD ENODEV");
	assert_string_equal(end_of(s, RELEASE_7_3, PATH_IOMMUFD, true), "BIND_IOMMUFD EINVAL");
}
