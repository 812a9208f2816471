# SPDX-License-Identifier: GPL-2.0-or-later
"""The parts of the rig that boots real kernels; tests/vm/run.py puts them together."""
