/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/strbuf.h"
#include "decode/pciids.h"
#include "scene.h"

static struct pciids index_of(struct arena *a, const char *text)
{
	struct pciids p;

	pciids_index(span_of(text), a, &p);
	return p;
}

static const char database[] = "# A comment before all\n"
			       "\n"
			       "0e11  Compaq Computer Corporation\n"
			       "\t0001  PCI to EISA Bridge\n"
			       "\t7020  USB Controller\n"
			       "\t\t0e11 7021  of a subsystem, no device\n"
			       "8086  Intel Corporation  \r\n"
			       "# Another in between\n"
			       "\t1521  I350 Gigabit Network Connection\n"
			       "\t\t8086 0001  Ethernet Server Adapter I350-T4\n"
			       "\t1522  I350 Gigabit Fiber Network Connection\n"
			       "\tf00d  Last one\n"
			       "\n"
			       "C 02  Network controller\n"
			       "\t00  Ethernet controller\n"
			       "\t\t01  no subclass\n"
			       "\t80  Network controller\n"
			       "C 0c  Serial bus controller\n"
			       "\t03  USB controller\n"
			       "\t\t30  XHCI\n";

#define expect_name(found, name, text)                             \
	do {                                                       \
		assert_true(found);                                \
		assert_int_equal((name).len, strlen(text));        \
		assert_memory_equal((name).s, text, strlen(text)); \
	} while (0)

static void test_pciids_names_that_are_there(struct arena *a)
{
	struct pciids p = index_of(a, database);
	struct span name;

	expect_name(pciids_vendor(&p, 0x0e11, &name), name, "Compaq Computer Corporation");
	expect_name(pciids_vendor(&p, 0x8086, &name), name, "Intel Corporation");
	expect_name(pciids_device(&p, 0x0e11, 0x0001, &name), name, "PCI to EISA Bridge");
	expect_name(pciids_device(&p, 0x0e11, 0x7020, &name), name, "USB Controller");
	expect_name(pciids_device(&p, 0x8086, 0x1521, &name), name,
		    "I350 Gigabit Network Connection");
	expect_name(pciids_device(&p, 0x8086, 0xf00d, &name), name, "Last one");
	expect_name(pciids_class(&p, 0x0200, &name), name, "Ethernet controller");
	expect_name(pciids_class(&p, 0x0280, &name), name, "Network controller");
	expect_name(pciids_class(&p, 0x0c03, &name), name, "USB controller");
}

static void test_pciids_names_that_are_not(struct arena *a)
{
	struct pciids p = index_of(a, database);
	struct span name;

	assert_false(pciids_vendor(&p, 0x0000, &name));
	assert_false(pciids_vendor(&p, 0x0002, &name));         /* a class, no vendor */
	assert_false(pciids_device(&p, 0x8086, 0x0001, &name)); /* of another vendor */
	assert_false(pciids_device(&p, 0x0e11, 0x0e11, &name)); /* of a subsystem */
	assert_false(pciids_device(&p, 0x1234, 0x0001, &name));
	assert_false(pciids_class(&p, 0x0201, &name)); /* of an interface */
	assert_false(pciids_class(&p, 0x0300, &name));
	p = index_of(a, "");
	assert_false(pciids_vendor(&p, 0x8086, &name));
}

/* Somebody's own additions need not be sorted. */
static void test_pciids_unsorted_lines(struct arena *a)
{
	struct strbuf text = { .arena = a };
	struct span name;
	struct pciids p;

	strbuf_printf(&text, "8086  Intel\n");
	for (unsigned int i = 0; i < 1000; i++)
		strbuf_printf(&text, "\t%04x  Device %u\n", i * 7919 % 65521, i);
	strbuf_printf(&text, "1000  Before\n\t0001  One");
	p = index_of(a, strbuf_get(&text));
	for (unsigned int i = 0; i < 1000; i++)
		expect_name(pciids_device(&p, 0x8086, (uint16_t)(i * 7919 % 65521), &name), name,
			    arena_printf(a, "Device %u", i));
	expect_name(pciids_device(&p, 0x1000, 1, &name), name, "One");
}

static void test_pciids_lines_that_are_nonsense(struct arena *a)
{
	struct pciids p = index_of(a, "zzzz  No number\n"
				      "\t0001  Of nobody\n"
				      "8086\n"
				      "8086  \n"
				      "80861 Too long\n"
				      "C xx  No number\n"
				      "C \n"
				      "C\n"
				      "10de  NVIDIA\n"
				      "\t\n"
				      "\t01\n"
				      "\t0001 One blank\n"
				      "garbage\n"
				      "\t0002  Behind garbage\n");
	struct span name;

	assert_int_equal(p.nr_blocks, 1);
	expect_name(pciids_device(&p, 0x10de, 1, &name), name, "One blank");
	assert_false(pciids_device(&p, 0x10de, 2, &name));
	assert_false(pciids_vendor(&p, 0x8086, &name));
}
