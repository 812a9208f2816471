// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A mock IOMMU for guests that are thrown away: groups, capabilities and reserved regions as the
 * parameters say. It translates nothing, but remembers what was mapped. README.md has the parameters.
 *
 * One source for 5.10, 6.1, 6.12 and 7.3. Almost everything that differs between them is below
 * 'The kernel's side'.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/device.h>
#include <linux/iommu.h>
#include <linux/irqdomain.h>
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/msi.h>
#include <linux/pci.h>
#include <linux/platform_device.h>
#include <linux/property.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/version.h>
#include <linux/xarray.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
#include <linux/iova_bitmap.h>
#include <uapi/linux/iommufd.h>
#endif

/* iommu_ops::capable() was given the device in 6.1, and no longer a bus. */
#define PER_DEVICE_CAPABLE (LINUX_VERSION_CODE >= KERNEL_VERSION(6, 1, 0))
/* Interrupt isolation moved from the IOMMU driver's claim to the device's MSI domain in 6.3. */
#define ISOLATED_MSI (LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0))
/* Static identity and blocked domains, and paging domains made for a device, all here by 6.8. */
#define MODERN_DOMAINS (LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0))
/* attach_dev() is told the domain it replaces since 6.19. */
#define ATTACH_TELLS_OLD (LINUX_VERSION_CODE >= KERNEL_VERSION(6, 19, 0))

/* Domains that track dirty pages are asked for by iommufd, by another name since 6.13. */
#define TRACKS_DIRTY   MODERN_DOMAINS
#define ALLOC_BY_FLAGS (LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0))

#define MAX_DEVICES 8
#define MAX_REGIONS 16
#define NAME_SIZE   32
/* Granule of the store of mappings, and the smallest page size allowed. */
#define UNIT_SHIFT 12
#define UNIT_SIZE  (1UL << UNIT_SHIFT)

static char *groups;
module_param(groups, charp, 0444);
MODULE_PARM_DESC(groups, "groups by comma, members by plus: 0000:00:04.0+mock0,mock1");

static char *intr_remap = "all";
module_param(intr_remap, charp, 0444);
MODULE_PARM_DESC(intr_remap, "devices that claim interrupt remapping (until 6.2)");

static char *isolated_msi = "none";
module_param(isolated_msi, charp, 0444);
MODULE_PARM_DESC(isolated_msi, "devices whose MSI domain says that it isolates (from 6.3)");

static char *cache_coherency = "all";
module_param(cache_coherency, charp, 0444);
MODULE_PARM_DESC(cache_coherency, "devices that claim cache coherency");

static char *enforce = "none";
module_param(enforce, charp, 0444);
MODULE_PARM_DESC(enforce, "devices whose domains can enforce cache coherency (from 6.1)");

static char *resv = "all/0xfee00000-0xfeefffff/msi";
module_param(resv, charp, 0444);
MODULE_PARM_DESC(resv, "reserved regions: DEVICES/FIRST-LAST/TYPE by comma");

static char *aperture = "0-0xffffffffffff";
module_param(aperture, charp, 0444);
MODULE_PARM_DESC(aperture, "first and last IOVA of a domain");

static ulong page_sizes = 0x40201000;
module_param(page_sizes, ulong, 0444);
MODULE_PARM_DESC(page_sizes, "bit mask of page sizes");

static char *dirty = "none";
module_param(dirty, charp, 0444);
MODULE_PARM_DESC(dirty, "devices whose domains can track dirty pages (from 6.8)");

static uint written = 4;
module_param(written, uint, 0444);
MODULE_PARM_DESC(written, "every so many pages one is dirty once tracking is enabled");

static char *compatible = "none";
module_param(compatible, charp, 0444);
MODULE_PARM_DESC(compatible, "platform devices that say what they are compatible with (from 5.13)");

/* A device behind the mock. @index is its bit in every mask of devices. */
struct mock_device {
	char name[NAME_SIZE];
	unsigned int index;
	unsigned int group;
	bool is_pci;
	/* A platform device that is created after the PCI devices have joined. */
	bool late;
};

struct mock_region {
	unsigned long devices;
	u64 first, last;
	enum iommu_resv_type type;
};

struct mock_domain {
	struct iommu_domain domain;
	/* IOVA / UNIT_SIZE of each mapped page -> its physical address, with log2 of its size below. */
	struct xarray pages;
	/* Devices that this domain serves or was made for. */
	unsigned long devices;
	bool enforcing;
};

static struct mock_device devices[MAX_DEVICES];
static unsigned int nr_devices;
static struct mock_region regions[MAX_REGIONS];
static unsigned int nr_regions;
static struct iommu_group *group_of[MAX_DEVICES];
static unsigned long remaps, isolates, coherent, enforces, describes, tracks;
static u64 aperture_first, aperture_last;
static struct iommu_device mock_iommu;

static struct mock_domain *to_mock(struct iommu_domain *domain)
{
	return container_of(domain, struct mock_domain, domain);
}

static struct mock_device *mock_find(struct device *dev)
{
	unsigned int i;

	if (!dev_is_pci(dev) && dev->bus != &platform_bus_type)
		return NULL;
	for (i = 0; i < nr_devices; i++)
		if (devices[i].is_pci == dev_is_pci(dev) && !strcmp(devices[i].name, dev_name(dev)))
			return &devices[i];
	return NULL;
}

static unsigned long all_devices(void)
{
	return GENMASK(nr_devices - 1, 0);
}

/* Mappings */

static int mock_store(struct mock_domain *mock, unsigned long iova, phys_addr_t phys, size_t size,
		      gfp_t gfp)
{
	void *page = xa_mk_value(phys | ilog2(size));

	return xa_err(xa_store(&mock->pages, iova >> UNIT_SHIFT, page, gfp));
}

/* Forgets the pages of [@iova, @iova + @size) up to the first hole; bytes forgotten. */
static size_t mock_forget(struct mock_domain *mock, unsigned long iova, size_t size)
{
	size_t done = 0;
	void *page;

	while (done < size) {
		page = xa_erase(&mock->pages, (iova + done) >> UNIT_SHIFT);
		if (!page)
			break;
		done += 1UL << (xa_to_value(page) & (UNIT_SIZE - 1));
	}
	return done;
}

static phys_addr_t mock_lookup(struct mock_domain *mock, dma_addr_t iova)
{
	unsigned long size, value;
	unsigned int shift;
	void *page;

	for (shift = UNIT_SHIFT; shift < BITS_PER_LONG; shift++) {
		size = 1UL << shift;
		if (!(page_sizes & size))
			continue;
		page = xa_load(&mock->pages, (iova & ~(size - 1)) >> UNIT_SHIFT);
		if (!page)
			continue;
		value = xa_to_value(page);
		if ((value & (UNIT_SIZE - 1)) == shift)
			return (value & ~(UNIT_SIZE - 1)) + (iova & (size - 1));
	}
	return 0;
}

static phys_addr_t mock_iova_to_phys(struct iommu_domain *domain, dma_addr_t iova)
{
	return mock_lookup(to_mock(domain), iova);
}

/* Domains */

static struct mock_domain *mock_domain_new(unsigned int type)
{
	struct mock_domain *mock = kzalloc(sizeof(*mock), GFP_KERNEL);

	if (!mock)
		return NULL;
	xa_init(&mock->pages);
	mock->domain.type = type;
	mock->domain.pgsize_bitmap = page_sizes;
	mock->domain.geometry.aperture_start = aperture_first;
	mock->domain.geometry.aperture_end = aperture_last;
	mock->domain.geometry.force_aperture = true;
	return mock;
}

static void mock_domain_free(struct iommu_domain *domain)
{
	struct mock_domain *mock = to_mock(domain);

	xa_destroy(&mock->pages);
	kfree(mock);
}

static int mock_attach(struct iommu_domain *domain, struct device *dev)
{
	struct mock_domain *mock = to_mock(domain);
	struct mock_device *device = mock_find(dev);

	if (mock->enforcing && !test_bit(device->index, &enforces))
		return -EINVAL;
	__set_bit(device->index, &mock->devices);
	return 0;
}

#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 19, 0)
static bool mock_enforce(struct iommu_domain *domain)
{
	struct mock_domain *mock = to_mock(domain);

	mock->enforcing = mock->devices && !(mock->devices & ~enforces);
	return mock->enforcing;
}
#endif

/* Devices and groups */

static struct iommu_device *mock_probe_device(struct device *dev)
{
	return mock_find(dev) ? &mock_iommu : ERR_PTR(-ENODEV);
}

static void mock_release_device(struct device *dev)
{
}

/* Serialised by the core. The reference that iommu_group_alloc() gave is kept for ever. */
static struct iommu_group *mock_device_group(struct device *dev)
{
	struct iommu_group **group = &group_of[mock_find(dev)->group];

	if (!*group) {
		struct iommu_group *made = iommu_group_alloc();

		if (IS_ERR(made))
			return made;
		*group = made;
	}
	return iommu_group_ref_get(*group);
}

static int mock_def_domain_type(struct device *dev)
{
	return IOMMU_DOMAIN_IDENTITY;
}

static struct iommu_resv_region *mock_region_new(const struct mock_region *from)
{
	size_t size = from->last - from->first + 1;
	int prot = 0;

	if (from->type == IOMMU_RESV_DIRECT || from->type == IOMMU_RESV_DIRECT_RELAXABLE)
		prot = IOMMU_READ | IOMMU_WRITE;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 0, 0)
	return iommu_alloc_resv_region(from->first, size, prot, from->type, GFP_KERNEL);
#else
	return iommu_alloc_resv_region(from->first, size, prot, from->type);
#endif
}

static void mock_get_resv_regions(struct device *dev, struct list_head *list)
{
	struct mock_device *device = mock_find(dev);
	struct iommu_resv_region *region;
	unsigned int i;

	for (i = 0; i < nr_regions; i++) {
		if (!test_bit(device->index, &regions[i].devices))
			continue;
		region = mock_region_new(&regions[i]);
		if (region)
			list_add_tail(&region->list, list);
	}
}

/* The kernel's side */

#if PER_DEVICE_CAPABLE
static bool mock_capable(struct device *dev, enum iommu_cap cap)
{
	struct mock_device *device = mock_find(dev);

	switch (cap) {
	case IOMMU_CAP_CACHE_COHERENCY:
		return test_bit(device->index, &coherent);
#if ISOLATED_MSI
	case IOMMU_CAP_ENFORCE_CACHE_COHERENCY:
		return test_bit(device->index, &enforces);
#if TRACKS_DIRTY
	case IOMMU_CAP_DIRTY_TRACKING:
		return test_bit(device->index, &tracks);
#endif
#else
	case IOMMU_CAP_INTR_REMAP:
		return test_bit(device->index, &remaps);
#endif
	default:
		return false;
	}
}
#else
static bool mock_capable(enum iommu_cap cap)
{
	switch (cap) {
	case IOMMU_CAP_CACHE_COHERENCY:
		return coherent == all_devices();
	case IOMMU_CAP_INTR_REMAP:
		return remaps != 0;
	default:
		return false;
	}
}
#endif

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 1, 0)
static int mock_map_pages(struct iommu_domain *domain, unsigned long iova, phys_addr_t phys,
			  size_t size, size_t count, int prot, gfp_t gfp, size_t *mapped)
{
	int ret;

	for (; count; count--, iova += size, phys += size) {
		ret = mock_store(to_mock(domain), iova, phys, size, gfp);
		if (ret)
			return ret;
		*mapped += size;
	}
	return 0;
}

static size_t mock_unmap_pages(struct iommu_domain *domain, unsigned long iova, size_t size,
			       size_t count, struct iommu_iotlb_gather *gather)
{
	return mock_forget(to_mock(domain), iova, size * count);
}
#else
static int mock_map(struct iommu_domain *domain, unsigned long iova, phys_addr_t phys, size_t size,
		    int prot, gfp_t gfp)
{
	return mock_store(to_mock(domain), iova, phys, size, gfp);
}

static size_t mock_unmap(struct iommu_domain *domain, unsigned long iova, size_t size,
			 struct iommu_iotlb_gather *gather)
{
	return mock_forget(to_mock(domain), iova, size);
}
#endif

#if MODERN_DOMAINS
#if ATTACH_TELLS_OLD
static int mock_attach_paging(struct iommu_domain *domain, struct device *dev,
			      struct iommu_domain *old)
{
	return mock_attach(domain, dev);
}

static int mock_attach_static(struct iommu_domain *domain, struct device *dev,
			      struct iommu_domain *old)
{
	return 0;
}
#else
static int mock_attach_paging(struct iommu_domain *domain, struct device *dev)
{
	return mock_attach(domain, dev);
}

static int mock_attach_static(struct iommu_domain *domain, struct device *dev)
{
	return 0;
}
#endif

static const struct iommu_domain_ops mock_static_ops = {
	.attach_dev = mock_attach_static,
};

static struct iommu_domain mock_identity = {
	.type = IOMMU_DOMAIN_IDENTITY,
	.ops = &mock_static_ops,
};

static struct iommu_domain mock_blocked = {
	.type = IOMMU_DOMAIN_BLOCKED,
	.ops = &mock_static_ops,
};

static const struct iommu_domain_ops mock_domain_ops = {
	.attach_dev = mock_attach_paging,
	.map_pages = mock_map_pages,
	.unmap_pages = mock_unmap_pages,
	.iova_to_phys = mock_iova_to_phys,
	.enforce_cache_coherency = mock_enforce,
	.free = mock_domain_free,
};

static struct iommu_domain *mock_alloc_paging(struct device *dev)
{
	struct mock_domain *mock = mock_domain_new(IOMMU_DOMAIN_UNMANAGED);

	if (!mock)
		return ERR_PTR(-ENOMEM);
	if (dev)
		__set_bit(mock_find(dev)->index, &mock->devices);
	return &mock->domain;
}

#include "mock_dirty.h"

static struct iommu_domain *mock_alloc_flags(struct device *dev, u32 flags)
{
	struct iommu_domain *domain;

	if (flags & ~IOMMU_HWPT_ALLOC_DIRTY_TRACKING)
		return ERR_PTR(-EOPNOTSUPP);
	domain = mock_alloc_paging(dev);
	if (IS_ERR(domain))
		return domain;
	domain->ops = &mock_domain_ops;
	if (flags & IOMMU_HWPT_ALLOC_DIRTY_TRACKING)
		domain->dirty_ops = &mock_dirty_ops;
	return domain;
}

#if ALLOC_BY_FLAGS
static struct iommu_domain *mock_alloc_user(struct device *dev, u32 flags,
					    const struct iommu_user_data *data)
{
	return data ? ERR_PTR(-EOPNOTSUPP) : mock_alloc_flags(dev, flags);
}
#else
static struct iommu_domain *mock_alloc_user(struct device *dev, u32 flags,
					    struct iommu_domain *parent,
					    const struct iommu_user_data *data)
{
	return parent || data ? ERR_PTR(-EOPNOTSUPP) : mock_alloc_flags(dev, flags);
}
#endif

static struct iommu_ops mock_ops = {
	.owner = THIS_MODULE,
	.capable = mock_capable,
#if ALLOC_BY_FLAGS
	.domain_alloc_paging_flags = mock_alloc_user,
#else
	.domain_alloc_user = mock_alloc_user,
#endif
	.identity_domain = &mock_identity,
	.blocked_domain = &mock_blocked,
	.domain_alloc_paging = mock_alloc_paging,
	.default_domain_ops = &mock_domain_ops,
	.probe_device = mock_probe_device,
	.release_device = mock_release_device,
	.device_group = mock_device_group,
	.get_resv_regions = mock_get_resv_regions,
	.def_domain_type = mock_def_domain_type,
};
#else
static struct iommu_domain *mock_domain_alloc(unsigned int type)
{
	struct mock_domain *mock;

	if (type != IOMMU_DOMAIN_IDENTITY && type != IOMMU_DOMAIN_UNMANAGED)
		return NULL;
	mock = mock_domain_new(type);
	return mock ? &mock->domain : NULL;
}

static void mock_detach(struct iommu_domain *domain, struct device *dev)
{
	__clear_bit(mock_find(dev)->index, &to_mock(domain)->devices);
}

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 1, 0)
static const struct iommu_domain_ops mock_domain_ops = {
	.attach_dev = mock_attach,
	.detach_dev = mock_detach,
	.map_pages = mock_map_pages,
	.unmap_pages = mock_unmap_pages,
	.iova_to_phys = mock_iova_to_phys,
	.enforce_cache_coherency = mock_enforce,
	.free = mock_domain_free,
};
#endif

static struct iommu_ops mock_ops = {
	.owner = THIS_MODULE,
	.capable = mock_capable,
	.domain_alloc = mock_domain_alloc,
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 1, 0)
	.default_domain_ops = &mock_domain_ops,
#else
	.domain_free = mock_domain_free,
	.attach_dev = mock_attach,
	.detach_dev = mock_detach,
	.map = mock_map,
	.unmap = mock_unmap,
	.iova_to_phys = mock_iova_to_phys,
	.put_resv_regions = generic_iommu_put_resv_regions,
#endif
	.probe_device = mock_probe_device,
	.release_device = mock_release_device,
	.device_group = mock_device_group,
	.get_resv_regions = mock_get_resv_regions,
	.def_domain_type = mock_def_domain_type,
};
#endif

static int mock_register(void)
{
	int ret = iommu_device_sysfs_add(&mock_iommu, NULL, NULL, "mock-iommu");

	if (ret)
		return ret;
#if !MODERN_DOMAINS
	mock_ops.pgsize_bitmap = page_sizes;
#endif
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 1, 0)
	ret = iommu_device_register(&mock_iommu, &mock_ops, NULL);
#else
	iommu_device_set_ops(&mock_iommu, &mock_ops);
	ret = iommu_device_register(&mock_iommu);
	if (!ret)
		ret = bus_set_iommu(&platform_bus_type, &mock_ops);
	if (!ret)
		ret = bus_set_iommu(&pci_bus_type, &mock_ops);
#endif
	return ret;
}

#if ISOLATED_MSI
static const struct irq_domain_ops mock_irq_ops = {};

static int mock_isolate(struct device *dev)
{
	static struct irq_domain *domain;

	if (!domain) {
		struct fwnode_handle *node = irq_domain_alloc_named_fwnode("mock-isolated");

		domain = node ? irq_domain_create_tree(node, &mock_irq_ops, NULL) : NULL;
		if (!domain)
			return -ENOMEM;
		domain->flags |= IRQ_DOMAIN_FLAG_ISOLATED_MSI;
	}
	dev_set_msi_domain(dev, domain);
	return 0;
}
#else
static int mock_isolate(struct device *dev)
{
	return 0;
}
#endif

/* Parameters */

static int mock_bad(const char *parameter, const char *word)
{
	pr_err("%s: '%s' is not understood\n", parameter, word);
	return -EINVAL;
}

/* The devices that @text names, separated by any character of @separators; @text is cut up. */
static int parse_devices(const char *parameter, char *text, const char *separators,
			 unsigned long *ret)
{
	unsigned int i;
	char *word;

	*ret = 0;
	while ((word = strsep(&text, separators))) {
		if (!strcmp(word, "all")) {
			*ret = all_devices();
			continue;
		}
		if (!strcmp(word, "none"))
			continue;
		for (i = 0; i < nr_devices; i++)
			if (!strcmp(word, devices[i].name))
				break;
		if (i == nr_devices)
			return mock_bad(parameter, word);
		__set_bit(i, ret);
	}
	return 0;
}

static int parse_list(const char *parameter, const char *value, unsigned long *ret)
{
	char *text = kstrdup(value, GFP_KERNEL);
	int err;

	if (!text)
		return -ENOMEM;
	err = parse_devices(parameter, text, ",", ret);
	kfree(text);
	return err;
}

static int parse_range(const char *parameter, char *text, u64 *first, u64 *last)
{
	char *word = strsep(&text, "-");

	if (!text || kstrtou64(word, 0, first) || kstrtou64(text, 0, last) || *last < *first)
		return mock_bad(parameter, text ? text : word);
	return 0;
}

static int parse_region(char *text)
{
	static const struct {
		const char *name;
		enum iommu_resv_type type;
	} types[] = {
		{ "direct", IOMMU_RESV_DIRECT },
		{ "direct-relaxable", IOMMU_RESV_DIRECT_RELAXABLE },
		{ "reserved", IOMMU_RESV_RESERVED },
		{ "msi", IOMMU_RESV_MSI },
	};
	struct mock_region *region = &regions[nr_regions];
	char *names = strsep(&text, "/"), *range = strsep(&text, "/");
	unsigned int i;
	int err;

	if (!text || nr_regions == MAX_REGIONS)
		return mock_bad("resv", names);
	err = parse_devices("resv", names, "+", &region->devices);
	if (!err)
		err = parse_range("resv", range, &region->first, &region->last);
	if (err)
		return err;
	for (i = 0; i < ARRAY_SIZE(types); i++)
		if (!strcmp(text, types[i].name))
			break;
	if (i == ARRAY_SIZE(types))
		return mock_bad("resv", text);
	region->type = types[i].type;
	nr_regions++;
	return 0;
}

static int parse_regions(const char *value)
{
	char *text, *rest, *word;
	int err = 0;

	if (!strcmp(value, "none"))
		return 0;
	text = kstrdup(value, GFP_KERNEL);
	if (!text)
		return -ENOMEM;
	rest = text;
	while (!err && (word = strsep(&rest, ",")))
		err = parse_region(word);
	kfree(text);
	return err;
}

/* A name with a colon is a PCI address; @seen_pci: a PCI device of this group comes before it. */
static int parse_member(const char *word, unsigned int group, bool *seen_pci)
{
	struct mock_device *device = &devices[nr_devices];
	unsigned int i;

	if (!*word || nr_devices == MAX_DEVICES || strscpy(device->name, word, NAME_SIZE) < 0)
		return mock_bad("groups", word);
	for (i = 0; i < nr_devices; i++)
		if (!strcmp(word, devices[i].name))
			return mock_bad("groups", word);
	device->index = nr_devices++;
	device->group = group;
	device->is_pci = strchr(word, ':');
	device->late = *seen_pci && !device->is_pci;
	*seen_pci |= device->is_pci;
	return 0;
}

static int parse_groups(const char *value)
{
	char *text = kstrdup(value, GFP_KERNEL), *rest = text, *members, *word;
	unsigned int group = 0;
	int err = 0;

	if (!text)
		return -ENOMEM;
	while (!err && (members = strsep(&rest, ","))) {
		bool seen_pci = false;

		while (!err && (word = strsep(&members, "+")))
			err = parse_member(word, group, &seen_pci);
		group++;
	}
	kfree(text);
	return err;
}

static int parse_aperture(const char *value)
{
	char *text = kstrdup(value, GFP_KERNEL);
	int err;

	if (!text)
		return -ENOMEM;
	err = parse_range("aperture", text, &aperture_first, &aperture_last);
	kfree(text);
	return err;
}

static int parse_parameters(void)
{
	int err;

	if (!groups)
		return mock_bad("groups", "");
	if (!page_sizes || page_sizes & (UNIT_SIZE - 1)) {
		pr_err("page_sizes: 0x%lx has no page size, or one below 4096\n", page_sizes);
		return -EINVAL;
	}
	err = parse_groups(groups);
	if (!err)
		err = parse_list("intr_remap", intr_remap, &remaps);
	if (!err)
		err = parse_list("isolated_msi", isolated_msi, &isolates);
	if (!err)
		err = parse_list("cache_coherency", cache_coherency, &coherent);
	if (!err)
		err = parse_list("enforce", enforce, &enforces);
	if (!err)
		err = parse_list("dirty", dirty, &tracks);
	if (!err)
		err = parse_list("compatible", compatible, &describes);
	if (!err)
		err = parse_regions(resv);
	if (!err)
		err = parse_aperture(aperture);
	return err;
}

/* Start */

static int prepare_pci(const struct mock_device *device)
{
	unsigned int domain, bus, slot, function;
	struct pci_dev *pdev = NULL;
	int err = 0;

	if (sscanf(device->name, "%x:%x:%x.%x", &domain, &bus, &slot, &function) == 4)
		pdev = pci_get_domain_bus_and_slot(domain, bus, PCI_DEVFN(slot, function));
	if (!pdev || strcmp(pci_name(pdev), device->name)) {
		pr_err("groups: no PCI device %s\n", device->name);
		err = -ENODEV;
	} else if (pdev->dev.iommu_group) {
		pr_err("groups: %s is behind another IOMMU\n", device->name);
		err = -EBUSY;
	} else if (test_bit(device->index, &isolates)) {
		err = mock_isolate(&pdev->dev);
	}
	pci_dev_put(pdev);
	return err;
}

/* Property of a software node: whoever asks the device finds it, as from a device tree. */
static int mock_describe(struct device *dev)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 13, 0)
	const struct property_entry properties[] = {
		PROPERTY_ENTRY_STRING("compatible", "vfiotool,mock"),
		{},
	};

	return device_create_managed_software_node(dev, properties, NULL);
#else
	return -EOPNOTSUPP;
#endif
}

static int create_platform(const struct mock_device *device)
{
	struct platform_device *pdev = platform_device_alloc(device->name, PLATFORM_DEVID_NONE);
	int err = 0;

	if (!pdev)
		return -ENOMEM;
	if (test_bit(device->index, &isolates))
		err = mock_isolate(&pdev->dev);
	if (!err && test_bit(device->index, &describes))
		err = mock_describe(&pdev->dev);
	if (!err)
		err = platform_device_add(pdev);
	if (err) {
		pr_err("groups: platform device %s: error %d\n", device->name, err);
		platform_device_put(pdev);
	}
	return err;
}

static int create_platforms(bool late)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < nr_devices && !err; i++)
		if (!devices[i].is_pci && devices[i].late == late)
			err = create_platform(&devices[i]);
	return err;
}

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
/* These kernels take one IOMMU driver for a bus. */
static int mock_only_iommu(void)
{
	if (!iommu_present(&pci_bus_type) && !iommu_present(&platform_bus_type))
		return 0;
	pr_err("another IOMMU is in use\n");
	return -EBUSY;
}
#else
static int mock_only_iommu(void)
{
	return 0;
}
#endif

/*
 * There is no way back once a device was probed, and no need for one: every check that can fail for
 * what the user wrote comes first, and nothing unloads the module.
 */
static int __init mock_init(void)
{
	unsigned int i;
	int err = parse_parameters();

	if (!err)
		err = mock_only_iommu();
	for (i = 0; i < nr_devices && !err; i++)
		if (devices[i].is_pci)
			err = prepare_pci(&devices[i]);
	if (err)
		return err;
	/* From here on the kernel may point into this module. */
	__module_get(THIS_MODULE);
	err = create_platforms(false);
	if (!err)
		err = mock_register();
	if (!err)
		err = create_platforms(true);
	if (err)
		pr_err("not usable, error %d\n", err);
	return 0;
}
module_init(mock_init);

MODULE_DESCRIPTION("Mock IOMMU for tests: groups, capabilities and reserved regions by parameter");
MODULE_LICENSE("GPL");
/* iova_bitmap_set() is the one symbol of it. */
#if ALLOC_BY_FLAGS
MODULE_IMPORT_NS("IOMMUFD");
#elif TRACKS_DIRTY
MODULE_IMPORT_NS(IOMMUFD);
#endif
