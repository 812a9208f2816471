/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What notices look at: read only where they are shown. No attribute here wakes a device; the configuration space is read of
 * a device that is awake. */
#include <string.h>

#include "decode/iomem.h"
#include "facts/loader.h"

enum { CONFIG_MAX = 4096, CONFIG_KEPT = 64 };

/* linux: drivers/pci/pci-sysfs.c: pci_read_config() resumes a device that is suspended. */
static void load_config(struct loader *l, struct device *d)
{
	if (!fact_is(&d->power_status) || strcmp(d->power_status.raw, "active") != 0)
		return;
	d->config = sysroot_read(l->root, l->a, arena_join(l->a, d->sysfs + 1, "/config", NULL),
				 CONFIG_MAX);
	if (d->config.len > CONFIG_KEPT)
		d->config.len = CONFIG_KEPT;
}

/* Who else has the interrupt line. linux: kernel/irq/irqdesc.c: actions_show(), since 4.10. */
static void load_line(struct loader *l, struct device *d)
{
	struct fact irq = read_at(l, d->sysfs, "irq");
	uint64_t number;

	if (fact_is(&irq) && !parse_u64(irq.raw, 10, &number) && number && number <= INT32_MAX)
		d->irq_actions =
			read_at(l, arena_join(l->a, "sys/kernel/irq/", irq.raw, NULL), "actions");
}

void notice_load_device(struct loader *l, struct device *d)
{
	if (d->bus == BUS_MDEV)
		d->mdev_type = read_link_at(l, d->sysfs, "mdev_type");
	if (d->numa_node.state == FACT_UNREAD)
		d->numa_node = read_at(l, d->sysfs, "numa_node");
	if (d->bus != BUS_PCI)
		return;
	power_load(l, d);
	if (d->power_state.state == FACT_UNREAD)
		d->power_state = read_at(l, d->sysfs, "power_state");
	if (d->reset_method.state == FACT_UNREAD)
		d->reset_method = read_at(l, d->sysfs, "reset_method");
	d->reset = stat_at(l, d->sysfs, "reset");
	if (d->resource.state == FACT_UNREAD)
		d->resource = read_at(l, d->sysfs, "resource");
	if (d->vfio_alias.state == FACT_UNREAD)
		d->vfio_alias = module_vfio_alias(l, fact_describe(&d->modalias));
	if (d->driver && strstr(d->driver, "nvidia"))
		d->vgpu_type = read_at(l, d->sysfs, "nvidia/current_vgpu_type");
	load_line(l, d);
	load_config(l, d);
}

static void add_claim(struct loader *l, struct device *d, const struct iomem_line *line)
{
	d->claims = arena_grow(l->a, d->claims, d->nr_claims, sizeof(*d->claims));
	d->claims[d->nr_claims++] =
		(struct memory_claim){ arena_strndup(l->a, line->name.s, line->name.len),
				       arena_strndup(l->a, line->range.s, line->range.len) };
}

/* What stands below a line with the name of a device is in its memory. */
static void load_claims(struct loader *l)
{
	struct span rest = fact_describe(&l->h->iomem);
	struct device_slot *above = NULL;
	struct iomem_line line;
	size_t depth = 0;

	while (iomem_next(&rest, &line)) {
		if (above && line.depth <= depth)
			above = NULL;
		if (above) {
			add_claim(l, &above->dev, &line);
			continue;
		}
		above = strmap_find_span(&l->pci, line.name);
		depth = line.depth;
	}
}

void notice_load_host(struct loader *l)
{
	l->h->iomem = sysroot_read(l->root, l->a, "proc/iomem", SYSROOT_FILE_MAX);
	load_claims(l);
	l->h->node_memory = read_at(l, "sys/devices/system/node", "has_memory");
}
