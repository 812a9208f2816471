/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads that may wait for ever. The kernel locks a device to read some of its attributes, and keeps it
 * locked while an unbind waits for the programs that have it open. The reader then sleeps in the kernel and
 * no signal wakes it. So a separate process reads; one that does not return is left behind, and ends when
 * the kernel lets it. linux: drivers/pci/pci-sysfs.c: driver_override_show() (to 6.11),
 * sriov_numvfs_show(), drivers/base/core.c: uevent_show(). */
#pragma once

#include <stddef.h>
#include <sys/types.h>

struct locked_reader {
	int fd; /* to the process that reads; negative: none */
	pid_t pid;
	char **stuck; /* directories whose attributes did not answer, and files given up: not asked again */
	size_t nr_stuck;
};

enum { LOCKED_READER_DEADLINE_MS = 1000 };

void locked_reader_init(struct locked_reader *x);
void locked_reader_done(struct locked_reader *x);
/* Forks a process to talk with. Returns its pid in the parent, 0 in the child, a negative errno on failure.
 * @ret_fd is each side's end of the connection, which that side closes. */
pid_t locked_reader_fork(int *ret_fd);
/* In a child: closes every descriptor but the @nr ones of @keep, so that no process waits for the end of
 * one that it inherited. */
void locked_reader_close_others(const int *keep, size_t nr);
/* Starts the process that reads below @dir_fd, before locked_reader_read() would: to fork copies what a process has.
 * 0, or a negative errno. */
int locked_reader_start(struct locked_reader *x, int dir_fd);
/* Reads at most @size bytes of the file @path below @dir_fd. The length, -ETIMEDOUT when it did not answer
 * within @deadline_ms and the reader sleeps in the kernel, or another negative errno. */
ssize_t locked_reader_read(struct locked_reader *x, int dir_fd, const char *path, char *buf,
			   size_t size, unsigned int deadline_ms);
/* From now on the file @path does not answer in time. */
void locked_reader_give_up(struct locked_reader *x, const char *path);
