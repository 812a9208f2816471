/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/rule.h"

#include <fcntl.h>
#include <string.h>

#include "base/arena.h"
#include "sysroot/sysroot.h"
#include "client/dma.h"
#include "facts/host.h"
#include "facts/load.h"
#include "near.h"
