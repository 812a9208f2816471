/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel will decide about one mapping: the requests of an address space that exists, or is
 * predicted to. The rules are in the same table as those of the way to the device, with their request flag
 * set. Here is what they are asked about, and what a request changes when it succeeds. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/predict.h"

enum mapping_ask {
	MAPPING_MAP,
	MAPPING_UNMAP,
	MAPPING_UNMAP_ALL,
	MAPPING_DIRTY, /* begin to track what the device writes */
};

enum { MAPPING_READ = 1 << 0, MAPPING_WRITE = 1 << 1 };

enum mapping_memory {
	MAPPING_MEMORY_OWN = 0,   /* the caller's, there and writable */
	MAPPING_MEMORY_READ_ONLY, /* the caller may not write it */
	MAPPING_MEMORY_NONE,      /* nothing is there that the caller may read */
	NR_MAPPING_MEMORIES,
};

/* "own" "read-only" "none". */
extern const char *const mapping_memory_names[NR_MAPPING_MEMORIES];

struct mapping_request {
	enum mapping_ask ask;
	uint64_t iova, size;       /* bytes; 0 for UNMAP_ALL and DIRTY */
	unsigned int prot;         /* MAPPING_READ, MAPPING_WRITE */
	uint64_t memory_alignment; /* bytes, of the caller's address; 0: any that will do */
	enum mapping_memory memory;
};

/* What is mapped; see mapping_set_*(). */
struct mapping_set {
	void *root;
	size_t nr;
	uint64_t total;  /* bytes */
	bool to_the_top; /* some mapping ends at 2^64 */
};

/* The limit of locked memory that mappings run into. */
struct mapping_limit {
	bool known;        /* of soft and exempt */
	bool exempt;       /* CAP_IPC_LOCK */
	uint64_t soft;     /* bytes; UINT64_MAX: unlimited */
	bool counted;      /* the pages show as VmLck of the process */
	bool by_user;      /* all processes of the user share it */
	bool pins_nothing; /* a mediated device */
};

/* An address space: filled by mapping_space_predict(), then corrected with the kernel's answers. */
struct mapping_space {
	/* Who decides; borrowed. */
	const struct host *host;
	const struct assumptions *assumptions;
	const struct device *device;
	const struct kernels *kernels;
	enum path_kind path; /* a container that iommufd serves is PATH_COMPAT */
	bool version_1;      /* SET_IOMMU was given TYPE1 instead of TYPE1v2 */
	/* What it can do. */
	struct iova_prediction ranges; /* certain and none: nothing is checked (mediated devices) */
	uint64_t alignment;            /* bytes, of IOVA and size; 0: not known */
	bool avail_known;
	uint64_t avail; /* mappings still possible */
	bool locked_known;
	uint64_t locked; /* bytes the caller has locked; of iommufd: what it has charged here */
	enum tristate unmap_all, dirty_tracking;
	struct mapping_limit limit;
	struct mapping_set set;
	struct arena *arena;
};

struct mapping_prediction {
	enum op op;
	enum answer answer;      /* yes: succeeds; no: refused with err; unknown */
	int err;                 /* positive; 0 unless refused and certain */
	const struct rule *rule; /* what decided; NULL when yes */
	const char *because, *remedy;
	const struct fact **evidence;
	size_t nr_evidence;
	bool bytes_known; /* of an unmap that succeeds */
	uint64_t bytes;
};

/* The subject of a rule about requests. */
struct mapping_question {
	const struct mapping_space *space;
	const struct mapping_request *request;
};

/* The space that @p predicts along @path, for an attach as root of nothing: no mapping, the limits of
 * the host. Borrows @h, @as and @a, all for its life; mapping_space_done() when it is over. */
void mapping_space_predict(const struct host *h, const struct assumptions *as,
			   const struct prediction *p, enum path_kind path, struct arena *a,
			   struct mapping_space *ret);
void mapping_space_done(struct mapping_space *s);
/* How @request ends. Texts and evidence in @a; a request that succeeds takes no memory. */
void mapping_predict(const struct mapping_space *s, const struct mapping_request *request,
		     struct arena *a, struct mapping_prediction *ret);
/* Notes in @s what @request did: @done when the kernel accepted it. A refused unmap of iommufd may
 * have taken mappings away before it met the one that it refuses to cut. */
void mapping_apply(struct mapping_space *s, const struct mapping_request *request, bool done);

/* ---- what is mapped ---- */

/* False when the range is empty, wraps, or overlaps one that is there: @set is unchanged then. */
bool mapping_set_add(struct mapping_set *set, struct arena *a, uint64_t iova, uint64_t size);
/* Any mapping that shares an address with [@start, @last]. */
bool mapping_set_find(const struct mapping_set *set, uint64_t start, uint64_t last,
		      uint64_t *ret_iova, uint64_t *ret_size);
/* Whether [@start, @last] would cut a mapping at its start or at its end. */
bool mapping_set_cuts(const struct mapping_set *set, uint64_t start, uint64_t last,
		      uint64_t *ret_iova, uint64_t *ret_size);
/* Bytes of the mappings that lie in [@start, @last] or reach into it, each counted as a whole. */
uint64_t mapping_set_bytes(const struct mapping_set *set, uint64_t start, uint64_t last);
/* Takes the same away; how many. */
size_t mapping_set_remove(struct mapping_set *set, uint64_t start, uint64_t last);
void mapping_set_done(struct mapping_set *set);
