/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loads kernel modules through libkmod, as modprobe does: with their dependencies and the options of
 * modprobe.d, unless a blacklist forbids them. */
#pragma once

#include "base/failure.h"

/* Loads module @name ("vfio_iommu_type1"); a module that is loaded or built in is fine. 0; -ENOENT when the
 * running kernel has no such module, -EPERM (STATUS_DENIED) without CAP_SYS_MODULE or under a blacklist, or
 * the kernel's errno, with *@reterr. */
int client_load_module(const char *name, struct failure **reterr);
