/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The floor under a report: a bare loop over the same files, with the same calls, and nothing else.
 *
 *     floor DIRECTORY WORK
 *
 * WORK has an order a line, a letter and a path below DIRECTORY: R reads a file (open, read until a short
 * read, close), L a link, D a directory, S asks what a path is. Prints the nanoseconds of processor time that the loop took and
 * the number of orders; the reading of WORK is not in them. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct order {
	char what;
	const char *path;
};

static char buffer[1 << 16];

static void file_read(int root, const char *path)
{
	int fd = openat(root, path, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	if (fd < 0)
		return;
	do {
		got = read(fd, buffer, 4097);
	} while (got == 4097);
	close(fd);
}

static void directory_read(int root, const char *path)
{
	int fd = openat(root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir)
		return;
	while (readdir(dir))
		;
	closedir(dir);
}

static void orders_run(int root, const struct order *orders, size_t nr)
{
	struct stat st;

	for (size_t i = 0; i < nr; i++) {
		switch (orders[i].what) {
		case 'R':
			file_read(root, orders[i].path);
			break;
		case 'L':
			if (readlinkat(root, orders[i].path, buffer, PATH_MAX) < 0)
				buffer[0] = '\0';
			break;
		case 'D':
			directory_read(root, orders[i].path);
			break;
		default:
			if (fstatat(root, orders[i].path, &st, 0) < 0)
				buffer[0] = '\0';
		}
	}
}

static struct order *orders_load(const char *path, size_t *ret_nr)
{
	FILE *in = fopen(path, "re");
	struct order *ret = NULL;
	char *line = NULL;
	size_t size = 0, nr = 0;
	ssize_t len;

	if (!in)
		return NULL;
	while ((len = getline(&line, &size, in)) > 3) {
		line[len - 1] = '\0';
		if (!(nr & (nr - 1)))
			ret = realloc(ret, (nr ? 2 * nr : 1) * sizeof(*ret));
		if (!ret)
			abort();
		ret[nr++] = (struct order){ line[0], strdup(line + 2) };
	}
	free(line);
	fclose(in);
	*ret_nr = nr;
	return ret;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

int main(int argc, char **argv)
{
	struct order *orders;
	uint64_t start;
	size_t nr = 0;
	int root;

	if (argc != 3) {
		fprintf(stderr, "usage: floor DIRECTORY WORK\n");
		return 64;
	}
	root = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	orders = orders_load(argv[2], &nr);
	if (root < 0 || !orders) {
		fprintf(stderr, "floor: cannot open '%s' and '%s': %s\n", argv[1], argv[2],
			strerror(errno));
		return 1;
	}
	start = now_ns();
	orders_run(root, orders, nr);
	printf("%llu %zu\n", (unsigned long long)(now_ns() - start), nr);
	for (size_t i = 0; i < nr; i++)
		free((void *)(uintptr_t)orders[i].path);
	free(orders);
	close(root);
	return 0;
}
