/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Definitions of virtual machines: read, and their devices found on the host. */
#pragma once

#include "model/check-vm.h"
#include "run/session.h"

/* Reads the definition in @file ("-": standard input), or with @pid the command line of that process, into @m. @mapping is
 * Proxmox VE's mapping/pci.cfg, or NULL. 0; -EBADMSG with "FILE:LINE: ..." in @reterr; or the errno of the read. */
int machine_read(struct app *app, struct sysroot *root, const char *file, unsigned int pid,
		 const char *mapping, struct check_machine *m, struct failure **reterr);
/* The addresses of the devices that the host has, with other functions of their slots, for session_open_at(). */
void machines_targets(struct app *app, struct sysroot *root, struct check_machine *machines,
		      size_t nr, struct operands *ret);
/* Finds them in the snapshot, and looks at their ROM files. */
void machines_resolve(struct session *s, struct check_machine *machines, size_t nr);
