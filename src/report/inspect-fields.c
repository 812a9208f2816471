/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/inspect.h"

#include "base/macro.h"
#include "report/field-kinds.h"
#include "report/hardware.h"
#include "report/iommu.h"
#include "report/notice.h"
#include "report/prediction-fields.h"

static void predict(const struct report *report, const struct kernels *kernels,
		    const struct device *dev, unsigned int paths, struct arena *a,
		    struct prediction *ret)
{
	const struct verdict_ask ask = { .host = report->host,
					 .assumptions = report->assumptions,
					 .kernels = kernels,
					 .memo = report->memo,
					 .scratch = a };

	const struct plan_request q = report_plan(report, kernels, &dev);

	predict_with(&ask, dev, ret);
	if (kernels == &report->kernels)
		plan_remedies(&q, a, ret);
	for (unsigned int v = 0; paths && v < NR_VIEWS; v++)
		for (unsigned int k = 0; k < NR_PATHS; k++)
			if (!(paths & 1U << k))
				ret->paths[v][k].offered = false;
}

void inspection_make(const struct report *report, const struct device *dev, bool all_generations,
		     unsigned int paths, struct arena *a, struct inspection *ret)
{
	*ret = (struct inspection){ .report = report, .paths = paths };
	ret->row = (struct device_row){ .report = report, .device = dev, .group = dev->group };
	predict(report, &report->kernels, dev, paths, a, &ret->running);
	predict(report, &kernels_reference, dev, paths, a, &ret->patched);
	notices_find(report->host, report->assumptions, &report->kernels, dev, a, &ret->notices);
	if (!all_generations)
		return;
	ret->generations = arena_array(a, generation_count(), sizeof(*ret->generations));
	for (size_t g = 0; g < generation_count(); g++) {
		struct kernels *kernels = arena_new_object(a, struct kernels);

		kernels->releases = generation_releases(generation_get(g));
		kernels->asked = true;
		predict(report, kernels, dev, paths, a, &ret->generations[g]);
	}
}

struct iommu_row *inspection_iommus(const struct host *h, struct device *const *devices, size_t nr,
				    struct arena *a, size_t *ret_nr)
{
	struct iommu_row *ret = arena_array(a, h->nr_iommus, sizeof(*ret));
	bool *behind = arena_array(a, h->nr_iommus, sizeof(*behind));

	*ret_nr = 0;
	for (size_t i = 0; i < nr; i++)
		for (size_t u = 0; u < h->nr_iommus; u++)
			behind[u] |= devices[i]->iommu == h->iommus[u];
	for (size_t u = 0; u < h->nr_iommus; u++)
		if (behind[u])
			iommu_row_make(h->iommus[u], a, &ret[(*ret_nr)++]);
	return ret;
}

#define OF_DEVICE FIELD_VIA(struct inspection, row.device, struct device)
#define OF_GROUP  FIELD_VIA(struct inspection, row.group, struct group)

static void get_persist_file(const void *row, struct value *ret)
{
	const struct device *d = row;

	ret->kind = VALUE_NONE;
	if (fact_is(&d->persist))
		value_set_text(ret, d->persist.path);
	else if (fact_is(&d->persist_stranger))
		value_set_text(ret, d->persist_stranger.path);
}

static void get_hardware(const void *row, struct value *ret)
{
	const struct inspection *i = row;

	if (i->row.device->bus == BUS_PCI)
		value_set_object(ret, i->row.device);
}

/* ---- the group ---- */

static const struct field member_rows[] = {
	{ "address", "address or name", FIELD_TEXT(struct device, name) },
	{ "bus", "bus", FIELD_TEXT(struct device, bus_name) },
	{ "driver", "driver that is bound", FIELD_FACT(struct device, driver_fact) },
};
static const struct field_table member_fields = FIELD_TABLE("group_members", member_rows);

static void group_members(const void *row, struct value *ret)
{
	const struct inspection *i = row;
	const struct group *g = i->row.group;

	if (!g || i->listed_at)
		ret->kind = VALUE_NONE;
	else if (fact_is(&g->members_list))
		value_set_objects(ret, (const void *const *)g->members, g->nr_members);
}

static void group_regions(const void *row, struct value *ret)
{
	const struct group *g = row;

	if (!g->regions_err)
		value_set_rows(ret, g->regions, g->nr_regions, sizeof(*g->regions));
}

/* ---- addresses ---- */

static void get_iova_ranges(const void *at, struct value *ret)
{
	const struct iova_prediction *iova = at;

	if (iova->answer == ANSWER_YES)
		value_set_rows(ret, iova->ranges, iova->nr_ranges, sizeof(*iova->ranges));
}

static void get_page_sizes(const void *at, struct value *ret)
{
	const struct page_sizes_prediction *p = at;

	if (p->answer == ANSWER_YES)
		value_set_hex(ret, p->bitmap, 1);
}

static void get_extensions(const void *at, struct value *ret)
{
	const struct prediction *p = at;
	const char **names = arena_array(ret->arena, p->nr_extensions, sizeof(*names));

	for (size_t i = 0; i < p->nr_extensions; i++)
		names[i] = p->extensions[i].name;
	value_set_map(ret, names, p->extensions, p->nr_extensions, sizeof(*p->extensions));
}

/* ---- decisions; rows are struct prediction ---- */

static void get_paths_now(const void *at, struct value *ret)
{
	value_set_paths(ret, ((const struct prediction *)at)->paths[VIEW_NOW]);
}

static void get_paths_bound(const void *at, struct value *ret)
{
	value_set_paths(ret, ((const struct prediction *)at)->paths[VIEW_IF_BOUND]);
}

static void get_not_offered(const void *at, struct value *ret)
{
	value_set_missing_paths(ret, ((const struct prediction *)at)->paths[VIEW_IF_BOUND]);
}

static const struct field bound_rows[] = {
	{ "paths", "decisions after binding to a VFIO driver", FIELD_GET(get_paths_bound),
	  .fields = &path_fields },
};
static const struct field_table bound_fields = FIELD_TABLE("if_bound", bound_rows);

#define OF_REPRESENTATIVE FIELD_VIA(struct prediction, representative, struct device)

static const struct field patched_rows[] = {
	{ "representative", "device that the kernel asks on behalf of the group",
	  FIELD_TEXT(struct device, name), OF_REPRESENTATIVE },
	{ "representative_because", "why this device, or why it is not known",
	  FIELD_TEXT(struct prediction, representative_because) },
	{ "bus", "bus whose IOMMU operations are used", FIELD_TEXT(struct device, bus_name),
	  OF_REPRESENTATIVE },
	{ "capabilities", "as the reference rules (Linux 6.0) ask them",
	  FIELD_PART(struct prediction, capabilities, capability_fields) },
	{ "paths", "decisions now", FIELD_GET(get_paths_now), .fields = &path_fields },
	{ "if_bound", "decisions after binding", FIELD_SELF(bound_fields) },
};
static const struct field_table patched_fields = FIELD_TABLE("patched", patched_rows);

static const struct field generation_rows[] = {
	{ "paths", "decisions now", FIELD_GET(get_paths_now), .fields = &path_fields },
	{ "if_bound", "decisions after binding", FIELD_SELF(bound_fields) },
};
static const struct field_table generation_fields = FIELD_TABLE("all_kernels", generation_rows);

static void get_notices(const void *row, struct value *ret)
{
	const struct notices *n = &((const struct inspection *)row)->notices;

	value_set_rows(ret, n->items, n->nr, sizeof(*n->items));
}

static void get_generations(const void *row, struct value *ret)
{
	const struct inspection *i = row;
	const char **names;

	if (!i->generations)
		return;
	names = arena_array(ret->arena, generation_count(), sizeof(*names));
	for (size_t g = 0; g < generation_count(); g++)
		names[g] = release_name(generation_get(g)->first);
	value_set_map(ret, names, i->generations, generation_count(), sizeof(*i->generations));
}

/* As the column of list. */
#define COLUMN "as the column of list", FIELD_SAME_OF(struct inspection, row, device_fields)

static const struct field inspection_rows[] = {
	{ "address", COLUMN },
	{ "bus", COLUMN },
	{ "vendor", COLUMN },
	{ "device", COLUMN },
	{ "class", COLUMN },
	{ "driver", COLUMN },
	{ "group", COLUMN },
	{ "iommu", COLUMN },
	{ "subsystem", COLUMN },
	{ "type", COLUMN },
	{ "driver_override", COLUMN },
	{ "persist", COLUMN },
	{ "numa", COLUMN },
	{ "pf", COLUMN },
	{ "vfs", COLUMN },
	{ "reset", COLUMN },
	{ "cdev", COLUMN },
	{ "sysfs", COLUMN },
	{ "hardware", "power, link, BARs and what its capabilities say; null: not a PCI device",
	  FIELD_GET(get_hardware), .fields = &hardware_fields },
	{ "persist_file", "file that says what happens at each boot", FIELD_GET(get_persist_file),
	  OF_DEVICE },
	{ "persist_stranger", "driver that the file gives another device, which had the address",
	  FIELD_FACT(struct device, persist_stranger), OF_DEVICE },
	{ "group_members", "all devices of the group", FIELD_GET(group_members),
	  .fields = &member_fields },
	{ "group_members_at", "device of this document that has them instead; of large groups",
	  FIELD_TEXT(struct device, name), FIELD_VIA(struct inspection, listed_at, struct device) },
	{ "capabilities", "true, false or null: unknown",
	  FIELD_PART(struct inspection, running.capabilities, capability_fields) },
	{ "capabilities_because", "what told them",
	  FIELD_PART(struct inspection, running.capabilities, capability_because_fields) },
	{ "reserved_regions", "of the group; ends are inclusive", FIELD_GET(group_regions),
	  OF_GROUP, .fields = &region_fields },
	{ "iova_ranges", "usable after attach; ends are inclusive",
	  FIELD_MEMBER(struct inspection, running.iova, struct iova_prediction, get_iova_ranges),
	  .fields = &range_fields },
	{ "iova_ranges_because", "what is missing when null",
	  FIELD_TEXT(struct inspection, running.iova.because) },
	{ "page_sizes", "bitmap, as VFIO_IOMMU_GET_INFO reports it",
	  FIELD_MEMBER(struct inspection, running.page_sizes, struct page_sizes_prediction,
		       get_page_sizes) },
	{ "page_sizes_because", "what is missing when null",
	  FIELD_TEXT(struct inspection, running.page_sizes.because) },
	{ "extensions", "answers of VFIO_CHECK_EXTENSION on a type1 container",
	  FIELD_MEMBER(struct inspection, running, struct prediction, get_extensions),
	  .fields = &extension_fields },
	{ "paths", "decisions now",
	  FIELD_MEMBER(struct inspection, running, struct prediction, get_paths_now),
	  .fields = &path_fields },
	{ "if_bound", "decisions after binding to a VFIO driver",
	  FIELD_PART(struct inspection, running, bound_fields) },
	{ "not_offered", "paths that the kernel does not have, after binding",
	  FIELD_MEMBER(struct inspection, running, struct prediction, get_not_offered),
	  .fields = &missing_path_fields },
	{ "notices", "what a user should know although VFIO accepts the device",
	  FIELD_GET(get_notices), .fields = &notice_fields },
	{ "patched", "what the reference rules (Linux 6.0) decide",
	  FIELD_PART(struct inspection, patched, patched_fields) },
	{ "assumed", "whether an answer rests on an assumption",
	  FIELD_BOOL(struct inspection, running.assumed) },
	{ "all_kernels", "decisions by generation, with --all-kernels", FIELD_GET(get_generations),
	  .fields = &generation_fields },
};
const struct field_table inspection_fields = FIELD_TABLE("inspect", inspection_rows);
