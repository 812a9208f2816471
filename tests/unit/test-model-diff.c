/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two hosts that differ in one thing each, and what the comparison says of it. */
#include <string.h>

#include "fake-host.h"
#include "model/diff.h"
#include "scene.h"

/* Two hosts alike: a card of two functions and a disk controller. */
struct two {
	struct host *a, *b;
	struct diff diff;
};

static void fill(struct host *h, unsigned int group, const char *card)
{
	struct iommu_unit *u = fake_unit(h, IOMMU_KIND_INTEL, "dmar0");
	struct group *g = fake_group(h, group);
	struct device *d;

	fake_chips(h, "IR-PCI-MSI");
	fake_config(h, FAKE_CONFIG);
	h->kernel.release = fake_present(h, "/proc/sys/kernel/osrelease", "6.1.0-18-amd64");
	for (unsigned int i = 0; i < 2; i++) {
		d = fake_pci(h, arena_printf(h->arena, "%s.%u", card, i), g, u, "igb");
		d->has_ids = true;
		d->vendor = 0x8086;
		d->device_id = 0x1521;
		d->class_code = 0x020000;
	}
	d = fake_pci(h, "0000:09:00.0", fake_group(h, 40), u, "nvme");
	d->has_ids = true;
	d->vendor = 0x144d;
	d->class_code = 0x010802;
}

static void begin(struct two *x)
{
	x->a = fake_host();
	x->b = fake_host();
}

static void end(struct two *x)
{
	fake_free(x->a);
	fake_free(x->b);
}

static void compare(struct two *x)
{
	const struct assumptions none = { 0 };
	struct arena *scratch_a = arena_new(), *scratch_b = arena_new();
	struct gen_verdict ka, kb;

	generation_find(x->a, x->a->arena, &ka);
	generation_find(x->b, x->b->arena, &kb);
	diff_make(&(struct diff_side){ .host = x->a,
				       .assumptions = &none,
				       .kernel = &ka,
				       .scratch = scratch_a },
		  &(struct diff_side){
			  .host = x->b, .assumptions = &none, .kernel = &kb, .scratch = scratch_b },
		  x->b->arena, &x->diff);
	arena_free(scratch_a);
	arena_free(scratch_b);
}

/* The change of @kind with this subject and what, which must be there once. */
static const struct change *only(const struct two *x, enum change_kind kind, const char *subject,
				 const char *what)
{
	const struct change *ret = NULL;

	for (size_t i = 0; i < x->diff.nr; i++) {
		const struct change *c = &x->diff.items[i];

		if (c->kind != kind || strcmp(c->subject, subject) ||
		    strcmp(c->what ? c->what : "", what))
			continue;
		assert_null(ret);
		ret = c;
	}
	assert_non_null(ret);
	return ret;
}

static void assert_change(const struct change *c, const char *before, const char *after)
{
	assert_string_equal(c->before ? c->before : "none", before);
	assert_string_equal(c->after ? c->after : "none", after);
}

static void test_diff_of_the_same(struct two *x)
{
	fill(x->a, 1, "0000:01:00");
	fill(x->b, 1, "0000:01:00");
	compare(x);
	assert_int_equal(x->diff.nr, 0);
	assert_int_equal(x->diff.nr_uncompared, 0);
}

static void test_diff_of_a_card_in_another_slot(struct two *x)
{
	fill(x->a, 1, "0000:01:00");
	fill(x->b, 3, "0000:04:00");
	compare(x);
	assert_change(only(x, CHANGE_DEVICE, "0000:04:00.0", "address"), "0000:01:00.0",
		      "0000:04:00.0");
	assert_change(only(x, CHANGE_DEVICE, "0000:04:00.1", "address"), "0000:01:00.1",
		      "0000:04:00.1");
	assert_change(only(x, CHANGE_GROUP, "0000:04:00.0", "number"), "group 1", "group 3");
	assert_int_equal(x->diff.nr, 3);
}

static void test_diff_of_another_card_at_the_address(struct two *x)
{
	fill(x->a, 1, "0000:01:00");
	fill(x->b, 1, "0000:01:00");
	x->b->devices[0]->device_id = 0x10fb;
	compare(x);
	assert_int_equal(x->diff.nr, 2);
	assert_change(&x->diff.items[0], "8086:1521, driver igb, group 1", "none");
	assert_change(&x->diff.items[1], "none", "8086:10fb, driver igb, group 1");
}

static void test_diff_of_groups(struct two *x)
{
	fill(x->a, 1, "0000:01:00");
	fill(x->b, 1, "0000:01:00");
	x->b->devices[1]->group = x->b->devices[2]->group;
	compare(x);
	assert_change(only(x, CHANGE_GROUP, "group 1", "split"), "0000:01:00.0, 0000:01:00.1",
		      "0000:01:00.0 | 0000:01:00.1");
	assert_change(only(x, CHANGE_GROUP, "group 40", "merged"), "0000:01:00.1 | 0000:09:00.0",
		      "0000:01:00.1, 0000:09:00.0");
}

static void test_diff_of_a_lost_group(struct two *x)
{
	fill(x->a, 1, "0000:01:00");
	fill(x->b, 1, "0000:01:00");
	x->b->devices[2]->group = NULL;
	x->b->devices[2]->group_link = fake_absent(x->b, "/sys/d/iommu_group");
	compare(x);
	assert_change(only(x, CHANGE_GROUP, "0000:09:00.0", "group"), "group 40", "none");
}

/* What was not read is no difference. */
static void test_diff_of_what_one_side_did_not_read(struct two *x)
{
	fill(x->a, 1, "0000:01:00");
	fill(x->b, 1, "0000:01:00");
	x->b->devices[2]->group = NULL;
	x->b->devices[2]->group_link = (struct fact){ .path = "/sys/d/iommu_group" };
	x->b->kernel.cmdline = (struct fact){ .path = "/proc/cmdline" };
	x->a->kernel.cmdline = fake_present(x->a, "/proc/cmdline", "quiet");
	compare(x);
	for (size_t i = 0; i < x->diff.nr; i++)
		assert_int_equal(x->diff.items[i].kind, CHANGE_VERDICT);
	assert_int_equal(x->diff.nr_uncompared, 2);
}

static void test_diff_of_verdicts_comes_first(struct two *x)
{
	const struct change *c;

	fill(x->a, 1, "0000:01:00");
	fill(x->b, 1, "0000:01:00");
	fake_chips(x->b, "IO-APIC PCI-MSI");
	x->b->kernel.lockdown = fake_present(x->b, "/sys/kernel/security/lockdown", "[integrity]");
	x->a->kernel.lockdown = fake_present(x->a, "/sys/kernel/security/lockdown", "[none]");
	compare(x);
	c = only(x, CHANGE_VERDICT, "0000:09:00.0", "after binding");
	assert_change(c, "yes", "no, SET_IOMMU EPERM");
	assert_non_null(c->because);
	assert_false(c->past);
	assert_int_equal(x->diff.items[0].kind, CHANGE_VERDICT);
	assert_int_equal(x->diff.items[0].rank, 0);
	assert_true(change_is_alike(&x->diff.items[0], &x->diff.items[1]));
	assert_int_equal(x->diff.items[x->diff.nr - 2].kind, CHANGE_KERNEL);
	/* Interrupts are remapped, or not. */
	assert_int_equal(x->diff.items[x->diff.nr - 1].kind, CHANGE_IOMMU);
}

static void test_diff_of_boot_options(struct two *x)
{
	fill(x->a, 1, "0000:01:00");
	fill(x->b, 1, "0000:01:00");
	x->a->kernel.cmdline =
		fake_present(x->a, "/proc/cmdline",
			     "BOOT_IMAGE=/old console=tty0 console=ttyS0 quiet pci=\"a b\" iommu=pt -- init");
	x->b->kernel.cmdline =
		fake_present(x->b, "/proc/cmdline",
			     "BOOT_IMAGE=/new console=ttyS0 pci=\"a b\" iommu=pt debug");
	compare(x);
	assert_int_equal(x->diff.nr, 3);
	assert_change(&x->diff.items[0], "console=tty0 console=ttyS0", "console=ttyS0");
	assert_change(&x->diff.items[1], "quiet", "none");
	assert_change(&x->diff.items[2], "none", "debug");
}

static void test_diff_of_lists_names_their_lines(struct two *x)
{
	fill(x->a, 1, "0000:01:00");
	fill(x->b, 1, "0000:01:00");
	x->a->firmware.tables = fake_present(x->a, "/sys/firmware/acpi/tables", "APIC\nDMAR\nFACP");
	x->b->firmware.tables = fake_present(x->b, "/sys/firmware/acpi/tables", "APIC\nFACP\nIVRS");
	compare(x);
	assert_int_equal(x->diff.nr, 1);
	assert_change(only(x, CHANGE_FIRMWARE, "ACPI tables", ""), "DMAR", "IVRS");
}

static void test_diff_of_modules_and_units(struct two *x)
{
	fill(x->a, 1, "0000:01:00");
	fill(x->b, 1, "0000:01:00");
	fake_module(x->b, MODULE_VFIO_PCI, MODULE_STATE_LOADABLE);
	fake_param(x->a, PARAM_TYPE1_ALLOW_UNSAFE_INTERRUPTS, "N");
	fake_param(x->b, PARAM_TYPE1_ALLOW_UNSAFE_INTERRUPTS, "Y");
	fake_unit(x->b, IOMMU_KIND_INTEL, "dmar1");
	compare(x);
	assert_change(only(x, CHANGE_MODULE, "vfio_iommu_type1.allow_unsafe_interrupts", "now"),
		      "N", "Y");
	assert_change(only(x, CHANGE_IOMMU, "dmar1", ""), "none", "there");
	only(x, CHANGE_MODULE, "vfio_pci", "");
}

static void test_change_names(void)
{
	for (unsigned int k = 0; k < NR_CHANGE_KINDS; k++) {
		assert_int_equal(change_find(change_name((enum change_kind)k)), k);
		assert_non_null(change_title((enum change_kind)k));
	}
	assert_int_equal(change_find("nothing"), NR_CHANGE_KINDS);
}

/* What diff_survey() says of the first side. */
static void survey(struct two *x)
{
	const struct assumptions none = { 0 };
	struct arena *scratch = arena_new();
	struct gen_verdict kernel;

	generation_find(x->a, x->a->arena, &kernel);
	diff_survey(&(struct diff_side){ .host = x->a,
					 .assumptions = &none,
					 .kernel = &kernel,
					 .scratch = scratch },
		    x->a->arena, &x->diff);
	arena_free(scratch);
}

static bool has(const struct two *x, const char *subject)
{
	for (size_t i = 0; i < x->diff.nr; i++)
		if (!strcmp(x->diff.items[i].subject, subject))
			return true;
	return false;
}

static void test_survey_says_what_a_host_has(struct two *x)
{
	fill(x->a, 1, "0000:01:00");
	x->a->kernel.cmdline = fake_present(x->a, "/proc/cmdline", "quiet intel_iommu=on");
	survey(x);
	assert_change(only(x, CHANGE_DEVICE, "0000:01:00.0", ""), "8086:1521", "8086:1521");
	assert_change(only(x, CHANGE_GROUP, "0000:01:00.0", "group"), "with 0000:01:00.1",
		      "with 0000:01:00.1");
	assert_change(only(x, CHANGE_GROUP, "0000:09:00.0", "group"), "alone", "alone");
	assert_change(only(x, CHANGE_DRIVER, "0000:01:00.0", "driver"), "igb", "igb");
	assert_change(only(x, CHANGE_IOMMU, "dmar0", ""), "there", "there");
	assert_change(only(x, CHANGE_KERNEL, "release", ""), "6.1.0-18-amd64", "6.1.0-18-amd64");
	assert_change(only(x, CHANGE_KERNEL, DIFF_BOOT_OPTION, ""), "known", "known");
	assert_change(only(x, CHANGE_KERNEL, DIFF_BOOT_OPTION, "intel_iommu"), "intel_iommu=on",
		      "intel_iommu=on");
	assert_non_null(only(x, CHANGE_VERDICT, "0000:01:00.0", DIFF_NOW));
	assert_non_null(only(x, CHANGE_VERDICT, "0000:01:00.0", DIFF_AFTER));
	assert_ptr_equal(only(x, CHANGE_DRIVER, "0000:01:00.0", "driver")->fact,
			 &x->a->devices[0]->driver_fact);
}

static void test_survey_tells_none_from_unknown(struct two *x)
{
	fill(x->a, 1, "0000:01:00");
	x->a->kernel.lockdown.state = FACT_ABSENT;
	x->a->kernel.cmdline.state = FACT_DENIED;
	x->a->kernel.modules_disabled.state = FACT_DENIED;
	survey(x);
	assert_change(only(x, CHANGE_KERNEL, "lockdown", ""), "none", "none");
	assert_false(has(x, DIFF_BOOT_OPTION));
	assert_false(has(x, "modules_disabled"));
}

static void test_survey_shortens_with_a_checksum(struct two *x)
{
	static char text[400];

	fill(x->a, 1, "0000:01:00");
	memset(text, 'x', sizeof(text) - 1);
	x->a->kernel.release = fake_present(x->a, "/proc/sys/kernel/osrelease", text);
	survey(x);
	assert_true(strlen(only(x, CHANGE_KERNEL, "release", "")->after) < 200);
	assert_non_null(strstr(only(x, CHANGE_KERNEL, "release", "")->after,
			       "399 bytes, checksum"));
}
