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
#include "facts/paste.h"
#include "facts/target.h"
#include "run/pasted.h"
#include "run/session.h"
#include "cmd/commands.h"

struct capture_args {
	struct operands operands; /* FILE, then targets */
	struct operands from;     /* files of pasted text */
	bool force, in_use;
};

enum { OPT_IN_USE = OPT_COMMAND_FIRST, OPT_FROM };

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
	case OPT_FROM:
		operands_add(&args->from, p->app, arg);
		return 0;
	default:
		return command_parse_default(key, state);
	}
}

static const struct argp_option options[] = {
	{ "force", 'f', NULL, 0, "replace FILE when it exists", 1 },
	{ "in-use", OPT_IN_USE, NULL, 0, "also record what the safety checks of bind need", 1 },
	{ "from", OPT_FROM, "TEXT", 0,
	  "not of this host: of what was pasted of one (lspci, IOMMU groups, dmesg) in the file TEXT, or - for standard input; may be repeated",
	  1 },
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
	scope.device_parts |= DEVICE_PLACE | DEVICE_HARDWARE;
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

/* What writes the capture: the answers of a host, or what was pasted. */
struct source {
	struct session *s;
	const struct paste *pasted;
};

static int write_stream(const struct source *src, FILE *out)
{
	int r = src->pasted ? paste_write_capture(src->pasted, out)
			    : sysroot_write_capture(src->s->root, out);

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

static int write_file(const struct source *src, struct arena *a, const char *path, bool force,
		      struct failure **reterr)
{
	char *temporary = arena_printf(a, "%s.XXXXXX", path);
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
		r = write_stream(src, out);
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

static int write_answers(struct app *app, const struct capture_args *args, const char *path,
			 const struct source *src, struct failure **reterr)
{
	int r;

	if (strcmp(path, "-") != 0)
		return write_file(src, app->arena, path, args->force, reterr);
	r = write_stream(src, app->out.stream);
	if (r < 0)
		failure_set_status(reterr, STATUS_FAILED, r,
				   "cannot write the capture to standard output: %s; %s",
				   strerror(-r), failure_write_advice(-r));
	return r;
}

static int capture_pasted(struct app *app, const struct capture_args *args, const char *path,
			  struct failure **reterr)
{
	struct source src = { 0 };
	struct paste *p = paste_new(app->arena);
	int r = pasted_read(p, &args->from, reterr);

	if (r < 0)
		return r;
	src.pasted = p;
	pasted_report(p);
	return write_answers(app, args, path, &src, reterr);
}

static int capture_host(struct app *app, const struct capture_args *args, const char *path,
			const struct operands *targets, struct failure **reterr)
{
	struct session s = { 0 };
	const struct source src = { .s = &s };
	int r = record(app, targets, args->in_use, &s, reterr);

	if (r >= 0)
		r = write_answers(app, args, path, &src, reterr);
	session_close(&s);
	return r;
}

static int check_from(const struct app *app, const struct capture_args *args, size_t nr_targets,
		      struct failure **reterr)
{
	if (!args->from.nr || (!nr_targets && !args->in_use && !app->sysroot))
		return 0;
	return failure_set_status(reterr, STATUS_USAGE, -EINVAL,
				  "--from takes all that the text has: leave out targets, --in-use and --sysroot");
}

static int run(struct app *app, void *data, struct failure **reterr)
{
	const struct capture_args *args = data;
	struct operands targets = args->operands;
	const char *path;
	int r;

	if (!targets.nr)
		return failure_set_status(reterr, STATUS_USAGE, -EINVAL,
					  "capture needs a FILE to write, or - for standard output");
	path = *targets.items++;
	targets.nr--;
	r = check_from(app, args, targets.nr, reterr);
	if (r >= 0 && strcmp(path, "-") != 0) {
		r = check_name(path, app->arena, reterr);
		if (r >= 0)
			r = check_destination(path, args->force, reterr);
	}
	if (r < 0)
		return r;
	return args->from.nr ? capture_pasted(app, args, path, reterr)
			     : capture_host(app, args, path, &targets, reterr);
}

const struct command command_capture = {
	.name = "capture",
	.summary = "Record this host, or what was pasted of one",
	.operands = "FILE [TARGET...]",
	.argp = &argp,
	.args_size = sizeof(struct capture_args),
	.run = run,
};
