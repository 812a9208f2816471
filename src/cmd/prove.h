/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The prove command from its arguments on. */
#pragma once

#include "run/attached.h"

struct prove_args {
	struct attached_options acting;
	unsigned int address_bits; /* 0: not given */
	bool list;                 /* only what is known of devices */
};

/* Attaches, runs the proof, prints the result. @data is a struct prove_args. The exit status, or a negative errno
 * with *@reterr. */
int prove_run(struct attached *ac, const void *data, struct failure **reterr);
