/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A proof for a person and for a program: each claim with what was seen. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "report/attach.h"
#include "report/field.h"
#include "report/prose.h"

struct proof_claim_view {
	const char *name, *title;
	enum answer answer;
	bool tried; /* false: evidence has the reason */
	const char *evidence;
	bool has_iova;
	uint64_t iova;
	bool about_reach;  /* the device had to write where it must not */
	const char *fault; /* the kernel's line, or NULL */
	uint64_t ns;
};

struct proof_view {
	const struct attach_view *attach;
	const char *driver, *what; /* NULL without one; several: their names, and NULL */
	bool not_run;              /* nobody has run it, or one of them, on hardware yet */
	enum answer answer;
	const char *because; /* in words, the reason for the answer */
	bool untranslated;   /* no-IOMMU */
	const char *
		through; /* without a DMA test driver: a device of its group that has one, or NULL */
	const char *loopback; /* without a DMA test driver: what the kernel's own interrupt did */
	const struct proof_claim_view *claims;
	size_t nr_claims;
	const char *faults_hidden; /* why the log could not be searched for faults, or NULL */
	bool has_pinned;
	uint64_t pinned_before, pinned_while, pinned_after; /* bytes */
	const char *reset; /* "ok", an errno, or NULL when it was not asked for */
};

/* Row: struct proof_view. */
extern const struct field_table proof_fields;

/* All that was tried, and the result. */
void proof_text(const struct output *out, const struct proof_view *v);
