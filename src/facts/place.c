/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a PCI function is in the tree of buses, and what grouping asks of its configuration space. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macro.h"
#include "decode/pciaddr.h"
#include "facts/loader.h"

/* ---- configuration space ---- */

bool config_read_register(void *ctx, size_t offset, unsigned int width, uint32_t *ret)
{
	const struct config_file *file = ctx;
	uint8_t bytes[4] = { 0 };

	if (offset + width <= file->nr_start)
		memcpy(bytes, file->start + offset, width);
	else if (pread(file->fd, bytes, width, (off_t)offset) != (ssize_t)width)
		return false;
	*ret = bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
	       (uint32_t)bytes[3] << 24;
	return true;
}

/* Reads the start of @file; returns how many bytes can be read: the kernel shows an ordinary user the header only, and
 * the file has the size of the space. linux: drivers/pci/pci-sysfs.c: pci_read_config(), pci_dev_config_attr_is_visible(). */
size_t config_read_start(struct config_file *file)
{
	ssize_t n = pread(file->fd, file->start, sizeof(file->start), 0);
	struct stat st;

	file->nr_start = n < 0 ? 0 : (size_t)n;
	if (file->nr_start <= PCIGROUP_HEADER)
		return PCIGROUP_HEADER;
	return !fstat(file->fd, &st) && st.st_size > 256 ? 4096 : 256;
}

static void ask_config(struct sysroot *root, struct arena *a, void *ctx, struct fact *ret)
{
	const char *path = ctx;
	struct config_file file = { .fd = sysroot_open_file(root, path) };
	struct pcigroup p;
	int r;

	if (file.fd < 0) {
		ret->err = -file.fd;
		ret->state = fact_state_from_errno(-file.fd);
		return;
	}
	r = pcigroup_read(config_read_register, &file, config_read_start(&file), &p);
	close(file.fd);
	if (r < 0) {
		ret->err = -r;
		ret->state = FACT_FAILED;
		return;
	}
	ret->state = FACT_PRESENT;
	ret->raw = pcigroup_format(&p, a);
	ret->len = (uint32_t)strlen(ret->raw);
}

/* A read of the space wakes a device in D3cold, and its bridge. linux: drivers/pci/pci.c:
 * pci_config_pm_runtime_get(). The attribute power_state: since 5.11. */
static void load_power(struct loader *l, struct device *d, struct pci_place *place)
{
	struct span state;

	place->power = read_at(l, d->sysfs, "power_state");
	if (!fact_is(&place->power) || !strcmp(place->power.raw, "unknown"))
		place->power = read_at(l, d->sysfs, "power/runtime_status");
	state = fact_describe(&place->power);
	place->asleep = span_equals(state, "D3hot") || span_equals(state, "D3cold") ||
			span_equals(state, "suspended") || span_equals(state, "suspending") ||
			(place->bridge && place->bridge->place && place->bridge->place->asleep);
}

static void load_config(struct loader *l, struct device *d, struct pci_place *place)
{
	char *path = arena_join(l->a, d->sysfs + strspn(d->sysfs, "/"), "/config", NULL);

	place->config.path = arena_join(l->a, "/", path, NULL);
	if (place->asleep)
		return;
	place->config = sysroot_ask(l->root, l->a, place->config.path, true, ask_config, path);
	if (fact_is(&place->config) &&
	    pcigroup_parse(fact_describe(&place->config), &place->decoded) < 0) {
		place->config.state = FACT_FAILED;
		place->config.err = EBADMSG;
	}
}

/* ---- the tree of buses ---- */

/* The last part of @path, which is cut off. */
static struct span cut_last(char *path)
{
	char *slash = strrchr(path, '/');

	if (!slash)
		return (struct span){ path, 0 };
	*slash = '\0';
	return (struct span){ slash + 1, strlen(slash + 1) };
}

static bool is_function(struct span name)
{
	struct pciaddr addr;

	return name_is_file(name) && !pciaddr_parse(name, &addr);
}

static struct device *want(struct loader *l, struct span name)
{
	unsigned int parts = l->scope.member_parts | DEVICE_PCI | DEVICE_PLACE;
	struct device_slot *s = device_want(l, "pci", name, parts, false);

	/* The bridge is read first: whether it is awake decides for what is behind it. */
	if (s->queued && !s->dev.place)
		place_load(l, &s->dev);
	return &s->dev;
}

/* The other functions of the slot, which its directory lists. */
static void want_functions(struct loader *l, const struct device *d, const char *dir)
{
	struct fact names = sysroot_list(l->root, l->a, dir);
	struct span rest = fact_describe(&names), line;
	size_t slot = strcspn(d->name, ".");

	while (parse_line(&rest, &line))
		if (line.len > slot && !memcmp(line.s, d->name, slot + 1) && is_function(line))
			want(l, line);
}

/* A path of devices: "devices/pci0000:00/0000:00:0e.0/pci10000:e0/10000:e0:1b.0". A host bridge below a
 * device is that of a VMD controller, which does the DMA. linux: drivers/pci/controller/vmd.c:
 * vmd_enable_domain(), arch/x86/pci/common.c: pci_real_dma_dev(). */
static void load_path(struct loader *l, struct device *d, struct pci_place *place)
{
	enum { DEPTH_MAX = 64 };
	char *path = NULL;
	struct pciaddr addr;
	struct span above;

	if (pciaddr_parse((struct span){ d->name, strlen(d->name) }, &addr) < 0)
		return;
	place->domain = addr.domain;
	place->bus = addr.bus;
	place->devfn = (uint8_t)(addr.device << 3 | addr.function);
	place->path = read_link_at(l, "sys/bus/pci/devices", d->name);
	if (fact_is(&place->path))
		path = path_join(l->a, "sys/bus/pci/devices", fact_describe(&place->path));
	if (!path || !strchr(path, '/'))
		return;
	cut_last(path);
	place->dir = arena_strdup(l->a, path);
	above = cut_last(path);
	if (l->place_depth == DEPTH_MAX) {
		place->path.state = FACT_FAILED;
		place->path.err = ELOOP;
		return;
	}
	l->place_depth++;
	if (is_function(above)) {
		place->bridge = want(l, above);
	} else {
		above = cut_last(path);
		if (is_function(above))
			place->dma = want(l, above);
	}
	l->place_depth--;
}

void place_load(struct loader *l, struct device *d)
{
	if (d->bus != BUS_PCI || d->place)
		return;
	d->place = arena_new_object(l->a, struct pci_place);
	load_path(l, d, d->place);
	load_power(l, d, d->place);
	load_config(l, d, d->place);
	if (!l->all && d->place->dir)
		want_functions(l, d, d->place->dir);
}

/* linux: drivers/pci/slot.c: pci_slot_default_attrs[] */
void slots_load(struct loader *l)
{
	struct host *h = l->h;
	struct span rest, line;

	h->slots_list = sysroot_list(l->root, l->a, "sys/bus/pci/slots");
	rest = fact_describe(&h->slots_list);
	while (parse_line(&rest, &line)) {
		struct pci_slot *slot;

		if (!name_is_file(line))
			continue;
		h->slots = arena_grow(l->a, h->slots, h->nr_slots, sizeof(*h->slots));
		slot = &h->slots[h->nr_slots++];
		slot->name = arena_strndup(l->a, line.s, line.len);
		slot->address = read_at(l, arena_join(l->a, "sys/bus/pci/slots/", slot->name, NULL),
					"address");
	}
}
