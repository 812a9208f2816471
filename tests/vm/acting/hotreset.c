/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hotreset GROUP DEVICE: asks the kernel for a hot reset with that one group, whoever else is hit. Prints
 * the errno, or ok; shares no code with the tool. */
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

struct request {
	struct vfio_pci_hot_reset head;
	int group;
};

int main(int argc, char **argv)
{
	struct request request = { .head = { .argsz = sizeof(request), .count = 1 } };
	int container = open("/dev/vfio/vfio", O_RDWR), device;
	char path[64];

	if (argc != 3 || container < 0)
		return 64;
	snprintf(path, sizeof(path), "/dev/vfio/%s", argv[1]);
	request.group = open(path, O_RDWR);
	if (request.group < 0 || ioctl(request.group, VFIO_GROUP_SET_CONTAINER, &container) ||
	    ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU)) {
		printf("%s: %s\n", path, strerrorname_np(errno));
		return 1;
	}
	device = ioctl(request.group, VFIO_GROUP_GET_DEVICE_FD, argv[2]);
	if (device < 0) {
		printf("%s: %s\n", argv[2], strerrorname_np(errno));
		return 1;
	}
	if (ioctl(device, VFIO_DEVICE_PCI_HOT_RESET, &request)) {
		printf("%s\n", strerrorname_np(errno));
		return 2;
	}
	puts("ok");
	return 0;
}
