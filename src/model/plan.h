/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way from no to yes. The planner predicts, takes what the first refusal proposes, lays it over the snapshot
 * and predicts again, until the answer is yes: the cheapest scope first, then the fewest steps, insecure ones only
 * when nothing else leads there. It is deterministic and bounded. A device that is in use is moved by no plan. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "model/action.h"
#include "model/notice.h"
#include "model/predict.h"

enum { PLAN_PREDICTIONS_MAX = 200 };

/* What a safety check says about a device that a plan would move; the planner asks through a function, because
 * the checks look at more than the model may. */
struct plan_use {
	const char *check;           /* its name: "disk" */
	const struct device *device; /* that is in use */
	enum answer answer;          /* yes: in use; unknown: it could not be read */
	const char *chain;  /* "/ <- nvme0n1p2 <- 0000:02:00.0", or what could not be read */
	const char *remedy; /* the next step to take, or NULL */
};

/* The findings about @dev, in @a; NULL with *@ret_nr 0 when nobody uses it. */
typedef const struct plan_use *plan_ask_use(void *ctx, const struct device *dev, struct arena *a,
					    size_t *ret_nr);

/* All of it borrowed. */
struct plan_request {
	const struct host *host;
	const struct assumptions *assumptions; /* or NULL */
	const struct kernels *kernels;
	const struct device *const *devices; /* together, for one program */
	size_t nr_devices;
	bool path_asked; /* else the best one that the kernel offers */
	enum path_kind path;
	const char *options;   /* of the command that plans again: " --path iommufd"; or NULL */
	plan_ask_use *ask_use; /* NULL: nothing is known about the use of any device */
	void *ctx;
};

/* The first refusal of all devices: op is OP_NONE when there is none, or it is not certain. */
struct plan_expected {
	enum answer answer;
	enum op op;
	int err; /* positive errno; 0: none, or not certain */
	const struct device *device;
};

struct plan_step {
	const struct action *action;
	const struct finding *why; /* that it is against; NULL of ACTION_PLAN */
	const struct device *about;
	struct plan_expected expected; /* after it */
	bool unchecked;                /* the use of a device that it moves is not known */
};

/* A reason for a refusal on the way, of one device. */
struct plan_obstacle {
	const struct device *device;
	const struct finding *why;
	enum answer answer; /* no, or unknown */
};

/* What a user should know although the kernel hands the device out, and what helps. */
struct plan_notice {
	const struct device *device;
	const struct notice *notice;
	const struct action *action; /* NULL: nothing helps */
};

struct plan {
	const struct device *const *devices;
	size_t nr_devices;
	enum path_kind path;
	/* What holds after the last step. Yes without a step: there is nothing to do. Unknown: across a reboot, or
	 * something cannot be known. No: there is no plan, and no step. */
	enum answer answer;
	const char *because;      /* NULL when yes */
	struct plan_expected now; /* before the first step */
	struct plan_step *steps;  /* in order */
	size_t nr_steps;
	enum action_scope scope;         /* the greatest of the steps */
	bool insecure;                   /* some step is */
	struct plan_obstacle *obstacles; /* all that were met */
	size_t nr_obstacles;
	/* Uses that keep a device from being moved, and what was not known of devices that are moved. */
	struct plan_use *blocked, *unchecked;
	size_t nr_blocked, nr_unchecked;
	/* What else would do, or may; the insecure last. */
	const struct action **alternatives;
	size_t nr_alternatives;
	struct plan_notice *notices; /* plan_add_notices() */
	size_t nr_notices;
	unsigned int predictions; /* that it took */
};

/* One plan for all devices together; where they have none together, one for each. */
struct plans {
	struct plan *items;
	size_t nr;
};

/* Everything in @a; devices and evidence of the host are borrowed. Never fails. */
void plan_make(const struct plan_request *q, struct arena *a, struct plans *ret);
/* Adds the notices of the devices of @plan. */
void plan_add_notices(const struct plan_request *q, struct arena *a, struct plan *plan);
/* Whether a boot option or a file of /etc is among what @plans name; then the commands need host.boot. */
bool plans_need_boot(const struct plans *plans);
/* Gives boot options their commands, for the boot loader that @h has; one that is set already asks for a reboot only.
 * Options of modules get theirs with what makes the initramfs again. Where no command is known, what has the reason. */
void plans_fill_boot(const struct host *h, struct arena *a, struct plans *plans);
/* Gives what is not yes in @p, on each path that the kernel offers, the plan for that path as its remedy: of the
 * path, and of the finding that decided. @q has one device, that of @p; its path does not matter. Without a plan and
 * without anything that may help, the rule's own remedy stays. */
void plan_remedies(const struct plan_request *q, struct arena *a, struct prediction *p);
/* The same for one path: the text, or NULL. */
const char *plan_remedy(const struct plan_request *q, enum path_kind path, struct arena *a);
/* The plan as one sentence, for a remedy: "bind ... : vfiotool bind 0000:01:00.0; then ...". In @a; NULL when there is
 * nothing to do. */
const char *plan_text(const struct plan *p, struct arena *a);
