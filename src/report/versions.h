/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The versions of the libraries that report/ alone may include. */
#pragma once

/* Static. */
const char *versions_smartcols(void);
