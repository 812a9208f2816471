/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The small texts of procfs and of module parameters. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/parse.h"
#include "base/table.h"
#include "base/text.h"

/* Cuts the next word off a kernel command line: "key=value", "key", with double quotes around spaces,
 * as linux: lib/cmdline.c: next_arg() does. The quotes at the ends are not part of the pieces.
 * *@has_value is false for a bare word. False at the end. */
bool cmdline_next(struct span *rest, struct span *key, struct span *value, bool *has_value);
/* Whether two names of parameters or modules are the same: '-' and '_' are one.
 * linux: kernel/params.c: parameqn(). */
bool cmdline_name_equals(struct span name, const char *other);

/* The last value of @key on @cmdline, up to a "--" word; false when it is not there. A bare word gives
 * *@has_value false. */
bool cmdline_find(struct span cmdline, const char *key, struct span *value, bool *has_value);

/* A boolean parameter: 1 or 0, or -EINVAL. linux: lib/kstrtox.c: kstrtobool(). */
vt_must_check int param_bool(struct span text);

/* Keeps of a kernel configuration the options in @names ("CONFIG_X", @nr of them), one "CONFIG_X=VALUE"
 * a line in the order found; "is not set" becomes "n". The text is in @a, NULL when no line of @text
 * looks like one of a configuration. */
char *kconfig_reduce(struct span text, const char *const *names, size_t nr, struct arena *a);

/* The distinct chip names of /proc/interrupts in the order seen, one a line. The file may be large: it is
 * looked at line by line, the heading of CPU columns first.
 * linux: kernel/irq/proc.c: show_interrupts(). */
struct chips {
	struct arena *arena; /* borrowed, as is that of names */
	struct text names;
	struct table seen;
	size_t nr_cpus; /* 0: there was no heading */
};

/* False when what follows need not be looked at. */
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
