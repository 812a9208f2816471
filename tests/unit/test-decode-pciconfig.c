/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Configuration spaces made by hand, whole ones and broken ones. */
#include <pci/header.h>

#include "base/macro.h"
#include "decode/pciconfig.h"
#include "scene.h"

struct space {
	uint8_t bytes[PCICONFIG_MAX];
	struct pciconfig config;
	struct arena *arena;
	struct pciconfig_caps caps;
};

static void put(struct space *s, size_t at, unsigned int width, uint32_t value)
{
	for (unsigned int i = 0; i < width; i++)
		s->bytes[at + i] = (uint8_t)(value >> (8 * i));
}

/* Power management at 0x40, MSI-X at 0x50; AER at 0x100 and SR-IOV at 0x200. */
static void begin(struct space *s)
{
	*s = (struct space){ .arena = arena_new() };
	s->config = (struct pciconfig){ s->bytes, sizeof(s->bytes) };
	put(s, 0x00, 4, 0x15218086);
	put(s, 0x06, 2, 0x0010);
	put(s, 0x34, 1, 0x40);
	put(s, 0x40, 2, 0x5001);
	put(s, 0x44, 2, 0x0003);
	put(s, 0x50, 2, 0x0011);
	put(s, 0x52, 2, 0x8009);
	put(s, 0x54, 4, 0x00002003);
	put(s, 0x100, 4, 0x20020001);
	put(s, 0x200, 4, 0x00010010);
	put(s, 0x20e, 2, 7);
}

static void walk(struct space *s)
{
	pciconfig_find_caps(&s->config, s->arena, &s->caps);
}

static void end(struct space *s)
{
	arena_free(s->arena);
}

static uint32_t value(const struct space *s, size_t cap, const char *name)
{
	const struct pciconfig_cap *c = &s->caps.items[cap];
	size_t nr;
	const struct pciconfig_field *f = pciconfig_cap_fields(c->extended, c->id, &nr);
	uint32_t ret;

	for (size_t i = 0; i < nr; i++) {
		if (strcmp(f[i].name, name))
			continue;
		assert_true(pciconfig_get(&s->config, c->offset, &f[i], &ret));
		return ret;
	}
	fail_msg("no field is called %s", name);
	return 0;
}

static void test_pciconfig_both_lists(struct space *s)
{
	walk(s);
	assert_null(s->caps.broken);
	assert_int_equal(s->caps.nr, 4);
	assert_string_equal(s->caps.items[0].name, "PM");
	assert_string_equal(s->caps.items[1].name, "MSIX");
	assert_string_equal(s->caps.items[2].name, "AER");
	assert_int_equal(s->caps.items[2].version, 2);
	assert_string_equal(s->caps.items[3].name, "SRIOV");
	assert_int_equal(value(s, 0, "CTRL_STATE"), 3);
	assert_int_equal(value(s, 1, "TABSIZE"), 9);
	assert_int_equal(value(s, 1, "ENABLE"), 1);
	assert_int_equal(value(s, 1, "TABLE_BIR"), 3);
	assert_int_equal(value(s, 3, "TOTALVF"), 7);
}

static void test_pciconfig_loops_and_ways_out(struct space *s)
{
	put(s, 0x51, 1, 0x40);
	walk(s);
	assert_non_null(strstr(s->caps.broken, "loops"));
	assert_int_equal(s->caps.nr, 4);
	put(s, 0x51, 1, 0x10);
	walk(s);
	assert_non_null(strstr(s->caps.broken, "into the header"));
	put(s, 0x51, 1, 0);
	put(s, 0x200, 4, 0x10010010);
	walk(s);
	assert_non_null(strstr(s->caps.broken, "loops"));
	put(s, 0x200, 4, 0x04010010);
	walk(s);
	assert_non_null(strstr(s->caps.broken, "first 256 bytes"));
	assert_int_equal(s->caps.nr, 4);
}

static void test_pciconfig_ends_early(struct space *s)
{
	s->config.len = 0x51;
	walk(s);
	assert_non_null(strstr(s->caps.broken, "out of"));
	s->config.len = 0x202;
	walk(s);
	assert_non_null(strstr(s->caps.broken, "out of"));
	assert_int_equal(s->caps.nr, 3);
	s->config.len = 0;
	walk(s);
	assert_int_equal(s->caps.nr, 0);
	assert_int_equal(pciconfig_header_type(&s->config), 0xff);
}

static void test_pciconfig_of_a_device_that_is_gone(struct space *s)
{
	memset(s->bytes, 0xff, sizeof(s->bytes));
	walk(s);
	assert_int_equal(s->caps.nr, 0);
}

/* What VFIO leaves of a first capability that it hides. */
static void test_pciconfig_hidden_first_capability(struct space *s)
{
	put(s, 0x100, 4, 0x20000000);
	walk(s);
	assert_null(s->caps.broken);
	assert_int_equal(s->caps.nr, 3);
	assert_string_equal(s->caps.items[2].name, "SRIOV");
}

static const char *danger(struct space *s, size_t offset, unsigned int width)
{
	const struct pciconfig_cap *cap;
	const struct pciconfig_field *f =
		pciconfig_danger(&s->config, &s->caps, offset, width, &cap);

	return f ? f->name : "-";
}

static void test_pciconfig_dangerous_writes(struct space *s)
{
	walk(s);
	assert_string_equal(danger(s, 0x04, 2), "COMMAND");
	assert_string_equal(danger(s, 0x05, 1), "COMMAND");
	assert_string_equal(danger(s, 0x0c, 1), "-");
	assert_string_equal(danger(s, 0x0c, 4), "BIST");
	assert_string_equal(danger(s, 0x10, 4), "BASE_ADDRESS_0");
	assert_string_equal(danger(s, 0x26, 2), "BASE_ADDRESS_5");
	assert_string_equal(danger(s, 0x3c, 1), "-");
	assert_string_equal(danger(s, 0x44, 1), "CTRL_STATE");
	assert_string_equal(danger(s, 0x45, 1), "-");
	assert_string_equal(danger(s, 0x53, 1), "MASK");
	assert_string_equal(danger(s, 0x52, 1), "-");
	assert_string_equal(danger(s, 0x104, 4), "-");
	assert_string_equal(danger(s, 0x208, 2), "CTRL_VFE");
}

/* The names and numbers are libpci's. */
static void test_pciconfig_names_of_libpci(void)
{
	static const struct {
		bool extended;
		unsigned int id;
		const char *name;
	} known[] = {
		{ false, PCI_CAP_ID_PM, "PM" },          { false, PCI_CAP_ID_VPD, "VPD" },
		{ false, PCI_CAP_ID_MSI, "MSI" },        { false, PCI_CAP_ID_VNDR, "VNDR" },
		{ false, PCI_CAP_ID_SSVID, "SSVID" },    { false, PCI_CAP_ID_EXP, "EXP" },
		{ false, PCI_CAP_ID_MSIX, "MSIX" },      { false, PCI_CAP_ID_SATA, "SATA" },
		{ false, PCI_CAP_ID_AF, "AF" },          { false, PCI_CAP_ID_EA, "EA" },
		{ true, PCI_EXT_CAP_ID_AER, "AER" },     { true, PCI_EXT_CAP_ID_DSN, "DSN" },
		{ true, PCI_EXT_CAP_ID_VNDR, "VNDR" },   { true, PCI_EXT_CAP_ID_ACS, "ACS" },
		{ true, PCI_EXT_CAP_ID_ARI, "ARI" },     { true, PCI_EXT_CAP_ID_ATS, "ATS" },
		{ true, PCI_EXT_CAP_ID_SRIOV, "SRIOV" }, { true, PCI_EXT_CAP_ID_PRI, "PRI" },
		{ true, PCI_EXT_CAP_ID_LTR, "LTR" },     { true, PCI_EXT_CAP_ID_PASID, "PASID" },
		{ true, PCI_EXT_CAP_ID_DPC, "DPC" },     { true, PCI_EXT_CAP_ID_PTM, "PTM" },
		{ true, PCI_EXT_CAP_ID_DVSEC, "DVSEC" },
	};
	static const struct {
		unsigned int offset;
		const char *name;
	} registers[] = {
		{ PCI_COMMAND, "COMMAND" },
		{ PCI_CLASS_DEVICE, "CLASS_DEVICE" },
		{ PCI_BASE_ADDRESS_5, "BASE_ADDRESS_5" },
		{ PCI_SUBSYSTEM_ID, "SUBSYSTEM_ID" },
		{ PCI_ROM_ADDRESS, "ROM_ADDRESS" },
		{ PCI_INTERRUPT_PIN, "INTERRUPT_PIN" },
	};
	const struct pciconfig_field *fields;
	const char *title;
	size_t nr, found = 0;

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		assert_string_equal(pciconfig_cap_name(known[i].extended, (uint16_t)known[i].id,
						       &title),
				    known[i].name);
	assert_null(pciconfig_cap_name(true, 0x7777, &title));
	assert_null(title);
	fields = pciconfig_header_fields(0, &nr);
	for (size_t i = 0; i < nr; i++)
		for (size_t j = 0; j < ARRAY_SIZE(registers); j++)
			if (!strcmp(fields[i].name, registers[j].name)) {
				assert_int_equal(fields[i].offset, registers[j].offset);
				found++;
			}
	assert_int_equal(found, ARRAY_SIZE(registers));
}
