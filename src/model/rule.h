/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules: one row for each reason why the kernel refuses a step. The sites of a rule say where it applies
 * (the step, the errno, the kernel function), which depends on traits and the path. The same table decides
 * and is printed by 'vfiotool rules' and vfiotool-rules(7). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fact.h"
#include "model/trait.h"
#include "uapi/op.h"

/* The answer about a step, a path or a capability: whether it succeeds, or is so. */
enum answer { ANSWER_UNKNOWN = 0, ANSWER_NO, ANSWER_YES };
/* Of a rule: a step that nothing refuses succeeds. */
enum ruling { RULING_UNKNOWN = 0, RULING_PASSES, RULING_REFUSES };

struct model_memo;
struct action;
struct eval; /* what a rule may ask: see eval.h */

struct rule_site {
	/* It applies since a kernel has one trait (TRAIT_NONE: always), until it has another. */
	enum trait since, until;
	uint32_t paths; /* bits of 1 << enum path_kind */
	enum op op;
	int err; /* positive errno */
	/* Rank within the op: the kernel checks in this order. */
	int order;
	const char *source; /* "drivers/vfio/vfio_iommu_type1.c: vfio_iommu_type1_attach_group()" */
};

struct rule {
	const char *id;    /* public, stable: "isolated-msi" */
	const char *title; /* the refusal in one line */
	const struct rule_site *sites;
	size_t nr_sites;
	/* Answers through eval_refuses(), eval_passes() or eval_unknown(). */
	void (*evaluate)(struct eval *e);
	const char *remedy; /* the general remedy; a finding may have a better one */
	bool request;       /* asked about one mapping, not about the way to the device */
	bool type;          /* asked only where a type of container is asked for */
	bool token;         /* asked only where a VF token is given */
	bool permission;    /* refuses the caller, not the device */
};

struct finding {
	const struct rule *rule;
	const struct rule_site *site;
	enum ruling ruling;
	int err; /* positive; usually the site's */
	/* what was seen, naming the device, driver or file; for unknown: what evidence is missing
	 * and how to get it */
	const char *because;
	const char *remedy;                  /* what may help, as a text; NULL when it passes */
	const struct action *const *actions; /* the same as data */
	size_t nr_actions;
	const struct fact **evidence;
	size_t nr_evidence;
};

/* A rule where it stands. */
struct rule_at {
	const struct rule *rule;
	const struct rule_site *site;
	bool sure; /* false: whether it stands there is not known of this kernel */
};

enum { RULE_SITES_MAX = 64 };

/* The rules in the order of the man page; NULL past the last. Static. */
const struct rule *rule_get(size_t index);
/* Whether @site stands in a kernel of @k that is @release. */
enum tristate site_stands(const struct rule_site *site, const struct kernels *k,
			  enum release release);
/* The releases in which it stands or may stand. */
uint64_t site_releases(const struct rule_site *site);
/* The sites of @op that stand or may stand in a kernel of @k that is @release, on any path, in the kernel's
 * order, into the RULE_SITES_MAX of @ret; how many. */
size_t rules_at(const struct kernels *k, enum release release, enum op op, struct rule_at *ret);
/* The same, looked for once for all questions that share @memo; without one, in @buf. */
const struct rule_at *rules_known(struct model_memo *memo, const struct kernels *k,
				  enum release release, enum op op,
				  struct rule_at buf[static RULE_SITES_MAX], size_t *ret_nr);
const struct rule *rule_find(const char *id);
/* "yes" "no" "unknown". */
const char *answer_name(enum answer answer);
