// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Breaks the runtime power management of one PCI device, as kernels and drivers have done: fault=never leaves it as one for
 * which it was never turned on, fault=off turns it off in the state that it is in, fault=error has its last change of
 * state fail. Stays until the guest ends.
 */
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/pm_runtime.h>

static char *device;
module_param(device, charp, 0444);
static char *fault = "never";
module_param(fault, charp, 0444);

static int make_fault(struct device *dev)
{
	if (!strcmp(fault, "error")) {
		dev->power.runtime_error = -EIO;
		return 0;
	}
	if (strcmp(fault, "never") && strcmp(fault, "off"))
		return -EINVAL;
	pm_runtime_disable(dev);
	if (!strcmp(fault, "never")) {
		pm_runtime_set_suspended(dev);
		dev->power.active_time = 0;
		dev->power.suspended_time = 0;
	}
	return 0;
}

static int __init power_fault_init(void)
{
	unsigned int domain, bus, slot, function;
	struct pci_dev *pdev;
	int ret;

	if (!device || sscanf(device, "%x:%x:%x.%x", &domain, &bus, &slot, &function) != 4)
		return -EINVAL;
	pdev = pci_get_domain_bus_and_slot(domain, bus, PCI_DEVFN(slot, function));
	if (!pdev)
		return -ENODEV;
	ret = make_fault(&pdev->dev);
	pci_dev_put(pdev);
	return ret;
}
module_init(power_fault_init);

MODULE_DESCRIPTION("faults of runtime power management");
MODULE_LICENSE("GPL");
