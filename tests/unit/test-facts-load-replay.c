/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a capture replays equals what was loaded when it was taken. */
#include <errno.h>
#include <stdlib.h>

#include "base/strbuf.h"
#include "sysroot/sysroot.h"
#include "facts/load.h"
#include "scene.h"

/* ---- every fact of a snapshot as text ---- */

static void dump_fact(struct strbuf *t, const char *name, const struct fact *f)
{
	strbuf_printf(t, "%s %s %d %s ", name, fact_state_name(f->state), f->err,
		      f->path ? f->path : "-");
	for (size_t i = 0; i < f->len; i++)
		strbuf_printf(t, "%02x", (unsigned char)f->raw[i]);
	strbuf_add(t, "\n", 1);
}

static void dump_node(struct strbuf *t, const struct node *n)
{
	strbuf_printf(t, "node %s %o %u %u %u:%u hidden %u\n", n->path ? n->path : "-", n->mode,
		      n->uid, n->gid, n->major, n->minor, n->hidden_processes);
	dump_fact(t, "stat", &n->stat);
	dump_fact(t, "access", &n->access);
	dump_fact(t, "holders", &n->holders);
}

#define DUMP(field) dump_fact(t, #field, &(field))

static void dump_device(struct strbuf *t, const struct device *d)
{
	strbuf_printf(t, "device %s %d %s %s driver %s group %d iommu %s parts %u\n", d->name,
		      d->bus, d->bus_name, d->sysfs, d->driver ? d->driver : "-",
		      d->group ? (int)d->group->id : -1, d->iommu ? d->iommu->name : "-",
		      d->loaded);
	strbuf_printf(t, "%d %x:%x %x:%x %x bridge %d vfs %u pf %s irqs %zu cdev %s\n", d->has_ids,
		      d->vendor, d->device_id, d->subvendor, d->subdevice, d->class_code,
		      d->is_bridge, d->numvfs, d->physfn ? d->physfn->name : "-", d->nr_irqs,
		      d->cdev_name ? d->cdev_name : "-");
	DUMP(d->uevent);
	DUMP(d->driver_fact);
	DUMP(d->group_link);
	DUMP(d->iommu_link);
	DUMP(d->driver_override);
	DUMP(d->bridge_fact);
	DUMP(d->sriov_numvfs);
	DUMP(d->physfn_link);
	DUMP(d->msi_irqs);
	for (size_t i = 0; i < d->nr_irqs; i++)
		DUMP(d->irqs[i].chip);
	DUMP(d->reset_method);
	DUMP(d->enable);
	DUMP(d->numa_node);
	DUMP(d->vfio_dev);
	DUMP(d->cdev_devno);
	DUMP(d->modalias);
	DUMP(d->software_node);
	DUMP(d->vfio_alias);
	dump_node(t, &d->cdev);
}

static void dump_group(struct strbuf *t, const struct group *g)
{
	strbuf_printf(t, "group %u regions %zu %d members", g->id, g->nr_regions, g->regions_err);
	for (size_t i = 0; i < g->nr_members; i++)
		strbuf_printf(t, " %s", g->members[i]->name);
	strbuf_add(t, "\n", 1);
	DUMP(g->type);
	DUMP(g->name);
	DUMP(g->reserved_regions);
	DUMP(g->members_list);
	dump_node(t, &g->node);
	dump_node(t, &g->noiommu_node);
}

static void dump_unit(struct strbuf *t, const struct iommu_unit *u)
{
	strbuf_printf(t, "unit %s %d %d %llx %d %llx %d %llx %d %llx\n", u->name, u->kind,
		      u->has_cap, (unsigned long long)u->cap, u->has_ecap,
		      (unsigned long long)u->ecap, u->has_efr, (unsigned long long)u->efr,
		      u->has_efr2, (unsigned long long)u->efr2);
	DUMP(u->kind_fact);
	DUMP(u->driver);
	DUMP(u->devices_list);
	DUMP(u->version);
	DUMP(u->address);
	DUMP(u->cap_fact);
	DUMP(u->ecap_fact);
	DUMP(u->features);
}

static void dump_kernel(struct strbuf *t, const struct host *h)
{
	DUMP(h->kernel.release);
	DUMP(h->kernel.machine);
	DUMP(h->kernel.cmdline);
	DUMP(h->kernel.config);
	DUMP(h->kernel.config_source);
	DUMP(h->kernel.btf);
	DUMP(h->kernel.kallsyms);
	DUMP(h->kernel.lockdown);
	DUMP(h->kernel.tainted);
	DUMP(h->kernel.page_size);
	for (size_t i = 0; i < NR_MODULES; i++) {
		const struct module *m = &h->modules[i];

		strbuf_printf(t, "module %s %d %s %zu %zu %d\n", m->name ? m->name : "-", m->state,
			      m->file ? m->file : "-", m->nr_imports, m->nr_exports,
			      m->symbols_known);
		DUMP(m->sysfs);
		DUMP(m->initstate);
		DUMP(m->kmod);
		DUMP(m->symbols);
	}
	for (size_t i = 0; i < NR_PARAMS; i++) {
		DUMP(h->params[i].value);
		DUMP(h->params[i].configured);
	}
}

static void dump_rest(struct strbuf *t, const struct host *h)
{
	const struct firmware *fw = &h->firmware;

	DUMP(h->interrupts.proc);
	DUMP(h->interrupts.domains);
	DUMP(h->interrupts.dmesg);
	strbuf_printf(t, "chips %zu\n", h->interrupts.nr_chips);
	DUMP(fw->tables);
	DUMP(fw->dmar);
	DUMP(fw->ivrs);
	DUMP(fw->viot);
	DUMP(fw->cpu_vendor);
	DUMP(fw->hypervisor);
	strbuf_printf(t, "firmware %d %d %d %d %d %zu\n", fw->has_dmar, fw->has_ivrs, fw->has_iort,
		      fw->has_viot, fw->dmar_intr_remap, (size_t)fw->without_rmrr);
	DUMP(h->caller.identity);
	DUMP(h->caller.caps_fact);
	DUMP(h->caller.memlock_fact);
	strbuf_printf(t, "caller %u %x %llu %llu\n", h->caller.euid, h->caller.caps,
		      (unsigned long long)h->caller.memlock_soft,
		      (unsigned long long)h->caller.memlock_locked);
	dump_node(t, &h->vfio_node);
	dump_node(t, &h->iommu_node);
	DUMP(h->groups_list);
	DUMP(h->iommus_list);
}

#undef DUMP

static const char *host_dump(const struct host *h, struct arena *a)
{
	struct strbuf t = { .arena = a };

	for (size_t i = 0; i < h->nr_devices; i++)
		dump_device(&t, h->devices[i]);
	for (size_t i = 0; i < h->nr_groups; i++)
		dump_group(&t, h->groups[i]);
	for (size_t i = 0; i < h->nr_iommus; i++)
		dump_unit(&t, h->iommus[i]);
	dump_kernel(&t, h);
	dump_rest(&t, h);
	return strbuf_get(&t);
}

/* Says where two long texts part. */
static void assert_same_text(const char *a, const char *b)
{
	size_t line = 0, i = 0;

	for (; a[i] && a[i] == b[i]; i++)
		if (a[i] == '\n')
			line = i + 1;
	if (a[i] != b[i])
		fail_msg("'%.200s' became '%.200s'", a + line, b + line);
}

/* A capture as it is written when all of @root has been loaded; the facts go to @ret_dump. */
static const char *record(struct tree *x, struct sysroot *root, const char **ret_dump)
{
	const char *ret;
	char *text = NULL;
	size_t len;
	FILE *out;

	sysroot_record(root);
	*ret_dump = host_dump(tree_load(x, root, tree_scope(), NULL), x->arena);
	out = open_memstream(&text, &len);
	assert_int_equal(sysroot_write_capture(root, out), 0);
	assert_int_equal(fclose(out), 0);
	ret = arena_strdup(x->arena, text);
	free(text);
	return ret;
}

static void assert_replays(struct tree *x, struct sysroot *root)
{
	const char *before;
	struct sysroot *replay = tree_capture(x, record(x, root, &before));
	const struct host *h = tree_load(x, replay, tree_scope(), NULL);

	assert_int_equal(sysroot_kind(replay), SYSROOT_CAPTURE);
	assert_false(h->live);
	assert_same_text(before, host_dump(h, x->arena));
}

static void make_host(const struct tree *x)
{
	tree_intel_unit(x, "dmar0");
	tree_add(x, .name = "0000:01:00.0", .driver = "vfio-pci", .group = "2", .unit = "dmar0");
	tree_add(x, .name = "0000:01:00.1", .driver = "igb", .group = "2", .unit = "dmar0");
	tree_add(x, .bus = "platform", .name = "edu-dma.0", .group = "3", .unit = "dmar0");
	tree_put(x, "sys/devices/pci0000:00/0000:01:00.0/vfio-dev/vfio0/dev", "511:0\n");
	tree_put(x, "sys/devices/pci0000:00/0000:01:00.1/msi_irqs/40", "msix\n");
	tree_put(x, "sys/kernel/irq/40/chip_name", "IR-PCI-MSIX-0000:01:00.1\n");
	tree_group_attribute(x, "2", "reserved_regions", "\xff\xfe\0");
	tree_put(x, "proc/sys/kernel/osrelease", "6.1.0-test\n");
	tree_put(x, "proc/cmdline", "ro intel_iommu=on\n");
	tree_put(x, "proc/interrupts", "   CPU0\n 1: 5 IR-IO-APIC 1-edge x\n");
	tree_put(x, "proc/cpuinfo", "processor\t: 0\nvendor_id\t: GenuineIntel\n");
	tree_put(x, "proc/kallsyms", "0 T iommu_capable\n");
	tree_put(x, "boot/config-6.1.0-test", "CONFIG_VFIO=m\n");
	tree_put(x, "lib/modules/6.1.0-test/modules.builtin", "kernel/drivers/vfio/vfio.ko\n");
	tree_put(x, "etc/modprobe.d/vfio.conf",
		 "options vfio-iommu-type1 allow_unsafe_interrupts=1\n");
	tree_put(x, "sys/firmware/acpi/tables/DMAR", "DMAR but short\n");
	tree_put(x, "dev/vfio/2", "");
}

static void test_replay_of_a_tree(struct tree *x)
{
	make_host(x);
	assert_replays(x, x->sysroot);
}

static void test_replay_of_this_host(struct tree *x)
{
	struct sysroot *root = NULL;

	assert_int_equal(sysroot_open(NULL, &root, NULL), 0);
	assert_replays(x, root);
	sysroot_close(root);
}

/* One device asked of a capture of everything is what it is in the capture. */
static void test_replay_of_one_device(struct tree *x)
{
	const char *const one[] = { "01:00.0", NULL };
	struct sysroot *replay;
	const char *before;

	make_host(x);
	replay = tree_capture(x, record(x, x->sysroot, &before));
	assert_same_text(host_dump(tree_load(x, x->sysroot, tree_scope(), one), x->arena),
			 host_dump(tree_load(x, replay, tree_scope(), one), x->arena));
	assert_load_fails(x, replay, "05:00.0", -ENOENT, STATUS_NO_TARGET, "capture");
	assert_load_fails(x, replay, "group:9", -ENOENT, STATUS_NO_TARGET, "capture");
}

/* The huge files are in it only as far as they matter. */
static void test_replay_capture_is_small(struct tree *x)
{
	const char *before;

	make_host(x);
	assert_in_range(strlen(record(x, x->sysroot, &before)), 1000, 16000);
}

/* A capture that names what no kernel would: nothing is followed, nothing crashes. */
static void test_replay_hostile(struct tree *x)
{
	static const char text[] =
		"{\"vfiotool-capture\":1}\n"
		"[\"list\",\"/sys/bus/pci/devices\",\"..\\n../../etc\\n\\n0000:01:00.0\\n.\"]\n"
		"[\"read\",\"/sys/bus/pci/devices/0000:01:00.0/uevent\",\"DRIVER=\\u001b[31mvfio\"]\n"
		"[\"link\",\"/sys/bus/pci/devices/0000:01:00.0/iommu_group\",\"../../99999999999999999999\"]\n"
		"[\"link\",\"/sys/bus/pci/devices/0000:01:00.0/iommu\",\"../..\"]\n"
		"[\"link\",\"/sys/bus/pci/devices/0000:01:00.0/physfn\",\"/\"]\n"
		"[\"read\",\"/proc/sys/kernel/osrelease\",\"../../../etc\"]\n";
	struct host *h = tree_load(x, tree_capture(x, text), tree_scope(), NULL);
	struct device *d;

	assert_int_equal(h->nr_devices, 1);
	d = h->devices[0];
	assert_string_equal(d->name, "0000:01:00.0");
	assert_null(d->group);
	assert_int_equal(d->group_link.state, FACT_FAILED);
	assert_int_equal(d->iommu_link.err, EBADMSG);
	assert_null(d->iommu);
	assert_null(d->physfn);
	assert_int_equal(h->kernel.release.state, FACT_FAILED);
}
