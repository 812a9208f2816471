/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stddef.h>
#include <string.h>

void *arena_take(size_t n);
int sysroot_look(void);
size_t decode_pci(const char *text);

size_t decode_pci(const char *text)
{
	return sysroot_look() + strlen(text) + (arena_take(1) != NULL);
}
