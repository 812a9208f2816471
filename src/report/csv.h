/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A table as CSV of RFC 4180: libsmartcols has no such output. */
#pragma once

#include "report/table.h"

/* Prints @t to the stream of @v: a record of names (unless headings are off), then one for each row. Lines end with CR LF. A
 * cell is empty where there is no value, "?" where it is not known; what a terminal would act on is escaped as in a table. */
void csv_print(const struct table *t, const struct output *v);
