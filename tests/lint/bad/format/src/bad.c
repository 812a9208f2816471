/* SPDX-License-Identifier: GPL-2.0-or-later */
int bad(int n) {
    return  n;
}
