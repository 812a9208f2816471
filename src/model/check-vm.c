/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The devices of machines. */
#include "model/check-vm.h"

#include <string.h>

#include "base/strbuf.h"
#include "model/checks.h"
#include "model/notice.h"

void check_at(struct check *c, const struct check_machine *m, unsigned int line, const char *device)
{
	c->next.file = m->file;
	c->next.line = line;
	c->next.device = device;
}

/* ---- who runs the machine ---- */

static void assume(struct check *c, struct check_machine *m, const char *target, const char *key,
		   const char *value)
{
	struct assumption one = { .target = target,
				  .key = key,
				  .value = value,
				  .fact = { .state = FACT_PRESENT, .path = "definition" } };

	one.fact.raw = arena_join(c->arena, target ? target : "", target ? ":" : "", key, "=",
				  value, NULL);
	one.fact.len = (uint32_t)strlen(one.fact.raw);
	m->as.items = arena_grow(c->arena, m->as.items, m->as.nr, sizeof(*m->as.items));
	m->as.items[m->as.nr++] = one;
}

/* libvirt and Proxmox VE prepare the nodes and the limit as root. */
static bool is_managed_by_root(const struct vm_definition *vm)
{
	return vm->format == VM_FORMAT_LIBVIRT || vm->format == VM_FORMAT_PROXMOX;
}

/* How many address spaces hold the memory of the guest: one, or one for each device behind a virtual IOMMU. */
static uint64_t address_spaces(const struct check_machine *m)
{
	uint64_t nr = 0;

	if (!m->vm->viommu)
		return 1;
	for (size_t i = 0; i < m->nr_devices; i++)
		nr += m->vm->format != VM_FORMAT_CLOUD_HYPERVISOR ||
		      m->devices[i].as->behind_viommu.yes;
	return nr ? nr : 1;
}

static void begin_machine(struct check *c, struct check_machine *m)
{
	const uint64_t nr = address_spaces(m), size = m->vm->memory.value;

	m->as = *c->assumptions;
	m->as.items = arena_memdup(c->arena, m->as.items, m->as.nr * sizeof(*m->as.items));
	m->as.memory = size <= UINT64_MAX / nr ? size * nr : UINT64_MAX;
	if (!is_managed_by_root(m->vm))
		return;
	assume(c, m, NULL, "euid", "0");
	assume(c, m, NULL, "cap_sys_rawio", "1");
	assume(c, m, NULL, "cap_ipc_lock", m->vm->hard_limit.line ? "0" : "1");
	if (m->vm->hard_limit.line)
		assume(c, m, NULL, "memlock",
		       arena_printf(c->arena, "%llu", (unsigned long long)m->vm->hard_limit.value));
}

static bool has_device(const struct check_machine *m, const struct device *dev)
{
	for (size_t i = 0; i < m->nr_devices; i++)
		if (m->devices[i].dev == dev)
			return true;
	return false;
}

/* ---- there, and what the definition expects ---- */

static void check_present(struct check *c, struct check_machine *m)
{
	if (m->vm->unknown.s) {
		check_at(c, m, m->vm->unknown.line, NULL);
		check_say(c, CHECK_UNKNOWN, "not all options are in the file: %s",
			  m->vm->unknown.s);
	}
	for (size_t i = 0; i < m->nr_devices; i++) {
		const struct check_device *d = &m->devices[i];

		check_at(c, m, d->as->line, d->name);
		if (!d->name)
			check_say(c, CHECK_UNKNOWN, "cannot tell which device this is: %s",
				  d->as->what);
		else if (!d->dev)
			check_say(c, CHECK_FAIL, "this host has no device %s", d->name);
	}
	c->next = (struct check_result){ 0 };
}

/* pve: PVE/Mapping/PCI.pm: assert_valid(). */
static void check_identity(struct check *c, struct check_machine *m)
{
	for (size_t i = 0; i < m->nr_devices; i++) {
		const struct check_device *d = &m->devices[i];
		const char *have;

		if (!d->dev || !d->dev->has_ids)
			continue;
		have = arena_printf(c->arena, "%04x:%04x", d->dev->vendor, d->dev->device_id);
		if (d->as->ids.s && strcmp(d->as->ids.s, have) != 0) {
			check_at(c, m, d->as->ids.line, d->name);
			check_cite(c, &d->dev->uevent);
			check_say(c, CHECK_FAIL,
				  "%s is %s, and the mapping expects %s: the addresses have changed",
				  d->name, have, d->as->ids.s);
		}
		if (d->as->group.line && d->dev->group && d->dev->group->id != d->as->group.value) {
			check_at(c, m, d->as->group.line, d->name);
			check_cite(c, &d->dev->group_link);
			check_say(c, CHECK_FAIL,
				  "%s is in group %u, and the mapping expects group %llu", d->name,
				  d->dev->group->id, (unsigned long long)d->as->group.value);
		}
	}
}

/* ---- the group, or iommufd ---- */

/* libvirt: NEWS.rst: 12.1.0 has iommufd for devices of the host. Before, src/conf/domain_conf.c does not read the attribute. */
enum { LIBVIRT_IOMMUFD = 12001 };

/* Decides how the program opens each device. */
static void check_backend(struct check *c, struct check_machine *m)
{
	const struct setup *s = c->host->setup;

	for (size_t i = 0; i < m->nr_devices; i++) {
		struct check_device *d = &m->devices[i];

		d->iommufd = d->as->iommufd.yes;
		if (!d->iommufd || m->vm->format != VM_FORMAT_LIBVIRT || !s->libvirt ||
		    s->libvirt >= LIBVIRT_IOMMUFD)
			continue;
		d->iommufd = false;
		check_at(c, m, d->as->iommufd.line, d->name);
		check_cite(c, &s->libvirt_link);
		check_say(c, CHECK_WARN,
			  "libvirt %u.%u ignores iommufd='yes', which 12.1 and later know: it opens the group of %s",
			  s->libvirt / 1000, s->libvirt % 1000, d->name);
	}
	c->next = (struct check_result){ 0 };
}

/* Before the kernel is asked it must be clear that libvirt asks it. */
static bool is_ignored(const struct check *c, const struct check_machine *m)
{
	return m->vm->format == VM_FORMAT_LIBVIRT && !c->host->setup->libvirt;
}

/* ---- verdicts ---- */

static enum path_kind path_of(const struct check_device *d)
{
	const struct path_prediction *paths = d->prediction.paths[VIEW_NOW];

	if (d->iommufd)
		return PATH_IOMMUFD;
	if (paths[PATH_CONTAINER].offered || !paths[PATH_COMPAT].offered)
		return paths[PATH_CONTAINER].offered || !paths[PATH_NOIOMMU].offered
			       ? PATH_CONTAINER
			       : PATH_NOIOMMU;
	return PATH_COMPAT;
}

static bool moves(const struct device *dev)
{
	return dev->bus == BUS_PCI && dev->is_bridge != TRI_YES && !device_is_vfio(dev);
}

/* Assumes what the program does before it opens the devices: those that it manages are on vfio-pci, as far as that driver
 * takes them. A refusal to be bound stays in the path. */
static void assume_bound(struct check *c, struct check_machine *m, struct check_device *d)
{
	const struct group *group = d->as->group_too ? d->dev->group : NULL;
	const struct path_prediction *path;
	struct prediction p;

	if (!d->as->managed.yes)
		return;
	for (size_t i = 0; group && i < group->nr_members; i++)
		if (group->members[i] != d->dev && moves(group->members[i]))
			assume(c, m, group->members[i]->name, "driver", "vfio-pci");
	if (!moves(d->dev))
		return;
	predict_device(c->host, &m->as, c->kernels, d->dev, c->arena, &p);
	path = &p.paths[VIEW_IF_BOUND][p.best[VIEW_IF_BOUND]];
	if (path->answer == ANSWER_NO && path->op == OP_BIND)
		d->path = arena_memdup(c->arena, path, sizeof(*path));
	else
		assume(c, m, d->name, "driver", "vfio-pci");
}

/* Whether process @pid is one of the lines "PID COMM" of @node. */
static bool holds(const struct node *node, unsigned int pid)
{
	struct span rest = { node->holders.raw, fact_is(&node->holders) ? node->holders.len : 0 };
	struct span line, word;
	uint64_t holder;

	while (parse_line(&rest, &line))
		if (parse_word(&line, &word) && !parse_u64_span(word, 10, &holder) && holder == pid)
			return true;
	return false;
}

/* A machine that runs does not keep its devices from itself. */
static void assume_held(struct check *c, struct check_machine *m)
{
	for (size_t i = 0; m->pid && i < m->nr_devices; i++) {
		const struct device *dev = m->devices[i].dev;

		if (!dev || !dev->group)
			continue;
		for (size_t k = 0; k < dev->group->nr_members; k++)
			if (holds(&dev->group->node, m->pid) ||
			    holds(&dev->group->members[k]->cdev, m->pid))
				assume(c, m, dev->group->members[k]->name, "held", "0");
	}
}

static void predict_machine(struct check *c, struct check_machine *m)
{
	size_t before;

	assume_held(c, m);
	before = m->as.nr;
	for (size_t i = 0; i < m->nr_devices; i++)
		if (m->devices[i].dev)
			assume_bound(c, m, &m->devices[i]);
	/* libvirt and Proxmox VE load the modules. */
	if (m->as.nr > before) {
		static const enum module_id ids[] = { MODULE_VFIO, MODULE_VFIO_PCI,
						      MODULE_VFIO_IOMMU_TYPE1 };

		for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
			if (c->host->modules[ids[i]].state == MODULE_STATE_LOADABLE)
				assume(c, m, NULL, module_key(ids[i]), "loaded");
	}
	for (size_t i = 0; i < m->nr_devices; i++) {
		struct check_device *d = &m->devices[i];

		if (!d->dev)
			continue;
		predict_device(c->host, &m->as, c->kernels, d->dev, c->arena, &d->prediction);
		if (!d->path)
			d->path = &d->prediction.paths[VIEW_NOW][path_of(d)];
	}
}

/* Members of the group that stay with the host, on a driver of it. */
static const char *missing_members(struct check *c, const struct check_machine *m,
				   const struct device *dev)
{
	struct strbuf out = { .arena = c->arena };

	for (size_t i = 0; dev->group && i < dev->group->nr_members; i++) {
		const struct device *other = dev->group->members[i];

		if (other != dev && !has_device(m, other) && other->driver &&
		    !device_is_vfio(other) && other->driver_kind == DRIVER_HOST)
			strbuf_item(&out, ", ", "%s (on %s)", other->name, other->driver);
	}
	return out.len ? strbuf_get(&out) : NULL;
}

static bool is_rule(const struct path_prediction *p, const char *id)
{
	return p->why && p->why->rule && !strcmp(p->why->rule->id, id);
}

static void plan_for(struct check *c, struct check_machine *m)
{
	const struct device **devices = arena_array(c->arena, m->nr_devices, sizeof(*devices));
	const struct assumptions *own = c->assumptions;
	struct assumptions without = m->as;
	size_t nr = 0;

	for (size_t i = 0; i < m->nr_devices; i++)
		if (m->devices[i].dev)
			devices[nr++] = m->devices[i].dev;
	/* Who runs it counts, not what it would bind. */
	for (size_t i = 0; i < without.nr; i++)
		if ((without.items[i].target && strcmp(without.items[i].key, "held") != 0) ||
		    !strncmp(without.items[i].key, "module.", 7)) {
			without.nr = i;
			break;
		}
	c->assumptions = &without;
	check_plan(c, devices, nr);
	c->assumptions = own;
}

static void say_refused(struct check *c, struct check_machine *m, const struct check_device *d)
{
	const bool group = is_rule(d->path, "dma-ownership") || is_rule(d->path, "viability-walk"),
		   lock = is_rule(d->path, "memlock");
	const char *missing = group ? missing_members(c, m, d->dev) : NULL;
	const struct vm_definition *vm = m->vm;

	check_at(c, m,
		 !lock                 ? d->as->line
		 : vm->hard_limit.line ? vm->hard_limit.line
		 : vm->memory.line     ? vm->memory.line
				       : d->as->line,
		 d->name);
	c->next.id = missing ? "vm-group" : lock ? "vm-memlock" : "vm-device";
	for (size_t i = 0; d->path->why && i < d->path->why->nr_evidence; i++)
		check_cite(c, d->path->why->evidence[i]);
	if (lock && vm->hard_limit.line)
		check_vm_advise_hard_limit(c, m);
	else
		plan_for(c, m);
	if (missing)
		check_say(c, CHECK_FAIL, "%s is given without %s of the same group", d->name,
			  missing);
	else if (lock && vm->hard_limit.line)
		check_say(c, CHECK_FAIL,
			  "the machine locks %llu MiB for %s (%llu address space%s), hard_limit is %llu MiB: the kernel refuses the mapping or ends QEMU",
			  (unsigned long long)m->as.memory >> 20, d->name,
			  (unsigned long long)address_spaces(m), address_spaces(m) == 1 ? "" : "s",
			  (unsigned long long)vm->hard_limit.value >> 20);
	else if (lock)
		check_say(c, CHECK_FAIL,
			  "the machine locks %llu MiB for %s (%llu address space%s): %s",
			  (unsigned long long)m->as.memory >> 20, d->name,
			  (unsigned long long)address_spaces(m), address_spaces(m) == 1 ? "" : "s",
			  d->path->because);
	else
		check_say(c, CHECK_FAIL, "%s is refused: %s", d->name, d->path->because);
}

/* QEMU: qapi/qom.json: IOMMUFDProperties: since 9.0. */
static const char *needed_version(enum vm_format format)
{
	return format == VM_FORMAT_QEMU      ? ", which QEMU 9.0 and later know"
	       : format == VM_FORMAT_LIBVIRT ? ", with libvirt 12.1 and QEMU 9.0 or later"
					     : "";
}

static void say_not_offered(struct check *c, struct check_machine *m, const struct check_device *d)
{
	check_at(c, m, d->iommufd ? d->as->iommufd.line : d->as->line, d->name);
	c->next.id = "vm-backend";
	if (d->iommufd && is_ignored(c, m))
		check_say(c, CHECK_UNKNOWN,
			  "this kernel does not offer iommufd for %s, and libvirt before 12.1 does not use it: cannot tell which libvirt this is",
			  d->name);
	else
		check_say(c, CHECK_FAIL,
			  "%s is to be opened by %s, which this kernel does not offer: %s", d->name,
			  d->iommufd ? "iommufd" : "its group",
			  d->path->missing ? d->path->missing : "it is not there");
}

static void check_verdicts(struct check *c, struct check_machine *m)
{
	predict_machine(c, m);
	for (size_t i = 0; i < m->nr_devices; i++) {
		const struct check_device *d = &m->devices[i];

		if (!d->dev)
			continue;
		if (!d->path->offered && d->path->op != OP_BIND) {
			say_not_offered(c, m, d);
		} else if (d->path->answer == ANSWER_NO) {
			say_refused(c, m, d);
		} else {
			check_at(c, m, d->as->line, d->name);
			if (d->path->answer == ANSWER_YES)
				check_say(c, CHECK_PASS, "%s can be opened (%s%s)%s", d->name,
					  path_kind_name(d->path->kind),
					  d->iommufd ? needed_version(m->vm->format) : "",
					  d->as->managed.yes && !device_is_vfio(d->dev)
						  ? ", after the start of the machine has bound it to vfio-pci"
						  : "");
			else
				check_say(c, CHECK_UNKNOWN,
					  "cannot tell whether %s can be opened: %s", d->name,
					  d->path->because ? d->path->because
							   : "not all facts are known");
		}
	}
}

/* ---- what the start would take from the host ---- */

static void check_use(struct check *c, struct check_machine *m, const struct check_device *d,
		      const struct device *dev)
{
	const struct plan_use *uses;
	size_t nr;

	if (dev->bus != BUS_PCI || !dev->driver || dev->driver_kind != DRIVER_HOST ||
	    dev->is_bridge == TRI_YES || !c->ask_use)
		return;
	uses = c->ask_use(c->use_ctx, dev, c->arena, &nr);
	for (size_t i = 0; i < nr; i++) {
		check_at(c, m, d->as->line, dev->name);
		if (uses[i].remedy)
			check_advise(c, ACTION_OTHER, SCOPE_NOW, NULL, "%s", uses[i].remedy);
		if (uses[i].answer == ANSWER_YES)
			check_say(c, CHECK_FAIL,
				  "the start takes %s from the host, which uses it: %s", dev->name,
				  uses[i].chain);
		else
			check_say(c, CHECK_UNKNOWN, "the start takes %s from the host: %s",
				  dev->name, uses[i].chain);
	}
}

static void check_in_use(struct check *c, struct check_machine *m)
{
	for (size_t i = 0; i < m->nr_devices; i++) {
		const struct check_device *d = &m->devices[i];

		if (!d->dev || !d->as->managed.yes)
			continue;
		check_use(c, m, d, d->dev);
		for (size_t k = 0;
		     d->as->group_too && d->dev->group && k < d->dev->group->nr_members; k++)
			if (!has_device(m, d->dev->group->members[k]))
				check_use(c, m, d, d->dev->group->members[k]);
	}
}

/* ---- companions, ROM, the rest of a device ---- */

static bool same_slot(const char *a, const char *b)
{
	const char *dot = strrchr(a, '.');

	return dot && !strncmp(a, b, (size_t)(dot - a) + 1);
}

/* The other functions of a graphics card: its audio, USB. */
static void check_companions(struct check *c, struct check_machine *m)
{
	enum { CLASS_DISPLAY = 0x03 };

	for (size_t i = 0; i < m->nr_devices; i++) {
		const struct check_device *d = &m->devices[i];

		if (!d->dev || d->dev->class_code >> 16 != CLASS_DISPLAY || d->dev->physfn)
			continue;
		for (size_t k = 0; k < c->host->nr_devices; k++) {
			const struct device *other = c->host->devices[k];

			if (other == d->dev || other->bus != BUS_PCI || other->physfn ||
			    !same_slot(d->name, other->name) || has_device(m, other))
				continue;
			check_at(c, m, d->as->line, other->name);
			check_cite(c, &other->uevent);
			check_say(c, CHECK_WARN,
				  "%s is given without %s, a function of the same card, which stays with the host",
				  d->name, other->name);
		}
	}
}

static void check_details(struct check *c, struct check_machine *m)
{
	const bool q35 = m->vm->machine.s && strstr(m->vm->machine.s, "q35");

	for (size_t i = 0; i < m->nr_devices; i++) {
		const struct check_device *d = &m->devices[i];
		const char *bus = d->as->bus.s;

		if (d->as->no_mmap.yes) {
			check_at(c, m, d->as->no_mmap.line, d->name);
			check_say(c, CHECK_WARN,
				  "x-no-mmap makes each access to a BAR of %s an exit to the program",
				  d->name ? d->name : "the device");
		}
		if (q35 && bus && (!strcmp(bus, "pcie.0") || !strcmp(bus, "0x00"))) {
			check_at(c, m, d->as->bus.line, d->name);
			check_say(c, CHECK_WARN,
				  "%s is on the root bus of the guest, and cannot be unplugged while it runs",
				  d->name ? d->name : "the device");
		}
		if (!d->as->rom_file.s || !*d->as->rom_file.s)
			continue;
		check_at(c, m, d->as->rom_file.line, d->name);
		if (d->rom.state == FACT_ABSENT)
			check_say(c, CHECK_FAIL, "there is no ROM file %s", d->as->rom_file.s);
		else if (!fact_is(&d->rom))
			check_say(c, CHECK_UNKNOWN, "cannot tell whether the ROM file %s is there",
				  d->as->rom_file.s);
	}
	c->next = (struct check_result){ 0 };
}

/* 'Accepted, but': what notices say of each device. What the definition answers for is checked elsewhere. */
static void check_notices(struct check *c, struct check_machine *m)
{
	static const char *const elsewhere[] = { "address-width", "memlock", "numa" };

	for (size_t i = 0; i < m->nr_devices; i++) {
		const struct check_device *d = &m->devices[i];
		struct notices all = { 0 };

		if (d->dev)
			notices_find(c->host, &m->as, c->kernels, d->dev, c->arena, &all);
		for (size_t k = 0; k < all.nr; k++) {
			const struct notice *n = &all.items[k];
			bool own = false;

			for (size_t e = 0; e < ARRAY_SIZE(elsewhere); e++)
				own |= !strcmp(n->row->id, elsewhere[e]);
			if (own)
				continue;
			check_at(c, m, d->as->line, d->name);
			c->next.id = n->row->id;
			for (size_t e = 0; e < n->nr_evidence; e++)
				check_cite(c, n->evidence[e]);
			if (n->remedy)
				check_advise(c, ACTION_OTHER, SCOPE_NOW, NULL, "%s", n->remedy);
			check_say(c, CHECK_WARN, "%s: %s", n->because, n->consequence);
		}
	}
}

/* ---- the table ---- */

struct machine_check {
	struct check_row row;
	void (*run)(struct check *c,
		    struct check_machine *m); /* NULL: asked of all machines together */
};

static const struct machine_check rows[] = {
	{ { "vm-present", "whether the host has the devices", NULL }, check_present },
	{ { "vm-identity", "whether they are those that a mapping expects", NULL },
	  check_identity },
	{ { "vm-backend", "whether the program opens devices by their group or by iommufd", NULL },
	  check_backend },
	{ { "vm-device", "whether each can be opened, with its group: also vm-group, vm-memlock",
	    NULL },
	  check_verdicts },
	{ { "vm-memlock", "whether a limit of libvirt leaves memory for QEMU itself", NULL },
	  check_vm_hard_limit },
	{ { "vm-in-use", "whether the start takes a device that the host uses", NULL },
	  check_in_use },
	{ { "vm-companion", "other functions of a graphics card", NULL }, check_companions },
	{ { "vm-options", "options of a device: ROM file, x-no-mmap, its bus", NULL },
	  check_details },
	{ { "vm-memory-map", "whether the memory of the guest can be mapped", NULL },
	  check_vm_memory_map },
	{ { "vm-address-width", "whether BARs of the guest can be mapped", NULL },
	  check_vm_address_width },
	{ { "vm-viommu", "whether the virtual IOMMU works with the devices", NULL },
	  check_vm_viommu },
	{ { "vm-mappings", "how many mappings are needed", NULL }, check_vm_mappings },
	{ { "vm-hugepages", "whether there are enough huge pages", NULL }, check_vm_hugepages },
	{ { "vm-numa", "whether memory and devices are on the same node", NULL }, check_vm_numa },
	{ { "vm-notice", "notices about the devices, each by its own name", NULL }, check_notices },
	{ { "vm-shared", "whether two machines want one device or group", NULL }, NULL },
};

const struct check_row *check_machine_row(size_t index)
{
	return index < ARRAY_SIZE(rows) ? &rows[index].row : NULL;
}

void check_machines(struct check *c, struct check_machine *machines, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		begin_machine(c, &machines[i]);
		for (size_t k = 0; k < ARRAY_SIZE(rows); k++) {
			c->row = &rows[k].row;
			if (rows[k].run)
				rows[k].run(c, &machines[i]);
		}
	}
	check_vm_shared(c, machines, nr);
}
