// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A variant driver of VFIO for QEMU's e1000e, as vendors have them for cards of theirs: an alias in the name space of
 * VFIO, all the work left to vfio-pci-core. With refuse=1 its probe says ENODEV, as a variant does that finds the card's
 * firmware without what it is there for. Kernels 6.1 to 6.12.
 */
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/version.h>
#include <linux/vfio.h>
#include <linux/vfio_pci_core.h>
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
#include <linux/iommufd.h>
#endif

static bool refuse;
module_param(refuse, bool, 0644);

static int variant_open(struct vfio_device *device)
{
	struct vfio_pci_core_device *core = container_of(device, struct vfio_pci_core_device, vdev);
	int ret = vfio_pci_core_enable(core);

	if (!ret)
		vfio_pci_core_finish_enable(core);
	return ret;
}

static const struct vfio_device_ops variant_ops = {
	.name = "variant-vfio-pci",
	.init = vfio_pci_core_init_dev,
	.release = vfio_pci_core_release_dev,
	.open_device = variant_open,
	.close_device = vfio_pci_core_close_device,
	.ioctl = vfio_pci_core_ioctl,
	.device_feature = vfio_pci_core_ioctl_feature,
	.read = vfio_pci_core_read,
	.write = vfio_pci_core_write,
	.mmap = vfio_pci_core_mmap,
	.request = vfio_pci_core_request,
	.match = vfio_pci_core_match,
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
	.bind_iommufd = vfio_iommufd_physical_bind,
	.unbind_iommufd = vfio_iommufd_physical_unbind,
	.attach_ioas = vfio_iommufd_physical_attach_ioas,
	.detach_ioas = vfio_iommufd_physical_detach_ioas,
#endif
};

static int variant_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct vfio_pci_core_device *core;
	int ret;

	if (refuse)
		return -ENODEV;
	core = vfio_alloc_device(vfio_pci_core_device, vdev, &pdev->dev, &variant_ops);
	if (IS_ERR(core))
		return PTR_ERR(core);
	dev_set_drvdata(&pdev->dev, core);
	ret = vfio_pci_core_register_device(core);
	if (ret)
		vfio_put_device(&core->vdev);
	return ret;
}

static void variant_remove(struct pci_dev *pdev)
{
	struct vfio_pci_core_device *core = dev_get_drvdata(&pdev->dev);

	vfio_pci_core_unregister_device(core);
	vfio_put_device(&core->vdev);
}

static const struct pci_device_id variant_ids[] = {
	{ PCI_DRIVER_OVERRIDE_DEVICE_VFIO(PCI_VENDOR_ID_INTEL, 0x10d3) }, {}
};
MODULE_DEVICE_TABLE(pci, variant_ids);

static struct pci_driver variant_driver = {
	.name = KBUILD_MODNAME,
	.id_table = variant_ids,
	.probe = variant_probe,
	.remove = variant_remove,
	.err_handler = &vfio_pci_core_err_handlers,
	.driver_managed_dma = true,
};
module_pci_driver(variant_driver);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("variant of vfio-pci for the tests of vfiotool");
