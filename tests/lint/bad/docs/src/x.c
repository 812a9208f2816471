/* SPDX-License-Identifier: GPL-2.0-or-later */
const char *const remedies[] = { "vfiotool bind %s", "'vfiotool list' tells" };
