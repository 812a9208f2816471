/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/device.h"

#include <string.h>

#include "base/macro.h"
#include "base/parse.h"

void value_set_answer(struct value *ret, enum answer answer)
{
	static const enum style styles[] = {
		[ANSWER_UNKNOWN] = STYLE_UNKNOWN,
		[ANSWER_NO] = STYLE_NO,
		[ANSWER_YES] = STYLE_YES,
	};

	value_set_text(ret, answer_name(answer));
	ret->style = styles[answer];
}

void value_set_truth(struct value *ret, enum answer answer)
{
	if (answer != ANSWER_UNKNOWN)
		value_set_bool(ret, answer == ANSWER_YES);
}

void value_set_fact(struct value *ret, const struct fact *f)
{
	if (f->state == FACT_PRESENT) {
		value_set_text(ret, f->raw);
		ret->len = f->len;
	} else if (f->state == FACT_ABSENT) {
		ret->kind = VALUE_NONE;
	}
}

void value_set_errno(struct value *ret, enum answer answer, int err)
{
	value_set_text(ret, answer == ANSWER_NO && err ? errno_name(err) : NULL);
}

const char *device_names_text(const struct device_names *names, struct arena *a)
{
	if (names->vendor && names->device)
		return arena_join(a, names->vendor, " ", names->device, NULL);
	if (names->vendor && names->class_name)
		return arena_join(a, names->vendor, " ", names->class_name, NULL);
	return names->vendor ? names->vendor : names->class_name;
}

static const struct verdict *decide(const struct device_row *row, uint32_t gens, enum view view,
				    unsigned int needs)
{
	const struct report *r = row->report;
	struct verdict *ret = arena_new_object(r->arena, struct verdict);
	const struct verdict_ask ask = {
		.host = r->host,
		.assumptions = r->assumptions,
		.gens = gens,
		.view = view,
		.texts = needs & NEED_SENTENCES ? r->arena : NULL,
		.scratch = r->scratch,
	};

	predict_verdict(&ask, row->device, ret);
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
		row->verdict[VIEW_IF_BOUND] = decide(row, r->gens, VIEW_IF_BOUND, needs);
	if (needs & NEED_VERDICT_NOW)
		row->verdict[VIEW_NOW] = decide(row, r->gens, VIEW_NOW, needs);
	if (needs & NEED_PATCHED)
		row->patched = decide(row, GEN_BIT(GEN_PATCHED), VIEW_IF_BOUND, needs);
}

/* The getters of one column each. A group's row has an address and what belongs to the group. */
#define GETTER(name) \
	static void get_##name(const struct device_row *row, struct arena *a, struct value *ret)

GETTER(address)
{
	if (row->device)
		value_set_text(ret, row->device->name);
	else if (row->group)
		value_set_text(ret, arena_printf(a, "group:%u", row->group->id));
}

GETTER(group)
{
	(void)a;
	if (row->group)
		value_set_number(ret, row->group->id);
	else if (row->device->group_link.state == FACT_ABSENT)
		ret->kind = VALUE_NONE;
}

GETTER(bus)
{
	(void)a;
	value_set_text(ret, row->device ? row->device->bus_name : NULL);
}

static bool has_ids(const struct device_row *row, struct value *ret)
{
	if (row->device && row->device->has_ids)
		return true;
	/* Only PCI devices have such ids; one whose uevent could not be read has unknown ones. */
	if (!row->device || row->device->bus != BUS_PCI)
		ret->kind = VALUE_NONE;
	return false;
}

/* "8086:1521" */
static void set_id_pair(struct value *ret, struct arena *a, uint16_t first, uint16_t second)
{
	char *text = arena_text(a, NULL, 9);

	hex_put(text, first, 4);
	text[4] = ':';
	hex_put(text + 5, second, 4);
	value_set_text(ret, text);
}

GETTER(id)
{
	if (has_ids(row, ret))
		set_id_pair(ret, a, row->device->vendor, row->device->device_id);
}

GETTER(vendor)
{
	(void)a;
	if (has_ids(row, ret))
		value_set_hex(ret, row->device->vendor, 4);
	ret->bare = true;
}

GETTER(device)
{
	(void)a;
	if (has_ids(row, ret))
		value_set_hex(ret, row->device->device_id, 4);
	ret->bare = true;
}

GETTER(subsystem)
{
	if (has_ids(row, ret))
		set_id_pair(ret, a, row->device->subvendor, row->device->subdevice);
}

GETTER(class)
{
	(void)a;
	if (has_ids(row, ret))
		value_set_hex(ret, row->device->class_code, 6);
	ret->bare = true;
}

GETTER(driver)
{
	(void)a;
	/* Being unbound, it has one yet. */
	if (row->device && row->device->locked && row->device->driver_fact.state == FACT_ABSENT)
		ret->kind = VALUE_UNKNOWN;
	else if (row->device)
		value_set_fact(ret, &row->device->driver_fact);
	else
		ret->kind = VALUE_NONE;
}

GETTER(iommu)
{
	(void)a;
	if (!row->device)
		ret->kind = VALUE_NONE;
	else if (row->device->iommu)
		value_set_text(ret, row->device->iommu->name);
	else if (row->device->iommu_link.state == FACT_ABSENT)
		ret->kind = VALUE_NONE;
}

GETTER(type)
{
	(void)a;
	if (row->group)
		value_set_fact(ret, &row->group->type);
	else if (row->device->group_link.state == FACT_ABSENT)
		ret->kind = VALUE_NONE;
}

static void set_path_answer(struct value *ret, const struct verdict *p)
{
	if (p)
		value_set_answer(ret, p->answer);
	else
		ret->kind = VALUE_NONE;
}

GETTER(verdict)
{
	(void)a;
	set_path_answer(ret, row->verdict[VIEW_IF_BOUND]);
}

GETTER(verdict_now)
{
	(void)a;
	set_path_answer(ret, row->verdict[VIEW_NOW]);
}

GETTER(patched)
{
	(void)a;
	set_path_answer(ret, row->patched);
}

GETTER(path)
{
	const struct verdict *p = row->verdict[VIEW_IF_BOUND];

	(void)a;
	value_set_text(ret, p ? path_kind_name(p->kind) : NULL);
}

GETTER(op)
{
	const struct verdict *p = row->verdict[VIEW_IF_BOUND];

	(void)a;
	value_set_text(ret, p && p->op != OP_NONE ? op_name(p->op) : NULL);
}

GETTER(errno)
{
	const struct verdict *p = row->verdict[VIEW_IF_BOUND];

	(void)a;
	if (p)
		value_set_errno(ret, p->answer, p->err);
	else
		ret->kind = VALUE_NONE;
}

GETTER(rule)
{
	const struct verdict *p = row->verdict[VIEW_IF_BOUND];

	(void)a;
	value_set_text(ret, p && p->rule ? p->rule->id : NULL);
}

GETTER(because)
{
	const struct verdict *p = row->verdict[VIEW_IF_BOUND];

	(void)a;
	value_set_text(ret, p ? p->because : NULL);
}

GETTER(remedy)
{
	const struct verdict *p = row->verdict[VIEW_IF_BOUND];

	(void)a;
	value_set_text(ret, p ? p->remedy : NULL);
}

GETTER(name)
{
	value_set_text(ret, device_names_text(&row->names, a));
}

GETTER(vendor_name)
{
	(void)a;
	value_set_text(ret, row->names.vendor);
}

GETTER(device_name)
{
	(void)a;
	value_set_text(ret, row->names.device);
}

GETTER(class_name)
{
	(void)a;
	value_set_text(ret, row->names.class_name);
}

GETTER(driver_override)
{
	(void)a;
	if (!row->device) {
		ret->kind = VALUE_NONE;
		return;
	}
	value_set_fact(ret, &row->device->driver_override);
	if (ret->kind == VALUE_TEXT && !device_override(row->device))
		*ret = (struct value){ .kind = VALUE_NONE };
}

GETTER(persist)
{
	(void)a;
	if (row->device)
		value_set_fact(ret, &row->device->persist);
	else
		ret->kind = VALUE_NONE;
}

GETTER(cdev)
{
	const struct device *d = row->device;

	(void)a;
	if (d && d->cdev_name)
		value_set_text(ret, d->cdev_name);
	else if (!d || fact_known(&d->vfio_dev) ||
		 (d->vfio_dev.state == FACT_UNREAD && d->loaded & DEVICE_VFIO))
		/* Nobody looks where no VFIO driver is bound. */
		ret->kind = VALUE_NONE;
}

static const struct node *node_of(const struct device_row *row)
{
	if (!row->group)
		return NULL;
	return fact_is(&row->group->noiommu_node.stat) ? &row->group->noiommu_node
						       : &row->group->node;
}

GETTER(node)
{
	const struct node *n = node_of(row);

	(void)a;
	if (!n || n->stat.state == FACT_ABSENT)
		ret->kind = VALUE_NONE;
	else if (fact_is(&n->stat))
		value_set_text(ret, n->path);
}

GETTER(holders)
{
	const struct node *n = node_of(row);
	char *s;

	if (!n || n->stat.state == FACT_ABSENT) {
		ret->kind = VALUE_NONE;
		return;
	}
	if (!fact_is(&n->holders))
		return;
	s = arena_strndup(a, n->holders.raw, n->holders.len);
	for (char *p = s; *p; p++)
		if (*p == '\n')
			*p = ',';
	/* None seen where processes were hidden is not none. */
	if (*s || !n->hidden_processes)
		value_set_text(ret, *s ? s : NULL);
}

static void set_number_fact(struct value *ret, const struct fact *f)
{
	uint64_t number;

	value_set_fact(ret, f);
	if (fact_is(f) && !parse_u64_span((struct span){ f->raw, f->len }, 10, &number))
		value_set_number(ret, number);
}

GETTER(numa)
{
	(void)a;
	if (!row->device)
		ret->kind = VALUE_NONE;
	else
		set_number_fact(ret, &row->device->numa_node);
	/* linux: include/linux/numa.h: NUMA_NO_NODE */
	if (ret->kind == VALUE_TEXT && !strcmp(ret->text, "-1"))
		ret->kind = VALUE_NONE;
}

GETTER(pf)
{
	const struct device *d = row->device;

	(void)a;
	if (d && d->physfn)
		value_set_text(ret, d->physfn->name);
	else if (!d || d->bus != BUS_PCI || d->physfn_link.state == FACT_ABSENT)
		ret->kind = VALUE_NONE;
}

GETTER(vfs)
{
	(void)a;
	if (row->device && row->device->bus == BUS_PCI)
		set_number_fact(ret, &row->device->sriov_numvfs);
	else
		ret->kind = VALUE_NONE;
}

GETTER(reset)
{
	(void)a;
	if (row->device)
		value_set_fact(ret, &row->device->reset_method);
	else
		ret->kind = VALUE_NONE;
}

GETTER(sysfs)
{
	(void)a;
	value_set_text(ret, row->device ? row->device->sysfs : NULL);
}

/* field.get() takes any row. */
#define ANY_ROW(name)                                                                 \
	static void field_##name(const void *row, struct arena *a, struct value *ret) \
	{                                                                             \
		get_##name(row, a, ret);                                              \
	}
#define FIELD_LIST(X)                                                                          \
	X(address, FIELD_DEFAULT, 0, "address or name, as the kernel has it")                  \
	X(group, FIELD_DEFAULT | FIELD_RIGHT, 0, "IOMMU group")                                \
	X(bus, FIELD_DEFAULT | FIELD_YIELDS, 0, "bus: pci, platform, amba, fsl-mc, ...")       \
	X(id, FIELD_DEFAULT, 0, "vendor:device")                                               \
	X(class, FIELD_DEFAULT | FIELD_YIELDS, 0, "PCI class, subclass and interface")         \
	X(driver, FIELD_DEFAULT, 0, "driver that is bound")                                    \
	X(iommu, FIELD_DEFAULT | FIELD_YIELDS_LAST, NEED_IOMMU,                                \
	  "IOMMU instance the device is behind")                                               \
	X(type, FIELD_DEFAULT | FIELD_YIELDS_LAST, NEED_GROUPS, "default domain of the group") \
	X(verdict, FIELD_DEFAULT, NEED_VERDICT, "whether VFIO takes it, once bound")           \
	X(name, FIELD_DEFAULT | FIELD_TRUNCATE | FIELD_YIELDS_LAST, NEED_NAMES,                \
	  "vendor and device by name")                                                         \
	X(path, 0, NEED_VERDICT, "way to the device the verdict is about")                     \
	X(op, 0, NEED_VERDICT, "step that is refused, once bound")                             \
	X(errno, 0, NEED_VERDICT, "error of that step")                                        \
	X(rule, 0, NEED_VERDICT, "rule that decides, see 'vfiotool rules'")                    \
	X(because, FIELD_WRAPS, NEED_VERDICT | NEED_SENTENCES, "what was seen")                \
	X(remedy, FIELD_WRAPS, NEED_VERDICT | NEED_SENTENCES, "next step to take")             \
	X(verdict_now, 0, NEED_VERDICT_NOW, "whether VFIO takes it as things are")             \
	X(patched, 0, NEED_PATCHED, "verdict of the patched kernel, once bound")               \
	X(vendor, 0, 0, "vendor id")                                                           \
	X(device, 0, 0, "device id")                                                           \
	X(subsystem, 0, 0, "subsystem vendor:device")                                          \
	X(vendor_name, 0, NEED_NAMES, "vendor by name")                                        \
	X(device_name, 0, NEED_NAMES, "device by name")                                        \
	X(class_name, 0, NEED_NAMES, "class by name")                                          \
	X(driver_override, 0, NEED_DETAILS, "only driver that may bind")                       \
	X(persist, 0, NEED_PERSIST, "driver that it is given at each boot")                    \
	X(cdev, 0, NEED_VFIO, "VFIO character device")                                         \
	X(node, 0, NEED_GROUP_NODES, "node of the group in /dev/vfio")                         \
	X(holders, 0, NEED_GROUP_NODES, "processes that hold that node open")                  \
	X(numa, FIELD_RIGHT, NEED_DETAILS, "NUMA node")                                        \
	X(pf, 0, NEED_PCI, "physical function of a virtual one")                               \
	X(vfs, FIELD_RIGHT, NEED_PCI, "virtual functions in use")                              \
	X(reset, 0, NEED_DETAILS, "reset methods, in the kernel's order")                      \
	X(sysfs, 0, 0, "folder in sysfs")

#define X(name, flags, needs, help) ANY_ROW(name)
FIELD_LIST(X)
#undef X

static const struct field fields[] = {
#define X(name, flags, needs, help) { #name, FIELD_COLUMN | (flags), needs, help, field_##name },
	FIELD_LIST(X)
#undef X
};

const struct field_table *device_fields(void)
{
	static const struct field_table table = FIELD_TABLE("devices", fields);

	return &table;
}
