/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libvirt's domain XML. libvirt: docs/formatdomain.rst; src/conf/domain_conf.c. */
#include <errno.h>
#include <string.h>

#include "base/strbuf.h"
#include "decode/vm.h"
#include "decode/xml.h"

struct reader {
	struct arena *a;
	struct vm_definition *vm;
	struct vm_error *err;
};

const char *xml_attribute(const struct xml_node *n, const char *name)
{
	for (size_t i = 0; n && i < n->nr_attributes; i++)
		if (!strcmp(n->attributes[i].name, name))
			return n->attributes[i].value;
	return NULL;
}

const struct xml_node *xml_child(const struct xml_node *n, const char *name,
				 const struct xml_node *after)
{
	bool behind = !after;

	for (size_t i = 0; n && i < n->nr_children; i++) {
		if (behind && !strcmp(n->children[i]->name, name))
			return n->children[i];
		behind |= n->children[i] == after;
	}
	return NULL;
}

static const struct xml_node *path(const struct xml_node *n, const char *first, const char *second)
{
	n = xml_child(n, first, NULL);
	return n && second ? xml_child(n, second, NULL) : n;
}

static bool is(const struct xml_node *n, const char *attribute, const char *value)
{
	const char *have = xml_attribute(n, attribute);

	return have && !strcmp(have, value);
}

static struct vm_flag flag(const struct xml_node *n, const char *attribute)
{
	const char *value = xml_attribute(n, attribute);
	bool yes;

	return value && vm_bool(value, &yes) ? (struct vm_flag){ yes, n->line }
					     : (struct vm_flag){ 0 };
}

/* libvirt: src/util/virutil.c: virScaleInteger(): "K" and "KiB" are 1024, "KB" is 1000. */
static bool scale(const char *unit, uint64_t *ret)
{
	static const char letters[] = "kmgtpe";
	const char *at;
	uint64_t base;

	*ret = 1;
	if (!strcmp(unit, "b") || !strcmp(unit, "bytes") || !strcmp(unit, "byte"))
		return true;
	at = *unit ? strchr(letters, unit[0] | 0x20) : NULL;
	if (!at)
		return false;
	base = (unit[1] == 'B' || unit[1] == 'b') && !unit[2] ? 1000 : 1024;
	if (unit[1] && base == 1024 && strcmp(unit + 1, "iB") != 0 && strcmp(unit + 1, "ib") != 0)
		return false;
	for (const char *p = letters; p <= at; p++)
		*ret *= base;
	return true;
}

/* An element with a number and a unit; KiB without one. */
static int size_of(struct reader *r, const struct xml_node *n, const char *text,
		   struct vm_number *ret)
{
	const char *unit = xml_attribute(n, "unit");
	uint64_t value, factor;

	if (!scale(unit ? unit : "KiB", &factor))
		return vm_fail(r->err, r->a, n->line, "'%s' is not a unit of memory", unit);
	if (parse_u64(text, 10, &value) < 0 || value > UINT64_MAX / factor)
		return vm_fail(r->err, r->a, n->line, "<%s> has '%s', which is not a size", n->name,
			       text);
	*ret = (struct vm_number){ value * factor, n->line };
	return 0;
}

/* ---- the machine ---- */

static int take_memory(struct reader *r, const struct xml_node *root)
{
	const struct xml_node *memory = xml_child(root, "memory", NULL),
			      *limit = path(root, "memtune", "hard_limit");
	int err = 0;

	if (memory)
		err = size_of(r, memory, memory->text, &r->vm->memory);
	if (!err && limit && strcmp(limit->text, "0") != 0)
		err = size_of(r, limit, limit->text, &r->vm->hard_limit);
	return err;
}

static int take_backing(struct reader *r, const struct xml_node *root)
{
	const struct xml_node *backing = xml_child(root, "memoryBacking", NULL),
			      *huge = xml_child(backing, "hugepages", NULL), *page,
			      *locked = xml_child(backing, "locked", NULL);
	int err = 0;

	if (locked)
		r->vm->locked = (struct vm_flag){ true, locked->line };
	if (!huge)
		return 0;
	r->vm->pages = (struct vm_number){ 0, huge->line };
	page = xml_child(huge, "page", NULL);
	if (page && xml_attribute(page, "size"))
		err = size_of(r, page, xml_attribute(page, "size"), &r->vm->pages);
	return err;
}

static void take_nodes(struct reader *r, const struct xml_node *root)
{
	const struct xml_node *tune = xml_child(root, "numatune", NULL),
			      *memory = xml_child(tune, "memory", NULL);
	struct vm_node *node;

	if (!xml_attribute(memory, "nodeset") || is(memory, "mode", "preferred"))
		return;
	node = vm_node_add(r->vm, r->a);
	node->nodes = (struct vm_text){ xml_attribute(memory, "nodeset"), memory->line };
}

static void take_cpu(struct reader *r, const struct xml_node *root)
{
	const struct xml_node *cpu = xml_child(root, "cpu", NULL),
			      *bits = xml_child(cpu, "maxphysaddr", NULL),
			      *vcpu = xml_child(root, "vcpu", NULL);
	struct vm_definition *vm = r->vm;
	uint64_t number;

	if (vcpu && !parse_u64(vcpu->text, 10, &number))
		vm->vcpus = (struct vm_number){ number, vcpu->line };
	if (is(cpu, "mode", "host-passthrough") || is(cpu, "mode", "maximum")) {
		vm->cpu = VM_CPU_HOST;
		vm->phys_bits_of_host = true;
	}
	if (!bits)
		return;
	vm->phys_bits_of_host = is(bits, "mode", "passthrough");
	if (xml_attribute(bits, "bits") && !parse_u64(xml_attribute(bits, "bits"), 10, &number))
		vm->phys_bits = (struct vm_number){ number, bits->line };
	if (xml_attribute(bits, "limit") && !parse_u64(xml_attribute(bits, "limit"), 10, &number))
		vm->phys_bits_max = (struct vm_number){ number, bits->line };
}

static void take_os(struct reader *r, const struct xml_node *root)
{
	const struct xml_node *os = xml_child(root, "os", NULL),
			      *type = xml_child(os, "type", NULL);
	const char *arch = xml_attribute(type, "arch");

	if (xml_attribute(type, "machine"))
		r->vm->machine = (struct vm_text){ xml_attribute(type, "machine"), type->line };
	r->vm->aarch64 = arch && !strcmp(arch, "aarch64");
	r->vm->uefi =
		is(os, "firmware", "efi") || is(xml_child(os, "loader", NULL), "type", "pflash");
}

static void take_viommu(struct reader *r, const struct xml_node *devices)
{
	const struct xml_node *n = xml_child(devices, "iommu", NULL),
			      *driver = xml_child(n, "driver", NULL);
	const char *bits = xml_attribute(driver, "aw_bits");
	uint64_t number;

	if (!n)
		return;
	r->vm->viommu = is(n, "model", "intel")    ? VM_VIOMMU_INTEL
			: is(n, "model", "amd")    ? VM_VIOMMU_AMD
			: is(n, "model", "smmuv3") ? VM_VIOMMU_SMMUV3
						   : VM_VIOMMU_VIRTIO;
	r->vm->viommu_line = n->line;
	r->vm->caching_mode = flag(driver, "caching_mode");
	if (bits && !parse_u64(bits, 10, &number))
		r->vm->aw_bits = (struct vm_number){ number, driver->line };
}

/* ---- devices ---- */

static bool number_of(const struct xml_node *n, const char *name, const char *missing,
		      uint64_t *ret)
{
	const char *value = xml_attribute(n, name);

	if (!value)
		value = missing;
	return value && !parse_u64(value, 0, ret);
}

static int address_of(struct reader *r, const struct xml_node *n, const char **ret)
{
	uint64_t domain, bus, slot, function;

	if (!n || !number_of(n, "domain", "0", &domain) || !number_of(n, "bus", NULL, &bus) ||
	    !number_of(n, "slot", NULL, &slot) || !number_of(n, "function", "0", &function) ||
	    domain > UINT32_MAX || bus > 0xff || slot > 0x1f || function > 7)
		return -EBADMSG;
	*ret = arena_printf(r->a, "%04x:%02x:%02x.%x", (unsigned int)domain, (unsigned int)bus,
			    (unsigned int)slot, (unsigned int)function);
	return 0;
}

static void take_details(struct vm_device *d, const struct xml_node *n)
{
	const struct xml_node *rom = xml_child(n, "rom", NULL),
			      *driver = xml_child(n, "driver", NULL),
			      *to = xml_child(n, "address", NULL);

	d->managed = flag(n, "managed");
	d->rom_bar = flag(rom, "bar");
	if (is(rom, "enabled", "no"))
		d->rom_bar = (struct vm_flag){ false, rom->line };
	if (xml_attribute(rom, "file"))
		d->rom_file = (struct vm_text){ xml_attribute(rom, "file"), rom->line };
	d->iommufd = flag(driver, "iommufd");
	if (xml_attribute(to, "bus"))
		d->bus = (struct vm_text){ xml_attribute(to, "bus"), to->line };
}

static int take_pci(struct reader *r, const struct xml_node *n)
{
	const struct xml_node *source = xml_child(n, "source", NULL),
			      *address = xml_child(source, "address", NULL);
	struct vm_device *d = vm_device_add(r->vm, r->a, n->line);

	if (!d)
		return vm_fail(r->err, r->a, n->line, "more than %d devices", VM_DEVICES_MAX);
	take_details(d, n);
	if (!d->managed.line)
		d->managed = flag(source, "managed");
	if (address_of(r, address, &d->host) < 0)
		return vm_fail(r->err, r->a, address ? address->line : n->line,
			       "<%s> has no valid address of a PCI device of the host", n->name);
	d->line = address->line;
	return 0;
}

static int take_mdev(struct reader *r, const struct xml_node *n)
{
	const struct xml_node *address = path(n, "source", "address");
	struct vm_device *d = vm_device_add(r->vm, r->a, n->line);

	if (!d)
		return vm_fail(r->err, r->a, n->line, "more than %d devices", VM_DEVICES_MAX);
	d->mdev = true;
	d->host = xml_attribute(address, "uuid");
	if (!d->host)
		return vm_fail(r->err, r->a, n->line, "<hostdev> has no uuid of a mediated device");
	return 0;
}

/* virtio-mem, and memory that is plugged in. */
static int take_memory_device(struct reader *r, const struct xml_node *n)
{
	const struct xml_node *block = path(n, "target", "block");

	if (!is(n, "model", "virtio-mem") || !block)
		return 0;
	return size_of(r, block, block->text, &r->vm->blocks);
}

static int take_device(struct reader *r, const struct xml_node *n)
{
	if (!strcmp(n->name, "memory"))
		return take_memory_device(r, n);
	if (!strcmp(n->name, "hostdev") && is(n, "type", "mdev"))
		return take_mdev(r, n);
	if ((!strcmp(n->name, "hostdev") && is(n, "type", "pci")) ||
	    (!strcmp(n->name, "interface") && is(n, "type", "hostdev")) ||
	    (!strcmp(n->name, "disk") && is(n, "type", "nvme")))
		return take_pci(r, n);
	return 0;
}

/* <qemu:commandline>: words that libvirt hands on as they are. */
static int take_arguments(struct reader *r, const struct xml_node *root)
{
	const struct xml_node *line = xml_child(root, "commandline", NULL), *arg = NULL;
	struct vm_word *words = NULL;
	size_t nr = 0;

	while (line && (arg = xml_child(line, "arg", arg))) {
		if (!xml_attribute(arg, "value"))
			continue;
		words = arena_grow(r->a, words, nr, sizeof(*words));
		words[nr++] = (struct vm_word){ xml_attribute(arg, "value"), arg->line };
	}
	return nr ? vm_qemu_words(words, nr, r->a, r->vm, r->err) : 0;
}

int vm_libvirt_parse(const struct xml_node *root, struct arena *a, struct vm_definition *ret,
		     struct vm_error *err)
{
	struct reader r = { a, ret, err };
	const struct xml_node *devices;
	int e;

	*ret = (struct vm_definition){ .format = VM_FORMAT_LIBVIRT };
	if (!strcmp(root->name, "domstatus") || !strcmp(root->name, "domainsnapshot"))
		root = xml_child(root, "domain", NULL);
	if (!root || strcmp(root->name, "domain") != 0)
		return vm_fail(err, a, root ? root->line : 1,
			       "this is XML, but not of a domain of libvirt");
	if (xml_child(root, "name", NULL))
		ret->name = xml_child(root, "name", NULL)->text;
	take_os(&r, root);
	take_cpu(&r, root);
	take_nodes(&r, root);
	devices = xml_child(root, "devices", NULL);
	take_viommu(&r, devices);
	e = take_memory(&r, root);
	if (!e)
		e = take_backing(&r, root);
	for (size_t i = 0; !e && devices && i < devices->nr_children; i++)
		e = take_device(&r, devices->children[i]);
	return e ? e : take_arguments(&r, root);
}
