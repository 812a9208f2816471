/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A reset: which devices it would affect, what was done, and the device afterwards. cmd/ makes the rows. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "uapi/op.h"
#include "report/field.h"
#include "report/output.h"

/* A device that a hot reset hits. */
struct reset_hit_row {
	const char *address;
	bool has_group, has_devid;
	uint32_t group, devid;
	const char *driver;  /* NULL: none */
	bool ours;           /* its group, or itself, belongs to this attachment */
	const char *because; /* why it blocks the reset, or NULL */
};

struct reset_device_row {
	const char *address, *name; /* name may be NULL */
	const char *const *methods; /* of sysfs, in the kernel's order */
	size_t nr_methods;
	bool has_methods;        /* the kernel lists them */
	bool function;           /* VFIO offers a reset of the function */
	bool hot;                /* and one of its slot or bus, with all of that ours */
	const char *hot_because; /* why not hot, or NULL */
	const struct reset_hit_row *hits;
	size_t nr_hits;
	const char *chosen; /* "device" "hot", or NULL */
	enum op op;         /* the request that would be made, or was; OP_NONE: none is known */
	bool predicted;     /* whether its result is predicted */
	int predicted_err;  /* positive errno, or 0: it is done */
	bool asked;
	const char *because; /* why, or why none */
	bool done;
	int err; /* positive errno of the reset, or 0 */
	uint64_t ns;
	const char *together; /* the device whose hot reset hit this one too, or NULL */
	bool verified, readable, restored;
	int read_err; /* positive errno that kept it from being verified, or 0: all ones were read */
	uint32_t command_before, command_after;
};

/* The kernel decided otherwise than predicted. A reset that failed, or was not possible at that moment, is
 * not a difference: no rule is about that. */
bool reset_differs(const struct reset_device_row *d);

/* Row: struct reset_device_row. */
extern const struct field_table reset_device_fields;

/* 0, or a negative errno of the output. */
int reset_print(const struct reset_device_row *d, bool dry_run, const struct output *out,
		struct failure **reterr);
