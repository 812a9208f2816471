/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of a fleet share. */
#pragma once

#include "base/strmap.h"
#include "model/fleet.h"

/* What a fact is about. */
struct key {
	enum change_kind kind;
	const char *subject, *what;
	uint32_t index;
	/* A host without an entry lacks it; with @list only where it has an entry for that. */
	bool may_lack;
	const struct key *list;
	const struct fleet_group *cited; /* the last group whose rules look at it */
};

struct entry {
	const struct key *key;
	const char *value; /* one address for each text; NULL: none */
};

/* What a host says, by the index of the key. */
struct account {
	struct entry *entries;
	size_t nr;
	struct entry *answers; /* those that decide whether hosts are alike */
	size_t nr_answers;
	bool there;
};

struct fleet {
	struct arena *arena;
	struct arena *scratch; /* of fleet_take() */
	struct strmap texts, by_name;
	size_t nr_keys;
	struct account *hosts;
	size_t nr_hosts;
	struct fleet_group *groups;
	size_t nr_groups;
};

int fleet_by_key(const void *left, const void *right);
/* The texts of the next fact of fleet_write(), borrowed; false when there is none that is whole. */
bool fleet_read(struct span *rest, struct fleet_fact *ret);
/* The key of what is there already, or NULL. */
struct key *fleet_find_key(const struct fleet *f, enum change_kind kind, const char *subject,
			   const char *what);
/* Fills the facts of @g, which has a reference, by what is common to all of its hosts. */
void fleet_find_facts(struct fleet *f, struct fleet_group *g);
