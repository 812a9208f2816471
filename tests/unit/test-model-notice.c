/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each notice appears in its situation, and none where nothing is seen. */
#include "model/notice.h"
#include "fake-host.h"
#include "scene.h"

/* A function on @driver with nothing to say about it. */
static void plain(struct scene *s, const char *driver)
{
	scene_make(s, IOMMU_KIND_INTEL, "dmar0", driver);
	fake_chips(s->h, "IR-IO-APIC IR-PCI-MSI");
	if (driver && !strcmp(driver, "vfio-pci"))
		fake_bind(s->h, s->d, driver);
}

static const struct notice *find(struct scene *s, uint64_t releases, const char *id)
{
	static struct notices all;

	notices_find(s->h, &s->as, fake_kernels(s->h, releases), s->d, s->h->arena, &all);
	for (size_t i = 0; i < all.nr; i++)
		if (!strcmp(all.items[i].row->id, id))
			return &all.items[i];
	return NULL;
}

static void says(struct scene *s, const char *id, const char *because)
{
	const struct notice *n = find(s, ONLY(6_12), id);

	if (!n)
		fail_msg("no notice %s", id);
	assert_non_null(strstr(n->because, because));
	assert_true(n->consequence && *n->consequence);
	assert_true(n->nr_evidence > 0);
	for (size_t i = 0; i < n->nr_evidence; i++)
		assert_non_null(n->evidence[i]->path);
}

static void silent(struct scene *s, const char *id)
{
	assert_null(find(s, ONLY(6_12), id));
}

static void set(struct scene *s, struct fact *f, const char *raw)
{
	*f = raw ? fake_present(s->h, "fact", raw) : fake_absent(s->h, "fact");
}

static void test_nothing_is_said_without_evidence(struct scene *s)
{
	struct notices all;

	plain(s, "e1000e");
	notices_find(s->h, &s->as, fake_kernels(s->h, ONLY(6_12)), s->d, s->h->arena, &all);
	assert_int_equal(all.nr, 0);
}

static void test_rows_are_sound(void)
{
	const struct notice_row *row;
	size_t nr = 0;

	for (; (row = notice_get(nr)); nr++) {
		assert_true(*row->id && *row->title && *row->source);
		for (size_t i = 0; i < nr; i++)
			assert_string_not_equal(notice_get(i)->id, row->id);
	}
	assert_int_equal(nr, 15);
}

static void claim(struct scene *s, const char *name)
{
	static struct memory_claim one;

	one = (struct memory_claim){ name, "fd000000-fd3fffff" };
	s->d->claims = &one;
	s->d->nr_claims = 1;
	set(s, &s->h->iomem, "fd000000-fd3fffff");
}

static void test_framebuffer_holds_a_bar(struct scene *s)
{
	plain(s, "vfio-pci");
	claim(s, "BOOTFB");
	says(s, "bar-held", "BOOTFB holds memory of 0000:01:00.0 (fd000000-fd3fffff)");
	claim(s, "vfio-pci");
	silent(s, "bar-held");
	/* Of another driver while it is bound to one of VFIO's: nothing would take it away. */
	claim(s, "ahci");
	says(s, "bar-held", "ahci");
}

static void test_framebuffer_that_the_bind_removes(struct scene *s)
{
	plain(s, "bochs-drm");
	claim(s, "BOOTFB");
	s->d->class_code = 0x038000;
	says(s, "bar-held", "BOOTFB");
	s->d->class_code = 0x030000;
	silent(s, "bar-held");
	assert_non_null(find(s, ONLY(5_10), "bar-held"));
	/* What its driver holds goes with it. */
	claim(s, "bochs-drm");
	s->d->class_code = 0x038000;
	silent(s, "bar-held");
}

static void test_device_without_power(struct scene *s)
{
	plain(s, "vfio-pci");
	set(s, &s->d->power_state, "D3cold");
	set(s, &s->d->power_status, "active");
	says(s, "power-lost", "D3cold");
	set(s, &s->d->power_status, "suspended");
	silent(s, "power-lost");
	set(s, &s->d->power_state, "D3hot");
	silent(s, "power-lost");
	set(s, &s->d->power_state, "error");
	says(s, "power-lost", "error");
}

static void test_device_that_does_not_answer(struct scene *s)
{
	plain(s, "vfio-pci");
	set(s, &s->d->config, "\xff\xff\xff\xff\xff\xff");
	says(s, "config-lost", "reads as ones");
	set(s, &s->d->config, "\x86\x80\x0e\x10");
	silent(s, "config-lost");
}

static void test_device_that_is_never_resumed(struct scene *s)
{
	plain(s, "vfio-pci");
	set(s, &s->d->power_status, "unsupported");
	silent(s, "not-resumed");
	fake_param(s->h, PARAM_VFIO_PCI_DISABLE_IDLE_D3, "Y");
	says(s, "not-resumed", "disable_idle_d3 is set");
	assert_null(find(s, ONLY(6_0), "not-resumed"));
}

static void test_device_without_reset(struct scene *s)
{
	plain(s, "vfio-pci");
	set(s, &s->d->reset, NULL);
	says(s, "no-reset", "no way to reset");
	set(s, &s->d->reset, "file");
	silent(s, "no-reset");
}

static void test_reset_that_hits_another(struct scene *s)
{
	plain(s, "vfio-pci");
	set(s, &s->d->reset_method, "bus");
	silent(s, "hot-reset");
	s->other = fake_pci(s->h, "0000:01:00.1", s->g, s->u, "snd_hda_intel");
	says(s, "hot-reset", "0000:01:00.1 of the same bus is on snd_hda_intel");
	set(s, &s->d->reset_method, "flr bus");
	silent(s, "hot-reset");
	set(s, &s->d->reset_method, "pm bus");
	fake_unbind(s->h, s->other, "vfio-pci");
	silent(s, "hot-reset");
}

static void assume(struct scene *s, const char *text)
{
	assert_int_equal(assumptions_add(&s->as, s->h->arena, text, NULL), 0);
}

/* A machine binds them itself when it starts. */
static void test_drivers_that_leave(struct scene *s)
{
	plain(s, "snd_hda_intel");
	set(s, &s->d->reset_method, "bus");
	s->other = fake_pci(s->h, "0000:01:00.1", s->g, s->u, "snd_hda_intel");
	claim(s, "ICH HD audio");
	says(s, "hot-reset", "0000:01:00.1 of the same bus is on snd_hda_intel");
	assume(s, "0000:01:00.0:driver=vfio-pci");
	silent(s, "bar-held");
	assume(s, "0000:01:00.1:driver=vfio-pci");
	silent(s, "hot-reset");
}

static void test_interrupt_line_of_two(struct scene *s)
{
	plain(s, "vfio-pci");
	set(s, &s->d->irq_actions, "uhci_hcd:usb1,i801_smbus");
	silent(s, "intx-shared");
	fake_param(s->h, PARAM_VFIO_PCI_NOINTXMASK, "Y");
	says(s, "intx-shared", "uhci_hcd:usb1, and nointxmask");
	set(s, &s->d->irq_actions, "vfio-intx(0000:01:00.0)");
	silent(s, "intx-shared");
	fake_param(s->h, PARAM_VFIO_PCI_NOINTXMASK, "N");
	s->d->vendor = 0x8086;
	s->d->device_id = 0x1583;
	says(s, "intx-masking", "DisINTx");
	set(s, &s->d->irq_actions, "uhci_hcd:usb1");
	says(s, "intx-shared", "cannot mask it");
	silent(s, "intx-masking");
}

static void test_software_of_a_vendor(struct scene *s)
{
	plain(s, "nvidia");
	silent(s, "vendor-manager");
	set(s, &s->d->vfio_dev, "vfio0");
	says(s, "vendor-manager", "vGPU of NVIDIA");
	set(s, &s->d->vgpu_type, "0");
	says(s, "vendor-manager", "no vGPU type is chosen");
}

static void test_driver_that_could_migrate(struct scene *s)
{
	plain(s, "vfio-pci");
	set(s, &s->d->vfio_alias, "mlx5_vfio_pci\nvfio_pci");
	says(s, "migration", "mlx5_vfio_pci");
	set(s, &s->d->vfio_alias, "vfio_pci");
	silent(s, "migration");
}

static void test_few_address_bits(struct scene *s)
{
	plain(s, "vfio-pci");
	s->u->has_cap = true;
	s->u->cap = 0xd2008c40660462;
	set(s, &s->u->cap_fact, "d2008c40660462");
	s->d->class_code = 0x020000;
	silent(s, "address-width");
	s->d->class_code = 0x030000;
	says(s, "address-width", "dmar0 has 39 address bits");
	set(s, &s->d->resource, "0x00000000fd000000 0x00000000fdffffff 0x0000000000042208");
	silent(s, "address-width");
	set(s, &s->d->resource, "0x0000004000000000 0x00000040ffffffff 0x000000000014220c");
	says(s, "address-width", "39");
	s->u->cap = 0x8d2078c106f0466;
	silent(s, "address-width");
}

static void test_node_without_memory(struct scene *s)
{
	plain(s, "vfio-pci");
	set(s, &s->d->numa_node, "2");
	silent(s, "numa");
	set(s, &s->h->node_memory, "0-1,4");
	says(s, "numa", "NUMA node 2");
	set(s, &s->d->numa_node, "4");
	silent(s, "numa");
	set(s, &s->d->numa_node, "-1");
	silent(s, "numa");
}

static void test_vtd_of_a_guest(struct scene *s)
{
	plain(s, "vfio-pci");
	s->u->has_cap = true;
	s->u->cap = 0xd2008c40660462;
	set(s, &s->u->cap_fact, "d2008c40660462");
	s->d->vendor = 0x10de;
	silent(s, "caching-mode");
	set(s, &s->h->firmware.hypervisor, "kvm");
	says(s, "caching-mode", "kvm");
	s->d->vendor = 0x1af4;
	silent(s, "caching-mode");
	s->d->vendor = 0x10de;
	s->u->cap |= 1 << 7;
	silent(s, "caching-mode");
}

static void test_misspelt_ids(struct scene *s)
{
	plain(s, "nvme");
	s->d->vendor = 0x8086;
	s->d->device_id = 0x9a49;
	set(s, &s->h->kernel.cmdline, "quiet vfio-pci.ids=8086:9a49");
	silent(s, "boot-ids");
	set(s, &s->h->kernel.cmdline, "quiet vfio-pci-ids=8086:a0c8,8086:9a49");
	says(s, "boot-ids", "vfio-pci-ids=");
	s->d->device_id = 0x9a4a;
	silent(s, "boot-ids");
	s->d->device_id = 0x9a49;
	device_set_driver(s->d, "vfio-pci");
	silent(s, "boot-ids");
}

static void test_limit_of_the_caller(struct scene *s)
{
	plain(s, "vfio-pci");
	s->h->caller.memlock_soft = 8 << 20;
	set(s, &s->h->caller.memlock_fact, "soft=8388608 hard=8388608 locked=0");
	silent(s, "memlock");
	s->h->caller.caps = 0;
	says(s, "memlock", "8192 KiB");
	s->h->caller.memlock_soft = UINT64_MAX;
	silent(s, "memlock");
}
