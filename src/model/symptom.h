/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Symptoms: what programs and the kernel say when a device cannot be passed through, or was and fails. A symptom has the
 * messages that show it, and the rules and notices that explain it. What holds on a host now is predicted. The same tables
 * are printed by 'vfiotool rules --symptoms' and vfiotool-symptoms(7). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/notice.h"
#include "model/rule.h"

enum {
	SYMPTOM_RULES_MAX = 8,
	SYMPTOM_NOTICES_MAX = 4,
	SYMPTOM_OPS_MAX = 4,
	SYMPTOM_CASES_MAX = 4,
};

enum symptom_flag {
	/* The rules pass for vfiotool, or for one page, and may still refuse the program: a pass proves nothing. */
	SYMPTOM_OF_PROGRAM = 1 << 0,
	SYMPTOM_FAULT = 1 << 1,   /* an access by the device that the IOMMU stopped */
	SYMPTOM_SPACES = 1 << 2,  /* the group is in several address spaces */
	SYMPTOM_OF_HOST = 1 << 3, /* any device will do to ask its rules */
	SYMPTOM_ADDRESS = 1 << 4, /* the host has no device at the address */
};

struct symptom {
	const char *id;      /* public, stable: "group-not-viable" */
	const char *title;   /* in a clause */
	const char *meaning; /* a sentence or two */
	const char *advice;  /* what helps where no plan does; NULL: the remedies of the rules */
	/* Ids; NULL ends them. Without any, the rules are those that refuse one of the ops with the errno of the message. */
	const char *rules[SYMPTOM_RULES_MAX + 1];
	const char *notices[SYMPTOM_NOTICES_MAX + 1];
	enum op ops[SYMPTOM_OPS_MAX]; /* the requests that fail; OP_NONE ends them */
	unsigned int flags;           /* enum symptom_flag */
	/* With this errno (positive; 0 ends them) it is that symptom. */
	struct {
		int err;
		const char *symptom;
	} cases[SYMPTOM_CASES_MAX];
};

/* A message, in the form that decode/logmatch.h describes. */
struct symptom_pattern {
	const char *symptom;  /* its id */
	const char *program;  /* "QEMU", "kernel" */
	const char *versions; /* that print it: "5.2 - 10.x" */
	const char *text;
};

/* The symptoms in the order of the man page, the patterns from the special to the general; NULL past the last. Static. */
const struct symptom *symptom_get(size_t index);
const struct symptom_pattern *symptom_pattern_get(size_t index);
const struct symptom *symptom_find(const char *id);
/* The symptom that @s is when its message had @err, positive, or 0. */
const struct symptom *symptom_of(const struct symptom *s, int err);
/* The rules that explain @s when its message had @err (positive; 0: none), into @ret; how many. Some may not be
 * asked, where there are more than SYMPTOM_RULES_MAX. */
size_t symptom_rules(const struct symptom *s, int err,
		     const struct rule *ret[static SYMPTOM_RULES_MAX]);
/* Whether the rules of @s come from its errno: the program only knows that a request failed. */
bool symptom_is_general(const struct symptom *s);

/* Whether what a message said still holds. */
enum symptom_now { SYMPTOM_NOW_UNKNOWN = 0, SYMPTOM_NOW_STILL, SYMPTOM_NOW_GONE };

/* "still" "gone" "unknown". */
const char *symptom_now_name(enum symptom_now now);

/* What a message said of the request. */
struct symptom_request {
	int err; /* positive errno; 0: not told */
	bool has_iova, has_size;
	uint64_t iova, size; /* bytes */
};

/* The question; all of it borrowed. */
struct symptom_ask {
	const struct host *host;
	const struct assumptions *assumptions; /* or NULL */
	const struct kernels *kernels;
	const struct device *device;
	const struct symptom *symptom;
	const struct symptom_request *request;
};

struct symptom_answer {
	enum symptom_now now;
	const char *seen; /* what was seen, or what is missing: a clause */
	/* Those that refuse now; where none is known to, those that may have. */
	const struct rule *rules[SYMPTOM_RULES_MAX];
	size_t nr_rules;
	const struct notice *notice; /* that holds now, or NULL */
	enum op op;                  /* that rules[0] refuses; OP_NONE: several, or none */
	int err;                     /* of that, positive; 0: not known */
};

/* What holds of the device now. Texts in @a. Never fails. */
void symptom_judge(const struct symptom_ask *ask, struct arena *a, struct symptom_answer *ret);
