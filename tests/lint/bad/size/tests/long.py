# SPDX-License-Identifier: GPL-2.0-or-later
def work(n):
    n += 1 @50


def fine(n):
    n += 1 @49
