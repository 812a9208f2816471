/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/reset.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/macro.h"
#include "base/strbuf.h"
#include "report/field-kinds.h"
#include "report/prose.h"
#include "report/table.h"

enum { LABEL_WIDTH = 13 };

/* ---- what is hit ---- */

static const struct field hit_rows[] = {
	{ "address", "name of the device", FIELD_TEXT(struct reset_hit_row, address) },
	{ "group", "its group; null where the kernel reports ids of iommufd",
	  FIELD_NUMBER(struct reset_hit_row, group), FIELD_IF(struct reset_hit_row, has_group) },
	{ "devid", "its id in the iommufd; null without", FIELD_NUMBER(struct reset_hit_row, devid),
	  FIELD_IF(struct reset_hit_row, has_devid) },
	{ "driver", "driver it is on; null: none", FIELD_TEXT(struct reset_hit_row, driver) },
	{ "ours", "it belongs to what was attached", FIELD_BOOL(struct reset_hit_row, ours) },
	{ "because", "why it prevents the reset; null: it does not",
	  FIELD_TEXT(struct reset_hit_row, because) },
};
static const struct field_table reset_hit_fields = FIELD_TABLE("reset_hits", hit_rows);

/* ---- a device ---- */

bool reset_differs(const struct reset_device_row *d)
{
	return d->asked && d->predicted && !d->predicted_err &&
	       (d->err == EINVAL || d->err == EPERM);
}

static void device_methods(const void *row, struct value *ret)
{
	const struct reset_device_row *d = row;

	value_set_texts(ret, d->methods, d->nr_methods);
}

/* "ok" or the errno. */
static void get_outcome(const void *at, struct value *ret)
{
	const int *err = at;

	value_set_text(ret, outcome_text(*err));
}

static void device_match(const void *row, struct value *ret)
{
	const struct reset_device_row *d = row;

	if (d->asked && d->predicted && (!d->err || reset_differs(d)))
		value_set_bool(ret, !reset_differs(d));
}

#define IF_VERIFIED FIELD_IF(struct reset_device_row, verified)

static const struct field device_rows[] = {
	{ "address", "name of the device on its bus",
	  FIELD_TEXT(struct reset_device_row, address) },
	{ "methods",
	  "how the kernel resets the function, from sysfs; null: it does not report them",
	  FIELD_GET(device_methods), FIELD_IF(struct reset_device_row, has_methods) },
	{ "function", "VFIO can reset the function alone",
	  FIELD_BOOL(struct reset_device_row, function) },
	{ "hot", "VFIO can reset its slot or bus: all of that is ours",
	  FIELD_BOOL(struct reset_device_row, hot) },
	{ "hot_because", "why not; null: it can",
	  FIELD_TEXT(struct reset_device_row, hot_because) },
	{ "hits", "devices that a hot reset hits",
	  FIELD_ROWS(struct reset_device_row, hits, reset_hit_fields) },
	{ "chosen", "device or hot; null: neither", FIELD_TEXT(struct reset_device_row, chosen) },
	{ "because", "why this, or why none", FIELD_TEXT(struct reset_device_row, because) },
	{ "op", "request for that; null: none is known", FIELD_OP(struct reset_device_row, op) },
	{ "predicted", "what becomes of it: ok or the errno; null: not certain",
	  FIELD_MEMBER(struct reset_device_row, predicted_err, int, get_outcome),
	  FIELD_IF(struct reset_device_row, predicted) },
	{ "actual", "what the kernel did: ok or the errno; null: not asked",
	  FIELD_MEMBER(struct reset_device_row, err, int, get_outcome),
	  FIELD_IF(struct reset_device_row, asked) },
	{ "match", "they agree; null: not asked, or it failed for what no rule decides",
	  FIELD_GET(device_match) },
	{ "done", "it was reset", FIELD_BOOL(struct reset_device_row, done) },
	{ "errno", "error of the reset", FIELD_ERRNO(struct reset_device_row, err) },
	{ "ns", "nanoseconds it took", FIELD_NUMBER(struct reset_device_row, ns),
	  FIELD_IF(struct reset_device_row, done) },
	{ "together", "device whose hot reset hit this one as well",
	  FIELD_TEXT(struct reset_device_row, together) },
	{ "readable", "its configuration space answers afterwards",
	  FIELD_BOOL(struct reset_device_row, readable), IF_VERIFIED },
	{ "restored", "and its header is as before", FIELD_BOOL(struct reset_device_row, restored),
	  IF_VERIFIED },
};
const struct field_table reset_device_fields = FIELD_TABLE("reset_devices", device_rows);

/* ---- for a person ---- */

static void column_id(const void *row, struct value *ret)
{
	const struct reset_hit_row *h = row;

	if (h->has_group)
		value_set_text(ret, arena_printf(ret->arena, "group %" PRIu32, h->group));
	else if (h->has_devid)
		value_set_text(ret, arena_printf(ret->arena, "id %" PRIu32, h->devid));
	else
		ret->kind = VALUE_NONE;
}

static void column_ours(const void *at, struct value *ret)
{
	bool ours = *(const bool *)at;

	value_set_text(ret, ours ? "ours" : "not ours");
	ret->style = ours ? STYLE_YES : STYLE_NO;
}

static int print_hits(const struct reset_device_row *d, const struct output *out, struct arena *a,
		      struct failure **reterr)
{
	static const struct field rows[] = {
		{ "address", NULL, FIELD_SAME(reset_hit_fields) },
		{ "id", "", FIELD_GET(column_id) },
		{ "driver", NULL, FIELD_SAME(reset_hit_fields) },
		{ "owner", "", FIELD_MEMBER(struct reset_hit_row, ours, bool, column_ours) },
		{ "because", NULL, FIELD_SAME(reset_hit_fields), .flags = FIELD_YIELDS },
	};
	static const struct field_table columns = FIELD_TABLE("reset_columns", rows);

	return table_print_rows(&columns, value_rows(a, d->hits, d->nr_hits, sizeof(*d->hits)),
				d->nr_hits, out, 4, reterr);
}

static const char *methods_text(const struct reset_device_row *d, struct arena *a)
{
	struct strbuf ret = { .arena = a };

	for (size_t i = 0; i < d->nr_methods; i++)
		strbuf_item(&ret, ", ", "%s", d->methods[i]);
	return ret.s ? ret.s : "none";
}

/* The reason why the slot or bus cannot be reset is shown beside it already. */
static void print_refusal(const struct reset_device_row *d, const struct prose *p)
{
	bool said = d->because && d->hot_because && !strcmp(d->because, d->hot_because);
	const char *why = !said         ? d->because
			  : d->function ? "the slot or bus cannot be"
					: "neither can be";

	prose_text(p, STYLE_NO, "Not reset: %s.", why);
	if (said && d->function)
		prose_label(p, "remedy", STYLE_REMEDY,
			    "leave --method out: the function alone can be reset");
	else if (said && d->predicted_err == ENODEV)
		prose_label(p, "remedy", STYLE_REMEDY,
			    "its own driver may know how to reset it: vfiotool unbind %s; else only a restart of the host does",
			    d->address);
	else if (!said && d->hot)
		prose_label(p, "remedy", STYLE_REMEDY, "--method hot resets its slot or bus");
}

static void print_result(const struct reset_device_row *d, const struct prose *p, bool dry_run)
{
	if (d->together) {
		prose_text(p, STYLE_YES, "Reset together with %s.", d->together);
	} else if (!d->chosen) {
		print_refusal(d, p);
		return;
	} else if (dry_run) {
		prose_text(p, STYLE_YES, "Would be reset: %s.", d->because);
		return;
	} else if (d->err) {
		prose_text(p, STYLE_NO, "Not done, %s: %s.", errno_name(d->err), d->because);
	} else {
		prose_text(p, STYLE_YES, "Reset in %" PRIu64 " ms: %s.", d->ns / 1000000,
			   d->because);
	}
	if (reset_differs(d))
		prose_text(p, STYLE_NO,
			   "%s was predicted to succeed: this is a fault of the tool. Please record the host with 'vfiotool capture FILE' and report it with these lines.",
			   op_name(d->op));
	if (!d->verified)
		return;
	if (d->readable && d->restored)
		prose_text(p, STYLE_YES,
			   "It answers, and its header is as before (COMMAND 0x%04" PRIx32 ").",
			   d->command_after);
	else if (d->readable)
		prose_text(p, STYLE_NO,
			   "It answers, but its header is not as before: COMMAND was 0x%04" PRIx32
			   " and is 0x%04" PRIx32 ".",
			   d->command_before, d->command_after);
	else
		prose_text(p, STYLE_NO,
			   "It does not answer any more (%s): 'vfiotool list' shows whether it is still there.",
			   d->read_err ? errno_name(d->read_err) : "all ones");
}

int reset_print(const struct reset_device_row *d, bool dry_run, const struct output *out,
		struct failure **reterr)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	struct prose p = { .out = out };
	struct prose body = prose_indented(&p, 2);
	int r = 0;

	body.label_width = LABEL_WIDTH;
	prose_device(&p, d->address, d->name);
	if (d->has_methods)
		prose_label(&body, "methods", STYLE_NONE, "%s", methods_text(d, a));
	prose_label(&body, "function", d->function ? STYLE_YES : STYLE_NO, "%s",
		    d->function ? "can be reset alone" : "cannot be reset alone");
	prose_label(&body, "slot or bus", d->hot ? STYLE_YES : STYLE_NO, "%s",
		    d->hot           ? "can be reset, all of it is ours"
		    : d->hot_because ? d->hot_because
				     : "not asked");
	if (d->nr_hits)
		r = print_hits(d, out, a, reterr);
	print_result(d, &body, dry_run);
	return r;
}
