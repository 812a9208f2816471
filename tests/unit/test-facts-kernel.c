/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's configuration and command line. */
#include <errno.h>
#include <zlib.h>

#include "facts/load.h"
#include "scene.h"

#define RELEASE "6.1.0-test"

static const struct scope scope = { HOST_KERNEL | HOST_MODULES | HOST_SYMBOLS, DEVICE_BASE, 0 };

static void make_kernel(const struct tree *x)
{
	tree_dir(x, "sys/bus/pci/devices");
	tree_put(x, "proc/sys/kernel/osrelease", RELEASE "\n");
	tree_put(x, "proc/cmdline", "ro quiet\n");
}

static void test_kernel_config_packed_first(struct tree *x)
{
	static const char text[] = "CONFIG_VFIO=y\n# CONFIG_VFIO_NOIOMMU is not set\n";
	char path[256];
	struct host *h;
	gzFile gz;

	make_kernel(x);
	tree_put(x, "boot/config-" RELEASE, "CONFIG_VFIO=m\n");
	snprintf(path, sizeof(path), "%s/proc/config.gz", x->root);
	gz = gzopen(path, "we");
	assert_non_null(gz);
	assert_int_equal(gzwrite(gz, text, sizeof(text) - 1), sizeof(text) - 1);
	assert_int_equal(gzclose(gz), Z_OK);
	h = tree_load(x, x->sysroot, &scope, NULL);
	assert_string_equal(h->kernel.config_source.raw, "/proc/config.gz");
	assert_string_equal(kernel_config(&h->kernel, "CONFIG_VFIO"), "y");
	assert_string_equal(kernel_config(&h->kernel, "CONFIG_VFIO_NOIOMMU"), "n");
	assert_string_equal(kernel_config(&h->kernel, "CONFIG_IOMMUFD"), "n");
	assert_null(kernel_config(&h->kernel, "CONFIG_EXT4_FS"));
}

static void test_kernel_config_damaged(struct tree *x)
{
	struct host *h;

	make_kernel(x);
	tree_put(x, "proc/config.gz", "\x1f\x8b\x08 cut off");
	h = tree_load(x, x->sysroot, &scope, NULL);
	assert_int_equal(h->kernel.config.state, FACT_FAILED);
	assert_int_equal(h->kernel.config.err, EBADMSG);
	assert_null(kernel_config(&h->kernel, "CONFIG_VFIO"));
	tree_put(x, "proc/config.gz", "not a configuration\n");
	h = tree_load(x, x->sysroot, &scope, NULL);
	assert_int_equal(h->kernel.config.err, EBADMSG);
	/* The next source is asked, and the damaged one forgotten. */
	tree_put(x, "lib/modules/" RELEASE "/config", "CONFIG_VFIO=m\n");
	h = tree_load(x, x->sysroot, &scope, NULL);
	assert_string_equal(h->kernel.config_source.raw, "/"
							 "lib/modules/" RELEASE "/config");
}

/* A small file that unpacks to more than any configuration has. */
static void test_kernel_config_bomb(struct tree *x)
{
	static char block[1 << 16];
	char path[256];
	struct host *h;
	gzFile gz;

	make_kernel(x);
	memset(block, '#', sizeof(block));
	snprintf(path, sizeof(path), "%s/proc/config.gz", x->root);
	gz = gzopen(path, "we");
	assert_non_null(gz);
	for (unsigned int i = 0; i < 100; i++)
		assert_int_equal(gzwrite(gz, block, sizeof(block)), sizeof(block));
	assert_int_equal(gzclose(gz), Z_OK);
	h = tree_load(x, x->sysroot, &scope, NULL);
	assert_int_equal(h->kernel.config.state, FACT_FAILED);
	assert_int_equal(h->kernel.config.err, EFBIG);
}

static void test_kernel_cmdline(struct tree *x)
{
	struct host *h;

	make_kernel(x);
	tree_put(x, "proc/cmdline", "iommu=pt intel_iommu=on nointremap\n");
	h = tree_load(x, x->sysroot, &scope, NULL);
	assert_string_equal(kernel_cmdline(&h->kernel, x->arena, "intel_iommu"), "on");
	assert_string_equal(kernel_cmdline(&h->kernel, x->arena, "nointremap"), "");
	assert_null(kernel_cmdline(&h->kernel, x->arena, "amd_iommu"));
}
