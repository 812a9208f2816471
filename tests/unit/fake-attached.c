/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fake-attached.h"

struct device *fake_acting_device(struct host *h)
{
	struct group *g = fake_group(h, 1);
	struct device *d =
		fake_pci(h, "0000:01:00.0", g, fake_unit(h, IOMMU_KIND_INTEL, "dmar0"), NULL);

	fake_chips(h, "IR-IO-APIC IR-PCI-MSI DMAR-MSI");
	fake_region(h, g, 0xfee00000, 0xfeefffff, RESV_MSI);
	fake_config(h, FAKE_CONFIG);
	/* No database of names here. */
	d->has_ids = false;
	fake_bind(h, d, "vfio-pci");
	d->cdev_name = "vfio0";
	d->vfio_dev = fake_present(h, "/sys/bus/pci/devices/0000:01:00.0/vfio-dev", "vfio0");
	d->cdev_devno = fake_present(h, "/sys/class/vfio-dev/vfio0/dev", "511:0");
	fake_node(h, &d->cdev, "/dev/vfio/devices/vfio0", 0600, 0);
	return d;
}

void fake_acting_open(struct attached *ac, struct app *app, const struct attached_options *o,
		      struct host *h, struct device **devices, size_t nr, enum path_kind path,
		      struct fake_kernel *kernel)
{
	struct session *s = &ac->session;
	const struct assumptions assumptions = s->assumptions;

	*ac = (struct attached){
		.options = o,
		.arena = app->arena,
		.path = path,
		.path_because = "asked for",
		.sys = &kernel->sys,
	};
	s->app = app;
	s->assumptions = assumptions;
	s->assumptions.token = o->vf_token != NULL;
	s->host = h;
	s->devices = devices;
	s->nr_devices = nr;
	s->report = (struct report){ .arena = app->arena, .host = h };
	ac->predictions = arena_array(app->arena, nr, sizeof(*ac->predictions));
	for (size_t i = 0; i < nr; i++)
		predict_device(h, &s->assumptions, fake_kernels(h, ONLY(6_8)), devices[i],
			       app->arena, &ac->predictions[i]);
}
