/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a capture replays equals what was loaded when it was taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture.h"
#include "hostdump.h"
#include "hosttree.h"

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

static struct sysroot *record(struct fixture *x, struct sysroot *root, const struct scope *scope,
			      const char **ret_dump, const char *path)
{
	struct sysroot *replay = NULL;
	struct host *h;
	FILE *out;

	sysroot_record(root);
	h = load(x, root, scope, NULL);
	*ret_dump = host_dump(h, x->arena);
	host_free(h);
	out = fopen(path, "we");
	assert_non_null(out);
	assert_int_equal(sysroot_write_capture(root, out), 0);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(sysroot_open(path, &replay, NULL), 0);
	assert_int_equal(sysroot_kind(replay), SYSROOT_CAPTURE);
	return replay;
}

static void assert_replays(struct fixture *x, struct sysroot *root)
{
	const char *before, *after;
	struct sysroot *replay;
	char path[128];
	struct host *h;

	snprintf(path, sizeof(path), "%s/capture", x->dir);
	replay = record(x, root, tree_scope(), &before, path);
	h = load(x, replay, tree_scope(), NULL);
	assert_false(h->live);
	after = host_dump(h, x->arena);
	assert_same_text(before, after);
	host_free(h);
	sysroot_close(replay);
}

static void make_host(const struct fixture *x)
{
	tree_intel_unit(x, "dmar0");
	tree_device(x, &(struct tree_device){ .name = "0000:01:00.0",
					      .driver = "vfio-pci",
					      .group = "2",
					      .unit = "dmar0" });
	tree_device(x, &(struct tree_device){ .name = "0000:01:00.1",
					      .driver = "igb",
					      .group = "2",
					      .unit = "dmar0" });
	tree_device(x, &(struct tree_device){ .bus = "platform",
					      .name = "edu-dma.0",
					      .group = "3",
					      .unit = "dmar0" });
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

static void test_replay_of_a_tree(void **state)
{
	struct fixture *x = *state;

	make_host(x);
	assert_replays(x, x->sysroot);
}

static void test_replay_of_this_host(void **state)
{
	struct fixture *x = *state;
	struct sysroot *root = NULL;

	assert_int_equal(sysroot_open(NULL, &root, NULL), 0);
	assert_replays(x, root);
	sysroot_close(root);
}

/* One device asked of a capture of everything is what it is in the capture. */
static void test_replay_of_one_device(void **state)
{
	struct fixture *x = *state;
	const char *before, *one, *other;
	struct sysroot *replay;
	char path[128];
	struct host *h;

	make_host(x);
	snprintf(path, sizeof(path), "%s/capture", x->dir);
	replay = record(x, x->sysroot, tree_scope(), &before, path);
	h = load(x, x->sysroot, tree_scope(), (const char *[]){ "01:00.0", NULL });
	one = host_dump(h, x->arena);
	host_free(h);
	h = load(x, replay, tree_scope(), (const char *[]){ "01:00.0", NULL });
	other = host_dump(h, x->arena);
	host_free(h);
	assert_same_text(one, other);
	assert_load_fails(x, replay, "05:00.0", -ENOENT, STATUS_NO_TARGET, "capture");
	assert_load_fails(x, replay, "group:9", -ENOENT, STATUS_NO_TARGET, "capture");
	sysroot_close(replay);
}

/* The huge files are in it only as far as they matter. */
static void test_replay_capture_is_small(void **state)
{
	struct fixture *x = *state;
	struct sysroot *replay;
	const char *before;
	char path[128];
	struct stat st;

	make_host(x);
	snprintf(path, sizeof(path), "%s/capture", x->dir);
	replay = record(x, x->sysroot, tree_scope(), &before, path);
	sysroot_close(replay);
	assert_int_equal(stat(path, &st), 0);
	assert_in_range(st.st_size, 1000, 16000);
}

/* A capture that names what no kernel would: nothing is followed, nothing crashes. */
static void test_replay_hostile(void **state)
{
	static const char text[] =
		"{\"vfiotool-capture\":1}\n"
		"[\"list\",\"/sys/bus/pci/devices\",\"..\\n../../etc\\n\\n0000:01:00.0\\n.\"]\n"
		"[\"read\",\"/sys/bus/pci/devices/0000:01:00.0/uevent\",\"DRIVER=\\u001b[31mvfio\"]\n"
		"[\"link\",\"/sys/bus/pci/devices/0000:01:00.0/iommu_group\",\"../../99999999999999999999\"]\n"
		"[\"link\",\"/sys/bus/pci/devices/0000:01:00.0/iommu\",\"../..\"]\n"
		"[\"link\",\"/sys/bus/pci/devices/0000:01:00.0/physfn\",\"/\"]\n"
		"[\"read\",\"/proc/sys/kernel/osrelease\",\"../../../etc\"]\n";
	struct fixture *x = *state;
	struct sysroot *root = NULL;
	struct device *d;
	char path[128];
	struct host *h;
	FILE *out;

	snprintf(path, sizeof(path), "%s/capture", x->dir);
	out = fopen(path, "we");
	assert_non_null(out);
	fputs(text, out);
	fclose(out);
	assert_int_equal(sysroot_open(path, &root, NULL), 0);
	h = load(x, root, tree_scope(), NULL);
	assert_int_equal(h->nr_devices, 1);
	d = h->devices[0];
	assert_string_equal(d->name, "0000:01:00.0");
	assert_null(d->group);
	assert_int_equal(d->group_link.state, FACT_FAILED);
	assert_int_equal(d->iommu_link.err, EBADMSG);
	assert_null(d->iommu);
	assert_null(d->physfn);
	assert_int_equal(h->kernel.release.state, FACT_FAILED);
	host_free(h);
	sysroot_close(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_replay_of_a_tree, setup, teardown),
		cmocka_unit_test_setup_teardown(test_replay_of_this_host, setup, teardown),
		cmocka_unit_test_setup_teardown(test_replay_of_one_device, setup, teardown),
		cmocka_unit_test_setup_teardown(test_replay_capture_is_small, setup, teardown),
		cmocka_unit_test_setup_teardown(test_replay_hostile, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
