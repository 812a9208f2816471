/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events of a host, each as one line or as one JSON object on a line of its own. */
#pragma once

#include "facts/event.h"
#include "report/field.h"
#include "report/output.h"

/* Rows: struct host_event. */
extern const struct field_table event_fields;
/* One line, flushed: 0, or the negative errno of writing it. Scratch memory from @a. */
int event_text(const struct output *out, const struct host_event *e, struct arena *a);
/* One JSON object and a newline, likewise. */
int event_json(const struct output *out, const struct host_event *e, struct arena *a);
