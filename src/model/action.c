/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/action.h"

#include <assert.h>

#include "base/macro.h"
#include "base/strbuf.h"

const char *action_kind_name(enum action_kind kind)
{
	static const char *const names[NR_ACTION_KINDS] = {
		[ACTION_OTHER] = "other",
		[ACTION_BIND] = "bind",
		[ACTION_UNBIND] = "unbind",
		[ACTION_LOAD] = "load",
		[ACTION_INSTALL] = "install",
		[ACTION_PARAMETER] = "parameter",
		[ACTION_WRITE] = "write",
		[ACTION_CLOSE] = "close",
		[ACTION_GRANT] = "grant",
		[ACTION_LIMIT] = "limit",
		[ACTION_REQUEST] = "request",
		[ACTION_BOOT_OPTION] = "boot-option",
		[ACTION_MODULE_OPTION] = "module-option",
		[ACTION_FIRMWARE] = "firmware",
		[ACTION_HARDWARE] = "hardware",
		[ACTION_VM] = "vm",
		[ACTION_PLAN] = "plan",
	};

	return names[kind];
}

const char *action_scope_name(enum action_scope scope)
{
	static const char *const names[NR_ACTION_SCOPES] = {
		[SCOPE_NOW] = "now",
		[SCOPE_MODULE] = "module",
		[SCOPE_SERVICE] = "service",
		[SCOPE_REBOOT] = "reboot",
		[SCOPE_FIRMWARE] = "firmware",
		[SCOPE_HARDWARE] = "hardware",
		[SCOPE_VM] = "vm",
	};

	return names[scope];
}

void action_add_effect(struct action *a, const char *target, const char *key, const char *value)
{
	assert(a->nr_overlay < ACTION_OVERLAY_MAX);
	a->overlay[a->nr_overlay++] = (struct action_effect){ target, key, value };
}

const char *action_text(struct arena *a, const struct action *action)
{
	return arena_printf(a, "%s%s%s%s%s%s%s", action->insecure ? "INSECURE: " : "", action->what,
			    action->weakens ? " (" : "", action->weakens ? action->weakens : "",
			    action->weakens ? ")" : "", action->command ? ": " : "",
			    action->command ? action->command : "");
}

const char *actions_text(struct arena *a, const struct action *const *actions, size_t nr)
{
	struct strbuf ret = { .arena = a };

	for (size_t i = 0; i < nr; i++)
		strbuf_item(&ret, "; or ", "%s", action_text(a, actions[i]));
	return ret.s;
}
