/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One path under one view on one kernel, step by step. */
#pragma once

#include "model/eval.h"

struct walk {
	const struct host *host;
	const struct assumptions *assumptions;
	const struct device *dev;
	struct arena *arena;
	const struct kernels *kernels;
	enum release release;
	enum view view;
	enum path_kind path;
	/* Set: the rules about requests are asked, about this one. */
	const struct mapping_question *mapping;
	struct model_memo *memo; /* or NULL */
	bool brief;              /* only the answer is wanted, and why it is not yes */
	bool silent;             /* not even why */
	bool assumed;            /* out: some answer rests on an assumption */
};

/* A question outside of any rule. */
void walk_ask(const struct walk *w, struct eval *ret);
/* Takes the next kernel of w->kernels out of *@left, one for all that decide alike; false when none is left. */
bool walk_next(struct walk *w, uint64_t *left);
/* Why the kernel does not have the path at all for this device, static; NULL where it has. */
const char *walk_missing(const struct walk *w);
/* One step of it, with the rules that w->mapping chooses; w->path is what serves the requests. */
void walk_request(struct walk *w, enum op op, struct step *ret);
void walk_path(struct walk *w, struct path_prediction *ret);
/* The same for all kernels that may be the one: what they agree on (predict.c). */
void walk_kernels(struct walk *w, struct path_prediction *ret);
/* The path to report first: container where the kernel offers it, ... (predict.c). */
enum path_kind walk_best_path(struct walk *w);
