/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which kernel decides. Evidence removes the releases that it cannot be; releases that look the same stay.
 * A generation is a name for a run of releases that differ little; it decides nothing. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/failure.h"
#include "facts/host.h"
#include "model/trait.h"

struct generation {
	enum release first; /* its name, and where it begins */
	const char *alias;  /* "patched", or NULL */
	const char *what;   /* one line: what defines it */
};

/* Oldest first; NULL past the last. */
const struct generation *generation_get(size_t index);
size_t generation_count(void);
uint64_t generation_releases(const struct generation *g);
/* The reference of the tool: the reference rules (Linux 6.0). */
extern const struct kernels kernels_reference;
/* "6.0 - 6.1, 6.3", "6.19 and later", "none". */
const char *releases_text(uint64_t releases, struct arena *a);
/* The newest release that the rules were read for: later ones may decide otherwise. */
const char *generation_newest(void);
/* @text is an alias or a release ("6.1.0-18-amd64", "6.8"): it alone decides, and the host does not.
 * -EINVAL (STATUS_USAGE) for a release older or newer than the rules. */
int generation_parse(const char *text, struct kernels *ret, struct failure **reterr);
/* Whether a kernel of the number in @release may be older than @trait; false when it has no number that is known. */
bool generation_may_lack(const char *release, enum trait trait);
/* Whether the number in @release says only which release the kernel began as. */
bool generation_is_enterprise(const char *release);

enum gen_basis {
	GEN_BASIS_NONE,
	GEN_BASIS_VERSION,
	GEN_BASIS_SHAPE,
	GEN_BASIS_KALLSYMS,
	GEN_BASIS_BTF,
	GEN_BASIS_SYMBOLS
};

struct gen_evidence {
	const struct fact *fact;
	/* what was seen: "vfio_iommu_type1 imports iommu_group_has_isolated_msi" */
	const char *value;
	uint64_t releases; /* those that it leaves possible */
	enum gen_basis basis;
	bool used; /* false: contradicted by stronger evidence, shown as such */
};

struct gen_verdict {
	struct kernels kernels; /* all releases when nothing is known */
	enum gen_basis basis;   /* the strongest kind that decided */
	/* The rules were not read for this release: the nearest one stands for it. */
	bool older, newer;
	bool by_number; /* without the release number more releases would be left */
	struct gen_evidence *evidence;
	size_t nr_evidence;
};

/* Strings and arrays in @a. */
void generation_find(const struct host *h, struct arena *a, struct gen_verdict *ret);
/* "symbols", "btf", "kallsyms", "shape", "version", "none". */
const char *gen_basis_name(enum gen_basis basis);
