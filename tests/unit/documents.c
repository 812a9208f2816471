/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints the JSON documents of the commands that act, as they end beside a kernel in memory: each is a line with the name of
 * its schema, the document, and a line with a full stop. tests/golden/documents.py holds them to the schemas. */
#include <errno.h>
#include <stdlib.h>

#include "base/macro.h"
#include "report/event.h"
#include "cmd/attach.h"
#include "cmd/irq.h"
#include "cmd/prove.h"
#include "cmd/regions.h"
#include "cmd/reset.h"
#include "fake-attached.h"
#include "scene.h"

typedef int command_fn(struct attached *ac, const void *args, struct failure **reterr);

/* One run, of which call @fail_at fails with @err; 0: none does. How many calls there were. */
static unsigned int document(const char *name, command_fn *run, const void *args,
			     enum path_kind path, struct sysroot *root, unsigned int fail_at,
			     int err)
{
	struct app app = { .arena = arena_new(), .out = { .stream = stdout } };
	struct host *h = fake_host();
	struct device *d = fake_acting_device(h);
	struct failure *why = NULL;
	struct fake_kernel kernel;
	struct attached ac = { 0 };

	fake_kernel_init(&kernel);
	kernel.fail_at = fail_at;
	kernel.fail_with = err;
	fake_acting_open(&ac, &app, args, h, &d, 1, path, &kernel);
	ac.session.root = root;
	ac.session.names = names_new(root);
	printf("%s\n", name);
	run(&ac, args, &why);
	printf("\n.\n");
	attached_detach(&ac);
	names_free(ac.session.names);
	failure_free(why);
	fake_free(h);
	arena_free(app.arena);
	return kernel.calls;
}

/* A good run on each path, and one for every call that fails. */
static void documents(const char *name, command_fn *run, const void *args, struct sysroot *root)
{
	static const enum path_kind paths[] = { PATH_CONTAINER, PATH_IOMMUFD, PATH_COMPAT };
	static const int errnos[] = { EPERM, EINVAL, EBUSY, ENODEV, ENOMEM };

	for (size_t p = 0; p < ARRAY_SIZE(paths); p++) {
		unsigned int calls = document(name, run, args, paths[p], root, 0, 0);

		for (unsigned int n = 1; n <= calls; n++)
			document(name, run, args, paths[p], root, n,
				 errnos[n % ARRAY_SIZE(errnos)]);
	}
}

static void events(void)
{
	static const struct host_event all[] = {
		{ .source = "udev",
		  .action = "bind",
		  .object = "device",
		  .name = "0000:01:00.0",
		  .bus = "pci",
		  .driver = "vfio-pci",
		  .group = "12",
		  .has_ids = true,
		  .vendor = 0x8086,
		  .device_id = 0x1521,
		  .seqnum = 4711 },
		{ .source = "nodes",
		  .action = "add",
		  .object = "node",
		  .name = "/dev/vfio/12",
		  .group = "12",
		  .has_mode = true,
		  .mode = 0600 },
		{ .source = "kernel", .action = "lost", .object = "events", .name = "" },
	};
	const struct output out = { .stream = stdout };
	struct arena *a = arena_new();

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		printf("monitor\n");
		event_json(&out, &all[i], a);
		printf(".\n");
	}
	arena_free(a);
}

int main(int argc, char **argv)
{
#define ACTING .acting = {.single = true, .json = true }
	static const struct attach_args attach = { ACTING };
	static const struct irq_args irq = { ACTING };
	static const struct prove_args prove = { ACTING };
	static const struct regions_args list = { ACTING }, config = { ACTING, .config = true };
	static const struct regions_args dump = { ACTING, .has_dump = true, .length = 32 };
	static const struct reset_args reset = { ACTING }, hot = { ACTING, .method = METHOD_HOT };
	struct sysroot *root = NULL;

	if (argc < 2 || sysroot_open(argv[1], &root, NULL) < 0)
		return EXIT_FAILURE;
	documents("attach", attach_run, &attach, root);
	documents("irq", irq_run, &irq, root);
	documents("prove", prove_run, &prove, root);
	documents("regions", regions_run, &list, root);
	documents("regions", regions_run, &config, root);
	documents("regions", regions_run, &dump, root);
	documents("reset", reset_run, &reset, root);
	documents("reset", reset_run, &hot, root);
	events();
	sysroot_close(root);
	return EXIT_SUCCESS;
}
