/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks of virtual machines before they start: all devices of a machine together, and all machines that are given. */
#pragma once

#include "decode/vm.h"
#include "model/check.h"

/* A device of a definition on this host. */
struct check_device {
	const struct vm_device *as; /* in the definition */
	const char *name;           /* "0000:01:00.0"; NULL where only the start tells it */
	const struct device *dev;   /* NULL: the host has none of that name */
	struct fact rom;            /* stat of its ROM file; UNREAD where it has none */
	bool iommufd;               /* the program opens it by iommufd, not by its group */
	/* Of the prediction for the machine. */
	const struct path_prediction *path;
	struct prediction prediction;
};

struct check_machine {
	const char *file;
	const struct vm_definition *vm;
	unsigned int pid; /* of the process that runs it already; 0: none */
	struct check_device *devices;
	size_t nr_devices;
	struct assumptions as; /* who runs it, how much it maps, and what it binds itself */
};

/* The checks of machines in the order of the man page; NULL past the last. Static. */
const struct check_row *check_machine_row(size_t index);
/* Runs them on @machines together. */
void check_machines(struct check *c, struct check_machine *machines, size_t nr);

/* ---- between the files of checks ---- */

extern const struct check_row check_machine_rows[];

/* Sets file, line and device of the next result; @line 0: the machine as a whole. */
void check_at(struct check *c, const struct check_machine *m, unsigned int line,
	      const char *device);
/* What the memory of the machine and its processors ask of the host. */
void check_vm_memory_map(struct check *c, struct check_machine *m);
void check_vm_hard_limit(struct check *c, struct check_machine *m);
/* To the next result: what hard_limit the machine needs. */
void check_vm_advise_hard_limit(struct check *c, const struct check_machine *m);
void check_vm_address_width(struct check *c, struct check_machine *m);
void check_vm_viommu(struct check *c, struct check_machine *m);
void check_vm_mappings(struct check *c, struct check_machine *m);
void check_vm_hugepages(struct check *c, struct check_machine *m);
void check_vm_numa(struct check *c, struct check_machine *m);
/* Devices and groups that are given more than once, among all machines. */
void check_vm_shared(struct check *c, const struct check_machine *machines, size_t nr);
