/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guards are the safety checks: reasons why a device must keep its driver, although the kernel would allow
 * the unbind. Each has a name for --force= and checks one device. They only read, and open nothing that has
 * side effects. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/arena.h"
#include "sysroot/sysroot.h"
#include "facts/host.h"
#include "model/rule.h"

struct guard;

/* What a guard found about a device. */
struct guard_finding {
	const struct guard *guard;
	enum answer answer; /* yes: in use; unknown: it could not read */
	/* "/ <- dm-0 <- nvme0n1p2 <- 0000:02:00.0"; for unknown: what could not be read, and why */
	const char *evidence;
	bool uncaptured;     /* unknown because the capture has nothing about it */
	const char *remedy;  /* the next step to take: "umount /", or NULL */
	pid_t pid;           /* of the process that holds it; 0: none */
	const char *command; /* of that process; NULL when not known */
};

/* The check of one device. */
struct guard_check {
	struct sysroot *root;
	/* loaded with scope of bind: all groups' members, nodes, holders */
	const struct host *host;
	const struct device *device;
	struct arena *arena;
	const struct guard *guard; /* the one asked */
	struct guard_finding *findings;
	size_t nr_findings;
};

struct guard {
	const char *name;     /* "mounted": of --force= and the table of vfiotool-bind(8) */
	const char *protects; /* what it protects, in one line */
	void (*check)(struct guard_check *c);
};

/* All guards, in the order of the manual. Static. */
const struct guard *const *guards_all(size_t *nr);
/* Adds a finding of c->guard; @fmt is the evidence. Returns it, for the remedy and the process; valid until
 * the next one is added. */
struct guard_finding *guard_found(struct guard_check *c, enum answer answer, const char *fmt, ...)
	vt_printf(3, 4);
/* The known use of c->device: host loaded with HOST_USAGE. NULL when it is unknown; the finding is then
 * added. */
const struct in_use_device *guard_usage(struct guard_check *c);
/* Whether a VFIO driver has the device, as far as visible: its class device exists only from 6.1 on.
 * linux: drivers/vfio/vfio_main.c: vfio_init_device(). */
bool guard_is_vfio(const struct device *d);
/* Adds an unknown for a @fact that could not be read; @what is its name for the user. */
void guard_unread(struct guard_check *c, const struct fact *fact, const char *what);
/* Asks every guard about @dev: only uses (yes) and unknowns, array in @a. 0; a guard that cannot read adds a
 * finding. */
int guards_check(struct sysroot *root, const struct host *host, const struct device *dev,
		 struct arena *a, struct guard_finding **ret, size_t *ret_nr);

/* ---- the guards; one line each, with the file that has it ---- */

extern const struct guard guard_held;                   /* guard-held.c */
extern const struct guard guard_locked;                 /* guard-locked.c */
extern const struct guard guard_vm, guard_open;         /* guard-open.c */
extern const struct guard guard_disk;                   /* guard-disk.c */
extern const struct guard guard_network, guard_session; /* guard-network.c */
extern const struct guard guard_display, guard_console; /* guard-console.c */
extern const struct guard guard_vfs;                    /* guard-vfs.c */
extern const struct guard guard_platform;               /* guard-platform.c */
