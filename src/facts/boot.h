/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How this host boots: its boot loader, where that takes the kernel command line from, its distribution and the tool
 * that makes its initramfs. From it come the commands that add a boot option or remove one. It is read only where
 * a plan needs it (HOST_BOOT, or host_load_boot()). All of it belongs to the snapshot's arena. */
#pragma once

#include "facts/host.h"

enum boot_loader {
	BOOT_LOADER_UNKNOWN = 0,
	BOOT_LOADER_GRUB,         /* /etc/default/grub, from which a tool makes grub.cfg */
	BOOT_LOADER_GRUB_ENTRIES, /* GRUB with entries in files of their own, which grubby changes */
	BOOT_LOADER_SYSTEMD,      /* systemd-boot, entries written by hand or by an installer */
	BOOT_LOADER_KERNEL_INSTALL, /* systemd-boot, entries or images made by kernel-install or mkinitcpio */
	BOOT_LOADER_PROXMOX,  /* systemd-boot through proxmox-boot-tool */
	BOOT_LOADER_EXTLINUX, /* extlinux, or U-Boot with its file */
	BOOT_LOADER_OSTREE,   /* rpm-ostree keeps the options of each deployment */
};

enum boot_form {
	BOOT_FORM_VARIABLE, /* NAME="OPTIONS" of a shell */
	BOOT_FORM_LINE,     /* the first line of the file */
	BOOT_FORM_KEYWORD,  /* KEYWORD OPTIONS, in each entry */
};

/* Where boot options stand. */
struct boot_place {
	enum boot_form form;
	const char *file;  /* absolute; of BOOT_FORM_KEYWORD it may end in a pattern, "*.conf" */
	const char *key;   /* the variable or the keyword */
	const char *value; /* the options there now; NULL: the variable is not assigned */
	char quote;        /* around the value of a variable: '"', '\'', or 0 */
	bool adds;         /* an option goes here; else the place only may have one to remove */
	bool dynamic; /* parts of the value are known only when the loader's tool or the loader reads it */
};

enum initramfs_tool {
	INITRAMFS_UNKNOWN = 0,
	INITRAMFS_TOOLS,
	INITRAMFS_DRACUT,
	INITRAMFS_MKINITCPIO,
};

struct boot {
	enum boot_loader loader;
	const char *name;          /* "GRUB"; NULL when the loader is unknown */
	const char *because;       /* why no command can be given, as a clause; NULL when one can */
	const struct fact *source; /* settings that show it; NULL: unknown loader */
	struct fact info;          /* LoaderInfo of the firmware: "systemd-boot 252.5-2" */
	struct fact os_release;    /* its lines ID and ID_LIKE */
	const char *distribution;  /* ID: "debian"; NULL when unknown */
	enum initramfs_tool initramfs;
	const char *initramfs_command; /* makes it again; NULL: unknown tool */
	struct boot_place *places;
	size_t nr_places;
	/* Made by a tool of its own, in place of the places: the command up to the option. */
	const char *add_command, *remove_command;
	const char *etc_because; /* why nothing can be written to /etc, as a clause; NULL: it can */
	const char *rebuild;     /* run after a change, so that the next boot has it; or NULL */
};

/* The shell command, run as root, after which this host boots with @option ("intel_iommu=on"), or without it. It
 * changes nothing where that is the case already, but makes the loader's own files again. In @a. NULL when none is
 * known: *@ret_why is then a clause that says why ("the boot loader of this host is unknown"), in @a or static. */
const char *boot_option_add(const struct boot *b, struct arena *a, const char *option,
			    const char **ret_why);
const char *boot_option_remove(const struct boot *b, struct arena *a, const char *option,
			       const char **ret_why);
/* Whether the settings of the loader have @option, whatever was booted. */
enum tristate boot_option_is_set(const struct boot *b, const char *option);
/* Whether they have it, and the kernel was booted without it: "in /etc/default/grub, not active since boot". */
enum tristate boot_option_is_pending(const struct boot *b, const struct kernel *k,
				     const char *option);
