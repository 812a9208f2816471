/* SPDX-License-Identifier: GPL-2.0-or-later */
int sysroot_look(void);

int sysroot_look(void)
{
	return 1;
}
