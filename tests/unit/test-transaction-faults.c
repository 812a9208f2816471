/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bind, unbind and restore as whole commands, on a tree of files whose drivers come and go as the kernel's would:
 * every call of a good run fails in turn with each errno that it can give, the journal's own included. Each
 * time: no device without a driver, nothing written that the journal does not have, a reason and a next step,
 * and restore ends in the first state. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/macro.h"
#include "uapi/op.h"
#include "run/transaction.h"
#include "scene.h"

#define ONE  "0000:01:00.0"
#define TWO  "0000:01:00.1"
#define HOST "e1000e"
#define VFIO "vfio-pci"

static const char *const functions[] = { ONE, TWO };

/* The calls that may fail. */
enum call {
	CALL_NONE = 0,
	CALL_DRIVER,
	CALL_READ,
	CALL_READ_LOCKED,
	CALL_PLACE,
	CALL_WRITE,
	CALL_WAIT,
	CALL_WRITABLE,
	CALL_JOURNAL, /* the journal's own: write(), fsync(), ftruncate() */
};

/* What each may answer. A driver or device that is there is not said to be gone. */
static const int errnos_of[][8] = {
	[CALL_DRIVER] = { EACCES, EIO, ENOMEM },
	[CALL_READ] = { EACCES, EIO, ENOMEM },
	[CALL_READ_LOCKED] = { EACCES, EIO, ETIMEDOUT },
	[CALL_PLACE] = { EACCES, EIO },
	[CALL_WRITE] = { EACCES, EBUSY, EINVAL, EIO, ENODEV, ENOMEM, EPERM },
	[CALL_WAIT] = { EACCES, EBUSY, EINVAL, EIO, ETIMEDOUT, ENOMEM },
	[CALL_WRITABLE] = { EACCES, EROFS },
	[CALL_JOURNAL] = { ENOSPC, EIO },
};

/* One command, run once. */
struct trial {
	struct transaction b;
	const struct tree *x;
	struct app app;
	struct transaction_options options;
	unsigned int calls, fail_at; /* the number of the call that fails, from 1; 0: none does */
	unsigned int which;          /* of the errnos of that call */
	bool fail_on;                /* and all behind it, of the same kind */
	int fail_with;               /* positive errno; 0: that call has no more of them */
	enum call failed;
	const char *failed_path;
	const char *wrong; /* the first thing that must not be, or NULL */
	struct failure *why;
	int status;
	char *text;
	size_t len;
};

static struct trial *current; /* whose journal write() is told to */
static bool synced; /* the last record is on disk, which takes a real fsync() milliseconds */

static struct trial *trial_of(struct bind_system *s)
{
	return (struct trial *)((char *)s - offsetof(struct trial, b.system));
}

static int fails(struct trial *t, enum call call, const char *path)
{
	if (++t->calls == t->fail_at) {
		t->failed = call;
		t->failed_path = arena_strdup(t->app.arena, path);
		t->fail_with = errnos_of[call][t->which];
		return -t->fail_with;
	}
	return t->fail_on && call == t->failed ? -t->fail_with : 0;
}

/* ---- the journal's calls, which the linker leads here ---- */

ssize_t __real_write(int fd, const void *buf, size_t len);
ssize_t __wrap_write(int fd, const void *buf, size_t len);
int __wrap_fsync(int fd);
int __real_ftruncate64(int fd, off_t len);
int __wrap_ftruncate64(int fd, off_t len);

static bool is_journal(int fd)
{
	return current && fd >= 0 && fd == current->b.journal.fd;
}

static bool fails_journal(int fd, const char *what)
{
	int r;

	if (!is_journal(fd))
		return false;
	r = fails(current, CALL_JOURNAL, what);
	errno = -r;
	return r < 0;
}

ssize_t __wrap_write(int fd, const void *buf, size_t len)
{
	if (is_journal(fd))
		synced = false;
	return fails_journal(fd, "write") ? -1 : __real_write(fd, buf, len);
}

int __wrap_fsync(int fd)
{
	if (fails_journal(fd, "fsync"))
		return -1;
	if (is_journal(fd))
		synced = true;
	return 0;
}

int __wrap_ftruncate64(int fd, off_t len)
{
	return fails_journal(fd, "ftruncate") ? -1 : __real_ftruncate64(fd, len);
}

/* ---- the kernel's part: drivers of a tree ---- */

static const char *device_file(struct trial *t, const char *name, const char *file)
{
	return arena_join(t->app.arena, "sys/devices/pci0000:00/", name, "/", file, NULL);
}

static const char *driver_now(struct trial *t, const char *name)
{
	char target[256];
	ssize_t n = readlinkat(t->x->fd, device_file(t, name, "driver"), target, sizeof(target));
	const char *slash;

	if (n < 0)
		return NULL;
	slash = memrchr(target, '/', (size_t)n);
	return arena_strndup(t->app.arena, slash + 1, (size_t)(target + n - slash - 1));
}

static const char *override_now(struct trial *t, const char *name)
{
	char text[64] = "";
	int fd = openat(t->x->fd, device_file(t, name, "driver_override"), O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, text, sizeof(text) - 1);

	assert_true(n > 0);
	close(fd);
	text[strcspn(text, "\n")] = 0;
	return strcmp(text, "(null)") ? arena_strdup(t->app.arena, text) : NULL;
}

/* With its uevent, which is what a snapshot is made of. */
static void set_driver(struct trial *t, const char *name, const char *driver)
{
	const char *line = driver ? arena_join(t->app.arena, "DRIVER=", driver, "\n", NULL) : "";

	unlinkat(t->x->fd, device_file(t, name, "driver"), 0);
	if (driver)
		tree_link(t->x, arena_join(t->app.arena, "../../../bus/pci/drivers/", driver, NULL),
			  device_file(t, name, "driver"));
	line = arena_join(t->app.arena, line,
			  "PCI_CLASS=20000\nPCI_ID=8086:1521\nPCI_SUBSYS_ID=1AF4:1100\n"
			  "PCI_SLOT_NAME=",
			  name,
			  "\nMODALIAS=pci:v00008086d00001521sv00001AF4sd00001100bc02sc00i00\n",
			  NULL);
	tree_put(t->x, device_file(t, name, "uevent"), line);
}

/* linux: drivers/pci/pci-driver.c: pci_match_device(): an override names the only one, and vfio-pci has no
 * ids. */
static bool matches(struct trial *t, const char *name, const char *driver)
{
	const char *override = override_now(t, name);

	return !strcmp(driver, override ? override : HOST);
}

static int bind(struct trial *t, const char *name, const char *driver)
{
	if (driver_now(t, name))
		return -EBUSY;
	if (!matches(t, name, driver))
		return -ENODEV;
	set_driver(t, name, driver);
	return 0;
}

static int probe(struct trial *t, const char *name)
{
	const char *override = override_now(t, name);

	if (!driver_now(t, name))
		bind(t, name, override ? override : HOST);
	return 0;
}

/* What is written must be in the journal, and synced, before; that goes on without when the journal itself failed. */
static void check_recorded(struct trial *t, const char *path)
{
	const char *file = arena_join(t->app.arena, t->x->dir, "/journal/journal", NULL);
	char text[65536], *to = text;
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = 0;
	/* JSON has a backslash before each slash. */
	for (const char *from = text; *from; from++)
		if (*from != '\\')
			*to++ = *from;
	*to = 0;
	if ((!strstr(text, path) || !synced) && t->failed != CALL_JOURNAL && !t->wrong)
		t->wrong = arena_join(t->app.arena, path, " was written and is not recorded", NULL);
}

static int kernel_write(struct trial *t, const char *path, const char *text)
{
	char name[64], driver[64];
	const char *set;

	check_recorded(t, path);
	if (sscanf(path, "/sys/bus/pci/devices/%63[^/]/driver_override", name) == 1) {
		set = *text ? arena_join(t->app.arena, text, "\n", NULL) : "(null)\n";
		tree_put(t->x, device_file(t, name, "driver_override"), set);
		return 0;
	}
	if (!strcmp(path, "/sys/bus/pci/drivers_probe"))
		return probe(t, text);
	if (sscanf(path, "/sys/bus/pci/drivers/%63[^/]/", driver) != 1)
		return -ENOENT;
	if (strstr(path, "/unbind")) {
		const char *now = driver_now(t, text);
		const char *vfs = device_file(t, text, "sriov_numvfs");

		if (!now || strcmp(now, driver) != 0)
			return -ENODEV;
		set_driver(t, text, NULL);
		if (!faccessat(t->x->fd, vfs, F_OK, 0))
			tree_put(t->x, vfs, "0\n");
		return 0;
	}
	return strstr(path, "/bind") ? bind(t, text, driver) : -ENOENT;
}

/* ---- the operations ---- */

static int fake_driver(struct bind_system *s, const char *bus, const char *name, struct arena *a,
		       const char **ret)
{
	int r = fails(trial_of(s), CALL_DRIVER, name);

	return r < 0 ? r : bind_system_live.driver(s, bus, name, a, ret);
}

static int fake_read(struct bind_system *s, const char *path, struct arena *a, const char **ret)
{
	int r = fails(trial_of(s), CALL_READ, path);

	return r < 0 ? r : bind_system_live.read(s, path, a, ret);
}

static int fake_read_locked(struct bind_system *s, const char *path, struct arena *a,
			    const char **ret)
{
	int r = fails(trial_of(s), CALL_READ_LOCKED, path);

	return r < 0 ? r : bind_system_live.read(s, path, a, ret);
}

static int fake_place(struct bind_system *s, const char *bus, const char *name, struct arena *a,
		      const char **ret)
{
	int r = fails(trial_of(s), CALL_PLACE, name);

	return r < 0 ? r : bind_system_live.place(s, bus, name, a, ret);
}

static int fake_write(struct bind_system *s, const char *path, const char *text)
{
	int r = fails(trial_of(s), CALL_WRITE, path);

	return r < 0 ? r : kernel_write(trial_of(s), path, text);
}

static int fake_waiting(struct bind_system *s, const char *path, const char *text,
			const char *driver_path vt_unused, const struct bind_late *late vt_unused)
{
	int r = fails(trial_of(s), CALL_WAIT, path);

	return r < 0 ? r : kernel_write(trial_of(s), path, text);
}

static bool fake_writable(struct bind_system *s, const char *path, int *ret_err)
{
	int r = fails(trial_of(s), CALL_WRITABLE, path);

	*ret_err = -r;
	return r >= 0;
}

static const struct bind_system_ops ops = {
	.driver = fake_driver,
	.read = fake_read,
	.read_locked = fake_read_locked,
	.place = fake_place,
	.write = fake_write,
	.write_waiting = fake_waiting,
	.is_writable = fake_writable,
};

/* ---- one run ---- */

typedef int command_fn(struct transaction *b, struct failure **reterr);

struct command_case {
	const char *name;
	command_fn *run;
	bool group; /* --group */
	bool bound; /* begins where a bind of both has ended */
};

static void begin(struct trial *t, const struct tree *x, const struct command_case *c)
{
	size_t nr;
	const struct guard *const *guards = guards_all(&nr);
	static const char *const targets[] = { ONE, TWO };

	*t = (struct trial){ .x = x };
	t->app.arena = arena_new();
	t->app.sysroot = x->root;
	t->app.out = (struct output){ .stream = open_memstream(&t->text, &t->len), .width = 1000 };
	assert_non_null(t->app.out.stream);
	t->options.journal = arena_join(t->app.arena, x->dir, "/journal", NULL);
	t->options.group = c->group;
	t->options.wait_ms = 1;
	for (size_t i = 0; c->run != restore_devices && i < (c->group ? 1 : 2); i++)
		operands_add(&t->options.targets, &t->app, targets[i]);
	/* Nothing is told of what a folder is used for. */
	for (size_t i = 0; i < nr; i++)
		operands_add(&t->options.force, &t->app, guards[i]->name);
	transaction_init(&t->b, &t->app, c->run == restore_devices ? "restore" : "bind",
			 &t->options);
	t->b.system.ops = &ops;
	t->b.system.root_fd = x->fd;
}

static void run(struct trial *t, const struct command_case *c)
{
	current = t;
	t->status = c->run(&t->b, &t->why);
	current = NULL;
	t->b.system.root_fd = -EBADF; /* the fixture's */
	transaction_close(&t->b);
	fclose(t->app.out.stream);
	if (t->status < 0)
		t->status = t->why ? (int)t->why->status : -1;
}

static void end(struct trial *t)
{
	free(t->text);
	failure_free(t->why);
	arena_free(t->app.arena);
}

static void wrong(const struct trial *t, const struct command_case *c, const char *what)
{
	fail_msg("%s: call %u (%d, %s) fails with %s: %s\nstatus %d\n%s\n%s", c->name, t->fail_at,
		 (int)t->failed, t->failed_path ? t->failed_path : "", errno_name(t->fail_with),
		 what, t->status, t->text, t->why ? t->why->text : "");
}

static const struct command_case bind_both = { .name = "bind", .run = bind_devices };

/* Without a fault. */
static void run_well(const struct tree *x, const struct command_case *c)
{
	struct trial t;

	begin(&t, x, c);
	run(&t, c);
	if (t.status != STATUS_OK)
		wrong(&t, c, "a good run");
	end(&t);
}

static bool all_are_on(struct trial *t, const char *driver)
{
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++) {
		const char *now = driver_now(t, functions[i]);

		if (!now || strcmp(now, driver) != 0)
			return false;
	}
	return true;
}

static bool is_first_state(struct trial *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++)
		if (override_now(t, functions[i]))
			return false;
	return all_are_on(t, HOST);
}

static bool has_journal(const struct trial *t)
{
	return !access(arena_join(t->app.arena, t->x->dir, "/journal/journal", NULL), F_OK);
}

/* ---- what must hold ---- */

static void check_said(const struct trial *t, const struct command_case *c)
{
	const char *text = t->why ? t->why->text : t->text;

	if (t->why && strchr(text, '\n'))
		wrong(t, c, "more than a line");
	if (!strstr(text, t->fail_with == ETIMEDOUT ? "waits" : errno_name(t->fail_with)) &&
	    !strstr(text, strerror(t->fail_with)))
		wrong(t, c, "no reason");
	if (t->why ? !strchr(text, ';')
		   : !strstr(text, "remedy") && !strstr(text, "then 'vfiotool restore'"))
		wrong(t, c, "no next step");
}

static void check(struct trial *t, const struct command_case *c)
{
	const char *target = c->run == bind_devices ? VFIO : HOST;

	if (t->wrong)
		wrong(t, c, t->wrong);
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++)
		if (!driver_now(t, functions[i]) && !t->fail_on)
			wrong(t, c, "a device without a driver");
	if (t->status != STATUS_OK) {
		check_said(t, c);
		if (c->run == bind_devices && !t->fail_on && !is_first_state(t) &&
		    t->fail_with != ETIMEDOUT)
			wrong(t, c, "not rolled back");
	} else if (!all_are_on(t, target)) {
		wrong(t, c, "done, and not there");
	}
}

/* One call failing with one errno, then restore. False when there is no such call. */
static bool fail_one(const struct tree *x, const struct command_case *c, unsigned int at,
		     unsigned int which, bool on)
{
	static const struct command_case back = { .name = "restore afterwards",
						  .run = restore_devices };
	struct trial t, then;
	bool ret;

	if (c->bound)
		run_well(x, &bind_both);
	begin(&t, x, c);
	t.fail_at = at;
	t.which = which;
	t.fail_on = on;
	run(&t, c);
	ret = t.failed && t.fail_with;
	if (ret)
		check(&t, c);
	begin(&then, x, &back);
	run(&then, &back);
	if (then.status != STATUS_OK || !is_first_state(&then))
		wrong(&t, c,
		      arena_join(then.app.arena, "restore does not end it: ", then.text,
				 then.why ? then.why->text : "", NULL));
	end(&then);
	if (has_journal(&t))
		wrong(&t, c, "a journal is left");
	end(&t);
	return ret;
}

static void every_call_fails(const struct tree *x, const struct command_case *c, bool on)
{
	/* The plain build tries every errno. A sanitizer takes seven times as long and looks at the way, which one shows. */
	const unsigned int all = on ? 2 : ARRAY_SIZE(errnos_of[0]), nr = VT_SANITIZED ? 1 : all;
	unsigned int at = 1;

	while (fail_one(x, c, at, 0, on)) {
		for (unsigned int which = 1; which < nr; which++)
			if (!fail_one(x, c, at, which, on))
				break;
		at++;
	}
	/* Two devices take three writes each, and what is looked at between them. */
	assert_true(at > 30);
}

/* ---- the tests ---- */

static void put_host(const struct tree *x)
{
	tree_intel_unit(x, "dmar0");
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++) {
		const struct tree_device d = {
			.name = functions[i], .driver = HOST, .group = "1", .unit = "dmar0"
		};
		char path[PATH_MAX];

		tree_device(x, &d);
		tree_link(x, "../../../bus/pci/drivers/" HOST,
			  tree_path(path, "sys/devices/pci0000:00/%s/driver", functions[i]));
		tree_attribute(x, functions[i], "driver_override", "(null)\n");
		tree_attribute(x, functions[i], "vendor", "0x8086\n");
		tree_attribute(x, functions[i], "device", "0x1521\n");
	}
	tree_dir(x, "sys/bus/pci/drivers/" VFIO);
	tree_put(x, "sys/bus/pci/drivers_autoprobe", "1\n");
	tree_put(x, "proc/sys/kernel/random/boot_id", "this-boot\n");
	log_set_level(LOG_LEVEL_ERROR);
}

static void test_every_call_fails_in_turn(struct tree *x)
{
	static const struct command_case cases[] = {
		{ .name = "bind", .run = bind_devices },
		{ .name = "bind --group", .run = bind_devices, .group = true },
		{ .name = "unbind", .run = unbind_devices, .bound = true },
		{ .name = "restore", .run = restore_devices, .bound = true },
	};

	put_host(x);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		every_call_fails(x, &cases[i], false);
}

/* What fails once fails from then on: nothing can be taken back, but nothing is forgotten. */
static void test_what_fails_goes_on_failing(struct tree *x)
{
	static const struct command_case cases[] = {
		{ .name = "bind", .run = bind_devices },
		{ .name = "unbind", .run = unbind_devices, .bound = true },
		{ .name = "restore", .run = restore_devices, .bound = true },
	};

	put_host(x);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		every_call_fails(x, &cases[i], true);
}

/* Whoever passed the guard is told at once, and whoever undoes it how to have them again. */
static void test_virtual_functions_that_go_are_said(const struct tree *x)
{
	static const struct command_case back = { .name = "restore", .run = restore_devices };
	static const char had[] = "virtual functions: it had 2 and has 0";
	static const char again[] = "echo 2 > /sys/bus/pci/devices/" ONE "/sriov_numvfs";
	struct trial t;

	put_host(x);
	tree_attribute(x, ONE, "sriov_numvfs", "2\n");
	begin(&t, x, &bind_both);
	run(&t, &bind_both);
	if (t.status != STATUS_OK || !strstr(t.text, had))
		wrong(&t, &bind_both, "not said");
	end(&t);
	begin(&t, x, &back);
	run(&t, &back);
	if (t.status != STATUS_OK || !strstr(t.text, had) || !strstr(t.text, again))
		wrong(&t, &back, "not said");
	/* Of the other function there is nothing to say. */
	assert_null(strstr(strstr(t.text, had) + 1, had));
	end(&t);
}
