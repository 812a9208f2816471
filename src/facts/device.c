/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One device: what its directory in sysfs says. No VPD, no resource file; place.c reads configuration space. */
#include <errno.h>
#include <string.h>

#include "decode/uevent.h"
#include "facts/loader.h"

enum {
	/* All messages of a device go through one chip; a few prove it. */
	DEVICE_IRQS_MAX = 4,
};

static struct device_slot *slot_new(struct loader *l, const char *bus_name, struct span name)
{
	static const char prefix[] = "/sys/bus/", middle[] = "/devices/";
	struct device_slot *s = arena_new_object(l->a, struct device_slot);
	size_t bus_len = strlen(bus_name);
	char *path = arena_text(l->a, NULL, strlen(prefix) + bus_len + strlen(middle) + name.len);

	s->dev.bus_name = bus_name_keep(l->a, bus_name);
	s->dev.bus = bus_from_name(bus_name);
	s->dev.sysfs = path;
	path = stpcpy(stpcpy(stpcpy(path, prefix), bus_name), middle);
	memcpy(path, name.s, name.len);
	s->dev.name = path;
	l->slots = arena_grow(l->a, l->slots, l->nr_slots, sizeof(struct device_slot *));
	l->slots[l->nr_slots++] = s;
	return s;
}

/* The slot of a device, new or known. */
static struct device_slot *slot_get(struct loader *l, const char *bus_name, struct span name)
{
	struct device_slot *s;
	char *key;

	if (!strcmp(bus_name, "pci")) {
		s = strmap_find_span(&l->pci, name);
		if (s)
			return s;
		s = slot_new(l, bus_name, name);
		strmap_add(&l->pci, s->dev.name, s);
		return s;
	}
	key = arena_printf(l->a, "%s/%.*s", bus_name, (int)name.len, name.s);
	s = strmap_find(&l->others, key);
	if (s)
		return s;
	s = slot_new(l, bus_name, name);
	strmap_add(&l->others, key, s);
	return s;
}

struct device_slot *device_want(struct loader *l, const char *bus_name, struct span name,
				unsigned int parts, bool seed)
{
	struct device_slot *s = slot_get(l, bus_name, name);

	s->wanted |= parts | DEVICE_BASE;
	/* A neighbour that the user also asked for must be read again, for its group. */
	if (!s->queued && ((s->wanted & ~s->dev.loaded) || (seed && !s->seed))) {
		l->queue = arena_grow(l->a, l->queue, l->nr_queue, sizeof(struct device_slot *));
		l->queue[l->nr_queue++] = s;
		s->queued = true;
	}
	s->seed |= seed;
	return s;
}

struct device_slot *device_want_path(struct loader *l, const char *path, struct span name,
				     unsigned int parts, bool seed)
{
	struct fact subsystem = read_link_at(l, path, "subsystem");
	struct span bus = path_base(fact_describe(&subsystem));

	if (!fact_is(&subsystem) || !name_is_file(bus))
		return NULL;
	return device_want(l, arena_strndup(l->a, bus.s, bus.len), name, parts, seed);
}

/* The uevent names the driver; the link is read only when there is no uevent to read. */
static void load_driver(struct loader *l, struct device *d)
{
	struct span driver;

	if (fact_is(&d->uevent) && !d->locked) {
		d->driver_fact = (struct fact){ .state = FACT_ABSENT, .path = d->uevent.path };
		if (uevent_get(fact_describe(&d->uevent), "DRIVER", &driver))
			d->driver_fact = fact_derived(l->a, d->uevent.path, driver);
	} else {
		d->driver_fact = read_link_at(l, d->sysfs, "driver");
		if (fact_is(&d->driver_fact))
			d->driver_fact = fact_derived(l->a, d->driver_fact.path,
						      path_base(fact_describe(&d->driver_fact)));
		/* Without the device itself, a missing link does not say 'no driver'. */
		else if (d->driver_fact.state == FACT_ABSENT && d->uevent.state == FACT_ABSENT)
			d->driver_fact.state = FACT_FAILED;
	}
	if (fact_is(&d->driver_fact))
		device_set_driver(d, d->driver_fact.raw);
}

/* Every device has a uevent. Where it is gone, the device is gone too, and a missing link proves nothing. */
static void link_of_vanished(const struct device *d, struct fact *link)
{
	if (d->uevent.state != FACT_ABSENT || link->state != FACT_ABSENT)
		return;
	link->state = FACT_FAILED;
	link->err = ENODEV;
}

static void load_group_link(struct loader *l, struct device_slot *s)
{
	struct device *d = &s->dev;
	struct group_slot *g;
	struct span base;
	uint64_t id;

	d->group_link = read_link_at(l, d->sysfs, "iommu_group");
	link_of_vanished(d, &d->group_link);
	if (!fact_is(&d->group_link))
		return;
	base = path_base(fact_describe(&d->group_link));
	if (parse_u64_span(base, 10, &id) < 0 || id > INT32_MAX) {
		d->group_link.state = FACT_FAILED;
		d->group_link.err = EBADMSG;
		return;
	}
	g = group_want(l, (unsigned int)id);
	d->group = &g->group;
}

static void set_ids(struct device *d, const struct uevent_pci *pci)
{
	d->has_ids = true;
	d->vendor = pci->vendor;
	d->device_id = pci->device;
	d->subvendor = pci->subvendor;
	d->subdevice = pci->subdevice;
	d->class_code = pci->class_code;
}

/* Its driver lists the device, and the modalias has the rest of the uevent: the kernel takes no lock to read that.
 * False when it makes no sense. */
static bool load_bound(struct loader *l, struct device_slot *s)
{
	struct device *d = &s->dev;
	struct uevent_pci pci;

	d->modalias = read_at(l, d->sysfs, "modalias");
	if (!fact_is(&d->modalias) || modalias_get_pci(fact_describe(&d->modalias), &pci) < 0)
		return false;
	d->uevent = d->modalias;
	device_set_driver(d, s->bound);
	d->driver_fact = (struct fact){ .state = FACT_PRESENT,
					.path = d->uevent.path,
					.raw = s->bound,
					.len = strlen(s->bound) };
	set_ids(d, &pci);
	return true;
}

/* An attribute that is one hexadecimal number. */
static bool read_id(struct loader *l, const char *dir, const char *name, uint64_t *ret)
{
	const struct fact f = read_at(l, dir, name);

	return fact_is(&f) && !parse_u64_span(fact_describe(&f), 16, ret) && *ret <= 0xffffff;
}

bool device_read_ids(struct loader *l, const char *dir, const struct fact *uevent,
		     struct uevent_pci *ret, bool *ret_lacks)
{
	uint64_t vendor, device, class_code, subvendor = 0, subdevice = 0;

	*ret_lacks = false;
	if (uevent->state != FACT_UNREAD)
		return uevent_get_pci(fact_describe(uevent), ret) >= 0;
	if (!read_id(l, dir, "vendor", &vendor) || !read_id(l, dir, "device", &device) ||
	    !read_id(l, dir, "class", &class_code))
		return false;
	*ret_lacks = !read_id(l, dir, "subsystem_vendor", &subvendor) ||
		     !read_id(l, dir, "subsystem_device", &subdevice);
	*ret = (struct uevent_pci){ .class_code = (uint32_t)class_code,
				    .vendor = (uint16_t)vendor,
				    .device = (uint16_t)device,
				    .subvendor = (uint16_t)subvendor,
				    .subdevice = (uint16_t)subdevice };
	return true;
}

static void load_base(struct loader *l, struct device_slot *s)
{
	struct device *d = &s->dev;
	struct uevent_pci pci;
	struct span modalias;

	if (s->bound && load_bound(l, s)) {
		load_group_link(l, s);
		return;
	}
	d->uevent = read_uevent_at(l, d->sysfs, &d->locked);
	load_driver(l, d);
	load_group_link(l, s);
	d->modalias = (struct fact){ .state = d->uevent.state, .path = d->uevent.path };
	if (fact_is(&d->uevent)) {
		d->modalias.state = FACT_ABSENT;
		if (uevent_get(fact_describe(&d->uevent), "MODALIAS", &modalias))
			d->modalias = fact_derived(l->a, d->uevent.path, modalias);
	}
	if (d->bus == BUS_PLATFORM)
		d->software_node = read_link_at(l, d->sysfs, "software_node");
	if (d->bus == BUS_PCI &&
	    device_read_ids(l, d->sysfs, &d->uevent, &pci, &d->lacks_subsystem))
		set_ids(d, &pci);
}

/* The unit that lists the device has the link that the device has to it. */
static void find_iommu_unit(struct loader *l, struct device_slot *s)
{
	struct device *d = &s->dev;

	d->iommu = s->unit;
	if (d->iommu)
		d->iommu_link = (struct fact){ .state = FACT_PRESENT,
					       .path = d->iommu->devices_list.path,
					       .raw = d->iommu->name,
					       .len = strlen(d->iommu->name) };
	else
		d->iommu_link = (struct fact){ .state = FACT_ABSENT,
					       .err = ENOENT,
					       .path = l->h->iommus_list.path };
}

static void load_iommu_link(struct loader *l, struct device_slot *s)
{
	struct device *d = &s->dev;
	struct span base;

	if (l->mirrored && s->listed && d->bus == BUS_PCI) {
		find_iommu_unit(l, s);
		return;
	}
	d->iommu_link = read_link_at(l, d->sysfs, "iommu");
	link_of_vanished(d, &d->iommu_link);
	if (!fact_is(&d->iommu_link))
		return;
	base = path_base(fact_describe(&d->iommu_link));
	if (!name_is_file(base)) {
		d->iommu_link.state = FACT_FAILED;
		d->iommu_link.err = EBADMSG;
		return;
	}
	d->iommu = unit_want(l, base);
}

static void load_physfn(struct loader *l, struct device *d)
{
	struct device_slot *physical;
	struct span base;

	d->physfn_link = read_link_at(l, d->sysfs, "physfn");
	base = path_base(fact_describe(&d->physfn_link));
	if (!fact_is(&d->physfn_link) || !name_is_file(base))
		return;
	physical = device_want(l, "pci", base, l->scope.member_parts, false);
	physical->physical = true;
	d->physfn = &physical->dev;
}

/* linux: drivers/pci/probe.c: pci_setup_device() leaves the class of a PCI bridge to a header of type 1
 * only; other kinds of bridges may have any. */
static void load_bridge(struct loader *l, struct device *d)
{
	enum { CLASS_BRIDGE = 0x06, CLASS_BRIDGE_PCI = 0x0604 };

	if (l->scope.frugal && d->has_ids &&
	    (d->class_code >> 8 == CLASS_BRIDGE_PCI || d->class_code >> 16 != CLASS_BRIDGE)) {
		d->is_bridge = d->class_code >> 8 == CLASS_BRIDGE_PCI ? TRI_YES : TRI_NO;
		d->bridge_fact = d->uevent;
		return;
	}
	d->bridge_fact = stat_at(l, d->sysfs, "secondary_bus_number");
	if (fact_is(&d->bridge_fact))
		d->is_bridge = TRI_YES;
	else if (d->bridge_fact.state == FACT_ABSENT && fact_is(&d->uevent))
		d->is_bridge = TRI_NO;
}

/* An attribute that did not answer: the kernel has the device locked. */
static void note_lock(struct device *d, const struct fact *f)
{
	d->locked |= f->state == FACT_FAILED && f->err == ETIMEDOUT;
}

static void load_numvfs(struct loader *l, struct device *d, bool bound)
{
	/* What has a driver is not locked for long. */
	d->sriov_numvfs = bound ? read_at(l, d->sysfs, "sriov_numvfs")
				: read_locked_at(l, d->sysfs, "sriov_numvfs");
	note_lock(d, &d->sriov_numvfs);
	if (fact_is(&d->sriov_numvfs) && parse_u32(d->sriov_numvfs.raw, 10, &d->numvfs) < 0) {
		d->sriov_numvfs.state = FACT_FAILED;
		d->sriov_numvfs.err = EBADMSG;
	}
}

/* The virtual functions of a physical function on VFIO, and their groups: whether the kernel wants a VF
 * token depends on their users. linux: drivers/pci/iov.c: pci_iov_add_virtfn(). */
static void load_functions(struct loader *l, struct device *d)
{
	enum { VFS_MAX = 4096 };

	if (!device_is_vfio(d))
		return;
	for (uint32_t i = 0; i < d->numvfs && i < VFS_MAX; i++) {
		struct fact link = read_link_at(l, d->sysfs, arena_printf(l->a, "virtfn%u", i));
		struct span base = path_base(fact_describe(&link));

		if (fact_is(&link) && name_is_file(base))
			device_want(l, "pci", base, l->scope.member_parts | DEVICE_DETAILS, true);
	}
}

static void load_pci(struct loader *l, struct device *d)
{
	if (d->bus != BUS_PCI)
		return;
	load_bridge(l, d);
	/* functions_load() does it, once all virtual functions are known. */
	if (!l->scope.frugal) {
		load_numvfs(l, d, false);
		load_functions(l, d);
	}
	if (!l->scope.frugal || d->is_bridge != TRI_YES)
		load_physfn(l, d);
	else
		d->physfn_link = (struct fact){ .state = FACT_ABSENT,
						.err = ENOENT,
						.path = d->bridge_fact.path };
}

void functions_load(struct loader *l)
{
	bool all_known = true;

	if (!l->scope.frugal || !(l->scope.device_parts & DEVICE_PCI))
		return;
	for (size_t i = 0; i < l->nr_slots; i++) {
		const struct device *d = &l->slots[i]->dev;

		all_known &= d->bus != BUS_PCI || fact_known(&d->physfn_link);
	}
	for (size_t i = 0; i < l->nr_slots; i++) {
		struct device *d = &l->slots[i]->dev;

		if (d->bus != BUS_PCI)
			continue;
		if (!all_known || l->slots[i]->physical)
			load_numvfs(l, d, l->slots[i]->bound);
		else
			d->sriov_numvfs = (struct fact){ .state = FACT_ABSENT,
							 .err = ENOENT,
							 .path = "/sys/bus/pci/devices" };
	}
}

static void load_irqs(struct loader *l, struct device *d)
{
	struct span rest, line;

	d->msi_irqs = list_at(l, d->sysfs, "msi_irqs");
	rest = fact_describe(&d->msi_irqs);
	while (d->nr_irqs < DEVICE_IRQS_MAX && parse_line(&rest, &line)) {
		struct device_irq *irq;
		uint64_t number;

		if (parse_u64_span(line, 10, &number) < 0 || number > INT32_MAX)
			continue;
		d->irqs = arena_grow(l->a, d->irqs, d->nr_irqs, sizeof(*d->irqs));
		irq = &d->irqs[d->nr_irqs++];
		irq->irq = (unsigned int)number;
		irq->chip =
			read_at(l, arena_printf(l->a, "sys/kernel/irq/%u", irq->irq), "chip_name");
	}
}

/* The device that owns a link of the class: ".../0000:01:00.0/vfio-dev/vfio0". */
static struct span owner_of_link(struct span link)
{
	for (unsigned int i = 0; i < 2 && link.len; i++) {
		link.len -= path_base(link).len;
		link.len -= link.len > 0;
	}
	return path_base(link);
}

/* The class lists every VFIO device. linux: drivers/vfio/vfio_main.c: vfio_init(), since 6.1. */
static void load_vfio_class(struct loader *l)
{
	static const char dir[] = "sys/class/vfio-dev";
	struct fact *list = &l->h->vfio_class;
	struct span rest, line;

	if (list->state != FACT_UNREAD)
		return;
	*list = sysroot_list(l->root, l->a, dir);
	l->vfio_owners.arena = l->a;
	rest = fact_describe(list);
	while (l->scope.frugal && parse_line(&rest, &line)) {
		struct fact link = { 0 };
		struct span owner;

		if (name_is_file(line))
			link = read_link_at(l, dir, arena_strndup(l->a, line.s, line.len));
		owner = owner_of_link(fact_describe(&link));
		if (owner.len && !strmap_find_span(&l->vfio_owners, owner))
			strmap_add(&l->vfio_owners, arena_strndup(l->a, owner.s, owner.len),
				   arena_strndup(l->a, line.s, line.len));
	}
}

/* The VFIO device of @d. Its driver's name says little: drivers of vendors make some, too. A list of a whole host asks
 * the class instead, and before 6.1 the nodes of groups. */
static void load_vfio_dev(struct loader *l, struct device *d)
{
	const struct fact *class = &l->h->vfio_class;
	const char *name;

	load_vfio_class(l);
	if (!l->scope.frugal || !d->driver || d->bus == BUS_MDEV ||
	    (!fact_is(class) &&
	     (device_is_vfio(d) ||
	      (d->group && node_is_listed(l, "/dev/vfio", arena_decimal(l->a, d->group->id),
					  &l->vfio_names))))) {
		d->vfio_dev = list_at(l, d->sysfs, "vfio-dev");
		return;
	}
	if (!fact_known(class))
		return;
	name = strmap_find(&l->vfio_owners, d->name);
	if (name)
		d->vfio_dev = fact_derived(l->a, class->path, (struct span){ name, strlen(name) });
	else
		d->vfio_dev =
			(struct fact){ .state = FACT_ABSENT, .err = ENOENT, .path = class->path };
}

/* linux: drivers/vfio/vfio_main.c: the class device, since 6.1; DEVICE/vfio-dev/vfioN. */
static void load_vfio(struct loader *l, struct device *d)
{
	struct span rest, line;

	if (d->driver_fact.state == FACT_ABSENT)
		return;
	load_vfio_dev(l, d);
	rest = fact_describe(&d->vfio_dev);
	/* Whether a process has it open. */
	if (d->bus == BUS_PCI && (device_is_vfio(d) || rest.len))
		d->enable = read_at(l, d->sysfs, "enable");
	if (!fact_is(&d->vfio_dev) || !parse_line(&rest, &line) || !name_is_file(line))
		return;
	d->cdev_name = arena_strndup(l->a, line.s, line.len);
	d->cdev_devno = read_at(l, d->sysfs, arena_printf(l->a, "vfio-dev/%s/dev", d->cdev_name));
	if (d->cdev_devno.state == FACT_ABSENT)
		return;
	node_load_listed(l, &d->cdev, "/dev/vfio/devices", d->cdev_name, &l->cdev_names);
}

static void load_details(struct loader *l, struct device *d)
{
	d->driver_override = read_locked_at(l, d->sysfs, "driver_override");
	note_lock(d, &d->driver_override);
	if (d->enable.state == FACT_UNREAD)
		d->enable = read_at(l, d->sysfs, "enable");
	d->numa_node = read_at(l, d->sysfs, "numa_node");
	if (d->bus != BUS_PCI)
		return;
	d->reset_method = read_at(l, d->sysfs, "reset_method");
	d->vfio_alias = module_vfio_alias(l, fact_describe(&d->modalias));
}

static void device_load(struct loader *l, struct device_slot *s)
{
	unsigned int parts = s->wanted & ~s->dev.loaded;
	struct group_slot *g;

	s->queued = false;
	if (parts & DEVICE_BASE)
		load_base(l, s);
	if (parts & DEVICE_IOMMU)
		load_iommu_link(l, s);
	if (parts & DEVICE_PCI)
		load_pci(l, &s->dev);
	if (parts & DEVICE_PERSIST)
		persist_load(l, &s->dev);
	if (parts & DEVICE_IRQS)
		load_irqs(l, &s->dev);
	if (parts & DEVICE_VFIO) {
		load_vfio(l, &s->dev);
		if (!l->scope.frugal)
			power_load(l, &s->dev);
	}
	if (parts & DEVICE_DETAILS)
		load_details(l, &s->dev);
	if (parts & DEVICE_PLACE)
		place_load(l, &s->dev);
	if (parts & DEVICE_NOTICES)
		notice_load_device(l, &s->dev);
	if (parts & DEVICE_HARDWARE)
		hardware_load(l, &s->dev);
	s->dev.loaded |= parts;
	/* A group object is the first member of its slot. */
	g = (struct group_slot *)s->dev.group;
	if (g && s->seed && !g->wanted) {
		g->wanted = true;
		/* All that an IOMMU serves is loaded anyway, each with its group. */
		if (l->mirrored && s->dev.iommu)
			g->mirror = s->dev.iommu;
		else if (!l->all || (l->scope.host_parts & HOST_GROUPS))
			group_load_members(l, g, l->scope.member_parts, false);
	}
}

void devices_load(struct loader *l)
{
	while (l->next < l->nr_queue)
		device_load(l, l->queue[l->next++]);
}
