/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The main function of a target that runs without a fuzzing engine: each file of each directory named
 * is one input. At least one there must be: a corpus that is not found is no success. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

static int replay_file(const char *dir, const char *name)
{
	enum { INPUT_MAX = 16 << 20 };
	char path[4096];
	uint8_t *data = malloc(INPUT_MAX), *exact;
	size_t len;
	FILE *in;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	in = fopen(path, "re");
	if (!in || !data) {
		fprintf(stderr, "cannot read '%s': %s\n", path, strerror(errno));
		free(data);
		return -1;
	}
	fprintf(stderr, "%s\n", path);
	len = fread(data, 1, INPUT_MAX, in);
	fclose(in);
	/* Exactly as long as the input, so that a sanitizer sees a step past its end. */
	exact = malloc(len ? len : 1);
	if (!exact)
		abort();
	memcpy(exact, data, len);
	LLVMFuzzerTestOneInput(exact, len);
	free(exact);
	free(data);
	return 0;
}

int main(int argc, char **argv)
{
	size_t nr = 0;

	for (int i = 1; i < argc; i++) {
		DIR *dir = opendir(argv[i]);
		struct dirent *d;

		if (!dir) {
			fprintf(stderr, "cannot open '%s': %s\n", argv[i], strerror(errno));
			return 1;
		}
		while ((d = readdir(dir))) {
			if (d->d_name[0] == '.')
				continue;
			if (replay_file(argv[i], d->d_name) < 0)
				return 1;
			nr++;
		}
		closedir(dir);
	}
	fprintf(stderr, "%zu inputs\n", nr);
	return nr ? 0 : 1;
}
