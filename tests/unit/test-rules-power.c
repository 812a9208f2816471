/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether the kernel can resume a device that is opened: by the state of its runtime power management. */
#include <errno.h>

#include "fake-host.h"
#include "scene.h"

static void power(struct scene *s, const char *driver, const char *status)
{
	scene_make(s, IOMMU_KIND_INTEL, "dmar0", driver);
	fake_chips(s->h, "IR-IO-APIC IR-PCI-MSI");
	if (!strcmp(driver, "vfio-pci")) {
		fake_bind(s->h, s->d, driver);
		s->d->cdev_devno = fake_present(s->h, s->d->sysfs, "511:0");
		fake_node(s->h, &s->d->cdev, "/dev/vfio/devices/vfio0", 0600, 0);
	}
	s->d->power_status = fake_present(s->h, "power/runtime_status", status);
}

static void times(struct scene *s, const char *active, const char *suspended)
{
	s->d->power_active_time = fake_present(s->h, "power/runtime_active_time", active);
	s->d->power_suspended_time = fake_present(s->h, "power/runtime_suspended_time", suspended);
}

static void refused(struct scene *s, enum view view, int err)
{
	scene_expect(s, ONLY(6_12), view, PATH_CONTAINER, ANSWER_NO, OP_GROUP_GET_DEVICE_FD, err);
	scene_expect(s, ONLY(6_12), view, PATH_IOMMUFD, ANSWER_NO, OP_BIND_IOMMUFD, err);
}

static void accepted(struct scene *s, uint64_t releases, enum view view)
{
	scene_expect(s, releases, view, PATH_CONTAINER, ANSWER_YES, OP_NONE, 0);
}

static void open_end(struct scene *s, enum view view)
{
	scene_expect(s, ONLY(6_12), view, PATH_CONTAINER, ANSWER_UNKNOWN, OP_NONE, 0);
}

static void test_device_that_was_never_managed(struct scene *s)
{
	power(s, "vfio-pci", "unsupported");
	refused(s, VIEW_NOW, EACCES);
	times(s, "0", "0");
	refused(s, VIEW_NOW, EACCES);
	scene_expect(s, ONLY(5_19), VIEW_NOW, PATH_CONTAINER, ANSWER_NO, OP_GROUP_GET_DEVICE_FD,
		     EACCES);
	/* Before that a device was opened as it was. */
	accepted(s, ONLY(5_18), VIEW_NOW);
	fake_free(s->h);
	power(s, "e1000e", "unsupported");
	refused(s, VIEW_IF_BOUND, EACCES);
}

static void test_device_with_an_error(struct scene *s)
{
	power(s, "vfio-pci", "error");
	refused(s, VIEW_NOW, EINVAL);
	accepted(s, ONLY(5_18), VIEW_NOW);
}

static void test_device_that_can_be_resumed(struct scene *s)
{
	static const char *const good[] = { "active", "suspended", "suspending", "resuming" };

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		power(s, "vfio-pci", good[i]);
		accepted(s, ONLY(6_12), VIEW_NOW);
		fake_free(s->h);
	}
	/* Without CONFIG_PM nothing is resumed. */
	power(s, "vfio-pci", "active");
	s->d->power_status = fake_absent(s->h, "power/runtime_status");
	accepted(s, ONLY(6_12), VIEW_NOW);
	s->d->power_status = fake_denied(s->h, "power/runtime_status");
	open_end(s, VIEW_NOW);
}

/* It counts where it was set before the module was loaded, which nothing shows. */
static void test_parameter_may_leave_the_device_alone(struct scene *s)
{
	power(s, "vfio-pci", "unsupported");
	fake_param(s->h, PARAM_VFIO_PCI_DISABLE_IDLE_D3, "Y");
	open_end(s, VIEW_NOW);
	s->h->params[PARAM_VFIO_PCI_DISABLE_IDLE_D3].value = fake_denied(s->h, "disable_idle_d3");
	open_end(s, VIEW_NOW);
}

/* It was managed once: what it was when that was turned off counts. */
static void test_device_that_was_managed_once(struct scene *s)
{
	power(s, "vfio-pci", "unsupported");
	times(s, "4711", "0");
	open_end(s, VIEW_NOW);
	times(s, "4711", "12");
	refused(s, VIEW_NOW, EACCES);
	times(s, "4711", "0");
	s->d->power_state = fake_present(s->h, "power_state", "D3hot");
	refused(s, VIEW_NOW, EACCES);
	fake_free(s->h);
	/* The leave of a driver makes it count as suspended. */
	power(s, "e1000e", "unsupported");
	times(s, "4711", "0");
	refused(s, VIEW_IF_BOUND, EACCES);
	fake_unbind(s->h, s->d, NULL);
	open_end(s, VIEW_IF_BOUND);
}

/* What the driver of a vendor does when it is opened is its own. */
static void test_driver_of_a_vendor_is_not_known(struct scene *s)
{
	power(s, "vfio-pci", "unsupported");
	fake_unbind(s->h, s->d, "nvidia");
	s->d->vfio_dev = fake_present(s->h, "vfio-dev", "vfio0");
	open_end(s, VIEW_NOW);
}
