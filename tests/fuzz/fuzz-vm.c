/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Definitions of virtual machines in all formats: what is read lies within the limits, and every line is one of the text; what
 * is refused has a sentence and a line. The first byte chooses the format. */
#include <errno.h>
#include <string.h>

#include "decode/vm.h"
#include "facts/xml.h"
#include "fuzz.h"

static unsigned int lines_of(struct span text)
{
	unsigned int ret = 1;

	for (size_t i = 0; i < text.len; i++)
		ret += text.s[i] == '\n';
	return ret;
}

static void check_definition(const struct vm_definition *vm, unsigned int lines)
{
	must(vm->nr_devices <= VM_DEVICES_MAX);
	must(vm->nr_nodes <= VM_RANGES_MAX);
	must(vm->memory.line <= lines && vm->pages.line <= lines && vm->hard_limit.line <= lines);
	for (size_t i = 0; i < vm->nr_devices; i++) {
		const struct vm_device *d = &vm->devices[i];

		must(d->line <= lines);
		must(d->host || d->what);
		must(!d->host || d->mdev || strlen(d->host) >= strlen("0000:00:00"));
	}
}

static int parse_xml(struct span text, struct arena *a, struct vm_definition *vm,
		     struct vm_error *err)
{
	struct failure *failure = NULL;
	struct xml_node *root;
	int r = xml_read(text, a, "fuzz", &root, &failure);

	must((r < 0) == (failure != NULL));
	failure_free(failure);
	return r < 0 ? r : vm_libvirt_parse(root, a, vm, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	struct vm_definition vm = { 0 };
	struct vm_error err = { 0 };
	struct span text;
	int r;

	if (!len)
		return 0;
	text = (struct span){ (const char *)data + 1, len - 1 };
	vm_format_guess(text);
	switch (data[0] % 5) {
	case 0:
		r = parse_xml(text, a, &vm, &err);
		break;
	case 1:
		r = vm_qemu_parse(text, a, &vm, &err);
		break;
	case 2:
		r = vm_proxmox_parse(text, (struct span){ "", 0 }, a, &vm, &err);
		break;
	case 3:
		r = vm_proxmox_parse((struct span){ "hostpci0: mapping=gpu\n", 22 }, text, a, &vm,
				     &err);
		text = (struct span){ "", 0 };
		break;
	default:
		r = vm_cloud_hypervisor_parse(text, a, &vm, &err);
	}
	must(r <= 0);
	must(!err.text || r == -EBADMSG);
	if (r == 0)
		check_definition(&vm, lines_of(text));
	return 0;
}
