/* SPDX-License-Identifier: GPL-2.0-or-later */
/* irq: sets interrupts up, triggers them, counts what arrives. */
#include "cmd/irq.h"

#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "uapi/abi.h"
#include "run/irq.h"
#include "cmd/commands.h"

enum { TIMEOUT_DEFAULT_MS = 1000, TIMEOUT_MAX_MS = 600000, TIMES_MAX = 1000000 };

enum {
	OPT_INDEX = OPT_COMMAND_FIRST,
	OPT_VECTORS,
	OPT_COUNT,
	OPT_DEVICE,
	OPT_TIMEOUT,
};

static error_t parse_index(struct parse *p, struct irq_args *args, const char *arg)
{
	const char *names[VT_PCI_NR_IRQS];
	unsigned int index = 0;
	error_t err;

	for (uint32_t i = 0; i < VT_PCI_NR_IRQS; i++)
		names[i] = irq_index_name(i);
	err = parse_choice(p, "interrupt", arg, names, VT_PCI_NR_IRQS, &index);
	args->kinds |= 1U << index;
	return err;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct parse *p = state->input;
	struct irq_args *args = p ? p->args : NULL;

	switch (key) {
	case OPT_INDEX:
		return parse_index(p, args, arg);
	case OPT_VECTORS:
		return parse_within(p, "vectors", arg, 1, IRQ_VECTORS_MAX, &args->vectors);
	case OPT_COUNT:
		return parse_within(p, "count", arg, 1, TIMES_MAX, &args->times);
	case OPT_TIMEOUT:
		return parse_within(p, "timeout", arg, 1, TIMEOUT_MAX_MS, &args->timeout_ms);
	case OPT_DEVICE:
		args->raise = true;
		return 0;
	default:
		return command_parse_default(key, state);
	}
}

static const struct argp_option options[] = {
	{ "index", OPT_INDEX, "KIND", 0,
	  "only intx, msi, msix, err or req, and show each vector; may be repeated", 1 },
	{ "vectors", OPT_VECTORS, "N", 0, "number of vectors (default: all of the device)", 1 },
	{ "count", OPT_COUNT, "N", 0, "trigger each vector N times (default 1)", 1 },
	{ "device", OPT_DEVICE, NULL, 0, "also make the device raise an interrupt", 1 },
	{ "timeout", OPT_TIMEOUT, "MS", 0, "wait this long for each signal (default 1000 ms)", 1 },
	{ 0 },
};

static const struct argp argp = { .options = options,
				  .parser = parse,
				  .children = attached_children };

/* ---- one device ---- */

/* The kinds to try: those asked for, else those of the device. ERR and REQ come last, because the host
 * uses them. */
static size_t choose_kinds(const struct irq_args *args, const struct attach_device_view *view,
			   struct arena *a, struct irq_info **ret)
{
	size_t nr = 0;

	*ret = arena_array(a, VT_PCI_NR_IRQS, sizeof(**ret));
	for (uint32_t index = 0; index < VT_PCI_NR_IRQS; index++) {
		struct irq_info info = { .index = index };

		if (args->kinds && !(args->kinds & 1U << index))
			continue;
		for (size_t i = 0; i < view->nr_irqs; i++)
			if (view->irqs[i].index == index)
				info = view->irqs[i];
		if (info.count || args->kinds)
			(*ret)[nr++] = info;
	}
	return nr;
}

static int check_device(const struct irq_args *args, const struct attach_device_view *view,
			struct failure **reterr)
{
	if (!(view->info.flags & VT_DEVICE_PCI))
		return failure_set_status(reterr, STATUS_UNKNOWN, -EOPNOTSUPP,
					  "%s is not a PCI device: only its driver knows what its %zu interrupts are; 'vfiotool attach' lists them",
					  view->device->name, view->nr_irqs);
	if (args->vectors > 1 && !(args->kinds & (1U << VT_PCI_MSI | 1U << VT_PCI_MSIX)))
		return failure_set_status(reterr, STATUS_USAGE, -EINVAL,
					  "--vectors=%u needs a kind: add --index=msi or --index=msix",
					  args->vectors);
	return 0;
}

static int try_kinds(struct irq_work *w, const struct irq_info *kinds, size_t nr,
		     struct irqs_device *ret, struct failure **reterr)
{
	const struct attached_device *d = w->device;
	struct arena *a = w->ac->arena;
	struct irq_kind_row *rows = arena_array(a, nr, sizeof(*rows));
	bool raise = w->raise;
	int r = 0;

	ret->kinds = rows;
	ret->nr_kinds = nr;
	for (size_t i = 0; i < nr; i++)
		rows[i].name = vfio_irq_name(true, kinds[i].index, a);
	for (size_t i = 0; !r && i < nr; i++) {
		struct irq release = { 0 };

		/* Set up beside every other kind, to release the device when the kernel wants it. */
		w->release = -EBADF;
		if (kinds[i].index != VT_PCI_REQ &&
		    !irq_open(&w->ac->client, d->target->name, d->fd, VT_PCI_REQ, 1, &release))
			w->release = release.vectors[0].eventfd;
		w->raise = raise && kinds[i].index <= VT_PCI_MSIX;
		r = irq_work_kind(w, &kinds[i], &rows[i], reterr);
		irq_close(&release);
		/* No driver can make the device raise one: report that once. */
		raise &= !rows[i].raised || rows[i].raised->driver;
	}
	return r;
}

static int run_device(struct attached *ac, const struct irq_args *args, struct irqs_device *ret,
		      struct failure **reterr)
{
	const struct attach_device_view *view = &ac->view.devices[0];
	struct irq_info *kinds;
	struct irq_work w = {
		.ac = ac,
		.device = &ac->attachment.devices[0],
		.dev = view->device,
		.nr_wanted = args->vectors,
		.times = args->times ? args->times : 1,
		.timeout_ms = args->timeout_ms ? args->timeout_ms : TIMEOUT_DEFAULT_MS,
		.raise = args->raise,
	};
	size_t nr;
	int r = check_device(args, view, reterr);

	ret->address = view->device->name;
	ret->name = device_names_text(&view->names, ac->arena);
	ret->each = args->kinds;
	if (r < 0)
		return r;
	nr = choose_kinds(args, view, ac->arena, &kinds);
	return try_kinds(&w, kinds, nr, ret, reterr);
}

/* Yes: everything arrived. No: the kernel refused something, the device lacks what was asked for, or its
 * own interrupt did not arrive. No rule predicts a loopback that loses signals. */
static int answer_status(const struct attached *ac, const struct irqs_device *d)
{
	int status = attached_status(ac);

	for (size_t i = 0; i < d->nr_kinds && status != STATUS_DIFFER; i++) {
		const struct irq_kind_row *k = &d->kinds[i];

		if (k->result == IRQ_LOST || k->match == MATCH_NO)
			status = STATUS_DIFFER;
		else if (k->result == IRQ_REFUSED || k->result == IRQ_ABSENT ||
			 (k->raised && k->raised->raised && !k->raised->arrived))
			status = STATUS_NO;
		else if (k->raised && !k->raised->raised && status == STATUS_OK)
			status = STATUS_UNKNOWN;
	}
	return status;
}

static void print_json(struct attached *ac, const struct irqs_device *d)
{
	struct json_doc doc;

	attached_json_begin(ac, ac->session.app->out.stream, &doc);
	if (attached_is_ready(ac))
		json_doc_element(&doc, json_from_row(&irqs_device_fields, NULL, d, ac->arena));
	json_doc_array_end(&doc);
	json_doc_end(&doc);
}

static int print(struct attached *ac, const struct irq_args *args, const struct irqs_device *d,
		 struct failure **reterr)
{
	struct app *app = ac->session.app;

	if (app->quiet)
		return 0;
	if (args->acting.json) {
		print_json(ac, d);
		return 0;
	}
	return attached_is_ready(ac) ? irqs_print(d, &app->out, reterr)
				     : attach_text(&app->out, &ac->view, reterr);
}

int irq_run(struct attached *ac, const void *data, struct failure **reterr)
{
	const struct irq_args *args = data;
	struct irqs_device d = { 0 };
	int r = attached_attach(ac, reterr), printed;

	if (r >= 0 && attached_is_ready(ac))
		r = run_device(ac, args, &d, reterr);
	/* Results from before a failure are kept. */
	if (r >= 0 || d.nr_kinds) {
		printed = print(ac, args, &d, reterr);
		r = r < 0 ? r : printed;
	}
	return r < 0 ? r : answer_status(ac, &d);
}

static int run(struct app *app, void *data, struct failure **reterr)
{
	struct irq_args *args = data;

	args->acting.single = true;
	args->acting.no_map = true;
	args->acting.parts = DEVICE_NOTICES;
	return attached_run(app, &args->acting, irq_run, reterr);
}

const struct command command_irq = {
	.name = "irq",
	.summary = "Set up a device's interrupts, trigger and count them",
	.operands = "TARGET",
	.argp = &argp,
	.args_size = sizeof(struct irq_args),
	.run = run,
	.documents =
		(const struct field_table *const[]){ ATTACHED_DOCUMENT, &irqs_device_fields, NULL },
};
