/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The prove command from its arguments on. */
#pragma once

#include "client/proof.h"
#include "report/prove.h"
#include "run/attached.h"

struct prove_args {
	struct attached_options acting;
	unsigned int address_bits; /* 0: not given */
	bool list;                 /* only what is known of devices */
};

/* @c in the words of a report; @name and @title borrowed. */
struct proof_claim_view prove_claim_view(const struct claim *c, const char *name,
					 const char *title);
/* The proof for several devices that are attached to one address space. It also detaches them and attaches
 * pairs of them to two. 0 with the answers in @v, or a negative errno with *@reterr. */
int prove_several(struct attached *ac, const struct prove_args *args, struct proof_view *v,
		  struct failure **reterr);
/* Attaches, runs the proof, prints the result. @data is a struct prove_args. The exit status, or a negative errno
 * with *@reterr. */
int prove_run(struct attached *ac, const void *data, struct failure **reterr);
