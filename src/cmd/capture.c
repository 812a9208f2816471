/* SPDX-License-Identifier: GPL-2.0-or-later */
/* capture: records what the other commands read, so that --sysroot can answer on another machine. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macro.h"
#include "base/parse.h"
#include "facts/driver.h"
#include "facts/target.h"
#include "run/session.h"
#include "cmd/commands.h"

struct capture_args {
	struct operands operands; /* FILE, then targets */
	bool force, in_use;
};

enum { OPT_IN_USE = OPT_COMMAND_FIRST };

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct parse *p = state->input;
	struct capture_args *args = p ? p->args : NULL;

	switch (key) {
	case ARGP_KEY_ARG:
		operands_add(&args->operands, p->app, arg);
		return 0;
	case 'f':
		args->force = true;
		return 0;
	case OPT_IN_USE:
		args->in_use = true;
		return 0;
	default:
		return command_parse_default(key, state);
	}
}

static const struct argp_option options[] = {
	{ "force", 'f', NULL, 0, "replace FILE when it exists", 1 },
	{ "in-use", OPT_IN_USE, NULL, 0, "also record what the safety checks of bind need", 1 },
	{ 0 },
};

static const struct argp argp = { .options = options,
				  .parser = parse,
				  .children = global_children };

/* Looks up the drivers that bind would choose: the bus's general one, and variants for a device. */
static void record_drivers(struct session *s)
{
	struct arena *a = s->app->arena;

	for (size_t i = 0; i < s->nr_devices; i++) {
		const struct device *d = s->devices[i];
		struct span rest = { d->vfio_alias.raw, d->vfio_alias.len }, line;

		if (driver_of_bus(d->bus))
			driver_exists(s->root, a, d->bus_name,
				      (struct span){ driver_of_bus(d->bus)->name,
						     strlen(driver_of_bus(d->bus)->name) });
		while (fact_is(&d->vfio_alias) && parse_line(&rest, &line))
			driver_exists(s->root, a, d->bus_name, line);
	}
}

/* Asks everything that inspect and list ask, so that it is recorded; with @in_use, also what bind asks. */
static int record(struct app *app, const struct operands *targets, bool in_use, struct session *s,
		  struct failure **reterr)
{
	struct scope scope = scope_all;
	int r;

	/* The reader of the capture may want it with -v. */
	scope.host_parts |= HOST_KALLSYMS | HOST_BOOT | HOST_SLOTS | HOST_SETUP;
	scope.device_parts |= DEVICE_PLACE;
	scope.member_parts |= DEVICE_PLACE;
	scope_add_notices(&scope);
	if (in_use)
		scope.host_parts |= HOST_USAGE;
	r = session_record(s, app, targets, &scope, reterr);
	if (r >= 0 && in_use)
		record_drivers(s);
	for (size_t i = 0; r >= 0 && i < s->nr_devices; i++)
		session_names(s, s->devices[i]);
	return r;
}

/* Without FILE, the first target would become the name of a file that holds all devices. */
static int check_name(const char *path, struct arena *a, struct failure **reterr)
{
	struct target t;
	struct failure *other = NULL;

	if (!*path)
		return failure_set_status(reterr, STATUS_USAGE, -EINVAL,
					  "the name of FILE is empty: name a file, or - for standard output");
	if (target_parse(a, path, &t, &other) < 0) {
		failure_free(other);
		return 0;
	}
	if (t.kind != TARGET_PCI && t.kind != TARGET_SLOT && t.kind != TARGET_IDS &&
	    (t.kind != TARGET_CLASS || !strchr(path, ':')) &&
	    (t.kind != TARGET_GROUP || *path == '/'))
		return 0;
	return failure_set_status(reterr, STATUS_USAGE, -EINVAL,
				  "'%s' names a device, but the first argument is the FILE to write: 'capture FILE %s'; for a file of that name write './%s'",
				  path, path, path);
}

static int check_destination(const char *path, bool force, struct failure **reterr)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return errno == ENOENT
			       ? 0
			       : failure_set(reterr, -errno, "cannot write %s: %s; %s", path,
					     strerror(errno), failure_write_advice(errno));
	if (!S_ISREG(st.st_mode))
		return failure_set_status(reterr, STATUS_USAGE, -EEXIST,
					  "%s is not a regular file: name a new one, or - for standard output",
					  path);
	if (!force)
		return failure_set_status(reterr, STATUS_USAGE, -EEXIST,
					  "%s exists: --force replaces it", path);
	return 0;
}

static int write_stream(struct session *s, FILE *out)
{
	int r = sysroot_write_capture(s->root, out);

	if (r < 0)
		return r;
	if (fflush(out) || ferror(out))
		return errno ? -errno : -EIO;
	return 0;
}

/* The name appears only when the content is complete and on disk. link() does not replace a file. */
static int publish(const char *temporary, const char *path, bool force)
{
	if (force)
		return rename(temporary, path) < 0 ? -errno : 0;
	return link(temporary, path) < 0 ? -errno : 0;
}

static int write_file(struct session *s, const char *path, bool force, struct failure **reterr)
{
	char *temporary = arena_printf(s->app->arena, "%s.XXXXXX", path);
	int fd = mkostemp(temporary, O_CLOEXEC), r;
	FILE *out;

	if (fd < 0)
		return failure_set(reterr, -errno, "cannot write beside %s: %s; %s", path,
				   strerror(errno), failure_write_advice(errno));
	out = fdopen(fd, "w");
	if (!out) {
		r = -errno;
		close(fd);
	} else {
		r = write_stream(s, out);
		if (!r && fsync(fd) < 0)
			r = -errno;
		if (fclose(out) && !r)
			r = -errno;
	}
	if (!r)
		r = publish(temporary, path, force);
	/* After a rename there is nothing left to remove. */
	unlink(temporary);
	if (r < 0)
		return failure_set(reterr, r, "cannot write %s: %s; %s", path, strerror(-r),
				   failure_write_advice(-r));
	return 0;
}

static int run(struct app *app, void *data, struct failure **reterr)
{
	const struct capture_args *args = data;
	struct operands targets = args->operands;
	struct session s = { 0 };
	const char *path;
	bool to_stdout;
	int r;

	if (!targets.nr)
		return failure_set_status(reterr, STATUS_USAGE, -EINVAL,
					  "capture needs a FILE to write, or - for standard output");
	path = targets.items[0];
	to_stdout = !strcmp(path, "-");
	targets.items++;
	targets.nr--;
	if (!to_stdout) {
		r = check_name(path, app->arena, reterr);
		if (r >= 0)
			r = check_destination(path, args->force, reterr);
		if (r < 0)
			return r;
	}
	r = record(app, &targets, args->in_use, &s, reterr);
	if (r >= 0 && to_stdout) {
		r = write_stream(&s, app->out.stream);
		if (r < 0)
			failure_set_status(reterr, STATUS_FAILED, r,
					   "cannot write the capture to standard output: %s; %s",
					   strerror(-r), failure_write_advice(-r));
	} else if (r >= 0) {
		r = write_file(&s, path, args->force, reterr);
	}
	session_close(&s);
	return r;
}

const struct command command_capture = {
	.name = "capture",
	.summary = "Record this host for analysis on another machine",
	.operands = "FILE [TARGET...]",
	.argp = &argp,
	.args_size = sizeof(struct capture_args),
	.run = run,
};
