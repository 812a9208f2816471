/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/diff.h"

#include <string.h>

#include "base/macro.h"
#include "base/strbuf.h"
#include "report/prose.h"

/* ---- fields ---- */

static void get_kind(const void *row, struct value *ret)
{
	const struct change *c = row;

	value_set_text(ret, change_name(c->kind));
}

static const struct field change_rows[] = {
	{ "kind", "of the change, the most important first", FIELD_GET(get_kind) },
	{ "subject", "device, group, module or the like, as the second side has it",
	  FIELD_TEXT(struct change, subject) },
	{ "what", "of the subject; null: the subject itself", FIELD_TEXT(struct change, what) },
	{ "before", "null: there was none", FIELD_TEXT(struct change, before) },
	{ "after", "null: there is none", FIELD_TEXT(struct change, after) },
	{ "because", "of a verdict or a notice", FIELD_TEXT(struct change, because) },
	{ "past", "because is about the first side", FIELD_BOOL(struct change, past) },
};
static const struct field_table change_fields = FIELD_TABLE("changes", change_rows);

static const struct field host_rows[] = {
	{ "source", "path of the capture or folder; / is this host",
	  FIELD_TEXT(struct diff_host_row, source) },
	{ "release", "of its kernel", FIELD_TEXT(struct diff_host_row, release) },
	{ "devices", "that VFIO could serve", FIELD_NUMBER(struct diff_host_row, nr_devices) },
};
static const struct field_table host_fields = FIELD_TABLE("diff_hosts", host_rows);

static const struct field rows[] = {
	{ "a", "the first side", FIELD_PART(struct diff_report, a, host_fields) },
	{ "b", "the second side", FIELD_PART(struct diff_report, b, host_fields) },
	{ "changes", "what differs", FIELD_ROWS(struct diff_report, changes, change_fields) },
	{ "uncompared", "facts that only one side has",
	  FIELD_NUMBER(struct diff_report, nr_uncompared) },
};
const struct field_table diff_fields = FIELD_TABLE("diff", rows);

/* ---- text ---- */

static void print_host(const struct prose *p, const char *label, const struct diff_host_row *h)
{
	prose_label(p, label, STYLE_NONE, "%s: Linux %s, %u device%s",
		    strcmp(h->source, "/") ? h->source : "this host", h->release ? h->release : "?",
		    h->nr_devices, h->nr_devices == 1 ? "" : "s");
}

static enum style style_of(const struct change *c)
{
	if (c->kind != CHANGE_VERDICT)
		return STYLE_NONE;
	return !strcmp(c->after, "yes") ? STYLE_YES : c->rank <= 1 ? STYLE_NO : STYLE_UNKNOWN;
}

static void print_change(const struct prose *p, const struct change *c, bool same)
{
	prose_label(p, same ? "" : c->subject, style_of(c), "%s%s%s -> %s", c->what ? c->what : "",
		    c->what ? ": " : "", c->before ? c->before : "none",
		    c->after ? c->after : "none");
	if (c->because)
		prose_label(p, "", STYLE_DIM, "%s%s", c->past ? "before: " : "", c->because);
}

/* Columns of the longest subject of @kind, and two more. */
static size_t width_of(const struct diff_report *r, enum change_kind kind)
{
	enum { WIDTH_MAX = 40, GAP = 2 };
	size_t ret = 0;

	for (size_t i = 0; i < r->nr_changes; i++) {
		const size_t len = strlen(r->changes[i].subject);

		if (r->changes[i].kind == kind && len > ret)
			ret = len;
	}
	return (ret < WIDTH_MAX ? ret : WIDTH_MAX) + GAP;
}

/* Those behind @c, up to @end, that changed alike. */
static size_t nr_alike(const struct change *c, const struct change *end)
{
	size_t ret = 0;

	while (c + ret + 1 < end && change_is_alike(c, c + ret + 1))
		ret++;
	return ret;
}

static void print_alike(const struct prose *p, const struct change *others, size_t nr)
{
	enum { SHOWN = 8 };
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	struct strbuf names = { .arena = a };

	for (size_t i = 0; i < nr && i < SHOWN; i++)
		strbuf_item(&names, ", ", "%s", others[i].subject);
	if (nr > SHOWN)
		strbuf_printf(&names, " and %zu more", nr - SHOWN);
	if (nr)
		prose_label(p, "", STYLE_NONE, "likewise %s", strbuf_get(&names));
}

void diff_print(const struct diff_report *r, const struct output *out)
{
	const struct prose title = { .out = out }, head = { .out = out, .label_width = 8 };
	const struct change *before = NULL;
	struct prose p = { .out = out, .indent = 2 };
	size_t alike;

	print_host(&head, "from", &r->a);
	print_host(&head, "to", &r->b);
	for (size_t i = 0; i < r->nr_changes; i++) {
		const struct change *c = &r->changes[i];

		if (!before || before->kind != c->kind) {
			prose_blank(&title);
			prose_text(&title, STYLE_HEADING, "%s", change_title(c->kind));
			p.label_width = width_of(r, c->kind);
			before = NULL;
		}
		print_change(&p, c, before && !strcmp(before->subject, c->subject));
		alike = nr_alike(c, r->changes + r->nr_changes);
		print_alike(&p, c + 1, alike);
		i += alike;
		before = c;
	}
	prose_blank(&title);
	if (!r->nr_changes)
		prose_text(&title, STYLE_YES, "No difference.");
	if (r->nr_uncompared)
		prose_text(&title, STYLE_DIM, "%u fact%s known on one side only and not compared.",
			   r->nr_uncompared, r->nr_uncompared == 1 ? " is" : "s are");
}
