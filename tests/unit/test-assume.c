/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "model/assume.h"
#include "fake-host.h"
#include "scene.h"

static void test_add_takes_all_forms(struct arena *a)
{
	static const struct {
		const char *text, *target, *key, *value;
	} rows[] = {
		{ "allow_unsafe_interrupts=1", NULL, "allow_unsafe_interrupts", "1" },
		{ "iommufd.allow_unsafe_interrupts=0", NULL, "iommufd.allow_unsafe_interrupts",
		  "0" },
		{ "module.vfio_pci=absent", NULL, "module.vfio_pci", "absent" },
		{ "memlock=unlimited", NULL, "memlock", "unlimited" },
		{ "memlock=65536", NULL, "memlock", "65536" },
		{ "euid=1000", NULL, "euid", "1000" },
		{ "interrupt_remapping=1", NULL, "interrupt_remapping", "1" },
		{ "0000:01:00.0:driver=vfio-pci", "0000:01:00.0", "driver", "vfio-pci" },
		{ "01:00.0:driver=none", "0000:01:00.0", "driver", "none" },
		{ "pci:0000:0A:00.0:numvfs=4", "0000:0a:00.0", "numvfs", "4" },
		{ "10000:e1:00.0:isolated_msi=0", "10000:e1:00.0", "isolated_msi", "0" },
		{ "platform:mock0:cache_coherency=0", "platform:mock0", "cache_coherency", "0" },
		{ "group:12:held=1", "group:12", "held", "1" },
		{ "0000:01:00.0:aperture=0-0x7fffffffff", "0000:01:00.0", "aperture",
		  "0-0x7fffffffff" },
		{ "page_sizes=0x40201000", NULL, "page_sizes", "0x40201000" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct assumptions as = { 0 };
		assert_int_equal(assumptions_add(&as, a, rows[i].text, NULL), 0);
		assert_int_equal(as.nr, 1);
		if (rows[i].target)
			assert_string_equal(as.items[0].target, rows[i].target);
		else
			assert_null(as.items[0].target);
		assert_string_equal(as.items[0].key, rows[i].key);
		assert_string_equal(as.items[0].value, rows[i].value);
		assert_string_equal(as.items[0].fact.path, "assumption");
		assert_string_equal(as.items[0].fact.raw, rows[i].text);
	}
}

static void test_add_refuses_in_one_line(struct arena *a)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{ "", "not [TARGET:]KEY=VALUE" },
		{ "driver", "not [TARGET:]KEY=VALUE" },
		{ "=1", "not [TARGET:]KEY=VALUE" },
		{ "nonsense=1",
		  "unknown assumption 'nonsense'; use one of: allow_unsafe_interrupts" },
		{ "module.ext4=loaded", "unknown assumption" },
		{ "module.vfio=maybe", "takes loaded|loadable|builtin|absent, not 'maybe'" },
		{ "allow_unsafe_interrupts=yes", "takes 0|1, not 'yes'" },
		{ "allow_unsafe_interrupts=", "takes 0|1, not ''" },
		{ "0000:01:00.0:memlock=1", "applies to the whole host" },
		{ ":driver=x", "empty target" },
		{ "driver=", "takes NAME|none" },
		{ "aperture=0x1000", "takes START-LAST" },
		{ "aperture=2-1", "takes START-LAST" },
		{ "page_sizes=0", "takes MASK" },
		{ "memlock=-1", "takes BYTES|unlimited" },
		{ "numvfs=0x1", "takes NUMBER" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct assumptions as = { 0 };
		struct failure *f = NULL;
		assert_int_equal(assumptions_add(&as, a, rows[i].text, &f), -EINVAL);
		assert_int_equal(as.nr, 0);
		assert_int_equal(f->status, STATUS_USAGE);
		assert_non_null(strstr(f->text, rows[i].says));
		assert_null(strchr(f->text, '\n'));
		failure_free(f);
	}
}

static void test_add_refuses_a_contradiction(struct arena *a)
{
	struct assumptions as = { 0 };
	struct failure *f = NULL;

	assert_int_equal(assumptions_add(&as, a, "01:00.0:driver=none", NULL), 0);
	assert_int_equal(assumptions_add(&as, a, "0000:01:00.0:driver=none", NULL), 0);
	assert_int_equal(assumptions_add(&as, a, "01:00.1:driver=vfio-pci", NULL), 0);
	assert_int_equal(assumptions_add(&as, a, "0000:01:00.0:driver=vfio-pci", &f), -EINVAL);
	assert_string_equal(f->text,
			    "assumption '0000:01:00.0:driver=vfio-pci' contradicts '01:00.0:driver=none': leave one of them out");
	failure_free(f);
}

static void test_find_prefers_the_closest(struct host *h)
{
	struct group *g = fake_group(h, 12);
	struct device *d = fake_pci(h, "0000:01:00.0", g, NULL, NULL);
	struct device *other = fake_pci(h, "0000:01:00.1", g, NULL, NULL);
	struct device *alien = fake_device(h, BUS_PLATFORM, "platform", "mock0", NULL, NULL, NULL);
	struct assumptions as = { 0 };

	assert_int_equal(assumptions_add(&as, h->arena, "01:00.0:isolated_msi=1", NULL), 0);
	assert_int_equal(assumptions_add(&as, h->arena, "group:12:isolated_msi=0", NULL), 0);
	assert_string_equal(assumptions_find(&as, d, "isolated_msi")->target, "0000:01:00.0");
	assert_string_equal(assumptions_find(&as, other, "isolated_msi")->target, "group:12");
	assert_null(assumptions_find(&as, alien, "isolated_msi"));
	assert_null(assumptions_find(&as, d, "numvfs"));
	assert_int_equal(assumptions_add(&as, h->arena, "isolated_msi=0", NULL), 0);
	assert_null(assumptions_find(&as, alien, "isolated_msi")->target);
	assert_ptr_equal(assumption_device(h, &as.items[0]), d);
	assert_null(assumption_device(h, &as.items[1]));
}

static void test_keys_are_all_accepted(struct arena *a)
{
	size_t nr;
	const struct assumption_key *keys = assumption_keys(&nr);

	assert_true(nr > 10);
	for (size_t i = 0; i < nr; i++) {
		struct assumptions as = { 0 };
		const char *v = keys[i].values;
		const char *value = strncmp(v, "START", 5) == 0    ? "0-1"
				    : strncmp(v, "loaded", 6) == 0 ? "builtin"
								   : "1";
		const char *key =
			strcmp(keys[i].key, "module.NAME") == 0 ? "module.vfio" : keys[i].key;
		assert_int_equal(assumptions_add(&as, a, arena_printf(a, "%s=%s", key, value),
						 NULL),
				 0);
		assert_int_equal(assumptions_add(&as, a,
						 arena_printf(a, "0000:00:00.0:%s=%s", key, value),
						 NULL),
				 keys[i].per_device ? 0 : -EINVAL);
		assert_true(strlen(keys[i].help) > 0);
	}
}
