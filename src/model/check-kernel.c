/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel has for VFIO: modules, nodes, configuration, lockdown, huge pages. */
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "model/checks.h"

static const char *module_text(struct arena *a, const char *name)
{
	char *ret = arena_strdup(a, name);

	for (char *p = ret; *p; p++)
		if (*p == '_')
			*p = '-';
	return ret;
}

/* Lines "PREFIX=VALUE" of what libkmod said. */
static bool kmod_has(const struct module *m, const char *prefix, struct span *ret)
{
	const size_t len = strlen(prefix);
	struct span rest = check_span(&m->kmod), line;

	while (parse_line(&rest, &line))
		if (line.len > len && !memcmp(line.s, prefix, len)) {
			*ret = (struct span){ line.s + len, line.len - len };
			return true;
		}
	return false;
}

static void check_install(struct check *c, const struct module *m)
{
	struct span command;

	if (m->state != MODULE_STATE_LOADABLE || !kmod_has(m, "install=", &command))
		return;
	check_cite(c, &m->kmod);
	check_advise(c, ACTION_LOAD, SCOPE_NOW,
		     arena_printf(c->arena, "modprobe --ignore-install %s", m->name),
		     "load %s in spite of it", m->name);
	check_say(c, CHECK_WARN, "modprobe.d replaces loading %s by the command '%.*s'", m->name,
		  (int)command.len, command.s);
}

static void check_one_module(struct check *c, enum module_id id)
{
	const struct module *m = &c->host->modules[id];
	const char *name = module_text(c->arena, m->name);
	const struct fact *barred = &c->host->kernel.modules_disabled;

	check_cite(c, &m->sysfs);
	check_cite(c, &m->kmod);
	switch (m->state) {
	case MODULE_STATE_LOADED:
	case MODULE_STATE_BUILTIN:
		check_say(c, CHECK_PASS, "%s is %s", name,
			  m->state == MODULE_STATE_LOADED ? "loaded" : "built in");
		break;
	case MODULE_STATE_LOADABLE:
		if (fact_is(barred) && !strcmp(barred->raw, "1")) {
			check_cite(c, barred);
			check_say(c, CHECK_FAIL,
				  "%s is not loaded, and modules_disabled forbids it until the next boot",
				  name);
			break;
		}
		check_say(c, CHECK_PASS, "%s can be loaded", name);
		check_install(c, m);
		break;
	case MODULE_STATE_ABSENT:
		check_advise(c, ACTION_INSTALL, SCOPE_NOW, NULL,
			     "install the modules of this kernel, or a kernel with %s", name);
		check_say(c, CHECK_FAIL, "this kernel has no %s", name);
		break;
	default:
		check_say(c, CHECK_UNKNOWN, "cannot tell whether the kernel has %s", name);
	}
}

static bool is_in_kernel(const struct module *m)
{
	return m->state == MODULE_STATE_LOADED || m->state == MODULE_STATE_BUILTIN;
}

/* modprobe loads it after vfio, and the kernel itself does not. linux: drivers/vfio/vfio.c: MODULE_SOFTDEP(). */
static bool check_left_out(struct check *c, const struct module *type1)
{
	const struct module *vfio = &c->host->modules[MODULE_VFIO];
	bool other = c->host->modules[MODULE_IOMMUFD].state > MODULE_STATE_ABSENT;

	if (type1->state != MODULE_STATE_LOADABLE || !is_in_kernel(vfio))
		return false;
	check_cite(c, &type1->sysfs);
	check_cite(c, &vfio->sysfs);
	check_advise(c, ACTION_LOAD, SCOPE_NOW, "modprobe vfio_iommu_type1", "load it");
	check_say(c, other ? CHECK_WARN : CHECK_FAIL,
		  "vfio-iommu-type1 is not loaded, and nothing loads it once vfio is there");
	return true;
}

static void check_modules(struct check *c)
{
	const struct module *type1 = &c->host->modules[MODULE_VFIO_IOMMU_TYPE1];
	const struct module *iommufd = &c->host->modules[MODULE_IOMMUFD];
	bool either = iommufd->state > MODULE_STATE_ABSENT && type1->state == MODULE_STATE_ABSENT;

	check_one_module(c, MODULE_VFIO);
	check_one_module(c, MODULE_VFIO_PCI);
	/* One of the two serves the address space. */
	if (either || !check_left_out(c, type1))
		check_one_module(c, either ? MODULE_IOMMUFD : MODULE_VFIO_IOMMU_TYPE1);
}

/* ---- nodes ---- */

static void check_node(struct check *c, const struct node *n, const struct module *m)
{
	check_cite(c, &n->stat);
	if (fact_is(&n->stat)) {
		check_say(c, CHECK_PASS, "%s is there (mode %04o, user %u, group %u)", n->path,
			  n->mode, n->uid, n->gid);
		return;
	}
	if (n->stat.state != FACT_ABSENT) {
		check_say(c, CHECK_UNKNOWN, "cannot tell whether %s is there", n->path);
		return;
	}
	check_cite(c, &m->sysfs);
	if (is_in_kernel(m)) {
		check_advise(c, ACTION_OTHER, SCOPE_NOW, NULL,
			     "mount devtmpfs on /dev, or give the container %s", n->path);
		check_say(c, CHECK_WARN, "%s is missing, although %s is there", n->path, m->name);
	} else if (m->state == MODULE_STATE_LOADABLE) {
		check_say(c, CHECK_PASS, "%s appears when %s is loaded", n->path, m->name);
	} else {
		check_say(c, CHECK_WARN, "%s is not there", n->path);
	}
}

static void check_nodes(struct check *c)
{
	const struct module *iommufd = &c->host->modules[MODULE_IOMMUFD];

	check_node(c, &c->host->vfio_node, &c->host->modules[MODULE_VFIO]);
	if (iommufd->state != MODULE_STATE_ABSENT)
		check_node(c, &c->host->iommu_node, iommufd);
}

/* ---- configuration ---- */

static void check_config(struct check *c)
{
	static const struct {
		const char *option;
		enum check_answer lacking;
		const char *means;
	} wanted[] = {
		{ "CONFIG_VFIO", CHECK_FAIL, "there is no VFIO at all" },
		{ "CONFIG_VFIO_PCI", CHECK_FAIL, "no PCI device can be given to a program" },
		{ "CONFIG_IOMMU_SUPPORT", CHECK_FAIL, "no IOMMU can be used" },
		{ "CONFIG_IRQ_REMAP", CHECK_WARN, "interrupts cannot be remapped" },
		{ "CONFIG_IOMMUFD", CHECK_WARN, "programs cannot use iommufd" },
		{ "CONFIG_VFIO_DEVICE_CDEV", CHECK_WARN, "devices have no nodes of their own" },
	};
	const struct kernel *k = &c->host->kernel;
	size_t lacking = 0;

	if (!fact_is(&k->config)) {
		check_cite(c, &k->config);
		check_say(c, CHECK_UNKNOWN, "the configuration of the kernel could not be read");
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		const char *value = kernel_config(k, wanted[i].option);

		/* Only x86 has it. */
		if (!strcmp(wanted[i].option, "CONFIG_IRQ_REMAP") &&
		    (!fact_is(&k->machine) || strcmp(k->machine.raw, "x86_64") != 0))
			continue;
		if (!value || strcmp(value, "n") != 0)
			continue;
		lacking++;
		check_cite(c, &k->config);
		check_say(c, wanted[i].lacking, "the kernel was built without %s: %s",
			  wanted[i].option, wanted[i].means);
	}
	if (lacking)
		return;
	check_cite(c, &k->config);
	check_say(c, CHECK_PASS, "the kernel was built with VFIO for PCI, and with iommufd");
}

/* "none [integrity] confidentiality". linux: security/lockdown/lockdown.c: lockdown_read(). */
static void check_lockdown(struct check *c)
{
	const struct fact *f = &c->host->kernel.lockdown;

	check_cite(c, f);
	if (f->state == FACT_ABSENT)
		check_say(c, CHECK_PASS, "the kernel shows no lockdown");
	else if (!fact_is(f))
		check_say(c, CHECK_UNKNOWN, "cannot tell whether the kernel is locked down");
	else if (strstr(f->raw, "[none]"))
		check_say(c, CHECK_PASS, "the kernel is not locked down");
	else
		check_say(c, CHECK_WARN,
			  "the kernel is locked down (%s): it loads signed modules only, and refuses writes to configuration space and BARs in sysfs",
			  f->raw);
}

/* ---- huge pages ---- */

static uint64_t fact_number(const struct fact *f)
{
	uint64_t ret = 0;

	return fact_is(f) && f->raw && !parse_u64(f->raw, 10, &ret) ? ret : 0;
}

static void check_hugepages(struct check *c)
{
	const struct setup *s = c->host->setup;
	struct strbuf out = { .arena = c->arena };

	check_cite(c, &s->pools_list);
	if (!fact_known(&s->pools_list)) {
		check_say(c, CHECK_UNKNOWN, "cannot tell which huge pages are reserved");
		return;
	}
	for (size_t i = 0; i < s->nr_pools; i++) {
		const struct hugepage_pool *p = &s->pools[i];

		if (p->node >= 0 || !fact_number(&p->nr))
			continue;
		check_cite(c, &p->nr);
		check_cite(c, &p->free);
		strbuf_item(&out, ", ", "%llu of %llu KiB, of which %llu are free",
			    (unsigned long long)fact_number(&p->nr),
			    (unsigned long long)p->size / 1024,
			    (unsigned long long)fact_number(&p->free));
	}
	check_say(c, CHECK_PASS,
		  out.len ? "huge pages are reserved: %s" : "no huge pages are reserved%s",
		  strbuf_get(&out));
}

static const struct check_row rows[] = {
	{ "vfio-modules", "whether the kernel has the drivers of VFIO", check_modules },
	{ "vfio-nodes", "whether programs can open VFIO and iommufd", check_nodes },
	{ "kernel-config", "what the kernel was built with", check_config },
	{ "lockdown", "whether the kernel is locked down", check_lockdown },
	{ "hugepages", "huge pages that are reserved", check_hugepages },
};

const struct check_table checks_kernel = CHECK_TABLE(rows);
