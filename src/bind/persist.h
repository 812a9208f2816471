/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A driver kept after a reboot, in a format of the host's tools: driverctl's directory if driverctl is
 * installed, else a udev rule and a line for modprobe. Both match one address and one identity: another
 * device at the address keeps its driver. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/failure.h"

struct persist_request {
	const char *bus, *name, *driver;
	/* of the driver that it has without this, or NULL: to be loaded later */
	const char *module;
	bool has_ids; /* of a PCI device: the four below */
	uint16_t vendor, device, subvendor, subdevice;
	const char *modalias; /* of any other: tells it from another */
	const char *tool;     /* absolute path of vfiotool, or NULL */
	bool driverctl;       /* is installed */
	bool dracut;          /* makes the initramfs */
};

struct persist_file {
	const char *path; /* below the root: "etc/udev/rules.d/..." */
	const char *text;
};

/* The files that keep @q, in the order in which they are to be written; strings in @a. 0, or -EINVAL
 * when the name of the device or a driver cannot stand in a rule (STATUS_USAGE), -ENODATA when
 * nothing tells the device from another. Pure. */
int persist_make(const struct persist_request *q, struct arena *a, struct persist_file **ret,
		 size_t *ret_nr, struct failure **reterr);
/* Whether the program at absolute @path, and each folder on the way to it, is root's alone to change: a rule has root
 * run it at each boot. 0, or -EPERM with who else may in @reterr, or the negative errno of what could not be
 * looked at. */
int persist_check_tool(int root_fd, const char *path, struct failure **reterr);
/* Whether driverctl is there, below @root_fd. */
bool persist_has_driverctl(int root_fd);
/* "dracut", "initramfs-tools" or NULL: what makes the initramfs here. Static. */
const char *persist_initramfs(int root_fd);
/* Whether persist_write() would find a file of another program at the path of one of @files: -EEXIST, else 0. */
int persist_check(int root_fd, const struct persist_file *files, size_t nr,
		  struct failure **reterr);
/* Writes all of @files, each atomically and to disk; replaces files of an earlier call. When one fails, those
 * written are removed. 0; -EEXIST when another program already keeps the device with driverctl; or a negative
 * errno. */
int persist_write(int root_fd, const struct persist_file *files, size_t nr,
		  struct failure **reterr);
/* The files of persist_write() for the device: paths below the root in *@ret, of @a, in the order of removal. 0, also
 * when there are none, or the negative errno of a file that could not be read. */
int persist_find(int root_fd, const char *bus, const char *name, struct arena *a, const char ***ret,
		 size_t *ret_nr, struct failure **reterr);
/* Whether no such device is there, below @root_fd. */
bool persist_is_gone(int root_fd, const char *bus, const char *name, struct arena *a);
/* Removes what persist_find() finds, and nothing else. */
int persist_remove(int root_fd, const char *bus, const char *name, struct arena *a,
		   const char ***ret, size_t *ret_nr, struct failure **reterr);
