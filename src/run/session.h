/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the commands about devices share: targets to a snapshot, the kernel that decides, assumptions,
 * names. */
#pragma once

#include <stddef.h>

#include "facts/load.h"
#include "facts/pci-names.h"
#include "model/assume.h"
#include "report/device.h"
#include "cli/command.h"

struct session {
	struct app *app;
	struct sysroot *root;
	struct target *targets;
	size_t nr_targets;
	struct host *host;
	struct device **devices; /* those asked for */
	size_t nr_devices;
	struct assumptions assumptions;
	struct names *names;
	struct arena *scratch;
	struct report report;
};

/* Opens the root and loads what @operands name within @scope. On failure the session is still to be
 * closed. */
int session_open(struct session *s, struct app *app, const struct operands *operands,
		 const struct scope *scope, struct failure **reterr);
/* The same of a root that is open, which then belongs to the session. */
int session_open_at(struct session *s, struct app *app, struct sysroot *root,
		    const struct operands *operands, const struct scope *scope,
		    struct failure **reterr);
/* The same, and keeps every answer for sysroot_write_capture(). */
int session_record(struct session *s, struct app *app, const struct operands *operands,
		   const struct scope *scope, struct failure **reterr);
/* For verdicts within @scope (of scope_for()): loads again with the interrupts of each device where
 * these decide. */
int session_widen(struct session *s, const struct scope *scope, struct failure **reterr);
void session_close(struct session *s);
/* Takes --assume texts and --kernel (NULL: the running one), and finds out who decides. */
int session_decide(struct session *s, const struct operands *assume, const char *kernel,
		   struct failure **reterr);
/* The names of @d; empty when the database knows none. */
struct device_names session_names(struct session *s, const struct device *d);

/* All that an inspection looks at. */
extern const struct scope scope_all;
/* What notices look at, as well. */
void scope_add_notices(struct scope *s);
/* What the groups are computed of. */
extern const struct scope scope_places;
/* The scope that columns with @needs (enum device_need) ask for. */
struct scope scope_for(unsigned int needs);
