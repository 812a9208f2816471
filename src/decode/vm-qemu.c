/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QEMU's command line. QEMU: qemu-options.hx; hw/vfio/pci.c: vfio_pci_dev_properties[]. */
#include <errno.h>
#include <json-c/json_object.h>
#include <json-c/json_tokener.h>
#include <json-c/linkhash.h>
#include <string.h>

#include "decode/vm.h"

struct backend {
	const char *id;
	uint64_t size;
};

struct reader {
	struct arena *a;
	struct vm_definition *vm;
	struct vm_error *err;
};

/* The options of one word, in QEMU's form or in JSON: the first is the driver. */
struct set {
	struct vm_option *items;
	size_t nr;
	unsigned int line;
};

static const char *get(const struct set *s, const char *key)
{
	for (size_t i = s->nr; i; i--)
		if (s->items[i - 1].key && !strcmp(s->items[i - 1].key, key))
			return s->items[i - 1].value;
	return NULL;
}

static void add(struct reader *r, struct set *s, const char *key, const char *value)
{
	s->items = arena_grow(r->a, s->items, s->nr, sizeof(*s->items));
	s->items[s->nr++] = (struct vm_option){ key, value };
}

/* {"driver":"vfio-pci","host":"0000:01:00.0"}: values that are objects or arrays are left out. */
static int cut_json(struct reader *r, const char *text, const char *first, struct set *s)
{
	enum json_tokener_error error;
	struct json_object *o = json_tokener_parse_verbose(text, &error);

	if (!o || !json_object_is_type(o, json_type_object)) {
		json_object_put(o);
		return vm_fail(r->err, r->a, s->line, "not JSON: %s",
			       json_tokener_error_desc(error));
	}
	json_object_object_foreach(o, key, value)
	{
		if (value && !json_object_is_type(value, json_type_object) &&
		    !json_object_is_type(value, json_type_array))
			add(r, s, !strcmp(key, "qom-type") ? first : arena_strdup(r->a, key),
			    arena_strdup(r->a, json_object_get_string(value)));
	}
	json_object_put(o);
	return 0;
}

static int cut(struct reader *r, const char *text, const char *first, unsigned int line,
	       struct set *s)
{
	struct span rest = { text, strlen(text) };
	struct vm_option one;

	*s = (struct set){ .line = line };
	if (*text == '{')
		return cut_json(r, text, first, s);
	while (vm_option_next(&rest, r->a, &one))
		add(r, s,
		    one.key ? one.key
		    : s->nr ? one.value
			    : first,
		    one.key || !s->nr ? one.value : "on");
	return 0;
}

static struct vm_flag flag(const struct set *s, const char *key)
{
	const char *value = get(s, key);
	bool yes;

	return value && vm_bool(value, &yes) ? (struct vm_flag){ yes, s->line }
					     : (struct vm_flag){ 0 };
}

static struct vm_number number(const struct set *s, const char *key)
{
	const char *value = get(s, key);
	uint64_t ret;

	return value && !parse_u64(value, 0, &ret) ? (struct vm_number){ ret, s->line }
						   : (struct vm_number){ 0 };
}

/* "4G"; a number alone is in @unit bytes. */
static struct vm_number size_of(const struct set *s, const char *key, uint64_t unit)
{
	const char *value = get(s, key);
	uint64_t ret;

	if (!value || parse_size(value, &ret) < 0)
		return (struct vm_number){ 0 };
	if (!value[strspn(value, "0123456789")])
		ret = ret <= UINT64_MAX / unit ? ret * unit : UINT64_MAX;
	return (struct vm_number){ ret, s->line };
}

static struct vm_text text_of(const struct set *s, const char *key)
{
	const char *value = get(s, key);

	return (struct vm_text){ value, value ? s->line : 0 };
}

/* ---- devices ---- */

/* Whether a shell would put something else there. */
static bool is_variable(const char *text)
{
	return strchr(text, '$') || strchr(text, '`');
}

static int take_vfio(struct reader *r, const struct set *s)
{
	const char *host = get(s, "host"), *path = get(s, "sysfsdev");
	struct vm_device *d = vm_device_add(r->vm, r->a, s->line);

	if (!d)
		return vm_fail(r->err, r->a, s->line, "more than %d devices", VM_DEVICES_MAX);
	d->iommufd = (struct vm_flag){ get(s, "iommufd") != NULL, s->line };
	d->no_mmap = flag(s, "x-no-mmap");
	d->rom_bar = flag(s, "rombar");
	d->rom_file = text_of(s, "romfile");
	d->primary = flag(s, "x-vga");
	d->bus = text_of(s, "bus");
	d->managed = (struct vm_flag){ false, s->line };
	if ((host && is_variable(host)) || (path && is_variable(path))) {
		d->what = "a variable of the shell names it";
		return 0;
	}
	if (host) {
		d->host = vm_address(r->a, (struct span){ host, strlen(host) }, false);
		if (!d->host)
			return vm_fail(r->err, r->a, s->line,
				       "host=%s is not the address of a PCI device", host);
		return 0;
	}
	if (!path && get(s, "fd")) {
		d->what = "it is given as an open file";
		return 0;
	}
	if (!path)
		return vm_fail(r->err, r->a, s->line, "vfio-pci has neither host= nor sysfsdev=");
	d->host = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	d->mdev = strlen(d->host) == 36;
	if (!d->mdev)
		d->host = vm_address(r->a, (struct span){ d->host, strlen(d->host) }, false);
	return d->host ? 0
		       : vm_fail(r->err, r->a, s->line, "sysfsdev=%s does not end in a device",
				 path);
}

static int take_device(struct reader *r, const struct set *s)
{
	const char *driver = get(s, "driver");
	struct vm_definition *vm = r->vm;

	if (!driver)
		return 0;
	if (!strcmp(driver, "vfio-pci") || !strcmp(driver, "vfio-pci-nohotplug"))
		return take_vfio(r, s);
	if (!strcmp(driver, "intel-iommu")) {
		vm->viommu = VM_VIOMMU_INTEL;
		vm->caching_mode = flag(s, "caching-mode");
		vm->aw_bits = number(s, "aw-bits");
	} else if (!strncmp(driver, "virtio-iommu", 12)) {
		vm->viommu = VM_VIOMMU_VIRTIO;
		vm->aw_bits = number(s, "aw-bits");
	} else if (!strcmp(driver, "amd-iommu")) {
		vm->viommu = VM_VIOMMU_AMD;
	} else if (!strncmp(driver, "virtio-mem", 10)) {
		vm->blocks = size_of(s, "block-size", 1);
		return 0;
	} else {
		return 0;
	}
	vm->viommu_line = s->line;
	return 0;
}

/* ---- memory and processor ---- */

static void take_object(struct reader *r, const struct set *s)
{
	const char *type = get(s, "driver"), *path = get(s, "mem-path"),
		   *nodes = get(s, "host-nodes");
	struct vm_flag huge = flag(s, "hugetlb");
	struct vm_node *node;

	if (!type || strncmp(type, "memory-backend-", 15) != 0)
		return;
	if (huge.yes || (path && strstr(path, "huge")))
		r->vm->pages = size_of(s, "hugetlbsize", 1);
	if ((huge.yes || (path && strstr(path, "huge"))) && !r->vm->pages.line)
		r->vm->pages.line = s->line;
	if (!nodes || (get(s, "policy") && !strcmp(get(s, "policy"), "preferred")))
		return;
	node = vm_node_add(r->vm, r->a);
	if (node)
		*node = (struct vm_node){ .nodes = { nodes, s->line },
					  .size = size_of(s, "size", 1).value };
}

static void take_memory(struct reader *r, const struct set *s)
{
	struct vm_number size = size_of(s, "size", 1 << 20);

	if (size.line)
		r->vm->memory = size;
}

static void take_machine(struct reader *r, const struct set *s)
{
	if (get(s, "type"))
		r->vm->machine = text_of(s, "type");
	if (get(s, "iommu") && !strcmp(get(s, "iommu"), "smmuv3")) {
		r->vm->viommu = VM_VIOMMU_SMMUV3;
		r->vm->viommu_line = s->line;
	}
}

static void take_cpu(struct reader *r, const struct set *s)
{
	const char *model = get(s, "model");
	struct vm_definition *vm = r->vm;

	if (model && (!strcmp(model, "host") || !strcmp(model, "max")))
		vm->cpu = VM_CPU_HOST;
	vm->phys_bits_of_host = (vm->cpu == VM_CPU_HOST && !(flag(s, "host-phys-bits").line &&
							     !flag(s, "host-phys-bits").yes)) ||
				flag(s, "host-phys-bits").yes;
	vm->phys_bits = number(s, "phys-bits");
	vm->phys_bits_max = number(s, "host-phys-bits-limit");
}

static void take_vcpus(struct reader *r, const struct set *s)
{
	struct vm_number most = number(s, "maxcpus"), now = number(s, "cpus");

	r->vm->vcpus = most.line ? most : now;
}

/* ---- the whole ---- */

/* The name after one or two dashes. */
static const char *option_name(const char *word)
{
	if (*word != '-' || !word[1])
		return NULL;
	return word[1] == '-' ? word + 2 : word + 1;
}

static int take_option(struct reader *r, const char *name, const char *value, unsigned int line)
{
	static const struct {
		const char *name, *first;
		void (*take)(struct reader *r, const struct set *s);
	} kinds[] = {
		{ "object", "driver", take_object }, { "m", "size", take_memory },
		{ "machine", "type", take_machine }, { "M", "type", take_machine },
		{ "cpu", "model", take_cpu },        { "smp", "cpus", take_vcpus },
	};
	struct set s;
	int e;

	if (!strcmp(name, "device")) {
		e = cut(r, value, "driver", line, &s);
		return e ? e : take_device(r, &s);
	}
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(name, kinds[i].name)) {
			e = cut(r, value, kinds[i].first, line, &s);
			if (!e)
				kinds[i].take(r, &s);
			return e;
		}
	if (!strcmp(name, "mem-path") && strstr(value, "huge"))
		r->vm->pages = (struct vm_number){ 0, line };
	else if (!strcmp(name, "name"))
		r->vm->name = arena_strndup(r->a, value, strcspn(value, ","));
	else if (!strcmp(name, "readconfig"))
		r->vm->unknown = (struct vm_text){ "-readconfig names another file", line };
	else if (strstr(value, "pflash") || strstr(value, "OVMF") || strstr(value, "edk2"))
		r->vm->uefi = true;
	return 0;
}

int vm_qemu_words(const struct vm_word *words, size_t nr, struct arena *a,
		  struct vm_definition *ret, struct vm_error *err)
{
	struct reader r = { a, ret, err };
	const char *name;
	int e = 0;

	for (size_t i = 0; !e && i < nr; i++) {
		name = option_name(words[i].s);
		if (!name) {
			if (is_variable(words[i].s) && !ret->unknown.s)
				ret->unknown = (struct vm_text){
					"a variable of the shell may hold more options",
					words[i].line
				};
			continue;
		}
		/* An option without a value is followed by another option. */
		if (i + 1 < nr && !option_name(words[i + 1].s)) {
			e = take_option(&r, name, words[i + 1].s, words[i + 1].line);
			i++;
		}
	}
	return e;
}

int vm_qemu_parse(struct span text, struct arena *a, struct vm_definition *ret,
		  struct vm_error *err)
{
	struct vm_word *words;
	size_t nr;
	int e = vm_shell_words(text, a, &words, &nr, err);

	if (e)
		return e;
	/* QEMU's own default: hw/core/machine.c: default_ram_size. */
	*ret = (struct vm_definition){ .format = VM_FORMAT_QEMU, .memory = { 128 << 20, 0 } };
	for (size_t i = 0; i < nr && words[i].s[0] != '-'; i++)
		ret->aarch64 |= strstr(words[i].s, "qemu-system-aarch64") != NULL;
	return vm_qemu_words(words, nr, a, ret, err);
}
