/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names of the running kernel. Ten megabytes of text: read only when the module files did not
 * tell enough, as a stream, and of it only the asked names are kept. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "facts/loader.h"

enum { KALLSYMS_LINES_MAX = 8 << 20, KALLSYMS_BUFFER = 32 << 10 };

static int name_search(const void *key, const void *slot)
{
	return strcmp(key, *(const char *const *)slot);
}

/* The name in "ffffffff81000000 T name	[module]", cut out in place; NULL when there is none. */
static char *line_name(char *line)
{
	char *name = strchr(line, ' ');

	name = name ? strchr(name + 1, ' ') : NULL;
	if (!name)
		return NULL;
	name++;
	name[strcspn(name, "\t\n ")] = '\0';
	return name;
}

static void ask_kallsyms(struct sysroot *root, struct arena *a, void *ctx, struct fact *ret)
{
	size_t nr, size = 0, lines = 0;
	const char *const *names = host_symbol_names(&nr);
	struct strbuf out = { .arena = a };
	char buffer[KALLSYMS_BUFFER], *line = NULL;
	bool *found;
	int err = 0;
	FILE *in;

	(void)ctx;
	in = sysroot_stream(root, "proc/kallsyms", &err);
	if (!in) {
		ret->err = err;
		ret->state = fact_state_from_errno(err);
		return;
	}
	setvbuf(in, buffer, _IOFBF, sizeof(buffer));
	found = arena_array(a, nr, sizeof(*found));
	while (lines < KALLSYMS_LINES_MAX && getline(&line, &size, in) > 0) {
		const char *name = line_name(line);
		const char *const *hit =
			name ? bsearch(name, names, nr, sizeof(*names), name_search) : NULL;

		lines++;
		if (hit)
			found[hit - names] = true;
	}
	if (ferror(in) || !lines) {
		ret->state = FACT_FAILED;
		ret->err = ferror(in) ? errno : ENODATA;
	} else {
		for (size_t i = 0; i < nr; i++)
			if (found[i])
				strbuf_printf(&out, "%s%s", out.len ? "\n" : "", names[i]);
		*ret = fact_derived(a, ret->path, (struct span){ strbuf_get(&out), out.len });
	}
	free(line);
	fclose(in);
}

void symbols_load(struct loader *l)
{
	const struct module *vfio = &l->h->modules[MODULE_VFIO];
	const struct module *type1 = &l->h->modules[MODULE_VFIO_IOMMU_TYPE1];

	if (vfio->symbols_known && type1->symbols_known)
		return;
	l->h->kernel.kallsyms =
		sysroot_ask(l->root, l->a, "/proc/kallsyms", true, ask_kallsyms, NULL);
}
