/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Has each of its arguments as a descriptor that only names it, which takes no permission, and waits. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (open(argv[i], O_PATH) < 0) {
			perror(argv[i]);
			return 1;
		}
	for (;;)
		pause();
}
