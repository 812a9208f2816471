/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "facts/paste.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "sysroot/capture.h"
#include "uapi/module.h"
#include "facts/loader.h"

struct writer {
	const struct paste *p;
	struct arena *a;
	struct capture *c;
};

/* ---- answers ---- */

static void answer(struct writer *w, const char *verb, const char *path, const char *text)
{
	const struct fact f = {
		.state = FACT_PRESENT, .path = path, .raw = text, .len = (uint32_t)strlen(text)
	};

	capture_add(w->c, verb, path, &f);
}

static void answer_absent(struct writer *w, const char *verb, const char *path)
{
	capture_add(w->c, verb, path,
		    &(struct fact){ .state = FACT_ABSENT, .err = ENOENT, .path = path });
}

static const char *attribute(struct writer *w, const struct paste_device *d, const char *name)
{
	return arena_join(w->a, "/sys/bus/pci/devices/", d->name, "/", name, NULL);
}

static int compare_names(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* The names, sorted, one a line. */
static void answer_list(struct writer *w, const char *path, const char **names, size_t nr)
{
	struct strbuf out = { .arena = w->a };

	if (nr)
		qsort(names, nr, sizeof(*names), compare_names);
	for (size_t i = 0; i < nr; i++)
		strbuf_item(&out, "\n", "%s", names[i]);
	answer(w, "list", path, strbuf_get(&out));
}

/* ---- devices ---- */

static void write_ids(struct writer *w, const struct paste_device *d)
{
	if (d->has_ids) {
		answer(w, "read", attribute(w, d, "vendor"),
		       arena_printf(w->a, "0x%04x", d->vendor));
		answer(w, "read", attribute(w, d, "device"),
		       arena_printf(w->a, "0x%04x", d->device));
	}
	if (d->has_class)
		answer(w, "read", attribute(w, d, "class"),
		       arena_printf(w->a, "0x%06x", d->class_code));
	if (!d->has_subsystem)
		return;
	answer(w, "read", attribute(w, d, "subsystem_vendor"),
	       arena_printf(w->a, "0x%04x", d->subvendor));
	answer(w, "read", attribute(w, d, "subsystem_device"),
	       arena_printf(w->a, "0x%04x", d->subdevice));
}

static void write_driver(struct writer *w, const struct paste_device *d)
{
	if (d->driver_told == PASTE_YES)
		answer(w, "link", attribute(w, d, "driver"),
		       arena_join(w->a, "../../../bus/pci/drivers/", d->driver, NULL));
	else if (d->driver_told == PASTE_NO)
		answer_absent(w, "link", attribute(w, d, "driver"));
}

/* A device that a listing with groups shows without one has none. */
static void write_group_link(struct writer *w, const struct paste_device *d)
{
	if (d->has_group)
		answer(w, "link", attribute(w, d, "iommu_group"),
		       arena_printf(w->a, "../../../kernel/iommu_groups/%u", d->group));
	else if (d->block && d->block->groups && !w->p->cut)
		answer_absent(w, "link", attribute(w, d, "iommu_group"));
}

/* A class of bridges to PCI means such a header; only -v shows that another class has none. */
static void write_bridge(struct writer *w, const struct paste_device *d)
{
	const char *path = attribute(w, d, "secondary_bus_number");

	if (d->bridge == PASTE_YES || (d->has_class && d->class_code >> 8 == 0x0604))
		answer(w, "stat", path, "file 0444 0 0 0:0");
	else if (d->bridge == PASTE_NO)
		answer_absent(w, "stat", path);
}

static bool read_bytes(void *ctx, size_t offset, unsigned int width, uint32_t *ret)
{
	const struct paste_device *d = ctx;

	*ret = 0;
	if (offset + width > d->nr_bytes)
		return false;
	for (unsigned int i = 0; i < width; i++)
		*ret |= (uint32_t)d->bytes[offset + i] << 8 * i;
	return true;
}

/* Some of Intel's ports keep the control register of ACS where -vvv does not show it. */
static bool hides_acs(const struct paste_device *d)
{
	return d->config.acs == PCIGROUP_PRESENT && (!d->has_ids || d->vendor == 0x8086);
}

static bool words_of_config(struct writer *w, struct paste_device *d, struct pcigroup *ret)
{
	if (d->nr_bytes >= PCIGROUP_HEADER)
		return !pcigroup_read(read_bytes, d, d->nr_bytes, ret);
	if (!d->block || !d->block->verbose || w->p->cut || d->caps_denied || !d->has_caps ||
	    hides_acs(d))
		return false;
	*ret = d->config;
	ret->size = PASTE_CONFIG_MAX;
	ret->pcie = ret->pcie ? ret->pcie : PCIGROUP_NONE;
	ret->acs = ret->acs ? ret->acs : PCIGROUP_NONE;
	return true;
}

static void write_config(struct writer *w, struct paste_device *d)
{
	struct pcigroup config;

	if (words_of_config(w, d, &config))
		answer(w, "ask", attribute(w, d, "config"), pcigroup_format(&config, w->a));
}

/* ---- where devices are ---- */

/* Whether the text shows what is above @d: a bridge, or with *@ret NULL nothing. */
static bool find_above(const struct paste *p, const struct paste_device *d,
		       const struct paste_device **ret)
{
	*ret = d->above;
	if (d->has_above)
		return true;
	*ret = paste_bridge_of(p, d);
	return *ret || (p->parts & PASTE_WHOLE && p->parts & PASTE_VERBOSE);
}

static void write_place(struct writer *w, const struct paste_device *d)
{
	enum { DEPTH_MAX = 32 };
	const struct paste_device *above = d, *top = d;
	const char *path = d->name;

	for (unsigned int i = 0; above; i++) {
		if (i == DEPTH_MAX || !find_above(w->p, top, &above))
			return;
		if (above)
			path = arena_join(w->a, above->name, "/", path, NULL);
		top = above ? above : top;
	}
	answer(w, "link", arena_join(w->a, "/sys/bus/pci/devices/", d->name, NULL),
	       arena_printf(w->a, "../../../devices/pci%04x:%02x/%s", top->domain, top->bus, path));
}

static void write_device(struct writer *w, struct paste_device *d)
{
	answer(w, "stat", arena_join(w->a, "/sys/bus/pci/devices/", d->name, NULL),
	       "dir 0755 0 0 0:0");
	write_ids(w, d);
	write_driver(w, d);
	write_group_link(w, d);
	write_bridge(w, d);
	write_config(w, d);
	write_place(w, d);
	if (d->has_numa)
		answer(w, "read", attribute(w, d, "numa_node"), arena_printf(w->a, "%d", d->numa));
}

static void write_devices(struct writer *w)
{
	const char **names = arena_array(w->a, w->p->nr_devices, sizeof(*names));

	for (size_t i = 0; i < w->p->nr_devices; i++)
		names[i] = w->p->devices[i]->name;
	answer_list(w, "/sys/bus/pci/devices", names, w->p->nr_devices);
	for (size_t i = 0; i < w->p->nr_devices; i++)
		write_device(w, w->p->devices[i]);
}

/* ---- groups ---- */

static int compare_groups(const void *left, const void *right)
{
	const struct paste_device *l = *(struct paste_device *const *)left,
				  *r = *(struct paste_device *const *)right;

	if (l->group != r->group)
		return l->group < r->group ? -1 : 1;
	return strcmp(l->name, r->name);
}

static size_t run_of(struct paste_device *const *devices, size_t nr)
{
	size_t ret = 1;

	while (ret < nr && devices[ret]->group == devices[0]->group)
		ret++;
	return ret;
}

static void write_groups(struct writer *w)
{
	const struct paste *p = w->p;
	struct paste_device **grouped = arena_array(w->a, p->nr_devices, sizeof(*grouped));
	const char **names = arena_array(w->a, p->nr_devices, sizeof(*names)), **numbers;
	size_t nr = 0, len, nr_numbers = 0;

	for (size_t i = 0; i < p->nr_devices; i++)
		if (p->devices[i]->has_group)
			grouped[nr++] = p->devices[i];
	/* Single numbers do not tell who else is in the group. */
	if (!nr || (p->parts & PASTE_MEMBERS ? p->groups_cut : !(p->parts & PASTE_WHOLE)))
		return;
	qsort(grouped, nr, sizeof(*grouped), compare_groups);
	numbers = arena_array(w->a, nr, sizeof(*numbers));
	for (size_t i = 0; i < nr; i += len) {
		const char *number = arena_decimal(w->a, grouped[i]->group);

		len = run_of(grouped + i, nr - i);
		for (size_t k = 0; k < len; k++)
			names[k] = grouped[i + k]->name;
		answer_list(w,
			    arena_join(w->a, "/sys/kernel/iommu_groups/", number, "/devices", NULL),
			    names, len);
		numbers[nr_numbers++] = number;
	}
	answer_list(w, "/sys/kernel/iommu_groups", numbers, nr_numbers);
}

/* ---- the rest ---- */

static void write_kernel(struct writer *w)
{
	const struct paste *p = w->p;
	struct span rest = { strbuf_get(&p->log), p->log.len }, line;
	struct strbuf kept = { .arena = w->a };

	if (p->release)
		answer(w, "read", "/proc/sys/kernel/osrelease", p->release);
	if (p->cmdline)
		answer(w, "read", "/proc/cmdline", p->cmdline);
	if (p->machine)
		answer(w, "ask", "uname:machine", p->machine);
	while (parse_line(&rest, &line)) {
		const char *text = arena_strndup(w->a, line.s, line.len);

		/* Of a part of a log, only lines that are there count: this one proves something by others that are missing. */
		if (message_matters(text) && !strstr(text, "SPIs implemented"))
			strbuf_item(&kept, "\n", "%s", text);
	}
	if (kept.len)
		answer(w, "ask", "/dev/kmsg", strbuf_get(&kept));
}

static void write_modules(struct writer *w)
{
	for (unsigned int i = 0; i < NR_MODULES; i++) {
		const char *name = module_name((enum module_id)i);
		const char *dir = arena_join(w->a, "/sys/module/", name, NULL);

		if (!strmap_find(&w->p->modules, name))
			continue;
		answer(w, "stat", dir, "dir 0755 0 0 0:0");
		answer(w, "read", arena_join(w->a, dir, "/initstate", NULL), "live");
	}
}

static void write_nodes(struct writer *w)
{
	const struct paste *p = w->p;
	const char **names = arena_array(w->a, p->nr_nodes, sizeof(*names));

	for (size_t i = 0; i < p->nr_nodes; i++) {
		const struct paste_node *n = &p->nodes[i];

		names[i] = n->name;
		if (!n->known)
			continue;
		answer(w, "stat", arena_join(w->a, "/dev/vfio/", n->name, NULL),
		       arena_printf(w->a, "char %04o %u %u %u:%u", n->mode, n->uid, n->gid,
				    n->major, n->minor));
	}
	if (p->nodes_listed)
		answer_list(w, "/dev/vfio", names, p->nr_nodes);
}

int paste_write_capture(const struct paste *p, FILE *out)
{
	struct writer w = { .p = p, .a = p->arena, .c = capture_new() };
	int r;

	write_kernel(&w);
	write_devices(&w);
	write_groups(&w);
	write_modules(&w);
	write_nodes(&w);
	r = capture_write(w.c, out);
	capture_free(w.c);
	return r;
}
