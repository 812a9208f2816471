/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of a watch share. Nothing outside facts/ includes it. */
#pragma once

#include "facts/watch.h"

struct udev;
struct udev_monitor;

enum { WATCH_MONITORS = 2 };

/* What was known of a device before the event: the event of a device that is gone says little about it. */
struct capability_answer {
	char *bus, *name;
	char cdev[24];
	bool passed; /* once since all told that it went: its group may go a moment later */
	/* As each monitor has told: udev's events are about what the kernel's told before. */
	struct {
		char group[12], driver[64];
		bool gone;
	} told[WATCH_MONITORS];
};

struct watch {
	struct sysroot *root;
	struct udev *udev;
	struct udev_monitor *monitors[WATCH_MONITORS];
	const char *names[WATCH_MONITORS];
	size_t nr_monitors;
	int inotify;
	int dev, vfio, cdevs; /* watches of inotify; negative: none */
	struct capability_answer *known;
	size_t nr_known;
	unsigned int *groups; /* sorted */
	size_t nr_groups;
};
