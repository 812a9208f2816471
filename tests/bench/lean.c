/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The least that a list of devices costs: a loop that reads the uevent and two links of each PCI device.
 *
 *     lean DIRECTORY
 *
 * DIRECTORY holds sys. Prints how many devices there were. */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	static char path[PATH_MAX], buffer[PATH_MAX];
	const struct dirent *entry;
	unsigned int nr = 0;
	DIR *dir;

	if (argc != 2) {
		fprintf(stderr, "usage: lean DIRECTORY\n");
		return 64;
	}
	snprintf(path, sizeof(path), "%s/sys/bus/pci/devices", argv[1]);
	dir = opendir(path);
	if (!dir) {
		perror(path);
		return 1;
	}
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/uevent", entry->d_name);
		int fd = openat(dirfd(dir), path, O_RDONLY | O_CLOEXEC);
		bool all = fd >= 0 && read(fd, buffer, sizeof(buffer)) > 0;
		if (fd >= 0)
			close(fd);
		snprintf(path, sizeof(path), "%s/driver", entry->d_name);
		all |= readlinkat(dirfd(dir), path, buffer, sizeof(buffer)) > 0;
		snprintf(path, sizeof(path), "%s/iommu_group", entry->d_name);
		all |= readlinkat(dirfd(dir), path, buffer, sizeof(buffer)) > 0;
		nr += all;
	}
	closedir(dir);
	printf("%u\n", nr);
	return 0;
}
