/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions to a snapshot that need nothing but the snapshot. Pure: the model links this file. */
#include "facts/host.h"

#include <stdlib.h>
#include <string.h>

#include "decode/cmdline.h"

/* Symbols that distinguish generations when no module file can be read, or that show which driver provides
 * a service. */
static const char *const symbol_names[] = {
	"_vfio_alloc_device",
	"bus_iommu_probe",
	"device_iommu_capable",
	"iommu_attach_group_replace",
	"iommu_capable",
	"iommu_device_claim_dma_owner",
	"iommu_domain_alloc",
	"iommu_domain_set_attr",
	"iommu_enable_nesting",
	"iommu_group_claim_dma_owner",
	"iommu_group_has_isolated_msi",
	"iommu_paging_domain_alloc",
	"iommu_paging_domain_alloc_flags",
	"iommufd_ctx_from_fd",
	"iommufd_ctx_from_file",
	"iommufd_device_bind",
	"iommufd_device_is_noiommu",
	"iommufd_vfio_compat_ioas_create",
	"iopt_alloc_dmabuf_pages",
	"irq_domain_check_msi_remap",
	"msi_device_has_isolated_msi",
	"msi_domain_alloc_irqs_descs_locked",
	"pt_iommu_amdv1_init",
	"pt_iommu_vtdss_init",
	"vfio_add_group_dev",
	"vfio_assign_device_set",
	"vfio_container_ioctl_check_extension",
	"vfio_df_ioctl_bind_iommufd",
	"vfio_find_device_in_devset",
	"vfio_group_set_container",
	"vfio_iommu_type1_attach_group",
	"vfio_iommufd_physical_bind",
	"vfio_pci_core_feature_dma_buf",
	"vfio_pci_core_get_dmabuf_phys",
	"vfio_pci_core_register_device",
	"vfio_register_group_dev",
	"vfio_virqfd_enable",
};

static const char *const config_names[] = {
	"CONFIG_ACPI_VIOT",
	"CONFIG_AMD_IOMMU",
	"CONFIG_APPLE_DART",
	"CONFIG_ARM64_VA_BITS",
	"CONFIG_ARM_AMBA",
	"CONFIG_ARM_SMMU",
	"CONFIG_ARM_SMMU_V3",
	"CONFIG_DMA_SHARED_BUFFER",
	"CONFIG_GENERIC_ATOMIC64",
	"CONFIG_INTEL_IOMMU",
	"CONFIG_INTEL_IOMMU_DEFAULT_ON",
	"CONFIG_INTEL_IOMMU_FLOPPY_WA",
	"CONFIG_INTEL_IOMMU_SCALABLE_MODE_DEFAULT_ON",
	"CONFIG_IOMMUFD",
	"CONFIG_IOMMUFD_NOIOMMU",
	"CONFIG_IOMMUFD_VFIO_CONTAINER",
	"CONFIG_IOMMU_DEFAULT_PASSTHROUGH",
	"CONFIG_IOMMU_SUPPORT",
	"CONFIG_IRQ_REMAP",
	"CONFIG_MODULES",
	"CONFIG_PCI",
	"CONFIG_PCI_IOV",
	"CONFIG_PCI_MSI",
	"CONFIG_VFIO",
	"CONFIG_VFIO_AMBA",
	"CONFIG_VFIO_AP",
	"CONFIG_VFIO_CCW",
	"CONFIG_VFIO_CDX",
	"CONFIG_VFIO_CONTAINER",
	"CONFIG_VFIO_DEVICE_CDEV",
	"CONFIG_VFIO_FSL_MC",
	"CONFIG_VFIO_GROUP",
	"CONFIG_VFIO_IOMMU_TYPE1",
	"CONFIG_VFIO_MDEV",
	"CONFIG_VFIO_NOIOMMU",
	"CONFIG_VFIO_PCI",
	"CONFIG_VFIO_PCI_CORE",
	"CONFIG_VFIO_PCI_VGA",
	"CONFIG_VFIO_PLATFORM",
	"CONFIG_VFIO_VIRQFD",
	"CONFIG_VIRTIO_IOMMU",
};

const char *const *host_symbol_names(size_t *nr)
{
	*nr = ARRAY_SIZE(symbol_names);
	return symbol_names;
}

const char *const *host_config_names(size_t *nr)
{
	*nr = ARRAY_SIZE(config_names);
	return config_names;
}

void device_set_driver(struct device *dev, const char *driver)
{
	dev->driver = driver;
	dev->driver_kind = driver ? driver_kind(driver) : DRIVER_HOST;
}

bool device_is_vfio(const struct device *dev)
{
	return dev->driver_kind == DRIVER_VFIO || dev->driver_kind == DRIVER_MAYBE_VFIO;
}

/* Whether @dev is sure to have no VFIO device: with the class there would be a folder. */
static bool lacks_vfio_dev(const struct host *h, const struct device *dev)
{
	return fact_known(&dev->vfio_dev) && !dev->vfio_dev.len && fact_is(&h->vfio_class);
}

/* Whether the driver of @dev may be the one that made the node of its group. */
static bool may_make_node(const struct host *h, const struct device *dev)
{
	enum driver_kind kind = dev->driver ? dev->driver_kind : DRIVER_STUB;

	return kind != DRIVER_STUB && kind != DRIVER_PORT && dev->is_bridge != TRI_YES &&
	       !lacks_vfio_dev(h, dev);
}

/* Whether the node of the group of @dev is there because of @dev. Before 5.19 a node stays while it is open. */
static enum tristate made_group_node(const struct host *h, const struct device *dev)
{
	const struct group *g = dev->group;
	bool others = false;

	if (!g || !fact_is(&g->node.stat))
		return TRI_NO;
	for (size_t i = 0; i < g->nr_members; i++) {
		const struct device *m = g->members[i];

		if (m == dev || !may_make_node(h, m))
			continue;
		if (m->driver_kind == DRIVER_VFIO || m->vfio_dev.len)
			return TRI_NO;
		others = true;
	}
	return !others && fact_is(&g->node.holders) && !g->node.holders.len &&
			       !g->node.hidden_processes
		       ? TRI_YES
		       : TRI_UNKNOWN;
}

enum tristate device_serves_vfio(const struct host *h, const struct device *dev)
{
	const enum driver_kind kind = dev->driver_kind;
	enum tristate node;

	if (!dev->driver)
		return dev->driver_fact.state == FACT_ABSENT && !dev->locked ? TRI_NO : TRI_UNKNOWN;
	if (kind == DRIVER_VFIO || (fact_is(&dev->vfio_dev) && dev->vfio_dev.len))
		return TRI_YES;
	if (kind == DRIVER_STUB || kind == DRIVER_PORT)
		return TRI_NO;
	node = lacks_vfio_dev(h, dev) ? TRI_NO : made_group_node(h, dev);
	return node == TRI_NO && kind == DRIVER_MAYBE_VFIO ? TRI_UNKNOWN : node;
}

int device_compare(const struct device *a, const struct device *b)
{
	size_t x, y;
	int order;

	if ((a->bus == BUS_PCI) != (b->bus == BUS_PCI))
		return a->bus == BUS_PCI ? -1 : 1;
	if (a->bus != BUS_PCI) {
		order = strcmp(a->bus_name, b->bus_name);
		return order ? order : strcmp(a->name, b->name);
	}
	/* Only the domain varies in length, and it has no leading zeros past the fourth digit. */
	x = strlen(a->name);
	y = strlen(b->name);
	if (x != y)
		return x < y ? -1 : 1;
	return strcmp(a->name, b->name);
}

static int device_search(const void *key, const void *slot)
{
	return device_compare(key, *(struct device *const *)slot);
}

static struct device *find_sorted(const struct host *h, const char *bus_name, const char *name)
{
	struct device key = { .name = name, .bus_name = bus_name };
	struct device **found;

	if (!h->nr_devices)
		return NULL;
	if (!strcmp(bus_name, "pci"))
		key.bus = BUS_PCI;
	found = bsearch(&key, h->devices, h->nr_devices, sizeof(struct device *), device_search);
	return found ? *found : NULL;
}

const char *device_override(const struct device *dev)
{
	const struct fact *f = &dev->driver_override;

	return fact_is(f) && f->len && strcmp(f->raw, "(null)") != 0 ? f->raw : NULL;
}

bool device_is_vmd(const struct device *dev)
{
	return dev->bus == BUS_PCI && dev->driver && !strcmp(dev->driver, "vmd");
}

bool device_is_behind_vmd(const struct device *dev)
{
	return dev->bus == BUS_PCI && strcspn(dev->name, ":") > 4;
}

bool device_is_never_given(const struct device *dev)
{
	/* PCI Code and ID Assignment Specification, section 1.7. */
	static const uint32_t bridges[] = { 0x0600, 0x0601, 0x0604, 0x0607, 0x0609 };

	for (size_t i = 0; dev->has_ids && i < ARRAY_SIZE(bridges); i++)
		if (dev->class_code >> 8 == bridges[i])
			return true;
	return false;
}

bool device_carries(const struct device *carrier, const struct device *dev)
{
	if (carrier == dev)
		return false;
	if (carrier == dev->physfn)
		return true;
	return device_is_vmd(carrier) && device_is_behind_vmd(dev) && dev->group &&
	       dev->group == carrier->group;
}

struct device *host_find_device(const struct host *h, const char *bus_name, const char *name)
{
	struct device *found;

	if (bus_name)
		return find_sorted(h, bus_name, name);
	found = find_sorted(h, "pci", name);
	/* The others stand behind the PCI devices, and are few. */
	for (size_t i = h->nr_devices; !found && i > 0; i--) {
		struct device *d = h->devices[i - 1];

		if (d->bus == BUS_PCI)
			break;
		if (!strcmp(d->name, name))
			found = d;
	}
	return found;
}

static int group_search(const void *key, const void *slot)
{
	unsigned int id = *(const unsigned int *)key;
	const struct group *g = *(struct group *const *)slot;

	if (id != g->id)
		return id < g->id ? -1 : 1;
	return 0;
}

struct group *host_find_group(const struct host *h, unsigned int id)
{
	struct group **found;

	if (!h->nr_groups)
		return NULL;
	found = bsearch(&id, h->groups, h->nr_groups, sizeof(struct group *), group_search);
	return found ? *found : NULL;
}

bool symbol_is_kept(const char *symbol)
{
	static const char *const parts[] = { "vfio",    "iommu",          "irq_domain",
					     "msi",     "mdev",           "irqfd",
					     "dma_buf", "init_waitqueue", "unpin_user_page" };

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (strstr(symbol, parts[i]))
			return true;
	return false;
}

static int text_search(const void *key, const void *slot)
{
	return strcmp(key, *(const char *const *)slot);
}

static enum tristate module_has(const struct module *m, const char **symbols, size_t nr,
				const char *symbol)
{
	if (!m->symbols_known || !symbol_is_kept(symbol))
		return TRI_UNKNOWN;
	if (!nr)
		return TRI_NO;
	return bsearch(symbol, symbols, nr, sizeof(*symbols), text_search) ? TRI_YES : TRI_NO;
}

enum tristate module_imports(const struct module *m, const char *symbol)
{
	return module_has(m, m->imports, m->nr_imports, symbol);
}

enum tristate module_exports(const struct module *m, const char *symbol)
{
	return module_has(m, m->exports, m->nr_exports, symbol);
}

/* @names are sorted. */
static bool is_listed(const char *const *names, size_t nr, const char *name)
{
	return bsearch(name, names, nr, sizeof(*names), text_search) != NULL;
}

static struct span fact_span(const struct fact *f)
{
	return f->raw ? (struct span){ f->raw, f->len } : (struct span){ "", 0 };
}

enum tristate symbols_have(const struct fact *found, const char *name)
{
	struct span rest = fact_span(found), line;

	if (!fact_is(found) || !is_listed(symbol_names, ARRAY_SIZE(symbol_names), name))
		return TRI_UNKNOWN;
	while (parse_line(&rest, &line))
		if (span_equals(line, name))
			return TRI_YES;
	return TRI_NO;
}

enum tristate kernel_has_symbol(const struct kernel *k, const char *name)
{
	enum tristate btf = symbols_have(&k->btf, name),
		      kallsyms = symbols_have(&k->kallsyms, name);

	return btf > kallsyms ? btf : kallsyms;
}

static int option_search(const void *key, const void *slot)
{
	const char *line = *(const char *const *)slot;
	size_t len = strlen(key);
	int order = strncmp(key, line, len);

	return order ? order : '=' - (unsigned char)line[len];
}

const char *kernel_config(const struct kernel *k, const char *option)
{
	const char *const *line;

	if (!fact_is(&k->config))
		return NULL;
	line = k->nr_options ? bsearch(option, k->options, k->nr_options, sizeof(*k->options),
				       option_search)
			     : NULL;
	if (line)
		return *line + strlen(option) + 1;
	return is_listed(config_names, ARRAY_SIZE(config_names), option) ? "n" : NULL;
}

const char *kernel_cmdline(const struct kernel *k, struct arena *a, const char *key)
{
	struct span value;
	bool has_value;

	if (!fact_is(&k->cmdline) || !cmdline_find(fact_span(&k->cmdline), key, &value, &has_value))
		return NULL;
	return arena_strndup(a, value.s, value.len);
}
