/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Holds what is attached: by the tool itself, or by a program that inherits the descriptors. Both end when
 * the kernel asks for a device back. */
#pragma once

#include <stdbool.h>

#include "base/failure.h"
#include "client/irq.h"
#include "run/attached.h"

/* Connects @ret to REQ of device @i of @ac: the kernel wants it back. False when that failed, which is
 * logged, or when it has no such interrupt; the device is held all the same. */
bool hold_listen(struct attached *ac, size_t i, struct irq *ret);

/* Keeps what @ac attached until SIGINT, SIGTERM or SIGHUP, until @seconds have passed (0: no limit), or
 * until the kernel wants one of the devices (REQ): then all of it is given back at once. Says on stderr
 * what ended it. 0, or a negative errno with *@reterr. linux: drivers/vfio/pci/vfio_pci_core.c:
 * vfio_pci_core_request(). */
int hold_wait(struct attached *ac, unsigned int seconds, struct failure **reterr);

/* Runs @argv (ended by NULL) with the descriptors from 3 on, as sd_listen_fds_with_names() takes them, and
 * gives up its own. A signal to end goes on to the program, and so does a REQ, as SIGTERM. The program's
 * exit status, 128 and the number of the signal that ended it, 126 or 127 when it cannot be run or
 * found (with *@reterr and a negative errno). */
int hold_run(struct attached *ac, char **argv, struct failure **reterr);

/* The descriptors of @at and their names in that order, at most hold_names_max() of them: the space
 * ("container", "iommufd"), "group:12", "device:0000:01:00.0". Returns how many. */
size_t hold_descriptors(const struct attachment *at, struct arena *a, int *fds, const char **names);
size_t hold_descriptors_max(const struct attachment *at);
/* The text of LISTEN_FDNAMES: names apart by colons; a colon of a name has a backslash before it, and
 * so has a backslash, as libsystemd reads them. In @a. */
const char *hold_join_names(const char *const *names, size_t nr, struct arena *a);
