/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/device.h"

#include <string.h>

#include "base/macro.h"
#include "base/parse.h"
#include "report/explain.h"
#include "report/field-kinds.h"
#include "report/hardware.h"
#include "report/notice.h"

const char *device_names_text(const struct device_names *names, struct arena *a)
{
	if (names->vendor && names->device)
		return arena_join(a, names->vendor, " ", names->device, NULL);
	if (names->vendor && names->class_name)
		return arena_join(a, names->vendor, " ", names->class_name, NULL);
	return names->vendor ? names->vendor : names->class_name;
}

struct plan_request report_plan(const struct report *r, const struct kernels *kernels,
				const struct device *const *dev)
{
	return (struct plan_request){ .host = r->host,
				      .assumptions = r->assumptions,
				      .kernels = kernels,
				      .devices = dev,
				      .nr_devices = 1,
				      .ask_use = r->ask_use,
				      .ctx = r->use_ctx };
}

/* The plan of a device in such a group is only made when it is asked for. */
static bool is_large(const struct device *dev)
{
	enum { MEMBERS_MAX = 64 };

	return dev->group && dev->group->nr_members > MEMBERS_MAX;
}

static const struct verdict *decide(const struct device_row *row, const struct kernels *kernels,
				    enum view view, unsigned int needs)
{
	const struct report *r = row->report;
	struct verdict *ret = arena_new_object(r->arena, struct verdict);
	const struct verdict_ask ask = {
		.host = r->host,
		.assumptions = r->assumptions,
		.kernels = kernels,
		.view = view,
		.memo = r->memo,
		.texts = needs & NEED_SENTENCES ? r->arena : NULL,
		.scratch = r->scratch,
	};

	predict_verdict(&ask, row->device, ret);
	if (ask.texts && ret->answer != ANSWER_YES && !is_large(row->device)) {
		const struct plan_request q = report_plan(r, kernels, &row->device);
		const char *remedy = plan_remedy(&q, ret->kind, r->arena);

		ret->remedy = remedy ? remedy : ret->remedy;
	}
	return ret;
}

bool device_row_is_denied(const struct device_row *row)
{
	const struct verdict *v = row->verdict[VIEW_IF_BOUND];

	return v && v->answer == ANSWER_NO && v->rule && v->rule->permission;
}

void device_row_decide(struct device_row *row, unsigned int needs)
{
	const struct report *r = row->report;

	if (!row->device)
		return;
	if (needs & NEED_VERDICT)
		row->verdict[VIEW_IF_BOUND] = decide(row, &r->kernels, VIEW_IF_BOUND, needs);
	if (needs & NEED_VERDICT_NOW)
		row->verdict[VIEW_NOW] = decide(row, &r->kernels, VIEW_NOW, needs);
	if (needs & NEED_NOTICES) {
		struct notices *notices = arena_new_object(r->arena, struct notices);

		notices_find(r->host, r->assumptions, &r->kernels, row->device, r->arena, notices);
		row->notices = notices;
	}
	if (needs & NEED_PATCHED)
		row->patched = decide(row, &kernels_reference, VIEW_IF_BOUND, needs);
}

/* The getters of one column each. The row of a root bus has an address only. */

static void get_address(const void *row, struct value *ret)
{
	const struct device_row *r = row;

	value_set_text(ret, r->device ? r->device->name : r->bus);
}

/* The value of a group's field when there is no group: 'none' only where that is certain. */
static void no_group(const struct device_row *row, struct value *ret)
{
	if (!row->device || row->device->group_link.state == FACT_ABSENT)
		ret->kind = VALUE_NONE;
}

/* In a tree a shared group has a colour of its own. */
static void get_group(const void *row, struct value *ret)
{
	static const enum style styles[] = { STYLE_YES, STYLE_REMEDY, STYLE_UNKNOWN, STYLE_NAME };
	const struct device_row *r = row;

	if (r->group)
		value_set_number(ret, r->group->id);
	else
		no_group(r, ret);
	if (r->node && r->group && r->group->nr_members > 1)
		ret->style = styles[r->group->id % ARRAY_SIZE(styles)];
}

static void get_kind(const void *at, struct value *ret)
{
	value_set_text(ret, explain_kind_short(at));
}

/* Of what could connect others: bridges, and functions of one device. */
static void get_isolates(const void *at, struct value *ret)
{
	const struct group_node *n = at;

	if (!group_is_bridge(n) && group_is_multifunction(n) == TRI_NO)
		ret->kind = VALUE_NONE;
	else if (n->acs.isolates != TRI_UNKNOWN)
		value_set_bool(ret, n->acs.isolates == TRI_YES);
	if (ret->kind == VALUE_BOOL && !ret->truth)
		ret->style = STYLE_NO;
}

static void get_slot(const void *row, struct value *ret)
{
	const struct device_row *r = row;

	value_set_text(ret,
		       r->node ? explain_slot_name(r->report->host, r->node, ret->arena) : NULL);
}

static void get_type(const void *row, struct value *ret)
{
	const struct device_row *r = row;

	if (r->group)
		value_set_fact(ret, &r->group->type);
	else
		no_group(r, ret);
}

/* Only PCI devices have ids; those of one whose uevent could not be read are unknown. */
static bool has_ids(const struct device *d, struct value *ret)
{
	if (!d->has_ids && d->bus != BUS_PCI)
		ret->kind = VALUE_NONE;
	return d->has_ids;
}

/* "8086:1521" */
static void set_id_pair(struct value *ret, uint16_t first, uint16_t second)
{
	char *text = arena_text(ret->arena, NULL, 9);

	hex_put(text, first, 4);
	text[4] = ':';
	hex_put(text + 5, second, 4);
	value_set_text(ret, text);
}

static void get_id(const void *row, struct value *ret)
{
	const struct device *d = row;

	if (has_ids(d, ret))
		set_id_pair(ret, d->vendor, d->device_id);
}

static void get_vendor(const void *row, struct value *ret)
{
	const struct device *d = row;

	if (has_ids(d, ret))
		value_set_hex(ret, d->vendor, 4);
	ret->bare = true;
}

static void get_device(const void *row, struct value *ret)
{
	const struct device *d = row;

	if (has_ids(d, ret))
		value_set_hex(ret, d->device_id, 4);
	ret->bare = true;
}

static void get_subsystem(const void *row, struct value *ret)
{
	const struct device *d = row;

	if (has_ids(d, ret) && !d->lacks_subsystem)
		set_id_pair(ret, d->subvendor, d->subdevice);
}

static void get_class(const void *row, struct value *ret)
{
	const struct device *d = row;

	if (has_ids(d, ret))
		value_set_hex(ret, d->class_code, 6);
	ret->bare = true;
}

static void get_driver(const void *row, struct value *ret)
{
	const struct device *d = row;

	/* While the kernel unbinds the device, it still has a driver. */
	if (!d->locked || d->driver_fact.state != FACT_ABSENT)
		value_set_fact(ret, &d->driver_fact);
}

static void get_iommu(const void *row, struct value *ret)
{
	const struct device *d = row;

	if (d->iommu)
		value_set_text(ret, d->iommu->name);
	else if (d->iommu_link.state == FACT_ABSENT)
		ret->kind = VALUE_NONE;
}

static void get_errno(const void *row, struct value *ret)
{
	const struct verdict *v = row;

	value_set_errno(ret, v->answer, v->err);
}

/* The rule of the first answer that is not yes: of now, then of after binding. */
static void get_why(const void *at, struct value *ret)
{
	const struct device_row *row = at;

	ret->kind = VALUE_NONE;
	for (unsigned int view = 0; view < NR_VIEWS; view++) {
		const struct verdict *v = row->verdict[view];

		if (!v || v->answer == ANSWER_YES)
			continue;
		value_set_text(ret, v->rule ? v->rule->id : NULL);
		return;
	}
}

static void get_name(const void *at, struct value *ret)
{
	value_set_text(ret, device_names_text(at, ret->arena));
}

static void get_driver_override(const void *row, struct value *ret)
{
	const struct device *d = row;

	value_set_fact(ret, &d->driver_override);
	if (ret->kind == VALUE_TEXT && !device_override(d))
		ret->kind = VALUE_NONE;
}

static void get_cdev(const void *row, struct value *ret)
{
	const struct device *d = row;

	/* The kernel names each VFIO device, but makes nodes only with CONFIG_VFIO_DEVICE_CDEV. */
	if (fact_is(&d->cdev_devno))
		value_set_text(ret, d->cdev_name);
	else if (d->driver_fact.state == FACT_ABSENT || d->cdev_devno.state == FACT_ABSENT ||
		 (fact_known(&d->vfio_dev) && !d->cdev_name))
		ret->kind = VALUE_NONE;
}

static const struct node *node_of(const struct group *g)
{
	return fact_is(&g->noiommu_node.stat) ? &g->noiommu_node : &g->node;
}

static void get_node(const void *row, struct value *ret)
{
	const struct node *n = node_of(row);

	if (n->stat.state == FACT_ABSENT)
		ret->kind = VALUE_NONE;
	else if (fact_is(&n->stat))
		value_set_text(ret, n->path);
}

static void get_holders(const void *row, struct value *ret)
{
	const struct node *n = node_of(row);
	char *s;

	if (n->stat.state == FACT_ABSENT)
		ret->kind = VALUE_NONE;
	if (n->stat.state == FACT_ABSENT || !fact_is(&n->holders))
		return;
	s = arena_strndup(ret->arena, n->holders.raw, n->holders.len);
	for (char *p = s; *p; p++)
		if (*p == '\n')
			*p = ',';
	/* Where processes were hidden, seeing no holder does not mean that there is none. */
	if (*s || !n->hidden_processes)
		value_set_text(ret, *s ? s : NULL);
}

static const char *driver_of(const struct report *r, const struct device *d)
{
	return r->find_driver && d->has_ids && d->is_bridge != TRI_YES
		       ? r->find_driver(d->vendor, d->device_id, d->class_code)
		       : NULL;
}

const char *report_proof(const struct report *r, const struct device *dev,
			 const struct device **through)
{
	const char *ret = driver_of(r, dev);

	*through = NULL;
	for (size_t i = 0; !ret && dev->group && i < dev->group->nr_members; i++)
		if (driver_of(r, dev->group->members[i])) {
			*through = dev->group->members[i];
			break;
		}
	return ret;
}

static void get_proof(const void *at, struct value *ret)
{
	const struct device_row *row = at;
	const struct device *through;
	const char *name;

	if (!row->device)
		return;
	name = report_proof(row->report, row->device, &through);
	if (name)
		value_set_text(ret, name);
	else if (through && row->device->is_bridge != TRI_YES)
		value_set_text(ret, arena_printf(ret->arena, "through %s (%s)", through->name,
						 driver_of(row->report, through)));
	else if (row->device->has_ids || row->device->bus != BUS_PCI)
		ret->kind = VALUE_NONE;
}

static void set_number_fact(struct value *ret, const struct fact *f)
{
	uint64_t number;

	value_set_fact(ret, f);
	if (fact_is(f) && !parse_u64_span((struct span){ f->raw, f->len }, 10, &number))
		value_set_number(ret, number);
}

static void get_numa(const void *at, struct value *ret)
{
	set_number_fact(ret, at);
	/* linux: include/linux/numa.h: NUMA_NO_NODE */
	if (ret->kind == VALUE_TEXT && !strcmp(ret->text, "-1"))
		ret->kind = VALUE_NONE;
}

static void get_pf(const void *row, struct value *ret)
{
	const struct device *d = row;

	if (d->physfn)
		value_set_text(ret, d->physfn->name);
	else if (d->bus != BUS_PCI || d->physfn_link.state == FACT_ABSENT)
		ret->kind = VALUE_NONE;
}

static void get_vfs(const void *row, struct value *ret)
{
	const struct device *d = row;

	if (d->bus == BUS_PCI)
		set_number_fact(ret, &d->sriov_numvfs);
	else
		ret->kind = VALUE_NONE;
}

static void get_notices(const void *row, struct value *ret)
{
	const struct device_row *r = row;

	if (r->notices)
		value_set_notice_names(ret, r->notices);
}

/* Columns: of the row, of its device, its group, its verdicts. */
#define ROW(key, flag, need, help, ...)                                               \
	{                                                                             \
		key, help, __VA_ARGS__, .flags = FIELD_COLUMN | (flag), .needs = need \
	}
#define DEVICE(key, flag, need, help, ...) \
	ROW(key, flag, need, help, FIELD_VIA(struct device_row, device, struct device), __VA_ARGS__)
#define GROUP(key, flag, need, help, ...) \
	ROW(key, flag, need, help, FIELD_VIA(struct device_row, group, struct group), __VA_ARGS__)
#define NODE(key, flag, help, ...)                                                             \
	ROW(key, flag, NEED_TREE, help, FIELD_VIA(struct device_row, node, struct group_node), \
	    __VA_ARGS__)
#define VERDICT(key, which, flag, need, help, ...) \
	ROW(key, flag, need, help, FIELD_VIA(struct device_row, which, struct verdict), __VA_ARGS__)
#define NOW(key, flag, need, help, ...) \
	VERDICT(key, verdict[VIEW_NOW], flag, NEED_VERDICT_NOW | (need), help, __VA_ARGS__)
#define BOUND(key, flag, need, help, ...) \
	VERDICT(key, verdict[VIEW_IF_BOUND], flag, NEED_VERDICT | (need), help, __VA_ARGS__)

static const struct field fields[] = {
	ROW("address", FIELD_DEFAULT, 0, "address or name, as the kernel has it",
	    FIELD_GET(get_address)),
	ROW("group", FIELD_DEFAULT | FIELD_RIGHT, 0, "IOMMU group", FIELD_GET(get_group)),
	NODE("kind", 0, "with --tree: root port, endpoint, ...", FIELD_GET(get_kind)),
	NODE("isolates", 0, "with --tree: whether it keeps apart what it could connect",
	     FIELD_GET(get_isolates)),
	ROW("slot", FIELD_YIELDS, NEED_TREE, "with --tree: name of the slot behind it",
	    FIELD_GET(get_slot)),
	DEVICE("bus", FIELD_DEFAULT | FIELD_YIELDS, 0, "bus: pci, platform, amba, fsl-mc, ...",
	       FIELD_TEXT(struct device, bus_name)),
	DEVICE("id", FIELD_DEFAULT | FIELD_YIELDS, 0, "vendor:device", FIELD_GET(get_id)),
	DEVICE("class", FIELD_DEFAULT | FIELD_YIELDS, 0, "PCI class, subclass and interface",
	       FIELD_GET(get_class)),
	DEVICE("driver", FIELD_DEFAULT, 0, "driver that is bound", FIELD_GET(get_driver)),
	DEVICE("iommu", FIELD_DEFAULT | FIELD_YIELDS, NEED_IOMMU,
	       "IOMMU instance the device is behind", FIELD_GET(get_iommu)),
	ROW("type", 0, NEED_GROUPS, "default domain of the group", FIELD_GET(get_type)),
	NOW("verdict_now", FIELD_DEFAULT, 0, "whether the kernel gives it to a program now",
	    FIELD_ANSWER(struct verdict, answer), .column = "NOW"),
	BOUND("verdict", FIELD_DEFAULT, 0, "the same after its group is bound to a VFIO driver",
	      FIELD_ANSWER(struct verdict, answer), .column = "AFTER"),
	ROW("why", FIELD_DEFAULT | FIELD_YIELDS_LAST, NEED_BOTH_VERDICTS,
	    "rule of the first of both that is not yes, see 'vfiotool rules'", FIELD_GET(get_why)),
	ROW("name", FIELD_DEFAULT | FIELD_TRUNCATE | FIELD_YIELDS_LAST, NEED_NAMES,
	    "vendor and device by name",
	    FIELD_MEMBER(struct device_row, names, struct device_names, get_name)),
#define VERDICT_COLUMNS(VIEW, suffix, when)                                                       \
	VIEW("path" suffix, 0, 0, "path that the answer " when " is about",                       \
	     FIELD_PATH(struct verdict, kind)),                                                   \
		VIEW("op" suffix, 0, 0, "step that the kernel refuses " when,                     \
		     FIELD_OP(struct verdict, op)),                                               \
		VIEW("errno" suffix, 0, 0, "error of that step", FIELD_GET(get_errno)),           \
		VIEW("rule" suffix, 0, 0, "rule that decides " when,                              \
		     FIELD_RULE(struct verdict, rule)),                                           \
		VIEW("because" suffix, FIELD_WRAPS, NEED_SENTENCES, "reason of the answer " when, \
		     FIELD_TEXT(struct verdict, because)),                                        \
		VIEW("remedy" suffix, FIELD_WRAPS, NEED_SENTENCES, "next step to take " when,     \
		     FIELD_TEXT(struct verdict, remedy))
	VERDICT_COLUMNS(NOW, "", "now"),
	VERDICT_COLUMNS(BOUND, "_bound", "after binding"),
	VERDICT("patched", patched, 0, NEED_PATCHED,
		"verdict of the reference rules, after binding",
		FIELD_ANSWER(struct verdict, answer)),
	DEVICE("vendor", 0, 0, "vendor id", FIELD_GET(get_vendor)),
	DEVICE("device", 0, 0, "device id", FIELD_GET(get_device)),
	DEVICE("subsystem", 0, 0, "subsystem vendor:device", FIELD_GET(get_subsystem)),
	ROW("vendor_name", 0, NEED_NAMES, "vendor by name",
	    FIELD_TEXT(struct device_row, names.vendor)),
	ROW("device_name", 0, NEED_NAMES, "device by name",
	    FIELD_TEXT(struct device_row, names.device)),
	ROW("class_name", 0, NEED_NAMES, "class by name",
	    FIELD_TEXT(struct device_row, names.class_name)),
	DEVICE("driver_override", 0, NEED_DETAILS, "only driver that may bind",
	       FIELD_GET(get_driver_override)),
	DEVICE("persist", 0, NEED_PERSIST, "driver that it is given at each boot",
	       FIELD_FACT(struct device, persist)),
	DEVICE("cdev", 0, NEED_VFIO, "its own node in /dev/vfio/devices", FIELD_GET(get_cdev)),
	GROUP("node", 0, NEED_GROUP_NODES, "node of the group in /dev/vfio", FIELD_GET(get_node)),
	GROUP("holders", 0, NEED_GROUP_NODES, "processes that hold that node open",
	      FIELD_GET(get_holders)),
	DEVICE("numa", FIELD_RIGHT, NEED_DETAILS, "NUMA node",
	       FIELD_MEMBER(struct device, numa_node, struct fact, get_numa)),
	DEVICE("pf", 0, NEED_PCI, "physical function of a virtual one", FIELD_GET(get_pf)),
	DEVICE("vfs", FIELD_RIGHT, NEED_PCI, "virtual functions in use", FIELD_GET(get_vfs)),
	DEVICE("reset", 0, NEED_DETAILS, "reset methods, in the kernel's order",
	       FIELD_FACT(struct device, reset_method)),
	DEVICE("power", 0, NEED_HARDWARE, "power state: D0 to D3cold",
	       FIELD_FACT(struct device, power_state)),
	DEVICE("link", 0, NEED_HARDWARE,
	       "speed and width of the PCIe link, and what the device could have",
	       FIELD_GET(hardware_get_link)),
	DEVICE("bars", 0, NEED_HARDWARE, "sizes of its BARs, by number",
	       FIELD_GET(hardware_get_bars)),
	DEVICE("rebar", 0, NEED_HARDWARE, "resizable BARs: the size now, of those that it can have",
	       FIELD_GET(hardware_get_rebar)),
	DEVICE("ats", 0, NEED_HARDWARE, "whether it has Address Translation Services",
	       FIELD_GET(hardware_get_ats)),
	DEVICE("pri", 0, NEED_HARDWARE, "whether it has the Page Request Interface",
	       FIELD_GET(hardware_get_pri)),
	DEVICE("pasid", FIELD_RIGHT, NEED_HARDWARE, "bits of a PASID",
	       FIELD_GET(hardware_get_pasid)),
	ROW("proof", 0, 0, "how 'vfiotool prove' can make it move data", FIELD_GET(get_proof)),
	ROW("notices", FIELD_WRAPS, NEED_NOTICES,
	    "what a user should know although VFIO accepts it", FIELD_GET(get_notices)),
	DEVICE("sysfs", 0, 0, "folder in sysfs", FIELD_TEXT(struct device, sysfs)),
};
const struct field_table device_fields = FIELD_TABLE("devices", fields);
