/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <libsmartcols/libsmartcols.h>

#include "cmd/app.h"
#include "model/predict.h"
