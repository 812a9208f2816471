/* SPDX-License-Identifier: GPL-2.0-or-later */
/* prove: makes the device move data, and shows what it can reach and what it cannot. */
#include "cmd/prove.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/macro.h"
#include "base/parse.h"
#include "uapi/abi.h"
#include "client/irq.h"
#include "report/prediction-fields.h"
#include "cmd/commands.h"

enum {
	OPT_ADDRESS_BITS = OPT_COMMAND_FIRST,
	OPT_LIST,
	ADDRESS_BITS_MIN = 12,
	ADDRESS_BITS_MAX = 64
};

static error_t parse_bits(struct parse *p, struct prove_args *args, const char *arg)
{
	return parse_within(p, "address-bits", arg, ADDRESS_BITS_MIN, ADDRESS_BITS_MAX,
			    &args->address_bits);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct parse *p = state->input;
	struct prove_args *args = p ? p->args : NULL;

	switch (key) {
	case OPT_ADDRESS_BITS:
		return parse_bits(p, args, arg);
	case OPT_LIST:
		args->list = true;
		return 0;
	case ARGP_KEY_END:
		if (p && !p->asked && args->list &&
		    (args->address_bits || args->acting.has_path || args->acting.vf_token ||
		     args->acting.load))
			return parse_fail(p, "--list only reads: leave the other options out");
		return 0;
	default:
		return command_parse_default(key, state);
	}
}

static const struct argp_option options[] = {
	{ "list", OPT_LIST, NULL, 0,
	  "only list which devices can be proven, and how; by default of all devices", 1 },
	{ "address-bits", OPT_ADDRESS_BITS, "BITS", 0,
	  "address bits of the device, where its type does not define them", 1 },
	{ 0 },
};

static const struct argp argp = { .options = options,
				  .parser = parse,
				  .children = attached_children };

/* ---- from the proof to its report ---- */

static enum answer to_answer(enum claim_answer answer)
{
	return answer == CLAIM_YES ? ANSWER_YES : answer == CLAIM_NO ? ANSWER_NO : ANSWER_UNKNOWN;
}

struct proof_claim_view prove_claim_view(const struct claim *c, const char *name, const char *title)
{
	return (struct proof_claim_view){
		.name = name,
		.title = title,
		.answer = to_answer(c->answer),
		.tried = c->answer != CLAIM_UNTRIED,
		.evidence = c->evidence,
		.has_iova = c->has_iova,
		.iova = c->iova,
		.fault = c->fault,
		.ns = c->ns,
	};
}

static const struct proof_claim_view *make_claims(const struct proof *proof, struct arena *a)
{
	struct proof_claim_view *ret = arena_array(a, NR_CLAIMS, sizeof(*ret));

	for (unsigned int i = 0; i < NR_CLAIMS; i++) {
		ret[i] = prove_claim_view(&proof->claims[i], claim_name((enum claim_id)i),
					  claim_title((enum claim_id)i));
		ret[i].about_reach = ret[i].has_iova && i > CLAIM_INTERRUPT;
	}
	return ret;
}

/* The first claim that does not hold. */
static const char *refuted(const struct proof *proof)
{
	for (unsigned int i = 0; i < NR_CLAIMS; i++)
		if (proof->claims[i].answer == CLAIM_NO)
			return claim_name((enum claim_id)i);
	return "?";
}

static const char *because(const struct proof *proof, bool untranslated, struct arena *a)
{
	switch (proof_answer(proof)) {
	case CLAIM_YES:
		return "Proven: the device moves data, and only where it may.";
	case CLAIM_NO:
		if (untranslated && proof->claims[CLAIM_PHYSICAL].answer == CLAIM_NO)
			return "No protection: without an IOMMU the device wrote to memory that was not mapped for it. It can write to all memory.";
		return arena_printf(a, "Not proven: claim '%s' does not hold.", refuted(proof));
	default:
		return "Not proven: the required tests could not be run.";
	}
}

static void make_view(const struct proof *proof, struct arena *a, struct proof_view *v)
{
	v->answer = to_answer(proof_answer(proof));
	v->because = because(proof, v->untranslated, a);
	v->claims = make_claims(proof, a);
	v->nr_claims = NR_CLAIMS;
	v->faults_hidden = proof->faults_hidden;
	v->has_pinned = proof->has_pinned;
	v->pinned_before = proof->pinned_before;
	v->pinned_while = proof->pinned_while;
	v->pinned_after = proof->pinned_after;
	if (proof->reset != -EOPNOTSUPP)
		v->reset = proof->reset < 0 ? errno_name(proof->reset) : "ok";
}

/* ---- without a DMA test driver ---- */

enum { LOOPBACK_TIMEOUT_MS = 1000 };

/* Tests the kernel's loopback interrupt, with the best kind of the device. */
static const char *try_loopback(struct attached *ac)
{
	static const uint32_t kinds[] = { VT_PCI_MSIX, VT_PCI_MSI, VT_PCI_INTX };
	const struct attached_device *d = &ac->attachment.devices[0];
	const char *object = d->target->name;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct irq_info info;
		struct irq irq;
		int r = device_irq_get(&ac->client, object, d->fd, kinds[i], &info);

		if (r < 0 || !info.count)
			continue;
		r = irq_open(&ac->client, object, d->fd, kinds[i], 1, &irq);
		if (!r)
			r = irq_trigger(&irq, 0, 1);
		if (!r)
			r = irq_wait(&irq, 0, 1, 1, LOOPBACK_TIMEOUT_MS, -EBADF);
		irq_close(&irq);
		if (r > 0)
			r = -ENOSPC;
		return arena_printf(ac->arena, "%s vector 0 %s%s%s", irq_index_name(kinds[i]),
				    r ? "does not arrive through the kernel's loopback ("
				      : "arrives through the kernel's loopback",
				    r ? errno_name(r) : "", r ? ")" : "");
	}
	return "the device has none";
}

/* ---- the whole ---- */

struct progress {
	bool shown; /* there is a line on the terminal */
};

/* One progress line, overwritten each time. */
static void show_progress(void *data, enum claim_id id)
{
	struct progress *p = data;

	fprintf(stderr, "\r\033[Kvfiotool: %s", claim_title(id));
	fflush(stderr);
	p->shown = true;
}

static void clear_progress(const struct progress *p)
{
	if (p->shown) {
		fputs("\r\033[K", stderr);
		fflush(stderr);
	}
}

static bool is_untranslated(const struct attached *ac)
{
	const char *cdev = ac->session.devices[0]->cdev_name;

	return ac->path == PATH_NOIOMMU ||
	       (ac->path == PATH_IOMMUFD && cdev && !strncmp(cdev, "noiommu-", 8));
}

static int prove(struct attached *ac, const struct prove_args *args, const struct dma_driver *e,
		 struct proof_view *v, struct failure **reterr)
{
	const struct app *app = ac->session.app;
	const struct attached_device *d = &ac->attachment.devices[0];
	const char *term = getenv("TERM");
	/* Overwriting a line needs a terminal that can erase it. */
	bool talk = isatty(STDERR_FILENO) == 1 && !app->quiet && term && strcmp(term, "dumb") != 0;
	struct progress progress = { 0 };
	struct proof_request request = {
		.client = &ac->client,
		.space = &ac->attachment.space,
		.info = &ac->attachment.info,
		.object = d->target->name,
		.fd = d->fd,
		.driver = e,
		.untranslated = v->untranslated,
		.page_size = ac->request.page_size,
		.address_bits = args->address_bits,
		.seed = sys_live()->ops->now_ns(sys_live()),
		.resettable = ac->view.devices[0].info.flags & VT_DEVICE_RESET_FLAG,
		.progress = talk ? show_progress : NULL,
		.data = &progress,
	};
	struct proof proof;
	int r;

	ac->client.silent = true;
	r = proof_run(&request, &proof, reterr);
	clear_progress(&progress);
	make_view(&proof, ac->arena, v);
	return r;
}

static void print_json(struct attached *ac, const struct proof_view *v)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	struct json_doc doc;

	attached_json_begin(ac, ac->session.app->out.stream, &doc);
	for (size_t i = 0; i < ac->view.nr_devices; i++)
		json_doc_element(&doc, json_from_row(&attach_device_fields, NULL,
						     &ac->view.devices[i], a));
	json_doc_array_end(&doc);
	json_doc_member(&doc, "proof", v ? json_from_row(&proof_fields, NULL, v, a) : NULL);
	json_doc_end(&doc);
}

static int print(struct attached *ac, const struct prove_args *args, const struct proof_view *v,
		 struct failure **reterr)
{
	struct app *app = ac->session.app;

	if (app->quiet)
		return 0;
	if (args->acting.json)
		print_json(ac, v);
	else if (!v)
		return attach_text(&app->out, &ac->view, reterr);
	else
		proof_text(&app->out, v);
	return 0;
}

static int answer_status(const struct attached *ac, const struct proof_view *v)
{
	int status = attached_status(ac);

	if (status != STATUS_OK)
		return status;
	return v->answer == ANSWER_YES  ? STATUS_OK
	       : v->answer == ANSWER_NO ? STATUS_NO
					: STATUS_UNKNOWN;
}

/* Attached: runs the proof, or reports what is known without one. */
static int run_attached(struct attached *ac, const struct prove_args *args, struct failure **reterr)
{
	const struct device *d = ac->session.devices[0];
	const struct dma_driver *e =
		d->has_ids ? dma_driver_find(d->vendor, d->device_id, d->class_code) : NULL;
	const struct device *through;
	struct proof_view v = {
		.attach = &ac->view,
		.driver = e ? e->name : NULL,
		.what = e ? e->what : NULL,
		.not_run = e && e->not_run,
		.untranslated = is_untranslated(ac),
	};
	int r = 0, printed;

	if (ac->session.nr_devices > 1) {
		r = prove_several(ac, args, &v, reterr);
	} else if (e) {
		r = prove(ac, args, e, &v, reterr);
	} else {
		v.loopback = try_loopback(ac);
		v.because = "there is no DMA test driver for this device";
		(void)report_proof(&ac->session.report, d, &through);
		v.through = through ? through->name : NULL;
	}
	/* Without any claim there is nothing to print. */
	printed = r < 0 && !v.claims ? 0 : print(ac, args, &v, reterr);
	if (r < 0 || printed < 0)
		return r < 0 ? r : printed;
	return answer_status(ac, &v);
}

int prove_run(struct attached *ac, const void *args, struct failure **reterr)
{
	int r = attached_attach(ac, reterr);

	if (r >= 0 && attached_is_ready(ac))
		return run_attached(ac, args, reterr);
	if (r >= 0)
		r = print(ac, args, NULL, reterr);
	return r < 0 ? r : attached_status(ac);
}

static int run(struct app *app, void *data, struct failure **reterr)
{
	const struct prove_args *args = data;

	if (args->list)
		return list_provable(app, &args->acting.targets, args->acting.json, reterr);
	return attached_run(app, &args->acting, prove_run, reterr);
}

const struct command command_prove = {
	.name = "prove",
	.summary = "Make a device move data and show what it cannot reach",
	.operands = "TARGET...",
	.argp = &argp,
	.args_size = sizeof(struct prove_args),
	.run = run,
	.documents = (const struct field_table *const[]){ ATTACHED_DOCUMENT, &attach_device_fields,
							  &proof_fields, NULL },
};
