/* SPDX-License-Identifier: GPL-2.0-or-later */
/* linear NAME SECTORS DEVICE: a device-mapper volume over the start of a disk; linear NAME: takes it away.
 * linux: Documentation/admin-guide/device-mapper/linear.rst. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include <linux/dm-ioctl.h>

static struct {
	struct dm_ioctl head;
	struct dm_target_spec target;
	char text[256];
} request;

static int ask(int fd, unsigned long what, const char *name)
{
	memcpy(request.head.version, (__u32[]){ 4, 0, 0 }, sizeof(request.head.version));
	request.head.data_size = sizeof(request);
	request.head.data_start = sizeof(request.head);
	snprintf(request.head.name, sizeof(request.head.name), "%s", name);
	if (ioctl(fd, what, &request) == 0)
		return 0;
	perror(name);
	return 1;
}

int main(int argc, char **argv)
{
	int fd = open("/dev/mapper/control", O_RDWR | O_CLOEXEC);

	if (fd < 0) {
		perror("/dev/mapper/control");
		return 1;
	}
	if (argc == 2)
		return ask(fd, DM_DEV_REMOVE, argv[1]);
	if (argc != 4 || ask(fd, DM_DEV_CREATE, argv[1]))
		return 1;
	memset(&request, 0, sizeof(request));
	request.head.target_count = 1;
	request.target.length = strtoull(argv[2], NULL, 10);
	strcpy(request.target.target_type, "linear");
	snprintf(request.text, sizeof(request.text), "%s 0", argv[3]);
	request.target.next = sizeof(request.target) + sizeof(request.text);
	if (ask(fd, DM_TABLE_LOAD, argv[1]))
		return 1;
	memset(&request, 0, sizeof(request));
	return ask(fd, DM_DEV_SUSPEND, argv[1]);
}
