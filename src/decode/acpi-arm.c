/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decode/acpi-arm.h"

#include <errno.h>

#include "decode/acpi-table.h"
#include "decode/acpi.h"

enum {
	MADT_BODY = 44,
	MADT_DISTRIBUTOR = 12,
	MADT_MSI_FRAME = 13,
	MADT_ITS = 15,
	MADT_ITS_V5 = 29,

	IORT_BODY = 48,
	IORT_NODE_MIN = 16,
	IORT_ITS_GROUP = 0,
	IORT_NAMED = 1,
	IORT_ROOT = 2,
	IORT_SMMU = 3,
	IORT_SMMU_V3 = 4,
	IORT_IWB = 7,
	IORT_ROOT_FLAGS = 23,
	IORT_ROOT_SEGMENT = 28,
	IORT_ROOT_MIN = 32,
	IORT_ITS_MIN = 24,
	IORT_SMMU_MIN = 40,
	IORT_SMMU_V3_MIN = 64,
	IORT_MAPPING = 20,
	/* A root complex, an SMMU, an ITS group: no path is longer than this. */
	IORT_HOPS_MAX = 8,
};

int acpi_madt_parse(struct span table, struct arena *a, struct acpi_madt *ret)
{
	struct acpi_madt madt = { 0 };
	size_t at = MADT_BODY, nr = 0;
	struct span t;
	int r = acpi_table_open(table, "APIC", MADT_BODY, a, &t);

	if (r < 0)
		return r;
	while (t.len - at >= 2) {
		uint8_t type = acpi_get8(&t, at), len = acpi_get8(&t, at + 1);

		if (len < 2 || len > t.len - at || nr++ == ACPI_STRUCTURES_MAX)
			return -EBADMSG;
		if (type == MADT_DISTRIBUTOR && len > 20)
			madt.gic_version = acpi_get8(&t, at + 20);
		madt.nr_msi_frames += type == MADT_MSI_FRAME;
		if ((type == MADT_ITS || type == MADT_ITS_V5) && len >= 8) {
			madt.its = arena_grow(a, madt.its, madt.nr_its, sizeof(*madt.its));
			madt.its[madt.nr_its++] = acpi_get32(&t, at + 4);
		}
		at += len;
	}
	*ret = madt;
	return 0;
}

/* ---- IORT ---- */

static uint16_t node_len(const struct span *t, size_t at)
{
	return acpi_get16(t, at + 1);
}

static int root_parse(const struct span *t, size_t at, struct arena *a, struct acpi_iort *ret)
{
	if (node_len(t, at) < IORT_ROOT_MIN)
		return -EBADMSG;
	ret->roots = arena_grow(a, ret->roots, ret->nr_roots, sizeof(*ret->roots));
	ret->roots[ret->nr_roots++] = (struct acpi_iort_root){
		.segment = acpi_get32(t, at + IORT_ROOT_SEGMENT),
		.canwbs = acpi_get8(t, at + IORT_ROOT_FLAGS) >> 2 & 1,
		.at = at,
	};
	return 0;
}

static int smmu_parse(const struct span *t, size_t at, bool v3, struct arena *a,
		      struct acpi_iort *ret)
{
	if (node_len(t, at) < (v3 ? IORT_SMMU_V3_MIN : IORT_SMMU_MIN))
		return -EBADMSG;
	ret->smmus = arena_grow(a, ret->smmus, ret->nr_smmus, sizeof(*ret->smmus));
	ret->smmus[ret->nr_smmus++] = (struct acpi_iort_smmu){
		.base = acpi_get(t, at + 16, 8),
		.coherent = v3 ? acpi_get32(t, at + 24) & 1 : acpi_get32(t, at + 36) >> 1 & 1,
		.at = at,
	};
	return 0;
}

int acpi_iort_parse(struct span table, struct arena *a, struct acpi_iort *ret)
{
	struct acpi_iort iort = { 0 };
	size_t at, nr;
	int r = acpi_table_open(table, "IORT", IORT_BODY, a, &iort.table);
	const struct span *t = &iort.table;

	if (r < 0)
		return r;
	nr = acpi_get32(t, 36);
	at = acpi_get32(t, 40);
	if (nr > ACPI_STRUCTURES_MAX)
		return -EBADMSG;
	for (size_t i = 0; i < nr; i++) {
		uint8_t type;

		if (at > t->len || t->len - at < IORT_NODE_MIN || node_len(t, at) < IORT_NODE_MIN ||
		    node_len(t, at) > t->len - at)
			return -EBADMSG;
		type = acpi_get8(t, at);
		if (type == IORT_ROOT)
			r = root_parse(t, at, a, &iort);
		else if (type == IORT_SMMU || type == IORT_SMMU_V3)
			r = smmu_parse(t, at, type == IORT_SMMU_V3, a, &iort);
		if (r < 0)
			return r;
		at += node_len(t, at);
	}
	*ret = iort;
	return 0;
}

const struct acpi_iort_root *acpi_iort_root(const struct acpi_iort *iort, uint32_t segment)
{
	for (size_t i = 0; i < iort->nr_roots; i++)
		if (iort->roots[i].segment == segment)
			return &iort->roots[i];
	return NULL;
}

/* The mapping of the node at @at that is for its own interrupts, or UINT32_MAX. linux:
 * drivers/acpi/arm64/iort.c: iort_get_id_mapping_index(). */
static uint32_t own_mapping(const struct span *t, size_t at)
{
	uint8_t type = acpi_get8(t, at), revision = acpi_get8(t, at + 3);
	bool wired = true;

	if (type != IORT_SMMU_V3 || revision < 1 || node_len(t, at) < IORT_SMMU_V3_MIN + 4)
		return UINT32_MAX;
	for (size_t i = 44; i < 60; i += 4)
		wired &= acpi_get32(t, at + i) != 0;
	if (revision < 5 ? wired : !(acpi_get32(t, at + 24) >> 4 & 1))
		return UINT32_MAX;
	return acpi_get32(t, at + IORT_SMMU_V3_MIN);
}

/* Where the node at @at sends @id: the offset of the next node, 0 when nowhere. The last identifier of a mapping gives
 * way to another mapping that begins with it. linux: iort_id_map(), iort_node_map_id(). */
static size_t map_once(const struct span *t, size_t at, uint32_t *id)
{
	uint32_t nr = acpi_get32(t, at + 8), offset = acpi_get32(t, at + 12), in = *id, own;
	uint8_t type = acpi_get8(t, at);
	size_t found = 0;

	if (!nr || nr > ACPI_STRUCTURES_MAX || offset > node_len(t, at) ||
	    (node_len(t, at) - offset) / IORT_MAPPING < nr)
		return 0;
	own = own_mapping(t, at);
	for (uint32_t i = 0; i < nr; i++) {
		size_t map = at + offset + (size_t)i * IORT_MAPPING;
		uint32_t base = acpi_get32(t, map), count = acpi_get32(t, map + 4);
		bool single = acpi_get32(t, map + 16) & 1;

		if (i == own)
			continue;
		if (single && (type == IORT_NAMED || type == IORT_IWB || type == IORT_ROOT)) {
			*id = acpi_get32(t, map + 8);
			return acpi_get32(t, map + 12);
		}
		if (single || in < base || in - base > count || (found && in != base))
			continue;
		*id = acpi_get32(t, map + 8) + (in - base);
		found = acpi_get32(t, map + 12);
		if (!count || in - base < count)
			return found;
	}
	return found;
}

const struct acpi_iort_smmu *acpi_iort_smmu_of(const struct acpi_iort *iort,
					       const struct acpi_iort_root *root, uint32_t rid)
{
	size_t at = map_once(&iort->table, root->at, &rid);

	for (size_t i = 0; at && i < iort->nr_smmus; i++)
		if (iort->smmus[i].at == at)
			return &iort->smmus[i];
	return NULL;
}

/* The kernel takes the first ITS of a group. linux: drivers/acpi/arm64/iort.c: iort_get_device_domain(). */
bool acpi_iort_its(const struct acpi_iort *iort, const struct acpi_iort_root *root, uint32_t rid,
		   uint32_t *ret)
{
	const struct span *t = &iort->table;
	size_t at = root->at;

	for (unsigned int i = 0; i < IORT_HOPS_MAX; i++) {
		at = map_once(t, at, &rid);
		if (at < IORT_BODY || at > t->len || t->len - at < IORT_NODE_MIN ||
		    node_len(t, at) < IORT_NODE_MIN || node_len(t, at) > t->len - at)
			return false;
		if (acpi_get8(t, at) != IORT_ITS_GROUP)
			continue;
		if (node_len(t, at) < IORT_ITS_MIN || !acpi_get32(t, at + 16))
			return false;
		*ret = acpi_get32(t, at + 20);
		return true;
	}
	return false;
}
