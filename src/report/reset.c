/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/reset.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/macro.h"
#include "uapi/op.h"
#include "report/prose.h"
#include "report/table.h"

enum { LABEL_WIDTH = 13 };

/* ---- what is hit ---- */

static void hit_address(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_text(ret, ((const struct reset_hit_row *)row)->address);
}

static void hit_group(const void *row, struct arena *a, struct value *ret)
{
	const struct reset_hit_row *h = row;

	(void)a;
	if (h->has_group)
		value_set_number(ret, h->group);
	else
		ret->kind = VALUE_NONE;
}

static void hit_devid(const void *row, struct arena *a, struct value *ret)
{
	const struct reset_hit_row *h = row;

	(void)a;
	if (h->has_devid)
		value_set_number(ret, h->devid);
	else
		ret->kind = VALUE_NONE;
}

static void hit_driver(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_text(ret, ((const struct reset_hit_row *)row)->driver);
}

static void hit_ours(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_bool(ret, ((const struct reset_hit_row *)row)->ours);
}

static void hit_because(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_text(ret, ((const struct reset_hit_row *)row)->because);
}

const struct field_table *reset_hit_fields(void)
{
	static const struct field fields[] = {
		{ "address", 0, 0, "name of the device", hit_address },
		{ "group", 0, 0, "its group; null where the kernel tells ids of iommufd",
		  hit_group },
		{ "devid", 0, 0, "its id in the iommufd; null without", hit_devid },
		{ "driver", 0, 0, "driver it is on; null: none", hit_driver },
		{ "ours", 0, 0, "it belongs to what was attached", hit_ours },
		{ "because", 0, 0, "why it stands in the way; null: it does not", hit_because },
	};
	static const struct field_table table = FIELD_TABLE("reset_hits", fields);

	return &table;
}

/* ---- a device ---- */

static void device_address(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_text(ret, ((const struct reset_device_row *)row)->address);
}

static void device_methods(const void *row, struct arena *a, struct value *ret)
{
	const struct reset_device_row *d = row;

	(void)a;
	if (d->has_methods)
		*ret = (struct value){ .kind = VALUE_TEXTS,
				       .texts = d->methods,
				       .nr = d->nr_methods };
}

static void device_function(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_bool(ret, ((const struct reset_device_row *)row)->function);
}

static void device_hot(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_bool(ret, ((const struct reset_device_row *)row)->hot);
}

static void device_hot_because(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_text(ret, ((const struct reset_device_row *)row)->hot_because);
}

static void device_hits(const void *row, struct arena *a, struct value *ret)
{
	const struct reset_device_row *d = row;

	value_set_rows(ret, reset_hit_fields(), a, d->hits, d->nr_hits, sizeof(*d->hits));
}

static void device_chosen(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_text(ret, ((const struct reset_device_row *)row)->chosen);
}

static void device_because(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_text(ret, ((const struct reset_device_row *)row)->because);
}

static void device_done(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_bool(ret, ((const struct reset_device_row *)row)->done);
}

static void device_op(const void *row, struct arena *a, struct value *ret)
{
	const struct reset_device_row *d = row;

	(void)a;
	value_set_text(ret, d->op == OP_NONE ? NULL : op_name(d->op));
}

static void device_predicted(const void *row, struct arena *a, struct value *ret)
{
	const struct reset_device_row *d = row;

	(void)a;
	value_set_text(ret, !d->predicted      ? NULL
			    : d->predicted_err ? errno_name(d->predicted_err)
					       : "ok");
}

static void device_actual(const void *row, struct arena *a, struct value *ret)
{
	const struct reset_device_row *d = row;

	(void)a;
	value_set_text(ret, !d->asked ? NULL : d->err ? errno_name(d->err) : "ok");
}

static void device_match(const void *row, struct arena *a, struct value *ret)
{
	const struct reset_device_row *d = row;

	(void)a;
	if (d->asked && d->predicted && (!d->err || reset_differs(d)))
		value_set_bool(ret, !reset_differs(d));
	else
		ret->kind = VALUE_NONE;
}

static void device_errno(const void *row, struct arena *a, struct value *ret)
{
	const struct reset_device_row *d = row;

	(void)a;
	value_set_text(ret, d->err ? errno_name(d->err) : NULL);
}

static void device_ns(const void *row, struct arena *a, struct value *ret)
{
	const struct reset_device_row *d = row;

	(void)a;
	if (d->done)
		value_set_number(ret, d->ns);
	else
		ret->kind = VALUE_NONE;
}

static void device_together(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_text(ret, ((const struct reset_device_row *)row)->together);
}

static void device_readable(const void *row, struct arena *a, struct value *ret)
{
	const struct reset_device_row *d = row;

	(void)a;
	if (d->verified)
		value_set_bool(ret, d->readable);
	else
		ret->kind = VALUE_NONE;
}

static void device_restored(const void *row, struct arena *a, struct value *ret)
{
	const struct reset_device_row *d = row;

	(void)a;
	if (d->verified)
		value_set_bool(ret, d->restored);
	else
		ret->kind = VALUE_NONE;
}

bool reset_differs(const struct reset_device_row *d)
{
	return d->asked && d->predicted && !d->predicted_err &&
	       (d->err == EINVAL || d->err == EPERM);
}

const struct field_table *reset_device_fields(void)
{
	static const struct field fields[] = {
		{ "address", 0, 0, "name of the device on its bus", device_address },
		{ "methods", 0, 0,
		  "how the kernel resets the function, from sysfs; null: it does not tell",
		  device_methods },
		{ "function", 0, 0, "VFIO can reset the function alone", device_function },
		{ "hot", 0, 0, "VFIO can reset its slot or bus: all of that is ours", device_hot },
		{ "hot_because", 0, 0, "why not; null: it can", device_hot_because },
		{ "hits", 0, 0, "devices that a hot reset hits", device_hits },
		{ "chosen", 0, 0, "device or hot; null: neither", device_chosen },
		{ "because", 0, 0, "why this, or why none", device_because },
		{ "op", 0, 0, "request for that; null: none is known", device_op },
		{ "predicted", 0, 0, "what becomes of it: ok or the errno; null: not certain",
		  device_predicted },
		{ "actual", 0, 0, "what the kernel did: ok or the errno; null: not asked",
		  device_actual },
		{ "match", 0, 0,
		  "they agree; null: not asked, or it failed for what no rule decides",
		  device_match },
		{ "done", 0, 0, "it was reset", device_done },
		{ "errno", 0, 0, "error of the reset", device_errno },
		{ "ns", 0, 0, "nanoseconds it took", device_ns },
		{ "together", 0, 0, "device whose hot reset hit this one as well",
		  device_together },
		{ "readable", 0, 0, "its configuration space answers afterwards", device_readable },
		{ "restored", 0, 0, "and its header is as before", device_restored },
	};
	static const struct field_table table = FIELD_TABLE("reset_devices", fields);

	return &table;
}

/* ---- for a person ---- */

static void column_id(const void *row, struct arena *a, struct value *ret)
{
	const struct reset_hit_row *h = row;

	if (h->has_group)
		value_set_text(ret, arena_printf(a, "group %" PRIu32, h->group));
	else if (h->has_devid)
		value_set_text(ret, arena_printf(a, "id %" PRIu32, h->devid));
	else
		ret->kind = VALUE_NONE;
}

static void column_ours(const void *row, struct arena *a, struct value *ret)
{
	const struct reset_hit_row *h = row;

	(void)a;
	value_set_text(ret, h->ours ? "ours" : "not ours");
	ret->style = h->ours ? STYLE_YES : STYLE_NO;
}

static int print_hits(const struct reset_device_row *d, const struct output *out,
		      struct failure **reterr)
{
	static const struct field fields[] = {
		{ "address", FIELD_COLUMN, 0, "", hit_address },
		{ "id", FIELD_COLUMN, 0, "", column_id },
		{ "driver", FIELD_COLUMN, 0, "", hit_driver },
		{ "owner", FIELD_COLUMN, 0, "", column_ours },
		{ "because", FIELD_COLUMN | FIELD_YIELDS, 0, "", hit_because },
	};
	static const struct field_table table_fields = FIELD_TABLE("reset_columns", fields);
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	struct table_row *rows = arena_array(a, d->nr_hits, sizeof(*rows));
	struct output headed = *out;
	struct columns columns;
	struct table table = {
		.fields = &table_fields,
		.columns = &columns,
		.rows = rows,
		.nr_rows = d->nr_hits,
		.indent = 4,
	};

	for (size_t i = 0; i < d->nr_hits; i++)
		rows[i].row = &d->hits[i];
	columns_all(&table_fields, a, &columns);
	columns.chosen = false;
	headed.headings = true;
	return table_print(&table, &headed, reterr);
}

static const char *methods_text(const struct reset_device_row *d, struct arena *a)
{
	const char *ret = NULL;

	for (size_t i = 0; i < d->nr_methods; i++)
		ret = ret ? arena_join(a, ret, ", ", d->methods[i], NULL) : d->methods[i];
	return ret ? ret : "none";
}

/* Why the slot or bus cannot be is said already, beside it. */
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
	prose_text(&p, STYLE_NAME, "%s%s%s", d->address, d->name ? " " : "",
		   d->name ? d->name : "");
	if (d->has_methods)
		prose_label(&body, "methods", STYLE_NONE, "%s", methods_text(d, a));
	prose_label(&body, "function", d->function ? STYLE_YES : STYLE_NO, "%s",
		    d->function ? "can be reset alone" : "cannot be reset alone");
	prose_label(&body, "slot or bus", d->hot ? STYLE_YES : STYLE_NO, "%s",
		    d->hot           ? "can be reset, all of it is ours"
		    : d->hot_because ? d->hot_because
				     : "not asked");
	if (d->nr_hits)
		r = print_hits(d, out, reterr);
	print_result(d, &body, dry_run);
	return r;
}
