/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of all topics as one, and the question whether each row concerns a device. */
#include "model/notices.h"

#include <string.h>

static const struct notice_table *const tables[] = { &notices_device, &notices_host };

const struct notice_row *notice_get(size_t index)
{
	for (size_t t = 0; t < ARRAY_SIZE(tables); t++) {
		if (index < tables[t]->nr)
			return &tables[t]->rows[index];
		index -= tables[t]->nr;
	}
	return NULL;
}

bool notice_says(struct notice *n, const char *because, const char *consequence, const char *remedy)
{
	n->because = because;
	n->consequence = consequence;
	n->remedy = remedy;
	return true;
}

bool notice_acts(struct eval *e, struct notice *n, const struct action *action)
{
	n->action = arena_memdup(e->arena, action, sizeof(*action));
	n->remedy = action_text(e->arena, action);
	return true;
}

bool notice_fact_says(const struct fact *f, const char *word)
{
	return fact_is(f) && f->raw && strcmp(f->raw, word) == 0;
}

void notices_find(const struct host *h, const struct assumptions *as, const struct kernels *kernels,
		  const struct device *dev, struct arena *a, struct notices *ret)
{
	const struct notice_row *row;

	*ret = (struct notices){ 0 };
	for (size_t i = 0; (row = notice_get(i)); i++) {
		struct notice n = { .row = row };
		struct eval e = {
			.host = h,
			.assumptions = as,
			.dev = dev,
			.arena = a,
			.kernels = kernels,
			.release = (enum release)(63 - __builtin_clzll(kernels->releases)),
			.view = VIEW_IF_BOUND,
			.path = PATH_CONTAINER,
		};

		if (!row->concerns(&e, &n))
			continue;
		n.evidence = arena_memdup(a, e.evidence, e.nr_evidence * sizeof(*e.evidence));
		n.nr_evidence = e.nr_evidence;
		ret->items = arena_grow(a, ret->items, ret->nr, sizeof(*ret->items));
		ret->items[ret->nr++] = n;
	}
}
