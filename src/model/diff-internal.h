/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the comparison share. */
#pragma once

#include "model/diff.h"

/* A device of one side and the same of the other, where it is there. */
struct device_pair {
	const struct device *a, *b;
};

struct differ {
	const struct diff_side *a, *b;
	struct arena *arena;
	struct device_pair *pairs; /* for each device of a, in its order */
	size_t nr;
	const struct device **added; /* of b only */
	size_t nr_added;
	struct diff *ret;
};

struct change *diff_add(struct differ *x, enum change_kind kind, const char *subject,
			const char *what, const char *before, const char *after);
/* Adds a change where both facts are known and differ. */
void diff_fact(struct differ *x, enum change_kind kind, const char *subject, const char *what,
	       const struct fact *a, const struct fact *b);
/* The same of numbers where 0 says 'not known'; @names has a word for each. */
void diff_known(struct differ *x, enum change_kind kind, const char *subject, const char *what,
		unsigned int a, unsigned int b, const char *const *names);
/* Groups that split, merge or get another number, by the pairs. */
void diff_groups(struct differ *x);
/* What is not about one device: kernel, modules, IOMMUs, firmware, nodes, the caller. */
void diff_host(struct differ *x);
