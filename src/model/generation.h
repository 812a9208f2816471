/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Generations: sets of kernels that decide alike. Which one a kernel is, is found by evidence: each
 * piece removes candidates, and what cannot be told apart stays. Nothing else in the model ever asks
 * for a version. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/failure.h"
#include "facts/host.h"

/* Named after the first release that decides so. */
enum gen {
	GEN_5_10, /* to 5.13: viability walk, bus-wide capability, bind errno swallowed */
	GEN_5_14, /* 5.14 - 5.18: as before, the bind write returns the probe's errno */
	GEN_5_19, /* DMA ownership, coherency asked at registration; still bus-wide capability */
	GEN_6_0, /* 6.0, 6.1, the patched kernel: representative device, capability asked of devices */
	GEN_6_2, /* 6.2: as patched, iommufd and the compat container, Intel's static blocked domain */
	GEN_6_3,  /* 6.3 - 6.5: every device of the group must have isolated MSI */
	GEN_6_6,  /* 6.6 - 6.10: device cdev, direct regions refuse ownership */
	GEN_6_11, /* 6.11 to 6.18: the domain allocation's own errno */
	GEN_7_0,  /* studied as 7.3: EOVERFLOW, nesting gone, noiommu cdev */
	NR_GENS,
};

/* The reference of the tool: what the patched kernel decides. */
#define GEN_PATCHED   GEN_6_0
#define GEN_BIT(g)    (UINT32_C(1) << (g))
#define GENS_ALL      (GEN_BIT(NR_GENS) - 1)
#define GENS_FROM(g)  (GENS_ALL & ~(GEN_BIT(g) - 1))
#define GENS_UNTIL(g) (GENS_ALL & (GEN_BIT(g) - 1)) /* before @g */

/* The newest release whose source the rules were read in. What comes later may decide otherwise. */
#define GENERATION_NEWEST "7.3"

struct generation {
	const char *name;    /* "6.0": what --kernel takes */
	const char *alias;   /* "patched", or NULL */
	const char *kernels; /* "6.0 - 6.1" */
	const char *what;    /* one line: what defines it */
	unsigned int first_major, first_minor;
};

const struct generation *generation_get(enum gen gen);
/* @text is a name, an alias, or a release ("6.1.0-18-amd64", "6.8"), which names the generation it
 * falls in. -EINVAL with the accepted names in @reterr (STATUS_USAGE); of a release past
 * GENERATION_NEWEST nothing is known. */
int generation_parse(const char *text, enum gen *ret, struct failure **reterr);

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
	uint32_t gens; /* the generations it leaves possible */
	enum gen_basis basis;
	bool used; /* false: contradicted by stronger evidence, shown as such */
};

struct gen_verdict {
	uint32_t candidates;  /* never 0: GENS_ALL when nothing is known */
	enum gen_basis basis; /* the strongest kind that decided */
	/* The release is newer than GENERATION_NEWEST: the candidates are the nearest that is known. */
	bool beyond;
	bool by_number; /* without the release more would be left */
	struct gen_evidence *evidence;
	size_t nr_evidence;
};

/* Strings and arrays in @a. */
void generation_find(const struct host *h, struct arena *a, struct gen_verdict *ret);
/* "symbols", "btf", "kallsyms", "shape", "version", "none". */
const char *gen_basis_name(enum gen_basis basis);
