/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Proxmox VE: ID.conf, and the mappings of the cluster. qm.conf(5); pve: PVE/QemuServer/PCI.pm, PVE/Mapping/PCI.pm. */
#include <errno.h>
#include <string.h>

#include "decode/vm.h"

struct reader {
	struct arena *a;
	struct vm_definition *vm;
	struct vm_error *err;
	struct span mapping;
	unsigned int line;
	uint64_t cores, sockets;
};

/* The value of @key in "first,key=value"; @first names the word without a key. */
static const char *get(struct reader *r, struct span value, const char *first, const char *key)
{
	struct vm_option one;

	for (bool begin = true; vm_option_next(&value, r->a, &one); begin = false) {
		const char *name = one.key ? one.key : begin ? first : "";

		if (!strcmp(name, key))
			return one.value;
	}
	return NULL;
}

static struct vm_flag flag(struct reader *r, struct span value, const char *key)
{
	const char *text = get(r, value, "", key);
	bool yes;

	return text && vm_bool(text, &yes) ? (struct vm_flag){ yes, r->line }
					   : (struct vm_flag){ 0 };
}

/* ---- mappings ---- */

/* "\tmap id=10de:2484,iommugroup=15,node=pve,path=0000:01:00.0". */
static bool next_map(struct span *rest, struct span *ret)
{
	struct span line, word;

	while (parse_line(rest, &line)) {
		const bool inside = line.len && (line.s[0] == '\t' || line.s[0] == ' ');

		if (!line.len)
			continue;
		if (!inside)
			return false;
		if (!parse_word(&line, &word) || !span_equals(word, "map"))
			continue;
		*ret = span_strip(line);
		return true;
	}
	return false;
}

static bool find_section(struct reader *r, const char *name, struct span *ret)
{
	struct span rest = r->mapping, line;

	while (parse_line(&rest, &line)) {
		if (!line.len || line.s[0] == '\t' || line.s[0] == ' ' || line.s[0] == '#')
			continue;
		/* "NAME", or "pci: NAME". */
		if (line.len > 5 && !memcmp(line.s, "pci: ", 5)) {
			line.s += 5;
			line.len -= 5;
		}
		if (span_equals(span_strip(line), name)) {
			*ret = rest;
			return true;
		}
	}
	return false;
}

static void add_host(struct reader *r, const struct vm_device *like, const char *text)
{
	struct vm_device *d = vm_device_add(r->vm, r->a, r->line);

	if (!d)
		return;
	*d = *like;
	d->host = vm_address(r->a, (struct span){ text, strlen(text) }, true);
}

/* Several devices of one entry are separated by ";". False when one is not an address. */
static bool add_hosts(struct reader *r, const struct vm_device *like, const char *list)
{
	while (*list) {
		const size_t len = strcspn(list, ";"), before = r->vm->nr_devices;

		add_host(r, like, arena_strndup(r->a, list, len));
		if (r->vm->nr_devices > before && !r->vm->devices[before].host)
			return false;
		list += len + (list[len] == ';');
	}
	return true;
}

static int add_mapped(struct reader *r, struct vm_device *like, const char *name)
{
	struct span rest, map, other;
	const char *path, *group;
	uint64_t number;

	if (!r->mapping.len) {
		like->what =
			arena_printf(r->a,
				     "the mapping '%s' is in mapping/pci.cfg, which was not given",
				     name);
		*vm_device_add(r->vm, r->a, r->line) = *like;
		return 0;
	}
	if (!find_section(r, name, &rest) || !next_map(&rest, &map))
		return vm_fail(r->err, r->a, r->line, "there is no mapping '%s' in mapping/pci.cfg",
			       name);
	if (next_map(&rest, &other)) {
		like->what =
			arena_printf(r->a,
				     "the mapping '%s' has several devices, of which Proxmox VE takes one that is free",
				     name);
		*vm_device_add(r->vm, r->a, r->line) = *like;
		return 0;
	}
	path = get(r, map, "", "path");
	group = get(r, map, "", "iommugroup");
	like->ids = (struct vm_text){ get(r, map, "", "id"), r->line };
	if (group && !parse_u64(group, 10, &number))
		like->group = (struct vm_number){ number, r->line };
	if (!path || !add_hosts(r, like, path))
		return vm_fail(r->err, r->a, r->line,
			       "the mapping '%s' has no path of a PCI device", name);
	return 0;
}

/* ---- keys ---- */

static int take_hostpci(struct reader *r, struct span value)
{
	const char *host = get(r, value, "host", "host"), *name = get(r, value, "", "mapping");
	struct vm_device like = { .line = r->line, .group_too = true };

	if (r->vm->nr_devices == VM_DEVICES_MAX)
		return vm_fail(r->err, r->a, r->line, "more than %d devices", VM_DEVICES_MAX);
	like.managed = (struct vm_flag){ true, r->line };
	if (flag(r, value, "driver").line || get(r, value, "", "mdev"))
		like.managed.yes = false;
	like.mdev = get(r, value, "", "mdev") != NULL;
	like.rom_bar = flag(r, value, "rombar");
	like.primary = flag(r, value, "x-vga");
	if (get(r, value, "", "romfile"))
		like.rom_file = (struct vm_text){ arena_join(r->a, "/usr/share/kvm/",
							     get(r, value, "", "romfile"), NULL),
						  r->line };
	if (name)
		return add_mapped(r, &like, name);
	if (!host || !add_hosts(r, &like, host))
		return vm_fail(r->err, r->a, r->line, "'%s' is not the address of a PCI device",
			       host ? host : "");
	return 0;
}

static void take_cpu(struct reader *r, struct span value)
{
	const char *type = get(r, value, "cputype", "cputype"),
		   *bits = get(r, value, "", "phys-bits");
	uint64_t number;

	if (type && (!strcmp(type, "host") || !strcmp(type, "max"))) {
		r->vm->cpu = VM_CPU_HOST;
		r->vm->phys_bits_of_host = true;
	}
	if (!bits)
		return;
	r->vm->phys_bits_of_host = !strcmp(bits, "host");
	if (!parse_u64(bits, 10, &number))
		r->vm->phys_bits = (struct vm_number){ number, r->line };
}

static void take_machine(struct reader *r, struct span value)
{
	const char *iommu = get(r, value, "", "viommu"), *bits = get(r, value, "", "aw-bits");
	uint64_t number;

	r->vm->machine = (struct vm_text){ get(r, value, "type", "type"), r->line };
	if (!iommu)
		return;
	r->vm->viommu = !strcmp(iommu, "intel") ? VM_VIOMMU_INTEL : VM_VIOMMU_VIRTIO;
	r->vm->viommu_line = r->line;
	/* PVE/QemuServer.pm: "intel-iommu,intremap=on,caching-mode=on". */
	r->vm->caching_mode = (struct vm_flag){ true, r->line };
	if (bits && !parse_u64(bits, 10, &number))
		r->vm->aw_bits = (struct vm_number){ number, r->line };
}

static void take_memory(struct reader *r, struct span value)
{
	const char *text = get(r, value, "current", "current");
	uint64_t mib;

	if (text && !parse_u64(text, 10, &mib) && mib <= UINT64_MAX >> 20)
		r->vm->memory = (struct vm_number){ mib << 20, r->line };
}

static void take_pages(struct reader *r, struct span value)
{
	uint64_t mib = 0;

	/* "any": 1 GiB or 2 MiB, as fits. */
	if (!span_equals(value, "any") && parse_u64_span(value, 10, &mib) < 0)
		return;
	r->vm->pages = (struct vm_number){ mib << 20, r->line };
}

static void take_node(struct reader *r, struct span value)
{
	const char *nodes = get(r, value, "", "hostnodes"), *policy = get(r, value, "", "policy");
	struct vm_node *node;

	if (!nodes || (policy && !strcmp(policy, "preferred")))
		return;
	node = vm_node_add(r->vm, r->a);
	if (node)
		node->nodes = (struct vm_text){ nodes, r->line };
}

static int take_args(struct reader *r, struct span value)
{
	struct vm_word *words;
	struct vm_error ignored;
	size_t nr;
	int e = vm_shell_words(value, r->a, &words, &nr, &ignored);

	for (size_t i = 0; !e && i < nr; i++)
		words[i].line = r->line;
	return e ? 0 : vm_qemu_words(words, nr, r->a, r->vm, r->err);
}

static bool is_numbered(struct span key, const char *name)
{
	const size_t len = strlen(name);
	uint64_t number;

	return key.len > len && !memcmp(key.s, name, len) &&
	       !parse_u64_span((struct span){ key.s + len, key.len - len }, 10, &number);
}

static int take(struct reader *r, struct span key, struct span value)
{
	if (is_numbered(key, "hostpci"))
		return take_hostpci(r, value);
	if (span_equals(key, "args"))
		return take_args(r, value);
	if (span_equals(key, "memory"))
		take_memory(r, value);
	else if (span_equals(key, "cpu"))
		take_cpu(r, value);
	else if (span_equals(key, "machine"))
		take_machine(r, value);
	else if (span_equals(key, "hugepages"))
		take_pages(r, value);
	else if (is_numbered(key, "numa"))
		take_node(r, value);
	else if (span_equals(key, "name"))
		r->vm->name = arena_strndup(r->a, value.s, value.len);
	else if (span_equals(key, "bios"))
		r->vm->uefi = span_equals(value, "ovmf");
	else if (span_equals(key, "arch"))
		r->vm->aarch64 = span_equals(value, "aarch64");
	else if (span_equals(key, "cores"))
		(void)!parse_u64_span(value, 10, &r->cores);
	else if (span_equals(key, "sockets"))
		(void)!parse_u64_span(value, 10, &r->sockets);
	return 0;
}

int vm_proxmox_parse(struct span text, struct span mapping, struct arena *a,
		     struct vm_definition *ret, struct vm_error *err)
{
	struct reader r = {
		.a = a, .vm = ret, .err = err, .mapping = mapping, .cores = 1, .sockets = 1
	};
	struct span line;
	int e = 0;

	*ret = (struct vm_definition){ .format = VM_FORMAT_PROXMOX, .memory = { 512 << 20, 0 } };
	while (!e && parse_line(&text, &line)) {
		const char *colon = line.len ? memchr(line.s, ':', line.len) : NULL;
		struct span key = { line.s, colon ? (size_t)(colon - line.s) : 0 };

		r.line++;
		/* What follows is about snapshots. */
		if (line.len && line.s[0] == '[')
			break;
		if (!colon || line.s[0] == '#')
			continue;
		e = take(&r, key, span_strip((struct span){ colon + 1, line.len - key.len - 1 }));
	}
	if (r.cores < UINT16_MAX && r.sockets < UINT16_MAX)
		ret->vcpus = (struct vm_number){ r.cores * r.sockets, 0 };
	return e;
}
