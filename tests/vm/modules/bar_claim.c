// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Claims the first half of a memory BAR of a PCI device, under a name of our choice: as the frame buffer of the boot does, which
 * the kernels of the rig, started without firmware, do not have. Stays until the module is unloaded.
 */
#include <linux/ioport.h>
#include <linux/module.h>
#include <linux/pci.h>

static char *device;
module_param(device, charp, 0444);
static char *name = "BOOTFB";
module_param(name, charp, 0444);
static int bar;
module_param(bar, int, 0444);

static resource_size_t start, size;

static int __init bar_claim_init(void)
{
	unsigned int domain, bus, slot, function;
	struct pci_dev *pdev;

	if (!device || bar < 0 || bar > 5 ||
	    sscanf(device, "%x:%x:%x.%x", &domain, &bus, &slot, &function) != 4)
		return -EINVAL;
	pdev = pci_get_domain_bus_and_slot(domain, bus, PCI_DEVFN(slot, function));
	if (!pdev)
		return -ENODEV;
	start = pci_resource_start(pdev, bar);
	size = pci_resource_len(pdev, bar) / 2;
	pci_dev_put(pdev);
	return start && size && request_mem_region(start, size, name) ? 0 : -EBUSY;
}
module_init(bar_claim_init);

static void __exit bar_claim_exit(void)
{
	release_mem_region(start, size);
}
module_exit(bar_claim_exit);

MODULE_DESCRIPTION("holds memory of a device");
MODULE_LICENSE("GPL");
