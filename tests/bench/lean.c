/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The least that a list of devices costs: a loop that reads the uevent and two links of each PCI device.
 *
 *     lean DIRECTORY [config]
 *
 * DIRECTORY holds sys. With 'config' it reads the configuration space too, but of no device that sleeps: that would wake it.
 * Prints how many devices there were. */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char path[PATH_MAX], buffer[PATH_MAX];

static bool read_file(int dir, const char *device, const char *name)
{
	snprintf(path, sizeof(path), "%s/%s", device, name);
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	bool ret = fd >= 0 && read(fd, buffer, sizeof(buffer)) > 0;

	if (fd >= 0)
		close(fd);
	return ret;
}

static bool read_link(int dir, const char *device, const char *name)
{
	snprintf(path, sizeof(path), "%s/%s", device, name);
	return readlinkat(dir, path, buffer, sizeof(buffer)) > 0;
}

static bool sleeps(int dir, const char *device)
{
	return read_file(dir, device, "power_state") && !strncmp(buffer, "D3", 2);
}

int main(int argc, char **argv)
{
	const struct dirent *entry;
	unsigned int nr = 0;
	DIR *dir;

	if (argc < 2) {
		fprintf(stderr, "usage: lean DIRECTORY [config]\n");
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
		bool all = read_file(dirfd(dir), entry->d_name, "uevent");
		all |= read_link(dirfd(dir), entry->d_name, "driver");
		all |= read_link(dirfd(dir), entry->d_name, "iommu_group");
		if (argc > 2 && !sleeps(dirfd(dir), entry->d_name))
			all |= read_file(dirfd(dir), entry->d_name, "config");
		nr += all;
	}
	closedir(dir);
	printf("%u\n", nr);
	return 0;
}
