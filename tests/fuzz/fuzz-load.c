/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A snapshot from a hostile capture: whatever it says, the snapshot holds together. */
#include <string.h>

#include "fuzz-sysroot.h"

static void check_devices(const struct host *h)
{
	for (size_t i = 0; i < h->nr_devices; i++) {
		const struct device *d = h->devices[i];
		size_t found = 0;

		must(i == 0 || device_compare(h->devices[i - 1], d) < 0);
		must(host_find_device(h, d->bus_name, d->name) == d);
		must((d->driver != NULL) == fact_is(&d->driver_fact));
		must((d->group != NULL) == fact_is(&d->group_link));
		must((d->iommu != NULL) == fact_is(&d->iommu_link));
		must(!d->physfn || fact_is(&d->physfn_link));
		for (size_t m = 0; d->group && m < d->group->nr_members; m++)
			found += d->group->members[m] == d;
		must(found == (d->group ? 1 : 0));
	}
}

static void check_groups(const struct host *h)
{
	for (size_t i = 0; i < h->nr_groups; i++) {
		const struct group *g = h->groups[i];

		must(i == 0 || h->groups[i - 1]->id < g->id);
		must(host_find_group(h, g->id) == g);
		must(g->regions_err == 0 || !g->regions);
		for (size_t r = 0; r < g->nr_regions; r++)
			must(g->regions[r].start <= g->regions[r].last);
	}
}

static void load(struct sysroot *root, const struct target *targets, size_t nr)
{
	static const struct scope scope = { HOST_ALL | HOST_NOTICES, DEVICE_ALL | DEVICE_NOTICES,
					    DEVICE_ALL };
	struct failure *why = NULL;
	struct host *h = NULL;
	int r = host_load(root, &scope, targets, nr, &h, &why);

	must((r == 0) == (h != NULL));
	must((r < 0) == (why != NULL));
	if (h) {
		struct arena *a = arena_new();
		size_t selected;

		check_devices(h);
		check_groups(h);
		host_select(h, a, targets, nr, &selected);
		must(selected <= h->nr_devices && (nr || selected == h->nr_devices));
		arena_free(a);
	}
	failure_free(why);
	host_free(h);
}

static void load_each(struct sysroot *root)
{
	static const char *const texts[] = { "01:00.0",
					     "01:00",
					     "group:1",
					     "8086:",
					     "eth0",
					     "vfio0",
					     "/sys/class/net/eth0/device" };
	struct arena *a = arena_new();

	load(root, NULL, 0);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct target t;

		must(!target_parse(a, texts[i], &t, NULL));
		load(root, &t, 1);
	}
	arena_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	fuzz_sysroot(data, len, load_each);
	return 0;
}
