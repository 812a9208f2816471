/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the regions command does with an attached device: lists regions, decodes its configuration space,
 * reads and writes. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/failure.h"
#include "decode/pciconfig.h"
#include "facts/pci-names.h"
#include "client/region.h"
#include "report/regions.h"

/* One value to be written. */
struct region_store {
	uint32_t region;
	uint64_t offset, value;
	unsigned int width; /* bytes */
	const char *text;   /* as the user wrote it */
};

/* The attached device under work. */
struct region_work {
	struct client *client;
	const char *object; /* its name */
	int fd;
	struct arena *arena;
	struct device_info info;
	struct region_info *regions; /* those that the kernel knows, by index */
	size_t nr_regions;
	struct pciconfig config; /* len 0: not a PCI device, or it could not be read */
	struct pciconfig_caps caps;
	int config_err;     /* negative errno of reading it, or 0 */
	unsigned int width; /* bytes of one access to a BAR; 0: 4 */
};

/* "BAR0", "config": in @a when it is not one of the fixed names. */
const char *region_index_text(uint32_t index, struct arena *a);
/* "BAR0", "bar0", "config" or a number. 0, or -EINVAL. */
int region_index_parse(const char *text, size_t len, uint32_t *ret);
/* "1" "2" "4" "8", or setpci's letters. */
bool region_width_parse(const char *text, size_t len, unsigned int *ret);
/* "REGION+OFFSET=VALUE[:WIDTH]"; in config OFFSET may be the name of a register of the header. -EINVAL
 * (STATUS_USAGE) says what is wrong. */
int region_store_parse(const char *text, struct region_store *ret, struct failure **reterr);

/* Asks for all regions and reads the configuration space. 0, or a negative errno with *@reterr. */
int region_work_begin(struct region_work *w, struct failure **reterr);
/* Rows for the report, in w->arena. */
struct region_row *region_work_rows(const struct region_work *w, size_t *nr);
struct config_row *region_work_config(const struct region_work *w, struct names *names);

/* Whether @offset and @len bytes of @index can be read; the refusal as STATUS_NO or STATUS_USAGE.
 * *@len 0 becomes all that is behind @offset. */
int region_work_check_dump(const struct region_work *w, uint32_t index, uint64_t offset,
			   uint64_t *len, struct failure **reterr);
/* The bytes, into w->arena. */
int region_work_dump(const struct region_work *w, uint32_t index, uint64_t offset, uint64_t len,
		     struct dump_row *ret, struct failure **reterr);
/* The bytes, to @out in chunks. -ECANCELED when the kernel wants the device back before the end. */
int region_work_copy(const struct region_work *w, uint32_t index, uint64_t offset, uint64_t len,
		     FILE *out, struct failure **reterr);
/* Whether @s may be written: -EPERM with STATUS_GUARDED for a protected register (unless @force),
 * STATUS_NO for a write that the kernel refuses or drops. */
int region_work_check_store(const struct region_work *w, const struct region_store *s, bool force,
			    struct failure **reterr);
int region_work_store(struct region_work *w, const struct region_store *s, struct write_row *ret,
		      struct failure **reterr);

/* Whether accesses to region @index need decoding and it is off; @ret has its bits of the command
 * register. */
bool region_work_needs_decode(const struct region_work *w, uint32_t index, uint16_t *ret);
/* Sets bits of the command register, or restores them. */
int region_work_decode(struct region_work *w, uint16_t bits, bool on, struct failure **reterr);
