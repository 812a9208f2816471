/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "facts/driver.h"

#include <string.h>

bool driver_exists(struct sysroot *root, struct arena *a, const char *bus, struct span driver)
{
	struct fact f = sysroot_stat(root, a,
				     arena_printf(a, "sys/bus/%s/drivers/%.*s", bus,
						  (int)driver.len, driver.s));

	return fact_is(&f);
}

struct fact driver_list(struct sysroot *root, struct arena *a, const char *bus)
{
	return sysroot_list(root, a, arena_join(a, "sys/bus/", bus, "/drivers", NULL));
}

const char *driver_module(struct sysroot *root, struct arena *a, const char *bus,
			  const char *driver)
{
	struct fact link = sysroot_read_link(root, a,
					     arena_join(a, "sys/bus/", bus, "/drivers/", driver,
							"/module", NULL));
	const char *slash = fact_is(&link) ? strrchr(link.raw, '/') : NULL;
	struct fact loaded;

	if (!slash)
		return NULL;
	/* A driver that is built in may have the link, too.
	 * linux: kernel/module/main.c: show_initstate() is of what was loaded. */
	loaded = sysroot_stat(root, a, arena_join(a, "sys/module/", slash + 1, "/initstate", NULL));
	return loaded.state == FACT_ABSENT ? NULL : slash + 1;
}

const char *driver_of_module(struct sysroot *root, struct arena *a, const char *bus,
			     const char *module)
{
	struct fact f =
		sysroot_list(root, a, arena_join(a, "sys/module/", module, "/drivers", NULL));
	struct span rest = { f.raw, fact_is(&f) ? f.len : 0 }, line;
	size_t len = strlen(bus);

	while (parse_line(&rest, &line))
		if (line.len > len + 1 && !memcmp(line.s, bus, len) && line.s[len] == ':')
			return arena_strndup(a, line.s + len + 1, line.len - len - 1);
	return NULL;
}

static char *device_path(struct arena *a, const char *bus, const char *name, const char *attribute)
{
	return arena_join(a, "sys/bus/", bus, "/devices/", name, attribute, NULL);
}

struct fact device_read_driver(struct sysroot *root, struct arena *a, const char *bus,
			       const char *name)
{
	struct fact f = sysroot_read_link(root, a, device_path(a, bus, name, "/driver"));
	const char *slash = fact_is(&f) ? strrchr(f.raw, '/') : NULL;

	if (slash) {
		f.len -= (size_t)(slash + 1 - f.raw);
		f.raw = slash + 1;
	}
	return f;
}

bool device_has_vfio_dev(struct sysroot *root, struct arena *a, const char *bus, const char *name)
{
	struct fact f = sysroot_list(root, a, device_path(a, bus, name, "/vfio-dev"));

	return fact_is(&f);
}

struct fact device_read_modalias(struct sysroot *root, struct arena *a, const char *bus,
				 const char *name)
{
	return sysroot_read(root, a, device_path(a, bus, name, "/modalias"), SYSROOT_ATTRIBUTE_MAX);
}
