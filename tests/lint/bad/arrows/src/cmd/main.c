/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <argp.h>

#include "report/table.h"
