/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A script in the kernel's place: the calls that are expected, in order, with what they must be given and what
 * they answer. A call that deviates fails the test at once. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "client/sys.h"

enum script_call { SCRIPT_OPEN, SCRIPT_IOCTL, SCRIPT_CLOSE, SCRIPT_MMAP, SCRIPT_MUNMAP };

struct script_line {
	enum script_call call;
	const char *path;      /* of an open */
	int fd;                /* of an ioctl or a close */
	unsigned long request; /* of an ioctl */
	/* The first bytes of what an ioctl is given, and what it leaves there; NULL: any, nothing. */
	const void *given, *left;
	size_t given_len, left_len;
	int ret; /* what the call returns, or a negative errno */
};

struct sys_script {
	struct sys sys;
	const struct script_line *lines;
	size_t nr, at;
	uint8_t page[8192]; /* what mmap gives; from an address that is a multiple of 4096 */
};

void sys_script_init(struct sys_script *s, const struct script_line *lines, size_t nr);
/* Fails the test when lines are left over. */
void sys_script_end(const struct sys_script *s);
