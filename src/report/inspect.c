/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/inspect.h"

#include <string.h>

#include "base/macro.h"
#include "report/prediction-fields.h"

static void predict(const struct report *report, uint32_t gens, const struct device *dev,
		    unsigned int paths, struct arena *a, struct prediction *ret)
{
	predict_device(report->host, report->assumptions, gens, dev, a, ret);
	for (unsigned int v = 0; paths && v < NR_VIEWS; v++)
		for (unsigned int k = 0; k < NR_PATHS; k++)
			if (!(paths & 1U << k))
				ret->paths[v][k].offered = false;
}

void inspection_make(const struct report *report, const struct device *dev, bool all_generations,
		     unsigned int paths, struct arena *a, struct inspection *ret)
{
	*ret = (struct inspection){ .report = report };
	ret->row = (struct device_row){ .report = report, .device = dev, .group = dev->group };
	predict(report, report->gens, dev, paths, a, &ret->running);
	predict(report, GEN_BIT(GEN_PATCHED), dev, paths, a, &ret->patched);
	if (!all_generations)
		return;
	ret->generations = arena_array(a, NR_GENS, sizeof(*ret->generations));
	for (unsigned int g = 0; g < NR_GENS; g++)
		predict(report, GEN_BIT(g), dev, paths, a, &ret->generations[g]);
}

/* The columns that are also members of a device in JSON. */
#define SHARED_LIST(X)     \
	X(address)         \
	X(bus)             \
	X(vendor)          \
	X(device)          \
	X(class)           \
	X(driver)          \
	X(group)           \
	X(iommu)           \
	X(subsystem)       \
	X(type)            \
	X(driver_override) \
	X(persist)         \
	X(numa)            \
	X(pf)              \
	X(vfs)             \
	X(reset)           \
	X(cdev)            \
	X(sysfs)

#define X(name)                                                                            \
	static void get_##name(const void *row, struct arena *a, struct value *ret)        \
	{                                                                                  \
		const struct field *f = field_find(device_fields(), #name, strlen(#name)); \
                                                                                           \
		f->get(&((const struct inspection *)row)->row, a, ret);                    \
	}
SHARED_LIST(X)
#undef X

static void get_persist_file(const void *row, struct arena *a, struct value *ret)
{
	const struct device *d = ((const struct inspection *)row)->row.device;

	(void)a;
	ret->kind = VALUE_NONE;
	if (fact_is(&d->persist))
		value_set_text(ret, d->persist.path);
	else if (fact_is(&d->persist_stranger))
		value_set_text(ret, d->persist_stranger.path);
}

static void get_persist_stranger(const void *row, struct arena *a, struct value *ret)
{
	const struct device *d = ((const struct inspection *)row)->row.device;

	(void)a;
	ret->kind = VALUE_NONE;
	if (fact_is(&d->persist_stranger))
		value_set_fact(ret, &d->persist_stranger);
}

/* ---- members of the group; rows are struct device ---- */

static void member_address(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_text(ret, ((const struct device *)row)->name);
}

static void member_bus(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_text(ret, ((const struct device *)row)->bus_name);
}

static void member_driver(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_fact(ret, &((const struct device *)row)->driver_fact);
}

static const struct field_table *member_fields(void)
{
	static const struct field fields[] = {
		{ "address", 0, 0, "address or name", member_address },
		{ "bus", 0, 0, "bus", member_bus },
		{ "driver", 0, 0, "driver that is bound", member_driver },
	};
	static const struct field_table table = FIELD_TABLE("group_members", fields);

	return &table;
}

static void get_group_members(const void *row, struct arena *a, struct value *ret)
{
	const struct group *g = ((const struct inspection *)row)->row.group;

	(void)a;
	if (!g)
		ret->kind = VALUE_NONE;
	else if (fact_is(&g->members_list))
		value_set_objects(ret, member_fields(), (const void *const *)g->members,
				  g->nr_members);
}

/* ---- capabilities and addresses ---- */

static void get_capabilities(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_object(ret, capability_fields(),
			 &((const struct inspection *)row)->running.capabilities);
}

static void get_capabilities_because(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_object(ret, capability_because_fields(),
			 &((const struct inspection *)row)->running.capabilities);
}

static void get_reserved_regions(const void *row, struct arena *a, struct value *ret)
{
	const struct group *g = ((const struct inspection *)row)->row.group;

	if (!g) {
		ret->kind = VALUE_NONE;
		return;
	}
	if (g->regions_err)
		return;
	value_set_rows(ret, region_fields(), a, g->regions, g->nr_regions, sizeof(*g->regions));
}

static void get_iova_ranges(const void *row, struct arena *a, struct value *ret)
{
	const struct iova_prediction *iova = &((const struct inspection *)row)->running.iova;

	if (iova->answer != ANSWER_YES)
		return;
	value_set_rows(ret, range_fields(), a, iova->ranges, iova->nr_ranges,
		       sizeof(*iova->ranges));
}

static void get_iova_ranges_because(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_text(ret, ((const struct inspection *)row)->running.iova.because);
}

static void get_page_sizes(const void *row, struct arena *a, struct value *ret)
{
	const struct page_sizes_prediction *p =
		&((const struct inspection *)row)->running.page_sizes;

	(void)a;
	if (p->answer == ANSWER_YES)
		value_set_hex(ret, p->bitmap, 1);
}

static void get_page_sizes_because(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_text(ret, ((const struct inspection *)row)->running.page_sizes.because);
}

static void get_extensions(const void *row, struct arena *a, struct value *ret)
{
	const struct prediction *p = &((const struct inspection *)row)->running;
	const char **names = arena_array(a, p->nr_extensions, sizeof(*names));

	for (size_t i = 0; i < p->nr_extensions; i++)
		names[i] = p->extensions[i].name;
	value_set_map(ret, extension_fields(), a, names, p->extensions, p->nr_extensions,
		      sizeof(*p->extensions));
}

/* ---- decisions; rows are struct prediction ---- */

static void decision_paths(const void *row, struct arena *a, struct value *ret)
{
	value_set_paths(ret, a, ((const struct prediction *)row)->paths[VIEW_NOW]);
}

static void bound_paths(const void *row, struct arena *a, struct value *ret)
{
	value_set_paths(ret, a, ((const struct prediction *)row)->paths[VIEW_IF_BOUND]);
}

static void decision_if_bound(const void *row, struct arena *a, struct value *ret)
{
	static const struct field fields[] = {
		{ "paths", 0, 0, "decisions once bound to a VFIO driver", bound_paths },
	};
	static const struct field_table table = FIELD_TABLE("if_bound", fields);

	(void)a;
	value_set_object(ret, &table, row);
}

static void decision_representative(const void *row, struct arena *a, struct value *ret)
{
	const struct device *d = ((const struct prediction *)row)->representative;

	(void)a;
	if (d)
		value_set_text(ret, d->name);
}

static void decision_representative_because(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_text(ret, ((const struct prediction *)row)->representative_because);
}

static void decision_bus(const void *row, struct arena *a, struct value *ret)
{
	const struct device *d = ((const struct prediction *)row)->representative;

	(void)a;
	if (d)
		value_set_text(ret, d->bus_name);
}

static void decision_capabilities(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_object(ret, capability_fields(), &((const struct prediction *)row)->capabilities);
}

const struct field_table *patched_fields(void)
{
	static const struct field fields[] = {
		{ "representative", 0, 0, "device that stands for the group",
		  decision_representative },
		{ "representative_because", 0, 0, "why, or why it cannot be told",
		  decision_representative_because },
		{ "bus", 0, 0, "bus whose IOMMU operations are used", decision_bus },
		{ "capabilities", 0, 0, "as the patched kernel asks them", decision_capabilities },
		{ "paths", 0, 0, "decisions as things are", decision_paths },
		{ "if_bound", 0, 0, "decisions once bound", decision_if_bound },
	};
	static const struct field_table table = FIELD_TABLE("patched", fields);

	return &table;
}

static void get_paths(const void *row, struct arena *a, struct value *ret)
{
	decision_paths(&((const struct inspection *)row)->running, a, ret);
}

static void get_if_bound(const void *row, struct arena *a, struct value *ret)
{
	decision_if_bound(&((const struct inspection *)row)->running, a, ret);
}

static void get_patched(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_object(ret, patched_fields(), &((const struct inspection *)row)->patched);
}

static void get_assumed(const void *row, struct arena *a, struct value *ret)
{
	(void)a;
	value_set_bool(ret, ((const struct inspection *)row)->running.assumed);
}

static const struct field_table *generation_fields(void)
{
	static const struct field fields[] = {
		{ "paths", 0, 0, "decisions as things are", decision_paths },
		{ "if_bound", 0, 0, "decisions once bound", decision_if_bound },
	};
	static const struct field_table table = FIELD_TABLE("all_kernels", fields);

	return &table;
}

static void get_all_kernels(const void *row, struct arena *a, struct value *ret)
{
	const struct inspection *i = row;
	const char **names;

	if (!i->generations) {
		ret->kind = VALUE_NONE;
		return;
	}
	names = arena_array(a, NR_GENS, sizeof(*names));
	for (unsigned int g = 0; g < NR_GENS; g++)
		names[g] = generation_get((enum gen)g)->name;
	value_set_map(ret, generation_fields(), a, names, i->generations, NR_GENS,
		      sizeof(*i->generations));
}

const struct field_table *inspection_fields(void)
{
	static const struct field fields[] = {
#define X(name) { #name, 0, 0, "as the column of list", get_##name },
		SHARED_LIST(X)
#undef X
			{ "persist_file", 0, 0, "file that says what happens at each boot",
			  get_persist_file },
		{ "persist_stranger", 0, 0,
		  "driver that the file gives another device, which had the address",
		  get_persist_stranger },
		{ "group_members", 0, 0, "all devices of the group", get_group_members },
		{ "capabilities", 0, 0, "true, false or null: unknown", get_capabilities },
		{ "capabilities_because", 0, 0, "what told them", get_capabilities_because },
		{ "reserved_regions", 0, 0, "of the group; ends are inclusive",
		  get_reserved_regions },
		{ "iova_ranges", 0, 0, "usable after attach; ends are inclusive", get_iova_ranges },
		{ "iova_ranges_because", 0, 0, "what is missing when null",
		  get_iova_ranges_because },
		{ "page_sizes", 0, 0, "bitmap, as VFIO_IOMMU_GET_INFO reports it", get_page_sizes },
		{ "page_sizes_because", 0, 0, "what is missing when null", get_page_sizes_because },
		{ "extensions", 0, 0, "answers of VFIO_CHECK_EXTENSION on a type1 container",
		  get_extensions },
		{ "paths", 0, 0, "decisions as things are", get_paths },
		{ "if_bound", 0, 0, "decisions once bound to a VFIO driver", get_if_bound },
		{ "patched", 0, 0, "what the patched kernel decides", get_patched },
		{ "assumed", 0, 0, "whether an answer rests on an assumption", get_assumed },
		{ "all_kernels", 0, 0, "decisions by generation, with --all-kernels",
		  get_all_kernels },
	};
	static const struct field_table table = FIELD_TABLE("inspect", fields);

	return &table;
}
