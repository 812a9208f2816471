/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the files of bind/persist.h are, below the root; all in @a. */
#pragma once

#include "base/arena.h"

#define PERSIST_RULES "etc/udev/rules.d"

/* After 05-driverctl.rules, whose choice it corrects, and before 80-drivers.rules, which loads the module of
 * another driver. */
static inline const char *persist_rule_path(struct arena *a, const char *bus, const char *name)
{
	return arena_printf(a, PERSIST_RULES "/06-vfiotool-%s-%s.rules", bus, name);
}

static inline const char *persist_modprobe_path(struct arena *a, const char *bus, const char *name)
{
	return arena_printf(a, "etc/modprobe.d/vfiotool-%s-%s.conf", bus, name);
}

static inline const char *persist_dracut_path(struct arena *a, const char *bus, const char *name)
{
	return arena_printf(a, "etc/dracut.conf.d/vfiotool-%s-%s.conf", bus, name);
}

static inline const char *persist_driverctl_path(struct arena *a, const char *bus, const char *name)
{
	return arena_printf(a, "etc/driverctl.d/%s-%s", bus, name);
}
