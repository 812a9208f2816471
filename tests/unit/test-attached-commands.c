/* SPDX-License-Identifier: GPL-2.0-or-later */
/* irq, reset and regions as whole commands, on a kernel in which every call of a good run fails in turn with
 * each errno: the exit status, the line for a person, and what is left behind. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/macro.h"
#include "cmd/irq.h"
#include "cmd/regions.h"
#include "cmd/reset.h"
#include "fake-attached.h"
#include "scene.h"

#define NAME "0000:01:00.0"

enum { BUS_MASTER = 1 << 2, MEMORY = 1 << 1, COMMAND = 4 };

/* A command with its arguments, and what must hold when one of its own calls failed. */
struct command_case {
	const char *name;
	int (*run)(struct attached *ac, const void *args, struct failure **reterr);
	const void *args; /* begins with struct attached_options */
	unsigned int neighbour;
	bool no_reset, undecoded;
};

struct trial {
	struct host *host;
	struct device *device;
	struct fake_kernel kernel;
	struct app app;
	struct attached ac;
	struct failure *why;
	int status;
	char *text; /* what was printed */
	size_t len;
};

static void begin(struct trial *t, const struct command_case *c)
{
	*t = (struct trial){ .host = fake_host() };
	t->device = fake_acting_device(t->host);
	fake_kernel_init(&t->kernel);
	t->kernel.neighbour = c->neighbour;
	t->kernel.no_reset = c->no_reset;
	if (c->undecoded)
		t->kernel.config[COMMAND] = 0;
	t->app.arena = arena_new();
	t->app.out = (struct output){ .stream = open_memstream(&t->text, &t->len), .width = 1000 };
	assert_non_null(t->app.out.stream);
}

static void run(struct trial *t, const struct command_case *c, enum path_kind path,
		struct sysroot *root)
{
	fake_acting_open(&t->ac, &t->app, c->args, t->host, &t->device, 1, path, &t->kernel);
	t->ac.session.root = root;
	t->ac.session.names = names_new(root);
	t->status = c->run(&t->ac, c->args, &t->why);
	fclose(t->app.out.stream);
	attached_detach(&t->ac);
	names_free(t->ac.session.names);
	if (t->status < 0) {
		assert_non_null(t->why);
		assert_int_equal(t->why->err, t->status);
		t->status = (int)t->why->status;
	} else {
		assert_null(t->why);
	}
}

/* Nothing stays open, mapped or in memory, and the device decodes what it did. */
static void end(struct trial *t)
{
	fake_kernel_done(&t->kernel);
	for (size_t i = 0; i < ARRAY_SIZE(t->kernel.irqs); i++)
		assert_int_equal(t->kernel.irqs[i], 0);
	free(t->text);
	failure_free(t->why);
	arena_free(t->app.arena);
	fake_free(t->host);
}

static void wrong(const struct trial *t, const struct command_case *c, const char *what)
{
	fail_msg("%s: call %u (%#lx %s %s) fails with %s: %s\nstatus %d\n%s\n%s", c->name,
		 t->kernel.fail_at, t->kernel.failed_request,
		 t->kernel.failed_path ? t->kernel.failed_path : "",
		 t->kernel.failed_call ? t->kernel.failed_call : "",
		 errno_name(t->kernel.fail_with), what, t->status, t->text,
		 t->why ? t->why->text : "");
}

/* ---- what every failure is like ---- */

/* One line that names the device, the errno and, behind the last of them, what to do. */
static void check_failure(const struct trial *t, const struct command_case *c)
{
	const char *text = t->why->text, *name = errno_name(t->kernel.fail_with), *at;

	if (strchr(text, '\n'))
		wrong(t, c, "more than a line");
	if (!strstr(text, NAME))
		wrong(t, c, "the device is not named");
	/* A region that the kernel does not know is none that the device has. */
	if (t->kernel.failed_request == VT_DEVICE_GET_REGION_INFO && t->kernel.fail_with == EINVAL)
		return;
	at = strstr(text, name);
	if (!at || !strchr(at, ';'))
		wrong(t, c, "no errno, or no next step behind it");
	if (t->status == STATUS_GUARDED && strstr(text, "--force"))
		return;
	if (t->status != STATUS_FAILED && t->status != STATUS_DENIED && t->status != STATUS_NO)
		wrong(t, c, "not a failure");
	if (t->status == STATUS_DENIED && t->kernel.fail_with != EPERM &&
	    t->kernel.fail_with != EACCES)
		wrong(t, c, "not permitted");
}

static void must_say(const struct trial *t, const struct command_case *c, const char *text)
{
	if (!strstr(t->text, text))
		wrong(t, c, text);
}

/* A request of the attachment: predicted to succeed, so that it is a difference. Extensions, and what a
 * device has by its index, decide nothing by themselves. */
static void check_attachment(const struct trial *t, const struct command_case *c)
{
	unsigned long request = t->kernel.failed_request;

	if (request == VT_CHECK_EXTENSION || request == VT_DEVICE_GET_REGION_INFO ||
	    request == VT_DEVICE_GET_IRQ_INFO)
		return;
	if (t->status != STATUS_DIFFER)
		wrong(t, c, "no difference");
	must_say(t, c, errno_name(t->kernel.fail_with));
	must_say(t, c, *t->text == '{' ? "\"match\": false" : "vfiotool capture FILE");
	if (t->kernel.resets)
		wrong(t, c, "it was reset all the same");
}

/* ---- all calls ---- */

static const int errnos[] = { EPERM, EIO,    EAGAIN, ENOMEM, EACCES, EFAULT,
			      EBUSY, ENODEV, EINVAL, EMFILE, ENOTTY };
static const enum path_kind paths[] = { PATH_CONTAINER, PATH_IOMMUFD, PATH_COMPAT };

/* How many of the calls are those of the attachment. */
static int attach_only(struct attached *ac, const void *args, struct failure **reterr)
{
	(void)args;
	return attached_attach(ac, reterr);
}

static unsigned int calls_of(const struct command_case *c, enum path_kind path,
			     struct sysroot *root, int want)
{
	struct trial t;
	unsigned int ret;

	begin(&t, c);
	run(&t, c, path, root);
	if (t.status != want)
		wrong(&t, c, "not a good run");
	ret = t.kernel.calls;
	end(&t);
	return ret;
}

static void every_call_fails(const struct command_case *c, struct sysroot *root,
			     void (*check)(const struct trial *t, const struct command_case *c))
{
	for (size_t p = 0; p < ARRAY_SIZE(paths); p++) {
		const struct command_case attach = { c->name,      attach_only, c->args,
						     c->neighbour, c->no_reset, c->undecoded };
		unsigned int calls = calls_of(c, paths[p], root, STATUS_OK);
		unsigned int first = calls_of(&attach, paths[p], root, STATUS_OK);

		assert_true(calls > first);
		for (unsigned int n = 1; n <= calls; n++)
			for (size_t i = 0; i < ARRAY_SIZE(errnos); i++) {
				struct trial t;

				/* Of an attachment test-attached.c has them all. */
				if ((n <= first && i != n % ARRAY_SIZE(errnos)) ||
				    !scene_tries(n, i, ARRAY_SIZE(errnos)))
					continue;
				begin(&t, c);
				t.kernel.fail_at = n;
				t.kernel.fail_with = errnos[i];
				run(&t, c, paths[p], root);
				if (t.why)
					check_failure(&t, c);
				if (n <= first)
					check_attachment(&t, c);
				else
					check(&t, c);
				end(&t);
			}
	}
}

/* ---- irq ---- */

/* Setting up is refused with its errno; a trigger or the wait for it is a failure; giving back never is. */
static void check_irq(const struct trial *t, const struct command_case *c)
{
	const struct vt_irq_set *set = &t->kernel.failed_irqs;
	const char *call = t->kernel.failed_call;
	bool release = set->index == VT_PCI_REQ;

	if (t->kernel.failed_request == VT_DEVICE_SET_IRQS &&
	    set->flags & VT_IRQ_SET_DATA_EVENTFD) {
		/* The same request gives REQ back, and listens to it beside the others. */
		if (t->status != STATUS_NO && !(release && t->status == STATUS_OK))
			wrong(t, c, "not refused");
		if (t->status == STATUS_NO)
			must_say(t, c, errno_name(t->kernel.fail_with));
	} else if (t->kernel.failed_request == VT_DEVICE_SET_IRQS && !set->count) {
		if (t->status != STATUS_OK)
			wrong(t, c, "giving back failed");
	} else if (call && !strcmp(call, "eventfd")) {
		if (t->status != STATUS_NO && t->status != STATUS_OK)
			wrong(t, c, "not refused");
	} else if (call && !strcmp(call, "read") && t->kernel.fail_with == EAGAIN) {
		if (t->status != STATUS_OK && t->status != STATUS_DIFFER)
			wrong(t, c, "nothing to read is no failure");
	} else if (!t->why) {
		wrong(t, c, "no failure");
	}
	if (t->status == STATUS_OK)
		must_say(t, c, "delivered");
}

static void test_irq_every_call_fails_in_turn(const struct tree *x)
{
	static const struct irq_args all = { .acting = { .single = true, .no_map = true } };
	static const struct irq_args msi = { .acting = { .single = true, .no_map = true },
					     .kinds = 1 << VT_PCI_MSI,
					     .times = 2 };
	static const struct command_case cases[] = {
		{ .name = "irq", .run = irq_run, .args = &all },
		{ .name = "irq --index msi --count 2", .run = irq_run, .args = &msi },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		every_call_fails(&cases[i], x->sysroot, check_irq);
}

/* ---- reset ---- */

static void check_reset(const struct trial *t, const struct command_case *c)
{
	const struct reset_args *args = c->args;
	unsigned long request = t->kernel.failed_request;
	const char *name = errno_name(t->kernel.fail_with);
	bool again = t->kernel.fail_with == EAGAIN || t->kernel.fail_with == EBUSY;

	const char *call = t->kernel.failed_call;

	if (t->kernel.resets > 1)
		wrong(t, c, "reset twice");
	if (request == VT_DEVICE_SET_IRQS ||
	    (call &&
	     (!strcmp(call, "eventfd") || !strcmp(call, "poll") || !strcmp(call, "read")))) {
		/* Only an unbind would wait longer. */
		if (t->status != STATUS_OK || t->kernel.resets != 1)
			wrong(t, c, "it does not need to listen");
	} else if (request == VT_DEVICE_GET_PCI_HOT_RESET_INFO) {
		bool hot = args->method == METHOD_HOT && t->kernel.fail_with != EAGAIN;

		if (t->status != (hot ? STATUS_NO : STATUS_OK) || t->kernel.resets == hot)
			wrong(t, c, "the function needs no scope, and the bus does");
	} else if (request == VT_DEVICE_RESET || request == VT_DEVICE_PCI_HOT_RESET) {
		/* Somebody has it for a moment: once more. */
		if (again ? t->status != STATUS_OK || t->kernel.resets != 1
			  : t->kernel.resets || t->status == STATUS_OK)
			wrong(t, c, "a refused reset");
		if (!again)
			must_say(t, c, name);
		/* A refusal by the kernel's rules was not predicted; what fails otherwise is no rule. */
		if ((t->kernel.fail_with == EINVAL || t->kernel.fail_with == EPERM) !=
		    (t->status == STATUS_DIFFER))
			wrong(t, c, "predicted and done");
		if (t->status == STATUS_DIFFER)
			must_say(t, c, "vfiotool capture FILE");
	} else if (!t->kernel.resets) {
		/* Its header is read first. */
		if (!t->why || !strstr(t->why->text, "nothing was reset"))
			wrong(t, c, "not said that nothing was reset");
	} else {
		if (t->status != STATUS_FAILED)
			wrong(t, c, "not verified");
		must_say(t, c, name);
	}
}

/* The tree of drivers, but for that of function 1. */
static void put_drivers(const struct tree *x)
{
	tree_dir(x, "sys/bus");
	tree_dir(x, "sys/bus/pci");
	tree_dir(x, "sys/bus/pci/devices");
	tree_dir(x, "sys/bus/pci/devices/0000:01:00.0");
	tree_dir(x, "sys/bus/pci/devices/0000:01:00.1");
	tree_link(x, "../../drivers/vfio-pci", "sys/bus/pci/devices/0000:01:00.0/driver");
}

static void test_reset_every_call_fails_in_turn(const struct tree *x)
{
	static const struct reset_args any = { .acting = { .no_map = true } };
	static const struct reset_args hot = { .acting = { .no_map = true }, .method = METHOD_HOT };
	static const struct command_case cases[] = {
		{ .name = "reset", .run = reset_run, .args = &any },
		{ .name = "reset, no other way", .run = reset_run, .args = &hot, .no_reset = true },
		{ .name = "reset --method hot", .run = reset_run, .args = &hot },
	};

	put_drivers(x);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		every_call_fails(&cases[i], x->sysroot, check_reset);
}

/* What would hit others is refused with the list, and not asked. */
static void test_reset_of_what_is_not_ours(const struct tree *x)
{
	static const struct reset_args hot = { .acting = { .no_map = true }, .method = METHOD_HOT };
	static const struct {
		unsigned int neighbour;
		const char *driver, *because;
	} all[] = {
		{ 1, "../../drivers/nvme", "on host driver nvme: bind it to vfio-pci" },
		{ 2, "../../drivers/vfio-pci", "not attached here: name 0000:01:00.1 as well" },
	};

	put_drivers(x);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		const struct command_case c = { .name = "reset --method hot",
						.run = reset_run,
						.args = &hot,
						.neighbour = all[i].neighbour };
		struct trial t;

		(void)unlinkat(x->fd, "sys/bus/pci/devices/0000:01:00.1/driver", 0);
		tree_link(x, all[i].driver, "sys/bus/pci/devices/0000:01:00.1/driver");
		begin(&t, &c);
		run(&t, &c, PATH_CONTAINER, x->sysroot);
		assert_int_equal(t.status, STATUS_NO);
		assert_int_equal(t.kernel.resets, 0);
		must_say(&t, &c, "0000:01:00.1");
		must_say(&t, &c, all[i].because);
		end(&t);
	}
}

/* An unbind waits for the device: the tries to reset it end. */
static void test_reset_ends_when_the_device_is_wanted_back(const struct tree *x)
{
	static const struct reset_args any = { .acting = { .no_map = true } };
	const struct command_case c = { .name = "reset", .run = reset_run, .args = &any };
	struct trial t;

	put_drivers(x);
	begin(&t, &c);
	t.kernel.reset_waits = true;
	run(&t, &c, PATH_CONTAINER, x->sysroot);
	assert_int_equal(t.status, STATUS_FAILED);
	assert_non_null(strstr(t.why->text, "asks for it back"));
	assert_int_equal(t.kernel.resets, 0);
	end(&t);
}

/* ---- regions ---- */

/* Bytes that could not be read or written are a failure; what decoding was turned on is turned off. */
static void check_regions(const struct trial *t, const struct command_case *c)
{
	const struct regions_args *args = c->args;
	unsigned long request = t->kernel.failed_request;
	const char *call = t->kernel.failed_call;
	bool config = t->kernel.failed_offset >> 40 == VT_PCI_CONFIG;

	if (request == VT_DEVICE_SET_IRQS || (call && !strcmp(call, "eventfd"))) {
		/* That it is wanted back is not told, and it is copied all the same. */
		if (t->status != STATUS_OK)
			wrong(t, c, "not copied");
	} else if (request == VT_DEVICE_GET_REGION_INFO && t->kernel.fail_with == EINVAL) {
		/* The kernel knows no such region. */
		if (t->status == STATUS_DIFFER)
			wrong(t, c, "a difference");
	} else if (call && !args->config && !args->has_dump && !args->nr_stores) {
		/* A list needs no bytes. */
		if (t->status != STATUS_OK)
			wrong(t, c, "the list failed");
	} else if (!t->why && t->status == STATUS_OK) {
		/* What stands in the configuration space helps to explain a BAR, and a value before and
		 * after a write is a courtesy. */
		if (!call || !config || args->config || (args->nr_stores && strcmp(call, "pread")))
			wrong(t, c, "no failure");
	}
}

static void test_regions_every_call_fails_in_turn(const struct tree *x)
{
	static struct region_store stores[] = {
		{ .region = VT_PCI_CONFIG, .offset = 0x3c, .value = 7, .width = 1, .text = "a" },
		{ .region = 0, .offset = 16, .value = 0x1234, .width = 4, .text = "b" },
	};
	static const struct regions_args list = { .acting = { .no_map = true } };
	static const struct regions_args config = { .acting = { .no_map = true }, .config = true };
	static const struct regions_args dump = { .acting = { .no_map = true, .single = true },
						  .has_dump = true,
						  .length = 32 };
	static const struct regions_args dump_json = {
		.acting = { .no_map = true, .single = true, .json = true },
		.has_dump = true,
		.length = 32,
	};
	static const struct regions_args save = { .acting = { .no_map = true, .single = true },
						  .has_dump = true,
						  .length = 32,
						  .save = "/dev/null" };
	static const struct regions_args decode = { .acting = { .no_map = true, .single = true },
						    .has_dump = true,
						    .decode = true,
						    .length = 8 };
	static const struct regions_args write = { .acting = { .no_map = true, .single = true },
						   .stores = stores,
						   .nr_stores = ARRAY_SIZE(stores) };
	static const struct command_case cases[] = {
		{ .name = "regions", .run = regions_run, .args = &list },
		{ .name = "regions --config", .run = regions_run, .args = &config },
		{ .name = "regions --dump BAR0", .run = regions_run, .args = &dump },
		{ .name = "regions --dump BAR0 --save", .run = regions_run, .args = &save },
		{ .name = "regions --dump BAR0 --json", .run = regions_run, .args = &dump_json },
		{ .name = "regions --dump BAR0 --decode",
		  .run = regions_run,
		  .args = &decode,
		  .undecoded = true },
		{ .name = "regions --write", .run = regions_run, .args = &write },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		every_call_fails(&cases[i], x->sysroot, check_regions);
}

/* Nothing that was asked for is done, and it is said why. */
static void test_regions_failed_dump_prints_no_bytes(const struct tree *x)
{
	static const struct regions_args dump = { .acting = { .no_map = true, .single = true },
						  .has_dump = true,
						  .length = 32 };
	static const struct command_case c = { .name = "regions --dump BAR0",
					       .run = regions_run,
					       .args = &dump };
	unsigned int calls = calls_of(&c, PATH_CONTAINER, x->sysroot, STATUS_OK);
	struct trial t;

	begin(&t, &c);
	t.kernel.fail_at = calls;
	t.kernel.fail_with = EIO;
	run(&t, &c, PATH_CONTAINER, x->sysroot);
	assert_string_equal(t.kernel.failed_call, "pread");
	assert_int_equal(t.status, STATUS_FAILED);
	assert_string_equal(t.text, "");
	assert_string_equal(t.why->text, NAME
			    ": cannot read BAR0 at 0x1c: Input/output error (EIO); 'vfiotool list' shows whether it is still there");
	end(&t);
}
