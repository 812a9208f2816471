/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The snapshot of a host: its state, with the source of each value. facts/ fills it, the model only reads
 * it, and nothing changes after the load. Every value has its fact beside it, so that a rule can cite it
 * and can distinguish 'no' from 'could not be read'. All strings and arrays belong to the snapshot's arena. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/fact.h"
#include "uapi/driver.h"
#include "uapi/module.h"
#include "decode/pciability.h"
#include "decode/pcigroup.h"
#include "decode/resv.h"

/* ---- devices ---- */

/* Three answers. The zero value is 'unknown', so that a value never filled in does not mean 'no'. */
enum tristate { TRI_UNKNOWN = 0, TRI_NO, TRI_YES };

/* A device node: what it is, who owns it, what the caller may do with it, who holds it open. */
struct node {
	const char *path;   /* "/dev/vfio/12" */
	struct fact stat;   /* sysroot_stat(); ABSENT when there is no node */
	struct fact access; /* sysroot_access() */
	/* Processes that have it open: raw is "PID COMM" lines, empty when none. Where processes of
	 * other users could not be looked into, hidden_processes counts them. Only read when the node
	 * exists. */
	struct fact holders;
	unsigned int hidden_processes;
	unsigned int mode, uid, gid; /* of stat when present */
	uint32_t major, minor;
};

/* One interrupt of a device and the irq chip that serves it, from msi_irqs and
 * /sys/kernel/irq/N/chip_name. */
struct device_irq {
	unsigned int irq;
	struct fact chip; /* "IR-PCI-MSIX-0000:01:00.0" */
};

/* Where the message interrupts of a device go, as the firmware of an Arm machine says. */
enum msi_kind {
	MSI_UNKNOWN = 0,
	MSI_NONE,  /* nowhere: it has no MSI domain */
	MSI_ITS,   /* to a translator, which isolates them */
	MSI_PLAIN, /* to a controller that does not check which device writes */
};

/* A line of /proc/iomem: who claims the memory, and "fd000000-fdffffff" (zeros to an ordinary user). */
struct memory_claim {
	const char *name, *range;
};

struct group;
struct iommu_unit;
struct in_use;

/* Where a PCI function is, and what grouping asks of its configuration space. */
struct pci_place {
	struct fact path; /* the link of its bus to it: "../../../devices/pci0000:00/..." */
	/* Of what is on its bus: "sys/devices/pci0000:00"; NULL when path or the address is not known. */
	const char *dir;
	uint32_t domain;
	uint8_t bus, devfn;      /* devfn: slot << 3 | function */
	struct device *bridge;   /* of its bus; NULL on a root bus */
	struct device *dma;      /* its DMA comes from this one: the VMD controller; or NULL */
	struct fact power;       /* "D0", "D3cold"; before 5.11 "active", "suspended" */
	bool asleep;             /* by power: config was not read, because that would wake it */
	struct fact config;      /* pcigroup_format(); UNREAD when asleep */
	struct pcigroup decoded; /* of config, when that is PRESENT */
};

struct device {
	const char *name; /* the kernel's: "0000:01:00.0", "edu-dma.0", a uuid */
	enum bus bus;
	const char *bus_name; /* the subsystem as sysfs spells it: "pci", "fsl-mc" */
	const char *sysfs;    /* "/sys/bus/pci/devices/0000:01:00.0" */
	struct fact uevent;
	struct fact driver_fact; /* raw: driver name; ABSENT when none is bound */
	const char *driver;      /* NULL when none is bound or it is unknown: ask driver_fact */
	enum driver_kind driver_kind; /* of driver; DRIVER_HOST without one */
	/* An attribute did not answer: the kernel has the device locked, as it does while an unbind waits
	 * for the programs that have it open. */
	bool locked;
	struct fact group_link, iommu_link;
	struct group *group;         /* NULL when group_link is not PRESENT */
	struct iommu_unit *iommu;    /* NULL when iommu_link is not PRESENT */
	struct fact driver_override; /* raw "(null)" as the kernel prints it when unset */

	/* PCI; zero elsewhere */
	bool has_ids;
	bool lacks_subsystem; /* subvendor and subdevice are not known */
	uint16_t vendor, device_id, subvendor, subdevice;
	uint32_t class_code; /* 24 bits: class, subclass, programming interface */
	/* Whether the header is a bridge's (type 1 or 2): attribute secondary_bus_number exists.
	 * linux: drivers/pci/pci-sysfs.c: pci_bridge_attrs_are_visible(). No config space is read. */
	enum tristate is_bridge;
	struct fact bridge_fact;
	struct fact sriov_numvfs; /* of a PF; ABSENT when it is none */
	uint32_t numvfs;
	struct fact physfn_link; /* of a VF */
	struct device *physfn;   /* NULL when not a VF */
	struct device **vfs;     /* of a PF, those that are loaded */
	size_t nr_vfs;
	struct fact msi_irqs; /* list of irq numbers; ABSENT when MSI is off */
	struct device_irq *irqs;
	size_t nr_irqs;
	struct fact reset_method, enable, numa_node;
	/* Runtime power management: power/runtime_status ("active", "suspended", ..., "unsupported" where it is
	 * off, "error"). The others only where it is off or in error: power/control, the milliseconds that it
	 * was on, both 0 where it never was, and power_state ("D0", "D3hot").
	 * linux: drivers/base/power/sysfs.c: runtime_status_show(). */
	struct fact power_status, power_control, power_active_time, power_suspended_time,
		power_state;

	/* of a VFIO device; read of each device that has a driver, see device_serves_vfio() */
	struct fact vfio_dev;   /* list of DEVICE/vfio-dev */
	const char *cdev_name;  /* "vfio3", "noiommu-vfio0", or NULL: also where it has no node */
	struct fact cdev_devno; /* DEVICE/vfio-dev/vfioN/dev, "511:3"; ABSENT: no cdev */
	struct node cdev;       /* /dev/vfio/devices/vfioN; path NULL when no cdev_name */

	/* What notices look at: stat of the attribute reset, ABSENT when the function cannot be reset alone; the BARs;
	 * the drivers that have its interrupt line; the first bytes of the configuration space of a device that is
	 * awake. Of a mediated device, the link to its type; of NVIDIA's functions, current_vgpu_type. */
	struct memory_claim *claims; /* below its lines of /proc/iomem */
	size_t nr_claims;
	struct fact reset, resource, irq_actions, config, mdev_type, vgpu_type;

	/* What its hardware is, beside power_state, resource and reset_method: its link, "8.0 GT/s PCIe" and lanes, now
	 * and at most; ATS, PRI, PASID and resizable BARs, pciability_format(). All UNREAD of a device that sleeps,
	 * because the kernel would wake it. linux: drivers/pci/pci-sysfs.c: current_link_speed_show(). */
	bool asleep;
	struct fact link_speed, link_width, link_speed_max, link_width_max;
	struct fact ability_fact;
	struct pciability ability; /* of ability_fact, when that is PRESENT */

	/* Whether the VIOT table puts the device behind a virtio-iommu; no when there is no such table.
	 * The kernel makes the group of such a device only when a driver probes it. */
	enum tristate behind_viot;

	/* Arm machines, from firmware.tree or firmware.iort. */
	enum tristate behind_smmu;
	const struct iommu_unit *coming; /* that SMMU; NULL when it is not there */
	enum msi_kind msi;
	const char *msi_name;   /* of the controller; NULL when the firmware does not name it */
	enum tristate coherent; /* the device itself: dma-coherent */
	enum tristate canwbs;   /* its root complex can make writes write-back shareable */

	/* platform and amba: what vfio-platform wants for a reset */
	struct fact modalias;
	/* platform: a description by the kernel itself, the properties of which sysfs does not show;
	 * ABSENT when it has none. linux: drivers/base/swnode.c: software_node_notify(), since 4.20. */
	struct fact software_node;

	/* VFIO driver the module tables propose: "vfio-pci" or a variant's driver name, e.g.
	 * "mlx5_vfio_pci"; raw of the libkmod answer to its vfio_pci: alias. */
	struct fact vfio_alias;

	/* The driver that the host's own tools give it at each boot: driverctl's file, or the rule of 'bind
	 * --persist'. ABSENT when there is none, or when it is for another device that had this address;
	 * persist_stranger then has the driver for that device. */
	struct fact persist, persist_stranger;

	struct pci_place *place; /* PCI; NULL unless DEVICE_PLACE was asked for */

	unsigned int loaded; /* enum device_part bits that were read */
};

/* The parts of a device to read. The facts of a part not asked for stay FACT_UNREAD. */
enum device_part {
	DEVICE_BASE = 1 << 0,  /* uevent, driver, group_link */
	DEVICE_IOMMU = 1 << 1, /* iommu_link */
	DEVICE_PCI = 1 << 2,   /* bridge, SR-IOV, physfn */
	DEVICE_IRQS = 1 << 3,  /* msi_irqs and chips */
	DEVICE_VFIO = 1 << 4,  /* vfio-dev, cdev, node, power; enable of what is on a VFIO driver */
	DEVICE_DETAILS = 1 << 5, /* driver_override, reset_method, enable, numa_node, alias */
	DEVICE_ALL = (1 << 6) - 1,
	/* persist: what is written in /etc, so only where it is shown. */
	DEVICE_PERSIST = 1 << 6,
	/* place, of the bridges above and of the slot's functions too: the configuration space is read. */
	DEVICE_PLACE = 1 << 7,
	/* what only notices look at */
	DEVICE_NOTICES = 1 << 8,
	/* BARs, link, what the extended capabilities say: only where they are shown */
	DEVICE_HARDWARE = 1 << 9,
};

/* ---- groups ---- */

struct group {
	unsigned int id;
	struct fact type;             /* default domain: identity DMA DMA-FQ blocked unmanaged */
	struct fact name;             /* ABSENT, or "vfio-noiommu" */
	struct fact reserved_regions; /* raw text */
	struct resv_region *regions;  /* sorted by start; NULL when regions_err */
	size_t nr_regions;
	int regions_err;          /* 0; -ENODATA not read; -EBADMSG text not understood */
	struct fact members_list; /* names in devices/; FACT_UNREAD when only links were followed */
	struct device **members;  /* sorted by bus, then name; complete when members_list PRESENT */
	size_t nr_members;
	struct node node;         /* /dev/vfio/N */
	struct node noiommu_node; /* /dev/vfio/noiommu-N */
};

/* ---- IOMMU instances ---- */

enum iommu_kind {
	IOMMU_KIND_OTHER = 0,
	IOMMU_KIND_INTEL,
	IOMMU_KIND_AMD,
	IOMMU_KIND_SMMU, /* v1, v2 */
	IOMMU_KIND_SMMU_V3,
	IOMMU_KIND_VIRTIO,
	IOMMU_KIND_S390,
	IOMMU_KIND_DART,
	IOMMU_KIND_RISCV,
	IOMMU_KIND_PAMU,
	NR_IOMMU_KINDS,
};

struct iommu_unit {
	const char *name; /* "dmar0" */
	enum iommu_kind kind;
	struct fact kind_fact; /* source of the kind: the sub-directory, a driver link, the name */
	struct fact driver;    /* driver of the parent device, "virtio_iommu", where there is one */
	struct fact devices_list;
	/* SMMU: whether the firmware calls its table walks coherent; its node in the device tree, or NULL. */
	enum tristate coherent;
	const char *tree_node;
	/* Intel: linux: drivers/iommu/intel/iommu.c: intel_iommu_attrs[] */
	struct fact version, address, cap_fact, ecap_fact;
	bool has_cap, has_ecap;
	uint64_t cap, ecap;
	/* AMD: "features": efr, and efr2 where the kernel prints two. cap_fact, cap as well. */
	struct fact features;
	bool has_efr, has_efr2;
	uint64_t efr, efr2;
	/* virtio: "features" of its device as well: bit N is feature N, of those that both sides have. */
	bool has_virtio;
	uint64_t virtio;
};

/* ---- kernel, modules, parameters ---- */

enum module_state {
	MODULE_STATE_UNKNOWN = 0,
	MODULE_STATE_ABSENT,   /* not loaded, not built in, no file */
	MODULE_STATE_LOADABLE, /* a file exists for the running release */
	MODULE_STATE_BUILTIN,
	MODULE_STATE_LOADED,
};

struct module {
	enum module_id id;
	const char *name;
	enum module_state state;
	struct fact sysfs;     /* sysroot_stat of /sys/module/NAME */
	struct fact initstate; /* "live"; ABSENT for a built-in module */
	/* The answer of the module files and libkmod: lines "state=loadable|builtin|absent|unknown",
	 * "file=/lib/modules/...", "index=none" when depmod never ran there, "softdep=pre: A post: B",
	 * "option=NAME=VALUE", "install=COMMAND", "blacklist=yes". ABSENT when the release has no
	 * module directory. */
	struct fact kmod;
	const char *file; /* of kmod, or NULL */
	/* Names below the driver's folder in sysfs, among them the devices on it. Only read of a loaded module with a
	 * parameter that a plan sets and that cannot be written. */
	struct fact driver_dir;
	/* What the file imports and exports: "import=SYMBOL" and "export=SYMBOL" lines, of the symbols that
	 * symbol_is_kept() knows. Only read for the modules that show the generation. */
	struct fact symbols;
	const char **imports, **exports; /* sorted; NULL with nr 0 when they could not be read */
	size_t nr_imports, nr_exports;
	bool symbols_known; /* imports and exports are those of the file */
};

/* raw "Y" "N" or a number, from /sys/module/M/parameters/P. ABSENT: module not loaded, or not built
 * with it. */
struct param {
	enum param_id id;
	const char *module, *name;
	struct fact value;
	/* The value (raw) that modprobe.d (through libkmod) or the command line will set when the module
	 * loads. ABSENT: neither sets one. */
	struct fact configured;
};

struct kernel {
	struct fact release; /* uname -r */
	struct fact machine; /* uname -m */
	struct fact cmdline;
	/* The configuration, its path that of the file that had it; raw holds only the options of
	 * host_config_names(), "CONFIG_X=n" for one that is not set. */
	struct fact config;
	struct fact config_source; /* raw: the path that answered */
	const char **options;      /* the lines of config, sorted */
	size_t nr_options;
	/* Which of host_symbol_names() the BTF of the kernel and of its loaded modules has, and which
	 * /proc/kallsyms, one a line. UNREAD when the module files were enough; kallsyms also when no
	 * question needed it. */
	struct fact btf, kallsyms;
	struct fact lockdown, tainted;
	struct fact modules_disabled; /* "1": no module can be loaded until the next boot */
	struct fact page_size;        /* bytes, decimal */
	struct fact uptime;           /* seconds since boot, "4711.25 ..." */
};

/* ---- interrupts and firmware ---- */

/* Distinct chip names of /proc/interrupts, one a line ("IR-IO-APIC", "IR-PCI-MSI-0000:00:02.0"). */
struct interrupts {
	struct fact proc; /* the reduced text */
	const char **chips;
	size_t nr_chips;
	struct fact domains; /* list of /sys/kernel/debug/irq/domains, where readable */
	struct fact dmesg;   /* kernel log lines on interrupt remapping, where readable */
};

/* The message-interrupt controllers of an Arm machine. */
struct msi_controllers {
	bool known;
	const struct fact *source; /* the MADT or the device tree; NULL on other machines */
	size_t nr_its;
	const char *plain;    /* one that does not isolate, or NULL */
	const char *doubtful; /* what may have one of its own, or NULL */
};

#define HYPERVISOR_UNNAMED "unnamed hypervisor"

struct firmware {
	struct fact tables; /* list of /sys/firmware/acpi/tables */
	enum tristate has_dmar, has_ivrs, has_iort, has_viot;
	/* Decoded when readable (root); see decode/acpi.h. The facts hold the raw table. */
	struct fact dmar, ivrs, viot;
	/* Of Arm machines: ACPI tables, or the device tree reduced as decode/devicetree.h says. */
	struct fact madt, iort, tree;
	struct msi_controllers msi;
	enum tristate dmar_intr_remap; /* DMAR flags bit 0 */
	/* The table of VT-d, of AMD-Vi, was read and wants no memory mapped for a device. */
	bool without_rmrr, without_ivmd;
	bool has_ivrs_efr;      /* the table of AMD-Vi was read */
	uint64_t ivrs_efr;      /* what it says of all units; see acpi_ivrs_efr() */
	struct fact cpu_vendor; /* /proc/cpuinfo vendor_id: "GenuineIntel" "AuthenticAMD" */
	/* /sys/hypervisor/type, or DMI product: raw "kvm", "hyperv", ...; where neither names one, HYPERVISOR_UNNAMED if the
	 * processor says that there is one. */
	struct fact hypervisor;
};

/* ---- the caller ---- */

enum caller_cap {
	CALLER_CAP_SYS_RAWIO = 1 << 0,
	CALLER_CAP_SYS_ADMIN = 1 << 1,
	CALLER_CAP_IPC_LOCK = 1 << 2,
	CALLER_CAP_SYS_RESOURCE = 1 << 3,
	CALLER_CAP_SYS_MODULE = 1 << 4,
	CALLER_CAP_DAC_OVERRIDE = 1 << 5,
	CALLER_CAP_SYS_PTRACE = 1 << 6,
};

struct caller {
	struct fact identity; /* "euid=0 egid=0" */
	unsigned int euid;
	struct fact caps_fact;    /* "caps=sys_rawio,sys_admin,..." */
	unsigned int caps;        /* enum caller_cap; meaningful when caps_fact is PRESENT */
	struct fact memlock_fact; /* "soft=8388608 hard=8388608 locked=0" bytes; "unlimited" */
	uint64_t memlock_soft, memlock_hard, memlock_locked; /* bytes; UINT64_MAX unlimited */
};

/* ---- the whole ---- */

struct host {
	struct arena *arena;
	const char *source;  /* sysroot_name() */
	unsigned int loaded; /* enum host_part bits that were asked for */
	bool live; /* of the running kernel: this host, or the one that a container is on */
	struct kernel kernel;
	struct module modules[NR_MODULES];
	/* Of /proc/modules: "some", or empty when no module is loaded; ABSENT for a kernel that has none.
	 * Where modules are loaded but there is no module directory, their files are where the caller
	 * cannot look. */
	struct fact modules_loaded;
	struct param params[NR_PARAMS];
	struct interrupts interrupts;
	struct firmware firmware;
	struct caller caller;
	struct node vfio_node;  /* /dev/vfio/vfio */
	struct node iommu_node; /* /dev/iommu */
	/* "PID COMM" of processes with a VFIO device open, whichever it is; read with the nodes' holders. */
	struct fact device_holders;
	/* /proc/iomem, and the NUMA nodes that have memory ("0-1"): for notices. */
	struct fact iomem, node_memory;
	/* List of /sys/class/vfio-dev; ABSENT before 6.1, and without module vfio. */
	struct fact vfio_class;
	struct fact groups_list; /* of /sys/kernel/iommu_groups */
	struct fact iommus_list; /* of /sys/class/iommu */
	struct group **groups;   /* by number */
	/* The node of some group does not belong to root: udev rules change the owner, so a new node may
	 * have other permissions than the kernel's defaults. */
	bool group_nodes_given_away;
	size_t nr_groups;
	struct iommu_unit **iommus;
	size_t nr_iommus;
	struct device **devices; /* PCI by address, then other buses by bus and name */
	size_t nr_devices;
	/* What the targets that need the file system (paths, class devices, cdevs) led to. */
	struct target_match *matches;
	size_t nr_matches;
	/* How the host uses its devices, see facts/in-use.h; NULL unless asked for. */
	struct in_use *usage;
	/* How it boots, see facts/boot.h; NULL unless asked for. */
	const struct boot *boot;
	/* How it is set up, see facts/setup.h; NULL unless asked for. */
	const struct setup *setup;
	/* The slots that the firmware or a hotplug driver names: /sys/bus/pci/slots. */
	struct fact slots_list;
	struct pci_slot *slots;
	size_t nr_slots;
};

struct pci_slot {
	const char *name;
	struct fact address; /* "0000:01:00": domain, bus and device */
};

struct target_match {
	const char *text; /* as the user wrote it */
	struct device *device;
};

/* The device @name on @bus_name, or on any bus when that is NULL; NULL when there is none. */
struct device *host_find_device(const struct host *h, const char *bus_name, const char *name);
/* Whether @dev is a VMD controller on its driver: other devices are behind it.
 * linux: drivers/pci/controller/vmd.c. */
bool device_is_vmd(const struct device *dev);
/* Whether @dev is in a domain that a VMD controller made, in front of which no VMD may have been loaded. */
bool device_is_behind_vmd(const struct device *dev);
/* Whether @dev goes away when @carrier loses its driver: @carrier is its physical function, or the VMD
 * controller behind which it is. linux: drivers/pci/controller/vmd.c: vmd_remove(), and
 * vmd_find_free_domain(), whose domains begin at 0x10000. */
bool device_carries(const struct device *carrier, const struct device *dev);
/* Whether @dev cannot be given to a program on any host, by its class: a PCI, CardBus, host or ISA bridge. */
bool device_is_never_given(const struct device *dev);
/* Sets driver, which is borrowed, and its kind: for those who make a snapshot. */
void device_set_driver(struct device *dev, const char *driver);
/* Whether the driver of @dev is VFIO's by name, or may be. */
bool device_is_vfio(const struct device *dev);
/* The only driver that may bind @dev, from its driver_override; NULL when any may, or when it is not known.
 * linux: drivers/pci/pci-driver.c: pci_match_device(); its show function prints a NULL pointer when none is
 * set. */
const char *device_override(const struct device *dev);
/* Whether the kernel made a VFIO device for @dev: because its driver is VFIO's by name, and whatever its name is
 * where there is a folder below the device (since 6.1), or a node of its group that no other member explains.
 * Unknown where these leave it open. linux: drivers/vfio/vfio_main.c: __vfio_register_dev(). */
enum tristate device_serves_vfio(const struct host *h, const struct device *dev);
/* The order of host.devices: negative, 0 or positive. */
int device_compare(const struct device *a, const struct device *b);
struct group *host_find_group(const struct host *h, unsigned int id);
/* Whether a module's @symbol is among those kept: the names that concern VFIO, the IOMMU and
 * interrupts. */
bool symbol_is_kept(const char *symbol);
/* Whether the imports of @m (or exports) hold @symbol; TRI_UNKNOWN when they are not known, and for a
 * symbol that is not kept. */
enum tristate module_imports(const struct module *m, const char *symbol);
enum tristate module_exports(const struct module *m, const char *symbol);
/* The names looked for in BTF and /proc/kallsyms, and the configuration options kept. Static. */
const char *const *host_symbol_names(size_t *nr);
const char *const *host_config_names(size_t *nr);
/* Whether @name is in @found, which is @k->btf or @k->kallsyms; unknown when that could not be read, or
 * when the name was not looked for. 'No' proves little: the function may be inlined, left out, or part of a
 * module that is not loaded. */
enum tristate symbols_have(const struct fact *found, const char *name);
/* The same of both: yes where either has it. */
enum tristate kernel_has_symbol(const struct kernel *k, const char *name);
/* The value of a kernel configuration option: "y" "m" "n" or text; NULL when not known. An option of
 * host_config_names() that the configuration does not mention is "n": Kconfig leaves out what
 * cannot be chosen. In @k's own strings, or static. */
const char *kernel_config(const struct kernel *k, const char *option);
/* The last value of @key on the command line ("" for a bare word), or NULL when not there. The value
 * is in @a. */
const char *kernel_cmdline(const struct kernel *k, struct arena *a, const char *key);
