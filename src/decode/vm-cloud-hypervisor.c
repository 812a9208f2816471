/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cloud-hypervisor's VmConfig, as vm.create takes it and 'ch-remote info' prints it.
 * cloud-hypervisor: vmm/src/vm_config.rs; vmm/src/api/openapi/cloud-hypervisor.yaml. */
#include <errno.h>
#include <json-c/json_object.h>
#include <json-c/json_tokener.h>
#include <string.h>

#include "decode/vm.h"

/* The text is walked once for each line that is wanted. */
enum { TEXT_MAX = 256 << 10 };

struct reader {
	struct arena *a;
	struct vm_definition *vm;
	struct vm_error *err;
	struct span text;
	const char *prefix; /* where the configuration is: "" or "/config" */
};

/* ---- lines ---- */

struct walk {
	struct arena *arena;
	struct span text;
	size_t at;
	unsigned int line;
	const char *want;
	char path[256];
	size_t len, depth;
	unsigned int found;
};

static void walk_value(struct walk *w);

static char peek(struct walk *w)
{
	while (w->at < w->text.len && strchr(" \t\r\n,:", w->text.s[w->at])) {
		w->line += w->text.s[w->at] == '\n';
		w->at++;
	}
	return w->at < w->text.len ? w->text.s[w->at] : 0;
}

/* The string that begins here, without looking at its escapes: the keys that are wanted have none. */
static struct span walk_string(struct walk *w)
{
	const size_t begin = ++w->at;

	for (; w->at < w->text.len && w->text.s[w->at] != '"'; w->at++)
		w->at += w->text.s[w->at] == '\\';
	if (w->at >= w->text.len)
		w->at = w->text.len;
	else
		w->at++;
	return (struct span){ w->text.s + begin, w->at > begin ? w->at - begin - 1 : 0 };
}

static void walk_member(struct walk *w, struct span name)
{
	const size_t len = w->len;

	if (len + name.len + 1 < sizeof(w->path)) {
		w->path[len] = '/';
		memcpy(w->path + len + 1, name.s, name.len);
		w->len += name.len + 1;
	}
	peek(w);
	w->path[w->len] = 0;
	if (!w->found && !strcmp(w->path, w->want))
		w->found = w->line;
	walk_value(w);
	w->len = len;
}

static void walk_list(struct walk *w, char end)
{
	for (unsigned int i = 0; peek(w) && peek(w) != end && !w->found; i++) {
		const size_t before = w->at;
		const char *index;

		if (end == '}') {
			if (peek(w) != '"')
				break;
			walk_member(w, walk_string(w));
			continue;
		}
		index = arena_decimal(w->arena, i);
		walk_member(w, (struct span){ index, strlen(index) });
		if (w->at == before)
			break;
	}
	if (peek(w) == end)
		w->at++;
}

static void walk_value(struct walk *w)
{
	const char c = peek(w);

	if (c == '"') {
		walk_string(w);
	} else if ((c == '{' || c == '[') && w->depth < VM_DEPTH_MAX) {
		w->at++;
		w->depth++;
		walk_list(w, c == '{' ? '}' : ']');
		w->depth--;
	} else {
		while (w->at < w->text.len && !strchr(",]} \t\r\n", w->text.s[w->at]))
			w->at++;
	}
}

/* The line on which the value at @path ("/devices/0/path") begins; json-c does not keep it. */
static unsigned int line_of(const struct reader *r, const char *path)
{
	struct walk w = { .arena = r->a,
			  .text = r->text,
			  .line = 1,
			  .want = arena_join(r->a, r->prefix, path, NULL) };

	walk_value(&w);
	return w.found ? w.found : 1;
}

/* ---- members ---- */

static struct json_object *member(struct json_object *o, const char *name)
{
	struct json_object *ret = NULL;

	return o && json_object_is_type(o, json_type_object) &&
			       json_object_object_get_ex(o, name, &ret)
		       ? ret
		       : NULL;
}

static struct vm_number number(const struct reader *r, struct json_object *o, const char *name,
			       const char *path)
{
	struct json_object *value = member(o, name);

	if (!value || !json_object_is_type(value, json_type_int) ||
	    json_object_get_int64(value) < 0)
		return (struct vm_number){ 0 };
	return (struct vm_number){ json_object_get_uint64(value),
				   line_of(r, arena_join(r->a, path, "/", name, NULL)) };
}

static bool is_true(struct json_object *o, const char *name)
{
	struct json_object *value = member(o, name);

	return value && json_object_is_type(value, json_type_boolean) &&
	       json_object_get_boolean(value);
}

static const char *string(const struct reader *r, struct json_object *o, const char *name)
{
	struct json_object *value = member(o, name);

	return value && json_object_is_type(value, json_type_string)
		       ? arena_strdup(r->a, json_object_get_string(value))
		       : NULL;
}

static int take_device(struct reader *r, struct json_object *o, size_t index)
{
	const char *at = arena_printf(r->a, "/devices/%zu", index), *path = string(r, o, "path"),
		   *end;
	struct vm_device *d = vm_device_add(r->vm, r->a, line_of(r, at));
	size_t len;

	if (!d)
		return vm_fail(r->err, r->a, line_of(r, at), "more than %d devices",
			       VM_DEVICES_MAX);
	if (!path)
		return vm_fail(r->err, r->a, d->line, "the device has no path");
	d->line = line_of(r, arena_join(r->a, at, "/path", NULL));
	d->managed = (struct vm_flag){ false, d->line };
	d->behind_viommu = (struct vm_flag){ is_true(o, "iommu"), d->line };
	len = strlen(path);
	while (len && path[len - 1] == '/')
		len--;
	path = arena_strndup(r->a, path, len);
	end = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	d->mdev = strlen(end) == 36;
	d->host = d->mdev ? end : vm_address(r->a, (struct span){ end, strlen(end) }, false);
	if (!d->host)
		return vm_fail(r->err, r->a, d->line,
			       "path '%s' does not end in a device of the host", path);
	if (d->behind_viommu.yes && !r->vm->viommu) {
		r->vm->viommu = VM_VIOMMU_VIRTIO;
		r->vm->viommu_line = d->line;
	}
	return 0;
}

static void take_memory(struct reader *r, struct json_object *root)
{
	struct json_object *memory = member(root, "memory"), *zones = member(memory, "zones");
	struct vm_definition *vm = r->vm;

	vm->memory = number(r, memory, "size", "/memory");
	vm->memory.value += number(r, memory, "hotplug_size", "/memory").value;
	if (is_true(memory, "hugepages")) {
		vm->pages = number(r, memory, "hugepage_size", "/memory");
		if (!vm->pages.line)
			vm->pages.line = line_of(r, "/memory/hugepages");
	}
	for (size_t i = 0; json_object_is_type(zones, json_type_array) &&
			   i < json_object_array_length(zones) && i < VM_RANGES_MAX;
	     i++) {
		struct json_object *zone = json_object_array_get_idx(zones, i);
		const char *at = arena_printf(r->a, "/memory/zones/%zu", i);
		struct vm_number node = number(r, zone, "host_numa_node", at),
				 size = number(r, zone, "size", at);

		if (size.line && size.value <= UINT64_MAX - vm->memory.value)
			vm->memory = (struct vm_number){ vm->memory.value + size.value, size.line };
		if (node.line)
			*vm_node_add(vm, r->a) = (struct vm_node){
				.nodes = { arena_printf(r->a, "%llu",
							(unsigned long long)node.value),
					   node.line },
				.size = size.value,
			};
		if (is_true(zone, "hugepages"))
			vm->pages = (struct vm_number){ number(r, zone, "hugepage_size", at).value,
							line_of(r, at) };
	}
}

static int take_all(struct reader *r, struct json_object *root)
{
	struct json_object *devices, *cpus, *platform;
	int e = 0;

	if (member(root, "config")) {
		root = member(root, "config");
		r->prefix = "/config";
	}
	if (!member(root, "devices") && !member(root, "memory") && !member(root, "payload"))
		return vm_fail(r->err, r->a, 1,
			       "this is JSON, but not a configuration of cloud-hypervisor");
	devices = member(root, "devices");
	cpus = member(root, "cpus");
	platform = member(root, "platform");
	take_memory(r, root);
	r->vm->vcpus = number(r, cpus, "max_vcpus", "/cpus");
	r->vm->phys_bits = number(r, cpus, "max_phys_bits", "/cpus");
	r->vm->aw_bits = number(r, platform, "iommu_address_width", "/platform");
	for (size_t i = 0; !e && json_object_is_type(devices, json_type_array) &&
			   i < json_object_array_length(devices);
	     i++)
		e = take_device(r, json_object_array_get_idx(devices, i), i);
	return e;
}

/* The line that byte @at is on. */
static unsigned int line_at(struct span text, size_t at)
{
	unsigned int ret = 1;

	for (size_t i = 0; i < at && i < text.len; i++)
		ret += text.s[i] == '\n';
	return ret;
}

int vm_cloud_hypervisor_parse(struct span text, struct arena *a, struct vm_definition *ret,
			      struct vm_error *err)
{
	struct reader r = { .a = a, .vm = ret, .err = err, .text = text, .prefix = "" };
	struct json_tokener *tokener = json_tokener_new_ex(VM_DEPTH_MAX);
	struct json_object *root;
	int e;

	*ret = (struct vm_definition){ .format = VM_FORMAT_CLOUD_HYPERVISOR,
				       .phys_bits_of_host = true,
				       .uefi = true };
	if (!tokener)
		return -ENOMEM;
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	root = text.len <= TEXT_MAX ? json_tokener_parse_ex(tokener, text.s, (int)text.len) : NULL;
	if (!root || !json_object_is_type(root, json_type_object))
		e = vm_fail(err, a, line_at(text, json_tokener_get_parse_end(tokener)),
			    "not JSON: %s",
			    json_tokener_error_desc(json_tokener_get_error(tokener)));
	else
		e = take_all(&r, root);
	json_object_put(root);
	json_tokener_free(tokener);
	return e;
}
