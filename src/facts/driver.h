/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions about drivers and devices outside of a snapshot: while drivers move, or where no snapshot has
 * the answer. Strings are in @a. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/fact.h"
#include "base/parse.h"
#include "sysroot/sysroot.h"

/* Whether @bus has a driver with the name @driver. */
bool driver_exists(struct sysroot *root, struct arena *a, const char *bus, struct span driver);
/* The names of the drivers of @bus. */
struct fact driver_list(struct sysroot *root, struct arena *a, const char *bus);
/* The module of a driver, NULL when it is built in: then nothing can be loaded before it. */
const char *driver_module(struct sysroot *root, struct arena *a, const char *bus,
			  const char *driver);
/* The driver of @bus that @module registered; its name may have other separators. NULL: none. */
const char *driver_of_module(struct sysroot *root, struct arena *a, const char *bus,
			     const char *module);

/* The name of the driver that the device has; ABSENT when it has none. */
struct fact device_read_driver(struct sysroot *root, struct arena *a, const char *bus,
			       const char *name);
/* Whether VFIO has registered the device: its driver may have any name. */
bool device_has_vfio_dev(struct sysroot *root, struct arena *a, const char *bus, const char *name);
struct fact device_read_modalias(struct sysroot *root, struct arena *a, const char *bus,
				 const char *name);
