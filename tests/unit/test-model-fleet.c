/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/fleet.h"

#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "scene.h"

#define CARD "0000:01:00.0"
#define PORT "0000:02:00.0"

/* What a host says, fact by fact. */
struct says {
	struct arena *a;
	struct diff diff;
};

static void say(struct says *s, enum change_kind kind, const char *subject, const char *what,
		const char *value)
{
	s->diff.items = arena_grow(s->a, s->diff.items, s->diff.nr, sizeof(*s->diff.items));
	s->diff.items[s->diff.nr++] = (struct change){
		.kind = kind, .subject = subject, .what = what, .before = value, .after = value
	};
}

/* A host with a card that can be attached after binding, and an option @option (or NULL) of the boot. */
static struct says host(struct arena *a, const char *place, const char *after, const char *option)
{
	struct says s = { .a = a };

	say(&s, CHANGE_DEVICE, place, NULL, "8086:1521");
	say(&s, CHANGE_DEVICE, "0000:00:1f.0", NULL, "8086:7010");
	say(&s, CHANGE_DEVICE, "0000:00:1f.2", NULL, "8086:2922");
	say(&s, CHANGE_VERDICT, place, DIFF_NOW, "no, OPEN_GROUP ENOENT (group-node)");
	say(&s, CHANGE_VERDICT, place, DIFF_AFTER, after);
	say(&s, CHANGE_KERNEL, DIFF_BOOT_OPTION, NULL, "known");
	if (option)
		say(&s, CHANGE_KERNEL, DIFF_BOOT_OPTION, "intel_iommu", option);
	return s;
}

struct fixture {
	struct arena *a;
	struct fleet *fleet;
	size_t nr;
	struct fleet_group *groups;
	size_t nr_groups;
};

enum { HOSTS_MAX = 16 };

static void begin(struct fixture *f)
{
	f->a = arena_new();
	f->fleet = fleet_new(f->a, HOSTS_MAX);
}

static void end(struct fixture *f)
{
	arena_free(f->a);
}

static struct span written(struct fixture *f, const struct says *s)
{
	struct strbuf bytes = { .arena = f->a };

	fleet_write(&s->diff, &bytes);
	return (struct span){ bytes.s, bytes.len };
}

static void add(struct fixture *f, struct says s)
{
	assert_int_equal(fleet_take(f->fleet, f->nr++, written(f, &s)), 0);
}

static void group(struct fixture *f)
{
	f->groups = fleet_groups(f->fleet, &f->nr_groups);
}

static void test_fleet_hosts_that_answer_alike(struct fixture *f)
{
	add(f, host(f->a, CARD, "yes", "intel_iommu=on"));
	add(f, host(f->a, CARD, "yes", NULL));
	group(f);
	assert_int_equal(f->nr_groups, 1);
	assert_int_equal(f->groups->nr_hosts, 2);
	assert_int_equal(f->groups->nr_devices, 3);
	assert_int_equal(f->groups->nr_now, 0);
	assert_int_equal(f->groups->nr_after, 1);
	assert_null(f->groups->reference);
}

static void test_fleet_a_missing_option_makes_the_difference(struct fixture *f)
{
	const struct fleet_group *odd;

	add(f, host(f->a, CARD, "no, SET_IOMMU EPERM (no-iommu)", NULL));
	add(f, host(f->a, CARD, "yes", "intel_iommu=on"));
	add(f, host(f->a, CARD, "yes", "intel_iommu=on"));
	group(f);
	assert_int_equal(f->nr_groups, 2);
	odd = &f->groups[1];
	assert_ptr_equal(odd->reference, &f->groups[0]);
	assert_int_equal(odd->hosts[0], 0);
	assert_int_equal(odd->nr_answers, 1);
	assert_string_equal(odd->answers[0].device, CARD);
	assert_string_equal(odd->answers[0].view, DIFF_AFTER);
	assert_string_equal(odd->answers[0].there, "yes");
	assert_int_equal(odd->nr_facts, 1);
	assert_int_equal(odd->basis, FLEET_ONLY);
	assert_string_equal(odd->facts[0].what, "intel_iommu");
	assert_null(odd->facts[0].here);
	assert_string_equal(odd->facts[0].there, "intel_iommu=on");
}

/* Where the command line could not be read, that an option is missing is not known. */
static void test_fleet_unknown_is_no_difference(struct fixture *f)
{
	struct says s = host(f->a, CARD, "unknown (group-access)", NULL);

	s.diff.nr--;
	add(f, s);
	add(f, host(f->a, CARD, "yes", "intel_iommu=on"));
	group(f);
	assert_int_equal(f->groups[1].nr_facts, 0);
}

/* What some hosts of the others have as well does not make the difference. */
static void test_fleet_what_varies_is_left_out(struct fixture *f)
{
	static const char *const releases[] = { "6.1", "6.1", "6.12" };

	for (size_t i = 0; i < ARRAY_SIZE(releases); i++) {
		struct says s = host(f->a, CARD, i ? "yes" : "no, X EPERM (x)", NULL);

		say(&s, CHANGE_KERNEL, "release", NULL, releases[i]);
		say(&s, CHANGE_MODULE, "vfio_pci", NULL, i ? "loaded" : "absent");
		add(f, s);
	}
	group(f);
	assert_int_equal(f->groups[1].nr_facts, 1);
	assert_string_equal(f->groups[1].facts[0].subject, "vfio_pci");
}

static void test_fleet_a_value_that_others_vary(struct fixture *f)
{
	static const char *const releases[] = { "5.10", "6.1", "6.12" };
	size_t nr;

	for (size_t i = 0; i < ARRAY_SIZE(releases); i++) {
		struct says s = host(f->a, CARD, i ? "yes" : "no, X EPERM (x)", NULL);

		say(&s, CHANGE_KERNEL, "release", NULL, releases[i]);
		add(f, s);
	}
	group(f);
	assert_string_equal(f->groups[1].facts[0].here, "5.10");
	assert_false(f->groups[1].facts[0].here_varies);
	assert_true(f->groups[1].facts[0].there_varies);
	assert_string_equal(fleet_values(f->fleet, f->groups, CHANGE_KERNEL, "release", &nr)[1],
			    "6.12");
	assert_int_equal(nr, 2);
}

static void test_fleet_a_card_in_another_slot(struct fixture *f)
{
	const struct fleet_group *odd;

	add(f, host(f->a, CARD, "yes", NULL));
	add(f, host(f->a, CARD, "yes", NULL));
	add(f, host(f->a, PORT, "yes", NULL));
	group(f);
	odd = &f->groups[1];
	assert_int_equal(odd->hosts[0], 2);
	assert_string_equal(odd->facts[0].subject, "8086:1521");
	assert_string_equal(odd->facts[0].what, "address");
	assert_string_equal(odd->facts[0].here, PORT);
	assert_string_equal(odd->facts[0].there, CARD);
}

static void test_fleet_other_machines_have_no_reference(struct fixture *f)
{
	struct says other = { .a = f->a };

	for (size_t i = 0; i < 4; i++)
		say(&other, CHANGE_DEVICE, arena_printf(f->a, "0000:8%zu:00.0", i), NULL,
		    "10de:2684");
	add(f, host(f->a, CARD, "yes", NULL));
	add(f, other);
	group(f);
	assert_int_equal(f->nr_groups, 2);
	assert_null(f->groups[1].reference);
}

static void test_fleet_only_a_driver_differs_now(struct fixture *f)
{
	for (size_t i = 0; i < 3; i++) {
		struct says s = host(f->a, CARD, "yes", i ? NULL : "intel_iommu=on");

		s.diff.items[3].after = i ? s.diff.items[3].after : "yes";
		say(&s, CHANGE_DRIVER, CARD, "driver", i ? "igb" : "vfio-pci");
		add(f, s);
	}
	group(f);
	assert_int_equal(f->groups[1].basis, FLEET_LIKELY);
	assert_int_equal(f->groups[1].nr_candidates, 2);
	assert_string_equal(f->groups[1].facts[0].what, "driver");
}

/* Three facts differ: the one that the rule looks at comes first, whatever its place in the chain of causes. */
static void test_fleet_a_rule_looks_at_it(struct fixture *f)
{
	struct says cited = { .a = f->a };

	for (size_t i = 0; i < 2; i++) {
		struct says s = host(f->a, CARD, i ? "yes" : "no, X EPERM (x)",
				     i ? "intel_iommu=on" : NULL);

		say(&s, CHANGE_NODE, "/dev/vfio/vfio", NULL, i ? "char 0666" : NULL);
		say(&s, CHANGE_KERNEL, DIFF_DECIDES, NULL, i ? "6.1" : "5.10");
		add(f, s);
	}
	group(f);
	assert_string_equal(f->groups[1].facts[0].subject, DIFF_BOOT_OPTION);
	say(&cited, CHANGE_NODE, "/dev/vfio/vfio", NULL, NULL);
	assert_int_equal(fleet_cite(f->fleet, &f->groups[1], written(f, &cited), false), 0);
	assert_int_equal(f->groups[1].basis, FLEET_CITED);
	assert_string_equal(f->groups[1].facts[0].subject, "/dev/vfio/vfio");
}

static void test_fleet_the_kernel_explains_it(struct fixture *f)
{
	for (size_t i = 0; i < 2; i++) {
		struct says s = host(f->a, CARD, i ? "yes" : "no, X EPERM (x)",
				     i ? "intel_iommu=on" : NULL);

		say(&s, CHANGE_KERNEL, DIFF_DECIDES, NULL, i ? "6.1" : "5.10");
		add(f, s);
	}
	group(f);
	assert_int_equal(fleet_cite(f->fleet, &f->groups[1], (struct span){ "", 0 }, true), 0);
	assert_int_equal(f->groups[1].basis, FLEET_KERNEL);
	assert_string_equal(f->groups[1].facts[0].subject, DIFF_DECIDES);
}

static void test_fleet_refuses_what_it_never_writes(struct fixture *f)
{
	static const struct span bad[] = {
		{ "x", 1 },
		{ "A", 1 },
		{ "A+x", 3 },
		{ "A-\0-\0-\0", 7 },
		{ "A+x\0-\0", 6 },
		{ "\xff+x\0-\0-\0", 8 },
		{ "A+x\0-y\0-\0", 9 },
		{ "A+x\0*\0-\0", 8 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(fleet_take(f->fleet, 0, bad[i]), -EBADMSG);
	group(f);
	assert_int_equal(f->nr_groups, 0);
}
