/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeping what was attached: until a signal, a deadline or the kernel's own request for the device; or
 * by handing the descriptors to another program. */
#pragma once

#include <stdint.h>

#include "cmd/acting.h"

/* Holds the attachment until SIGINT, SIGTERM or SIGHUP comes, @seconds have passed (0: no limit), or
 * the kernel asks for a device back, which is let go at once. Says on stderr what ended it. 0, or a
 * negative errno when waiting is not possible. linux: drivers/vfio/pci/vfio_pci_core.c:
 * vfio_pci_core_request(). */
int hold_wait(struct acting *ac, unsigned int seconds, struct failure **reterr);

/* Becomes @argv (up to NULL), which inherits the descriptors as sd_listen_fds(3) has it: from 3 on, their
 * number in LISTEN_FDS, LISTEN_PID, their names in LISTEN_FDNAMES: "container" or "iommufd", each
 * "group:12", each "device:0000:01:00.0", where a colon inside a name is written \x3a, because colons
 * separate the names. Returns only on failure: 127 when there is no such program, 126 when it cannot
 * be run, with *@reterr. */
int hold_run(struct acting *ac, const char *const *argv, struct failure **reterr);
