/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An input as a capture, for the targets that look at a whole host. */
#pragma once

#include <json-c/json_tokener.h>
#include <sys/mman.h>
#include <unistd.h>

#include "facts/load.h"
#include "fuzz.h"

enum { FUZZ_PATH = 32 };

/* The input as a file with the name @path; the caller closes what is returned. */
static inline int fuzz_file(const uint8_t *data, size_t len, char path[FUZZ_PATH])
{
	int fd = memfd_create("capture", MFD_CLOEXEC);

	must(fd >= 0);
	must(write(fd, data, len) == (ssize_t)len);
	snprintf(path, FUZZ_PATH, "/proc/self/fd/%d", fd);
	return fd;
}

/* Calls @use with the input as a host, where it is one. */
static inline void fuzz_sysroot(const uint8_t *data, size_t len, void (*use)(struct sysroot *root))
{
	struct sysroot *root = NULL;
	char path[FUZZ_PATH];
	int fd = fuzz_file(data, len, path);

	if (!sysroot_open(path, &root, NULL))
		use(root);
	sysroot_close(root);
	close(fd);
}

/* Whether @text is a JSON document. */
static inline bool fuzz_is_json(const char *text, size_t len)
{
	struct json_tokener *t = json_tokener_new_ex(64);
	struct json_object *o = json_tokener_parse_ex(t, text, (int)len);
	bool ret = o && json_tokener_get_error(t) == json_tokener_success;

	json_object_put(o);
	json_tokener_free(t);
	return ret;
}
