/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether a module on disk can be loaded, by modprobe.d, the kernel command line and
 * kernel.modules_disabled. A blacklist in modprobe.d does not prevent it: it stops udev, but not a request
 * for the module by name. */
#include <string.h>

#include "base/parse.h"
#include "base/strbuf.h"
#include "model/eval.h"

/* Whether the list "a,b,c" has @name, '-' being '_'. linux: kernel/module/main.c: blacklisted(), which wants
 * the name as it is; module names never have a '-'. */
static bool list_has(const char *list, const char *name)
{
	const size_t len = strlen(name);

	for (;; list++) {
		size_t n = strcspn(list, ",");

		if (n == len && !memcmp(list, name, len))
			return true;
		list += n;
		if (!*list)
			return false;
	}
}

/* The command that modprobe runs instead of loading @m, or NULL. */
static const char *install_command(struct eval *e, const struct module *m)
{
	struct span rest = { m->kmod.raw ? m->kmod.raw : "", m->kmod.raw ? m->kmod.len : 0 }, line;
	static const char key[] = "install=";

	while (parse_line(&rest, &line))
		if (line.len > strlen(key) && !memcmp(line.s, key, strlen(key)))
			return arena_strndup(e->arena, line.s + strlen(key),
					     line.len - strlen(key));
	return NULL;
}

/* Commands that load nothing, as "install vfio_pci /bin/false" is written to forbid a module. */
static bool does_nothing(const char *command)
{
	static const char *const words[] = {
		"/bin/false", "/bin/true", "/usr/bin/false", "/usr/bin/true", "false", "true", ":"
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(command, words[i]))
			return true;
	return false;
}

/* systemd loads what modules-load.d names before it sets what sysctl.d says. */
static void propose_early_load(struct eval *e, const struct module *m)
{
	struct action action = { .kind = ACTION_LOAD, .scope = SCOPE_REBOOT, .target = m->name };

	if (e->silent)
		return;
	action.what =
		eval_text(e, "reboot, and load %s before kernel.modules_disabled is set", m->name);
	action.command =
		eval_text(e, "echo %s > /etc/modules-load.d/vfiotool-%s.conf", m->name, m->name);
	action.file = "/etc/modules-load.d";
	action.undo = eval_text(e, "rm /etc/modules-load.d/vfiotool-%s.conf", m->name);
	action_add_effect(&action, NULL, module_key(m->id), "loaded");
	eval_propose(e, &action);
}

static void propose_not_forbidden(struct eval *e, const struct module *m, const char *list)
{
	const char *whole = list;
	const struct action_effect effect = { NULL, module_key(m->id), "loadable" };
	struct strbuf rest = { .arena = e->arena };
	size_t own = strlen(m->name);

	for (size_t n; *list; list += n + (list[n] == ',')) {
		n = strcspn(list, ",");
		if (n != own || memcmp(list, m->name, n) != 0)
			strbuf_item(&rest, ",", "%.*s", (int)n, list);
	}
	eval_propose_boot(e,
			  eval_text(e,
				    "remove %s from module_blacklist= on the kernel command line",
				    m->name),
			  rest.s ? eval_text(e, "module_blacklist=%s", rest.s) : NULL,
			  eval_text(e, "module_blacklist=%s", whole), &effect, 1);
}

/* One module that would have to be loaded. True when it was answered. */
static bool module_barred(struct eval *e, const struct module *m)
{
	const struct fact *disabled = &e->host->kernel.modules_disabled;
	const char *forbidden = NULL, *command;

	/* linux: kernel/module/main.c: may_init_module(). */
	if (fact_is(disabled) && strcmp(disabled->raw, "0") != 0) {
		eval_cite(e, disabled);
		eval_refuses(e,
			     "module %s is not loaded, and kernel.modules_disabled forbids loading modules until the next boot",
			     m->name);
		propose_early_load(e, m);
		return true;
	}
	if (eval_cmdline(e, "module_blacklist", &forbidden) && list_has(forbidden, m->name)) {
		eval_cite(e, &e->host->kernel.cmdline);
		eval_refuses(e, "the kernel command line forbids module %s (module_blacklist=)",
			     m->name);
		propose_not_forbidden(e, m, forbidden);
		return true;
	}
	command = install_command(e, m);
	if (!command)
		return false;
	eval_cite(e, &m->kmod);
	if (does_nothing(command))
		eval_refuses(e, "modprobe.d runs '%s' instead of loading module %s", command,
			     m->name);
	else
		eval_unknown(e,
			     "modprobe.d runs '%s' to load module %s, and vfiotool cannot tell what that does",
			     command, m->name);
	eval_propose_load(e, m->id, "--ignore-install ");
	return true;
}

bool eval_load_barred(struct eval *e, enum module_id id)
{
	/* What comes with it, as depmod has it: the dependencies of vfio_pci. */
	const enum module_id chain[] = { id == MODULE_IOMMUFD ? id : MODULE_VFIO,
					 id == MODULE_VFIO_PCI ? MODULE_VFIO_PCI_CORE : id, id };

	for (size_t i = 0; i < ARRAY_SIZE(chain); i++) {
		const struct module *m = &e->host->modules[chain[i]];

		if (m->state != MODULE_STATE_LOADABLE ||
		    eval_assumed(e, NULL, module_key(chain[i])))
			continue;
		if (module_barred(e, m))
			return true;
	}
	return false;
}
