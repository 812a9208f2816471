/* SPDX-License-Identifier: GPL-2.0-or-later */
/* regions: lists a device's regions, decodes its configuration space, reads and writes bytes. */
#include "cmd/regions.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/macro.h"
#include "base/parse.h"
#include "uapi/abi.h"
#include "cmd/commands.h"

enum {
	SHOWN_MAX = 1 << 20, /* bytes of a dump that is shown, not copied */
	WRITES_MAX = 64,
};

enum {
	OPT_CONFIG = OPT_COMMAND_FIRST,
	OPT_DUMP,
	OPT_OFFSET,
	OPT_LENGTH,
	OPT_WIDTH,
	OPT_SAVE,
	OPT_WRITE,
	OPT_DECODE,
	OPT_FORCE,
};

/* ---- options ---- */

static error_t parse_number(struct parse *p, const char *option, const char *arg, bool zero,
			    uint64_t *ret)
{
	if (parse_u64(arg, 0, ret) < 0)
		return parse_fail(p, "'--%s=%s' is not a number of bytes: write 256 or 0x100",
				  option, arg);
	if (!zero && !*ret)
		return parse_fail(p, "'--%s=%s' is too small: give at least one byte", option, arg);
	return 0;
}

static error_t parse_write(struct parse *p, struct regions_args *args, const char *arg)
{
	struct region_store store;

	if (args->nr_stores >= WRITES_MAX)
		return parse_fail(p, "more than %d options --write: use several runs", WRITES_MAX);
	if (region_store_parse(arg, &store, &p->failure) < 0)
		return EINVAL;
	args->stores =
		arena_grow(p->app->arena, args->stores, args->nr_stores, sizeof(*args->stores));
	args->stores[args->nr_stores++] = store;
	return 0;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct parse *p = state->input;
	struct regions_args *args = p ? p->args : NULL;

	switch (key) {
	case OPT_CONFIG:
		args->config = true;
		return 0;
	case OPT_DUMP:
		args->has_dump = true;
		if (region_index_parse(arg, strlen(arg), &args->dump) < 0)
			return parse_fail(p,
					  "no region '%s': use BAR0 to BAR5, ROM, config, VGA or a number",
					  arg);
		return 0;
	case OPT_OFFSET:
		return parse_number(p, "offset", arg, true, &args->offset);
	case OPT_LENGTH:
		return parse_number(p, "length", arg, false, &args->length);
	case OPT_WIDTH:
		if (!region_width_parse(arg, strlen(arg), &args->width))
			return parse_fail(p, "'--width=%s' must be 1, 2, 4 or 8 bytes", arg);
		return 0;
	case OPT_SAVE:
		args->save = arg;
		return 0;
	case OPT_WRITE:
		return parse_write(p, args, arg);
	case OPT_DECODE:
		args->decode = true;
		return 0;
	case OPT_FORCE:
		args->force = true;
		return 0;
	default:
		return command_parse_default(key, state);
	}
}

static const struct argp_option options[] = {
	{ "config", OPT_CONFIG, NULL, 0, "decode the configuration space", 1 },
	{ "dump", OPT_DUMP, "REGION", 0,
	  "show a region: BAR0 to BAR5, ROM, config, VGA or a number", 1 },
	{ "offset", OPT_OFFSET, "BYTES", 0, "start of --dump", 1 },
	{ "length", OPT_LENGTH, "BYTES", 0, "length of --dump (default: to the end)", 1 },
	{ "width", OPT_WIDTH, "BYTES", 0,
	  "size of one access to a BAR by --dump: 1, 2, 4 (default) or 8", 1 },
	{ "save", OPT_SAVE, "FILE", 0,
	  "write the raw bytes of --dump to FILE, - for standard output", 1 },
	{ "write", OPT_WRITE, "REGION+OFFSET=VALUE[:WIDTH]", 0,
	  "write a register first; may be repeated", 1 },
	{ "decode", OPT_DECODE, NULL, 0, "turn on memory or I/O decoding during the access", 1 },
	{ "force", OPT_FORCE, NULL, 0, "also write registers that a safety check protects", 1 },
	{ 0 },
};

static const struct argp argp = { .options = options,
				  .parser = parse,
				  .children = attached_children };

static int check_args(const struct regions_args *args, struct failure **reterr)
{
	const char *what = NULL;

	if (!args->has_dump && (args->save || args->offset || args->length || args->width))
		what = "--offset, --length, --width and --save belong to --dump";
	else if (args->save && args->acting.json)
		what = "--save and --json exclude each other: the JSON document has the bytes";
	else if (args->force && !args->nr_stores)
		what = "--force belongs to --write";
	if (what)
		return failure_set_status(reterr, STATUS_USAGE, -EINVAL, "%s", what);
	return 0;
}

/* ---- work ---- */

/* The work on one device and its result. */
struct work {
	const struct regions_args *args;
	struct region_work w;
	uint64_t length; /* of the dump */
	uint16_t decode; /* bits of the command register that were set */
	struct regions_device row;
	struct dump_row dump;
	struct write_row *writes;
};

static int turn_decode_on(struct work *k, struct failure **reterr)
{
	const struct regions_args *args = k->args;
	uint16_t bits = 0, some;
	int r;

	if (!args->decode)
		return 0;
	if (args->has_dump && region_work_needs_decode(&k->w, args->dump, &some))
		bits |= some;
	for (size_t i = 0; i < args->nr_stores; i++)
		if (region_work_needs_decode(&k->w, args->stores[i].region, &some))
			bits |= some;
	if (!bits)
		return 0;
	r = region_work_decode(&k->w, bits, true, reterr);
	if (!r)
		k->decode = bits;
	return r;
}

/* Everything is checked before anything is written. */
static int check_work(struct work *k, struct failure **reterr)
{
	const struct regions_args *args = k->args;
	int r;

	for (size_t i = 0; i < args->nr_stores; i++) {
		r = region_work_check_store(&k->w, &args->stores[i], args->force, reterr);
		if (r < 0)
			return r;
	}
	if (!args->has_dump)
		return 0;
	k->length = args->length;
	r = region_work_check_dump(&k->w, args->dump, args->offset, &k->length, reterr);
	if (r < 0)
		return r;
	if (k->length > SHOWN_MAX && !args->save)
		return failure_set_status(reterr, STATUS_USAGE, -E2BIG,
					  "%llu bytes are too many to show: select with --offset and --length, or write them with --save",
					  (unsigned long long)k->length);
	return 0;
}

/* Root may save into a folder of others: no link is followed, and no FIFO waited for. */
static FILE *open_save(const char *path)
{
	int fd = open(path,
		      O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY,
		      0666);
	FILE *ret = fd < 0 ? NULL : fdopen(fd, "w");

	if (fd >= 0 && !ret)
		close(fd);
	return ret;
}

static int copy_out(struct work *k, struct app *app, struct failure **reterr)
{
	const struct regions_args *args = k->args;
	bool to_stdout = !strcmp(args->save, "-");
	FILE *out = to_stdout ? app->out.stream : open_save(args->save);
	int r;

	if (!out)
		return failure_set(reterr, -errno, "cannot write %s: %s; %s", args->save,
				   strerror(errno), failure_write_advice(errno));
	r = region_work_copy(&k->w, args->dump, args->offset, k->length, out, reterr);
	if (!to_stdout && fclose(out) && !r)
		r = failure_set(reterr, -errno, "cannot write %s: %s; %s", args->save,
				strerror(errno), failure_write_advice(errno));
	return r;
}

static int do_work(struct work *k, struct app *app, struct failure **reterr)
{
	const struct regions_args *args = k->args;
	int r = turn_decode_on(k, reterr);

	if (r >= 0)
		r = check_work(k, reterr);
	k->writes = arena_array(k->w.arena, args->nr_stores, sizeof(*k->writes));
	k->row.writes = k->writes;
	for (size_t i = 0; r >= 0 && i < args->nr_stores; i++) {
		r = region_work_store(&k->w, &args->stores[i], &k->writes[i], reterr);
		k->row.nr_writes += r >= 0;
	}
	/* A write may have changed what can be read. */
	if (r >= 0 && args->nr_stores && args->has_dump)
		r = region_work_check_dump(&k->w, args->dump, args->offset, &k->length, reterr);
	if (r < 0 || !args->has_dump)
		return r;
	if (args->save)
		return copy_out(k, app, reterr);
	r = region_work_dump(&k->w, args->dump, args->offset, k->length, &k->dump, reterr);
	if (r >= 0)
		k->row.dump = &k->dump;
	return r;
}

static int begin_work(struct work *k, struct attached *ac, size_t index, struct failure **reterr)
{
	struct attached_device *d = &ac->attachment.devices[index];
	int r;

	k->w = (struct region_work){
		.client = &ac->client,
		.object = d->target->name,
		.fd = d->fd,
		.arena = ac->arena,
		.width = k->args->width,
	};
	k->row.address = d->target->name;
	r = region_work_begin(&k->w, reterr);
	if (r < 0)
		return r;
	if (k->args->config && k->w.config_err == -ENOENT)
		return failure_set_status(reterr, STATUS_NO, -ENOENT,
					  "%s: the kernel shows no configuration space; leave out --config to list the regions",
					  k->w.object);
	if (k->args->config && !k->w.config.len)
		return failure_set_status(reterr, STATUS_NO, k->w.config_err,
					  "%s: cannot read the configuration space: %s (%s); leave out --config to list the regions",
					  k->w.object, strerror(-k->w.config_err),
					  errno_name(k->w.config_err));
	k->row.regions = region_work_rows(&k->w, &k->row.nr_regions);
	if (k->args->config)
		k->row.config = region_work_config(&k->w, ac->session.names);
	return 0;
}

/* ---- output ---- */

/* The list is omitted when something else was asked for. */
static int print_device(const struct work *k, struct attached *ac, struct failure **reterr)
{
	const struct regions_args *args = k->args;
	const struct output *out = &ac->session.app->out;
	const struct attach_device_view *view = &ac->view.devices[0];
	struct prose p = { .out = out };
	const char *name;
	int r;

	for (size_t i = 0; i < k->row.nr_writes && !ac->session.app->quiet; i++)
		write_print(&k->writes[i], out, 0);
	if (k->row.nr_writes && !ac->session.app->quiet && k->w.info.flags & VT_DEVICE_RESET_FLAG)
		prose_text(&p, STYLE_DIM,
			   "The kernel resets the device when it is released: the written values are lost then.");
	if (args->save || ac->session.app->quiet)
		return 0;
	if (k->row.dump) {
		dump_print(k->row.dump, out);
		return 0;
	}
	if (k->row.nr_writes)
		return 0;
	while (strcmp(view->device->name, k->row.address))
		view++;
	name = device_names_text(&view->names, ac->arena);
	prose_device(&p, k->row.address, name);
	r = regions_print(k->row.regions, k->row.nr_regions, out, 2, reterr);
	if (!r && k->row.config) {
		prose_blank(&p);
		config_print(k->row.config, out, 2);
	}
	return r;
}

static int run_devices(struct attached *ac, const struct regions_args *args, struct json_doc *doc,
		       struct failure **reterr)
{
	struct app *app = ac->session.app;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < ac->attachment.nr_devices; i++) {
		struct work k = { .args = args };
		struct failure *ignored = NULL;

		r = begin_work(&k, ac, i, reterr);
		if (r >= 0)
			r = do_work(&k, app, reterr);
		/* A device that is gone needs no restore. */
		if (k.decode)
			region_work_decode(&k.w, k.decode, false, &ignored);
		failure_free(ignored);
		if (r >= 0 && doc) {
			json_doc_element(doc, json_from_row(&regions_device_fields, NULL, &k.row,
							    ac->arena));
		} else if (r >= 0) {
			if (i)
				fputc('\n', app->out.stream);
			r = print_device(&k, ac, reterr);
		}
	}
	return r;
}

static int run_json(struct attached *ac, const struct regions_args *args, struct failure **reterr)
{
	struct json_doc doc;
	int r = 0;

	attached_json_begin(ac, ac->session.app->out.stream, &doc);
	if (attached_is_ready(ac))
		r = run_devices(ac, args, &doc, reterr);
	json_doc_array_end(&doc);
	json_doc_end(&doc);
	return r;
}

int regions_run(struct attached *ac, const void *data, struct failure **reterr)
{
	const struct regions_args *args = data;
	struct app *app = ac->session.app;
	int r = attached_attach(ac, reterr);

	if (r >= 0 && args->acting.json && !app->quiet)
		r = run_json(ac, args, reterr);
	else if (r >= 0 && attached_is_ready(ac))
		r = run_devices(ac, args, NULL, reterr);
	else if (r >= 0 && !app->quiet)
		r = attach_text(&app->out, &ac->view, reterr);
	return r < 0 ? r : attached_status(ac);
}

static int run(struct app *app, void *data, struct failure **reterr)
{
	struct regions_args *args = data;
	int r = check_args(args, reterr);

	if (r < 0)
		return r;
	args->acting.no_map = true;
	args->acting.single = args->has_dump || args->nr_stores;
	return attached_run(app, &args->acting, regions_run, reterr);
}

const struct command command_regions = {
	.name = "regions",
	.summary = "List, read and write the regions of a device",
	.operands = "TARGET...",
	.argp = &argp,
	.args_size = sizeof(struct regions_args),
	.run = run,
	.documents = (const struct field_table *const[]){ ATTACHED_DOCUMENT, &regions_device_fields,
							  NULL },
};
