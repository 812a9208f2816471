/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decode/acpi.h"

#include <errno.h>
#include <string.h>

#include "decode/acpi-table.h"

enum {
	/* ACPI specification, 'System Description Table Header'. */
	HEADER_SIZE = 36,
	HEADER_LEN = 4,
	/* Where the structures of a DMAR and the blocks of an IVRS begin. */
	BODY_START = 48,
	DMAR_WIDTH = 36,
	DMAR_FLAGS = 37,
	DMAR_DRHD = 0,
	DMAR_RMRR = 1,
	IVRS_INFO = 36,
	IVRS_INFO_EFR = 1,
	IVHD_HEADER = 24,
	IVHD_HEADER_LONG = 40,
	IVHD_ENTRY_SPECIAL = 0x48,
	IVHD_ENTRY_ACPI_HID = 0xf0,
	IVHD_SPECIAL_IOAPIC = 1,
	IVMD_SIZE = 32,
};

int acpi_table_open(struct span table, const char *signature, size_t min, struct arena *a,
		    struct span *ret)
{
	uint64_t len;

	if (table.len < HEADER_SIZE || memcmp(table.s, signature, 4))
		return -EBADMSG;
	len = acpi_get(&table, HEADER_LEN, 4);
	if (len < min)
		return -EBADMSG;
	if (len == table.len + 1 && a) {
		char *whole = arena_alloc(a, len);

		memcpy(whole, table.s, table.len);
		whole[table.len] = '\n';
		table.s = whole;
		table.len = len;
	}
	if (len > table.len)
		return -EBADMSG;
	*ret = (struct span){ table.s, len };
	return 0;
}

static int scope_parse(const struct span *t, size_t at, size_t len, struct acpi_scope *ret)
{
	*ret = (struct acpi_scope){
		.type = acpi_get8(t, at),
		.id = acpi_get8(t, at + 4),
		.bus = acpi_get8(t, at + 5),
	};
	for (size_t i = at + 6; i + 2 <= at + len && ret->nr_path < ARRAY_SIZE(ret->path); i += 2) {
		ret->path[ret->nr_path].device = acpi_get8(t, i);
		ret->path[ret->nr_path].function = acpi_get8(t, i + 1);
		ret->nr_path++;
	}
	return 0;
}

/* The device scopes between @at and @end. */
static int scopes_parse(const struct span *t, size_t at, size_t end, struct arena *a,
			struct acpi_scope **ret, size_t *ret_nr)
{
	struct acpi_scope *scopes = NULL;
	size_t nr = 0;

	while (end - at >= 6) {
		size_t len = acpi_get8(t, at + 1);

		if (len < 6 || len > end - at || nr == ACPI_SCOPES_MAX)
			return -EBADMSG;
		scopes = arena_grow(a, scopes, nr, sizeof(*scopes));
		scope_parse(t, at, len, &scopes[nr++]);
		at += len;
	}
	*ret = scopes;
	*ret_nr = nr;
	return 0;
}

static int drhd_parse(const struct span *t, size_t at, size_t len, struct arena *a,
		      struct acpi_dmar *ret)
{
	struct acpi_drhd *d;

	if (len < 16)
		return -EBADMSG;
	ret->drhds = arena_grow(a, ret->drhds, ret->nr_drhds, sizeof(*ret->drhds));
	d = &ret->drhds[ret->nr_drhds++];
	*d = (struct acpi_drhd){
		.include_all = acpi_get8(t, at + 4) & 1,
		.segment = acpi_get16(t, at + 6),
		.base = acpi_get(t, at + 8, 8),
	};
	return scopes_parse(t, at + 16, at + len, a, &d->scopes, &d->nr_scopes);
}

static int rmrr_parse(const struct span *t, size_t at, size_t len, struct arena *a,
		      struct acpi_dmar *ret)
{
	struct acpi_rmrr *m;

	if (len < 24)
		return -EBADMSG;
	ret->rmrrs = arena_grow(a, ret->rmrrs, ret->nr_rmrrs, sizeof(*ret->rmrrs));
	m = &ret->rmrrs[ret->nr_rmrrs++];
	*m = (struct acpi_rmrr){
		.segment = acpi_get16(t, at + 6),
		.start = acpi_get(t, at + 8, 8),
		.last = acpi_get(t, at + 16, 8),
	};
	return scopes_parse(t, at + 24, at + len, a, &m->scopes, &m->nr_scopes);
}

int acpi_dmar_parse(struct span table, struct arena *a, struct acpi_dmar *ret)
{
	struct acpi_dmar dmar = { 0 };
	size_t at = BODY_START, nr = 0;
	struct span t;
	int r = acpi_table_open(table, "DMAR", BODY_START, a, &t);

	if (r < 0)
		return r;
	dmar.width = (uint8_t)(acpi_get8(&t, DMAR_WIDTH) + 1);
	dmar.flags = acpi_get8(&t, DMAR_FLAGS);
	while (t.len - at >= 4) {
		uint16_t type = acpi_get16(&t, at), len = acpi_get16(&t, at + 2);

		if (len < 4 || len > t.len - at || nr++ == ACPI_STRUCTURES_MAX)
			return -EBADMSG;
		if (type == DMAR_DRHD)
			r = drhd_parse(&t, at, len, a, &dmar);
		else if (type == DMAR_RMRR)
			r = rmrr_parse(&t, at, len, a, &dmar);
		if (r < 0)
			return r;
		at += len;
	}
	*ret = dmar;
	return 0;
}

/* The length of a device entry; 0 when it is not known. AMD IOMMU specification, 'IVHD Device
 * Entries': the two high bits of the type tell 4 << n bytes, save for the ACPI names. */
static size_t ivhd_entry_len(const struct span *t, size_t at, size_t end)
{
	uint8_t type = acpi_get8(t, at);

	if (type == IVHD_ENTRY_ACPI_HID)
		return end - at < 22 ? 0 : 22 + (size_t)acpi_get8(t, at + 21);
	return type < 0x80 ? (size_t)4 << (type >> 6) : 0;
}

static int ivhd_parse(const struct span *t, size_t at, size_t len, struct arena *a,
		      struct acpi_ivrs *ret)
{
	uint8_t type = acpi_get8(t, at);
	size_t end = at + len, entry = at + (type == 0x10 ? IVHD_HEADER : IVHD_HEADER_LONG);
	struct acpi_ivhd *v;

	if (entry > end)
		return -EBADMSG;
	ret->ivhds = arena_grow(a, ret->ivhds, ret->nr_ivhds, sizeof(*ret->ivhds));
	v = &ret->ivhds[ret->nr_ivhds++];
	*v = (struct acpi_ivhd){
		.type = type,
		.devid = acpi_get16(t, at + 4),
		.base = acpi_get(t, at + 8, 8),
		.segment = acpi_get16(t, at + 16),
		.efr = type == 0x10 ? 0 : acpi_get(t, at + 24, 8),
	};
	while (end - entry >= 4) {
		size_t entry_len = ivhd_entry_len(t, entry, end);

		if (!entry_len || entry_len > end - entry)
			return -EBADMSG;
		if (acpi_get8(t, entry) == IVHD_ENTRY_SPECIAL &&
		    acpi_get8(t, entry + 7) == IVHD_SPECIAL_IOAPIC) {
			v->ioapics = arena_grow(a, v->ioapics, v->nr_ioapics, 1);
			v->ioapics[v->nr_ioapics++] = acpi_get8(t, entry + 4);
		}
		entry += entry_len;
	}
	return 0;
}

static int ivmd_parse(const struct span *t, size_t at, size_t len, struct arena *a,
		      struct acpi_ivrs *ret)
{
	if (len < IVMD_SIZE)
		return -EBADMSG;
	ret->ivmds = arena_grow(a, ret->ivmds, ret->nr_ivmds, sizeof(*ret->ivmds));
	ret->ivmds[ret->nr_ivmds++] = (struct acpi_ivmd){
		.type = acpi_get8(t, at),
		.flags = acpi_get8(t, at + 1),
		.devid = acpi_get16(t, at + 4),
		.last_devid = acpi_get16(t, at + 6),
		.start = acpi_get(t, at + 16, 8),
		.len = acpi_get(t, at + 24, 8),
	};
	return 0;
}

int acpi_ivrs_parse(struct span table, struct arena *a, struct acpi_ivrs *ret)
{
	struct acpi_ivrs ivrs = { 0 };
	size_t at = BODY_START, nr = 0;
	struct span t;
	int r = acpi_table_open(table, "IVRS", BODY_START, a, &t);

	if (r < 0)
		return r;
	ivrs.info = (uint32_t)acpi_get(&t, IVRS_INFO, 4);
	while (t.len - at >= 4) {
		uint8_t type = acpi_get8(&t, at);
		uint16_t len = acpi_get16(&t, at + 2);

		if (len < 4 || len > t.len - at || nr++ == ACPI_STRUCTURES_MAX)
			return -EBADMSG;
		if (type == 0x10 || type == 0x11 || type == 0x40)
			r = ivhd_parse(&t, at, len, a, &ivrs);
		else if (type >= 0x20 && type <= 0x22)
			r = ivmd_parse(&t, at, len, a, &ivrs);
		if (r < 0)
			return r;
		at += len;
	}
	*ret = ivrs;
	return 0;
}

uint64_t acpi_ivrs_efr(const struct acpi_ivrs *ivrs)
{
	uint64_t ret = UINT64_MAX;
	uint8_t newest = 0;

	for (size_t i = 0; i < ivrs->nr_ivhds; i++)
		newest = ivrs->ivhds[i].type > newest ? ivrs->ivhds[i].type : newest;
	for (size_t i = 0; i < ivrs->nr_ivhds; i++)
		ret &= ivrs->ivhds[i].type == newest ? ivrs->ivhds[i].efr : UINT64_MAX;
	return newest && ivrs->info & IVRS_INFO_EFR ? ret : 0;
}

enum { VIOT_PCI_RANGE = 1, VIOT_PCI_RANGE_LEN = 18 };

/* One node of a VIOT. ACPI specification, 'VIOT Node Types': 1 PCI range, 2 memory-mapped endpoint,
 * 3 virtio-iommu on PCI, 4 memory-mapped virtio-iommu. */
static int viot_node(const struct span *t, size_t *at, uint8_t *ret_type, size_t *ret_start)
{
	uint16_t len;

	if (*at > t->len || t->len - *at < 4)
		return -EBADMSG;
	len = acpi_get16(t, *at + 2);
	if (len < 4 || len > t->len - *at)
		return -EBADMSG;
	*ret_type = acpi_get8(t, *at);
	*ret_start = *at;
	if (*ret_type == VIOT_PCI_RANGE && len < VIOT_PCI_RANGE_LEN)
		return -EBADMSG;
	*at += len;
	return 0;
}

int acpi_viot_covers(struct span table, uint16_t segment, uint16_t bdf, bool *ret)
{
	size_t at, nr, start;
	bool found = false;
	struct span t;
	uint8_t type;
	int r = acpi_table_open(table, "VIOT", BODY_START, NULL, &t);

	if (r < 0)
		return r;
	nr = acpi_get16(&t, 36);
	at = acpi_get16(&t, 38);
	if (nr > ACPI_STRUCTURES_MAX)
		return -EBADMSG;
	for (size_t i = 0; i < nr; i++) {
		r = viot_node(&t, &at, &type, &start);
		if (r < 0)
			return r;
		found |= type == VIOT_PCI_RANGE && segment >= acpi_get16(&t, start + 8) &&
			 segment <= acpi_get16(&t, start + 10) &&
			 bdf >= acpi_get16(&t, start + 12) && bdf <= acpi_get16(&t, start + 14);
	}
	*ret = found;
	return 0;
}
