/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Definitions of virtual machines: libvirt's domain XML, QEMU's command line, Proxmox VE's ID.conf and cloud-hypervisor's
 * JSON, as one struct. Parsers are pure and bounded; what they do not understand they leave out, and what cannot be meant is
 * -EBADMSG with a line and a sentence. Each value has the line that it stands on; 0: it is not set. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/macro.h"
#include "base/parse.h"

enum vm_format {
	VM_FORMAT_UNKNOWN = 0,
	VM_FORMAT_LIBVIRT,
	VM_FORMAT_QEMU,
	VM_FORMAT_PROXMOX,
	VM_FORMAT_CLOUD_HYPERVISOR,
};

enum { VM_TEXT_MAX = 4 << 20, VM_DEVICES_MAX = 256, VM_RANGES_MAX = 64, VM_DEPTH_MAX = 64 };

/* Set where line is not 0. */
struct vm_number {
	uint64_t value;
	unsigned int line;
};

struct vm_text {
	const char *s; /* NULL: not set */
	unsigned int line;
};

/* Yes or no where line is not 0. */
struct vm_flag {
	bool yes;
	unsigned int line;
};

struct vm_device {
	unsigned int line;
	/* What of the host: "0000:01:00.0", "0000:01:00" (all functions), a UUID, or a path in sysfs; NULL where it is only
	 * known when the machine starts, what then says how. */
	const char *host;
	const char *what;
	bool mdev;
	struct vm_flag managed; /* the program binds it to vfio-pci itself */
	bool group_too;         /* and the other members of its group */
	struct vm_flag iommufd;
	struct vm_flag no_mmap;
	struct vm_flag rom_bar;
	struct vm_text rom_file;
	struct vm_flag primary;       /* x-vga */
	struct vm_flag behind_viommu; /* where only some devices are */
	struct vm_text bus;           /* of the guest: "pcie.0" */
	struct vm_text ids;           /* that the definition expects: "10de:2484" */
	struct vm_number group;       /* that it expects */
};

/* Memory of the guest on given nodes of the host. */
struct vm_node {
	struct vm_text nodes; /* "0-1,3" */
	uint64_t size;        /* 0: all */
	uint64_t page;        /* 0: as for the rest */
};

enum vm_viommu {
	VM_VIOMMU_NONE = 0,
	VM_VIOMMU_INTEL,
	VM_VIOMMU_VIRTIO,
	VM_VIOMMU_AMD,
	VM_VIOMMU_SMMUV3
};

enum vm_cpu { VM_CPU_OTHER = 0, VM_CPU_HOST };

struct vm_definition {
	enum vm_format format;
	const char *name;       /* NULL: none */
	struct vm_text machine; /* "pc-q35-8.2", "virt" */
	bool aarch64;
	struct vm_number memory; /* bytes that it may get, hot-plugged memory included */
	struct vm_number vcpus;
	struct vm_number pages; /* bytes of a huge page; 0 with a line: the host's default */
	struct vm_flag locked;
	struct vm_number hard_limit; /* bytes that it may lock */
	enum vm_cpu cpu;
	bool phys_bits_of_host;         /* the guest sees the host's address bits, unless: */
	struct vm_number phys_bits;     /* given */
	struct vm_number phys_bits_max; /* limited */
	enum vm_viommu viommu;
	unsigned int viommu_line;
	struct vm_flag caching_mode;
	struct vm_number aw_bits;
	struct vm_number blocks; /* of virtio-mem: bytes of each mapping */
	bool uefi;
	struct vm_node *nodes;
	size_t nr_nodes;
	struct vm_device *devices;
	size_t nr_devices;
	/* What is known only to the program that starts it: "a variable of the shell". */
	struct vm_text unknown;
};

/* Where a definition is wrong, in the arena. */
struct vm_error {
	unsigned int line;
	const char *text;
};

/* -EBADMSG, with the sentence. */
int vm_fail(struct vm_error *err, struct arena *a, unsigned int line, const char *fmt, ...)
	vt_printf(4, 5);
/* A new device or node at the end; NULL past the limit. */
struct vm_device *vm_device_add(struct vm_definition *vm, struct arena *a, unsigned int line);
struct vm_node *vm_node_add(struct vm_definition *vm, struct arena *a);
/* "0000:01:00.0" of "01:00.0" in any case, of "0000:01:00" with @slots; NULL when it is not an address. In @a. */
const char *vm_address(struct arena *a, struct span text, bool slots);
/* What the text is, by its first characters. A file may as well be for no program that is known. */
enum vm_format vm_format_guess(struct span text);

/* ---- parsers: 0, or -EBADMSG with @err ---- */

struct xml_node;

vt_must_check int vm_libvirt_parse(const struct xml_node *root, struct arena *a,
				   struct vm_definition *ret, struct vm_error *err);
/* A file as a shell reads it, or the words of /proc/PID/cmdline, which end with NUL. */
vt_must_check int vm_qemu_parse(struct span text, struct arena *a, struct vm_definition *ret,
				struct vm_error *err);
/* @mapping: mapping/pci.cfg, or empty. */
vt_must_check int vm_proxmox_parse(struct span text, struct span mapping, struct arena *a,
				   struct vm_definition *ret, struct vm_error *err);
vt_must_check int vm_cloud_hypervisor_parse(struct span text, struct arena *a,
					    struct vm_definition *ret, struct vm_error *err);

/* ---- what the parsers share ---- */

/* Options of QEMU's form "driver,key=value,key=value": the next piece of @rest, key NULL for a bare word. ",," is a comma. */
struct vm_option {
	const char *key, *value;
};
bool vm_option_next(struct span *rest, struct arena *a, struct vm_option *ret);
/* "on" "yes" "true" "1" and their opposites. False for another text. */
bool vm_bool(const char *text, bool *ret);
/* Words of a QEMU command line, with their lines, into @ret. */
struct vm_word {
	const char *s;
	unsigned int line;
};
vt_must_check int vm_qemu_words(const struct vm_word *words, size_t nr, struct arena *a,
				struct vm_definition *ret, struct vm_error *err);
/* The words of @text as a shell cuts them, each with its line. */
vt_must_check int vm_shell_words(struct span text, struct arena *a, struct vm_word **ret,
				 size_t *ret_nr, struct vm_error *err);
