// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Has the kernel take one PCI device for another: the vendor and device id by which drivers know it. For devices that no
 * emulator has. Load it before a driver takes the device. Stays until the guest ends.
 */
#include <linux/module.h>
#include <linux/pci.h>

static char *device;
module_param(device, charp, 0444);
static ushort vendor, id;
module_param(vendor, ushort, 0444);
module_param(id, ushort, 0444);

static int __init other_ids_init(void)
{
	unsigned int domain, bus, slot, function;
	struct pci_dev *pdev;

	if (!device || sscanf(device, "%x:%x:%x.%x", &domain, &bus, &slot, &function) != 4)
		return -EINVAL;
	pdev = pci_get_domain_bus_and_slot(domain, bus, PCI_DEVFN(slot, function));
	if (!pdev)
		return -ENODEV;
	pdev->vendor = vendor;
	pdev->device = id;
	pci_dev_put(pdev);
	return 0;
}
module_init(other_ids_init);

MODULE_DESCRIPTION("a PCI device with the ids of another");
MODULE_LICENSE("GPL");
