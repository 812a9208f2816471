/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Predictions besides the paths: the representative, capabilities, addresses, page sizes and extensions. */
#pragma once

#include "model/walk.h"

void details_predict(struct walk *w, struct prediction *ret);
