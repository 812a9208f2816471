/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands: a const table, one file each. The table feeds the dispatcher, --help, --introspect and
 * the completions. */
#pragma once

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/failure.h"
#include "uapi/op.h"
#include "sysroot/sysroot.h"
#include "report/field.h"
#include "report/output.h"

enum color_mode { COLOR_AUTO = 0, COLOR_ALWAYS, COLOR_NEVER };

/* What one run of the program knows; made and freed by main.c. */
struct app {
	struct arena *arena;
	const char *sysroot; /* --sysroot, or NULL */
	enum color_mode color;
	unsigned int verbose;
	bool quiet;
	bool told_newer; /* the warning that the kernel is newer than the rules is printed once */
	struct output out;
};

struct command {
	const char *name, *summary;
	const char *operands;    /* "[TARGET...]" */
	const struct argp *argp; /* its input is a struct parse */
	size_t args_size;
	/* An exit status, or a negative errno with *@reterr. */
	int (*run)(struct app *app, void *args, struct failure **reterr);
	const struct field_table *columns; /* those of -o, or NULL */
	const struct field_table *const
		*documents; /* of --json, with all they reach; NULL ends them */
	bool runs;          /* the words after -- are a program to run: struct parse, program */
};

/* What a parser of options works on. */
struct parse {
	struct app *app;
	void *args; /* of the command; zeroed before */
	const struct command *command;
	int asked; /* OPT_HELP, OPT_USAGE, OPT_VERSION, OPT_INTROSPECT or OPT_COMPLETE instead of a run */
	const char *complete;
	char **program; /* after --, ended by NULL; NULL when there is none */
	struct failure *failure;
};

enum {
	OPT_HELP = 'h',
	OPT_VERSION = 'V',
	OPT_USAGE = 0x100,
	OPT_INTROSPECT,
	OPT_COMPLETE,
	OPT_SYSROOT,
	OPT_COLOR,
	OPT_COMMAND_FIRST, /* keys of the commands' own long options begin here */
};

/* The global options, as a child of every command's argp. */
extern const struct argp global_argp;
extern const struct argp_child global_children[];

/* Operands in the order they came. */
struct operands {
	const char **items;
	size_t nr;
};
void operands_add(struct operands *o, struct app *app, const char *item);
/* Passes the input on to the global options; every parser calls it for options it does not know. */
error_t command_parse_default(int key, struct argp_state *state);
/* The failure of an option, for the return of a parser. */
error_t parse_fail(struct parse *p, const char *fmt, ...) vt_printf(2, 3);
/* One of @names by its index; @what says in the failure what they are. */
error_t parse_choice(struct parse *p, const char *what, const char *arg, const char *const *names,
		     size_t nr, unsigned int *ret);
error_t parse_path(struct parse *p, const char *arg, enum path_kind *ret);
/* A decimal number of @option (without dashes) from @min to @max. */
error_t parse_within(struct parse *p, const char *option, const char *arg, uint32_t min,
		     uint32_t max, uint32_t *ret);

/* args.c: checks @argv against @argp before argp sees it, so that one line names the mistake and a
 * suggestion. With @in_order it stops at the first operand. Returns the index where it stopped
 * (argc at the end), or -EINVAL (STATUS_USAGE). */
int args_check(const struct argp *argp, int argc, char **argv, bool in_order,
	       struct failure **reterr);
/* All options of @argp and its children but those of @without (or NULL), without headings; in @a. */
const struct argp_option **args_options(const struct argp *argp, const struct argp *without,
					struct arena *a, size_t *ret_nr);

/* terminal.c: fills app->out from the environment and the terminal. */
void terminal_setup(struct app *app);
/* Sets @reterr for an answer that was cut short by @err, a positive errno, and returns -@err. */
int answer_lost(int err, struct failure **reterr);
/* Flushes the answer before the program goes on to something else. 0, or a negative errno with its
 * failure. */
int answer_flush(const struct app *app, struct failure **reterr);
