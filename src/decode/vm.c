/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parsers of definitions share. */
#include "decode/vm.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <strings.h>

#include "base/strbuf.h"
#include "decode/pciaddr.h"

int vm_fail(struct vm_error *err, struct arena *a, unsigned int line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	*err = (struct vm_error){ line, arena_vprintf(a, fmt, ap) };
	va_end(ap);
	return -EBADMSG;
}

struct vm_device *vm_device_add(struct vm_definition *vm, struct arena *a, unsigned int line)
{
	if (vm->nr_devices == VM_DEVICES_MAX)
		return NULL;
	vm->devices = arena_grow(a, vm->devices, vm->nr_devices, sizeof(*vm->devices));
	vm->devices[vm->nr_devices] = (struct vm_device){ .line = line };
	return &vm->devices[vm->nr_devices++];
}

struct vm_node *vm_node_add(struct vm_definition *vm, struct arena *a)
{
	if (vm->nr_nodes == VM_RANGES_MAX)
		return NULL;
	vm->nodes = arena_grow(a, vm->nodes, vm->nr_nodes, sizeof(*vm->nodes));
	vm->nodes[vm->nr_nodes] = (struct vm_node){ 0 };
	return &vm->nodes[vm->nr_nodes++];
}

const char *vm_address(struct arena *a, struct span text, bool slots)
{
	const char *dot = text.len ? memchr(text.s, '.', text.len) : NULL;
	char *whole = arena_strndup(a, text.s, text.len);
	struct pciaddr addr;

	for (char *p = whole; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	if (strlen(whole) != text.len)
		return NULL;
	if (!dot && slots)
		whole = arena_join(a, whole, ".0", NULL);
	if (strlen(whole) > 3 && whole[2] == ':')
		whole = arena_join(a, "0000:", whole, NULL);
	if (pciaddr_parse((struct span){ whole, strlen(whole) }, &addr) < 0)
		return NULL;
	if (!dot && slots)
		whole[strlen(whole) - 2] = 0;
	return whole;
}

static bool begins(struct span text, const char *with)
{
	const size_t len = strlen(with);

	return text.len >= len && !memcmp(text.s, with, len);
}

/* Lines "key: value", the first of which nobody else begins so. */
static bool looks_like_proxmox(struct span text)
{
	static const char *const keys[] = {
		"memory:",  "cores:",  "sockets:", "boot:",    "bootdisk:", "net0:",
		"scsihw:",  "ostype:", "hostpci",  "vmgenid:", "agent:",    "balloon:",
		"machine:", "bios:",   "cpu:",     "args:",    "name:",     "numa:"
	};
	struct span line;

	while (parse_line(&text, &line))
		for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
			if (begins(line, keys[i]))
				return true;
	return false;
}

enum vm_format vm_format_guess(struct span text)
{
	struct span rest = span_strip(text);

	if (begins(rest, "\xef\xbb\xbf"))
		rest = span_strip((struct span){ rest.s + 3, rest.len - 3 });
	if (begins(rest, "<"))
		return VM_FORMAT_LIBVIRT;
	if (begins(rest, "{"))
		return VM_FORMAT_CLOUD_HYPERVISOR;
	if (memmem(rest.s ? rest.s : "", rest.len, "qemu", 4) && !looks_like_proxmox(rest))
		return VM_FORMAT_QEMU;
	if (looks_like_proxmox(rest))
		return VM_FORMAT_PROXMOX;
	return begins(rest, "-") || memmem(rest.s ? rest.s : "", rest.len, "kvm", 3)
		       ? VM_FORMAT_QEMU
		       : VM_FORMAT_UNKNOWN;
}

bool vm_option_next(struct span *rest, struct arena *a, struct vm_option *ret)
{
	struct strbuf out = { .arena = a };
	size_t i = 0;
	char *equals;

	if (!rest->len)
		return false;
	for (; i < rest->len; i++) {
		if (rest->s[i] == ',' && !(i + 1 < rest->len && rest->s[i + 1] == ','))
			break;
		i += rest->s[i] == ',';
		strbuf_add(&out, rest->s + i, 1);
	}
	i += i < rest->len;
	rest->s += i;
	rest->len -= i;
	equals = strchr(strbuf_get(&out), '=');
	if (!equals) {
		*ret = (struct vm_option){ NULL, strbuf_get(&out) };
		return true;
	}
	*equals = 0;
	*ret = (struct vm_option){ strbuf_get(&out), equals + 1 };
	return true;
}

bool vm_bool(const char *text, bool *ret)
{
	static const char *const yes[] = { "on", "yes", "true", "1", "y" };
	static const char *const no[] = { "off", "no", "false", "0", "n" };

	for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
		*ret = !strcasecmp(text, yes[i]);
		if (*ret || !strcasecmp(text, no[i]))
			return true;
	}
	return false;
}
