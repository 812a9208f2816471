/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/checking-vm.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/strbuf.h"
#include "facts/xml.h"

#define PCI      "sys/bus/pci/devices/"
#define MAPPINGS "/etc/pve/mapping/pci.cfg"

enum { FUNCTIONS = 8 };

/* ---- reading ---- */

/* All of @fd, at most VM_TEXT_MAX bytes. */
static int slurp(int fd, struct arena *a, struct span *ret)
{
	struct strbuf out = { .arena = a };
	char buf[16384];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (out.len + (size_t)n > VM_TEXT_MAX)
			return -EFBIG;
		strbuf_add(&out, buf, (size_t)n);
	}
	*ret = (struct span){ strbuf_get(&out), out.len };
	return 0;
}

static int read_file(const char *file, struct arena *a, struct span *ret, struct failure **reterr)
{
	vt_cleanup(fd_closep) int own = -1;
	int fd = STDIN_FILENO, r;

	if (strcmp(file, "-") != 0) {
		own = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
		if (own < 0)
			return failure_set_status(reterr,
						  errno == ENOENT ? STATUS_NO_TARGET
								  : STATUS_FAILED,
						  -errno, "cannot read %s: %s", file,
						  strerror(errno));
		fd = own;
	}
	r = slurp(fd, a, ret);
	if (r == -EFBIG)
		return failure_set(reterr, r,
				   "%s is larger than %d bytes: that is not a definition", file,
				   VM_TEXT_MAX);
	return r < 0 ? failure_set(reterr, r, "cannot read %s: %s", file, strerror(-r)) : 0;
}

static int read_process(struct sysroot *root, struct arena *a, unsigned int pid, struct span *ret,
			struct failure **reterr)
{
	struct fact f =
		sysroot_read(root, a, arena_printf(a, "proc/%u/cmdline", pid), SYSROOT_FILE_MAX);

	if (!fact_is(&f))
		return failure_set_status(reterr,
					  f.state == FACT_ABSENT ? STATUS_NO_TARGET : STATUS_FAILED,
					  f.err ? -f.err : -ENODATA,
					  "cannot read the command line of process %u", pid);
	*ret = (struct span){ f.raw, f.len };
	return 0;
}

static int parse_xml(struct span text, struct arena *a, const char *file, struct vm_definition *vm,
		     struct vm_error *err, struct failure **reterr)
{
	struct xml_node *node;
	int r = xml_read(text, a, file, &node, reterr);

	return r < 0 ? r : vm_libvirt_parse(node, a, vm, err);
}

/* The file of mappings that a definition of Proxmox VE may name; it may be missing. */
static int read_mapping(const char *mapping, struct arena *a, struct span *ret,
			struct failure **reterr)
{
	*ret = (struct span){ "", 0 };
	if (mapping)
		return read_file(mapping, a, ret, reterr);
	if (access(MAPPINGS, R_OK) == 0)
		return read_file(MAPPINGS, a, ret, reterr);
	return 0;
}

static int parse(struct span text, struct arena *a, const char *file, const char *mapping,
		 struct vm_definition *vm, struct failure **reterr)
{
	struct vm_error err = { 0 };
	struct span maps;
	int r;

	switch (vm_format_guess(text)) {
	case VM_FORMAT_LIBVIRT:
		r = parse_xml(text, a, file, vm, &err, reterr);
		break;
	case VM_FORMAT_QEMU:
		r = vm_qemu_parse(text, a, vm, &err);
		break;
	case VM_FORMAT_PROXMOX:
		r = read_mapping(mapping, a, &maps, reterr);
		if (r >= 0)
			r = vm_proxmox_parse(text, maps, a, vm, &err);
		break;
	case VM_FORMAT_CLOUD_HYPERVISOR:
		r = vm_cloud_hypervisor_parse(text, a, vm, &err);
		break;
	default:
		return failure_set(reterr, -EBADMSG,
				   "%s is not a definition that vfiotool knows: libvirt XML, a QEMU command line, Proxmox VE's ID.conf or JSON of cloud-hypervisor",
				   file);
	}
	if (r < 0 && err.text)
		return failure_set(reterr, r, "%s:%u: %s", file, err.line, err.text);
	return r;
}

int machine_read(struct app *app, struct sysroot *root, const char *file, unsigned int pid,
		 const char *mapping, struct check_machine *m, struct failure **reterr)
{
	struct arena *a = app->arena;
	struct vm_definition *vm = arena_new_object(a, struct vm_definition);
	struct vm_error err = { 0 };
	struct span text;
	int r;

	*m = (struct check_machine){ .file = file ? file : arena_printf(a, "process %u", pid),
				     .vm = vm,
				     .pid = pid };
	r = file ? read_file(file, a, &text, reterr) : read_process(root, a, pid, &text, reterr);
	if (r < 0)
		return r;
	if (file)
		return parse(text, a, file, mapping, vm, reterr);
	r = vm_qemu_parse(text, a, vm, &err);
	return r < 0 ? failure_set(reterr, r, "%s: %s", m->file, err.text) : 0;
}

/* ---- devices ---- */

static bool is_there(struct sysroot *root, struct arena *a, const char *name)
{
	struct fact f = sysroot_read_link(root, a, arena_join(a, PCI, name, NULL));

	/* A capture may hold less of a device than its link. */
	if (!fact_is(&f))
		f = sysroot_read(root, a, arena_join(a, PCI, name, "/uevent", NULL),
				 SYSROOT_ATTRIBUTE_MAX);
	return fact_is(&f);
}

static void add_device(struct arena *a, struct check_machine *m, const struct vm_device *as,
		       const char *name)
{
	m->devices = arena_grow(a, m->devices, m->nr_devices, sizeof(*m->devices));
	m->devices[m->nr_devices++] = (struct check_device){ .as = as, .name = name };
}

/* The functions of "0000:01:00" that are there; the slot itself where none is. */
static void add_slot(struct arena *a, struct sysroot *root, struct check_machine *m,
		     const struct vm_device *as)
{
	const size_t before = m->nr_devices;

	for (unsigned int i = 0; i < FUNCTIONS; i++) {
		const char *name = arena_printf(a, "%s.%u", as->host, i);

		if (is_there(root, a, name))
			add_device(a, m, as, name);
	}
	if (m->nr_devices == before)
		add_device(a, m, as, as->host);
}

/* Functions that a graphics card would leave behind are looked at as well. */
static void add_targets(struct app *app, struct sysroot *root, const char *name,
			struct operands *ret)
{
	struct arena *a = app->arena;
	const size_t len = strlen(name);

	operands_add(ret, app, name);
	if (len < 2 || strcmp(name + len - 2, ".0") != 0)
		return;
	for (unsigned int i = 1; i < FUNCTIONS; i++) {
		const char *other = arena_printf(a, "%.*s%u", (int)len - 1, name, i);

		if (is_there(root, a, other))
			operands_add(ret, app, other);
	}
}

void machines_targets(struct app *app, struct sysroot *root, struct check_machine *machines,
		      size_t nr, struct operands *ret)
{
	struct arena *a = app->arena;

	for (size_t i = 0; i < nr; i++) {
		struct check_machine *m = &machines[i];

		for (size_t k = 0; k < m->vm->nr_devices; k++) {
			const struct vm_device *as = &m->vm->devices[k];

			if (as->host && !as->mdev && !strchr(as->host, '.'))
				add_slot(a, root, m, as);
			else
				add_device(a, m, as, as->host);
		}
		for (size_t k = 0; k < m->nr_devices; k++) {
			const char *name = m->devices[k].name;

			if (!name)
				continue;
			if (m->devices[k].as->mdev && strlen(name) == 36) {
				struct fact f =
					sysroot_read_link(root, a,
							  arena_join(a, "sys/bus/mdev/devices/",
								     name, NULL));

				if (fact_is(&f))
					operands_add(ret, app, name);
			} else if (is_there(root, a, name)) {
				add_targets(app, root, name, ret);
			}
		}
	}
}

void machines_resolve(struct session *s, struct check_machine *machines, size_t nr)
{
	struct arena *a = s->app->arena;

	for (size_t i = 0; i < nr; i++)
		for (size_t k = 0; k < machines[i].nr_devices; k++) {
			struct check_device *d = &machines[i].devices[k];

			if (d->name)
				d->dev = host_find_device(s->host, NULL, d->name);
			if (d->as->rom_file.s && d->as->rom_file.s[0] == '/')
				d->rom = sysroot_stat(s->root, a, d->as->rom_file.s + 1);
		}
}
