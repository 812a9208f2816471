/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks: questions about a host, or about the definition of a virtual machine on it, before a device is used. Verdicts on
 * devices are those of predict.h, and plans those of plan.h; a check adds what no request to the kernel shows. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/macro.h"
#include "model/plan.h"

enum check_answer { CHECK_UNKNOWN = 0, CHECK_PASS, CHECK_WARN, CHECK_FAIL };

/* "unknown" "pass" "warn" "fail". */
const char *check_answer_name(enum check_answer answer);

struct check;

struct check_row {
	const char *id;    /* public, stable: "interrupt-remapping" */
	const char *title; /* what it looks at, in one line */
	void (*run)(struct
		    check *c); /* adds any number of results; none: nothing is set up that it could be about */
};

struct check_result {
	const char *id; /* of its row, or of a notice */
	enum check_answer answer;
	const char *device; /* NULL: the host, or the machine as a whole */
	const char *file;   /* the definition; NULL: a check of the host */
	unsigned int line;  /* in it; 0: none */
	const char *text;   /* without a full stop */
	const struct fact **evidence;
	size_t nr_evidence;
	const struct action **actions; /* the plan, in order */
	size_t nr_actions;
};

/* The context, and the results so far. All borrowed, but results, which are in @arena. */
struct check {
	const struct host *host; /* loaded with HOST_SETUP and HOST_BOOT */
	const struct assumptions *assumptions;
	const struct kernels *kernels;
	struct device *const
		*devices; /* those that count, all of the host where nothing else is asked */
	size_t nr_devices;
	const char *
		who; /* the user or unit that will use the devices: "user 64055"; NULL: the caller */
	plan_ask_use *ask_use;
	void *use_ctx;
	struct arena *arena;
	struct check_result *results;
	size_t nr_results;
	/* Of the check under way. */
	const struct check_row *row;
	struct check_result next;
	const struct device *probe;    /* asked for the host as a whole; NULL where there is none */
	struct prediction *prediction; /* of it; see check_prediction() */
};

/* The checks of the host in the order of the man page; NULL past the last. Static. */
const struct check_row *check_host_row(size_t index);
/* Runs them all. */
void check_host(struct check *c);
/* The worst of all results: a failure, then what is not known. */
enum check_answer check_worst(const struct check_result *results, size_t nr);

/* ---- for the files of checks ---- */

/* Notes @f as evidence of the next result, once. */
void check_cite(struct check *c, const struct fact *f);
/* Adds a copy of @action to the plan of the next result; a boot option gets its command. */
void check_propose(struct check *c, const struct action *action);
void check_advise(struct check *c, enum action_kind kind, enum action_scope scope,
		  const char *command, const char *fmt, ...) vt_printf(5, 6);
/* The next boot with @add and without @remove; either may be NULL. */
void check_boot(struct check *c, const char *add, const char *remove, const char *fmt, ...)
	vt_printf(4, 5);
/* Takes the steps of the plan for @dev (several: for all @nr of @devices together) into the next result. */
void check_plan(struct check *c, const struct device *const *devices, size_t nr);
/* Ends a result. */
void check_say(struct check *c, enum check_answer answer, const char *fmt, ...) vt_printf(3, 4);
/* The prediction for one device that stands for the host, or NULL when no device of the host may be given away. */
const struct prediction *check_prediction(struct check *c);
