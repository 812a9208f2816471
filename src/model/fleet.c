/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/fleet-internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"

struct fleet *fleet_new(struct arena *a, size_t nr)
{
	struct fleet *f = arena_new_object(a, struct fleet);

	*f = (struct fleet){ .arena = a,
			     .texts.arena = a,
			     .by_name.arena = a,
			     .hosts = arena_array(a, nr, sizeof(*f->hosts)),
			     .nr_hosts = nr };
	return f;
}

/* ---- what a host says ---- */

static void write_text(struct strbuf *out, const char *text)
{
	strbuf_add(out, text ? "+" : "-", 1);
	strbuf_add(out, text ? text : "", (text ? strlen(text) : 0) + 1);
}

void fleet_write(const struct diff *survey, struct strbuf *ret)
{
	for (size_t i = 0; i < survey->nr; i++) {
		const struct change *c = &survey->items[i];
		const char kind = (char)('A' + c->kind);

		strbuf_add(ret, &kind, 1);
		write_text(ret, c->subject);
		write_text(ret, c->what);
		write_text(ret, c->after);
	}
}

/* One text: false when there is none left that is whole. */
static bool read_text(struct span *rest, const char **ret)
{
	const char *end = rest->len > 1 ? memchr(rest->s + 1, '\0', rest->len - 1) : NULL;

	if (!end || (*rest->s != '+' && (*rest->s != '-' || end != rest->s + 1)))
		return false;
	*ret = *rest->s == '+' ? rest->s + 1 : NULL;
	rest->len -= (size_t)(end + 1 - rest->s);
	rest->s = end + 1;
	return true;
}

bool fleet_read(struct span *rest, struct fleet_fact *ret)
{
	const unsigned int kind = (unsigned char)*rest->s - 'A';

	*ret = (struct fleet_fact){ .kind = (enum change_kind)kind };
	rest->s++;
	rest->len--;
	return kind < NR_CHANGE_KINDS && read_text(rest, &ret->subject) && ret->subject &&
	       read_text(rest, &ret->what) && (ret->what || kind != CHANGE_VERDICT) &&
	       read_text(rest, &ret->here);
}

/* The one address of @text. */
static const char *intern(struct fleet *f, const char *text)
{
	char *ret = text ? strmap_find(&f->texts, text) : NULL;

	if (ret || !text)
		return ret;
	ret = arena_strdup(f->arena, text);
	strmap_add(&f->texts, ret, ret);
	return ret;
}

static struct key *key_of(struct fleet *f, enum change_kind kind, const char *subject,
			  const char *what);

/* What a host has or has not: devices and IOMMUs; options, where their list could be read. */
static void find_list(struct fleet *f, struct key *k)
{
	if (!k->what)
		k->may_lack = k->kind == CHANGE_DEVICE || k->kind == CHANGE_IOMMU;
	else if (k->kind == CHANGE_KERNEL)
		k->list = key_of(f, k->kind, k->subject, NULL);
	k->may_lack |= k->list != NULL;
}

/* "3 release", "2 0000:01:00.0\ndriver": in @a. */
static const char *key_name(struct arena *a, enum change_kind kind, const char *subject,
			    const char *what)
{
	return arena_join(a, arena_decimal(a, kind), " ", subject, what ? "\n" : "",
			  what ? what : "", NULL);
}

struct key *fleet_find_key(const struct fleet *f, enum change_kind kind, const char *subject,
			   const char *what)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();

	return strmap_find(&f->by_name, key_name(a, kind, subject, what));
}

static struct key *key_of(struct fleet *f, enum change_kind kind, const char *subject,
			  const char *what)
{
	struct key *k;

	arena_reset(f->scratch);
	k = strmap_find(&f->by_name, key_name(f->scratch, kind, subject, what));
	if (k)
		return k;
	k = arena_new_object(f->arena, struct key);
	*k = (struct key){ .kind = kind,
			   .subject = intern(f, subject),
			   .what = intern(f, what),
			   .index = (uint32_t)f->nr_keys++ };
	strmap_add(&f->by_name, key_name(f->arena, kind, subject, what), k);
	find_list(f, k);
	return k;
}

int fleet_by_key(const void *left, const void *right)
{
	const struct entry *l = left, *r = right;

	return l->key->index < r->key->index ? -1 : l->key->index > r->key->index;
}

static bool is_answer(const struct key *k)
{
	return k->kind == CHANGE_VERDICT || (k->kind == CHANGE_DEVICE && !k->what);
}

/* The first of several entries about one thing counts. */
static void order_account(struct fleet *f, struct account *h)
{
	size_t nr = 0;

	if (h->nr)
		qsort(h->entries, h->nr, sizeof(*h->entries), fleet_by_key);
	for (size_t i = 0; i < h->nr; i++)
		if (!nr || h->entries[nr - 1].key != h->entries[i].key)
			h->entries[nr++] = h->entries[i];
	h->nr = nr;
	for (size_t i = 0; i < nr; i++)
		h->nr_answers += is_answer(h->entries[i].key);
	h->answers = arena_array(f->arena, h->nr_answers, sizeof(*h->answers));
	nr = 0;
	for (size_t i = 0; i < h->nr; i++)
		if (is_answer(h->entries[i].key))
			h->answers[nr++] = h->entries[i];
}

int fleet_take(struct fleet *f, size_t index, struct span bytes)
{
	vt_cleanup(arena_freep) struct arena *scratch = arena_new();
	struct account h = { .there = true };
	struct span rest = bytes;
	struct fleet_fact fact;

	for (; rest.len; h.nr++)
		if (!fleet_read(&rest, &fact))
			return -EBADMSG;
	if (h.nr > FLEET_FACTS_MAX)
		return -E2BIG;
	h.entries = arena_array(f->arena, h.nr, sizeof(*h.entries));
	f->scratch = scratch;
	rest = bytes;
	for (size_t i = 0; i < h.nr && fleet_read(&rest, &fact); i++)
		h.entries[i] = (struct entry){ key_of(f, fact.kind, fact.subject, fact.what),
					       intern(f, fact.here) };
	f->scratch = NULL;
	order_account(f, &h);
	f->hosts[index] = h;
	return 0;
}

/* ---- groups ---- */

static int compare_answers(const struct account *l, const struct account *r)
{
	for (size_t i = 0; i < l->nr_answers && i < r->nr_answers; i++) {
		const struct entry *a = &l->answers[i], *b = &r->answers[i];

		if (a->key != b->key)
			return a->key->index < b->key->index ? -1 : 1;
		if (a->value != b->value)
			return a->value < b->value ? -1 : 1;
	}
	return l->nr_answers < r->nr_answers ? -1 : l->nr_answers > r->nr_answers;
}

struct place {
	const struct account *account;
	size_t index;
};

static int by_answers(const void *left, const void *right)
{
	const struct place *l = left, *r = right;
	int order = compare_answers(l->account, r->account);

	return order ? order : l->index < r->index ? -1 : 1;
}

static int by_size(const void *left, const void *right)
{
	const struct fleet_group *l = left, *r = right;

	if (l->nr_hosts != r->nr_hosts)
		return l->nr_hosts > r->nr_hosts ? -1 : 1;
	return l->hosts[0] < r->hosts[0] ? -1 : 1;
}

static void count(const struct account *h, struct fleet_group *g)
{
	for (size_t i = 0; i < h->nr_answers; i++) {
		const struct key *k = h->answers[i].key;
		const bool yes = h->answers[i].value && !strcmp(h->answers[i].value, "yes");

		g->nr_devices += k->kind == CHANGE_DEVICE;
		g->nr_now += k->kind == CHANGE_VERDICT && yes && !strcmp(k->what, DIFF_NOW);
		g->nr_after += k->kind == CHANGE_VERDICT && yes && !strcmp(k->what, DIFF_AFTER);
	}
}

static void make_groups(struct fleet *f)
{
	struct place *places = arena_array(f->arena, f->nr_hosts, sizeof(*places));
	struct fleet_group *g = NULL;
	size_t nr = 0;

	for (size_t i = 0; i < f->nr_hosts; i++)
		if (f->hosts[i].there)
			places[nr++] = (struct place){ &f->hosts[i], i };
	if (nr)
		qsort(places, nr, sizeof(*places), by_answers);
	f->groups = arena_array(f->arena, nr, sizeof(*f->groups));
	for (size_t i = 0; i < nr; i++) {
		if (!i || compare_answers(places[i - 1].account, places[i].account)) {
			g = &f->groups[f->nr_groups++];
			count(places[i].account, g);
		}
		g->hosts = arena_grow(f->arena, g->hosts, g->nr_hosts, sizeof(*g->hosts));
		g->hosts[g->nr_hosts++] = places[i].index;
	}
	if (nr)
		qsort(f->groups, f->nr_groups, sizeof(*f->groups), by_size);
}

static const struct account *account_of(const struct fleet *f, const struct fleet_group *g)
{
	return &f->hosts[g->hosts[0]];
}

/* Calls @each for each key that one of the two has among its answers. */
typedef void answer_pair(void *ctx, const struct key *k, const struct entry *l,
			 const struct entry *r);

static void walk_answers(const struct account *l, const struct account *r, answer_pair *each,
			 void *ctx)
{
	size_t i = 0, j = 0;

	while (i < l->nr_answers || j < r->nr_answers) {
		const struct entry *a = i < l->nr_answers ? &l->answers[i] : NULL;
		const struct entry *b = j < r->nr_answers ? &r->answers[j] : NULL;
		const int order = !a ? 1 : !b ? -1 : fleet_by_key(a, b);

		each(ctx, order <= 0 ? a->key : b->key, order <= 0 ? a : NULL,
		     order >= 0 ? b : NULL);
		i += order <= 0;
		j += order >= 0;
	}
}

struct likeness {
	size_t same, differ, same_devices, devices;
};

static void measure(void *ctx, const struct key *k, const struct entry *l, const struct entry *r)
{
	struct likeness *s = ctx;
	const bool same = l && r && l->value == r->value;

	s->same += same;
	s->differ += !same;
	s->devices += k->kind == CHANGE_DEVICE;
	s->same_devices += k->kind == CHANGE_DEVICE && same;
}

/* The larger group with the fewest other answers, if at least half of the devices are the same: else it is another kind
 * of machine. */
static void find_reference(struct fleet *f, size_t index)
{
	struct fleet_group *g = &f->groups[index];
	size_t least = SIZE_MAX;

	for (size_t i = 0; i < index && i < FLEET_REFERENCES_MAX; i++) {
		struct likeness s = { 0 };

		walk_answers(account_of(f, g), account_of(f, &f->groups[i]), measure, &s);
		if (2 * s.same_devices < s.devices || s.differ >= least)
			continue;
		least = s.differ;
		g->reference = &f->groups[i];
	}
}

struct collecting {
	struct fleet *fleet;
	struct fleet_group *group;
};

static void collect(void *ctx, const struct key *k, const struct entry *l, const struct entry *r)
{
	struct collecting *c = ctx;
	struct fleet_group *g = c->group;

	/* Of a device that only one side has, that it is there says enough. */
	if (l && r ? l->value == r->value : k->kind == CHANGE_VERDICT)
		return;
	g->answers = arena_grow(c->fleet->arena, g->answers, g->nr_answers, sizeof(*g->answers));
	g->answers[g->nr_answers++] = (struct fleet_answer){
		.device = k->subject,
		.view = k->what,
		.here = l ? l->value : NULL,
		.there = r ? r->value : NULL,
	};
}

static int compare_texts(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) : !!a - !!b;
}

static int by_device(const void *left, const void *right)
{
	const struct fleet_answer *l = left, *r = right;
	int order = strcmp(l->device, r->device);

	/* "now" comes before "after binding". */
	return order ? order : -compare_texts(l->view, r->view);
}

struct fleet_group *fleet_groups(struct fleet *f, size_t *ret_nr)
{
	make_groups(f);
	for (size_t i = 1; i < f->nr_groups; i++) {
		struct fleet_group *g = &f->groups[i];

		find_reference(f, i);
		if (!g->reference)
			continue;
		walk_answers(account_of(f, g), account_of(f, g->reference), collect,
			     &(struct collecting){ f, g });
		if (g->nr_answers)
			qsort(g->answers, g->nr_answers, sizeof(*g->answers), by_device);
		fleet_find_facts(f, g);
	}
	*ret_nr = f->nr_groups;
	return f->groups;
}
