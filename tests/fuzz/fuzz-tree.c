/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A folder with a hostile system's files: processes and what they hold, module files for libkmod, the kernel's configuration,
 * symbols and type information. Each line "f PATH TEXT", "l PATH TARGET", "d PATH" or "p PATH" makes a file, a link, a folder or
 * a FIFO. The load ends, holds together, and never waits.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macro.h"
#include "base/parse.h"
#include "facts/load.h"
#include "fuzz.h"

enum { PATH_LEN_MAX = 256, FILES_MAX = 128 };

/* A path that stays below the folder. */
static bool is_inside(struct span path)
{
	return path.len && path.len < PATH_LEN_MAX && path.s[0] != '/' &&
	       !memmem(path.s, path.len, "..", 2) && !memchr(path.s, '\0', path.len);
}

static void make_parents(int dir, const char *path)
{
	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		char part[PATH_LEN_MAX];

		snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
		(void)!mkdirat(dir, part, 0700);
	}
}

/* "\n" is written as "\\n", so that a text may have lines. */
static void write_file(int dir, const char *path, struct span text)
{
	int fd = openat(dir, path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);

	for (size_t i = 0; fd >= 0 && i < text.len; i++) {
		bool line = text.s[i] == '\\' && i + 1 < text.len && text.s[i + 1] == 'n';

		(void)!write(fd, line ? "\n" : text.s + i, 1);
		i += line;
	}
	if (fd >= 0)
		close(fd);
}

static void make(int dir, struct arena *a, struct span line)
{
	struct span kind, path;
	const char *name;

	if (!parse_word(&line, &kind) || !parse_word(&line, &path) || !is_inside(path))
		return;
	name = arena_strndup(a, path.s, path.len);
	if (line.len && *line.s == ' ')
		line = (struct span){ line.s + 1, line.len - 1 };
	make_parents(dir, name);
	switch (*kind.s) {
	case 'f':
		write_file(dir, name, line);
		break;
	case 'l':
		(void)!symlinkat(arena_strndup(a, line.s, line.len), dir, name);
		break;
	case 'p':
		(void)!mkfifoat(dir, name, 0600);
		break;
	default:
		(void)!mkdirat(dir, name, 0700);
	}
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

static void load(const char *folder, struct arena *a)
{
	static const struct scope scope = { HOST_ALL | HOST_NOTICES | HOST_USAGE | HOST_KALLSYMS,
					    DEVICE_ALL | DEVICE_NOTICES | DEVICE_PERSIST,
					    DEVICE_ALL };
	static const char *const texts[] = { NULL, "/sys/class/net/eth0/device", "eth0", "vfio0" };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct sysroot *root = NULL;
		struct failure *why = NULL;
		struct host *h = NULL;
		struct target t;

		must(!sysroot_open(folder, &root, NULL));
		must(!texts[i] || !target_parse(a, texts[i], &t, NULL));
		must((host_load(root, &scope, &t, texts[i] ? 1 : 0, &h, &why) == 0) == (h != NULL));
		must(!h == !!why);
		failure_free(why);
		host_free(h);
		sysroot_close(root);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	vt_cleanup(arena_freep) struct arena *a = arena_new();
	struct span rest = { (const char *)data, len }, line;
	char folder[] = "/tmp/vfiotool-fuzz-XXXXXX";
	size_t nr = 0;
	int dir;

	must(mkdtemp(folder) != NULL);
	dir = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	must(dir >= 0);
	while (nr++ < FILES_MAX && parse_line(&rest, &line))
		make(dir, a, line);
	load(folder, a);
	close(dir);
	nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return 0;
}
