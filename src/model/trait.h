/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Traits: the behaviours in which kernels differ, each with the release that has it first, the kernel
 * function that does it, and the symbols that show it. Nothing else in the model compares releases: a rule
 * asks whether the kernel has a trait. A new series of kernels is a row in RELEASE_LIST, and one row for
 * each behaviour that changed. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "facts/host.h"

/* The series that the rules were read for, oldest first. */
#define RELEASE_LIST(X) \
	X(5, 10)        \
	X(5, 11)        \
	X(5, 12)        \
	X(5, 13)        \
	X(5, 14)        \
	X(5, 15)        \
	X(5, 16)        \
	X(5, 17)        \
	X(5, 18)        \
	X(5, 19)        \
	X(6, 0)         \
	X(6, 1)         \
	X(6, 2)         \
	X(6, 3)         \
	X(6, 4)         \
	X(6, 5)         \
	X(6, 6)         \
	X(6, 7)         \
	X(6, 8)         \
	X(6, 9)         \
	X(6, 10)        \
	X(6, 11)        \
	X(6, 12)        \
	X(6, 13)        \
	X(6, 14) X(6, 15) X(6, 16) X(6, 17) X(6, 18) X(6, 19) X(7, 0) X(7, 1) X(7, 2) X(7, 3)

enum release {
#define X(major, minor) RELEASE_##major##_##minor,
	RELEASE_LIST(X)
#undef X
		NR_RELEASES,
};

#define RELEASE_BIT(r)    (UINT64_C(1) << (r))
#define RELEASES_ALL      (RELEASE_BIT(NR_RELEASES) - 1)
#define RELEASES_FROM(r)  (RELEASES_ALL & ~(RELEASE_BIT(r) - 1))
#define RELEASES_UNTIL(r) (RELEASE_BIT(r) - 1) /* before @r */

_Static_assert(NR_RELEASES < 64, "a set of releases is 64 bits");

enum trait {
	TRAIT_NONE = 0,
	TRAIT_UNMAP_ALL,
	TRAIT_NESTING_BY_DRIVER,
	TRAIT_BIND_ERRNO,
	TRAIT_PAGE_SIZES_OF_VTD,
	TRAIT_VTD_WITHOUT_NESTING,
	TRAIT_DMA_OWNERSHIP,
	TRAIT_COHERENCY_ASKED,
	TRAIT_COHERENCY_ENFORCED,
	TRAIT_NOIOMMU_ON_ANY_BUS,
	TRAIT_RUNTIME_RESUME,
	TRAIT_DEVICE_CAPABLE,
	TRAIT_VIRTIO_COHERENT,
	TRAIT_PAGE_SIZES_WITHOUT_DOMAIN,
	TRAIT_SMMU_COHERENCY,
	TRAIT_AMD_V2_TABLES,
	TRAIT_RESET_WANTED,
	TRAIT_IOMMUFD,
	TRAIT_VTD_BLOCKED_DOMAIN,
	TRAIT_ISOLATED_MSI,
	TRAIT_RESET_OPTIONAL,
	TRAIT_UPDATE_VADDR_AFTER,
	TRAIT_COMPAT_NOIOMMU,
	TRAIT_CDEV,
	TRAIT_ISOLATION_AT_BIND,
	TRAIT_REQUIRE_DIRECT,
	TRAIT_DRIVERS_COEXIST,
	TRAIT_DENYLIST_DSA,
	TRAIT_CONFIG_ACS,
	TRAIT_DOMAIN_ERRNO,
	TRAIT_AMD_52_BITS,
	TRAIT_WITHOUT_NESTING,
	TRAIT_VTD_OWN_SUPERPAGES,
	TRAIT_SMMU_ENFORCES,
	TRAIT_LENGTH_OVERFLOW,
	TRAIT_PROBE_GIVES_UP,
	TRAIT_CDEV_TOKEN,
	TRAIT_AMD_HATS,
	TRAIT_WRAP_OVERFLOW,
	TRAIT_COMPAT_UNMAP_NOTHING,
	TRAIT_TOKEN_POINTER,
	TRAIT_DMA_BUF,
	TRAIT_GENERIC_TABLES,
	TRAIT_NOIOMMU_CDEV,
	TRAIT_AMD_SOUTHBRIDGE,
	NR_TRAITS,
};

_Static_assert(NR_TRAITS < 64, "a set of traits is 64 bits");

struct trait_info {
	const char *what; /* what a kernel with it does */
	enum release since;
	/* Earlier releases that may have it: their source was not read, or their stable kernels took it. */
	uint64_t maybe;
	bool in_vfio; /* in VFIO's own modules, whose symbols tell; otherwise in the kernel itself */
	const char *source;
	/* Stable kernels of those took it: the last sublevel that is sure not to have it, and the first that
	 * is known to (0: none is). */
	bool in_stable;
	unsigned int stable_without, stable_with;
};

const struct trait_info *trait_get(enum trait trait);

/* What shows that a kernel has a trait, or not: a symbol that a module of VFIO or the kernel has. */
struct clue {
	enum clue_side { CLUE_IMPORT, CLUE_EXPORT, CLUE_NAME } side;
	enum module_id module; /* of imports and exports */
	const char *symbol;
	const char *with;        /* asked only where this is there as well */
	enum trait since, until; /* what its presence shows: it has @since, and not yet @until */
	enum trait absent_since, absent_until; /* what its absence shows */
	bool proves; /* the traits themselves, not only how old the kernel is */
};

const struct clue *clue_get(size_t index); /* NULL past the last */
/* Whether the symbol is there, among the symbols of the clue's module @m or the kernel's @names; unknown
 * when the symbols are not known, or @with is not there. */
enum tristate clue_seen(const struct clue *clue, const struct module *m);
enum tristate clue_seen_by_name(const struct clue *clue, const struct fact *names);
/* The releases that it leaves, seen or not; RELEASES_ALL when it says nothing. */
uint64_t clue_releases(const struct clue *clue, bool seen);

/* The kernels that are asked. */
struct kernels {
	uint64_t releases;     /* those that it may be; never 0 */
	uint64_t holds, lacks; /* traits that it shows itself to have, or not to have */
	uint64_t open;         /* those that the number of an enterprise kernel leaves open */
	bool asked; /* for by the user; the host may run an older one, whose build says nothing of later features */
};

#define TRAIT_BIT(t) (UINT64_C(1) << (t))

/* Whether a kernel of @k that is @release has @trait. */
enum tristate kernels_have(const struct kernels *k, enum release release, enum trait trait);
/* Whether all that @k may be have it for certain. */
bool kernels_all_have(const struct kernels *k, enum trait trait);
/* Those of @k from @release on that decide everything as @release does. */
uint64_t kernels_alike(const struct kernels *k, enum release release);

const char *release_name(enum release release); /* "6.12" */
bool release_is(enum release release, unsigned int major, unsigned int minor);
/* The release of this number or the last before it; false when it is older than all. */
bool release_find(unsigned int major, unsigned int minor, enum release *ret);
