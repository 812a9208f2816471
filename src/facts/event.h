/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Something that came, went or changed on a host, as a report shows it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "facts/host.h"

struct host_event {
	uint64_t time_us;   /* since 1970, when it was received */
	const char *source; /* "udev" "kernel", or "nodes" for what was seen in /dev or sysfs */
	const char *action; /* "add" "remove" "bind" "unbind" "change" "move" "lost" ... */
	const char *object; /* "device" "driver" "module" "group" "node" "events" */
	const char *name;   /* "0000:01:00.0", "vfio-pci", "12", "/dev/vfio/12" */
	const char *bus;    /* of a device or driver, or NULL */
	const char *driver; /* of a device: the one it has, or had; or NULL */
	const char *group;  /* number, of a device, a group or its node; or NULL */
	const char *device; /* of a node that is one device's: its name; or NULL */
	bool has_ids;
	uint16_t vendor, device_id;
	uint32_t class_code; /* 0: the event has none */
	bool has_mode;       /* of a node */
	unsigned int mode, uid, gid;
	uint64_t seqnum; /* the kernel's number of the event; 0: none */
};
