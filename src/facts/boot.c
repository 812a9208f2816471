/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the boot loader that booted this host. What the loader itself left counts most (LoaderInfo, and the command
 * line that it made), then the files that only one loader has; where two could be meant, it is unknown. */
#include "facts/boot.h"

#include <string.h>

#include "decode/bootconfig.h"
#include "decode/cmdline.h"
#include "facts/loader.h"

#define GRUB_FILE    "etc/default/grub"
#define CMDLINE_FILE "etc/kernel/cmdline"
#define LOADER_INFO  "sys/firmware/efi/efivars/LoaderInfo-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"

enum { FILES_MAX = 64, FILE_MAX = 64 << 10 };

struct finder {
	struct loader *l;
	struct boot *b;
	struct fact entries; /* list of entries_dir */
	const char *entries_dir;
};

/* ---- files ---- */

struct reduction {
	const char *path;
	const char *const *names; /* variables, or NULL: */
	size_t nr_names;
	const char *keyword;
};

static void ask_reduced(struct sysroot *root, struct arena *a, void *ctx, struct fact *ret)
{
	const struct reduction *want = ctx;
	struct fact whole = sysroot_read(root, a, want->path, FILE_MAX);
	struct span text = fact_describe(&whole);
	const char *lines;

	if (!fact_is(&whole)) {
		ret->state = whole.state;
		ret->err = whole.err;
		return;
	}
	lines = want->names ? assignments_reduce(text, want->names, want->nr_names, a)
			    : keyword_reduce(text, want->keyword, a);
	*ret = fact_derived(a, ret->path, (struct span){ lines, strlen(lines) });
}

/* A settings file, reduced to the lines that matter: a capture holds no more. */
static struct fact read_reduced(struct loader *l, const struct reduction *want)
{
	return sysroot_ask(l->root, l->a, arena_join(l->a, "/", want->path, NULL), true,
			   ask_reduced, (void *)want);
}

static bool exists(struct loader *l, const char *path)
{
	struct fact f = sysroot_stat(l->root, l->a, path);

	return fact_is(&f);
}

/* Whether root's shell finds the program @name. */
static bool has_program(struct loader *l, const char *name)
{
	static const char *const dirs[] = { "usr/sbin/", "usr/bin/", "sbin/" };

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		if (exists(l, arena_join(l->a, dirs[i], name, NULL)))
			return true;
	return false;
}

static struct boot_place *place_add(struct finder *f, enum boot_form form, const char *file,
				    const char *key)
{
	struct boot *b = f->b;

	b->places = arena_grow(f->l->a, b->places, b->nr_places, sizeof(*b->places));
	b->places[b->nr_places] = (struct boot_place){
		.form = form,
		.file = arena_join(f->l->a, "/", file, NULL),
		.key = key,
		.adds = true,
	};
	return &b->places[b->nr_places++];
}

static void choose(struct finder *f, enum boot_loader loader, const char *name,
		   const struct fact *source)
{
	f->b->loader = loader;
	f->b->name = name;
	f->b->source = arena_memdup(f->l->a, source, sizeof(*source));
}

/* ---- entries, of which each has a line of options ---- */

/* Words of @common that @text has as well. */
static const char *words_in_common(struct arena *a, const char *common, struct span text)
{
	struct strbuf out = { .arena = a };
	struct span left = { common, strlen(common) }, word, rest, other;

	while (parse_word(&left, &word)) {
		bool found = false;

		rest = text;
		while (!found && parse_word(&rest, &other))
			found = other.len == word.len && !memcmp(other.s, word.s, word.len);
		if (found)
			strbuf_item(&out, " ", "%.*s", (int)word.len, word.s);
	}
	return strbuf_get(&out);
}

static const char *value_of_entries(struct finder *f, const struct fact *lines, const char *keyword,
				    const char *common)
{
	struct span rest = fact_describe(lines), value;

	while (keyword_next(&rest, keyword, &value))
		common = common ? words_in_common(f->l->a, common, value)
				: arena_strndup(f->l->a, value.s, value.len);
	return common;
}

static bool is_entry(struct span name)
{
	return name.len > 5 && !memcmp(name.s + name.len - 5, ".conf", 5);
}

/* The place that all entries together are: it has what each of them has. */
static void take_entries(struct finder *f, const char *keyword)
{
	struct loader *l = f->l;
	struct span rest = fact_describe(&f->entries), name;
	const char *common = NULL;
	struct boot_place *p;

	for (size_t nr = 0; nr < FILES_MAX && parse_line(&rest, &name);) {
		const char *path;
		struct fact lines;

		if (!is_entry(name))
			continue;
		path = arena_join(l->a, f->entries_dir, "/", arena_strndup(l->a, name.s, name.len),
				  NULL);
		lines = read_reduced(l, &(struct reduction){ .path = path, .keyword = keyword });
		common = value_of_entries(f, &lines, keyword, common);
		nr++;
	}
	if (!common)
		return;
	p = place_add(f, BOOT_FORM_KEYWORD, arena_join(l->a, f->entries_dir, "/*.conf", NULL),
		      keyword);
	p->value = common;
	p->dynamic = strchr(common, '$') != NULL;
}

static void find_entries(struct finder *f)
{
	static const char *const dirs[] = { "boot/loader/entries", "efi/loader/entries",
					    "boot/efi/loader/entries" };

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		struct fact list = sysroot_list(f->l->root, f->l->a, dirs[i]);
		struct span rest = fact_describe(&list), name;

		/* One that is closed says more than one that is not there. */
		if (list.state != FACT_ABSENT && f->entries.state != FACT_DENIED) {
			f->entries = list;
			f->entries_dir = dirs[i];
		}
		while (fact_is(&list) && parse_line(&rest, &name))
			if (is_entry(name))
				return;
	}
}

/* ---- shell variables: GRUB, U-Boot, extlinux ---- */

struct variables {
	const char *file, *dir;  /* dir: of *.cfg that are read after it, or NULL */
	const char *key, *other; /* other: of which options are removed only, or NULL */
};

/* Takes the assignments of one file: the last of all is where options go. */
static void take_assignments(struct finder *f, const struct variables *v, const struct fact *lines,
			     const char *file)
{
	struct span rest = fact_describe(lines);
	struct boot *b = f->b;
	struct assignment one;

	while (assignment_next(&rest, &one)) {
		bool main = span_equals(one.name, v->key);
		struct boot_place *p;

		if (!main && (!v->other || !span_equals(one.name, v->other)))
			continue;
		for (size_t i = 0; main && i < b->nr_places; i++)
			b->places[i].adds = false;
		p = place_add(f, BOOT_FORM_VARIABLE, file, main ? v->key : v->other);
		p->adds = main;
		p->value = arena_strndup(f->l->a, one.value.s, one.value.len);
		p->quote = one.quote;
		p->dynamic = one.appends || !one.plain || strpbrk(p->value, "$`");
		if (!one.plain && !b->because)
			b->because =
				arena_printf(f->l->a,
					     "%s is assigned in /%s in a way that needs an editor",
					     p->key, file);
	}
}

static void take_variables(struct finder *f, const struct variables *v, const struct fact *first)
{
	const char *const names[] = { v->key, v->other };
	struct loader *l = f->l;
	struct fact list = { 0 };
	struct span rest, line;
	size_t nr = 0;

	take_assignments(f, v, first, v->file);
	if (v->dir)
		list = sysroot_list(l->root, l->a, v->dir);
	rest = fact_describe(&list);
	while (nr < FILES_MAX && parse_line(&rest, &line)) {
		struct reduction want = { .names = names, .nr_names = v->other ? 2 : 1 };
		struct fact lines;

		if (line.len < 5 || memcmp(line.s + line.len - 4, ".cfg", 4) != 0)
			continue;
		want.path =
			arena_join(l->a, v->dir, "/", arena_strndup(l->a, line.s, line.len), NULL);
		lines = read_reduced(l, &want);
		take_assignments(f, v, &lines, want.path);
		nr++;
	}
	for (size_t i = 0; i < f->b->nr_places; i++)
		if (f->b->places[i].adds)
			return;
	place_add(f, BOOT_FORM_VARIABLE, v->file, v->key);
}

static bool is_assigned(const struct fact *lines, const char *name, const char *value)
{
	struct span rest = fact_describe(lines);
	struct assignment one;
	bool ret = false;

	while (assignment_next(&rest, &one))
		if (span_equals(one.name, name))
			ret = span_equals(one.value, value);
	return ret;
}

/* What makes grub.cfg again. */
static const char *grub_rebuild(struct loader *l)
{
	if (exists(l, "etc/kernel/proxmox-boot-uuids") && has_program(l, "proxmox-boot-tool"))
		return "proxmox-boot-tool refresh";
	if (has_program(l, "update-grub"))
		return "update-grub";
	if (has_program(l, "grub2-mkconfig") && exists(l, "boot/grub2/grub.cfg"))
		return "grub2-mkconfig -o /boot/grub2/grub.cfg";
	if (has_program(l, "grub-mkconfig") && exists(l, "boot/grub/grub.cfg"))
		return "grub-mkconfig -o /boot/grub/grub.cfg";
	return NULL;
}

/* GRUB whose entries are files (BLS): its own variable only counts for a kernel installed later. */
static void take_grub_entries(struct finder *f, const struct fact *settings)
{
	struct boot *b = f->b;

	choose(f, BOOT_LOADER_GRUB_ENTRIES, "GRUB", settings);
	find_entries(f);
	take_entries(f, "options");
	for (size_t i = 0; i < b->nr_places; i++)
		b->places[i].adds = false;
	b->add_command = "grubby --update-kernel=ALL --args=";
	b->remove_command = "grubby --update-kernel=ALL --remove-args=";
	if (!has_program(f->l, "grubby"))
		b->because =
			"GRUB has its entries in /boot/loader/entries, but grubby, which changes them, is not installed";
}

static void take_grub(struct finder *f)
{
	static const char *const names[] = { "GRUB_CMDLINE_LINUX", "GRUB_CMDLINE_LINUX_DEFAULT",
					     "GRUB_ENABLE_BLSCFG" };
	const struct variables variables = { GRUB_FILE, "etc/default/grub.d", names[0], names[1] };
	struct fact settings =
		read_reduced(f->l, &(struct reduction){ .path = GRUB_FILE,
							.names = names,
							.nr_names = ARRAY_SIZE(names) });
	struct boot *b = f->b;

	if (is_assigned(&settings, names[2], "true")) {
		take_grub_entries(f, &settings);
		return;
	}
	choose(f, BOOT_LOADER_GRUB, "GRUB", &settings);
	if (!fact_is(&settings)) {
		b->because = settings.state == FACT_ABSENT
				     ? "GRUB has no /etc/default/grub here"
				     : "GRUB's /etc/default/grub could not be read";
		return;
	}
	take_variables(f, &variables, &settings);
	b->rebuild = grub_rebuild(f->l);
	if (!b->rebuild)
		b->because = "the command that makes GRUB's configuration again was not found";
}

/* ---- systemd-boot and extlinux ---- */

/* The file /etc/kernel/cmdline, when it has one line of options. */
static bool take_cmdline(struct finder *f, const struct fact *text)
{
	struct span rest = fact_describe(text), line, more;
	struct boot_place *p;

	if (!fact_is(text) || !parse_line(&rest, &line))
		return false;
	line = span_strip(line);
	while (parse_line(&rest, &more))
		if (span_strip(more).len)
			return false;
	if (!line.len || line.s[0] == '#')
		return false;
	p = place_add(f, BOOT_FORM_LINE, CMDLINE_FILE, NULL);
	p->value = arena_strndup(f->l->a, line.s, line.len);
	return true;
}

/* The entries of kernel-install are named after the release, "TOKEN-RELEASE.conf" or with "+TRIES" behind. */
static bool has_entry_of_release(struct finder *f)
{
	const struct fact *release = &f->l->h->kernel.release;
	struct span rest = fact_describe(&f->entries), name;

	while (fact_is(release) && parse_line(&rest, &name)) {
		const char *text = arena_strndup(f->l->a, name.s, name.len);
		const char *at = strstr(text, release->raw);

		if (at && at > text && at[-1] == '-' && strchr(".+", at[release->len]))
			return true;
	}
	return false;
}

/* What makes an entry or an image with /etc/kernel/cmdline in it again; NULL when it is not known. */
static const char *kernel_install_rebuild(struct finder *f)
{
	const struct fact *release = &f->l->h->kernel.release;
	struct loader *l = f->l;
	const char *image;

	if (f->b->initramfs == INITRAMFS_MKINITCPIO && !has_entry_of_release(f))
		return "mkinitcpio -P";
	if (!fact_is(release) || !has_program(l, "kernel-install"))
		return NULL;
	image = arena_printf(l->a, "lib/modules/%s/vmlinuz", release->raw);
	if (!exists(l, image))
		image = arena_printf(l->a, "boot/vmlinuz-%s", release->raw);
	if (!exists(l, image))
		return NULL;
	return arena_printf(l->a, "kernel-install add %s %s", release->raw,
			    arena_join(l->a, "/", image, NULL));
}

static void take_systemd(struct finder *f)
{
	struct loader *l = f->l;
	struct boot *b = f->b;
	struct fact cmdline = sysroot_read(l->root, l->a, CMDLINE_FILE, SYSROOT_ATTRIBUTE_MAX);
	bool proxmox = exists(l, "etc/kernel/proxmox-boot-uuids");

	find_entries(f);
	if (proxmox || (fact_is(&cmdline) &&
			(has_entry_of_release(f) || !fact_is(&f->entries) || !f->entries.len))) {
		choose(f, proxmox ? BOOT_LOADER_PROXMOX : BOOT_LOADER_KERNEL_INSTALL,
		       "systemd-boot", &cmdline);
		b->rebuild = proxmox ? "proxmox-boot-tool refresh" : kernel_install_rebuild(f);
		if (!take_cmdline(f, &cmdline))
			b->because = "/etc/kernel/cmdline does not have its options on one line";
		else if (!b->rebuild)
			b->because = "the command that makes the boot entries again was not found";
		return;
	}
	choose(f, BOOT_LOADER_SYSTEMD, "systemd-boot", &f->entries);
	take_entries(f, "options");
	if (b->nr_places)
		return;
	b->because = f->entries.state == FACT_DENIED
			     ? "the entries of systemd-boot can be read by root only"
			     : "systemd-boot has no entries in a folder that vfiotool knows";
}

static bool take_extlinux(struct finder *f)
{
	static const struct {
		struct variables variables;
		const char *tool;
	} kinds[] = {
		{ { "etc/default/u-boot", NULL, "U_BOOT_PARAMETERS", NULL }, "u-boot-update" },
		{ { "etc/update-extlinux.conf", NULL, "default_kernel_opts", NULL },
		  "update-extlinux" },
	};
	static const char path[] = "boot/extlinux/extlinux.conf";
	struct loader *l = f->l;
	const char *common;
	struct boot_place *p;
	struct fact lines;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const struct variables *v = &kinds[i].variables;

		lines = read_reduced(l, &(struct reduction){ v->file, &v->key, 1, NULL });
		if (!fact_is(&lines) || !has_program(l, kinds[i].tool))
			continue;
		choose(f, BOOT_LOADER_EXTLINUX, "extlinux", &lines);
		take_variables(f, v, &lines);
		/* Its default is in the tool, and would be lost. */
		if (!f->b->places[0].value)
			f->b->because =
				arena_printf(l->a, "%s is not assigned in /%s", v->key, v->file);
		f->b->rebuild = kinds[i].tool;
		return true;
	}
	lines = read_reduced(l, &(struct reduction){ .path = path, .keyword = "append" });
	common = value_of_entries(f, &lines, "append", NULL);
	if (!common)
		return false;
	choose(f, BOOT_LOADER_EXTLINUX, "extlinux", &lines);
	p = place_add(f, BOOT_FORM_KEYWORD, path, "append");
	p->value = common;
	return true;
}

/* ---- which loader ---- */

static bool cmdline_has(struct loader *l, const char *key)
{
	return kernel_cmdline(&l->h->kernel, l->a, key) != NULL;
}

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/* Distributions that write the loader's files themselves; their own way is the only one that lasts. */
static bool take_distribution(struct finder *f)
{
	struct boot *b = f->b;

	if (cmdline_has(f->l, "ostree")) {
		choose(f, BOOT_LOADER_OSTREE, "rpm-ostree", &f->l->h->kernel.cmdline);
		b->add_command = "rpm-ostree kargs --append-if-missing=";
		b->remove_command = "rpm-ostree kargs --delete-if-present=";
		if (!has_program(f->l, "rpm-ostree"))
			b->because =
				"this system is deployed by ostree, and rpm-ostree is not installed";
		return true;
	}
	if (!b->distribution)
		return false;
	if (!strcmp(b->distribution, "nixos"))
		b->because = "NixOS takes boot options from boot.kernelParams of its configuration";
	else if (strstr(b->distribution, "microos") || begins(b->distribution, "sl-micro"))
		b->because =
			"this distribution changes its read-only system by transactional-update";
	return b->because != NULL;
}

/* Without a name from the firmware: GRUB passes its own path of the kernel, U-Boot and the EFI stub do not. */
static void take_by_files(struct finder *f)
{
	const char *image = kernel_cmdline(&f->l->h->kernel, f->l->a, "BOOT_IMAGE");
	bool grub = exists(f->l, GRUB_FILE) || exists(f->l, "boot/grub/grub.cfg") ||
		    exists(f->l, "boot/grub2/grub.cfg");
	const char *initrd = kernel_cmdline(&f->l->h->kernel, f->l->a, "initrd");

	if (image && grub && strchr(image, '/'))
		take_grub(f);
	else if (!image && initrd && strchr(initrd, '\\'))
		take_systemd(f);
	else if (grub || !take_extlinux(f))
		f->b->because = "the boot loader of this host is unknown";
}

static void find_loader(struct finder *f)
{
	struct boot *b = f->b;
	const char *name;

	if (take_distribution(f))
		return;
	b->info = sysroot_read(f->l->root, f->l->a, LOADER_INFO, SYSROOT_ATTRIBUTE_MAX);
	if (!fact_is(&b->info) || loader_info_parse(fact_describe(&b->info), f->l->a, &name) < 0)
		take_by_files(f);
	else if (begins(name, "systemd-boot"))
		take_systemd(f);
	else if (begins(name, "GRUB"))
		take_grub(f);
	else
		b->because =
			arena_printf(f->l->a, "the boot loader %s is not known to vfiotool", name);
}

/* ---- the rest ---- */

static void find_distribution(struct finder *f)
{
	static const char *const names[] = { "ID", "ID_LIKE" };
	static const char *const paths[] = { "etc/os-release", "usr/lib/os-release" };
	struct boot *b = f->b;
	struct assignment one;
	struct span rest;

	for (size_t i = 0; i < ARRAY_SIZE(paths) && !fact_is(&b->os_release); i++)
		b->os_release = read_reduced(f->l, &(struct reduction){ paths[i], names, 2, NULL });
	rest = fact_describe(&b->os_release);
	while (assignment_next(&rest, &one))
		if (span_equals(one.name, "ID"))
			b->distribution = arena_strndup(f->l->a, one.value.s, one.value.len);
}

static void find_initramfs(struct finder *f)
{
	static const struct {
		const char *program, *command;
		enum initramfs_tool tool;
	} tools[] = {
		{ "update-initramfs", "update-initramfs -u", INITRAMFS_TOOLS },
		{ "mkinitcpio", "mkinitcpio -P", INITRAMFS_MKINITCPIO },
		{ "dracut", "dracut --force", INITRAMFS_DRACUT },
	};

	for (size_t i = 0; i < ARRAY_SIZE(tools); i++) {
		if (!has_program(f->l, tools[i].program))
			continue;
		f->b->initramfs = tools[i].tool;
		f->b->initramfs_command = tools[i].command;
		return;
	}
}

/* Root may write every file, but not on a file system that is read-only: why @file cannot be, or NULL. */
static const char *why_read_only(struct finder *f, const char *file)
{
	const struct caller *who = &f->l->h->caller;
	struct fact access = sysroot_access(f->l->root, f->l->a, file + 1);

	if (!fact_is(&who->identity) || who->euid || !fact_is(&access) || strchr(access.raw, 'w'))
		return NULL;
	return arena_printf(f->l->a, "the file system of %s is read-only", file);
}

static void check_writable(struct finder *f)
{
	struct boot *b = f->b;

	b->etc_because = why_read_only(f, "/etc");
	for (size_t i = 0; i < b->nr_places && !b->because; i++)
		if (b->places[i].form != BOOT_FORM_KEYWORD)
			b->because = why_read_only(f, b->places[i].file);
}

void boot_load(struct loader *l)
{
	struct boot *b = arena_new_object(l->a, struct boot);
	struct finder f = { .l = l, .b = b, .entries = { .state = FACT_ABSENT } };

	find_distribution(&f);
	find_initramfs(&f);
	find_loader(&f);
	check_writable(&f);
	l->h->boot = b;
}
