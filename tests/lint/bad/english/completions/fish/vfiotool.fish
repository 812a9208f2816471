# SPDX-License-Identifier: GPL-2.0-or-later
complete -c vfiotool -l force -d 'Pass this guard'
