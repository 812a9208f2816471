/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The writes that move devices between drivers: pure, from a snapshot and a choice to the list of writes.
 * Knows neither the journal nor the kernel. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/failure.h"
#include "facts/host.h"
#include "model/predict.h"
#include "bind/guard.h"

/* One write to sysfs, in the order of a move. */
enum bind_action {
	BIND_ACTION_NONE = 0,
	BIND_ACTION_OVERRIDE, /* DEVICE/driver_override */
	BIND_ACTION_UNBIND,   /* DRIVER/unbind */
	BIND_ACTION_BIND,     /* DRIVER/bind */
	BIND_ACTION_PROBE,    /* BUS/drivers_probe: the bus chooses */
	NR_BIND_ACTIONS,
};

struct bind_move;

struct bind_step {
	const struct bind_move *move; /* borrowed */
	enum bind_action action;
	const char *path; /* "/sys/bus/pci/drivers/vfio-pci/bind" */
	const char *text; /* without its newline; "" clears an override */
	bool undoes;      /* of a rollback */
	bool tried;
	int err; /* 0, or the positive errno of the write; ETIMEDOUT when it waits for a process */
};

enum bind_result {
	BIND_PLANNED = 0, /* nothing was written */
	BIND_MOVED,
	BIND_THERE,       /* it is on the wanted driver; nothing to do */
	BIND_ROLLED_BACK, /* on its old driver again */
	BIND_LOST,        /* neither on its old nor on its new driver: restore tries again */
	BIND_LEFT,        /* on purpose; because says why */
	BIND_GONE,        /* the device is no longer there */
};

struct bind_move {
	const char *bus, *name;                  /* "pci", "0000:00:07.0" */
	const struct device *device;             /* NULL when it is not in the snapshot */
	const char *identity;                    /* what tells it from another at its address */
	const char *from, *to;                   /* drivers; NULL: none */
	const char *from_override, *to_override; /* NULL: not set */
	bool along;                              /* moved only for its group */
	bool any;                                /* to is whatever the bus chooses */
	bool back; /* to is its old driver: an override for the time of the bind may help */
	const char *module; /* to be loaded first, or NULL */
	/* Virtual functions: before its first move, and at the check. Most drivers remove them. */
	unsigned int vfs, vfs_now;
	/* What the kernel is predicted to do with the write to bind; of a VFIO driver only. */
	const struct step *predicted;
	/* What guards found. */
	struct guard_finding *findings;
	size_t nr_findings;
	/* What became of it. */
	enum bind_result result;
	bool bind_tried; /* the write to bind was made, and returned bind_err, a positive errno */
	int bind_err;
	int err;             /* positive errno of the write that failed */
	const char *now;     /* its driver afterwards; NULL: none */
	const char *because; /* why it failed; NULL otherwise */
	const char *remedy;  /* the next step to take, or NULL */
	/* what it lost with a driver, and how to get it back; or NULL */
	const char *missing;
};

struct bind_request {
	const struct host *host;
	const struct assumptions *assumptions;
	const struct kernels *kernels;
	struct model_memo *memo; /* or NULL */
	struct device *const *devices;
	size_t nr_devices;
	const char *driver; /* --driver, or NULL: the best VFIO driver */
	bool group;         /* also the members that must move for viable groups */
};

struct bind_plan {
	const struct host *host; /* of the request, borrowed */
	struct bind_move *moves; /* in the order of the writes */
	size_t nr_moves;
};

/* The driver of each device, and the other members that move. 0, or -EOPNOTSUPP (STATUS_NO) for a device
 * that no VFIO driver takes, -EBADMSG when its driver could not be read. */
int bind_plan_make(const struct bind_request *q, struct arena *a, struct bind_plan *ret,
		   struct failure **reterr);
/* The device that still blocks the group of @m after the move: a member on a host driver that does not
 * move; NULL when there is none, and for moves to drivers other than VFIO's. */
const struct device *bind_plan_in_the_way(const struct bind_plan *plan, const struct bind_move *m);
/* What the kernel is predicted to do with the write to bind that gives @dev to its VFIO driver; of @a. NULL
 * where no path begins with one. */
const struct step *bind_plan_predict(const struct bind_request *q, const struct device *dev,
				     struct arena *a);
/* The writes of @m, in order; array in @a. */
struct bind_step *bind_move_steps(const struct bind_move *m, struct arena *a, size_t *ret_nr);
/* The step of @m that writes to @action. */
struct bind_step bind_move_step(const struct bind_move *m, enum bind_action action,
				const char *text, struct arena *a);
/* Whether binding @driver to @dev could crash the kernel: a host driver, in a group that a process
 * holds, on a kernel without DMA ownership (before 5.19). *@ret_who names the process.
 * linux: drivers/vfio/vfio.c: vfio_iommu_group_notifier(), 5.10: BUG_ON(). */
bool bind_is_deadly(const struct bind_request *q, const struct device *dev, const char *driver,
		    struct arena *a, const char **ret_who);

/* "driver_override" "unbind" "bind" "drivers_probe". */
const char *bind_action_name(enum bind_action action);
/* "planned" "moved" "there" "rolled back" "lost" "left alone" "gone". */
const char *bind_result_name(enum bind_result result);
