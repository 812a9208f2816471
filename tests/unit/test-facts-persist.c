/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What bind --persist wrote, or driverctl has, read again: about this device or about another. */
#include "base/macro.h"
#include "facts/load.h"
#include "bind/persist.h"
#include "scene.h"

#define NAME      "0000:01:00.0"
#define RULE      "etc/udev/rules.d/06-vfiotool-pci-" NAME ".rules"
#define DRIVERCTL "etc/driverctl.d/pci-" NAME

/* As tree_device() makes them. */
static struct persist_request card(void)
{
	return (struct persist_request){ .bus = "pci",
					 .name = NAME,
					 .driver = "vfio-pci",
					 .has_ids = true,
					 .vendor = 0x8086,
					 .device = 0x1521,
					 .subvendor = 0x1af4,
					 .subdevice = 0x1100 };
}

static struct host *host_of(struct tree *x)
{
	static const struct scope scope = { HOST_ALL, DEVICE_ALL | DEVICE_PERSIST, DEVICE_ALL };

	return tree_load(x, x->sysroot, &scope, NULL);
}

static void keep(struct tree *x, const struct persist_request *q)
{
	struct persist_file *files;
	size_t nr;

	assert_int_equal(persist_make(q, x->arena, &files, &nr, NULL), 0);
	assert_int_equal(persist_write(x->fd, files, nr, NULL), 0);
}

static void assert_given(struct tree *x, const char *name, const char *driver, const char *path)
{
	struct host *h = host_of(x);
	const struct device *d = tree_find(h, name);

	assert_true(fact_is(&d->persist));
	assert_string_equal(d->persist.raw, driver);
	assert_string_equal(d->persist.path, path);
	assert_false(fact_is(&d->persist_stranger));
}

static void assert_stranger(struct tree *x, const char *name, const char *driver, const char *path)
{
	struct host *h = host_of(x);
	const struct device *d = tree_find(h, name);

	assert_int_equal(d->persist.state, FACT_ABSENT);
	assert_true(fact_is(&d->persist_stranger));
	assert_string_equal(d->persist_stranger.raw, driver);
	assert_string_equal(d->persist_stranger.path, path);
}

static void assert_nothing(struct tree *x, enum fact_state state)
{
	struct host *h = host_of(x);
	const struct device *d = tree_find(h, NAME);

	assert_int_equal(d->persist.state, state);
	assert_false(fact_is(&d->persist_stranger));
}

static void test_persist_of_nothing_is_absent(struct tree *x)
{
	tree_add(x, .name = NAME);
	assert_nothing(x, FACT_ABSENT);
	tree_put(x, "etc/driverctl.d/pci-0000:02:00.0", "vfio-pci\n");
	tree_put(x, "etc/udev/rules.d/06-vfiotool-pci-0000:02:00.0.rules", "");
	assert_nothing(x, FACT_ABSENT);
}

static void test_persist_by_a_rule(struct tree *x)
{
	const struct persist_request q = card();

	tree_add(x, .name = NAME);
	keep(x, &q);
	assert_given(x, NAME, "vfio-pci", "/" RULE);
}

/* Every id that the rule has must be that of the device. */
static void test_persist_by_a_rule_about_a_stranger(struct tree *x)
{
	struct persist_request others[] = { card(), card(), card(), card() };

	tree_add(x, .name = NAME);
	others[0].vendor++;
	others[1].device++;
	others[2].subvendor++;
	others[3].subdevice++;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		keep(x, &others[i]);
		assert_stranger(x, NAME, "vfio-pci", "/" RULE);
	}
}

static void test_persist_by_driverctl(struct tree *x)
{
	struct persist_request q = card();

	tree_add(x, .name = NAME);
	/* By hand: without a rule beside it. */
	tree_put(x, DRIVERCTL, "uio_pci_generic\n");
	assert_given(x, NAME, "uio_pci_generic", "/" DRIVERCTL);
	tree_remove(x, DRIVERCTL);
	q.driverctl = true;
	keep(x, &q);
	assert_given(x, NAME, "vfio-pci", "/" DRIVERCTL);
	q.device++;
	keep(x, &q);
	assert_stranger(x, NAME, "vfio-pci", "/" DRIVERCTL);
	/* driverctl takes an empty file for none. */
	tree_put(x, DRIVERCTL, "");
	assert_nothing(x, FACT_ABSENT);
	/* The rule alone refuses, it gives nothing. */
	tree_remove(x, DRIVERCTL);
	assert_nothing(x, FACT_ABSENT);
}

/* The alias of another bus, with characters that mean something in a rule. */
static void test_persist_by_an_alias(struct tree *x)
{
	struct persist_request q = { .bus = "platform",
				     .name = "edu-dma.0",
				     .driver = "vfio-platform",
				     .modalias = "platform:edu-dma.0" };
	static const char path[] = "/etc/udev/rules.d/06-vfiotool-platform-edu-dma.0.rules";

	tree_add(x, .bus = "platform", .name = "edu-dma.0", .group = "3");
	keep(x, &q);
	assert_given(x, "edu-dma.0", "vfio-platform", path);
	for (size_t i = 0; i < 3; i++) {
		static const char *const others[] = { "platform:edu-dma.1", "platform:edu*",
						      "platform:edu-dma.0?" };

		q.modalias = others[i];
		keep(x, &q);
		assert_stranger(x, "edu-dma.0", "vfio-platform", path);
	}
}

static void test_persist_that_cannot_be_read_is_unknown(struct tree *x)
{
	tree_add(x, .name = NAME);
	tree_put(x, "etc/driverctl.d", "no directory");
	assert_nothing(x, FACT_FAILED);
}
