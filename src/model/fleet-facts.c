/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which fact makes the difference between two groups of hosts: one that all hosts of one group share and none of the other
 * has. Of several, first what the rules look at, then what is nearer to the beginning of the chain of causes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "model/fleet-internal.h"

/* The places in the chain; what stands last cannot decide an answer, as far as the rules know. */
enum rank {
	RANK_DEVICE = 0, /* it is there, here or elsewhere */
	RANK_DRIVER_NOW, /* only what is bound now differs */
	RANK_BOOT,
	RANK_FIRMWARE,
	RANK_PARAMETER,
	RANK_DECIDES,
	RANK_IOMMU,
	RANK_GROUP,
	RANK_MODULE,
	RANK_DRIVER,
	RANK_NODE,
	RANK_OTHER,
};

struct candidate {
	const struct key *key;
	const char *here, *there;
	bool here_varies, there_varies;
	bool cited;
	enum rank rank;
};

struct search {
	struct fleet *fleet;
	const struct fleet_group *group;
	bool only_now; /* the answers after binding are the same */
	struct candidate *found;
	size_t nr;
};

/* What a host says of @k into @ret, or false where that is not known. */
static bool look_up(const struct account *h, const struct key *k, const char **ret)
{
	const struct entry *e = NULL;
	const char *listed;

	if (h->nr)
		e = bsearch(&(struct entry){ .key = k }, h->entries, h->nr, sizeof(*e),
			    fleet_by_key);
	*ret = e ? e->value : NULL;
	return e || (k->may_lack && (!k->list || look_up(h, k->list, &listed)));
}

/* Whether all hosts of @g that know @k have @value, or with @others none of them. */
static bool all_have(const struct fleet *f, const struct fleet_group *g, const struct key *k,
		     const char *value, bool others)
{
	const char *have;

	for (size_t i = 0; i < g->nr_hosts; i++)
		if (look_up(&f->hosts[g->hosts[i]], k, &have) && (have == value) == others)
			return false;
	return true;
}

/* One group shares a value that the other has nowhere. */
static bool separates(const struct search *s, struct candidate *c)
{
	const struct fleet_group *g = s->group, *r = g->reference;

	c->here_varies = !all_have(s->fleet, g, c->key, c->here, false);
	c->there_varies = !all_have(s->fleet, r, c->key, c->there, false);
	return (!c->here_varies && all_have(s->fleet, r, c->key, c->here, true)) ||
	       (!c->there_varies && all_have(s->fleet, g, c->key, c->there, true));
}

/* Options that concern IOMMUs, PCI and VFIO: the others cannot change an answer. */
static bool is_relevant(const char *option)
{
	static const char *const words[] = { "iommu", "vfio", "pci", "intremap", "efi", "acpi" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strstr(option, words[i]))
			return true;
	return false;
}

static bool is_about_answers(const struct search *s, const struct key *k)
{
	for (size_t i = 0; i < s->group->nr_answers; i++)
		if (s->group->answers[i].device == k->subject)
			return true;
	return false;
}

static enum rank rank_of(const struct search *s, const struct key *k)
{
	const char *what = k->what ? k->what : "";

	switch (k->kind) {
	case CHANGE_DEVICE:
		return k->what ? RANK_OTHER : RANK_DEVICE;
	case CHANGE_KERNEL:
		if (!strcmp(k->subject, DIFF_DECIDES))
			return RANK_DECIDES;
		return !strcmp(k->subject, DIFF_BOOT_OPTION) && is_relevant(what) ? RANK_BOOT
										  : RANK_OTHER;
	case CHANGE_FIRMWARE:
		/* A list of all tables: those that matter have a fact of their own. */
		return strcmp(k->subject, "ACPI tables") ? RANK_FIRMWARE : RANK_OTHER;
	case CHANGE_MODULE:
		return k->what ? RANK_PARAMETER : RANK_MODULE;
	case CHANGE_IOMMU:
		return RANK_IOMMU;
	case CHANGE_GROUP:
		return is_about_answers(s, k) ? RANK_GROUP : RANK_OTHER;
	case CHANGE_DRIVER:
		if (strcmp(what, "driver") != 0 || !is_about_answers(s, k))
			return RANK_OTHER;
		return s->only_now ? RANK_DRIVER_NOW : RANK_DRIVER;
	default:
		return RANK_NODE;
	}
}

static void consider(struct search *s, const struct key *k)
{
	const struct fleet *f = s->fleet;
	const struct fleet_group *g = s->group;
	struct candidate c = { .key = k };

	if (k->kind == CHANGE_VERDICT || k->kind == CHANGE_NOTICE ||
	    !look_up(&f->hosts[g->hosts[0]], k, &c.here) ||
	    !look_up(&f->hosts[g->reference->hosts[0]], k, &c.there) || c.here == c.there ||
	    !separates(s, &c))
		return;
	c.rank = rank_of(s, k);
	c.cited = k->cited == g && c.rank < RANK_OTHER;
	s->found = arena_grow(f->arena, s->found, s->nr, sizeof(*s->found));
	s->found[s->nr++] = c;
}

/* What the first host of either group says. */
static void search(struct search *s)
{
	const struct account *l = &s->fleet->hosts[s->group->hosts[0]];
	const struct account *r = &s->fleet->hosts[s->group->reference->hosts[0]];

	for (size_t i = 0; i < s->group->nr_answers; i++)
		s->only_now &=
			s->group->answers[i].view && !strcmp(s->group->answers[i].view, DIFF_NOW);
	for (size_t i = 0, j = 0; i < l->nr || j < r->nr;) {
		const struct entry *a = i < l->nr ? &l->entries[i] : NULL;
		const struct entry *b = j < r->nr ? &r->entries[j] : NULL;
		const int order = !a ? 1 : !b ? -1 : fleet_by_key(a, b);

		consider(s, order <= 0 ? a->key : b->key);
		i += order <= 0;
		j += order >= 0;
	}
}

static int compare_texts(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) : !!a - !!b;
}

static int by_rank(const void *left, const void *right)
{
	const struct candidate *l = left, *r = right;
	int order = (int)l->rank - (int)r->rank;

	/* That a device is elsewhere explains all that the rules say of it. */
	if (l->cited != r->cited && l->rank && r->rank)
		return l->cited ? -1 : 1;
	if (!order)
		order = strcmp(l->key->subject, r->key->subject);
	return order ? order : compare_texts(l->key->what, r->key->what);
}

/* A device that is at one address here and at another there is in another slot: one fact. */
static bool find_move(const struct search *s, struct fleet_fact *ret)
{
	const struct candidate *first = s->found;

	for (size_t i = 1; i < s->nr && s->found[i].rank == RANK_DEVICE; i++) {
		const struct candidate *c = &s->found[i];
		const bool mirrored = !c->here == !first->there && !c->there == !first->here &&
				      c->here == first->there && c->there == first->here;

		if (!mirrored || !first->here == !first->there)
			continue;
		*ret = (struct fleet_fact){
			.kind = CHANGE_DEVICE,
			.subject = first->here ? first->here : first->there,
			.what = "address",
			.here = first->here ? first->key->subject : c->key->subject,
			.there = first->here ? c->key->subject : first->key->subject,
		};
		return true;
	}
	return false;
}

static void keep(const struct search *s, struct fleet_group *g)
{
	struct fleet_fact moved;
	size_t nr = s->nr < 1 + FLEET_OTHER_FACTS_MAX ? s->nr : 1 + FLEET_OTHER_FACTS_MAX;

	g->facts = arena_array(s->fleet->arena, nr, sizeof(*g->facts));
	g->nr_facts = nr;
	g->nr_candidates = s->nr;
	for (size_t i = 0; i < nr; i++)
		g->facts[i] = (struct fleet_fact){ .kind = s->found[i].key->kind,
						   .subject = s->found[i].key->subject,
						   .what = s->found[i].key->what,
						   .here = s->found[i].here,
						   .there = s->found[i].there,
						   .here_varies = s->found[i].here_varies,
						   .there_varies = s->found[i].there_varies };
	if (nr && s->found[0].rank == RANK_DEVICE && find_move(s, &moved))
		g->facts[0] = moved;
	g->basis = s->nr == 1 ? FLEET_ONLY : nr && s->found[0].cited ? FLEET_CITED : FLEET_LIKELY;
}

void fleet_find_facts(struct fleet *f, struct fleet_group *g)
{
	struct search s = { .fleet = f, .group = g, .only_now = g->nr_answers > 0 };

	search(&s);
	if (s.nr)
		qsort(s.found, s.nr, sizeof(*s.found), by_rank);
	keep(&s, g);
}

int fleet_cite(struct fleet *f, struct fleet_group *g, struct span cited, bool kernel)
{
	struct fleet_fact fact;

	while (cited.len) {
		struct key *k;

		if (!fleet_read(&cited, &fact))
			return -EBADMSG;
		k = fleet_find_key(f, fact.kind, fact.subject, fact.what);
		if (k)
			k->cited = g;
	}
	if (kernel) {
		struct key *k = fleet_find_key(f, CHANGE_KERNEL, DIFF_DECIDES, NULL);

		if (k)
			k->cited = g;
	}
	fleet_find_facts(f, g);
	if (kernel && g->nr_facts && !strcmp(g->facts[0].subject, DIFF_DECIDES))
		g->basis = FLEET_KERNEL;
	return 0;
}

const char *fleet_basis_name(enum fleet_basis basis)
{
	static const char *const names[] = {
		[FLEET_LIKELY] = "likely",
		[FLEET_ONLY] = "only",
		[FLEET_CITED] = "cited",
		[FLEET_KERNEL] = "kernel",
	};

	return names[basis];
}

static int by_text(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

const char *const *fleet_values(const struct fleet *f, const struct fleet_group *g,
				enum change_kind kind, const char *subject, size_t *ret_nr)
{
	const struct key *k = fleet_find_key(f, kind, subject, NULL);
	const char **ret = arena_array(f->arena, g->nr_hosts, sizeof(*ret)), *have;
	size_t nr = 0;

	*ret_nr = 0;
	for (size_t i = 0; k && i < g->nr_hosts; i++)
		if (look_up(&f->hosts[g->hosts[i]], k, &have) && have)
			ret[nr++] = have;
	if (nr)
		qsort(ret, nr, sizeof(*ret), by_text);
	for (size_t i = 0; i < nr; i++)
		if (!*ret_nr || ret[*ret_nr - 1] != ret[i])
			ret[(*ret_nr)++] = ret[i];
	return ret;
}
