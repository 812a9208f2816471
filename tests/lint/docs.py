# SPDX-License-Identifier: GPL-2.0-or-later
def docs(root, options):
    return []
