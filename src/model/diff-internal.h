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
	bool whole; /* both sides are one: everything known is added */
	struct arena *arena;
	struct device_pair *pairs; /* for each device of a, in its order */
	size_t nr;
	const struct device **added; /* of b only */
	size_t nr_added;
	struct diff *ret;
};

struct change *diff_add(struct differ *x, enum change_kind kind, const char *subject,
			const char *what, const char *before, const char *after);
/* Adds what is known of one side, with the value @text or none, and where it was read, or NULL. */
void diff_value(struct differ *x, enum change_kind kind, const char *subject, const char *what,
		const char *text, const struct fact *from);
/* FNV-1a. */
uint64_t diff_checksum(const char *s, size_t len);
/* @len bytes of @s in one line of limited length: what is cut has a checksum. */
const char *diff_short(struct differ *x, const char *s, size_t len);
/* Adds a change where both facts are known and differ. */
void diff_fact(struct differ *x, enum change_kind kind, const char *subject, const char *what,
	       const struct fact *a, const struct fact *b);
/* The same of numbers where 0 says 'not known'; @names has a word for each. */
void diff_known(struct differ *x, enum change_kind kind, const char *subject, const char *what,
		unsigned int a, unsigned int b, const char *const *names);
/* Groups that split, merge or get another number, by the pairs. */
void diff_groups(struct differ *x);
/* What shares a group with each device of the first side. */
void diff_members(struct differ *x);
/* What is not about one device: kernel, modules, IOMMUs, firmware, nodes, the caller. */
void diff_host(struct differ *x);
