/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands, and the options that replace one (--help, --version). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/failure.h"
#include "cli/command.h"

extern const struct command command_bind, command_unbind, command_restore;
extern const struct command command_list, command_inspect, command_rules, command_capture;
extern const struct command command_explain, command_diff;
extern const struct command command_plan, command_check, command_diagnose;
extern const struct command command_attach;
extern const struct command command_prove;
extern const struct command command_map;
extern const struct command command_monitor;
extern const struct command command_irq;
extern const struct command command_compare;
extern const struct command command_reset;
extern const struct command command_regions;

const struct command *const *commands_all(size_t *nr);
const struct command *command_find(const char *name);

/* prove --list: of @targets, or of all devices, those that prove can make move data or whose group has one. What a
 * command's run returns. */
int list_provable(struct app *app, const struct operands *targets, bool json,
		  struct failure **reterr);

/* Options that replace a command. */
int version_print(struct app *app);
int introspect_print(struct app *app);
int complete_print(struct app *app, const char *what, struct failure **reterr);
void help_print(struct app *app, const struct command *command, bool usage_only);
