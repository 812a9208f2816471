/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The decisions of an inspection as text: each path step by step, now and after binding, beside those of
 * the reference rules (Linux 6.0). */
#pragma once

#include "report/inspect-text.h"
#include "report/prose.h"

void inspect_text_decisions(const struct inspect_text *t, const struct inspection *i,
			    const struct prose *at);
/* "BIND, OPEN_CONTAINER ok; OPEN_GROUP EACCES". In @a. */
const char *steps_text(const struct path_prediction *p, struct arena *a);
