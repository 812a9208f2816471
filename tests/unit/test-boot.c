/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Boot loaders as their hosts have them. Each command is run on the files as it is printed, with their paths below the
 * tree, and the tools that it calls only write down that they were. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/macro.h"
#include "base/strbuf.h"
#include "facts/boot.h"
#include "facts/load.h"
#include "scene.h"

#define OPTION  "intel_iommu=on"
#define RELEASE "6.12.9"
#define INFO    "sys/firmware/efi/efivars/LoaderInfo-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"

static struct host *load(struct tree *x)
{
	static const struct scope scope = { .host_parts = HOST_KERNEL | HOST_BOOT };
	struct host *h;

	tree_dir(x, "sys/bus/pci/devices");
	tree_put(x, "proc/sys/kernel/osrelease", RELEASE "\n");
	h = tree_load(x, x->sysroot, &scope, NULL);
	assert_non_null(h->boot);
	return h;
}

static void put_program(const struct tree *x, const char *name)
{
	char path[64];

	tree_put(x, tree_path(path, "usr/sbin/%s", name),
		 "#!/bin/sh\necho \"${0##*/}${1:+ $*}\" >>\"${0%/*}/log\"\n");
	assert_int_equal(fchmodat(x->fd, path, 0755, 0), 0);
}

static void put_loader_info(const struct tree *x, const char *name)
{
	char bytes[128] = { 6 };
	size_t len = 4;

	for (; *name; name++, len += 2)
		bytes[len] = *name;
	tree_put_bytes(x, INFO, bytes, len + 2);
}

/* The command with each absolute path below the tree. */
static const char *below(struct tree *x, const char *command)
{
	static const char *const tops[] = { " /etc/", " /boot/", " /efi/" };
	struct strbuf out = { .arena = x->arena };

	while (*command) {
		for (size_t i = 0; i < ARRAY_SIZE(tops); i++)
			if (!strncmp(command, tops[i], strlen(tops[i]))) {
				strbuf_printf(&out, " %s", x->root);
				command++;
			}
		strbuf_add(&out, command++, 1);
	}
	return strbuf_get(&out);
}

static void run(struct tree *x, const char *command)
{
	assert_non_null(command);
	assert_int_equal(system(arena_printf(x->arena, "PATH=%s/usr/sbin:$PATH; %s", x->root,
					     below(x, command))),
			 0);
}

static const char *file(struct tree *x, const char *path)
{
	struct fact f = tree_read(x, path);

	assert_true(fact_is(&f));
	return f.raw;
}

/* Adds @option, twice, and removes it, twice; the file has @with, and @without in the end. */
static void assert_edits(struct tree *x, const char *path, const char *option, const char *with,
			 const char *without)
{
	struct host *h = load(x);
	const char *why, *add = boot_option_add(h->boot, x->arena, option, &why);
	const char *back = boot_option_remove(h->boot, x->arena, option, &why);

	for (size_t i = 0; i < 2; i++) {
		run(x, add);
		assert_string_equal(file(x, path), with);
	}
	h = load(x);
	assert_int_equal(boot_option_is_set(h->boot, option), TRI_YES);
	/* What undoes it may have been printed before or after. */
	run(x, boot_option_remove(h->boot, x->arena, option, &why));
	assert_string_equal(file(x, path), without);
	run(x, add);
	for (size_t i = 0; i < 2; i++) {
		run(x, back);
		assert_string_equal(file(x, path), without);
	}
}

static void assert_loader(struct tree *x, enum boot_loader loader, const char *add)
{
	const char *why = NULL;
	struct host *h = load(x);

	assert_int_equal(h->boot->loader, loader);
	assert_string_equal(boot_option_add(h->boot, x->arena, OPTION, &why), add);
	assert_null(why);
}

/* No command, and why. */
static void assert_no_command(struct tree *x, enum boot_loader loader, const char *because)
{
	const char *why = NULL;
	struct host *h = load(x);

	assert_int_equal(h->boot->loader, loader);
	assert_null(boot_option_add(h->boot, x->arena, OPTION, &why));
	assert_string_equal(why, because);
	why = NULL;
	assert_null(boot_option_remove(h->boot, x->arena, OPTION, &why));
	assert_string_equal(why, because);
}

/* ---- GRUB ---- */

#define GRUB "etc/default/grub"

static void put_grub(const struct tree *x, const char *settings)
{
	tree_put(x, "proc/cmdline",
		 "BOOT_IMAGE=/boot/vmlinuz-" RELEASE " root=/dev/sda1 ro quiet\n");
	tree_put(x, GRUB, settings);
	put_program(x, "update-grub");
}

static void test_grub_of_debian(struct tree *x)
{
	put_grub(x,
		 "GRUB_DEFAULT=0\nGRUB_CMDLINE_LINUX_DEFAULT=\"quiet\"\nGRUB_CMDLINE_LINUX=\"\"\n");
	assert_loader(x, BOOT_LOADER_GRUB,
		      "sed -i -E '/^GRUB_CMDLINE_LINUX=/{/[\" ]intel_iommu=on[\" ]/!s/ *\"([^\"]*)$/ intel_iommu=on\"\\1/;}' /etc/default/grub && update-grub");
	assert_edits(x, GRUB, OPTION,
		     "GRUB_DEFAULT=0\nGRUB_CMDLINE_LINUX_DEFAULT=\"quiet\"\nGRUB_CMDLINE_LINUX=\" intel_iommu=on\"",
		     "GRUB_DEFAULT=0\nGRUB_CMDLINE_LINUX_DEFAULT=\"quiet\"\nGRUB_CMDLINE_LINUX=\"\"");
	assert_string_equal(file(x, "usr/sbin/log"),
			    "update-grub\nupdate-grub\nupdate-grub\nupdate-grub\nupdate-grub\nupdate-grub");
}

static void test_grub_values(struct tree *x)
{
	static const struct {
		const char *before, *with, *without;
	} cases[] = {
		{ "GRUB_CMDLINE_LINUX=\"ro quiet\"",
		  "GRUB_CMDLINE_LINUX=\"ro quiet intel_iommu=on\"",
		  "GRUB_CMDLINE_LINUX=\"ro quiet\"" },
		{ "GRUB_CMDLINE_LINUX='ro'", "GRUB_CMDLINE_LINUX='ro intel_iommu=on'",
		  "GRUB_CMDLINE_LINUX='ro'" },
		{ "GRUB_CMDLINE_LINUX=ro", "GRUB_CMDLINE_LINUX=\"ro intel_iommu=on\"",
		  "GRUB_CMDLINE_LINUX=\"ro\"" },
		{ "GRUB_CMDLINE_LINUX=", "GRUB_CMDLINE_LINUX=\" intel_iommu=on\"",
		  "GRUB_CMDLINE_LINUX=\"\"" },
		{ "GRUB_CMDLINE_LINUX=\"ro\" # mine",
		  "GRUB_CMDLINE_LINUX=\"ro intel_iommu=on\" # mine",
		  "GRUB_CMDLINE_LINUX=\"ro\" # mine" },
		{ "GRUB_TIMEOUT=5", "GRUB_TIMEOUT=5\nGRUB_CMDLINE_LINUX=\" intel_iommu=on\"",
		  "GRUB_TIMEOUT=5\nGRUB_CMDLINE_LINUX=\"\"" },
		/* An option that begins alike is another one. */
		{ "GRUB_CMDLINE_LINUX=\"intel_iommu=on,sm_on xintel_iommu=on\"",
		  "GRUB_CMDLINE_LINUX=\"intel_iommu=on,sm_on xintel_iommu=on intel_iommu=on\"",
		  "GRUB_CMDLINE_LINUX=\"intel_iommu=on,sm_on xintel_iommu=on\"" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		put_grub(x, arena_printf(x->arena, "%s\n", cases[i].before));
		assert_edits(x, GRUB, OPTION, cases[i].with, cases[i].without);
	}
}

/* What was there before goes from wherever it stands, however often. */
static void test_grub_removes(struct tree *x)
{
	static const char *const befores[] = {
		"GRUB_CMDLINE_LINUX=\"a=off ro\"\nGRUB_CMDLINE_LINUX_DEFAULT=\"x a=off\"\n",
		"GRUB_CMDLINE_LINUX=\"a=off a=off ro a=off\"\nGRUB_CMDLINE_LINUX_DEFAULT=\"x a=off a=off\"\n",
		"GRUB_CMDLINE_LINUX=\"ro\"\nGRUB_CMDLINE_LINUX_DEFAULT=\"a=off x\"\n",
	};
	const char *why;

	for (size_t i = 0; i < ARRAY_SIZE(befores); i++) {
		struct host *h;

		put_grub(x, befores[i]);
		h = load(x);
		run(x, boot_option_remove(h->boot, x->arena, "a=off", &why));
		assert_string_equal(file(x, GRUB),
				    "GRUB_CMDLINE_LINUX=\"ro\"\nGRUB_CMDLINE_LINUX_DEFAULT=\"x\"");
	}
}

/* Two options of one plan, both printed before the first is run. */
static void test_grub_two_options_at_once(struct tree *x)
{
	static const char *const befores[] = { "GRUB_CMDLINE_LINUX=\"\"\n", "GRUB_CMDLINE_LINUX=\n",
					       "" };
	const char *why;

	for (size_t i = 0; i < ARRAY_SIZE(befores); i++) {
		const char *first, *second;
		struct host *h;

		put_grub(x, befores[i]);
		h = load(x);
		first = boot_option_add(h->boot, x->arena, "iommu=pt", &why);
		second = boot_option_add(h->boot, x->arena,
					 "vfio_iommu_type1.allow_unsafe_interrupts=1", &why);
		run(x, first);
		run(x, second);
		assert_string_equal(file(x, GRUB),
				    "GRUB_CMDLINE_LINUX=\" iommu=pt vfio_iommu_type1.allow_unsafe_interrupts=1\"");
	}
}

/* Of a cloud image: the file that is read last decides. */
static void test_grub_drop_in(struct tree *x)
{
	static const char file_path[] = "etc/default/grub.d/50-cloud.cfg";
	struct host *h;

	put_grub(x, "GRUB_CMDLINE_LINUX=\"ro\"\n");
	tree_put(x, "etc/default/grub.d/README", "GRUB_CMDLINE_LINUX=\"never read\"\n");
	tree_put(x, file_path, "GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX console=ttyS0\"\n");
	assert_edits(x, file_path, OPTION,
		     "GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX console=ttyS0 intel_iommu=on\"",
		     "GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX console=ttyS0\"");
	assert_string_equal(file(x, GRUB), "GRUB_CMDLINE_LINUX=\"ro\"");
	h = load(x);
	assert_int_equal(boot_option_is_set(h->boot, "ro"), TRI_YES);
	assert_int_equal(boot_option_is_set(h->boot, "other"), TRI_UNKNOWN);
}

static void test_grub_that_needs_an_editor(struct tree *x)
{
	static const char because[] =
		"GRUB_CMDLINE_LINUX is assigned in /etc/default/grub in a way that needs an editor";
	static const char *const settings[] = { "GRUB_CMDLINE_LINUX=\"ro \\\nquiet\"\n",
						"GRUB_CMDLINE_LINUX=\"a\"'b'\n",
						"if true; then\n\tGRUB_CMDLINE_LINUX=x\nfi\n" };

	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		put_grub(x, settings[i]);
		assert_no_command(x, BOOT_LOADER_GRUB, because);
	}
}

static void test_grub_of_others(struct tree *x)
{
	put_grub(x, "GRUB_CMDLINE_LINUX=\"\"\n");
	tree_remove(x, "usr/sbin/update-grub");
	assert_no_command(x, BOOT_LOADER_GRUB,
			  "the command that makes GRUB's configuration again was not found");
	put_program(x, "grub-mkconfig");
	tree_put(x, "boot/grub/grub.cfg", "");
	assert_loader(x, BOOT_LOADER_GRUB,
		      "sed -i -E '/^GRUB_CMDLINE_LINUX=/{/[\" ]intel_iommu=on[\" ]/!s/ *\"([^\"]*)$/ intel_iommu=on\"\\1/;}' /etc/default/grub && grub-mkconfig -o /boot/grub/grub.cfg");
	put_program(x, "grub2-mkconfig");
	tree_put(x, "boot/grub2/grub.cfg", "");
	assert_loader(x, BOOT_LOADER_GRUB,
		      "sed -i -E '/^GRUB_CMDLINE_LINUX=/{/[\" ]intel_iommu=on[\" ]/!s/ *\"([^\"]*)$/ intel_iommu=on\"\\1/;}' /etc/default/grub && grub2-mkconfig -o /boot/grub2/grub.cfg");
	put_program(x, "proxmox-boot-tool");
	tree_put(x, "etc/kernel/proxmox-boot-uuids", "1234-5678\n");
	assert_loader(x, BOOT_LOADER_GRUB,
		      "sed -i -E '/^GRUB_CMDLINE_LINUX=/{/[\" ]intel_iommu=on[\" ]/!s/ *\"([^\"]*)$/ intel_iommu=on\"\\1/;}' /etc/default/grub && proxmox-boot-tool refresh");
}

/* Fedora and its relatives: each kernel's entry is a file. */
static void test_grub_entries(struct tree *x)
{
	struct host *h;
	const char *why;

	put_grub(x, "GRUB_CMDLINE_LINUX=\"rhgb\"\nGRUB_ENABLE_BLSCFG=true\n");
	tree_put(x, "boot/loader/entries/1.conf", "options root=/dev/sda1 ro iommu=pt\n");
	tree_put(x, "boot/loader/entries/2.conf", "options root=/dev/sda1 ro\n");
	assert_no_command(x, BOOT_LOADER_GRUB_ENTRIES,
			  "GRUB has its entries in /boot/loader/entries, but grubby, which changes them, is not installed");
	put_program(x, "grubby");
	assert_loader(x, BOOT_LOADER_GRUB_ENTRIES,
		      "grubby --update-kernel=ALL --args=intel_iommu=on");
	h = load(x);
	assert_string_equal(boot_option_remove(h->boot, x->arena, "iommu=pt", &why),
			    "grubby --update-kernel=ALL --remove-args=iommu=pt");
	/* Not in every entry. */
	assert_int_equal(boot_option_is_set(h->boot, "iommu=pt"), TRI_NO);
	assert_int_equal(boot_option_is_set(h->boot, "ro"), TRI_YES);
}

/* ---- systemd-boot ---- */

static void put_systemd(const struct tree *x)
{
	tree_put(x, "proc/cmdline", "initrd=\\EFI\\linux\\initrd root=/dev/sda1 rw\n");
	put_loader_info(x, "systemd-boot 252.5-2");
}

static void test_systemd_entries(struct tree *x)
{
	static const char path[] = "boot/loader/entries/arch.conf";

	put_systemd(x);
	tree_put(x, path, "title Arch\nlinux /vmlinuz\noptions root=/dev/sda1 rw\n");
	tree_put(x, "boot/loader/entries/windows.conf", "title Windows\nefi /EFI/x.efi\n");
	assert_loader(x, BOOT_LOADER_SYSTEMD,
		      "sed -i -E '/^[[:blank:]]*options[[:blank:]]/I{/[[:blank:]]intel_iommu=on([[:blank:]]|$)/!s/[[:blank:]]*$/ intel_iommu=on/;}' /boot/loader/entries/*.conf");
	assert_edits(x, path, OPTION,
		     "title Arch\nlinux /vmlinuz\noptions root=/dev/sda1 rw intel_iommu=on",
		     "title Arch\nlinux /vmlinuz\noptions root=/dev/sda1 rw");
	assert_string_equal(file(x, "boot/loader/entries/windows.conf"),
			    "title Windows\nefi /EFI/x.efi");
	tree_remove(x, path);
	tree_remove(x, "boot/loader/entries/windows.conf");
	assert_no_command(x, BOOT_LOADER_SYSTEMD,
			  "systemd-boot has no entries in a folder that vfiotool knows");
}

/* The same without a variable of the firmware, as in a container. */
static void test_systemd_by_its_command_line(struct tree *x)
{
	struct host *h;

	put_systemd(x);
	tree_remove(x, INFO);
	tree_put(x, "efi/loader/entries/arch.conf", "options root=/dev/sda1 rw\n");
	h = load(x);
	assert_int_equal(h->boot->loader, BOOT_LOADER_SYSTEMD);
	assert_string_equal(h->boot->places[0].file, "/efi/loader/entries/*.conf");
}

static void test_kernel_install(struct tree *x)
{
	put_systemd(x);
	put_program(x, "kernel-install");
	tree_put(x, "etc/kernel/cmdline", "root=/dev/sda1 rw\n");
	tree_put(x, "boot/loader/entries/0123-" RELEASE ".conf", "options root=/dev/sda1 rw\n");
	assert_no_command(x, BOOT_LOADER_KERNEL_INSTALL,
			  "the command that makes the boot entries again was not found");
	tree_put(x, "lib/modules/" RELEASE "/vmlinuz", "");
	assert_loader(x, BOOT_LOADER_KERNEL_INSTALL,
		      "sed -i -E '1{/(^| )intel_iommu=on( |$)/!s/ *$/ intel_iommu=on/;}' /etc/kernel/cmdline && kernel-install add " RELEASE
		      " /lib/modules/" RELEASE "/vmlinuz");
	assert_edits(x, "etc/kernel/cmdline", OPTION, "root=/dev/sda1 rw intel_iommu=on",
		     "root=/dev/sda1 rw");
	tree_put(x, "etc/kernel/cmdline", "# two\nroot=/dev/sda1\n");
	assert_no_command(x, BOOT_LOADER_KERNEL_INSTALL,
			  "/etc/kernel/cmdline does not have its options on one line");
}

/* A unified image: no entries at all. */
static void test_mkinitcpio_image(struct tree *x)
{
	struct host *h;

	put_systemd(x);
	put_program(x, "mkinitcpio");
	tree_put(x, "etc/kernel/cmdline", "a=off root=/dev/sda1 rw a=off\n");
	assert_loader(x, BOOT_LOADER_KERNEL_INSTALL,
		      "sed -i -E '1{/(^| )intel_iommu=on( |$)/!s/ *$/ intel_iommu=on/;}' /etc/kernel/cmdline && mkinitcpio -P");
	assert_edits(x, "etc/kernel/cmdline", "a=off", "a=off root=/dev/sda1 rw a=off",
		     "root=/dev/sda1 rw");
	h = load(x);
	assert_int_equal(h->boot->initramfs, INITRAMFS_MKINITCPIO);
	assert_string_equal(h->boot->initramfs_command, "mkinitcpio -P");
}

static void test_proxmox(struct tree *x)
{
	put_systemd(x);
	put_program(x, "proxmox-boot-tool");
	tree_put(x, "etc/kernel/proxmox-boot-uuids", "1234-5678\n");
	tree_put(x, "etc/kernel/cmdline", "root=ZFS=rpool/ROOT/pve-1 boot=zfs\n");
	assert_loader(x, BOOT_LOADER_PROXMOX,
		      "sed -i -E '1{/(^| )intel_iommu=on( |$)/!s/ *$/ intel_iommu=on/;}' /etc/kernel/cmdline && proxmox-boot-tool refresh");
	assert_edits(x, "etc/kernel/cmdline", OPTION,
		     "root=ZFS=rpool/ROOT/pve-1 boot=zfs intel_iommu=on",
		     "root=ZFS=rpool/ROOT/pve-1 boot=zfs");
}

/* ---- extlinux ---- */

static void test_extlinux(struct tree *x)
{
	static const char path[] = "boot/extlinux/extlinux.conf";

	tree_put(x, "proc/cmdline", "root=/dev/mmcblk0p1 rw\n");
	tree_put(x, path, "label one\n\tlinux /vmlinuz\n\tAPPEND root=/dev/mmcblk0p1 rw\n");
	assert_edits(x, path, OPTION,
		     "label one\n\tlinux /vmlinuz\n\tAPPEND root=/dev/mmcblk0p1 rw intel_iommu=on",
		     "label one\n\tlinux /vmlinuz\n\tAPPEND root=/dev/mmcblk0p1 rw");
	put_program(x, "u-boot-update");
	tree_put(x, "etc/default/u-boot", "#U_BOOT_PARAMETERS=\"ro quiet\"\n");
	assert_no_command(x, BOOT_LOADER_EXTLINUX,
			  "U_BOOT_PARAMETERS is not assigned in /etc/default/u-boot");
	tree_put(x, "etc/default/u-boot", "U_BOOT_PARAMETERS=\"ro\"\n");
	assert_edits(x, "etc/default/u-boot", OPTION, "U_BOOT_PARAMETERS=\"ro intel_iommu=on\"",
		     "U_BOOT_PARAMETERS=\"ro\"");
	assert_loader(x, BOOT_LOADER_EXTLINUX,
		      "sed -i -E '/^U_BOOT_PARAMETERS=/{/[\" ]intel_iommu=on[\" ]/!s/ *\"([^\"]*)$/ intel_iommu=on\"\\1/;}' /etc/default/u-boot && u-boot-update");
}

/* ---- others, and none ---- */

static void test_ostree(struct tree *x)
{
	put_grub(x, "GRUB_CMDLINE_LINUX=\"\"\n");
	tree_put(x, "proc/cmdline", "BOOT_IMAGE=/vmlinuz ostree=/ostree/boot.1/x\n");
	assert_no_command(x, BOOT_LOADER_OSTREE,
			  "this system is deployed by ostree, and rpm-ostree is not installed");
	put_program(x, "rpm-ostree");
	assert_loader(x, BOOT_LOADER_OSTREE, "rpm-ostree kargs --append-if-missing=intel_iommu=on");
}

static void test_unknown_loader(struct tree *x)
{
	static const char unknown[] = "the boot loader of this host is unknown";

	assert_no_command(x, BOOT_LOADER_UNKNOWN, unknown);
	/* QEMU's -kernel */
	tree_put(x, "proc/cmdline", "console=ttyS0\n");
	tree_put(x, GRUB, "GRUB_CMDLINE_LINUX=\"\"\n");
	put_program(x, "update-grub");
	assert_no_command(x, BOOT_LOADER_UNKNOWN, unknown);
	put_loader_info(x, "rEFInd 0.14.0");
	assert_no_command(x, BOOT_LOADER_UNKNOWN,
			  "the boot loader rEFInd 0.14.0 is not known to vfiotool");
	tree_put(x, "etc/os-release", "NAME=NixOS\nID=nixos\n");
	assert_no_command(x, BOOT_LOADER_UNKNOWN,
			  "NixOS takes boot options from boot.kernelParams of its configuration");
}

static void test_option_that_a_shell_would_read(struct tree *x)
{
	static const char *const options[] = { "",    "a b", "a'b", "a\"b", "$(x)",
					       "a;b", "a|b", "a&b", "a\\b", "*" };
	struct host *h;
	const char *why;

	put_grub(x, "GRUB_CMDLINE_LINUX=\"\"\n");
	h = load(x);
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		why = NULL;
		assert_null(boot_option_add(h->boot, x->arena, options[i], &why));
		assert_non_null(why);
		assert_null(boot_option_remove(h->boot, x->arena, options[i], &why));
	}
	assert_null(boot_option_add(NULL, x->arena, OPTION, &why));
	assert_string_equal(why, "the boot loader of this host was not read");
}

static void test_option_is_pending(struct tree *x)
{
	struct host *h;

	put_grub(x, "GRUB_CMDLINE_LINUX=\"iommu=pt\"\nGRUB_CMDLINE_LINUX_DEFAULT=\"quiet\"\n");
	h = load(x);
	assert_int_equal(boot_option_is_pending(h->boot, &h->kernel, "iommu=pt"), TRI_YES);
	assert_int_equal(boot_option_is_pending(h->boot, &h->kernel, "quiet"), TRI_NO);
	assert_int_equal(boot_option_is_pending(h->boot, &h->kernel, OPTION), TRI_NO);
	assert_int_equal(boot_option_is_pending(NULL, &h->kernel, OPTION), TRI_UNKNOWN);
	assert_null(h->boot->distribution);
	assert_int_equal(h->boot->initramfs, INITRAMFS_UNKNOWN);
	tree_put(x, "usr/lib/os-release", "ID=\"ubuntu\"\nID_LIKE=debian\n");
	put_program(x, "update-initramfs");
	h = load(x);
	assert_string_equal(h->boot->distribution, "ubuntu");
	assert_string_equal(h->boot->initramfs_command, "update-initramfs -u");
}

/* A capture says the same, and holds of each file only what matters. */
static void test_boot_from_a_capture(struct tree *x)
{
	struct sysroot *again;
	const char *why, *live;
	struct host *h;
	char *text = NULL;
	size_t len;
	FILE *out;

	put_grub(x, "GRUB_CMDLINE_LINUX=\"\"\nGRUB_PASSWORD=secret\n");
	sysroot_record(x->sysroot);
	h = load(x);
	live = boot_option_add(h->boot, x->arena, OPTION, &why);
	out = open_memstream(&text, &len);
	assert_int_equal(sysroot_write_capture(x->sysroot, out), 0);
	fclose(out);
	assert_null(strstr(text, "secret"));
	again = tree_capture(x, text);
	free(text);
	h = tree_load(x, again, &(struct scope){ .host_parts = HOST_KERNEL }, NULL);
	assert_null(h->boot);
	host_load_boot(again, h);
	assert_string_equal(boot_option_add(h->boot, x->arena, OPTION, &why), live);
}
