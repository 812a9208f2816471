/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the commands that move drivers share: options, the host before, guards, the journal, the report. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "bind/apply.h"
#include "report/bind.h"
#include "run/session.h"

struct transaction_options {
	struct operands targets;
	struct operands force; /* names of guards */
	const char *driver;    /* --driver, or NULL */
	const char *journal;   /* --journal, or NULL */
	unsigned int wait_ms;
	bool group, dry_run, json, persist;
};

struct transaction {
	const struct transaction_options *options; /* borrowed */
	const char *command;
	struct arena *arena; /* the app's */
	struct app *app;
	struct session session;
	bool opened; /* the session is */
	bool reading;
	bool needs_journal; /* the command cannot work without it */
	struct journal journal;
	struct bind_request request;
	struct bind_system system;
	struct bind_apply apply;
	struct bind_plan plan;
	struct bind_view view;
};

enum {
	OPT_BIND_JOURNAL = 0x400,
	OPT_BIND_WAIT,
	OPT_BIND_FORCE,
	OPT_BIND_DRY_RUN,
	BINDING_WAIT_MS = 10000,
};
#define BINDING_OPTIONS(group)                                                                  \
	{ "dry-run", OPT_BIND_DRY_RUN, NULL, 0, "print every write without making it", group }, \
		{ "wait",                                                                       \
		  OPT_BIND_WAIT,                                                                \
		  "SECONDS",                                                                    \
		  0,                                                                            \
		  "how long to wait for another vfiotool or an unbind (default 10)",            \
		  group },                                                                      \
		{ "journal",                                                                    \
		  OPT_BIND_JOURNAL,                                                             \
		  "DIR",                                                                        \
		  0,                                                                            \
		  "directory of the journal instead of " JOURNAL_DIR,                           \
		  group },                                                                      \
	{                                                                                       \
		"json", 'J', NULL, 0, "JSON", group                                             \
	}
#define BINDING_FORCE(group)                                                                  \
	{                                                                                     \
		"force", OPT_BIND_FORCE, "CHECK", 0,                                          \
			"override this safety check; repeat it, or separate names by commas", \
			group                                                                 \
	}

/* Takes what belongs to the options above and operands; else ARGP_ERR_UNKNOWN. */
error_t transaction_parse(int key, char *arg, struct parse *p, struct transaction_options *o);

/* Initialises a command; opens nothing. */
void transaction_init(struct transaction *b, struct app *app, const char *command,
		      const struct transaction_options *o);
/* That, and the root. 0 or a negative errno; to be closed in either case. */
int transaction_open(struct transaction *b, struct app *app, const char *command,
		     const struct transaction_options *o, struct failure **reterr);
/* Loads what @targets name, and detects which kernel decides. */
int transaction_load(struct transaction *b, const struct operands *targets,
		     struct failure **reterr);
/* Takes the lock and reads the journal, after everything that needs neither. */
int transaction_lock(struct transaction *b, struct failure **reterr);
/* Refuses by name what may not be written, before the first write. */
int transaction_check_permission(struct transaction *b, struct failure **reterr);
/* What to do for the targets, from their plan; where it has none, what @why proposes. */
const char *transaction_advice(struct transaction *b, const struct finding *why);
/* Asks the guards about each move that takes a driver away. The number that refuse. */
size_t transaction_ask_guards(struct transaction *b);
/* Finds the driver of every move that is planned, loading its module where that is needed and @load is true. 0, or a
 * negative errno with what is missing. One that goes back does so by what its bus chooses where its
 * driver cannot be had, which its because then says. */
int transaction_find_drivers(struct transaction *b, bool load, struct failure **reterr);
/* For a dry run: the writes into the view. */
void transaction_plan_steps(struct transaction *b);
/* Prints; the exit status is @status. */
int transaction_print(struct transaction *b, int status, struct failure **reterr);
/* Signals that end a program wait until all is done or undone. */
void transaction_hold_signals(bool hold);
/* Gives each failed move its reason, from the model. */
void transaction_explain(struct transaction *b);
/* The exit status after the moves, of which the first failure is @r. */
int transaction_status(const struct transaction *b, int r);
void transaction_close(struct transaction *b);

/* The commands between open and close: from what is there to the report. The exit status, or a negative errno
 * with *@reterr. */
int bind_devices(struct transaction *b, struct failure **reterr);
int unbind_devices(struct transaction *b, struct failure **reterr);
int restore_devices(struct transaction *b, struct failure **reterr);
