/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Takes rights away from this process before it parses what somebody else wrote. */
#pragma once

/* From now on the process opens no file for writing, creates, renames and removes none, runs no program, gains no
 * privileges and opens no TCP connection, as far as the kernel has Landlock. Files that are open stay so. There is no way
 * back. 0, or the negative errno of what the kernel refused: EOPNOTSUPP or ENOSYS where it has no Landlock.
 * linux: Documentation/userspace-api/landlock.rst. */
int confine_to_reading(void);
/* The same where @path is a capture; nothing for NULL, a directory, or what is not there. */
int confine_for_capture(const char *path);
