/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/commands.h"

#include <string.h>

#include "base/macro.h"

static const struct command *const commands[] = {
	&command_list,     &command_inspect, &command_explain, &command_plan,  &command_check,
	&command_diagnose, &command_attach,  &command_map,     &command_prove, &command_irq,
	&command_reset,    &command_regions, &command_monitor, &command_bind,  &command_unbind,
	&command_restore,  &command_rules,   &command_capture, &command_diff,  &command_compare,
};

const struct command *const *commands_all(size_t *nr)
{
	*nr = ARRAY_SIZE(commands);
	return commands;
}

const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	return NULL;
}
