/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel will decide. Given one device, the kernels that may decide and a view, it walks every
 * path step by step, asks every rule of that step, and answers with the first refusal. When the kernels
 * disagree, or a rule cannot tell, the answer is unknown, with what is missing. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "uapi/op.h"
#include "facts/host.h"
#include "model/assume.h"
#include "model/trait.h"
#include "model/rule.h"

enum view {
	VIEW_NOW, /* drivers and modules as they are */
	/* after binding: the device and the group members that must move are on a VFIO driver, as far as it
	 * takes them, and the VFIO modules that can be loaded are loaded. Begins with BIND */
	VIEW_IF_BOUND,
	NR_VIEWS,
};

struct step {
	enum op op;
	enum answer answer; /* yes: succeeds; no: refused with err; unknown */
	int err;            /* positive errno; 0 unless answer is 'no' and the errno is certain */
	const struct finding *why;      /* the finding that decided; NULL when yes */
	const struct finding *findings; /* every rule asked at this step, in the kernel's order */
	size_t nr_findings;
};

struct path_prediction {
	enum path_kind kind;
	bool offered; /* the kernel has this path at all (iommufd needs 6.6 and /dev/iommu, ...) */
	const char *missing; /* why the kernel does not have it; NULL where it has. Static */
	enum answer answer;
	enum op op; /* where it ends, OP_NONE when yes or not certain */
	int err;
	const struct finding *why;
	const char *because; /* one sentence; NULL when yes */
	const char *remedy;  /* the next step to take; NULL when yes */
	/* up to and including the refused one; steps behind an unknown one follow as if it passed */
	struct step *steps;
	size_t nr_steps;
};

/* An answer that is not a refusal: a capability, with its source. */
struct capability_answer {
	enum answer answer;
	const char *because;
	const struct fact **evidence;
	size_t nr_evidence;
};

struct capabilities {
	struct capability_answer cache_coherency, interrupt_remapping, isolated_msi,
		enforce_cache_coherency;
};

struct iova_range {
	uint64_t start, last; /* inclusive */
};

struct iova_prediction {
	enum answer answer; /* yes: the ranges are certain; unknown: because says what is missing */
	const char *because;
	struct iova_range *ranges;
	size_t nr_ranges;
};

struct page_sizes_prediction {
	enum answer answer;
	const char *because;
	uint64_t bitmap; /* as VFIO_IOMMU_GET_INFO reports iova_pgsizes */
};

/* VFIO_CHECK_EXTENSION on a type1 container that holds this group. */
struct extension_prediction {
	unsigned int id;
	const char *name;          /* "TYPE1v2_IOMMU" without the VFIO_ prefix */
	enum answer before, after; /* set IOMMU; yes: 1, no: 0 */
	const char *because;
};

struct prediction {
	const struct device *device;
	const struct kernels *kernels; /* that were asked; borrowed */
	/* The device that the kernel asks on behalf of the group (6.0 on): NULL when the order is not
	 * known; the reason is in representative_because. Irrelevant in a group of one. */
	const struct device *representative;
	const char *representative_because;
	struct capabilities capabilities;
	struct iova_prediction iova;
	struct page_sizes_prediction page_sizes;
	struct extension_prediction *extensions;
	size_t nr_extensions;
	struct path_prediction paths[NR_VIEWS][NR_PATHS];
	/* the path to report first: container where offered, else ... */
	enum path_kind best[NR_VIEWS];
	bool assumed; /* some answer rests on an assumption */
};

/* Everything in @a; @kernels and evidence of @h and @as are borrowed. Never fails. */
void predict_device(const struct host *h, const struct assumptions *as,
		    const struct kernels *kernels, const struct device *dev, struct arena *a,
		    struct prediction *ret);

/* How the best path ends. */
struct verdict {
	enum path_kind kind;
	enum answer answer;
	enum op op;
	int err;
	const struct rule *rule;      /* that decided; NULL when yes */
	const char *because, *remedy; /* as in struct path_prediction; NULL unless asked for */
};

/* The context of many verdicts: everything borrowed. */
struct verdict_ask {
	const struct host *host;
	const struct assumptions *assumptions;
	const struct kernels *kernels;
	enum view view;
	struct model_memo *memo; /* what the members of large groups answered; or NULL */
	struct arena *texts;     /* of because and remedy; NULL: they are not wanted */
	struct arena *scratch;   /* emptied by every question */
};

/* For questions about one host under one set of assumptions. Lives in @a, as long as these do. */
struct model_memo *model_memo_new(struct arena *a);

/* Only the answer of the best path, for list and -q: by the same rules, in a fraction of the time of
 * predict_device(). Never fails. */
void predict_verdict(const struct verdict_ask *ask, const struct device *dev, struct verdict *ret);
/* predict_device() for many devices: everything in ask->scratch, which stays as it is. The view does not matter. */
void predict_with(const struct verdict_ask *ask, const struct device *dev, struct prediction *ret);
/* The rule that makes two predictions of one path differ, or NULL when they agree on answer, op and
 * errno. */
const struct finding *predict_difference(const struct path_prediction *a,
					 const struct path_prediction *b);
