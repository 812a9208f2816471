/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/persist.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "sysroot/sysroot.h"
#include "facts/driver.h"
#include "facts/target.h"
#include "bind/persist.h"

/* The driver that the device has without --persist: it may be on a VFIO driver already. */
static const char *own_driver(struct transaction *b, const struct bind_move *m)
{
	const struct journal_record *rec;

	if (!m->from || !driver_is_vfio(m->from))
		return m->from;
	rec = journal_find(&b->journal, m->bus, m->name);
	return rec && rec->from && !driver_is_vfio(rec->from) ? rec->from : NULL;
}

static struct persist_request request(struct transaction *b, const struct bind_move *m)
{
	const struct device *d = m->device;
	const struct fact tool = sysroot_read_link(b->session.root, b->arena, "proc/self/exe");
	const char *initramfs = persist_initramfs(b->system.root_fd);
	struct fact modalias = device_read_modalias(b->session.root, b->arena, m->bus, m->name);
	const char *own = own_driver(b, m);

	return (struct persist_request){
		.bus = m->bus,
		.name = m->name,
		.driver = m->to,
		.module = own ? driver_module(b->session.root, b->arena, m->bus, own) : NULL,
		.has_ids = d && d->has_ids,
		.vendor = d ? d->vendor : 0,
		.device = d ? d->device_id : 0,
		.subvendor = d ? d->subvendor : 0,
		.subdevice = d ? d->subdevice : 0,
		.modalias = fact_is(&modalias) ? modalias.raw : NULL,
		.tool = fact_is(&tool) ? tool.raw : NULL,
		.driverctl = persist_has_driverctl(b->system.root_fd),
		.dracut = initramfs && !strcmp(initramfs, "dracut"),
	};
}

/* udevd looks for changed rules every three seconds only (systemd: src/udev/udevd.c: event_queue_start()), so a device
 * that is announced at once would meet the rules from before the change. */
static void tell_udevd(struct transaction *b)
{
	char *argv[] = { (char[]){ "udevadm" }, (char[]){ "control" }, (char[]){ "--reload" },
			 (char[]){ "--timeout=5" }, NULL };
	posix_spawn_file_actions_t actions;
	int err, status = 0;
	pid_t pid;

	if (faccessat(b->system.root_fd, "run/udev/control", F_OK, 0) < 0)
		return;
	err = posix_spawn_file_actions_init(&actions);
	if (!err) {
		err = posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null",
						       O_WRONLY, 0);
		if (!err)
			err = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
		posix_spawn_file_actions_destroy(&actions);
	}
	while (!err && waitpid(pid, &status, 0) < 0)
		err = errno == EINTR ? 0 : errno;
	if (err || status)
		log_write(LOG_LEVEL_WARNING,
			  "udevd may use its old rules for three seconds. Wait, or run 'udevadm control --reload', which failed now%s%s",
			  err ? ": " : "", err ? strerror(err) : "");
}

static const char *initramfs_command(const char *tool)
{
	return !strcmp(tool, "dracut") ? "dracut --force" : "update-initramfs -u";
}

/* A built-in driver, or one in the initramfs, binds before any udev rule of the system. driverctl takes the
 * device from it. */
static void say_earlier(struct transaction *b, const struct bind_move *m,
			const struct persist_request *q)
{
	const char *tool = persist_initramfs(b->system.root_fd), *driver = own_driver(b, m);

	if (q->driverctl || !driver)
		return;
	if (!q->module)
		log_write(LOG_LEVEL_WARNING,
			  "%s is built into this kernel and gets %s before the udev rule; the rule moves it only if nothing uses it by then",
			  driver, m->name);
	else if (tool)
		log_write(LOG_LEVEL_WARNING,
			  "if %s is in the initramfs, it gets %s before the udev rule, which then moves only an unused device. Run '%s' to put the rule and %s into the initramfs",
			  driver, m->name, initramfs_command(tool), m->to);
}

static int keep_one(struct transaction *b, const struct bind_move *m, struct failure **reterr)
{
	const struct persist_request q = request(b, m);
	struct persist_file *files;
	size_t nr;
	int r = persist_make(&q, b->arena, &files, &nr, reterr);

	if (r >= 0 && !b->options->dry_run)
		r = persist_write(b->system.root_fd, files, nr, reterr);
	if (r < 0)
		return r;
	for (size_t i = 0; i < nr; i++)
		log_write(LOG_LEVEL_WARNING, "%s %s on %s after a reboot: /%s",
			  b->options->dry_run ? "would keep" : "keeps", m->name, m->to,
			  files[i].path);
	say_earlier(b, m, &q);
	return 0;
}

int keep_check(struct transaction *b, struct failure **reterr)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < b->plan.nr_moves; i++) {
		const struct bind_move *m = &b->plan.moves[i];
		const struct persist_request q = request(b, m);
		struct persist_file *files;
		size_t nr;

		if (!m->to)
			continue;
		if (q.tool && !q.driverctl)
			r = persist_check_tool(b->system.root_fd, q.tool, reterr);
		if (r >= 0)
			r = persist_make(&q, b->arena, &files, &nr, reterr);
		if (r >= 0)
			r = persist_check(b->system.root_fd, files, nr, reterr);
	}
	return r;
}

int keep_drivers(struct transaction *b, struct failure **reterr)
{
	bool changed = false;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < b->plan.nr_moves; i++) {
		const struct bind_move *m = &b->plan.moves[i];

		if (m->to && (m->result == BIND_MOVED || m->result == BIND_THERE ||
			      (b->options->dry_run && m->result == BIND_PLANNED))) {
			r = keep_one(b, m, reterr);
			changed = !b->options->dry_run;
		}
	}
	if (changed)
		tell_udevd(b);
	return r;
}

/* The initramfs may have a copy of the removed files. */
static void say_still_in_initramfs(struct transaction *b, const char *name)
{
	const char *tool = persist_initramfs(b->system.root_fd);

	if (tool)
		log_write(LOG_LEVEL_WARNING,
			  "if the initramfs was made while %s was kept, it still moves the device at each boot: run '%s'",
			  name, initramfs_command(tool));
}

/* Removes, or for a dry run names, the files of one device; their number in *@nr. */
static int forget_one(struct transaction *b, const char *bus, const char *name, size_t *nr,
		      struct failure **reterr)
{
	const bool dry_run = b->options->dry_run;
	const char **paths;
	int r = (dry_run ? persist_find : persist_remove)(b->system.root_fd, bus, name, b->arena,
							  &paths, nr, reterr);

	for (size_t n = 0; r >= 0 && n < *nr; n++)
		log_write(LOG_LEVEL_WARNING, "%s /%s", dry_run ? "would remove" : "removed",
			  paths[n]);
	if (r >= 0 && *nr)
		say_still_in_initramfs(b, name);
	return r;
}

int keep_find_gone(struct transaction *b, struct operands *targets, struct operands *ret,
		   struct failure **reterr)
{
	size_t left = 0;

	for (size_t i = 0; i < targets->nr; i++) {
		struct target t;
		const char **paths;
		size_t nr = 0;
		int r = target_parse(b->arena, targets->items[i], &t, reterr);

		if (r >= 0 && (t.kind == TARGET_PCI || t.kind == TARGET_NAMED) &&
		    persist_is_gone(b->system.root_fd, t.bus, t.name, b->arena))
			r = persist_find(b->system.root_fd, t.bus, t.name, b->arena, &paths, &nr,
					 reterr);
		if (r < 0)
			return r;
		if (nr)
			operands_add(ret, b->app, targets->items[i]);
		else
			targets->items[left++] = targets->items[i];
	}
	targets->nr = left;
	return 0;
}

int keep_no_longer(struct transaction *b, const struct operands *gone, struct failure **reterr)
{
	bool changed = false;
	size_t nr;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < b->session.nr_devices; i++) {
		const struct device *d = b->session.devices[i];

		r = forget_one(b, d->bus_name, d->name, &nr, reterr);
		changed |= r < 0 || nr;
		if (r >= 0 && !nr)
			log_write(LOG_LEVEL_WARNING, "%s has no files of --persist", d->name);
	}
	for (size_t i = 0; r >= 0 && i < gone->nr; i++) {
		struct target t;

		r = target_parse(b->arena, gone->items[i], &t, reterr);
		if (r >= 0)
			r = forget_one(b, t.bus, t.name, &nr, reterr);
		changed |= r < 0 || nr;
	}
	if (changed && !b->options->dry_run)
		tell_udevd(b);
	return r;
}
