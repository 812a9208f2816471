# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
save cost vfiotool attach --json --path iommufd 0000:00:04.0
