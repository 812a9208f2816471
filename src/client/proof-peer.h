/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Peer-to-peer: a device writes into the memory that another device has behind a BAR. Only BARs that are known to
 * be plain memory are written, and they get back what they held: registers would take it for commands. */
#pragma once

#include "client/proof.h"

/* The device that has the memory. */
struct proof_peer {
	const char *object;
	int fd;
	unsigned int bar; /* 0 to 5 */
};

#define PEER_CLAIM_LIST(X)                                                     \
	X(MAPPED, "p2p", "reaches a BAR that is mapped for it, of")            \
	X(UNMAPPED, "p2p-unmapped", "cannot reach it when it is unmapped, of") \
	X(BUS, "p2p-bus", "cannot reach a BAR at its address on the bus, of")

enum peer_claim {
#define X(id, name, title) PEER_##id,
	PEER_CLAIM_LIST(X)
#undef X
		NR_PEER_CLAIMS,
};

/* "p2p" and what stands between the names of the two devices. Static. */
const char *peer_claim_name(enum peer_claim id);
const char *peer_claim_title(enum peer_claim id);

/* The BAR of a device of these ids that is plain memory; DMA_TEST_BARS: none is known to be. */
unsigned int proof_peer_bar(uint16_t vendor, uint16_t device);
/* The device of @request has to write to @peer's BAR, where that is mapped in its address space, where it is not,
 * and at its address on the bus. As proof_run(); afterwards the BAR is as before. */
int proof_peer(const struct proof_request *request, const struct proof_peer *peer,
	       struct claim ret[NR_PEER_CLAIMS], struct failure **reterr);
