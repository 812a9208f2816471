/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which devices of two snapshots are the same, and what changed about each. */
#include "model/diff.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "base/parse.h"
#include "base/strbuf.h"
#include "base/strmap.h"
#include "model/diff-internal.h"
#include "model/notice.h"

static const struct {
	const char *name, *title;
} kinds[] = {
#define X(id, name, title) [CHANGE_##id] = { #name, title },
	CHANGE_LIST(X)
#undef X
};

const char *change_name(enum change_kind kind)
{
	return kinds[kind].name;
}

const char *change_title(enum change_kind kind)
{
	return kinds[kind].title;
}

enum change_kind change_find(const char *name)
{
	unsigned int k = 0;

	while (k < NR_CHANGE_KINDS && strcmp(kinds[k].name, name))
		k++;
	return (enum change_kind)k;
}

struct change *diff_add(struct differ *x, enum change_kind kind, const char *subject,
			const char *what, const char *before, const char *after)
{
	struct diff *d = x->ret;
	struct change *c;

	d->items = arena_grow(x->arena, d->items, d->nr, sizeof(*c));
	c = &d->items[d->nr];
	*c = (struct change){ .kind = kind,
			      .subject = subject,
			      .what = what,
			      .before = before,
			      .after = after,
			      .order = d->nr++ };
	return c;
}

/* The lines of @f that @other does not have, or the whole of a fact that is one line; NULL when there is none. */
static const char *own_lines(const struct fact *f, const struct fact *other, struct arena *a)
{
	struct span rest = { f->raw, f->len }, others = { other->raw, other->len }, line;
	struct strmap known = { .arena = a };
	struct strbuf out = { .arena = a };

	if (!fact_is(f))
		return NULL;
	if (!memchr(f->raw, '\n', f->len) &&
	    !(fact_is(other) && memchr(other->raw, '\n', other->len)))
		return f->raw;
	while (fact_is(other) && parse_line(&others, &line))
		if (!strmap_find_span(&known, line))
			strmap_add(&known, arena_strndup(a, line.s, line.len), &known);
	while (parse_line(&rest, &line))
		if (!strmap_find_span(&known, line))
			strbuf_item(&out, ", ", "%.*s", (int)line.len, line.s);
	return out.len ? strbuf_get(&out) : NULL;
}

uint64_t diff_checksum(const char *s, size_t len)
{
	uint64_t sum = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < len; i++)
		sum = (sum ^ (unsigned char)s[i]) * UINT64_C(0x100000001b3);
	return sum;
}

const char *diff_short(struct differ *x, const char *s, size_t len)
{
	enum { SHOWN = 120 };
	char *ret;

	if (len <= SHOWN && !memchr(s, '\n', len) && !memchr(s, '\0', len))
		return s[len] ? arena_strndup(x->arena, s, len) : s;
	ret = arena_printf(x->arena, "%.*s ... (%zu bytes, checksum %016" PRIx64 ")",
			   (int)(len < SHOWN ? len : SHOWN), s, len, diff_checksum(s, len));
	for (char *p = ret; *p; p++)
		if (*p == '\n')
			*p = ' ';
	return ret;
}

void diff_value(struct differ *x, enum change_kind kind, const char *subject, const char *what,
		const char *text, const struct fact *from)
{
	diff_add(x, kind, subject, what, text, text)->fact = from;
}

void diff_fact(struct differ *x, enum change_kind kind, const char *subject, const char *what,
	       const struct fact *a, const struct fact *b)
{
	if (!fact_known(a) || !fact_known(b)) {
		x->ret->nr_uncompared += fact_known(a) || fact_known(b);
		return;
	}
	if (x->whole) {
		diff_value(x, kind, subject, what,
			   fact_is(a) ? diff_short(x, a->raw, a->len) : NULL, a);
		return;
	}
	if (a->state == b->state &&
	    (!fact_is(a) || (a->len == b->len && !memcmp(a->raw, b->raw, a->len))))
		return;
	diff_add(x, kind, subject, what, own_lines(a, b, x->arena), own_lines(b, a, x->arena));
}

void diff_known(struct differ *x, enum change_kind kind, const char *subject, const char *what,
		unsigned int a, unsigned int b, const char *const *names)
{
	if (!a || !b)
		x->ret->nr_uncompared += a != b;
	else if (x->whole || a != b)
		diff_add(x, kind, subject, what, names[a], names[b]);
}

/* ---- which devices are the same ---- */

/* A device of the second side, until one of the first is the same. */
struct seat {
	const struct device *device;
	bool taken;
};

/* Those of one identity, in the order of the host. */
struct queue {
	struct seat **seats;
	size_t nr, next;
};

/* What a device is, wherever it is; NULL where only its address says so. */
static const char *identity(const struct device *d, struct arena *a)
{
	return d->has_ids ? arena_printf(a, "%s %04x:%04x:%04x:%04x:%06x", d->bus_name, d->vendor,
					 d->device_id, d->subvendor, d->subdevice, d->class_code)
			  : NULL;
}

static const char *place(const struct device *d, struct arena *a)
{
	return arena_join(a, d->bus_name, " ", d->name, NULL);
}

static bool may_be_same(const struct device *a, const struct device *b, struct arena *arena)
{
	if (!a->has_ids || !b->has_ids)
		return true;
	if (a->lacks_subsystem || b->lacks_subsystem)
		return a->vendor == b->vendor && a->device_id == b->device_id;
	return !strcmp(identity(a, arena), identity(b, arena));
}

static struct seat *seats_make(const struct host *h, struct arena *a, struct strmap *by_place)
{
	struct seat *seats = arena_array(a, h->nr_devices, sizeof(*seats));

	for (size_t i = 0; i < h->nr_devices; i++) {
		seats[i].device = h->devices[i];
		strmap_add(by_place, place(h->devices[i], a), &seats[i]);
	}
	return seats;
}

static void match_places(struct differ *x, const struct strmap *by_place)
{
	for (size_t i = 0; i < x->nr; i++) {
		struct device_pair *p = &x->pairs[i];
		struct seat *seat = strmap_find(by_place, place(p->a, x->arena));

		if (!seat || !may_be_same(p->a, seat->device, x->arena))
			continue;
		p->b = seat->device;
		seat->taken = true;
	}
}

static struct strmap queues_make(struct differ *x, struct seat *seats)
{
	struct strmap ret = { .arena = x->arena };

	for (size_t i = 0; i < x->b->host->nr_devices; i++) {
		const char *id = seats[i].taken ? NULL : identity(seats[i].device, x->arena);
		struct queue *q = id ? strmap_find(&ret, id) : NULL;

		if (!id)
			continue;
		if (!q) {
			q = arena_new_object(x->arena, struct queue);
			strmap_add(&ret, id, q);
		}
		q->seats = arena_grow(x->arena, q->seats, q->nr, sizeof(*q->seats));
		q->seats[q->nr++] = &seats[i];
	}
	return ret;
}

/* What is left is a device that moved, if the other side has one of its kind left. */
static void match_moved(struct differ *x, struct seat *seats)
{
	const struct strmap queues = queues_make(x, seats);

	for (size_t i = 0; i < x->nr; i++) {
		struct device_pair *p = &x->pairs[i];
		const char *id = p->b ? NULL : identity(p->a, x->arena);
		struct queue *q = id ? strmap_find(&queues, id) : NULL;

		if (!q || q->next == q->nr)
			continue;
		p->b = q->seats[q->next]->device;
		q->seats[q->next++]->taken = true;
	}
}

static void match(struct differ *x)
{
	const struct host *a = x->a->host, *b = x->b->host;
	struct strmap by_place = { .arena = x->arena };
	struct seat *seats = seats_make(b, x->arena, &by_place);

	x->nr = a->nr_devices;
	x->pairs = arena_array(x->arena, x->nr, sizeof(*x->pairs));
	for (size_t i = 0; i < x->nr; i++)
		x->pairs[i].a = a->devices[i];
	match_places(x, &by_place);
	match_moved(x, seats);
	x->added = arena_array(x->arena, b->nr_devices, sizeof(*x->added));
	for (size_t i = 0; i < b->nr_devices; i++)
		if (!seats[i].taken)
			x->added[x->nr_added++] = seats[i].device;
}

/* ---- what changed about a device ---- */

static const char *verdict_text(const struct verdict *v, struct arena *a)
{
	if (v->answer != ANSWER_NO)
		return answer_name(v->answer);
	if (v->err)
		return arena_printf(a, "no, %s %s", op_name(v->op), errno_name(v->err));
	return arena_printf(a, "no, %s", op_name(v->op));
}

/* Losing a device is worse than getting one. */
static unsigned int verdict_rank(enum answer a, enum answer b)
{
	if (a == ANSWER_YES)
		return b == ANSWER_NO ? 0 : 1;
	if (b == ANSWER_YES)
		return 4;
	return a == ANSWER_UNKNOWN && b == ANSWER_NO ? 2 : 3;
}

static void ask(const struct diff_side *s, const struct device *d, enum view view,
		struct arena *texts, struct verdict *ret)
{
	const struct verdict_ask q = { .host = s->host,
				       .assumptions = s->assumptions,
				       .kernels = &s->kernel->kernels,
				       .view = view,
				       .memo = s->memo,
				       .texts = texts,
				       .scratch = s->scratch };

	predict_verdict(&q, d, ret);
}

static const char *view_name(enum view view)
{
	return view == VIEW_NOW ? DIFF_NOW : DIFF_AFTER;
}

/* Sentences only where something changed. */
static void diff_verdict(struct differ *x, const struct device_pair *p, enum view view)
{
	struct verdict a, b;
	struct change *c;

	ask(x->a, p->a, view, NULL, &a);
	if (x->whole) {
		const char *text = verdict_text(&a, x->arena);

		diff_value(x, CHANGE_VERDICT, p->a->name, view_name(view),
			   a.rule ? arena_join(x->arena, text, " (", a.rule->id, ")", NULL) : text,
			   NULL);
		return;
	}
	ask(x->b, p->b, view, NULL, &b);
	if (a.answer == b.answer && a.op == b.op && a.err == b.err)
		return;
	ask(x->a, p->a, view, x->arena, &a);
	ask(x->b, p->b, view, x->arena, &b);
	c = diff_add(x, CHANGE_VERDICT, p->b->name, view_name(view), verdict_text(&a, x->arena),
		     verdict_text(&b, x->arena));
	c->because = b.because ? b.because : a.because;
	c->past = !b.because;
	c->rank = verdict_rank(a.answer, b.answer);
}

static const struct notice *notice_of(const struct notices *n, const struct notice_row *row)
{
	for (size_t i = 0; i < n->nr; i++)
		if (n->items[i].row == row)
			return &n->items[i];
	return NULL;
}

static void diff_notices(struct differ *x, const struct device_pair *p)
{
	const struct notice_row *row;
	struct notices a, b;

	notices_find(x->a->host, x->a->assumptions, &x->a->kernel->kernels, p->a, x->arena, &a);
	notices_find(x->b->host, x->b->assumptions, &x->b->kernel->kernels, p->b, x->arena, &b);
	for (size_t i = 0; (row = notice_get(i)); i++) {
		const struct notice *na = notice_of(&a, row), *nb = notice_of(&b, row);
		struct change *c;

		if (!na == !nb)
			continue;
		c = diff_add(x, CHANGE_NOTICE, p->b->name, row->id, na ? row->title : NULL,
			     nb ? row->title : NULL);
		c->because = nb ? nb->consequence : na->consequence;
		c->past = !nb;
		c->rank = !nb;
	}
}

/* Wherever it is. */
static const char *what_it_is(const struct device *d, struct arena *a)
{
	return d->has_ids ? arena_printf(a, "%04x:%04x", d->vendor, d->device_id) : d->bus_name;
}

static void diff_device(struct differ *x, const struct device_pair *p)
{
	const struct device *a = p->a, *b = p->b;
	const char *name = b->name;

	if (x->whole)
		diff_value(x, CHANGE_DEVICE, name, NULL, what_it_is(a, x->arena), NULL);
	if (strcmp(a->name, b->name) != 0)
		diff_add(x, CHANGE_DEVICE, name, "address", a->name, b->name);
	diff_fact(x, CHANGE_DRIVER, name, "driver", &a->driver_fact, &b->driver_fact);
	diff_fact(x, CHANGE_DRIVER, name, "driver_override", &a->driver_override,
		  &b->driver_override);
	diff_fact(x, CHANGE_DEVICE, name, "sriov_numvfs", &a->sriov_numvfs, &b->sriov_numvfs);
	diff_fact(x, CHANGE_DEVICE, name, "reset_method", &a->reset_method, &b->reset_method);
	diff_fact(x, CHANGE_DEVICE, name, "numa_node", &a->numa_node, &b->numa_node);
	if (a->group && b->group)
		diff_fact(x, CHANGE_GROUP, name, "default domain", &a->group->type,
			  &b->group->type);
	if (device_is_never_given(b))
		return;
	diff_verdict(x, p, VIEW_NOW);
	diff_verdict(x, p, VIEW_IF_BOUND);
	if (!x->whole)
		diff_notices(x, p);
}

/* A device that came or went: "8086:1521, driver igb, group 12". */
static const char *kind_of(const struct device *d, struct arena *a)
{
	struct strbuf out = { .arena = a };

	if (d->has_ids)
		strbuf_item(&out, ", ", "%04x:%04x", d->vendor, d->device_id);
	if (d->driver)
		strbuf_item(&out, ", ", "driver %s", d->driver);
	if (d->group)
		strbuf_item(&out, ", ", "group %u", d->group->id);
	return out.len ? strbuf_get(&out) : "there";
}

static int compare_texts(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) : !a - !b;
}

/* Verdicts and notices that say the same stand together. */
static int compare_alike(const struct change *a, const struct change *b)
{
	int r = compare_texts(a->what, b->what);

	if (!r)
		r = compare_texts(a->before, b->before);
	return r ? r : compare_texts(a->after, b->after);
}

bool change_is_alike(const struct change *a, const struct change *b)
{
	return a->kind == b->kind && (a->kind == CHANGE_VERDICT || a->kind == CHANGE_NOTICE) &&
	       !compare_alike(a, b);
}

static int compare(const void *left, const void *right)
{
	const struct change *a = left, *b = right;
	int r;

	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	r = a->kind == CHANGE_VERDICT || a->kind == CHANGE_NOTICE ? compare_alike(a, b) : 0;
	return r ? r : a->order < b->order ? -1 : a->order > b->order;
}

void diff_make(const struct diff_side *a, const struct diff_side *b, struct arena *arena,
	       struct diff *ret)
{
	struct differ x = { .a = a, .b = b, .arena = arena, .ret = ret };

	*ret = (struct diff){ 0 };
	match(&x);
	for (size_t i = 0; i < x.nr; i++) {
		const struct device_pair *p = &x.pairs[i];

		if (p->b)
			diff_device(&x, p);
		else
			diff_add(&x, CHANGE_DEVICE, p->a->name, NULL, kind_of(p->a, arena), NULL);
	}
	for (size_t i = 0; i < x.nr_added; i++)
		diff_add(&x, CHANGE_DEVICE, x.added[i]->name, NULL, NULL,
			 kind_of(x.added[i], arena));
	diff_groups(&x);
	diff_host(&x);
	if (ret->nr)
		qsort(ret->items, ret->nr, sizeof(*ret->items), compare);
}

void diff_survey(const struct diff_side *s, struct arena *arena, struct diff *ret)
{
	struct differ x = { .a = s, .b = s, .whole = true, .arena = arena, .ret = ret };

	*ret = (struct diff){ 0 };
	for (size_t i = 0; i < s->host->nr_devices; i++)
		diff_device(&x, &(struct device_pair){ s->host->devices[i], s->host->devices[i] });
	diff_members(&x);
	diff_host(&x);
}
