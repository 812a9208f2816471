/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of a watch share. Nothing outside facts/ includes it. */
#pragma once

#include "facts/watch.h"

struct udev;
struct udev_monitor;

/* What was known of a device before the event: an event of a device that is gone tells little. */
struct known {
	char *bus, *name;
	char group[12], driver[64], cdev[24];
};

struct watch {
	struct sysroot *root;
	struct udev *udev;
	struct udev_monitor *monitors[2];
	const char *names[2];
	size_t nr_monitors;
	int inotify;
	int dev, vfio, cdevs; /* watches of inotify; negative: none */
	struct known *known;
	size_t nr_known;
	unsigned int *groups; /* sorted */
	size_t nr_groups;
};
