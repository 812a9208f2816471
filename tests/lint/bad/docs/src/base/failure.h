/* SPDX-License-Identifier: GPL-2.0-or-later */
enum {
	STATUS_OK = 0,
	STATUS_NO = 2,
};
