/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Firmware tables: the same bytes as each of them. */
#include <errno.h>

#include "decode/acpi-arm.h"
#include "decode/acpi.h"
#include "fuzz.h"

static void check_dmar(struct span table, struct arena *a)
{
	struct acpi_dmar dmar;
	int r = acpi_dmar_parse(table, a, &dmar);

	must(r == 0 || r == -EBADMSG);
	if (r < 0)
		return;
	must(dmar.nr_drhds <= ACPI_STRUCTURES_MAX && dmar.nr_rmrrs <= ACPI_STRUCTURES_MAX);
	for (size_t i = 0; i < dmar.nr_rmrrs; i++)
		must(dmar.rmrrs[i].nr_scopes <= ACPI_SCOPES_MAX);
	for (size_t i = 0; i < dmar.nr_drhds; i++)
		for (size_t k = 0; k < dmar.drhds[i].nr_scopes; k++)
			must(dmar.drhds[i].scopes[k].nr_path <=
			     ARRAY_SIZE(dmar.drhds[i].scopes[k].path));
}

static void check_ivrs(struct span table, struct arena *a)
{
	struct acpi_ivrs ivrs;
	unsigned int sum = 0;
	int r = acpi_ivrs_parse(table, a, &ivrs);

	must(r == 0 || r == -EBADMSG);
	if (r < 0)
		return;
	must(ivrs.nr_ivhds <= ACPI_STRUCTURES_MAX && ivrs.nr_ivmds <= ACPI_STRUCTURES_MAX);
	for (size_t i = 0; i < ivrs.nr_ivhds; i++)
		for (size_t k = 0; k < ivrs.ivhds[i].nr_ioapics; k++)
			sum += ivrs.ivhds[i].ioapics[k];
	must(sum < UINT32_MAX);
}

static void check_arm(struct span table, struct arena *a)
{
	struct acpi_madt madt;
	struct acpi_iort iort;
	uint32_t its;
	int r = acpi_madt_parse(table, a, &madt);

	must(r == 0 || r == -EBADMSG);
	r = acpi_iort_parse(table, a, &iort);
	must(r == 0 || r == -EBADMSG);
	for (size_t i = 0; r == 0 && i < iort.nr_roots; i++) {
		must(acpi_iort_root(&iort, iort.roots[i].segment) != NULL);
		acpi_iort_its(&iort, &iort.roots[i], 0x100, &its);
		acpi_iort_smmu_of(&iort, &iort.roots[i], 0x100);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	struct span table = { (const char *)data, len };
	bool covers;
	int r;

	check_dmar(table, a);
	check_ivrs(table, a);
	check_arm(table, a);
	r = acpi_viot_covers(table, 0, 0x0100, &covers);
	must(r == 0 || r == -EBADMSG);
	return 0;
}
