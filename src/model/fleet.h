/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What many hosts answer: which of them answer alike, which do not, and the fact that makes the difference. It is given what
 * diff_survey() finds on each host, in any order: the result is the same. Nothing here reads a host. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "model/diff.h"

enum {
	FLEET_FACTS_MAX = 1 << 20, /* of one host */
	FLEET_REFERENCES_MAX = 64, /* groups that others are compared with: the largest ones */
	FLEET_OTHER_FACTS_MAX = 5, /* named besides the first */
};

/* How it is known that a fact makes the difference. */
enum fleet_basis {
	FLEET_LIKELY =
		0,    /* the first of several that differ, by its place in the chain of causes */
	FLEET_ONLY,   /* nothing else differs */
	FLEET_CITED,  /* the rule that decides looks at it */
	FLEET_KERNEL, /* with the kernel of the others the host answers as they do */
};

/* A fact that every host of a group has otherwise than every host of another. */
struct fleet_fact {
	enum change_kind kind;
	const char *subject, *what;     /* as in struct change */
	const char *here, *there;       /* of the first host of either group; NULL: there is none */
	bool here_varies, there_varies; /* other hosts of the group have other values */
};

/* A device that the two groups answer otherwise. */
struct fleet_answer {
	const char *device,
		*view; /* "now", "after binding"; NULL: the device itself is there or not */
	const char *here, *there;
};

/* Hosts that answer alike. */
struct fleet_group {
	size_t *hosts; /* by their numbers */
	size_t nr_hosts;
	uint32_t nr_devices;       /* of each host */
	uint32_t nr_now, nr_after; /* of these: a program can attach them */
	/* The most similar larger group; NULL: none is similar. */
	const struct fleet_group *reference;
	struct fleet_answer *answers; /* what differs from the reference */
	size_t nr_answers;
	struct fleet_fact *facts; /* the one that makes the difference first */
	size_t nr_facts;
	size_t nr_candidates; /* facts that differ, in all */
	enum fleet_basis basis;
};

struct fleet;

/* For the hosts 0 to @nr - 1, all of them missing; in @a. */
struct fleet *fleet_new(struct arena *a, size_t nr);
/* The bytes that stand for @survey, for fleet_take() of another process. */
void fleet_write(const struct diff *survey, struct strbuf *ret);
/* Takes what host @index says, as fleet_write() has it. 0, or -EBADMSG for bytes that it never writes, -E2BIG past
 * FLEET_FACTS_MAX; the host stays missing then. */
int fleet_take(struct fleet *f, size_t index, struct span bytes);
/* What the hosts of @g have as @subject of @kind, each text once, sorted; in the arena of @f. */
const char *const *fleet_values(const struct fleet *f, const struct fleet_group *g,
				enum change_kind kind, const char *subject, size_t *ret_nr);
/* "likely" "only" "cited" "kernel". */
const char *fleet_basis_name(enum fleet_basis basis);
/* The groups, the largest first, in the arena of @f. Called once, when all hosts are there. */
struct fleet_group *fleet_groups(struct fleet *f, size_t *ret_nr);
/* Names first among the facts of @g those that @cited has (as fleet_write() has it), because the rules look at them, and
 * @kernel says that the kernel alone explains the difference. 0 or -EBADMSG. */
int fleet_cite(struct fleet *f, struct fleet_group *g, struct span cited, bool kernel);
