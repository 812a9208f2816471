/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who runs a program, and what it may lock and open: unit files of systemd, /proc/PID/limits, limits.conf. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/macro.h"
#include "base/parse.h"

/* What the files of one unit set, the later ones winning. NULL: not set. All in the arena. */
struct unit_settings {
	const char *user;            /* User= */
	const char *memlock;         /* LimitMEMLOCK= */
	const char *device_policy;   /* DevicePolicy= */
	const char *private_devices; /* PrivateDevices= */
	const char *ambient;         /* AmbientCapabilities=, joined by blanks */
	const char **allows;         /* DeviceAllow=, each as written */
	size_t nr_allows;
};

enum { UNIT_ALLOWS_MAX = 256 };

/* Adds the settings of a unit file or of a drop-in to @s: lines that end in a backslash go on, an empty value takes back
 * what was set. systemd: src/shared/conf-parser.c: config_parse(). */
void unit_parse(struct span text, struct arena *a, struct unit_settings *s);
/* The soft limit in bytes of "8M", "64K:infinity"; UINT64_MAX for infinity. 0, or -EINVAL.
 * systemd: src/basic/rlimit-util.c: rlimit_parse(). */
vt_must_check int unit_limit_parse(const char *text, uint64_t *ret);
/* Whether the unit may open the device node @path, of the character devices @class ("vfio", "misc").
 * systemd: src/core/cgroup.c: cgroup_apply_devices(). */
bool unit_allows(const struct unit_settings *s, const char *path, const char *class);

/* "Max locked memory  SOFT  HARD  bytes" of /proc/PID/limits: the soft one. 0, -ENODATA, or -EBADMSG.
 * linux: fs/proc/base.c: proc_pid_limits(). */
vt_must_check int limits_locked(struct span text, uint64_t *ret);
/* The memlock limit in bytes that the lines of a limits.conf give @user, of number @uid: the line of the user wins over '*'.
 * False where none is about the user, or where one for a group goes before '*'. pam_limits: limits.conf(5). */
bool limits_conf_locked(struct span text, const char *user, uint32_t uid, uint64_t *ret);
