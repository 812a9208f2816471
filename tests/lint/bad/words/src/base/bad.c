/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

/* sprintf(x) in a comment, and "strcpy(" in a string, are no calls. */
const char *text = "strcpy(a, b)";

int bad(char *to, const char *from)
{
	sprintf(to, "%s", from);
	// a comment of another language
	return atoi(from); 
}
