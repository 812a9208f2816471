/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What people paste of a host, mixed in one text: lspci in its forms, loops over the IOMMU groups, lines of the kernel log,
 * uname, lsmod, ls -l /dev/vfio. Each line stands for what it says and for nothing else: what was not pasted is not known.
 * Only a whole listing says what is not there. The text is hostile: everything has a limit. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/parse.h"
#include "base/strbuf.h"
#include "base/strmap.h"
#include "decode/pcigroup.h"

enum {
	PASTE_DEVICES_MAX = 1 << 16,
	PASTE_LOG_MAX = 1 << 20,
	PASTE_CONFIG_MAX = 4096,
};

/* What a text had, for those who want to know what is missing. */
enum paste_part {
	PASTE_LSPCI = 1 << 0,
	PASTE_IDS = 1 << 1,     /* lspci -nn or -n */
	PASTE_DRIVERS = 1 << 2, /* lspci -k */
	PASTE_VERBOSE = 1 << 3, /* lspci -v */
	PASTE_CONFIG = 1 << 4,  /* lspci -xxxx, or -vvv as root */
	PASTE_TREE = 1 << 5,    /* lspci -t */
	PASTE_GROUPS = 1 << 6,
	PASTE_LOG = 1 << 7,
	PASTE_CMDLINE = 1 << 8,
	PASTE_RELEASE = 1 << 9,
	PASTE_MODULES = 1 << 10,
	PASTE_NODES = 1 << 11,
	PASTE_WHOLE = 1 << 12,   /* lspci of all devices, nothing filtered out */
	PASTE_MEMBERS = 1 << 13, /* a list of groups, not only the numbers of devices */
};

enum paste_told { PASTE_UNTOLD = 0, PASTE_NO, PASTE_YES };

struct paste_device {
	const char *name; /* "0000:01:00.0" */
	uint32_t domain;
	uint8_t bus, devfn;
	bool listed; /* by lspci */
	bool has_ids, has_class, has_interface, has_subsystem, has_group, has_numa;
	uint16_t vendor, device, subvendor, subdevice;
	uint32_t class_code; /* 24 bits; the last 8 are 0 without has_interface */
	uint32_t group;
	int32_t numa;
	enum paste_told driver_told, bridge; /* bridge: its header is one */
	const char *driver;
	struct paste_block *block; /* the lspci listing that it is in */
	/* Of the text of -vv: secondary bus, PCI Express type, slot, ACS. */
	struct pcigroup config;
	bool caps_denied, has_caps;
	bool has_above; /* -t shows what is above: a bridge, or nothing */
	const struct paste_device *above;
	uint8_t *bytes;  /* of -x; NULL: none */
	size_t nr_bytes; /* without a gap from the start */
};

/* One listing of lspci: what one of its lines says of the options that it was asked with. */
struct paste_block {
	bool drivers, verbose, groups;
};

struct paste_node {
	const char *name; /* below /dev/vfio */
	bool known; /* the numbers below; owners with other names than root have unknown ones */
	unsigned int mode, uid, gid, major, minor;
};

struct paste {
	struct arena *arena;
	unsigned int parts;            /* enum paste_part */
	struct paste_device **devices; /* in the order met */
	size_t nr_devices;
	struct strmap by_name, modules; /* modules: names of those loaded */
	struct strmap bridges;          /* by the bus behind them; after paste_end() */
	const char *release, *cmdline, *machine;
	struct strbuf log;
	struct paste_node *nodes;
	size_t nr_nodes;
	bool nodes_listed; /* all of /dev/vfio */
	size_t nr_lines, nr_understood;
	/* Where the text is. */
	struct paste_device *current; /* that indented lines are about */
	struct paste_block *block;
	enum { IN_NOTHING = 0, IN_GROUP, IN_MODULES, IN_NODES, IN_RECORD, IN_TREE } in;
	bool wants_cmdline, wants_release; /* a prompt asked for it */
	bool cut, groups_cut;              /* by grep: such listings have holes */
	uint32_t group;
	struct paste_column *columns; /* of a tree */
	uint32_t tree_domain;
};

/* An empty one, in @a. */
struct paste *paste_new(struct arena *a);
/* Takes the next line, without its newline. Whether it was understood. */
bool paste_line(struct paste *p, struct span line);
/* After the last line: what only all of them say together. */
void paste_end(struct paste *p);
/* The bridge behind which @d is, by the lines of lspci -v; NULL when none says so. After paste_end(). */
const struct paste_device *paste_bridge_of(const struct paste *p, const struct paste_device *d);

/* ---- between the files of the parser ---- */

/* The device at @address, new or known; NULL when there are too many. */
struct paste_device *paste_device(struct paste *p, struct span address);
/* A line of lspci that begins with an address, or is indented below one. */
bool paste_lspci(struct paste *p, struct span line);
/* "[8086:1521]" or "8086:1521" at the start of @s. */
bool paste_ids(struct span s, uint16_t *first, uint16_t *second);
/* A line of lspci -t. */
bool paste_tree(struct paste *p, struct span line);
