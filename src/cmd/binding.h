/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the commands that move drivers share: options, the host before, guards, the journal, the report. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "bind/apply.h"
#include "cmd/session.h"
#include "report/bind.h"

struct binding_options {
	struct operands targets;
	struct operands force; /* names of guards */
	const char *driver;    /* --driver, or NULL */
	const char *journal;   /* --journal, or NULL */
	unsigned int wait_ms;
	bool group, dry_run, json, persist;
};

struct binding {
	const struct binding_options *options; /* borrowed */
	const char *command;
	struct arena *arena; /* the app's */
	struct app *app;
	struct session session;
	bool opened; /* the session is */
	bool reading;
	bool needs_journal; /* there is nothing to say without it */
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
#define BINDING_OPTIONS(group)                                                                \
	{ "dry-run", OPT_BIND_DRY_RUN, NULL, 0, "print every write, and make none", group },  \
		{ "wait",                                                                     \
		  OPT_BIND_WAIT,                                                              \
		  "SECONDS",                                                                  \
		  0,                                                                          \
		  "how long to wait for another vfiotool and for an unbind, 10 if not given", \
		  group },                                                                    \
		{ "journal",                                                                  \
		  OPT_BIND_JOURNAL,                                                           \
		  "DIR",                                                                      \
		  0,                                                                          \
		  "keep the journal there instead of " JOURNAL_DIR,                           \
		  group },                                                                    \
	{                                                                                     \
		"json", 'J', NULL, 0, "JSON", group                                           \
	}
#define BINDING_FORCE(group)                                                                   \
	{                                                                                      \
		"force", OPT_BIND_FORCE, "GUARD", 0,                                           \
			"pass this guard; may be repeated, or name several with commas", group \
	}

/* Takes what belongs to the options above and operands; else ARGP_ERR_UNKNOWN. */
error_t binding_parse(int key, char *arg, struct parse *p, struct binding_options *o);

/* What a command begins with before anything is opened. */
void binding_init(struct binding *b, struct app *app, const char *command,
		  const struct binding_options *o);
/* That, and the root. 0 or a negative errno; to be closed in either case. */
int binding_open(struct binding *b, struct app *app, const char *command,
		 const struct binding_options *o, struct failure **reterr);
/* Loads what @targets name, and finds out which kernel decides. */
int binding_load(struct binding *b, const struct operands *targets, struct failure **reterr);
/* Takes the lock and reads the journal, after all that needs neither. */
int binding_lock(struct binding *b, struct failure **reterr);
/* Refuses what may not be written, by name, before anything is. */
int binding_check_permission(struct binding *b, struct failure **reterr);
/* Asks the guards about each move that takes a driver away. The number that refuse. */
size_t binding_ask_guards(struct binding *b);
/* Whether bus @bus has @driver. */
bool binding_driver_exists(struct binding *b, const char *bus, const char *driver);
/* Finds the driver that @m goes to, loading its module where that is needed and @load is true. 0, or a
 * negative errno with what is missing. */
int binding_find_driver(struct binding *b, struct bind_move *m, bool load, struct failure **reterr);
/* The same for every move that is planned. One that goes back does so by what its bus chooses where its
 * driver cannot be had, which its because then says. */
int binding_find_drivers(struct binding *b, bool load, struct failure **reterr);
/* For a dry run: the writes into the view. */
void binding_plan_steps(struct binding *b);
/* Prints; the exit status is @status. */
int binding_print(struct binding *b, int status, struct failure **reterr);
/* Signals that end a program wait until all is done or undone. */
void binding_hold_signals(bool hold);
/* Says of each move that failed why, by the model. */
void binding_explain(struct binding *b);
/* The exit status after the moves, of which the first failure is @r. */
int binding_status(const struct binding *b, int r);
void binding_close(struct binding *b);

/* The commands between open and close: from what is there to the report. The exit status, or a negative errno
 * with *@reterr. */
int bind_devices(struct binding *b, struct failure **reterr);
int unbind_devices(struct binding *b, struct failure **reterr);
int restore_devices(struct binding *b, struct failure **reterr);
