/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Module parameters: what they are now, and what they will be when the module loads. */
#include <string.h>

#include "decode/cmdline.h"
#include "facts/loader.h"

/* The last "option=NAME=VALUE" of the answer about a module. */
static void configured_by_file(struct loader *l, const struct fact *kmod, struct param *p)
{
	struct span rest = fact_describe(kmod), line, key, value;
	bool has_value;

	while (parse_line(&rest, &line)) {
		if (line.len < 7 || memcmp(line.s, "option=", 7) != 0)
			continue;
		line.s += 7;
		line.len -= 7;
		if (cmdline_next(&line, &key, &value, &has_value) &&
		    cmdline_name_equals(key, p->name))
			p->configured = fact_derived(l->a, kmod->path, value);
	}
}

static void load_configured(struct loader *l, struct param *p)
{
	const struct module *m = &l->h->modules[param_get(p->id)->module];
	const struct fact *cmdline = &l->h->kernel.cmdline;
	struct span value;
	bool has_value;

	/* In neither: /proc/cmdline itself is not what is absent. */
	p->configured = (struct fact){ .path = arena_join(l->a, "modprobe.d and /proc/cmdline, ",
							  p->module, ".", p->name, NULL) };
	if (fact_is(cmdline) && fact_known(&m->kmod))
		p->configured.state = FACT_ABSENT;
	if (fact_is(&m->kmod))
		configured_by_file(l, &m->kmod, p);
	/* modprobe puts the command line behind its files, and the last one wins. */
	if (cmdline_find(fact_describe(cmdline), arena_printf(l->a, "%s.%s", p->module, p->name),
			 &value, &has_value))
		p->configured = fact_derived(l->a, cmdline->path,
					     has_value ? value : (struct span){ "Y", 1 });
}

void params_load(struct loader *l)
{
	for (size_t i = 0; i < NR_PARAMS; i++) {
		struct param *p = &l->h->params[i];

		p->id = (enum param_id)i;
		p->module = module_name(param_get(p->id)->module);
		p->name = param_get(p->id)->name;
		p->value = read_at(l, arena_printf(l->a, "sys/module/%s/parameters", p->module),
				   p->name);
		load_configured(l, p);
	}
}
