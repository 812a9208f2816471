/* SPDX-License-Identifier: GPL-2.0-or-later */
struct torn {
	const char
		*value; /* of which so much is to be said that the line ends before it does */
	int number;     /* so much is to be said of it that
			 * it takes two lines */
	/* this one is not */
	int whole;
};
