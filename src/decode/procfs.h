/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Texts of procfs, and the one line of sysroot_stat(). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/parse.h"
#include "base/strbuf.h"
#include "base/strmap.h"

/* The distinct chip names of /proc/interrupts in the order seen, one a line, up to the first of a remapped PCI device. The file may be large, so it
 * is read line by line; the heading of CPU columns comes first. linux: kernel/irq/proc.c:
 * show_interrupts(). */
struct chips {
	struct arena *arena; /* borrowed, as is that of names */
	struct strbuf names;
	struct strmap seen;
	size_t nr_cpus; /* 0: there was no heading */
};

/* False when the lines that follow are not needed. */
bool chips_line(struct chips *c, struct span line);
/* The same of a whole text, in @a; "" when there is none, NULL without a heading. */
char *interrupts_reduce(struct span text, struct arena *a);

/* The value of a line "NAME:	VALUE" of /proc/PID/status or /proc/cpuinfo, blanks around it removed. */
bool status_get(struct span text, const char *name, struct span *ret);
/* A line "VmLck:	     128 kB" in bytes. 0, -ENODATA, -EBADMSG. */
vt_must_check int status_get_bytes(struct span text, const char *name, uint64_t *ret);

/* The text of sysroot_stat(). */
struct stat_text {
	struct span type; /* "char" */
	unsigned int mode, uid, gid;
	uint32_t major, minor;
};

/* 0, or -EBADMSG. */
vt_must_check int stat_text_parse(struct span text, struct stat_text *ret);
