/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the host is to do at boot, against what happened: vfio-pci.ids, blacklists, softdeps, options of modules, the
 * settings of boot loaders, and the drivers that devices are given at each boot. */
#include <string.h>

#include "base/strbuf.h"
#include "decode/cmdline.h"
#include "model/boot-id.h"
#include "model/checks.h"

/* ---- names ---- */

static bool same_name(const char *a, const char *b)
{
	return cmdline_name_equals((struct span){ a, strlen(a) }, b);
}

/* The next line "WORD NAME REST" of modprobe.d. */
static bool next_intent(struct span *rest, const char *word, const char **ret_name,
			struct span *ret_text, struct arena *a)
{
	struct span line, first, name;

	while (parse_line(rest, &line)) {
		if (!parse_word(&line, &first) || !span_equals(first, word) ||
		    !parse_word(&line, &name))
			continue;
		*ret_name = arena_strndup(a, name.s, name.len);
		*ret_text = span_strip(line);
		return true;
	}
	return false;
}

static bool unread_modprobe(struct check *c)
{
	const struct fact *f = &c->host->setup->modprobe;

	if (fact_known(f))
		return false;
	check_cite(c, f);
	check_say(c, CHECK_UNKNOWN, "the settings of modprobe.d could not be read");
	return true;
}

/* ---- vfio-pci.ids ---- */

/* The list that vfio-pci gets, and where from; NULL: none. */
static const char *ids_value(struct check *c, const struct fact **ret_from)
{
	const struct module *m = &c->host->modules[MODULE_VFIO_PCI];
	const char *value = kernel_cmdline(&c->host->kernel, c->arena, "vfio_pci.ids");
	struct span rest = check_span(&m->kmod), line;

	*ret_from = &c->host->kernel.cmdline;
	if (value || m->state == MODULE_STATE_BUILTIN)
		return value;
	*ret_from = &m->kmod;
	while (parse_line(&rest, &line))
		if (line.len > 11 && !memcmp(line.s, "option=ids=", 11))
			value = arena_strndup(c->arena, line.s + 11, line.len - 11);
	return value;
}

/* A device that an id names, which is not on a VFIO driver. */
static void say_elsewhere(struct check *c, struct span id, const struct device *d)
{
	c->next.device = d->name;
	check_cite(c, &d->driver_fact);
	check_plan(c, &d, 1);
	if (d->driver)
		check_say(c, CHECK_FAIL,
			  "vfio-pci.ids names %.*s, but %s is on %s: that driver was there before vfio-pci",
			  (int)id.len, id.s, d->name, d->driver);
	else
		check_say(c, CHECK_WARN,
			  "vfio-pci.ids names %.*s, but %s has no driver: vfio-pci is not loaded",
			  (int)id.len, id.s, d->name);
}

static bool same_slot(const struct device *a, const struct device *b)
{
	const char *dot = strrchr(a->name, '.');

	return dot && !strncmp(a->name, b->name, (size_t)(dot - a->name) + 1);
}

/* The id may take a card that the host needs. */
static void check_matches(struct check *c, struct span text, const struct boot_id *id,
			  const struct fact *from)
{
	struct strbuf names = { .arena = c->arena };
	const struct device *first = NULL;
	size_t cards = 0;

	for (size_t i = 0; i < c->nr_devices; i++) {
		const struct device *d = c->devices[i];

		if (!boot_id_matches(id, d))
			continue;
		if (!first || !same_slot(first, d))
			cards++;
		first = d;
		strbuf_item(&names, ", ", "%s", d->name);
		if (!device_is_vfio(d) && d->is_bridge != TRI_YES)
			say_elsewhere(c, text, d);
	}
	check_cite(c, from);
	if (!first) {
		check_say(c, CHECK_WARN,
			  "vfio-pci.ids names %.*s, which no device of this host has",
			  (int)text.len, text.s);
	} else if (cards > 1) {
		check_advise(c, ACTION_BIND, SCOPE_NOW,
			     arena_printf(c->arena, "vfiotool bind --persist %s", first->name),
			     "choose one by its address, and remove the id from vfio-pci.ids");
		check_say(c, CHECK_WARN, "vfio-pci.ids names %.*s, which takes %zu cards: %s",
			  (int)text.len, text.s, cards, strbuf_get(&names));
	} else {
		check_say(c, CHECK_PASS, "vfio-pci.ids names %.*s: %s", (int)text.len, text.s,
			  strbuf_get(&names));
	}
}

static bool check_spelling(struct check *c)
{
	struct span rest = check_span(&c->host->kernel.cmdline), key, value;
	const char *wrong, *right;
	bool has_value, any = false;

	while (cmdline_next(&rest, &key, &value, &has_value)) {
		if (!boot_key_is_misspelt(key) || !has_value)
			continue;
		any = true;
		wrong = arena_printf(c->arena, "%.*s=%.*s", (int)key.len, key.s, (int)value.len,
				     value.s);
		right = arena_printf(c->arena, "vfio-pci.ids=%.*s", (int)value.len, value.s);
		check_cite(c, &c->host->kernel.cmdline);
		check_boot(c, right, wrong, "boot with %s", right);
		check_say(c, CHECK_FAIL,
			  "the kernel ignores %.*s= on its command line: the parameter is vfio-pci.ids",
			  (int)key.len, key.s);
	}
	return any;
}

/* modprobe.d does not reach a driver that is built in. */
static void check_builtin_ids(struct check *c)
{
	const struct module *m = &c->host->modules[MODULE_VFIO_PCI];
	struct span rest = check_span(&m->kmod), line;
	const char *option;

	while (m->state == MODULE_STATE_BUILTIN && parse_line(&rest, &line)) {
		if (line.len <= 11 || memcmp(line.s, "option=ids=", 11) != 0)
			continue;
		option = arena_printf(c->arena, "vfio-pci.ids=%.*s", (int)line.len - 11,
				      line.s + 11);
		check_cite(c, &m->kmod);
		check_boot(c, option, NULL, "boot with %s", option);
		check_say(c, CHECK_FAIL,
			  "modprobe.d sets ids of vfio-pci, which is built in and does not see them");
	}
}

static void check_ids(struct check *c)
{
	const struct fact *from;
	const char *value;
	struct span rest, one;
	struct boot_id id;

	if (!fact_is(&c->host->kernel.cmdline)) {
		check_cite(c, &c->host->kernel.cmdline);
		check_say(c, CHECK_UNKNOWN, "the kernel command line could not be read");
		return;
	}
	check_spelling(c);
	value = ids_value(c, &from);
	if (!value)
		check_builtin_ids(c);
	rest = (struct span){ value, value ? strlen(value) : 0 };
	while (parse_item(&rest, &one)) {
		if (!one.len)
			continue;
		if (boot_id_parse(one, &id)) {
			check_matches(c, one, &id, from);
			continue;
		}
		check_cite(c, from);
		check_say(c, CHECK_FAIL,
			  "vfio-pci.ids has '%.*s', which is not VENDOR:DEVICE in hexadecimal",
			  (int)one.len, one.s);
	}
}

/* ---- blacklists and softdeps ---- */

static void advise_initramfs(struct check *c)
{
	const struct boot *b = c->host->boot;

	if (b && b->initramfs_command)
		check_advise(c, ACTION_OTHER, SCOPE_REBOOT, b->initramfs_command,
			     "make the initramfs again, which may have older settings, and reboot");
}

static const struct device *driven_by(const struct check *c, const char *driver)
{
	for (size_t i = 0; i < c->nr_devices; i++)
		if (c->devices[i]->driver && same_name(c->devices[i]->driver, driver))
			return c->devices[i];
	return NULL;
}

static void check_blacklist(struct check *c)
{
	const struct fact *f = &c->host->setup->modprobe;
	struct span rest = check_span(f), text;
	const struct device *d;
	const char *name;

	if (unread_modprobe(c))
		return;
	while (next_intent(&rest, "blacklist", &name, &text, c->arena)) {
		if (module_find(name) != NR_MODULES) {
			check_cite(c, f);
			check_say(c, CHECK_WARN,
				  "modprobe.d blacklists %s: it is loaded by its name only", name);
		}
		d = driven_by(c, name);
		if (!d)
			continue;
		c->next.device = d->name;
		check_cite(c, f);
		check_cite(c, &d->driver_fact);
		advise_initramfs(c);
		check_say(c, CHECK_WARN,
			  "the blacklist of %s had no effect: it is on %s; the driver is built in, or an initramfs without the setting loaded it",
			  name, d->name);
	}
}

static void check_softdep(struct check *c)
{
	const struct module *vfio = &c->host->modules[MODULE_VFIO_PCI];
	const struct fact *f = &c->host->setup->modprobe, *from;
	struct span rest = check_span(f), text, list, one;
	const char *name, *ids = ids_value(c, &from);
	struct boot_id id;

	while (fact_is(f) && next_intent(&rest, "softdep", &name, &text, c->arena)) {
		const struct device *d = driven_by(c, name);

		if (!memmem(text.s, text.len, "vfio", 4) || !d || !ids)
			continue;
		list = (struct span){ ids, strlen(ids) };
		while (parse_item(&list, &one)) {
			if (!boot_id_parse(one, &id) || !boot_id_matches(&id, d))
				continue;
			c->next.device = d->name;
			check_cite(c, f);
			check_cite(c, &vfio->kmod);
			advise_initramfs(c);
			check_say(c, CHECK_WARN,
				  "the softdep of %s on VFIO had no effect: %s was on %s before vfio-pci was loaded",
				  name, d->name, name);
			break;
		}
	}
}

/* ---- options of modules ---- */

static bool same_value(const char *a, const char *b)
{
	static const char *const yes = "Yy1", *const no = "Nn0";

	if (!strcmp(a, b))
		return true;
	return a[0] && b[0] && !a[1] && !b[1] &&
	       ((strchr(yes, a[0]) && strchr(yes, b[0])) || (strchr(no, a[0]) && strchr(no, b[0])));
}

static void check_options(struct check *c)
{
	for (size_t i = 0; i < NR_PARAMS; i++) {
		const struct param *p = &c->host->params[i];
		const struct module *m = &c->host->modules[param_get(p->id)->module];
		bool by_file = p->configured.path == m->kmod.path;

		if (!fact_is(&p->configured) || !fact_is(&p->value) ||
		    same_value(p->configured.raw, p->value.raw))
			continue;
		check_cite(c, &p->configured);
		check_cite(c, &p->value);
		check_say(c, CHECK_WARN, "%s.%s is to be %s, but it is %s: %s", p->module, p->name,
			  p->configured.raw, p->value.raw,
			  by_file && m->state == MODULE_STATE_BUILTIN
				  ? "the module is built in, and modprobe.d does not reach it"
				  : "it was changed, or the module was loaded with other settings");
	}
}

/* ---- boot loaders ---- */

static bool has_word(struct span text, struct span word)
{
	struct span one;

	while (parse_word(&text, &one))
		if (one.len == word.len && !memcmp(one.s, word.s, word.len))
			return true;
	return false;
}

static bool matters(struct span word)
{
	static const char *const heads[] = { "intel_iommu=",
					     "amd_iommu=",
					     "iommu=",
					     "iommu.",
					     "vfio",
					     "pcie_acs_override=",
					     "video=",
					     "modprobe.blacklist=",
					     "module_blacklist=",
					     "rd.driver.pre=" };

	for (size_t i = 0; i < ARRAY_SIZE(heads); i++)
		if (word.len >= strlen(heads[i]) && !memcmp(word.s, heads[i], strlen(heads[i])))
			return true;
	return false;
}

/* Options that @file has, and that the kernel was not booted with. @own: the loader of this host reads the file. */
static void check_file(struct check *c, const struct fact *f, struct span text, const char *file,
		       enum tristate own)
{
	const struct fact *cmdline = &c->host->kernel.cmdline;
	const struct boot *b = c->host->boot;
	const char *option;
	struct span word;

	while (parse_word(&text, &word)) {
		if (!matters(word) || has_word(check_span(cmdline), word))
			continue;
		option = arena_strndup(c->arena, word.s, word.len);
		check_cite(c, f);
		check_cite(c, cmdline);
		check_boot(c, option, NULL, "boot with %s", option);
		if (own == TRI_NO)
			check_say(c, CHECK_FAIL,
				  "%s has %s, but this host boots with %s, which does not read that file",
				  file, option, b->name);
		else
			check_say(c, CHECK_WARN, "%s has %s, but the kernel was booted without it",
				  file, option);
	}
}

/* The values of NAME="VALUE" lines, with the quotes as blanks. */
static struct span values_of(struct check *c, const struct fact *f)
{
	struct strbuf out = { .arena = c->arena };
	struct span rest = check_span(f), line;

	while (parse_line(&rest, &line)) {
		const char *equals = memchr(line.s, '=', line.len);

		if (equals)
			strbuf_printf(&out, "%.*s ", (int)(line.s + line.len - equals - 1),
				      equals + 1);
	}
	for (size_t i = 0; i < out.len; i++)
		if (out.s[i] == '"' || out.s[i] == '\'')
			out.s[i] = ' ';
	return (struct span){ strbuf_get(&out), out.len };
}

static void check_loader(struct check *c)
{
	const struct setup *s = c->host->setup;
	const struct boot *b = c->host->boot;
	enum boot_loader loader = b ? b->loader : BOOT_LOADER_UNKNOWN;
	enum tristate grub = loader == BOOT_LOADER_UNKNOWN || !b->name ? TRI_UNKNOWN
			     : loader == BOOT_LOADER_GRUB || loader == BOOT_LOADER_GRUB_ENTRIES
				     ? TRI_YES
				     : TRI_NO;
	enum tristate kernel =
		grub == TRI_YES ? TRI_NO
		: loader == BOOT_LOADER_KERNEL_INSTALL || loader == BOOT_LOADER_PROXMOX
			? TRI_YES
			: TRI_UNKNOWN;

	if (!fact_is(&c->host->kernel.cmdline))
		return;
	if (fact_is(&s->grub))
		check_file(c, &s->grub, values_of(c, &s->grub), "/etc/default/grub", grub);
	if (fact_is(&s->cmdline))
		check_file(c, &s->cmdline, check_span(&s->cmdline), "/etc/kernel/cmdline", kernel);
}

/* ---- drivers given at each boot ---- */

static void check_persist(struct check *c)
{
	for (size_t i = 0; i < c->nr_devices; i++) {
		const struct device *d = c->devices[i];
		const struct fact *f = &d->persist;

		if (fact_is(&d->persist_stranger)) {
			c->next.device = d->name;
			check_cite(c, &d->persist_stranger);
			check_say(c, CHECK_WARN,
				  "%s is to get %s at each boot, but that is meant for another device, which had this address",
				  d->name, d->persist_stranger.raw);
		}
		if (!fact_is(f) || !f->len || !fact_known(&d->driver_fact))
			continue;
		c->next.device = d->name;
		check_cite(c, f);
		check_cite(c, &d->driver_fact);
		if (d->driver && same_name(d->driver, f->raw)) {
			check_say(c, CHECK_PASS, "%s is on %s, which it gets at each boot", d->name,
				  f->raw);
			continue;
		}
		if (same_name(f->raw, "vfio_pci"))
			check_plan(c, &d, 1);
		check_say(c, CHECK_WARN, "%s is to get %s at each boot, but %s", d->name, f->raw,
			  d->driver ? arena_printf(c->arena, "is on %s", d->driver)
				    : "has no driver");
	}
}

static const struct check_row rows[] = {
	{ "vfio-ids", "vfio-pci.ids: misspelt, without a device, or of two cards", check_ids },
	{ "blacklist", "blacklists of modprobe.d without effect", check_blacklist },
	{ "softdep", "softdeps of modprobe.d without effect", check_softdep },
	{ "module-options", "options of VFIO's modules without effect", check_options },
	{ "boot-loader", "boot options that are set but not in effect", check_loader },
	{ "persist", "drivers that devices get at each boot", check_persist },
};

const struct check_table checks_intent = CHECK_TABLE(rows);
