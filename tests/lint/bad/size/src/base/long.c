/* SPDX-License-Identifier: GPL-2.0-or-later */
int work(int n)
{
	n++; @49
	return n;
}

int fine(int n)
{
	n++; @48
	return n;
}
