/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Moves with a kernel made by hand: each write that fails in turn, and what the journal then has. */
#include <errno.h>
#include <stdlib.h>

#include "base/macro.h"
#include "bind/apply.h"
#include "scene.h"

struct fake_kernel {
	struct bind_system system;
	const char *driver, *override; /* NULL: none */
	const char *chosen;            /* by the bus; NULL: nobody */
	unsigned int fails_at, writes; /* the nth write fails */
	unsigned int goes_at;          /* before the nth write it is unplugged */
	bool gone, locked;
	unsigned int vfs; /* virtual functions, which go with any driver */
};

static struct fake_kernel *kernel_of(struct bind_system *s)
{
	return (struct fake_kernel *)s;
}

static int fake_driver(struct bind_system *s, const char *bus vt_unused, const char *name vt_unused,
		       struct arena *a vt_unused, const char **ret)
{
	*ret = kernel_of(s)->driver;
	return kernel_of(s)->gone ? -ENODEV : 0;
}

static int fake_read(struct bind_system *s, const char *path, struct arena *a vt_unused,
		     const char **ret)
{
	const char *override = kernel_of(s)->override;

	if (strstr(path, "sriov_numvfs")) {
		*ret = kernel_of(s)->vfs ? "3" : "0";
		return 0;
	}
	*ret = strstr(path, "driver_override") ? (override ? override : "(null)") : "0x1";
	return 0;
}

static int fake_read_locked(struct bind_system *s, const char *path, struct arena *a,
			    const char **ret)
{
	return kernel_of(s)->locked ? -ETIMEDOUT : fake_read(s, path, a, ret);
}

static int fake_place(struct bind_system *s, const char *bus vt_unused, const char *name vt_unused,
		      struct arena *a vt_unused, const char **ret)
{
	*ret = "../../devices/here";
	return kernel_of(s)->gone ? -ENOENT : 0;
}

static int fake_write(struct bind_system *s, const char *path, const char *text)
{
	struct fake_kernel *k = kernel_of(s);
	static char names[2][64];
	const char *at;

	if (++k->writes == k->fails_at)
		return -EINVAL;
	if (k->writes == k->goes_at) {
		k->gone = true;
		k->driver = NULL;
	}
	if (k->gone)
		return -ENODEV;
	if (strstr(path, "driver_override")) {
		snprintf(names[0], sizeof(names[0]), "%s", text);
		k->override = *text ? names[0] : NULL;
		return 0;
	}
	if (strstr(path, "drivers_probe")) {
		k->driver = k->chosen;
		return 0;
	}
	at = strstr(path, "/drivers/") + strlen("/drivers/");
	if (strstr(path, "/unbind")) {
		k->driver = NULL;
		k->vfs = 0;
		return 0;
	}
	if (k->driver)
		return -EBUSY;
	/* An override names the only one; only vfio-pci wants one, e1000e takes the card by its ids. */
	if (k->override &&
	    (strncmp(at, k->override, strlen(k->override)) != 0 || at[strlen(k->override)] != '/'))
		return -ENODEV;
	if (!strncmp(at, "vfio-pci/", 9) && (!k->override || strcmp(k->override, "vfio-pci") != 0))
		return -ENODEV;
	snprintf(names[1], sizeof(names[1]), "%.*s", (int)strcspn(at, "/"), at);
	k->driver = names[1];
	return 0;
}

static int fake_waiting(struct bind_system *s, const char *path, const char *text,
			const char *driver_path vt_unused, const struct bind_late *late vt_unused)
{
	return fake_write(s, path, text);
}

static const struct bind_system_ops fake_ops = {
	.driver = fake_driver,
	.read = fake_read,
	.read_locked = fake_read_locked,
	.place = fake_place,
	.write = fake_write,
	.write_waiting = fake_waiting,
};

struct fixture {
	struct tree *tree;
	struct fake_kernel kernel;
	struct journal journal;
	struct bind_apply apply;
};

static void begin(struct fixture *f)
{
	tree_setup((void **)&f->tree);
	f->kernel = (struct fake_kernel){ .system = { .ops = &fake_ops }, .driver = "e1000e" };
	assert_int_equal(journal_open(&f->journal, f->tree->root, "boot", "test", 1, f->tree->arena,
				      NULL),
			 0);
	f->apply = (struct bind_apply){ .system = &f->kernel.system,
					.journal = &f->journal,
					.arena = f->tree->arena };
}

static void end(struct fixture *f)
{
	journal_close(&f->journal);
	tree_teardown((void **)&f->tree);
}

static struct bind_move to_vfio(void)
{
	return (struct bind_move){
		.bus = "pci", .name = "0000:01:00.0", .to = "vfio-pci", .to_override = "vfio-pci"
	};
}

static void test_bind_records_what_was(struct fixture *f)
{
	struct bind_move m = to_vfio();
	const struct journal_record *r;

	assert_int_equal(bind_apply_all(&f->apply, &m, 1), 0);
	assert_int_equal(m.result, BIND_MOVED);
	assert_string_equal(f->kernel.driver, "vfio-pci");
	r = journal_find(&f->journal, "pci", "0000:01:00.0");
	assert_non_null(r);
	assert_string_equal(r->from, "e1000e");
	assert_null(r->from_override);
	assert_true(r->done);
}

/* As another tool would after a crash: the journal is not tidied up. */
static void read_again(struct fixture *f, struct journal *j)
{
	assert_int_equal(journal_read(j, f->tree->root, "boot", f->tree->arena, NULL), 0);
	journal_close(j);
}

/* They go with its driver, and it is known afterwards that there were some. */
static void test_bind_records_virtual_functions(struct fixture *f)
{
	struct bind_move m = to_vfio(), back = { .bus = "pci", .name = "0000:01:00.0" };
	struct journal j;

	f->kernel.vfs = 3;
	assert_int_equal(bind_apply_all(&f->apply, &m, 1), 0);
	assert_int_equal(m.vfs, 3);
	assert_int_equal(bind_vfs(&f->kernel.system, "pci", m.name, f->tree->arena), 0);
	read_again(f, &j);
	assert_int_equal(j.records[0].vfs, 3);
	back.to = j.records[0].from;
	back.vfs = j.records[0].vfs;
	back.back = true;
	assert_int_equal(bind_apply_back(&f->apply, &back), 0);
	assert_int_equal(back.vfs, 3);
	assert_int_equal(back.vfs_now, 0);
}

/* Of a device that another bus has, or that has no such attribute, nothing is known. */
static void test_bind_without_virtual_functions(struct fixture *f)
{
	struct bind_move m = to_vfio();
	struct journal j;

	assert_int_equal(bind_apply_all(&f->apply, &m, 1), 0);
	read_again(f, &j);
	assert_int_equal(j.records[0].vfs, 0);
	f->kernel.vfs = 3;
	assert_int_equal(bind_vfs(&f->kernel.system, "platform", m.name, f->tree->arena), 0);
	f->kernel.locked = true;
	assert_int_equal(bind_vfs(&f->kernel.system, "pci", m.name, f->tree->arena), 0);
}

/* Leaves nothing of what functions that have returned kept on the stack. */
static __attribute__((noinline, no_sanitize("address"))) void overwrite_stack(void)
{
	volatile char bytes[16384];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = 0x55;
}

static void test_bind_steps_taken_back_are_of_the_device(struct fixture *f)
{
	struct bind_move m = to_vfio();

	f->kernel.fails_at = 3;
	assert_int_equal(bind_apply_all(&f->apply, &m, 1), -EINVAL);
	overwrite_stack();
	assert_int_equal(f->apply.nr_steps, 5);
	for (size_t i = 0; i < f->apply.nr_steps; i++) {
		assert_int_equal(f->apply.steps[i].undoes, i >= 3);
		assert_string_equal(f->apply.steps[i].move->name, "0000:01:00.0");
	}
}

static void test_bind_returns_when_any_write_fails(struct fixture *f)
{
	for (unsigned int n = 1; n <= 3; n++) {
		struct bind_move m = to_vfio();

		f->kernel.writes = 0;
		f->kernel.fails_at = n;
		assert_int_equal(bind_apply_all(&f->apply, &m, 1), -EINVAL);
		assert_int_equal(m.result, BIND_ROLLED_BACK);
		assert_string_equal(f->kernel.driver, "e1000e");
		assert_null(f->kernel.override);
		assert_int_equal(f->journal.nr_records, 0);
		/* The report reads them after all is done. */
		for (size_t i = 0; i < f->apply.nr_steps; i++)
			assert_string_equal(f->apply.steps[i].move->name, "0000:01:00.0");
	}
}

static void test_bind_of_a_locked_device_writes_nothing(struct fixture *f)
{
	struct bind_move m = to_vfio();

	f->kernel.driver = NULL;
	f->kernel.locked = true;
	assert_int_equal(bind_apply_all(&f->apply, &m, 1), -ETIMEDOUT);
	assert_int_equal(m.result, BIND_LEFT);
	assert_int_equal(m.err, ETIMEDOUT);
	assert_int_equal(f->kernel.writes, 0);
	assert_int_equal(f->journal.nr_records, 0);
}

static void test_back_of_a_locked_device_stays_recorded(struct fixture *f)
{
	struct bind_move m = to_vfio(),
			 back = { .bus = "pci", .name = "0000:01:00.0", .to = "e1000e" };

	assert_int_equal(bind_apply_all(&f->apply, &m, 1), 0);
	f->kernel.driver = NULL;
	f->kernel.locked = true;
	f->kernel.writes = 0;
	assert_int_equal(bind_apply_back(&f->apply, &back), -ETIMEDOUT);
	assert_int_equal(back.result, BIND_LEFT);
	assert_int_equal(f->kernel.writes, 0);
	assert_int_equal(f->journal.nr_records, 1);
}

static void test_bind_back_by_override_when_ids_do_not_match(struct fixture *f)
{
	struct bind_move m = { .bus = "pci", .name = "0000:01:00.0", .to = "vfio-pci" };

	/* Its override was cleared after vfio-pci had it. */
	assert_int_equal(bind_apply_back(&f->apply, &m), 0);
	assert_string_equal(f->kernel.driver, "vfio-pci");
	assert_null(f->kernel.override);
	assert_int_equal(f->journal.nr_records, 0);
}

/* Between the guards' answer and the first write somebody else gave it a driver. */
static void test_bind_driver_changed_meanwhile(struct fixture *f)
{
	static const struct device device = { .name = "0000:01:00.0" };
	struct bind_move m = to_vfio();

	m.device = &device;
	assert_int_equal(bind_apply_all(&f->apply, &m, 1), -EAGAIN);
	assert_int_equal(m.result, BIND_LEFT);
	assert_non_null(strstr(m.because, "was none at the check and is e1000e now"));
	assert_int_equal(f->kernel.writes, 0);
	assert_int_equal(f->journal.nr_records, 0);
	m = to_vfio();
	m.device = &device;
	m.from = "e1000e";
	assert_int_equal(bind_apply_all(&f->apply, &m, 1), 0);
	assert_int_equal(m.result, BIND_MOVED);
}

static void test_bind_back_to_a_driver_that_another_override_excludes(struct fixture *f)
{
	struct bind_move m = { .bus = "pci",
			       .name = "0000:01:00.0",
			       .to = "e1000e",
			       .to_override = "pci-stub",
			       .back = true };

	f->kernel.driver = f->kernel.override = "vfio-pci";
	assert_int_equal(bind_apply_all(&f->apply, &m, 1), 0);
	assert_int_equal(m.result, BIND_MOVED);
	assert_string_equal(f->kernel.driver, "e1000e");
	assert_string_equal(f->kernel.override, "pci-stub");
	/* What the report says of it. */
	assert_string_equal(m.from, "vfio-pci");
	assert_string_equal(m.now, "e1000e");
	for (size_t i = 0; i < f->apply.nr_steps; i++)
		assert_false(f->apply.steps[i].undoes);
}

/* Its driver is not to be had any more: another may come, but it is not left without. */
static void test_bind_back_to_whatever_the_bus_chooses(struct fixture *f)
{
	struct bind_move other = {
		.bus = "pci", .name = "0000:01:00.0", .any = true, .back = true
	};
	struct bind_move none = other;

	f->kernel.driver = f->kernel.override = "vfio-pci";
	assert_int_equal(bind_apply_all(&f->apply, &none, 1), -ENXIO);
	assert_int_equal(none.result, BIND_ROLLED_BACK);
	assert_string_equal(f->kernel.driver, "vfio-pci");
	f->kernel.chosen = "e1000";
	assert_int_equal(bind_apply_all(&f->apply, &other, 1), 0);
	assert_int_equal(other.result, BIND_MOVED);
	assert_string_equal(f->kernel.driver, "e1000");
}

static void test_restore_keeps_the_record_of_a_device_without_a_driver(struct fixture *f)
{
	struct bind_move m = to_vfio();
	struct bind_move back = { .bus = "pci", .name = "0000:01:00.0", .any = true, .back = true };

	assert_int_equal(bind_apply_all(&f->apply, &m, 1), 0);
	assert_int_equal(bind_apply_back(&f->apply, &back), -ENXIO);
	assert_int_equal(back.result, BIND_LOST);
	assert_int_equal(f->journal.nr_records, 1);
}

/* Somewhere new an override is the way in: there is no other. */
static void test_bind_elsewhere_is_not_tried_again(struct fixture *f)
{
	struct bind_move m = {
		.bus = "pci", .name = "0000:01:00.0", .to = "e1000", .to_override = "pci-stub"
	};

	assert_int_equal(bind_apply_all(&f->apply, &m, 1), -ENXIO);
	assert_int_equal(m.result, BIND_ROLLED_BACK);
	assert_string_equal(f->kernel.driver, "e1000e");
	assert_null(f->kernel.override);
}

static void test_bind_device_gone(struct fixture *f)
{
	struct bind_move m = to_vfio();

	f->kernel.gone = true;
	assert_int_equal(bind_apply_all(&f->apply, &m, 1), -ENODEV);
	assert_int_equal(m.result, BIND_GONE);
	assert_int_equal(f->kernel.writes, 0);
}

static void test_bind_device_goes_meanwhile(struct fixture *f)
{
	for (unsigned int n = 1; n <= 3; n++) {
		struct bind_move m = to_vfio();
		/* What another move of it recorded before is of no use either. */
		struct bind_move stub = {
			.bus = "pci", .name = "0000:01:00.0", .to = "e1000", .to_override = "e1000"
		};

		f->kernel.gone = false;
		f->kernel.goes_at = 0;
		assert_int_equal(bind_apply_all(&f->apply, &stub, 1), 0);
		assert_int_equal(f->journal.nr_records, 1);
		f->kernel.writes = 0;
		f->kernel.goes_at = n;
		assert_int_equal(bind_apply_all(&f->apply, &m, 1), -ENODEV);
		assert_int_equal(m.result, BIND_GONE);
		assert_null(m.now);
		assert_int_equal(f->journal.nr_records, 0);
	}
}
