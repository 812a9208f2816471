/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All the way from a hostile capture to the reports: snapshot, generation, predictions, the lines of list, the text
 * and the JSON of inspect, plans. Answers hold together, and JSON is JSON. */
#include <string.h>

#include "model/generation.h"
#include "model/plan.h"
#include "report/inspect-text.h"
#include "report/inspect.h"
#include "report/json.h"
#include "report/prediction-fields.h"
#include "report/table.h"
#include "fuzz-sysroot.h"

/* What takes longest is done for the first few. */
enum { DEVICES_MAX = 24 };

static void check_path(const struct path_prediction *p)
{
	must((p->answer == ANSWER_YES) == (p->because == NULL));
	must(p->answer == ANSWER_YES || (p->why && p->remedy && *p->because));
	must(p->answer == ANSWER_NO || (p->op == OP_NONE && !p->err));
	for (size_t i = 0; i < p->nr_steps; i++)
		must(p->steps[i].answer == ANSWER_NO || !p->steps[i].err);
}

static void check_verdict(const struct report *r, const struct inspection *i, enum view view)
{
	const struct path_prediction *whole = &i->running.paths[view][i->running.best[view]];
	const struct verdict_ask ask = { .host = r->host,
					 .assumptions = r->assumptions,
					 .kernels = &r->kernels,
					 .view = view,
					 .scratch = r->scratch };
	struct verdict brief;

	predict_verdict(&ask, i->row.device, &brief);
	must(brief.answer == whole->answer && brief.op == whole->op && brief.err == whole->err);
}

static void inspect(struct report *r, struct arena *a, struct inspection *each, size_t nr)
{
	struct output out = { .format = FORMAT_TABLE, .headings = true, .width = 80 };
	struct inspect_text text = { .out = &out, .report = r, .verbose = true };
	struct json_doc doc;
	char *buffer = NULL;
	size_t len = 0;

	out.stream = open_memstream(&buffer, &len);
	must(out.stream != NULL);
	json_doc_begin(&doc, out.stream);
	json_doc_member(&doc, "kernel", json_from_row(&kernel_fields, NULL, r, a));
	json_doc_array_begin(&doc, "devices");
	for (size_t i = 0; i < nr; i++)
		json_doc_element(&doc, json_from_row(&inspection_fields, NULL, &each[i], a));
	json_doc_array_end(&doc);
	json_doc_end(&doc);
	fflush(out.stream);
	must(fuzz_is_json(buffer, len));
	rewind(out.stream);
	inspect_text_kernel(&text);
	for (size_t i = 0; i < nr; i++) {
		must(!inspect_text_device(&text, &each[i], NULL));
		must(!inspect_text_generations(&text, &each[i], 2, NULL));
	}
	fclose(out.stream);
	/* Nothing that a terminal would act on. */
	for (size_t i = 0; i < len; i++)
		must((unsigned char)buffer[i] >= 0x20 || buffer[i] == '\n');
	free(buffer);
}

static void list(struct arena *a, struct inspection *each, size_t nr)
{
	struct table_row *rows = arena_array(a, nr, sizeof(*rows));
	struct columns columns;
	struct table table = {
		.fields = &device_fields, .columns = &columns, .rows = rows, .nr_rows = nr
	};
	char *buffer = NULL;
	size_t len = 0;

	columns_all(&device_fields, a, &columns);
	for (size_t i = 0; i < nr; i++) {
		device_row_decide(&each[i].row, columns_needs(&columns));
		rows[i] = (struct table_row){ &each[i].row, 0 };
	}
	for (unsigned int f = FORMAT_TABLE; f <= FORMAT_PAIRS; f++) {
		struct output out = { .format = (enum output_format)f, .headings = true };

		out.stream = open_memstream(&buffer, &len);
		must(out.stream && !table_print(&table, &out, NULL));
		fclose(out.stream);
		for (size_t i = 0; i < len; i++)
			must((unsigned char)buffer[i] >= 0x20 || buffer[i] == '\n');
		free(buffer);
	}
}

/* Of every device some use is unknown, and every third is in use. */
static const struct plan_use *ask_use(void *ctx, const struct device *dev, struct arena *a,
				      size_t *ret_nr)
{
	const struct host *h = ctx;
	struct plan_use *ret = arena_new_object(a, struct plan_use);
	size_t i = 0;

	while (i < h->nr_devices && h->devices[i] != dev)
		i++;
	*ret_nr = 1;
	*ret = (struct plan_use){ .check = "disk",
				  .device = dev,
				  .answer = i % 3 ? ANSWER_UNKNOWN : ANSWER_YES,
				  .chain = "/" };
	return ret;
}

static void check_plan(const struct host *h, const struct plan *p)
{
	must(p->predictions <= PLAN_PREDICTIONS_MAX);
	must((p->answer == ANSWER_YES) == (p->because == NULL));
	must(p->answer != ANSWER_NO || !p->nr_steps);
	for (size_t i = 0; i < p->nr_steps; i++) {
		const struct action *action = p->steps[i].action;

		must(*action->what && (!action->insecure || p->insecure));
		for (size_t k = 0; k < action->nr_moves; k++) {
			size_t at = 0;

			while (at < h->nr_devices && h->devices[at] != action->moves[k])
				at++;
			must(at % 3 || action->moves[k]->physfn);
		}
	}
	for (size_t i = 1; i < p->nr_alternatives; i++)
		must(!p->alternatives[i - 1]->insecure || p->alternatives[i]->insecure);
}

/* Plans of the first few, each alone and all together: bounded, the same again, and nothing in use moves. */
static void plan_host(const struct host *h, const struct kernels *kernels, size_t nr)
{
	struct arena *a = arena_new();
	struct plan_request q = {
		.host = h, .kernels = kernels, .ask_use = ask_use, .ctx = (void *)(uintptr_t)h
	};
	struct plans plans, again;

	for (size_t i = 0; i <= nr; i++) {
		q.devices = (const struct device *const *)h->devices + (i < nr ? i : 0);
		q.nr_devices = i < nr ? 1 : nr;
		q.path_asked = i % 2;
		q.path = (enum path_kind)(i % NR_PATHS);
		plan_make(&q, a, &plans);
		plan_make(&q, a, &again);
		must(plans.nr == again.nr);
		for (size_t k = 0; k < plans.nr; k++) {
			const char *one = plan_text(&plans.items[k], a);
			const char *two = plan_text(&again.items[k], a);

			must(!one == !two && (!one || !strcmp(one, two)));
			check_plan(h, &plans.items[k]);
		}
	}
	arena_free(a);
}

static void report_host(const struct host *h)
{
	struct arena *a = arena_new(), *scratch = arena_new();
	struct assumptions none = { 0 };
	struct report r = { .arena = a, .scratch = scratch, .host = h, .assumptions = &none };
	size_t nr = h->nr_devices < DEVICES_MAX ? h->nr_devices : DEVICES_MAX;
	struct inspection *each = arena_array(a, nr, sizeof(*each));

	generation_find(h, a, &r.kernel);
	must(r.kernel.kernels.releases != 0 && !(r.kernel.kernels.releases & ~RELEASES_ALL));
	r.kernels = r.kernel.kernels;
	for (size_t i = 0; i < nr; i++) {
		inspection_make(&r, h->devices[i], true, 0, a, &each[i]);
		for (unsigned int v = 0; v < NR_VIEWS; v++) {
			for (unsigned int k = 0; k < NR_PATHS; k++)
				check_path(&each[i].running.paths[v][k]);
			check_verdict(&r, &each[i], (enum view)v);
		}
	}
	inspect(&r, a, each, nr);
	list(a, each, nr);
	plan_host(h, &r.kernels, nr);
	arena_free(scratch);
	arena_free(a);
}

static void load(struct sysroot *root)
{
	static const struct scope scope = { HOST_ALL | HOST_NOTICES, DEVICE_ALL | DEVICE_NOTICES,
					    DEVICE_ALL };
	struct host *h = NULL;

	if (!host_load(root, &scope, NULL, 0, &h, NULL))
		report_host(h);
	host_free(h);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	fuzz_sysroot(data, len, load);
	return 0;
}
