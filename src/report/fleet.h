/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Many hosts: which answer alike and what makes the difference, for a person, as JSON and as a table of hosts. */
#pragma once

#include <stdint.h>

#include "model/fleet.h"
#include "report/field.h"
#include "report/output.h"

/* A group; its number is its place, from 1 on. */
struct fleet_group_row {
	const struct fleet_group *group;
	uint32_t number, reference; /* 0: there is none */
	const char *const *hosts;   /* paths of captures */
	const char *const *releases;
	size_t nr_releases;
};

/* A file without an answer, or with the content of another. */
struct fleet_file_row {
	const char *source, *because, *same;
};

struct fleet_report {
	const struct fleet_group_row *groups;
	size_t nr_groups;
	const struct fleet_file_row *unread, *duplicates;
	size_t nr_unread, nr_duplicates;
	uint32_t nr_hosts;
};

/* Rows: struct fleet_report. */
extern const struct field_table fleet_fields;
void fleet_print(const struct fleet_report *r, const struct output *out);
/* Each host and each file without an answer as a row of a table, in the format of @out; in the order of their paths. 0, or a negative
 * errno of the output. */
int fleet_print_hosts(const struct fleet_report *r, const struct output *out,
		      struct failure **reterr);
