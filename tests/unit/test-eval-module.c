/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A module that is on disk and may not be loaded. */
#include <errno.h>

#include "model/predict.h"
#include "fake-host.h"
#include "scene.h"

/* One function behind a VT-d that remaps interrupts; VFIO is on disk, as modules. */
static void make_host(struct host *h)
{
	static const enum module_id ids[] = { MODULE_VFIO, MODULE_VFIO_IOMMU_TYPE1,
					      MODULE_VFIO_PCI_CORE, MODULE_VFIO_PCI,
					      MODULE_IOMMUFD };
	struct iommu_unit *u = fake_unit(h, IOMMU_KIND_INTEL, "dmar0");
	struct group *g = fake_group(h, 1);

	fake_chips(h, "IR-IO-APIC IR-PCI-MSI DMAR-MSI");
	fake_region(h, g, 0xfee00000, 0xfeefffff, RESV_MSI);
	fake_pci(h, "0000:01:00.0", g, u, "e1000e");
	fake_config(h, FAKE_CONFIG);
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		fake_module(h, ids[i], MODULE_STATE_LOADABLE);
	fake_node_absent(h, &h->vfio_node, "/dev/vfio/vfio");
	fake_node_absent(h, &h->iommu_node, "/dev/iommu");
}

static void configure(struct host *h, enum module_id id, const char *line)
{
	struct module *m = &h->modules[id];

	m->kmod = fake_present(h, m->kmod.path,
			       arena_printf(h->arena, "state=loadable\n%s\nsoftdep=post: x", line));
}

static struct path_prediction ask(struct host *h, const struct assumptions *as, enum path_kind path)
{
	struct prediction p;

	predict_device(h, as, fake_kernels(h, ONLY(6_8)), h->devices[0], h->arena, &p);
	return p.paths[VIEW_IF_BOUND][path];
}

static void expect(struct host *h, enum path_kind path, enum answer answer, enum op op,
		   const char *rule, const char *because, const char *remedy)
{
	struct path_prediction p = ask(h, NULL, path);

	assert_int_equal(p.answer, answer);
	assert_int_equal(p.op, op);
	if (answer == ANSWER_YES)
		return;
	assert_string_equal(p.why->rule->id, rule);
	assert_non_null(strstr(p.because, because));
	assert_non_null(strstr(p.remedy, remedy));
	assert_true(p.why->nr_evidence > 0);
}

static void test_load_is_free(struct host *h)
{
	make_host(h);
	expect(h, PATH_CONTAINER, ANSWER_YES, OP_NONE, NULL, NULL, NULL);
	expect(h, PATH_IOMMUFD, ANSWER_YES, OP_NONE, NULL, NULL, NULL);
	/* Who asks by name gets a blacklisted module all the same. */
	configure(h, MODULE_VFIO_PCI, "blacklist=yes");
	h->kernel.modules_disabled = fake_present(h, "/proc/sys/kernel/modules_disabled", "0");
	h->kernel.cmdline =
		fake_present(h, "/proc/cmdline", "quiet module_blacklist=vfio_pci_old,e1000e,vfi");
	expect(h, PATH_CONTAINER, ANSWER_YES, OP_NONE, NULL, NULL, NULL);
}

static void test_load_is_disabled(struct host *h)
{
	const struct path_prediction *now;
	struct prediction p;

	make_host(h);
	h->kernel.modules_disabled = fake_present(h, "/proc/sys/kernel/modules_disabled", "1");
	expect(h, PATH_CONTAINER, ANSWER_NO, OP_BIND, "vfio-driver", "kernel.modules_disabled",
	       "reboot");
	expect(h, PATH_IOMMUFD, ANSWER_NO, OP_BIND, "vfio-driver", "kernel.modules_disabled",
	       "reboot");
	/* What is loaded already does not mind. */
	fake_module(h, MODULE_VFIO, MODULE_STATE_LOADED);
	fake_module(h, MODULE_VFIO_PCI_CORE, MODULE_STATE_LOADED);
	fake_module(h, MODULE_VFIO_PCI, MODULE_STATE_LOADED);
	fake_node(h, &h->vfio_node, "/dev/vfio/vfio", 0666, 0);
	expect(h, PATH_CONTAINER, ANSWER_NO, OP_SET_IOMMU, "type1-module", "vfio_iommu_type1",
	       "reboot");
	expect(h, PATH_IOMMUFD, ANSWER_NO, OP_OPEN_IOMMUFD, "iommufd-node", "iommufd", "reboot");
	predict_device(h, NULL, fake_kernels(h, ONLY(6_8)), h->devices[0], h->arena, &p);
	now = &p.paths[VIEW_NOW][PATH_CONTAINER];
	assert_int_equal(now->answer, ANSWER_NO);
}

static void test_load_is_forbidden_by_the_command_line(struct host *h)
{
	make_host(h);
	h->kernel.cmdline =
		fake_present(h, "/proc/cmdline", "quiet module_blacklist=e1000e,vfio_pci ro");
	expect(h, PATH_CONTAINER, ANSWER_NO, OP_BIND, "vfio-driver",
	       "module_blacklist=", "vfio_pci");
	/* A dependency is as good. */
	h->kernel.cmdline = fake_present(h, "/proc/cmdline", "module_blacklist=vfio_pci_core");
	expect(h, PATH_CONTAINER, ANSWER_NO, OP_BIND, "vfio-driver", "vfio_pci_core",
	       "command line");
}

static void test_load_is_replaced_by_a_command(struct host *h)
{
	make_host(h);
	configure(h, MODULE_VFIO_PCI, "install=/bin/false");
	expect(h, PATH_CONTAINER, ANSWER_NO, OP_BIND, "vfio-driver", "'/bin/false'",
	       "modprobe --ignore-install vfio_pci");
	configure(h, MODULE_VFIO_PCI, "install=/sbin/modprobe --ignore-install vfio_pci; logger x");
	expect(h, PATH_CONTAINER, ANSWER_UNKNOWN, OP_NONE, "vfio-driver", "cannot tell what",
	       "--ignore-install");
	fake_module(h, MODULE_VFIO_PCI, MODULE_STATE_LOADABLE);
	configure(h, MODULE_IOMMUFD, "install=/bin/true");
	expect(h, PATH_IOMMUFD, ANSWER_NO, OP_OPEN_IOMMUFD, "iommufd-node", "'/bin/true'",
	       "iommufd");
	expect(h, PATH_CONTAINER, ANSWER_YES, OP_NONE, NULL, NULL, NULL);
}

static void test_load_assumed_asks_no_configuration(struct host *h)
{
	struct assumptions as = { 0 };

	make_host(h);
	configure(h, MODULE_VFIO_PCI, "install=/bin/false");
	assert_int_equal(assumptions_add(&as, h->arena, "module.vfio_pci=loaded", NULL), 0);
	assert_int_equal(ask(h, &as, PATH_CONTAINER).answer, ANSWER_YES);
}
