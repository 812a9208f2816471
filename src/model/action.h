/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Actions: what a person or the tool can do about a refusal, as data. A rule that refuses proposes them; the
 * planner (plan.h) lays the overlay of one over the snapshot and predicts again. An action without an overlay is
 * advice whose effect the model cannot compute: it becomes an alternative, never a step. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "facts/host.h"
#include "model/assume.h"

enum action_kind {
	ACTION_OTHER = 0,     /* something else: another path, device or kernel */
	ACTION_BIND,          /* devices to a VFIO driver, or to pci-stub */
	ACTION_UNBIND,        /* a device from its driver */
	ACTION_LOAD,          /* a module */
	ACTION_INSTALL,       /* the files of a module */
	ACTION_PARAMETER,     /* of a module that is loaded, or as it is loaded */
	ACTION_WRITE,         /* an attribute in sysfs */
	ACTION_CLOSE,         /* what a process has open */
	ACTION_GRANT,         /* a device node to a user */
	ACTION_LIMIT,         /* of locked memory */
	ACTION_REQUEST,       /* what the program asks for: a VF token, another type */
	ACTION_BOOT_OPTION,   /* of the kernel command line */
	ACTION_MODULE_OPTION, /* of a module, from the next boot on */
	ACTION_FIRMWARE,      /* a setting in the firmware setup */
	ACTION_HARDWARE,      /* another slot or device */
	ACTION_VM,            /* the definition of the virtual machine that this host is */
	ACTION_PLAN,          /* a plan again, when what it depends on is known */
	NR_ACTION_KINDS,
};

/* What takes part, from the least on. */
enum action_scope {
	SCOPE_NOW = 0,
	SCOPE_MODULE,  /* a module is unloaded and loaded again */
	SCOPE_SERVICE, /* a user logs in again, or a service is restarted */
	SCOPE_REBOOT,  /* from here on the state afterwards is not known */
	SCOPE_FIRMWARE,
	SCOPE_HARDWARE,
	SCOPE_VM,
	NR_ACTION_SCOPES,
};

enum { ACTION_OVERLAY_MAX = 8 };

/* As an assumption: what eval.h asks for under @key; a key that begins with a dot is not for --assume. */
struct action_effect {
	const char *target; /* a device, or NULL */
	const char *key, *value;
};

/* All of it static or in the arena of the prediction. */
struct action {
	enum action_kind kind;
	enum action_scope scope;
	const char *target; /* device, module, node or option that it is about; NULL: the host */
	const char *what;   /* what to do, without a full stop: "bind 0000:01:00.0 to vfio-pci" */
	const char *
		command; /* as it is pasted into a shell of root, or of the user where as_user; NULL: a person acts */
	const char *undo; /* the command that takes it back; NULL: none */
	const char *
		weakens; /* what it makes worse, as a sentence without a full stop; NULL: nothing */
	const char *add, *remove; /* options of the kernel command line; NULL: none */
	const char *file;         /* below /etc, that the command writes; NULL: none */
	const char *line; /* of modprobe.d, that the file gets; NULL: the command is there */
	bool insecure;    /* taken only when nothing else leads to yes */
	bool as_user;     /* the command is for the user of the device, not for root */
	bool blind;       /* it may change the groups: what is so afterwards is only known then */
	/* What is so afterwards. */
	struct action_effect overlay[ACTION_OVERLAY_MAX];
	size_t nr_overlay;
	/* The devices that lose their driver, the one asked for last, and the driver that they get: NULL is the VFIO
	 * driver of each one's bus, "none" is none, "gone" that they vanish. */
	const struct device *const *moves;
	size_t nr_moves;
	const char *driver;
};

/* Whether the model can compute what comes of it. */
static inline bool action_has_effect(const struct action *a)
{
	return a->nr_overlay || a->nr_moves;
}

/* Whether it is still so after a reboot, or only takes place by one. */
static inline bool action_lasts(const struct action *a)
{
	return a->scope >= SCOPE_REBOOT || a->scope == SCOPE_SERVICE || a->kind == ACTION_INSTALL;
}

/* "bind" "module-option"; of JSON. */
const char *action_kind_name(enum action_kind kind);
/* "now" "module" "service" "reboot" "firmware" "hardware" "vm". */
const char *action_scope_name(enum action_scope scope);
/* Adds that @key has @value afterwards; strings are borrowed. */
void action_add_effect(struct action *a, const char *target, const char *key, const char *value);
/* @action in one sentence without a full stop: "bind 0000:01:00.0 to vfio-pci: vfiotool bind 0000:01:00.0". In
 * @a. */
const char *action_text(struct arena *a, const struct action *action);
/* The same of several, the first one first: "A; or B". NULL when there are none. */
const char *actions_text(struct arena *a, const struct action *const *actions, size_t nr);
