/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/pasted.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/macro.h"

enum { TOTAL_MAX = 64 << 20, LINES_MAX = 4 << 20 };

static int read_lines(struct paste *p, FILE *in, size_t *total)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t len;
	int r = 0;

	while (!r && (len = getline(&line, &size, in)) >= 0) {
		*total += (size_t)len;
		if (*total > TOTAL_MAX || p->nr_lines >= LINES_MAX)
			r = -E2BIG;
		/* A NUL ends what is text. */
		else
			paste_line(p, (struct span){ line, strnlen(line, (size_t)len) });
	}
	if (!r && ferror(in))
		r = -EIO;
	free(line);
	return r;
}

static int read_file(struct paste *p, const char *path, size_t *total, struct failure **reterr)
{
	FILE *in = strcmp(path, "-") ? fopen(path, "re") : stdin;
	int r;

	if (!in)
		return failure_set_status(reterr,
					  errno == ENOENT ? STATUS_NO_TARGET : STATUS_FAILED,
					  -errno,
					  "cannot open '%s': %s; name a text file, or - for standard input",
					  path, strerror(errno));
	errno = 0;
	r = read_lines(p, in, total);
	if (r == -EIO && errno)
		r = -errno;
	if (in != stdin)
		fclose(in);
	if (r == -E2BIG)
		return failure_set(reterr, r,
				   "'%s' is larger than 64 MiB: keep what concerns PCI and the IOMMU",
				   path);
	return r < 0 ? failure_set(reterr, r, "cannot read '%s': %s; name a text file", path,
				   strerror(-r))
		     : 0;
}

int pasted_read(struct paste *p, const struct operands *from, struct failure **reterr)
{
	size_t total = 0;
	int r = 0;

	for (size_t i = 0; !r && i < from->nr; i++)
		r = read_file(p, from->items[i], &total, reterr);
	if (r < 0)
		return r;
	paste_end(p);
	if (!p->nr_devices)
		return failure_set_status(reterr, STATUS_NO, -ENODATA,
					  "no PCI device was found in the text: paste 'lspci -nnkvvv', run as root");
	return 0;
}

static size_t nr_groups(const struct paste *p)
{
	struct strmap seen = { .arena = p->arena };

	for (size_t i = 0; i < p->nr_devices; i++) {
		const char *number = arena_decimal(p->arena, p->devices[i]->group);

		if (p->devices[i]->has_group && !strmap_find(&seen, number))
			strmap_add(&seen, number, p->devices[i]);
	}
	return seen.nr;
}

/* The most useful first. */
static const char *what_helps(const struct paste *p)
{
	static const struct {
		unsigned int part;
		const char *command;
	} wanted[] = {
		{ PASTE_DRIVERS | PASTE_IDS, "lspci -nnk" },
		{ PASTE_GROUPS, "find /sys/kernel/iommu_groups -type l" },
		{ PASTE_RELEASE, "uname -a" },
		{ PASTE_CMDLINE, "cat /proc/cmdline" },
		{ PASTE_MODULES, "lsmod" },
		{ PASTE_NODES, "ls -l /dev/vfio" },
		{ PASTE_LOG, "dmesg | grep -e DMAR -e AMD-Vi -e remapping" },
		{ PASTE_CONFIG, "sudo lspci -nnkvvv -xxxx" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		if ((p->parts & wanted[i].part) != wanted[i].part)
			return wanted[i].command;
	return NULL;
}

void pasted_report(const struct paste *p)
{
	struct strbuf out = { .arena = p->arena };
	const size_t groups = nr_groups(p), left = p->nr_lines - p->nr_understood;
	const char *next = what_helps(p);

	strbuf_item(&out, ", ", "%zu device%s", p->nr_devices, p->nr_devices == 1 ? "" : "s");
	if (p->parts & PASTE_IDS)
		strbuf_item(&out, ", ", "ids");
	if (p->parts & PASTE_DRIVERS)
		strbuf_item(&out, ", ", "drivers");
	if (groups)
		strbuf_item(&out, ", ", "%zu group%s", groups, groups == 1 ? "" : "s");
	if (p->release)
		strbuf_item(&out, ", ", "Linux %s", p->release);
	if (p->cmdline)
		strbuf_item(&out, ", ", "boot options");
	if (p->parts & PASTE_MODULES)
		strbuf_item(&out, ", ", "modules");
	if (p->nr_nodes)
		strbuf_item(&out, ", ", "device nodes");
	if (p->parts & PASTE_LOG)
		strbuf_item(&out, ", ", "kernel log");
	log_write(LOG_LEVEL_WARNING, "understood: %s; %zu of %zu lines were left out",
		  strbuf_get(&out), left, p->nr_lines);
	if (next)
		log_write(LOG_LEVEL_WARNING, "what would help most: '%s'", next);
	else
		log_write(LOG_LEVEL_WARNING,
			  "'vfiotool capture', run on that host, would tell the rest");
}
