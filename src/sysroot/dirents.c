/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysroot/dirents.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"

enum { NAMES_MAX = 1 << 20 };

struct names {
	struct strbuf text; /* each with its NUL, as they came */
	size_t nr;
};

static int name_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void names_fill(struct names *n, struct arena *a, struct fact *f)
{
	const char **items = arena_array(n->text.arena, n->nr, sizeof(*items));
	const char *name = strbuf_get(&n->text);
	char *raw = arena_text(a, NULL, n->text.len), *at = raw;

	for (size_t i = 0; i < n->nr; i++, name += strlen(name) + 1)
		items[i] = name;
	if (n->nr)
		qsort(items, n->nr, sizeof(*items), name_compare);
	for (size_t i = 0; i < n->nr; i++) {
		at = stpcpy(at, items[i]);
		*at++ = '\n';
	}
	f->state = FACT_PRESENT;
	f->len = n->nr ? n->text.len - 1 : 0;
	raw[f->len] = '\0';
	f->raw = raw;
}

static int names_add(struct names *n, const char *name)
{
	if (!strcmp(name, ".") || !strcmp(name, ".."))
		return 0;
	/* A list has one name a line. */
	if (strchr(name, '\n'))
		return -EILSEQ;
	if (n->nr == NAMES_MAX)
		return -E2BIG;
	strbuf_add(&n->text, name, strlen(name) + 1);
	n->nr++;
	return 0;
}

/* Not readdir(3), which asks the kernel three questions more for each directory. */
static int names_collect(struct names *n, int fd)
{
	_Alignas(struct dirent64) char buf[32768];
	ssize_t len;

	while ((len = getdents64(fd, buf, sizeof(buf))) > 0) {
		for (ssize_t at = 0; at < len;) {
			const struct dirent64 *d = (const struct dirent64 *)(buf + at);
			int r = names_add(n, d->d_name);

			if (r < 0)
				return r;
			at += d->d_reclen;
		}
	}
	return len < 0 ? -errno : 0;
}

int dirents_read(int fd, struct arena *a, struct fact *f)
{
	struct names n = { .text = { .arena = arena_new() } };
	int r = names_collect(&n, fd);

	if (!r)
		names_fill(&n, a, f);
	arena_free(n.text.arena);
	return r;
}
