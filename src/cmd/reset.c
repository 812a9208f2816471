/* SPDX-License-Identifier: GPL-2.0-or-later */
/* reset: resets devices, affecting as few others as possible, and only devices of this session. */
#include "cmd/reset.h"

#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "base/parse.h"
#include "uapi/abi.h"
#include "facts/driver.h"
#include "client/device.h"
#include "client/irq.h"
#include "client/region.h"
#include "client/reset.h"
#include "report/reset.h"
#include "cmd/commands.h"

enum { OPT_METHOD = OPT_COMMAND_FIRST, OPT_DRY_RUN };

static error_t parse_method(struct parse *p, struct reset_args *args, const char *arg)
{
	static const char *const names[] = { "auto", "device", "hot" };
	unsigned int method = METHOD_AUTO;
	error_t err = parse_choice(p, "method", arg, names, ARRAY_SIZE(names), &method);

	args->method = (enum reset_method)method;
	return err;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct parse *p = state->input;
	struct reset_args *args = p ? p->args : NULL;

	switch (key) {
	case OPT_METHOD:
		return parse_method(p, args, arg);
	case OPT_DRY_RUN:
		args->dry_run = true;
		return 0;
	default:
		return command_parse_default(key, state);
	}
}

static const struct argp_option options[] = {
	{ "method", OPT_METHOD, "METHOD", 0,
	  "device: the function alone; hot: its slot or bus; auto (default): the first that works",
	  1 },
	{ "dry-run", OPT_DRY_RUN, NULL, 0, "show what would be reset", 1 },
	{ 0 },
};

static const struct argp argp = { .options = options,
				  .parser = parse,
				  .children = attached_children };

/* ---- what can be done ---- */

enum { HEADER = 64, COMMAND = 0x04, STATUS = 0x06, TRIES = 20, PAUSE_MS = 100 };

/* The state of one device in this command. */
struct work {
	struct attached *ac;
	const struct reset_args *args;
	struct attached_device *attached;
	const struct attach_device_view *view;
	struct reset_scope scope;
	int scope_err; /* negative errno of asking for it, or 0 */
	bool unsure;   /* not every driver could be read */
	struct reset_device_row row;
	uint8_t header[HEADER];
	struct irq release; /* REQ; not active where the device has none */
};

/* linux: drivers/pci/pci.c: reset_method_show(): names in order, a line; since 5.15. */
static void read_methods(struct work *k)
{
	const struct fact *f = &k->view->device->reset_method;
	struct span rest = { f->raw, f->len }, word;
	const char **names = NULL;
	size_t nr = 0;

	if (!fact_is(f))
		return;
	while (parse_word(&rest, &word)) {
		names = arena_grow(k->ac->arena, names, nr, sizeof(*names));
		names[nr++] = arena_strndup(k->ac->arena, word.s, word.len);
	}
	k->row.has_methods = true;
	k->row.methods = names;
	k->row.nr_methods = nr;
}

/* The driver of a device that may not be in the snapshot: any device on the bus may be affected. */
static struct fact read_driver(const struct work *k, const char *name)
{
	return device_read_driver(k->ac->session.root, k->ac->arena, "pci", name);
}

/* Whether VFIO has it: newer kernels report that. */
static bool is_vfio(const struct work *k, const char *name, const char *driver)
{
	return driver_is_vfio(driver) ||
	       device_has_vfio_dev(k->ac->session.root, k->ac->arena, "pci", name);
}

/* What keeps a hot reset from hitting @d, or NULL. A device that no VFIO driver has is refused even when
 * its group is ours. linux: drivers/vfio/pci/vfio_pci_core.c: vfio_pci_dev_set_resettable(); 5.10:
 * drivers/vfio/pci/vfio_pci.c: vfio_pci_try_zap_and_vma_lock_cb(). */
static const char *find_blocker(const struct work *k, const struct reset_device *d,
				const struct fact *driver)
{
	struct arena *a = k->ac->arena;

	if (driver->state == FACT_ABSENT)
		return "on no driver: bind it to vfio-pci";
	if (!fact_is(driver))
		return arena_printf(a, "on a driver that cannot be read (%s)",
				    errno_name(driver->err));
	if (!is_vfio(k, d->name, driver->raw))
		return arena_printf(a, "on host driver %s: bind it to vfio-pci", driver->raw);
	if (d->owner != RESET_OURS)
		return arena_printf(a, "not attached here: name %s as well", d->name);
	return NULL;
}

static void read_scope(struct work *k)
{
	struct arena *a = k->ac->arena;
	struct reset_device_row *row = &k->row;
	struct reset_hit_row *hits;
	int r = reset_find_scope(&k->ac->attachment, k->attached, &k->scope);

	k->scope_err = r;
	if (r < 0) {
		row->hot_because =
			r == -ENODEV
				? "the kernel can reset neither its slot nor its bus (a root bus, or a bridge without a reset)"
			: r == -EPERM
				? "the kernel gives no list: a device there has no IOMMU group"
				: arena_printf(a, "the kernel gives no list: %s (%s)", strerror(-r),
					       errno_name(r));
		return;
	}
	hits = arena_array(a, k->scope.nr_devices, sizeof(*hits));
	for (size_t i = 0; i < k->scope.nr_devices; i++) {
		const struct reset_device *d = &k->scope.devices[i];
		struct fact driver = read_driver(k, d->name);

		hits[i] = (struct reset_hit_row){
			.address = d->name,
			.has_group = d->has_group,
			.group = d->id,
			.has_devid = !d->has_group && d->id && d->id != UINT32_MAX,
			.devid = d->id,
			.driver = fact_is(&driver) ? driver.raw : NULL,
			.ours = d->owner == RESET_OURS,
			.because = find_blocker(k, d, &driver),
		};
		k->unsure |= !fact_is(&driver) && driver.state != FACT_ABSENT;
		if (hits[i].because && !row->hot_because)
			row->hot_because = arena_printf(a, "%s is %s", d->name, hits[i].because);
	}
	row->hits = hits;
	row->nr_hits = k->scope.nr_devices;
	row->hot = !row->hot_because && reset_scope_is_ours(&k->scope);
	if (!row->hot && !row->hot_because)
		row->hot_because = "the kernel says that it affects devices that are not ours";
}

/* Predicts the kernel's answer and its reason. linux: drivers/vfio/pci/vfio_pci_core.c: vfio_pci_ioctl_reset():
 * EINVAL without a reset that works; vfio_pci_ioctl_get_pci_hot_reset_info() and
 * vfio_pci_dev_set_hot_reset(): ENODEV where neither slot nor bus can be reset, EINVAL where not all of it is
 * the caller's or on a VFIO driver. */
static void predict(struct reset_device_row *row, enum op op, int err)
{
	row->op = op;
	row->predicted = true;
	row->predicted_err = err;
}

static void choose(struct work *k)
{
	struct reset_device_row *row = &k->row;
	enum reset_method method = k->args->method;

	if (method != METHOD_HOT && row->function) {
		row->chosen = "device";
		row->because = row->nr_methods
				       ? arena_join(k->ac->arena, "the function alone, using ",
						    row->methods[0], NULL)
				       : "the function alone";
		predict(row, OP_DEVICE_RESET, 0);
	} else if (method != METHOD_DEVICE && row->hot) {
		row->chosen = "hot";
		row->because = arena_printf(k->ac->arena, "slot or bus: %zu %s, all ours",
					    row->nr_hits, row->nr_hits == 1 ? "device" : "devices");
		predict(row, OP_DEVICE_PCI_HOT_RESET, 0);
	} else if (method == METHOD_DEVICE) {
		row->because =
			row->nr_methods
				? "the kernel refuses with EINVAL, because its reset at the opening of the device failed"
				: "the kernel refuses with EINVAL, because it has no reset method for the function alone";
		predict(row, OP_DEVICE_RESET, EINVAL);
	} else {
		row->because = row->hot_because;
		if (k->scope_err == -ENODEV)
			predict(row, OP_DEVICE_PCI_HOT_RESET, ENODEV);
		else if (row->nr_hits && !k->unsure)
			predict(row, OP_DEVICE_PCI_HOT_RESET, EINVAL);
	}
}

/* ---- doing it ---- */

static int read_header(struct work *k, uint8_t *ret)
{
	struct region config;
	ssize_t n;
	int r = region_open(&k->ac->client, k->attached->target->name, k->attached->fd,
			    VT_PCI_CONFIG, &config);

	if (r < 0)
		return r;
	n = region_pread(&config, 0, ret, HEADER);
	if (n < 0)
		return (int)n;
	return n == HEADER ? 0 : -EIO;
}

/* Whether the kernel wants the device back, now or within @ms. */
static bool is_wanted(struct work *k, unsigned int ms)
{
	struct sys *sys = k->ac->client.sys;

	if (k->release.active)
		return irq_wait(&k->release, 0, 1, 1, ms, -EBADF) == 0;
	if (ms)
		(void)sys->ops->poll(sys, NULL, 0, (int)ms);
	return false;
}

/* Another task may hold the device for a moment (EAGAIN) or use its memory (EBUSY). -ECANCELED when the kernel wants the
 * device back before it was reset. */
static int ask(struct work *k)
{
	struct client *c = &k->ac->client;
	int r = -EAGAIN;

	for (unsigned int i = 0; i < TRIES && (r == -EAGAIN || r == -EBUSY); i++) {
		if (is_wanted(k, i ? PAUSE_MS : 0))
			return -ECANCELED;
		r = strcmp(k->row.chosen, "hot")
			    ? reset_function(c, k->attached->target->name, k->attached->fd)
			    : reset_hot(&k->ac->attachment, k->attached, &k->scope);
	}
	return r;
}

static uint32_t get_command(const uint8_t *header)
{
	return header[COMMAND] | (uint32_t)header[COMMAND + 1] << 8;
}

/* The header before and after, without the status, whose bits come and go. */
static void verify(struct work *k)
{
	struct reset_device_row *row = &k->row;
	uint8_t after[HEADER];

	row->verified = true;
	row->read_err = -read_header(k, after);
	row->readable = !row->read_err && (after[0] != 0xff || after[1] != 0xff);
	if (!row->readable)
		return;
	memcpy(after + STATUS, k->header + STATUS, 2);
	row->restored = !memcmp(after, k->header, HEADER);
	row->command_before = get_command(k->header);
	row->command_after = get_command(after);
}

static int begin_work(struct work *k, struct failure **reterr)
{
	const char *name = k->attached->target->name;
	int r;

	k->row.address = name;
	k->row.name = device_names_text(&k->view->names, k->ac->arena);
	k->row.function = k->view->info.flags & VT_DEVICE_RESET_FLAG;
	read_methods(k);
	if (k->view->info.flags & VT_DEVICE_PCI)
		read_scope(k);
	else
		k->row.hot_because = "not a PCI device";
	choose(k);
	if (!(k->view->info.flags & VT_DEVICE_PCI))
		return 0;
	/* Without it, an unbind waits a little longer. */
	(void)irq_open(&k->ac->client, name, k->attached->fd, VT_PCI_REQ, 1, &k->release);
	r = read_header(k, k->header);
	if (r < 0)
		return client_failure(reterr, r,
				      "%s: nothing was reset, because its configuration space cannot be read",
				      name);
	return 0;
}

static int do_work(struct work *k, struct failure **reterr)
{
	struct sys *sys = k->ac->client.sys;
	uint64_t start = sys->ops->now_ns(sys);
	int r = ask(k);

	if (r == -ECANCELED)
		return failure_set(reterr, r,
				   "%s: the kernel asks for it back: released at once, and not reset",
				   k->attached->target->name);
	k->row.ns = sys->ops->now_ns(sys) - start;
	k->row.asked = true;
	k->row.done = !r;
	k->row.err = r < 0 ? -r : 0;
	/* linux: drivers/pci/pci.c: pci_bridge_wait_for_secondary_bus(). */
	if (r == -ENOTTY && !strcmp(k->row.chosen, "hot"))
		k->row.because =
			"the bus was reset, but its link or devices did not come back in time";
	else if (r < 0)
		k->row.because =
			arena_printf(k->ac->arena, "the kernel refused it: %s", strerror(-r));
	return 0;
}

static const struct work *find_cover(const struct work *all, size_t nr, const char *address)
{
	for (size_t i = 0; i < nr; i++)
		if (all[i].row.done && all[i].row.chosen && !strcmp(all[i].row.chosen, "hot"))
			for (size_t j = 0; j < all[i].row.nr_hits; j++)
				if (!strcmp(all[i].row.hits[j].address, address))
					return &all[i];
	return NULL;
}

/* Nothing is reset unless every target can be. */
static int run_works(struct work *all, size_t nr, bool dry_run, struct failure **reterr)
{
	for (size_t i = 0; i < nr; i++) {
		int r = begin_work(&all[i], reterr);

		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < nr; i++)
		dry_run |= !all[i].row.chosen;
	for (size_t i = 0; i < nr && !dry_run; i++) {
		const struct work *cover = find_cover(all, i, all[i].row.address);

		if (cover) {
			all[i].row.together = cover->row.address;
			all[i].row.done = true;
		} else {
			int r = do_work(&all[i], reterr);

			if (r < 0)
				return r;
		}
	}
	for (size_t i = 0; i < nr && !dry_run; i++)
		if (all[i].view->info.flags & VT_DEVICE_PCI)
			verify(&all[i]);
	return 0;
}

/* ---- output ---- */

static void print_json(struct attached *ac, const struct work *all, size_t nr)
{
	struct json_doc doc;

	attached_json_begin(ac, ac->session.app->out.stream, &doc);
	for (size_t i = 0; i < nr; i++)
		json_doc_element(&doc,
				 json_from_row(&reset_device_fields, NULL, &all[i].row, ac->arena));
	json_doc_array_end(&doc);
	json_doc_end(&doc);
}

static int print(struct attached *ac, const struct reset_args *args, const struct work *all,
		 size_t nr, struct failure **reterr)
{
	struct app *app = ac->session.app;
	int r = 0;

	if (app->quiet)
		return 0;
	if (args->acting.json) {
		print_json(ac, all, nr);
		return 0;
	}
	if (!attached_is_ready(ac))
		return attach_text(&app->out, &ac->view, reterr);
	for (size_t i = 0; !r && i < nr; i++) {
		/* A device that cannot be reset blocks the others; its own line has the reason. */
		bool shown_dry = args->dry_run || (!all[i].row.done && !all[i].row.err);

		if (i)
			fputc('\n', app->out.stream);
		r = reset_print(&all[i].row, shown_dry, &app->out, reterr);
	}
	return r;
}

static int answer_status(const struct attached *ac, const struct work *all, size_t nr)
{
	int status = attached_status(ac);

	for (size_t i = 0; i < nr && status != STATUS_DIFFER; i++) {
		const struct reset_device_row *row = &all[i].row;

		if (reset_differs(row))
			status = STATUS_DIFFER;
		else if (row->verified && (!row->readable || !row->restored || row->err == ENOTTY))
			status = STATUS_FAILED;
		else if (!row->chosen || row->err)
			status = STATUS_NO;
	}
	return status;
}

static struct work *make_works(struct attached *ac, const struct reset_args *args)
{
	struct work *all = arena_array(ac->arena, ac->attachment.nr_devices, sizeof(*all));

	for (size_t i = 0; i < ac->attachment.nr_devices; i++) {
		all[i].ac = ac;
		all[i].args = args;
		all[i].attached = &ac->attachment.devices[i];
		all[i].view = &ac->view.devices[i];
	}
	return all;
}

int reset_run(struct attached *ac, const void *data, struct failure **reterr)
{
	const struct reset_args *args = data;
	struct work *all = NULL;
	size_t nr = 0;
	int r = attached_attach(ac, reterr);

	if (r >= 0 && attached_is_ready(ac)) {
		nr = ac->attachment.nr_devices;
		all = make_works(ac, args);
		r = run_works(all, nr, args->dry_run, reterr);
		for (size_t i = 0; i < nr; i++)
			irq_close(&all[i].release);
		/* The reader of the report may take his time, and an unbind would wait. */
		attached_detach(ac);
	}
	if (r >= 0)
		r = print(ac, args, all, nr, reterr);
	return r < 0 ? r : answer_status(ac, all, nr);
}

static int run(struct app *app, void *data, struct failure **reterr)
{
	struct reset_args *args = data;

	args->acting.no_map = true;
	return attached_run(app, &args->acting, reset_run, reterr);
}

const struct command command_reset = {
	.name = "reset",
	.summary = "Reset devices, affecting as few others as possible",
	.operands = "TARGET...",
	.argp = &argp,
	.args_size = sizeof(struct reset_args),
	.run = run,
	.documents = (const struct field_table *const[]){ ATTACHED_DOCUMENT, &reset_device_fields,
							  NULL },
};
