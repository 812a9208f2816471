/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scene.h"

#include <limits.h>

#include "sysroot/sysroot.h"
#include "facts/load.h"

static void link_device(const struct tree *x, const struct tree_device *d, const char *dir)
{
	char path[PATH_MAX], target[PATH_MAX];

	if (d->group) {
		tree_link(x, tree_path(target, "../../../kernel/iommu_groups/%s", d->group),
			  tree_path(path, "%s/iommu_group", dir));
		tree_link(x, tree_path(target, "../../../../%s", dir + 4),
			  tree_path(path, "sys/kernel/iommu_groups/%s/devices/%s", d->group,
				    d->name));
	}
	if (d->unit) {
		tree_link(x, tree_path(target, "../../virtual/iommu/%s", d->unit),
			  tree_path(path, "%s/iommu", dir));
		tree_link(x, tree_path(target, "../../../../../%s", dir + 4),
			  tree_path(path, "sys/devices/virtual/iommu/%s/devices/%s", d->unit,
				    d->name));
	}
}

void tree_device(const struct tree *x, const struct tree_device *d)
{
	const char *bus = d->bus ? d->bus : "pci";
	char dir[256], path[PATH_MAX], text[512], driver[128] = "";
	bool pci = !strcmp(bus, "pci");

	tree_path(dir, "sys/devices/%s/%s", pci ? "pci0000:00" : bus, d->name);
	if (d->driver)
		snprintf(driver, sizeof(driver), "DRIVER=%s\n", d->driver);
	if (pci)
		tree_path(text,
			  "%sPCI_CLASS=%s\nPCI_ID=%s\nPCI_SUBSYS_ID=1AF4:1100\nPCI_SLOT_NAME=%s\n"
			  "MODALIAS=pci:v00008086d00001521sv00001AF4sd00001100bc02sc00i00\n",
			  driver, d->class ? d->class : "20000", d->id ? d->id : "8086:1521",
			  d->name);
	else
		tree_path(text, "%sMODALIAS=platform:%s\n", driver, d->name);
	tree_put(x, tree_path(path, "%s/uevent", dir), text);
	tree_link(x, tree_path(text, "../../../bus/%s", bus), tree_path(path, "%s/subsystem", dir));
	tree_link(x, tree_path(text, "../../../%s", dir + 4),
		  tree_path(path, "sys/bus/%s/devices/%s", bus, d->name));
	if (d->driver)
		tree_link(x, tree_path(text, "../../../../%s", dir + 4),
			  tree_path(path, "sys/bus/%s/drivers/%s/%s", bus, d->driver, d->name));
	link_device(x, d, dir);
}

void tree_attribute(const struct tree *x, const char *device, const char *name, const char *text)
{
	char path[PATH_MAX];

	tree_put(x, tree_path(path, "sys/devices/pci0000:00/%s/%s", device, name), text);
}

void tree_group_attribute(const struct tree *x, const char *group, const char *name,
			  const char *text)
{
	char path[PATH_MAX];

	tree_put(x, tree_path(path, "sys/kernel/iommu_groups/%s/%s", group, name), text);
}

void tree_intel_unit(const struct tree *x, const char *name)
{
	char path[PATH_MAX], target[PATH_MAX];

	tree_put(x, tree_path(path, "sys/devices/virtual/iommu/%s/intel-iommu/cap", name),
		 "d2008c222f0686\n");
	tree_put(x, tree_path(path, "sys/devices/virtual/iommu/%s/intel-iommu/ecap", name),
		 "f00f4a\n");
	tree_put(x, tree_path(path, "sys/devices/virtual/iommu/%s/intel-iommu/version", name),
		 "1:0\n");
	tree_put(x, tree_path(path, "sys/devices/virtual/iommu/%s/intel-iommu/address", name),
		 "fed90000\n");
	tree_dir(x, tree_path(path, "sys/devices/virtual/iommu/%s/devices", name));
	tree_link(x, tree_path(target, "../../devices/virtual/iommu/%s", name),
		  tree_path(path, "sys/class/iommu/%s", name));
}

static void close_root(void *root)
{
	sysroot_close(root);
}

static void free_host(void *h)
{
	host_free(h);
}

struct sysroot *tree_capture(struct tree *x, const char *lines)
{
	struct sysroot *root = NULL;
	struct failure *why = NULL;
	char path[128];

	tree_put(x, "../capture", lines);
	if (sysroot_open(tree_path(path, "%s/capture", x->dir), &root, &why) < 0)
		fail_msg("%s", why->text);
	tree_owns(x, close_root, root);
	return root;
}

const struct scope *tree_scope(void)
{
	static const struct scope scope = { HOST_ALL | HOST_KALLSYMS, DEVICE_ALL, DEVICE_ALL };

	return &scope;
}

struct host *tree_load(struct tree *x, struct sysroot *root, const struct scope *scope,
		       const char *const *texts)
{
	struct target targets[8] = { 0 };
	struct failure *why = NULL;
	struct host *h = NULL;
	size_t nr = 0;

	for (; texts && texts[nr]; nr++)
		assert_int_equal(target_parse(x->arena, texts[nr], &targets[nr], NULL), 0);
	if (host_load(root, scope, targets, nr, &h, &why) < 0)
		fail_msg("host_load: %s", why ? why->text : "no reason given");
	assert_null(why);
	tree_owns(x, free_host, h);
	return h;
}

struct host *tree_replay(struct tree *x, const char *more)
{
	static const char header[] =
		"{\"vfiotool-capture\":1}\n"
		"[\"list\",\"/sys/bus/pci/devices\",\"0000:01:00.0\"]\n"
		"[\"read\",\"/sys/bus/pci/devices/0000:01:00.0/uevent\",\"DRIVER=vfio-pci\\nPCI_CLASS=20000\\nPCI_ID=8086:1521\\n"
		"PCI_SUBSYS_ID=0:0\"]\n"
		"[\"link\",\"/sys/bus/pci/devices/0000:01:00.0/iommu_group\",\"../../../kernel/iommu_groups/12\"]\n";

	return tree_load(x, tree_capture(x, arena_join(x->arena, header, more, NULL)), tree_scope(),
			 NULL);
}

void assert_load_fails(struct tree *x, struct sysroot *root, const char *text, int err,
		       enum status status, const char *part)
{
	struct failure *why = NULL;
	struct host *h = NULL;
	struct target t;

	assert_int_equal(target_parse(x->arena, text, &t, NULL), 0);
	assert_int_equal(host_load(root, tree_scope(), &t, 1, &h, &why), err);
	assert_null(h);
	assert_non_null(why);
	assert_int_equal(why->status, status);
	if (!strstr(why->text, part))
		fail_msg("'%s' instead of '%s'", why->text, part);
	failure_free(why);
}

struct device *tree_find(const struct host *h, const char *name)
{
	struct device *d = host_find_device(h, NULL, name);

	if (!d)
		fail_msg("no device is called %s", name);
	return d;
}
