/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events of libudev's two monitors, sent by umockdev; tests/vm/acting/monitor.sh and boot-monitor.sh have those of
 * kernels and of udevd. umockdev sends each event to every monitor, and redirects no links: there are no groups. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <umockdev.h>

#include "base/arena.h"
#include "facts/target.h"
#include "facts/watch.h"

struct bed {
	UMockdevTestbed *testbed;
	struct sysroot *root;
	struct host host; /* nothing is known before */
	struct watch *watch;
	struct arena *arena;
	struct host_event *events;
	size_t nr;
	char *card;
};

static char *add(struct bed *b, const char *subsystem, const char *name, const char *ids)
{
	char *path = umockdev_testbed_add_device(b->testbed, subsystem, name, NULL, NULL, "PCI_ID",
						 ids, "PCI_CLASS", "20000", NULL);

	assert_non_null(path);
	return path;
}

static int setup(void **state)
{
	struct bed *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	b->testbed = umockdev_testbed_new();
	b->arena = arena_new();
	assert_int_equal(sysroot_open(NULL, &b->root, NULL), 0);
	b->card = add(b, "pci", "0000:01:00.0", "8086:10D3");
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bed *b = *state;

	watch_free(b->watch);
	sysroot_close(b->root);
	arena_free(b->arena);
	g_free(b->card);
	g_object_unref(b->testbed);
	free(b);
	return 0;
}

static void listen(struct bed *b, enum watch_source source)
{
	assert_int_equal(watch_open(b->root, &b->host, source, &b->watch, NULL), 0);
}

static void collect(struct bed *b)
{
	watch_collect(b->watch, b->arena, &b->events, &b->nr);
}

static void set_driver(struct bed *b, const char *driver)
{
	umockdev_testbed_set_property(b->testbed, b->card, "DRIVER", driver);
}

static void assert_event(const struct bed *b, size_t i, const char *source, const char *action,
			 const char *driver)
{
	const struct host_event *e = &b->events[i];

	assert_true(i < b->nr);
	assert_string_equal(e->source, source);
	assert_string_equal(e->action, action);
	assert_string_equal(e->object, "device");
	assert_string_equal(e->bus, "pci");
	assert_string_equal(e->name, "0000:01:00.0");
	assert_true(e->has_ids && e->vendor == 0x8086 && e->device_id == 0x10d3);
	if (driver)
		assert_string_equal(e->driver, driver);
	else
		assert_null(e->driver);
}

static void test_watch_by_udev(void **state)
{
	struct bed *b = *state;

	listen(b, WATCH_UDEV);
	assert_string_equal(watch_source_name(b->watch), "udev");
	umockdev_testbed_uevent(b->testbed, b->card, "add");
	collect(b);
	assert_int_equal(b->nr, 1);
	assert_event(b, 0, "udev", "add", NULL);
	set_driver(b, "e1000e");
	umockdev_testbed_uevent(b->testbed, b->card, "bind");
	collect(b);
	assert_int_equal(b->nr, 1);
	assert_event(b, 0, "udev", "bind", "e1000e");
	collect(b);
	assert_int_equal(b->nr, 0);
}

static void assert_covered(const struct bed *b, const char *text, bool covered)
{
	struct target t;

	assert_int_equal(target_parse(b->arena, text, &t, NULL), 0);
	assert_int_equal(watch_covers(b->watch, &b->host, &t, &b->events[0]), covered);
}

/* What no look at the host could tell of a device that comes. */
static void test_watch_of_ids_and_classes(void **state)
{
	struct bed *b = *state;

	listen(b, WATCH_UDEV);
	umockdev_testbed_uevent(b->testbed, b->card, "add");
	collect(b);
	assert_int_equal(b->nr, 1);
	assert_covered(b, "8086:10d3", true);
	assert_covered(b, "8086:1521", false);
	assert_covered(b, "network", true);
	assert_covered(b, "class:020000", true);
	assert_covered(b, "vga", false);
}

/* Without its control socket there is no udevd. */
static void test_watch_by_the_kernel_where_no_udevd_is(void **state)
{
	struct bed *b = *state;

	listen(b, WATCH_AUTO);
	assert_string_equal(watch_source_name(b->watch), "kernel");
}

static void move(struct bed *b)
{
	set_driver(b, "e1000e");
	umockdev_testbed_uevent(b->testbed, b->card, "bind");
	set_driver(b, "");
	umockdev_testbed_uevent(b->testbed, b->card, "unbind");
	set_driver(b, "vfio-pci");
	umockdev_testbed_uevent(b->testbed, b->card, "bind");
	umockdev_testbed_uevent(b->testbed, b->card, "remove");
}

/* Each of the two tells of drivers as it has told before, not as the other has. */
static void test_watch_by_both_keeps_them_apart(void **state)
{
	static const char *const sources[] = { "kernel", "udev" };
	struct bed *b = *state;

	listen(b, WATCH_BOTH);
	move(b);
	collect(b);
	assert_int_equal(b->nr, 8);
	for (size_t i = 0; i < 2; i++) {
		assert_event(b, 4 * i, sources[i], "bind", "e1000e");
		assert_event(b, 4 * i + 1, sources[i], "unbind", "e1000e");
		assert_event(b, 4 * i + 2, sources[i], "bind", "vfio-pci");
		assert_event(b, 4 * i + 3, sources[i], "remove", "vfio-pci");
	}
}

/* What comes to the address of one that went has nothing of it. */
static void test_watch_another_at_the_same_address(void **state)
{
	struct bed *b = *state;

	listen(b, WATCH_UDEV);
	move(b);
	set_driver(b, "");
	umockdev_testbed_uevent(b->testbed, b->card, "add");
	collect(b);
	assert_int_equal(b->nr, 5);
	assert_event(b, 4, "udev", "add", NULL);
}

static void test_watch_leaves_other_subsystems_out(void **state)
{
	struct bed *b = *state;
	char *others[] = { add(b, "net", "eth0", "0:0"), add(b, "module", "e1000e", "0:0"),
			   add(b, "module", "vfio_pci", "0:0") };

	listen(b, WATCH_UDEV);
	for (size_t i = 0; i < 3; i++) {
		umockdev_testbed_uevent(b->testbed, others[i], "add");
		g_free(others[i]);
	}
	collect(b);
	assert_int_equal(b->nr, 1);
	assert_string_equal(b->events[0].object, "module");
	assert_string_equal(b->events[0].name, "vfio_pci");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(test_watch_by_udev),
		T(test_watch_of_ids_and_classes),
		T(test_watch_by_the_kernel_where_no_udevd_is),
		T(test_watch_by_both_keeps_them_apart),
		T(test_watch_another_at_the_same_address),
		T(test_watch_leaves_other_subsystems_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
