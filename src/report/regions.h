/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The regions of an attached device, its configuration space, and bytes of them. cmd/ makes the rows from
 * the kernel's answers. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/failure.h"
#include "decode/vfioinfo.h"
#include "report/field.h"
#include "report/output.h"

struct region_row {
	const struct region_info *info;
	const char *name;     /* "BAR0" "ROM" "config" "VGA" "region9" */
	const char *contents; /* "MSI-X table 0x0-0x4f", or NULL */
};

struct config_field_row {
	const char *name;       /* as libpci calls it */
	uint32_t offset, width; /* bytes, from the start of the space */
	uint32_t value;
	int digits; /* of the value in hexadecimal; 0: a number; -1: a flag */
	const char *meaning;
};

struct config_cap_row {
	const char *name, *title; /* name may be NULL */
	uint32_t id, offset, version;
	bool extended;
	const struct config_field_row *fields;
	size_t nr_fields;
};

struct config_row {
	uint32_t size; /* bytes of the space */
	uint32_t header_type;
	const struct config_field_row *fields;
	size_t nr_fields;
	const struct config_cap_row *caps;
	size_t nr_caps;
	const char *broken; /* why a list of capabilities ends early, or NULL */
};

struct dump_row {
	const char *region;
	uint64_t offset;
	const uint8_t *bytes;
	size_t len;
};

struct write_row {
	const char *region;
	uint64_t offset, before, value, after;
	unsigned int width; /* bytes */
	bool has_before, has_after;
};

/* What the command did to one device. */
struct regions_device {
	const char *address;
	const struct region_row *regions;
	size_t nr_regions;
	const struct config_row *config; /* NULL: not asked for */
	const struct write_row *writes;
	size_t nr_writes;
	const struct dump_row *dump; /* NULL: not asked for */
};

/* Rows: struct regions_device, struct config_row. */
extern const struct field_table regions_device_fields, config_fields;

/* Tables of the regions and of a configuration space, @indent columns in. 0, or a negative errno of the
 * output. */
int regions_print(const struct region_row *rows, size_t nr, const struct output *out, size_t indent,
		  struct failure **reterr);
void config_print(const struct config_row *c, const struct output *out, size_t indent);
/* Lines of an offset, sixteen bytes and their characters; lines that repeat the one before are one "*". */
void dump_print(const struct dump_row *d, const struct output *out);
void write_print(const struct write_row *w, const struct output *out, size_t indent);
