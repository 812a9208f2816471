/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of PCI vendors, devices and classes, from libpci's database. It is opened at the first question
 * about a live system, never for a capture. No device is read. */
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "sysroot/sysroot.h"

struct names;

/* @root is borrowed. */
struct names *names_new(struct sysroot *root);
void names_free(struct names *n);

/* Owned by @n; NULL when the database knows none, or there is no database. */
const char *names_vendor(struct names *n, uint16_t vendor);
const char *names_device(struct names *n, uint16_t vendor, uint16_t device);
/* @class_code: class and subclass. */
const char *names_class(struct names *n, uint32_t class_code);
