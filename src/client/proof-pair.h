/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The proof for two devices at once: in one address space both reach what is mapped there; in two neither
 * reaches what is mapped for the other. Each device first shows that it moves data at all. */
#pragma once

#include "client/proof.h"

/* Two devices whose requests have the same space. @ret[i]: device i writes into memory that was mapped for
 * the other one. 0, or a negative errno with *@reterr as proof_run(); answers until then stand. */
int proof_pair_shared(const struct proof_request requests[2], struct claim ret[2],
		      struct failure **reterr);
/* Two devices, each in its own space. @ret[i]: device i cannot write to an address that is mapped for the
 * other one only, and that one can. */
int proof_pair_apart(const struct proof_request requests[2], struct claim ret[2],
		     struct failure **reterr);
