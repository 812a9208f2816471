/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Devices, their drivers and groups, as sysfs has them. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "prober.h"

static const char *const other_buses[] = { "platform", "mdev" };

/* The bus that stands before the first colon of @device; what follows is its name there. */
const char *bus_of(const char *device)
{
	size_t len = strcspn(device, ":");

	for (size_t i = 0; i < sizeof(other_buses) / sizeof(*other_buses); i++)
		if (strlen(other_buses[i]) == len && !strncmp(device, other_buses[i], len))
			return other_buses[i];
	return "pci";
}

const char *name_of(const char *device)
{
	const char *bus = bus_of(device);

	return strcmp(bus, "pci") ? device + strlen(bus) + 1 : device;
}

void device_path(char *ret, size_t size, const char *device, const char *rest)
{
	snprintf(ret, size, "/sys/bus/%s/devices/%s/%s", bus_of(device), name_of(device), rest);
}

/* The last part of where a link below the device leads; empty when there is no link. */
void device_link(char *ret, size_t size, const char *device, const char *link)
{
	char path[512], target[PATH_MAX];

	device_path(path, sizeof(path), device, link);
	ssize_t len = readlink(path, target, sizeof(target) - 1);
	if (len < 0) {
		ret[0] = '\0';
		return;
	}
	target[len] = '\0';
	const char *slash = strrchr(target, '/');
	const char *last = slash ? slash + 1 : target;
	if (strlen(last) >= size)
		stop("%s: a name of %zu bytes", path, strlen(last));
	strcpy(ret, last);
}

static int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return errno;
	int error = write(fd, text, strlen(text)) < 0 ? errno : 0;
	close(fd);
	return error;
}

/* Header type of a PCI device without the multifunction bit; -1 when it is no PCI device. */
static int header_type(const char *device)
{
	char path[512];
	unsigned char byte;

	device_path(path, sizeof(path), device, "config");
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	ssize_t len = pread(fd, &byte, 1, 0x0e);
	close(fd);
	return len == 1 ? byte & 0x7f : -1;
}

bool unbind_device(const char *device, bool tell)
{
	char path[512], driver[128];
	int error;

	device_link(driver, sizeof(driver), device, "driver");
	if (!driver[0])
		return true;
	device_path(path, sizeof(path), device, "driver/unbind");
	error = write_text(path, name_of(device));
	if (tell || error)
		return step("UNBIND", error, 0, ",\"device\":\"%s\",\"driver\":\"%s\"", device,
			    driver);
	return true;
}

/* Gives @device to @driver by driver_override and bind, then looks what became of it. */
bool bind_device(const char *device, const char *driver)
{
	char path[512], now[128];
	int error;

	device_link(now, sizeof(now), device, "driver");
	if (!strcmp(now, driver))
		return step("BIND", 0, 0, ",\"device\":\"%s\",\"driver\":\"%s\",\"already\":true",
			    device, now);
	device_path(path, sizeof(path), device, "driver_override");
	error = write_text(path, driver);
	if (error)
		return step("DRIVER_OVERRIDE", error, 0, ",\"device\":\"%s\"", device);
	if (!unbind_device(device, false))
		return false;
	snprintf(path, sizeof(path), "/sys/bus/%s/drivers/%s/bind", bus_of(device), driver);
	error = write_text(path, name_of(device));
	device_link(now, sizeof(now), device, "driver");
	/* A write that succeeds and leaves no driver is a refusal too, without a number to name it. */
	if (!error && strcmp(now, driver))
		error = ENXIO;
	return step("BIND", error, 0, ",\"device\":\"%s\",\"driver\":\"%s\"", device, now);
}

static int compare_names(const void *one, const void *other)
{
	return strcmp(one, other);
}

/* What a driver refuses goes back to the driver it had: nobody who binds a group wants to lose a device. */
static void bind_member(const char *device, const char *driver)
{
	char path[512], before[128];

	device_link(before, sizeof(before), device, "driver");
	if (bind_device(device, driver) || !before[0] || !strcmp(before, driver))
		return;
	device_path(path, sizeof(path), device, "driver_override");
	write_text(path, "\n");
	snprintf(path, sizeof(path), "/sys/bus/%s/drivers/%s/bind", bus_of(device), before);
	step("BIND", write_text(path, name_of(device)), 0, ",\"device\":\"%s\",\"driver\":\"%s\"",
	     device, before);
}

/* Binds the device first and then every other endpoint of its group; the device's own answer is the answer. */
int run_bind_group(const struct request *request, const char *driver)
{
	char group[64], path[512], names[64][64];
	unsigned nr = 0;
	struct dirent *entry;

	bool yes = bind_device(request->device, driver);
	const char *op = last_op;
	int error = last_error;
	device_link(group, sizeof(group), request->device, "iommu_group");
	snprintf(path, sizeof(path), "/sys/kernel/iommu_groups/%s/devices", group);
	DIR *folder = group[0] && yes ? opendir(path) : NULL;
	while (folder && (entry = readdir(folder)) && nr < 64) {
		/* Only PCI endpoints: a bridge cannot be bound, and what is on other buses has no driver here. */
		if (entry->d_name[0] != '.' && strlen(entry->d_name) < sizeof(names[0]) &&
		    strcmp(entry->d_name, name_of(request->device)) &&
		    header_type(entry->d_name) == 0)
			strcpy(names[nr++], entry->d_name);
	}
	if (folder)
		closedir(folder);
	qsort(names, nr, sizeof(names[0]), compare_names);
	for (unsigned i = 0; i < nr; i++)
		bind_member(names[i], driver);
	last_op = op;
	last_error = error;
	return finish(yes);
}
