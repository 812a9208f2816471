/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of this layer share while they load a snapshot. Nothing outside facts/ includes it. */
#pragma once

#include "base/parse.h"
#include "base/strbuf.h"
#include "base/strmap.h"
#include "decode/uevent.h"
#include "facts/load.h"

/* A device or group in the making, with what is still wanted of it. */
struct device_slot {
	struct device dev;       /* first: a slot is its device */
	unsigned int wanted;     /* enum device_part */
	struct iommu_unit *unit; /* that lists it; looked for where the load is frugal */
	const char *bound;       /* driver that lists it; looked for where the load is frugal */
	bool listed;             /* by its bus, so that the lists of the units know it too */
	bool seed;               /* asked for, not only met as a neighbour of another device */
	bool queued;
	bool physical;    /* a virtual function of it was met */
	bool power_asked; /* of a virtual function of it */
};

struct group_slot {
	struct group group;        /* first */
	bool wanted;               /* has a seed: its members and attributes are read */
	struct iommu_unit *mirror; /* serves it, and names all that could be members */
	size_t room;
};

/* What is in a directory of nodes. */
struct node_names {
	struct fact list;
	struct strmap set;
};

struct loader {
	struct sysroot *root;
	struct arena *a; /* the snapshot's */
	struct host *h;
	struct scope scope;
	bool all; /* no targets: everything that could matter */
	/* Frugal, and every IOMMU has listed its devices: these lists are the mirror of the devices'
	 * own links. linux: drivers/iommu/iommu-sysfs.c: iommu_device_link(). */
	bool mirrored;
	size_t nr_served; /* PCI devices that a unit lists, when frugal */
	struct failure **reterr;
	struct strmap pci;    /* NAME -> device_slot */
	struct strmap others; /* "BUS/NAME" -> device_slot, of other buses */
	struct strmap groups; /* number -> group_slot */
	struct strmap units;  /* name -> iommu_unit */
	struct device_slot **slots;
	size_t nr_slots;
	struct device_slot **queue;
	size_t nr_queue, next;
	struct group_slot **group_slots;
	size_t nr_group_slots;
	struct node_names vfio_names, cdev_names; /* of /dev/vfio and /dev/vfio/devices */
	bool some_node;                           /* a group or cdev node exists */
	struct strmap vfio_owners; /* device -> its one of host.vfio_class; filled where frugal */
	struct module_library *modules; /* see module.c; NULL until used */
	unsigned int place_depth;       /* bridges above that are being read */
	struct fact driverctl, rules;   /* lists of persist.c; UNREAD until used */
};

/* ---- names and facts ---- */

static inline struct span fact_describe(const struct fact *f)
{
	return f->raw ? (struct span){ f->raw, f->len } : (struct span){ "", 0 };
}

/* A present fact whose text was taken out of the one that @path names. */
struct fact fact_derived(struct arena *a, const char *path, struct span text);
/* What follows the last slash. Borrowed from @path. */
struct span path_base(struct span path);
/* The path below the root that the relative link @target in directory @dir leads to, without links
 * resolved; NULL when it climbs out. In @a. */
char *path_join(struct arena *a, const char *dir, struct span target);
/* The name that bus_from_name() knows, static, or a copy of @name in @a. */
const char *bus_name_keep(struct arena *a, const char *name);
/* Whether @name may be a file name: not empty, no slash, no "." and "..". A capture may say anything. */
bool name_is_file(struct span name);
/* sysroot_read() and its sisters on "DIRECTORY/NAME"; @dir is absolute or relative to the root. */
struct fact read_at(struct loader *l, const char *dir, const char *name);
/* Of an attribute that is read with the device locked: sysroot_read_locked(). */
struct fact read_locked_at(struct loader *l, const char *dir, const char *name);
/* The uevent of the device @dir. Where the kernel has the device locked, the same values from other
 * attributes, and *@ret_locked is set. */
struct fact read_uevent_at(struct loader *l, const char *dir, bool *ret_locked);
struct fact read_link_at(struct loader *l, const char *dir, const char *name);
struct fact list_at(struct loader *l, const char *dir, const char *name);
struct fact stat_at(struct loader *l, const char *dir, const char *name);

/* ---- devices, groups, units (device.c, group.c, iommu.c) ---- */

/* The device, new or known, with @parts wanted of it. */
struct device_slot *device_want(struct loader *l, const char *bus_name, struct span name,
				unsigned int parts, bool seed);
/* The same by a path in sysfs below the root, its links not resolved ("sys/devices/platform/x"): the
 * subsystem link names the bus. NULL when there is none. */
struct device_slot *device_want_path(struct loader *l, const char *path, struct span name,
				     unsigned int parts, bool seed);
/* The ids of the PCI device below @dir, of its uevent; or, where nobody read that, of the attributes that what was pasted of a
 * host has, then maybe without a subsystem. False when they are not known. */
bool device_read_ids(struct loader *l, const char *dir, const struct fact *uevent,
		     struct uevent_pci *ret, bool *ret_lacks);
/* Reads what is wanted of every queued device; reading queues more. */
void devices_load(struct loader *l);
/* Where the load is frugal: counts the virtual functions of each physical function. */
void functions_load(struct loader *l);

/* Runtime power management of @d (power.c). */
void power_load(struct loader *l, struct device *d);
/* The same where the load is frugal: of few devices all are asked, of many first those that most likely have it
 * off, which are virtual functions and what is on a VFIO driver. */
void powers_load(struct loader *l);

/* BARs, link, abilities, and what else describes the hardware of @d (hardware.c). */
void hardware_load(struct loader *l, struct device *d);

/* What notices look at (notice.c). */
void notice_load_device(struct loader *l, struct device *d);
void notice_load_host(struct loader *l);

/* Reads what @d is given at each boot (persist.c). */
void persist_load(struct loader *l, struct device *d);

/* Reads where @d is and what grouping asks of it (place.c); wants the same of the bridge above. */
void place_load(struct loader *l, struct device *d);
/* A file of a configuration space; its header, and a byte more when there is one, was read at once. */
struct config_file {
	int fd;
	uint8_t start[PCIGROUP_HEADER + 1];
	size_t nr_start;
};

/* A reader of registers for decode/; @ctx is a struct config_file. */
bool config_read_register(void *ctx, size_t offset, unsigned int width, uint32_t *ret);
/* Reads the start of @file; the bytes that can be read: 64, 256 or 4096. */
size_t config_read_start(struct config_file *file);
void slots_load(struct loader *l);

struct group_slot *group_want(struct loader *l, unsigned int id);
bool group_is_wanted(struct loader *l, unsigned int id);
/* Queues the members of a group as its list names them. */
void group_load_members(struct loader *l, struct group_slot *g, unsigned int parts, bool seed);
void groups_load(struct loader *l);

struct iommu_unit *unit_want(struct loader *l, struct span name);
void units_load(struct loader *l);

/* ---- what to load (seed.c, resolve.c) ---- */

/* Queues everything that could matter to VFIO. A negative errno when this is not a host. */
int enumerate_all(struct loader *l);
/* Queues the members of the groups that no device loaded so far led to. */
void enumerate_groups(struct loader *l);
/* Queues what one target names. */
int enumerate_target(struct loader *l, const struct target *t);

/* ---- the rest of the host ---- */

void node_load(struct loader *l, struct node *n, const char *path);
/* Whether @names, the list of @dir, has @name; reads the list the first time. */
bool node_is_listed(struct loader *l, const char *dir, const char *name, struct node_names *names);
/* As node_load() of @name in @dir, but asks @names, the list of the directory, before the node itself
 * where the whole host is loaded. */
void node_load_listed(struct loader *l, struct node *n, const char *dir, const char *name,
		      struct node_names *names);
/* Finds out who holds the nodes that exist; one look through all processes. */
void holders_load(struct loader *l);
void kernel_load(struct loader *l);
void modules_load(struct loader *l);
/* The answer of the module tables to a device's VFIO alias. */
struct fact module_vfio_alias(struct loader *l, struct span modalias);
void module_library_free(struct module_library *lib);
void params_load(struct loader *l);
void symbols_load(struct loader *l);
/* Whether a kernel message says something about remapping or isolation. */
bool message_matters(const char *message);
void interrupts_load(struct loader *l);
void firmware_load(struct loader *l);
void arm_load(struct loader *l);
void caller_load(struct loader *l);
void in_use_load(struct loader *l);
void boot_load(struct loader *l);
/* What only check looks at; @unit is the name of a unit of systemd, or NULL (setup.c). */
void setup_load(struct loader *l, const char *unit);
