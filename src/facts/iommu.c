/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IOMMU instances of /sys/class/iommu. linux: drivers/iommu/iommu-sysfs.c. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "decode/register.h"
#include "facts/loader.h"

/* A machine has one for each segment or socket, not thousands. */
enum { UNITS_MAX = 1024 };

struct iommu_unit *unit_want(struct loader *l, struct span name)
{
	char *key = arena_strndup(l->a, name.s, name.len);
	struct iommu_unit *u = strmap_find(&l->units, key);
	struct host *h = l->h;

	if (u)
		return u;
	u = arena_new_object(l->a, struct iommu_unit);
	u->name = key;
	strmap_add(&l->units, key, u);
	h->iommus = arena_grow(l->a, h->iommus, h->nr_iommus, sizeof(struct iommu_unit *));
	h->iommus[h->nr_iommus++] = u;
	return u;
}

struct kind_name {
	const char *name;
	enum iommu_kind kind;
};

static enum iommu_kind kind_of_driver(const char *driver)
{
	static const struct kind_name drivers[] = {
		{ "virtio_iommu", IOMMU_KIND_VIRTIO }, { "arm-smmu", IOMMU_KIND_SMMU },
		{ "arm-smmu-v3", IOMMU_KIND_SMMU_V3 }, { "apple-dart", IOMMU_KIND_DART },
		{ "riscv,iommu", IOMMU_KIND_RISCV },   { "riscv-iommu-pci", IOMMU_KIND_RISCV },
	};

	for (size_t i = 0; i < ARRAY_SIZE(drivers); i++)
		if (!strcmp(driver, drivers[i].name))
			return drivers[i].kind;
	return IOMMU_KIND_OTHER;
}

static enum iommu_kind kind_of_name(const char *name)
{
	static const struct kind_name prefixes[] = {
		{ "dmar", IOMMU_KIND_INTEL },         { "ivhd", IOMMU_KIND_AMD },
		{ "smmu3.", IOMMU_KIND_SMMU_V3 },     { "smmu.", IOMMU_KIND_SMMU },
		{ "s390-iommu.", IOMMU_KIND_S390 },   { "apple-dart.", IOMMU_KIND_DART },
		{ "riscv-iommu@", IOMMU_KIND_RISCV },
	};

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (!strncmp(name, prefixes[i].name, strlen(prefixes[i].name)))
			return prefixes[i].kind;
	/* linux: drivers/iommu/fsl_pamu_domain.c: the only instance has that name. */
	return strcmp(name, "iommu0") ? IOMMU_KIND_OTHER : IOMMU_KIND_PAMU;
}

static bool list_has(const struct fact *names, const char *name)
{
	struct span rest = fact_describe(names), line;

	while (parse_line(&rest, &line))
		if (span_equals(line, name))
			return true;
	return false;
}

/* The sub-directory of the driver is proof, the parent's driver is nearly proof, the name is only a
 * convention. */
static void load_kind(struct loader *l, struct iommu_unit *u, const char *dir,
		      const struct fact *names)
{
	u->kind_fact = *names;
	if (list_has(names, "intel-iommu")) {
		u->kind = IOMMU_KIND_INTEL;
		return;
	}
	if (list_has(names, "amd-iommu")) {
		u->kind = IOMMU_KIND_AMD;
		return;
	}
	if (!fact_is(names) || list_has(names, "device")) {
		u->driver = read_link_at(l, dir, "device/driver");
		if (fact_is(&u->driver))
			u->driver = fact_derived(l->a, u->driver.path,
						 path_base(fact_describe(&u->driver)));
	}
	if (fact_is(&u->driver)) {
		u->kind = kind_of_driver(u->driver.raw);
		u->kind_fact = u->driver;
	}
	if (u->kind == IOMMU_KIND_OTHER) {
		u->kind = kind_of_name(u->name);
		u->kind_fact = fact_derived(l->a, dir, (struct span){ u->name, strlen(u->name) });
	}
}

static bool load_register(struct loader *l, const char *dir, const char *name, struct fact *fact,
			  uint64_t *ret)
{
	*fact = read_at(l, dir, name);
	if (!fact_is(fact))
		return false;
	if (!register_parse(fact_describe(fact), ret))
		return true;
	fact->state = FACT_FAILED;
	fact->err = EBADMSG;
	return false;
}

static void load_intel(struct loader *l, struct iommu_unit *u, const char *dir)
{
	const char *own = arena_printf(l->a, "%s/intel-iommu", dir);

	u->version = read_at(l, own, "version");
	u->address = read_at(l, own, "address");
	u->has_cap = load_register(l, own, "cap", &u->cap_fact, &u->cap);
	u->has_ecap = load_register(l, own, "ecap", &u->ecap_fact, &u->ecap);
}

static void load_amd(struct loader *l, struct iommu_unit *u, const char *dir)
{
	const char *own = arena_printf(l->a, "%s/amd-iommu", dir);
	struct amd_features f;

	u->has_cap = load_register(l, own, "cap", &u->cap_fact, &u->cap);
	u->features = read_at(l, own, "features");
	if (!fact_is(&u->features))
		return;
	if (amd_features_parse(fact_describe(&u->features), &f) < 0) {
		u->features.state = FACT_FAILED;
		u->features.err = EBADMSG;
		return;
	}
	u->has_efr = f.certain;
	u->has_efr2 = f.certain && f.nr == 2;
	u->efr = f.efr;
	u->efr2 = f.efr2;
}

static void load_virtio(struct loader *l, struct iommu_unit *u, const char *dir)
{
	u->features = read_at(l, dir, "device/features");
	if (!fact_is(&u->features))
		return;
	u->has_virtio = !register_parse_bits(fact_describe(&u->features), &u->virtio);
	if (u->has_virtio)
		return;
	u->features.state = FACT_FAILED;
	u->features.err = EBADMSG;
}

static void unit_load(struct loader *l, struct iommu_unit *u)
{
	const char *dir = arena_printf(l->a, "/sys/class/iommu/%s", u->name);
	struct fact names = sysroot_list(l->root, l->a, dir + 1);

	load_kind(l, u, dir, &names);
	/* The list of devices is as long as the host is large: not for one device. */
	if (l->all && u->devices_list.state == FACT_UNREAD)
		u->devices_list = list_at(l, dir, "devices");
	if (u->kind == IOMMU_KIND_INTEL)
		load_intel(l, u, dir);
	else if (u->kind == IOMMU_KIND_AMD)
		load_amd(l, u, dir);
	else if (u->kind == IOMMU_KIND_VIRTIO)
		load_virtio(l, u, dir);
}

static int unit_compare(const void *a, const void *b)
{
	const struct iommu_unit *x = *(struct iommu_unit *const *)a;
	const struct iommu_unit *y = *(struct iommu_unit *const *)b;

	return strcmp(x->name, y->name);
}

/* The units that no device of the snapshot has a link to: there are few in a machine, some drivers
 * ask all of them, and a device without a group may yet come behind one. */
static void want_all_units(struct loader *l)
{
	struct host *h = l->h;
	struct span rest, line;

	if (h->iommus_list.state == FACT_UNREAD)
		h->iommus_list = sysroot_list(l->root, l->a, "sys/class/iommu");
	rest = fact_describe(&h->iommus_list);
	while (h->nr_iommus < UNITS_MAX && parse_line(&rest, &line))
		if (name_is_file(line))
			unit_want(l, line);
}

void units_load(struct loader *l)
{
	struct host *h = l->h;
	bool attributes = l->scope.host_parts & HOST_IOMMUS;

	if (attributes)
		want_all_units(l);
	for (size_t i = 0; i < h->nr_iommus; i++)
		if (attributes)
			unit_load(l, h->iommus[i]);
		else
			h->iommus[i]->kind = kind_of_name(h->iommus[i]->name);
	if (h->nr_iommus)
		qsort(h->iommus, h->nr_iommus, sizeof(struct iommu_unit *), unit_compare);
}
